-- sqlite3 data/catalogue.db < sql/sqlite-refresh-meta.sql
PRAGMA foreign_keys = ON;

BEGIN IMMEDIATE;

INSERT OR REPLACE INTO catalogue_meta (key, value) VALUES
  ('schema', '7'),
  ('refreshed_at', datetime('now'));

UPDATE OR IGNORE mods
   SET slug = lower(slug)
 WHERE slug GLOB '*[A-Z]*';

COMMIT;

PRAGMA optimize;
