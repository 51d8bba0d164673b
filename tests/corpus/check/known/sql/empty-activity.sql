\set ON_ERROR_STOP on

DO $$
DECLARE
    t text;
    n bigint;
BEGIN
    FOREACH t IN ARRAY ARRAY['favorites', 'reviews', 'mod_versions'] LOOP
        EXECUTE format('SELECT count(*) FROM %I', t) INTO n;
        RAISE NOTICE '% has % rows', t, n;
        EXECUTE format('TRUNCATE TABLE %I', t);
    END LOOP;
END
$$;

ANALYZE;
