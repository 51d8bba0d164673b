CREATE TABLE IF NOT EXISTS audit_logs_old (LIKE audit_logs INCLUDING ALL);

CREATE OR REPLACE PROCEDURE rotate_audit(keep_days int)
LANGUAGE sql
AS $$
    INSERT INTO audit_logs_old
    SELECT * FROM audit_logs
     WHERE created_at < now() - make_interval(days => keep_days)
    ON CONFLICT DO NOTHING;

    DELETE FROM audit_logs
     WHERE created_at < now() - make_interval(days => keep_days);
$$;

CALL rotate_audit(90);
