\set ON_ERROR_STOP on

SELECT table_name, pg_size_pretty(pg_total_relation_size(format('staging.%I', table_name)))
  FROM information_schema.tables
 WHERE table_schema = 'staging';

DROP SCHEMA IF EXISTS staging CASCADE;

CREATE SCHEMA staging AUTHORIZATION furniture;
GRANT USAGE ON SCHEMA staging TO importer;
GRANT CREATE ON SCHEMA staging TO importer;
