CREATE FUNCTION keep_deleted_mod() RETURNS trigger
LANGUAGE plpgsql
AS $body$
BEGIN
    INSERT INTO deleted_items (entity, entity_id, snapshot)
    VALUES ('mod', OLD.id, to_jsonb(OLD));
    RETURN OLD;
END
$body$;

CREATE TRIGGER mods_keep_deleted
    BEFORE DELETE ON mods
    FOR EACH ROW EXECUTE FUNCTION keep_deleted_mod();

CREATE TRIGGER mods_keep_updated
    AFTER UPDATE OF title, slug ON mods
    FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*)
    EXECUTE FUNCTION keep_deleted_mod();
