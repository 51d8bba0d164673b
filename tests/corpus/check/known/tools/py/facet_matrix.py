import csv
import os
import sys

import psycopg2

conn = psycopg2.connect(os.environ["DATABASE_URL"])
conn.set_session(readonly=True)

with conn.cursor() as cur:
    cur.execute(
        "SELECT v.mod_id, d.key, v.value FROM facet_values v JOIN facet_definitions d ON d.id = v.definition_id"
    )
    rows = cur.fetchall()

mods, keys = {}, set()
for mod_id, key, value in rows:
    mods.setdefault(mod_id, {}).update({key: value})
    keys.add(key)

keys.discard("internal")
for facets in mods.values():
    facets.pop("internal", None)

out = csv.DictWriter(sys.stdout, ["mod", *sorted(keys)])
out.writeheader()
for mod_id, facets in sorted(mods.items()):
    out.writerow({"mod": mod_id, **facets})

mods.clear()
rows.clear()
del conn
