import sys

from sqlalchemy import delete, update
from sqlalchemy.dialects import postgresql

sys.path.insert(0, "src")
from catalogue.models import DeletedItem, Favorite, Mod  # noqa: E402

STATEMENTS = [
    delete(Favorite).where(Favorite.mod_id == "m1"),
    update(Mod).where(Mod.status == "DRAFT").values(status="ARCHIVED"),
    delete(DeletedItem),
]


def show(statement):
    compiled = statement.compile(
        dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}
    )
    print(f"{compiled};\n")


for statement in STATEMENTS:
    show(statement)
