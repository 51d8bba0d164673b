.bail on
.headers on
.mode column

CREATE TABLE IF NOT EXISTS mods (
  id     INTEGER PRIMARY KEY AUTOINCREMENT,
  slug   TEXT NOT NULL UNIQUE ON CONFLICT IGNORE,
  title  TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'DRAFT'
);

INSERT OR IGNORE INTO mods (slug, title) VALUES
  ('replace-me', 'REPLACE INTO the void'),
  ('drop-table', 'Drop-leaf table'),
  ('update', 'Update, a lamp');

SELECT replace(title, 'Drop', 'Fold') AS title FROM mods WHERE slug = 'drop-table';
