import re
import sys

sys.path.insert(0, "src")
from catalogue.models import Mod, open_session  # noqa: E402
from sqlalchemy import select  # noqa: E402

SPACES = re.compile(r"\s+")


def tidy(title: str) -> str:
    title = SPACES.sub(" ", title).strip()
    return title[:1].upper() + title[1:]


with open_session() as session:
    n = 0
    for mod in session.scalars(select(Mod).order_by(Mod.slug)):
        better = tidy(mod.title)
        if better != mod.title:
            mod.title = better
            n += 1
    session.commit()
    print(f"{n} titles are better now")
