-- Everything in the database, one JSON array a line: what kind of thing, the tables that it is about, the rest.
SET client_min_messages = error;
SET extra_float_digits = 3;
SET DateStyle = 'ISO, YMD';
SET IntervalStyle = 'postgres';
SET TimeZone = 'UTC';
SET search_path = pg_catalog;
-- event triggers do not see the functions made here
SET session_replication_role = replica;
CREATE FUNCTION pg_temp.name_of(relation oid) RETURNS text LANGUAGE sql AS $f$
  SELECT CASE n.nspname WHEN 'public' THEN c.relname ELSE n.nspname || '.' || c.relname END
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = relation
$f$;
CREATE FUNCTION pg_temp.rows() RETURNS TABLE (kind text, places text[], rest text) LANGUAGE plpgsql AS $f$
DECLARE place record;
BEGIN
  -- functions in indexes may need it
  PERFORM set_config('search_path', (SELECT string_agg(quote_ident(nspname), ', ' ORDER BY nspname <> 'pg_catalog', nspname) FROM pg_namespace
    WHERE nspname = 'pg_catalog' OR nspname NOT LIKE 'pg\_%'), false);
  FOR place IN SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS sql FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.oid >= 16384 AND n.nspname NOT LIKE 'pg\_%' LOOP
    kind := 'rows';
    places := ARRAY[pg_temp.name_of(place.oid)];
    EXECUTE format('SELECT count(*) || '' '' || coalesce(md5(string_agg(t::text, E''\n'' ORDER BY t::text COLLATE "C")), '''') FROM ONLY %s AS t', place.sql) INTO rest;
    RETURN NEXT;
  END LOOP;
  PERFORM set_config('search_path', 'pg_catalog', false);
  FOR place IN SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS sql,
      -- the tables that it feeds
      ARRAY(SELECT DISTINCT pg_temp.name_of(coalesce(a.adrelid, d.refobjid)) FROM pg_depend d
        LEFT JOIN pg_attrdef a ON d.classid = 'pg_attrdef'::regclass AND a.oid = d.objid
        WHERE (d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.refobjsubid > 0)
        OR (d.refobjid = c.oid AND d.classid = 'pg_attrdef'::regclass)) AS feeds
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'S' AND n.nspname NOT LIKE 'pg\_%' LOOP
    kind := 'sequence';
    places := place.feeds;
    EXECUTE format('SELECT format(''%%s at %%s %%s'', %L, last_value, is_called) FROM %s', place.sql, place.sql) INTO rest;
    RETURN NEXT;
  END LOOP;
END $f$;
CREATE FUNCTION pg_temp.catalog() RETURNS TABLE (kind text, place text, rest text) LANGUAGE sql AS $f$
  SELECT 'relation', pg_temp.name_of(coalesce(i.indrelid, c.oid)), format('%s %s %s owner %s acl %s options %s security %s %s bound %s',
      CASE WHEN i.indexrelid IS NULL THEN format('%s %s', c.oid, CASE c.relkind WHEN 'S' THEN 0 ELSE c.relfilenode END) END,
      c.relname, c.relkind,
      c.relowner::regrole, c.relacl, c.reloptions, c.relrowsecurity, c.relforcerowsecurity, pg_get_expr(c.relpartbound, c.oid))
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_index i ON i.indexrelid = c.oid
    WHERE c.oid >= 16384 AND n.nspname NOT LIKE 'pg\_%'
  UNION ALL SELECT 'column', pg_temp.name_of(a.attrelid), format('%s %s %s null %s identity %s generated %s default %s acl %s', a.attnum, a.attname,
      format_type(a.atttypid, a.atttypmod), NOT a.attnotnull, a.attidentity, a.attgenerated, md5(d.adbin::text), a.attacl)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attnum > 0 AND c.oid >= 16384 AND c.relkind NOT IN ('i', 'I') AND n.nspname NOT LIKE 'pg\_%'
  UNION ALL SELECT 'constraint', pg_temp.name_of(conrelid), format('%s %s valid %s local %s parents %s comment %s on %s', conname,
      pg_get_constraintdef(oid), convalidated, conislocal, coninhcount, obj_description(oid, 'pg_constraint'), contypid::regtype)
    FROM pg_constraint WHERE conrelid >= 16384 OR contypid >= 16384
  UNION ALL SELECT 'index', pg_temp.name_of(indrelid), format('%s valid %s cluster %s identity %s parent %s tablespace %s targets %s comment %s',
      pg_get_indexdef(indexrelid), indisvalid, indisclustered, indisreplident,
      (SELECT inhparent::regclass FROM pg_inherits WHERE inhrelid = indexrelid), (SELECT reltablespace FROM pg_class WHERE oid = indexrelid),
      (SELECT array_agg(attstattarget ORDER BY attnum) FROM pg_attribute WHERE attrelid = indexrelid), obj_description(indexrelid, 'pg_class'))
    FROM pg_index
    WHERE indrelid >= 16384 AND indrelid IN (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname NOT LIKE 'pg\_%')
  -- an index or a constraint that was made again is another one, even if it is the same to look at
  UNION ALL SELECT 'made', pg_temp.name_of(indrelid), format('%s %s %s', indexrelid::regclass, indexrelid, (SELECT relfilenode FROM pg_class WHERE oid = indexrelid))
    FROM pg_index WHERE indrelid >= 16384 AND indrelid IN (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname NOT LIKE 'pg\_%')
  UNION ALL SELECT 'made', pg_temp.name_of(conrelid), format('%s %s', oid, conname) FROM pg_constraint WHERE conrelid >= 16384
  UNION ALL SELECT 'trigger', pg_temp.name_of(tgrelid), format('%s %s', tgenabled, CASE WHEN tgisinternal THEN 'internal' ELSE pg_get_triggerdef(oid) END)
    FROM pg_trigger WHERE tgrelid >= 16384
  UNION ALL SELECT 'rule', pg_temp.name_of(ev_class), format('%s %s', ev_enabled, pg_get_ruledef(oid)) FROM pg_rewrite WHERE ev_class >= 16384
  UNION ALL SELECT 'policy', pg_temp.name_of(polrelid), format('%s %s', polname, pg_get_expr(polqual, polrelid)) FROM pg_policy
  UNION ALL SELECT 'function', NULL, format('%s %s %s', oid, proname, md5(prosrc || coalesce(proacl::text, ''))) FROM pg_proc
    WHERE oid >= 16384 AND pronamespace IN (SELECT oid FROM pg_namespace WHERE nspname NOT LIKE 'pg\_%')
  UNION ALL SELECT 'schema', NULL, format('%s %s %s', oid, nspname, nspacl) FROM pg_namespace WHERE nspname NOT LIKE 'pg\_%'
  UNION ALL SELECT 'label', NULL, format('%s %s %s', enumtypid::regtype, enumlabel, enumsortorder) FROM pg_enum
  UNION ALL SELECT 'type', NULL, format('%s %s %s %s', oid, typname, typtype, typowner::regrole) FROM pg_type
    WHERE oid >= 16384 AND typtype IN ('d', 'e', 'r') AND typnamespace IN (SELECT oid FROM pg_namespace WHERE nspname NOT LIKE 'pg\_%')
  UNION ALL SELECT 'setting', NULL, format('%s %s', setrole::regrole, setconfig) FROM pg_db_role_setting
    WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
$f$;
PREPARE witness AS SELECT json_build_array(kind, places, rest) FROM (
  SELECT * FROM pg_temp.rows()
  UNION ALL SELECT kind, array_remove(ARRAY[place], NULL), rest FROM pg_temp.catalog()
) AS found ORDER BY kind, places::text COLLATE "C", rest COLLATE "C";
