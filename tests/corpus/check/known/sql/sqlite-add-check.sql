PRAGMA foreign_keys = OFF;

BEGIN;

CREATE TABLE mods_new (
  id     INTEGER PRIMARY KEY,
  slug   TEXT NOT NULL UNIQUE,
  title  TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('DRAFT', 'PUBLISHED', 'ARCHIVED'))
);

INSERT INTO mods_new (id, slug, title, status)
SELECT id, slug, title, upper(status) FROM mods;

DROP TABLE mods;
ALTER TABLE mods_new RENAME TO mods;

COMMIT;

PRAGMA foreign_keys = ON;
