CREATE OR REPLACE FUNCTION sweep_drafts(older_than interval)
RETURNS integer
LANGUAGE plpgsql
AS $fn$
DECLARE
    swept integer;
BEGIN
    DELETE FROM mods
     WHERE status = 'DRAFT'
       AND updated_at < now() - older_than;
    GET DIAGNOSTICS swept = ROW_COUNT;
    RETURN swept;
END;
$fn$;

SELECT count(*) AS drafts FROM mods WHERE status = 'DRAFT';
SELECT sweep_drafts(interval '1 year') AS swept;
