"""What was deleted, and when."""
import os
from collections import Counter

import psycopg

QUERY = """
    SELECT entity, deleted_at::date AS day
      FROM deleted_items
     WHERE deleted_at > now() - interval '30 days'
     -- DELETE FROM deleted_items is done by tools/drizzle-empty-bin.ts
     ORDER BY day
"""

deleted = Counter()
with psycopg.connect(os.environ["DATABASE_URL"]) as conn:
    for entity, day in conn.execute(QUERY):
        deleted.update([(entity, day.isoformat())])

for (entity, day), n in sorted(deleted.items()):
    print(f"{day}  {entity:<12} {n:>6} deleted")
