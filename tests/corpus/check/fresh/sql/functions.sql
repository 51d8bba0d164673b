-- Helpers for the console. Loading this file only defines them.

CREATE OR REPLACE FUNCTION prune_sessions(keep interval DEFAULT '30 days')
RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    n bigint;
BEGIN
    DELETE FROM sessions WHERE expires_at < now() - keep;
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN n;
END;
$$;

CREATE OR REPLACE FUNCTION rename_tag(old_name text, new_name text)
RETURNS void
LANGUAGE sql
AS $$
    UPDATE tags SET name = new_name WHERE name = old_name;
$$;

CREATE OR REPLACE VIEW open_carts AS
SELECT o.number, u.email, o.total_cents, o.placed_at
  FROM orders o
  JOIN users u ON u.id = o.user_id
 WHERE o.status = 'CART';

COMMENT ON FUNCTION prune_sessions(interval) IS 'DELETE sessions that ran out before the given time';
