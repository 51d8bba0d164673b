INSERT INTO facet_definitions ("key", "label", "position")
VALUES
    ('room',     'Room',         1),
    ('style',    'Style',        2),
    ('material', 'Made of',      3),
    ('colour',   'Colour',       4),
    ('age',      'Age',          5)
ON CONFLICT ("key") DO UPDATE
   SET "label"    = EXCLUDED."label",
       "position" = EXCLUDED."position";

SELECT key, label FROM facet_definitions ORDER BY position;
