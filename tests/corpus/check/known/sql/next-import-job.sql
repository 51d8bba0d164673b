BEGIN;

SET LOCAL lock_timeout = '2s';

SELECT id, file
  FROM "ImportJob"
 WHERE state = 'queued'
 ORDER BY id
   FOR UPDATE SKIP LOCKED
 LIMIT 1;

SELECT m.id
  FROM mods m
  JOIN mod_versions v ON v.mod_id = m.id
   FOR NO KEY UPDATE OF m NOWAIT;

COMMIT;
