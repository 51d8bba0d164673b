-- Run nightly by cron, and by hand with: tsx db/run-file.ts
BEGIN;

DELETE FROM sessions
 WHERE expires_at < now() - interval '7 days';

DELETE FROM sessions s
 USING users u
 WHERE u.id = s.user_id
   AND u.role = 'bot';

COMMIT;
