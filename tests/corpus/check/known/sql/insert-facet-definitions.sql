BEGIN;

INSERT INTO facet_definitions ("key", "label", "position", "hidden") VALUES
    ('room',     'Room',     1, false),
    ('style',    'Style',    2, false),
    ('material', 'Material', 3, false),
    ('internal', 'Internal', 9, true)
ON CONFLICT ("key") DO NOTHING;

INSERT INTO tags (name)
SELECT unnest(ARRAY['oak', 'walnut', 'rattan'])
ON CONFLICT DO NOTHING;

COMMIT;
