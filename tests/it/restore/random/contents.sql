-- What the server itself says: rows, what is around them, and where sequences are. Nothing here is in the way of what is judged.
SET client_min_messages = error;
SET extra_float_digits = 3;
SET DateStyle = 'ISO, YMD';
SET TimeZone = 'UTC';
CREATE SCHEMA IF NOT EXISTS contents;
CREATE OR REPLACE FUNCTION contents.rows(names text[]) RETURNS SETOF text LANGUAGE plpgsql AS $f$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY names LOOP
    RETURN QUERY EXECUTE format('SELECT %L || '' '' || t::text FROM ONLY %s AS t ORDER BY t::text COLLATE "C"', name, name);
  END LOOP;
END $f$;
CREATE OR REPLACE FUNCTION contents.catalog() RETURNS SETOF text LANGUAGE sql AS $f$
  SELECT line FROM (
    SELECT format('trigger %s %s %s', tgrelid::regclass, tgname, tgenabled), tgrelid FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT format('constraint %s %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated), conrelid
      FROM pg_constraint WHERE conrelid <> 0
    UNION ALL SELECT format('column %s %s %s %s %s %s', attrelid::regclass, attname, atttypid::regtype, attidentity, attgenerated, attnotnull), attrelid
      FROM pg_attribute WHERE attnum > 0 AND attrelid >= 16384
    UNION ALL SELECT format('index %s', pg_get_indexdef(indexrelid)), indrelid FROM pg_index WHERE indrelid >= 16384
  ) AS found (line, relation) JOIN pg_class c ON c.oid = relation JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname IN ('one', 'Two é') ORDER BY line COLLATE "C"
$f$;
CREATE OR REPLACE FUNCTION contents.counters() RETURNS SETOF text LANGUAGE plpgsql AS $f$
DECLARE name text;
BEGIN
  FOR name IN SELECT c.oid::regclass::text FROM pg_class c WHERE c.relkind = 'S' ORDER BY 1 LOOP
    RETURN QUERY EXECUTE format('SELECT last_value + is_called::int || '' '' || %L FROM %s', name, name);
  END LOOP;
END $f$;
