-- Everybody's scratch_... tables, once a month.
\set QUIET on
\pset tuples_only on

SELECT format('-- %s in %s', count(*), schemaname)
  FROM pg_tables
 WHERE tablename LIKE 'scratch\_%'
 GROUP BY schemaname;

SELECT format('DROP TABLE %I.%I', schemaname, tablename)
  FROM pg_tables
 WHERE tablename LIKE 'scratch\_%'
 ORDER BY 1
\gexec
