\pset tuples_only on
\pset format unaligned

-- psql -f sql/print-drops.sql > drops.sql, then have a look at it
SELECT format('DROP TABLE %I.%I; -- %s', schemaname, tablename, tableowner)
  FROM pg_tables
 WHERE tablename LIKE 'scratch\_%'
 ORDER BY schemaname, tablename;

SELECT 'DELETE FROM ' || quote_ident(tablename) || ' WHERE false;'
  FROM pg_tables
 WHERE schemaname = 'public';
