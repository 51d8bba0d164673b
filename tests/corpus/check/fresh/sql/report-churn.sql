-- Accounts that went quiet, and what the audit log says of them.
-- Used to end with:
--   DELETE FROM users WHERE last_seen_at < now() - interval '2 years';
-- which is now a decision for a person.

/*
   DROP TABLE IF EXISTS churn;
   CREATE TABLE churn AS ...
*/

WITH quiet AS (
    SELECT id, email, last_seen_at
      FROM users
     WHERE last_seen_at < now() - interval '1 year'
), actions AS (
    SELECT subject,
           count(*) FILTER (WHERE action = 'user.UPDATE') AS "update",
           count(*) FILTER (WHERE action = 'user.DELETE; requested') AS "delete"
      FROM audit_log
     GROUP BY subject
)
SELECT q.email,
       q.last_seen_at::date              AS last_seen,
       coalesce(a."update", 0)           AS updates,
       coalesce(a."delete", 0)           AS delete_requests,
       replace(split_part(q.email, '@', 2), '.', ' ') AS domain
  FROM quiet q
  LEFT JOIN actions a ON a.subject = q.email
 ORDER BY delete_requests DESC, last_seen;
