import sqlite3
import sys

STEPS = {
    1: "CREATE TABLE IF NOT EXISTS catalogue_meta (key TEXT PRIMARY KEY, value TEXT)",
    2: "ALTER TABLE mods ADD COLUMN origin TEXT",
    3: "ALTER TABLE mods RENAME COLUMN name TO title",
    4: "ALTER TABLE mods DROP COLUMN thumb",
}


def upgrade(path):
    db = sqlite3.connect(path)
    (version,) = db.execute("PRAGMA user_version").fetchone()
    for number, statement in sorted(STEPS.items()):
        if number <= version:
            continue
        with db:
            db.execute(statement)
            db.execute(f"PRAGMA user_version = {number}")
        print("step", number)
    db.close()


if __name__ == "__main__":
    upgrade(sys.argv[1] if len(sys.argv) > 1 else "data/catalogue.db")
