CREATE TABLE IF NOT EXISTS deleted_items (
    id         serial PRIMARY KEY,
    entity     text NOT NULL,
    entity_id  text NOT NULL,
    snapshot   jsonb NOT NULL,
    deleted_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS notification_preferences (
    user_id  text PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE ON UPDATE CASCADE,
    "create" boolean NOT NULL DEFAULT true,
    "update" boolean NOT NULL DEFAULT true,
    "delete" boolean NOT NULL DEFAULT false
);

CREATE TABLE IF NOT EXISTS "drop" ("table" text PRIMARY KEY, "truncate" boolean);

CREATE INDEX IF NOT EXISTS deleted_items_entity_idx ON deleted_items (entity, entity_id);
