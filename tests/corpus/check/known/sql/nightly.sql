\set ON_ERROR_STOP on
\timing on
\pset pager off

\echo 'sessions before'
SELECT count(*) FROM sessions;

\ir purge-sessions.sql

\echo 'sessions after'
SELECT count(*) FROM sessions;

VACUUM (ANALYZE) sessions;
