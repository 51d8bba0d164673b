-- Everything in the database, one line each: kind, table, the rest, tab between them.
SET client_min_messages = error;
SET extra_float_digits = 3;
SET DateStyle = 'ISO, YMD';
SET IntervalStyle = 'postgres';
SET TimeZone = 'UTC';
SET search_path = pg_catalog;
CREATE FUNCTION pg_temp.name_of(relation oid) RETURNS text LANGUAGE sql AS $f$
  SELECT CASE n.nspname WHEN 'public' THEN c.relname ELSE n.nspname || '.' || c.relname END
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = relation
$f$;
CREATE FUNCTION pg_temp.rows() RETURNS SETOF text LANGUAGE plpgsql AS $f$
DECLARE place record; line text;
BEGIN
  FOR place IN SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS sql FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.oid >= 16384 AND n.nspname NOT LIKE 'pg\_%' LOOP
    EXECUTE format('SELECT format(E''rows\t%%s\t%%s %%s'', %L, count(*), md5(string_agg(t::text, E''\n'' ORDER BY t::text COLLATE "C"))) FROM ONLY %s AS t',
      pg_temp.name_of(place.oid), place.sql) INTO line;
    RETURN NEXT line;
  END LOOP;
  FOR place IN SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS sql, c.relname,
      -- the tables that it feeds
      (SELECT string_agg(DISTINCT pg_temp.name_of(coalesce(a.adrelid, d.refobjid)), ' ') FROM pg_depend d
        LEFT JOIN pg_attrdef a ON d.classid = 'pg_attrdef'::regclass AND a.oid = d.objid
        WHERE (d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.refobjsubid > 0)
        OR (d.refobjid = c.oid AND d.classid = 'pg_attrdef'::regclass)) AS feeds
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'S' AND n.nspname NOT LIKE 'pg\_%' LOOP
    EXECUTE format('SELECT format(E''sequence\t%%s\t%%s at %%s %%s'', %L, %L, last_value, is_called) FROM %s', coalesce(place.feeds, ''), place.relname, place.sql) INTO line;
    RETURN NEXT line;
  END LOOP;
END $f$;
SELECT line FROM (
  SELECT pg_temp.rows()
  UNION ALL SELECT format(E'relation\t%s\t%s %s %s owner %s acl %s options %s security %s %s bound %s',
      pg_temp.name_of(coalesce(i.indrelid, c.oid)), c.oid, c.relkind, CASE c.relkind WHEN 'S' THEN 0 ELSE c.relfilenode END,
      c.relowner::regrole, c.relacl, c.reloptions, c.relrowsecurity, c.relforcerowsecurity, pg_get_expr(c.relpartbound, c.oid))
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_index i ON i.indexrelid = c.oid
    WHERE c.oid >= 16384 AND n.nspname NOT LIKE 'pg\_%'
  UNION ALL SELECT format(E'column\t%s\t%s %s %s null %s identity %s generated %s default %s acl %s', pg_temp.name_of(a.attrelid), a.attnum, a.attname,
      format_type(a.atttypid, a.atttypmod), NOT a.attnotnull, a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid), a.attacl)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attnum > 0 AND c.oid >= 16384 AND c.relkind NOT IN ('i', 'I') AND n.nspname NOT LIKE 'pg\_%'
  UNION ALL SELECT format(E'constraint\t%s\t%s %s %s valid %s', pg_temp.name_of(conrelid), oid, conname, pg_get_constraintdef(oid), convalidated)
    FROM pg_constraint WHERE conrelid >= 16384
  UNION ALL SELECT format(E'index\t%s\t%s %s', pg_temp.name_of(indrelid), pg_get_indexdef(indexrelid), indisvalid) FROM pg_index
    WHERE indrelid >= 16384 AND indrelid IN (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname NOT LIKE 'pg\_%')
  UNION ALL SELECT format(E'trigger\t%s\t%s %s', pg_temp.name_of(tgrelid), tgenabled, CASE WHEN tgisinternal THEN 'internal' ELSE pg_get_triggerdef(oid) END)
    FROM pg_trigger WHERE tgrelid >= 16384
  UNION ALL SELECT format(E'rule\t%s\t%s %s', pg_temp.name_of(ev_class), ev_enabled, pg_get_ruledef(oid)) FROM pg_rewrite WHERE ev_class >= 16384
  UNION ALL SELECT format(E'policy\t%s\t%s %s', pg_temp.name_of(polrelid), polname, pg_get_expr(polqual, polrelid)) FROM pg_policy
  UNION ALL SELECT format(E'function\t\t%s %s %s', oid, proname, md5(prosrc || coalesce(proacl::text, ''))) FROM pg_proc
    WHERE oid >= 16384 AND pronamespace IN (SELECT oid FROM pg_namespace WHERE nspname NOT LIKE 'pg\_%')
  UNION ALL SELECT format(E'schema\t\t%s %s %s', oid, nspname, nspacl) FROM pg_namespace WHERE nspname NOT LIKE 'pg\_%'
  UNION ALL SELECT format(E'label\t\t%s %s %s', enumtypid::regtype, enumlabel, enumsortorder) FROM pg_enum
) AS found (line) ORDER BY line COLLATE "C";
