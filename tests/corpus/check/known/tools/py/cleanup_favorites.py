import sys

from sqlalchemy import delete, select

sys.path.insert(0, "src")
from catalogue.models import Favorite, Mod, open_session  # noqa: E402


def run(session):
    archived = select(Mod.id).where(Mod.status == "ARCHIVED")
    stmt = delete(Favorite).where(Favorite.mod_id.in_(archived))
    result = session.execute(stmt.execution_options(synchronize_session=False))
    return result.rowcount


if __name__ == "__main__":
    with open_session() as session, session.begin():
        print("favorites of archived mods:", run(session))
