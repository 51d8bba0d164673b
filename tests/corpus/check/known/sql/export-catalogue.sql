\set ON_ERROR_STOP on

\copy (SELECT id, slug, title, status FROM mods ORDER BY slug) to 'mods.csv' with (format csv, header)
\copy deleted_items to 'deleted-items.csv' csv header

COPY (
    SELECT f.mod_id, count(*) AS favorites
      FROM favorites f
     GROUP BY f.mod_id
) TO STDOUT WITH (FORMAT csv, HEADER, FORCE_QUOTE *);

SELECT count(*) AS updates
  FROM notification_preferences
 WHERE "update" AND NOT "delete";
