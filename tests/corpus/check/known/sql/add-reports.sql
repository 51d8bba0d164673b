CREATE TABLE IF NOT EXISTS reports (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    mod_id text NOT NULL,
    reason text NOT NULL DEFAULT 'please delete'
);

ALTER TABLE mods
    ADD COLUMN IF NOT EXISTS deleted_at timestamptz,
    ADD COLUMN IF NOT EXISTS "update" text;

ALTER TABLE reports
    ADD CONSTRAINT reports_mod_id_fkey
    FOREIGN KEY (mod_id) REFERENCES mods (id)
    ON DELETE CASCADE ON UPDATE CASCADE;

CREATE INDEX reports_mod_id_idx ON reports (mod_id);
