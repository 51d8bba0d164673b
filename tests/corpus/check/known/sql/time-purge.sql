\timing on
SET work_mem = '64MB';

-- How long would the purge take?
EXPLAIN (ANALYZE, BUFFERS, FORMAT TEXT)
DELETE FROM sessions
 WHERE expires_at < now() - interval '30 days';

RESET work_mem;

SELECT relname, n_live_tup, n_dead_tup
  FROM pg_stat_user_tables
 WHERE relname = 'sessions';
