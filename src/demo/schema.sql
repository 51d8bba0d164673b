-- The tables of the demo project, as Prisma makes them from schema.prisma beside this file (SQLite).
-- Ten models, and two implicit many-to-many relations with tables of their own.

CREATE TABLE "mods" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "title" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "description" TEXT,
    "content_type" TEXT NOT NULL DEFAULT 'mod',
    "price" DECIMAL,
    "download_count" INTEGER NOT NULL DEFAULT 0,
    "file_size" BIGINT,
    "rating" REAL,
    "is_published" BOOLEAN NOT NULL DEFAULT false,
    "tags" JSONB NOT NULL,
    "metadata" JSONB,
    "thumbnail" BLOB,
    "published_at" DATETIME,
    "created_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" DATETIME NOT NULL,
    "source_id" TEXT,
    "creator_id" TEXT,
    CONSTRAINT "mods_source_id_fkey" FOREIGN KEY ("source_id") REFERENCES "content_sources" ("id") ON DELETE SET NULL ON UPDATE CASCADE,
    CONSTRAINT "mods_creator_id_fkey" FOREIGN KEY ("creator_id") REFERENCES "creator_profiles" ("id") ON DELETE SET NULL ON UPDATE CASCADE
);

CREATE TABLE "facet_definitions" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "facet_type" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "label" TEXT NOT NULL,
    "aliases" JSONB NOT NULL,
    "sort_order" INTEGER NOT NULL DEFAULT 0,
    "rules" JSONB NOT NULL,
    "created_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" DATETIME NOT NULL
);

CREATE TABLE "categories" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "path" TEXT NOT NULL,
    "level" INTEGER NOT NULL DEFAULT 0,
    "parent_id" TEXT,
    CONSTRAINT "categories_parent_id_fkey" FOREIGN KEY ("parent_id") REFERENCES "categories" ("id") ON DELETE NO ACTION ON UPDATE NO ACTION
);

CREATE TABLE "content_sources" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "base_url" TEXT NOT NULL,
    "is_active" BOOLEAN NOT NULL DEFAULT true,
    "config" JSONB,
    "rate_limit" REAL,
    "last_scraped" DATETIME,
    "created_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" DATETIME NOT NULL
);

CREATE TABLE "scraping_jobs" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "source_id" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'PENDING',
    "started_at" DATETIME,
    "finished_at" DATETIME,
    "found" INTEGER NOT NULL DEFAULT 0,
    "errors" JSONB NOT NULL,
    "created_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "scraping_jobs_source_id_fkey" FOREIGN KEY ("source_id") REFERENCES "content_sources" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE "users" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "email" TEXT NOT NULL,
    "name" TEXT,
    "role" TEXT NOT NULL DEFAULT 'USER',
    "birthday" DATETIME,
    "created_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" DATETIME NOT NULL
);

CREATE TABLE "creator_profiles" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "user_id" TEXT NOT NULL,
    "handle" TEXT NOT NULL,
    "bio" TEXT,
    "balance" DECIMAL NOT NULL DEFAULT 0,
    "verified" BOOLEAN NOT NULL DEFAULT false,
    CONSTRAINT "creator_profiles_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE "collections" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "owner_id" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "is_public" BOOLEAN NOT NULL DEFAULT true,
    "created_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "collections_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE "reviews" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "mod_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "rating" INTEGER NOT NULL,
    "body" TEXT,
    "created_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" DATETIME NOT NULL,
    CONSTRAINT "reviews_mod_id_fkey" FOREIGN KEY ("mod_id") REFERENCES "mods" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "reviews_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE "favorites" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "user_id" TEXT NOT NULL,
    "mod_id" TEXT NOT NULL,
    "created_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "favorites_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "favorites_mod_id_fkey" FOREIGN KEY ("mod_id") REFERENCES "mods" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE "_CategoryToMod" (
    "A" TEXT NOT NULL,
    "B" TEXT NOT NULL,
    CONSTRAINT "_CategoryToMod_A_fkey" FOREIGN KEY ("A") REFERENCES "categories" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "_CategoryToMod_B_fkey" FOREIGN KEY ("B") REFERENCES "mods" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE "_CollectionToMod" (
    "A" TEXT NOT NULL,
    "B" TEXT NOT NULL,
    CONSTRAINT "_CollectionToMod_A_fkey" FOREIGN KEY ("A") REFERENCES "collections" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "_CollectionToMod_B_fkey" FOREIGN KEY ("B") REFERENCES "mods" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE UNIQUE INDEX "mods_slug_key" ON "mods"("slug");
CREATE UNIQUE INDEX "facet_definitions_facet_type_value_key" ON "facet_definitions"("facet_type", "value");
CREATE UNIQUE INDEX "categories_slug_key" ON "categories"("slug");
CREATE UNIQUE INDEX "content_sources_name_key" ON "content_sources"("name");
CREATE UNIQUE INDEX "users_email_key" ON "users"("email");
CREATE UNIQUE INDEX "creator_profiles_user_id_key" ON "creator_profiles"("user_id");
CREATE UNIQUE INDEX "creator_profiles_handle_key" ON "creator_profiles"("handle");
CREATE INDEX "reviews_mod_id_idx" ON "reviews"("mod_id");
CREATE UNIQUE INDEX "favorites_user_id_mod_id_key" ON "favorites"("user_id", "mod_id");
CREATE INDEX "favorites_mod_id_idx" ON "favorites"("mod_id");
CREATE UNIQUE INDEX "_CategoryToMod_AB_unique" ON "_CategoryToMod"("A", "B");
CREATE INDEX "_CategoryToMod_B_index" ON "_CategoryToMod"("B");
CREATE UNIQUE INDEX "_CollectionToMod_AB_unique" ON "_CollectionToMod"("A", "B");
CREATE INDEX "_CollectionToMod_B_index" ON "_CollectionToMod"("B");
