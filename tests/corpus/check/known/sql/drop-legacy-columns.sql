-- Nothing has read these since 3.6.
ALTER TABLE "mods"
    DROP COLUMN IF EXISTS "legacy_id",
    DROP COLUMN IF EXISTS "legacy_path",
    ADD COLUMN IF NOT EXISTS "origin" TEXT;

-- CreateIndex
CREATE INDEX IF NOT EXISTS "mods_origin_idx" ON "mods" ("origin");

COMMENT ON COLUMN "mods"."origin" IS 'Where it came from, before it was imported';
