import sqlite3
import sys

path = sys.argv[1] if len(sys.argv) > 1 else "data/catalogue.db"
source = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
copy = sqlite3.connect(":memory:")
source.backup(copy)
source.close()

with copy:
    copy.execute("DELETE FROM mods WHERE status = 'ARCHIVED'")
    copy.execute("UPDATE mods SET title = trim(title)")
    copy.execute("DROP TABLE IF EXISTS downloads")

doubles = copy.execute(
    "SELECT title, count(*) FROM mods GROUP BY title HAVING count(*) > 1"
).fetchall()
for title, n in doubles:
    print(f"{title} would be there {n} times")

copy.close()
sys.exit(1 if doubles else 0)
