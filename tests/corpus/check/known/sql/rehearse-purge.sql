\set ON_ERROR_STOP on
BEGIN;

DELETE FROM favorites
 WHERE mod_id IN (SELECT id FROM mods WHERE status = 'ARCHIVED');

DELETE FROM mods
 WHERE status = 'ARCHIVED';

UPDATE facet_definitions SET position = position + 1;

SELECT (SELECT count(*) FROM mods) AS mods_left,
       (SELECT count(*) FROM favorites) AS favorites_left;

ROLLBACK;
