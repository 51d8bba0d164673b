-- What the server itself says of every table: its rows as text and, apart from that, as their types' own binary form.
SET client_min_messages = error;
SET extra_float_digits = 3;
SET DateStyle = 'ISO, YMD';
SET IntervalStyle = 'postgres';
SET TimeZone = 'UTC';
SET bytea_output = 'hex';
SET search_path = pg_catalog;
CREATE FUNCTION pg_temp.contents() RETURNS SETOF text LANGUAGE plpgsql AS $f$
DECLARE place record; sent text; line text;
BEGIN
  FOR place IN SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\_%' ORDER BY n.nspname, c.relname LOOP
    SELECT string_agg(format('%s(t.%I)', t.typsend, a.attname), ', ' ORDER BY a.attnum) INTO sent
      FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typlen = -1
      WHERE a.attrelid = place.oid AND a.attnum > 0 AND NOT a.attisdropped AND t.typsend <> 0 AND coalesce(e.typsend, 1) <> 0
      AND t.typname <> 'refcursor'; -- it borrows the function of text, which does not take it in SQL
    EXECUTE format('SELECT format(''%%s rows %%s text %%s binary %%s'', %L, count(*), md5(string_agg(t::text, E''\n'' ORDER BY t::text COLLATE "C")), '
      'md5(string_agg(ROW(%s)::text, E''\n'' ORDER BY ROW(%2$s)::text COLLATE "C"))) FROM ONLY %s AS t', place.name, sent, place.name) INTO line;
    RETURN NEXT line;
  END LOOP;
END $f$;
SELECT pg_temp.contents();
