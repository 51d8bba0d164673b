\set QUIET on
\echo 'Statements you may need:'
\echo '  DELETE FROM sessions WHERE expires_at < now();'
\echo '  TRUNCATE favorites, reviews;'
\echo '  DROP TABLE import_staging;'
\warn 'UPDATE mods SET ... has no undo'

\if false
DELETE FROM sessions;
DROP TABLE IF EXISTS import_staging;
\endif

\d deleted_items
SELECT current_database(), count(*) FROM mods;
