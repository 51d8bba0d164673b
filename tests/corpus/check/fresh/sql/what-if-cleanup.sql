-- psql -v days=90 -f sql/what-if-cleanup.sql
-- Shows what the tables would look like after a cleanup, then takes it all back.

\set ON_ERROR_STOP on
\pset footer off

BEGIN;

SELECT 'before' AS moment,
       (SELECT count(*) FROM comments) AS comments,
       (SELECT count(*) FROM sessions) AS sessions;

DELETE FROM comments WHERE spam;

DELETE FROM sessions
 WHERE expires_at < now() - make_interval(days => :days);

UPDATE posts
   SET views = 0
 WHERE deleted_at IS NOT NULL;

SELECT 'after' AS moment,
       (SELECT count(*) FROM comments) AS comments,
       (SELECT count(*) FROM sessions) AS sessions;

ROLLBACK;
