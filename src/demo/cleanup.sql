-- fc-002: gender clean-up.
--
-- Meant: clothing that names no gender any more is to leave the catalogue, and the facet is to go.
-- What it does: the first condition forgets to ask for clothing, so it also takes furniture, decor and builds, which never
-- had a gender; reviews, favorites and the places in collections go with them. The second one empties the whole metadata
-- where it should have taken one key out of it.

DELETE FROM mods
WHERE coalesce(json_extract(metadata, '$.gender'), 'unknown') NOT IN ('female', 'male')
  AND download_count < 2500;

UPDATE mods
SET metadata = NULL, updated_at = '2026-01-24T10:31:07.000+00:00'
WHERE json_extract(metadata, '$.gender') IN ('female', 'male');

DELETE FROM facet_definitions
WHERE facet_type = 'gender';
