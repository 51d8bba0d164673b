-- Called by support, never by itself.
CREATE FUNCTION forget_user(who text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
AS $$
BEGIN
    DELETE FROM favorites WHERE user_id = who;
    DELETE FROM reviews   WHERE user_id = who;
    UPDATE mods SET author_id = NULL WHERE author_id = who;
    DELETE FROM users     WHERE id = who;
END;
$$;

COMMENT ON FUNCTION forget_user(text) IS 'SELECT forget_user(id) deletes all that is known of a user';

GRANT EXECUTE ON FUNCTION forget_user(text) TO support;
