-- import_staging is filled by \copy before this runs
BEGIN;

MERGE INTO mods AS m
USING (SELECT DISTINCT ON (slug) * FROM import_staging ORDER BY slug, line DESC) AS s
   ON m.slug = s.slug
 WHEN MATCHED AND s.title IS NULL THEN
      DELETE
 WHEN MATCHED THEN
      UPDATE SET title = s.title, description = s.description, updated_at = now()
 WHEN NOT MATCHED THEN
      INSERT (id, slug, title, description, updated_at)
      VALUES (gen_random_uuid()::text, s.slug, s.title, s.description, now());

COMMIT;
