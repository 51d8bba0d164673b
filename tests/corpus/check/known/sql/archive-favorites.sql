-- Moves the favorites of archived mods to the bin.
WITH gone AS (
    DELETE FROM favorites f
     USING mods m
     WHERE m.id = f.mod_id
       AND m.status = 'ARCHIVED'
 RETURNING f.user_id, f.mod_id, f.created_at
)
INSERT INTO deleted_items (entity, entity_id, snapshot)
SELECT 'favorite',
       g.user_id || ':' || g.mod_id,
       to_jsonb(g)
  FROM gone g;

SELECT entity, count(*) FROM deleted_items GROUP BY entity;
