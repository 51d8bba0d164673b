PRAGMA foreign_keys = ON;
UPDATE mods SET title = 'x', metadata = '{}', rating = 0, thumbnail = x'00' WHERE substr(id, -1) = '3';
DELETE FROM mods WHERE substr(id, -1) = '7';
UPDATE categories SET parent_id = NULL, name = 'q'; DELETE FROM categories WHERE id IN ('z', 'b');
UPDATE users SET role = 'ADMIN', birthday = NULL; UPDATE content_sources SET config = '1', rate_limit = NULL;
UPDATE creator_profiles SET balance = 1, bio = 'x';
DELETE FROM scraping_jobs; DELETE FROM reviews; DELETE FROM favorites;
INSERT INTO users (id, email, updated_at) VALUES ('added', 'added', '2026-01-01T10:00:00.000+00:00');
