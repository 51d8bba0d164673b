/*
 * Looks for rows that no longer fit.
 *
 * To be rid of them:
 *   DELETE FROM facet_values WHERE definition_id NOT IN (SELECT id FROM facet_definitions);
 *   /* and, if there are too many: */
 *   TRUNCATE facet_values;
 */
SELECT v.id
  FROM facet_values v
 WHERE NOT EXISTS (SELECT 1 FROM facet_definitions d WHERE d.id = v.definition_id);

-- DROP TABLE facet_values; ALTER TABLE mods DROP COLUMN source;

SELECT conname, pg_get_constraintdef(oid)
  FROM pg_constraint
 WHERE confdeltype = 'c'; -- ON DELETE CASCADE; UPDATE mods SET ...
