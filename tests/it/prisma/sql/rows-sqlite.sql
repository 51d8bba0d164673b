CREATE TEMP TABLE g AS WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < 200) SELECT n FROM g;
INSERT INTO users (id, email, name, role, birthday, created_at, updated_at) SELECT 'u' || n, 'u' || n || '@x.de', NULL, CASE n % 2 WHEN 0 THEN 'creator' ELSE 'USER' END, '1990-01-01T00:00:00.000+00:00', '2026-01-01T10:00:00.000+00:00', '2026-01-01T10:00:00.123+00:00' FROM g WHERE n <= 50;
INSERT INTO creator_profiles (id, user_id, handle, balance) SELECT 'cp' || n, 'u' || n, 'h' || n, n + 0.25 FROM g WHERE n <= 10;
INSERT INTO content_sources (id, name, base_url, config, rate_limit, created_at, updated_at) VALUES
  ('s1', 'a', 'b', '{"a":1}', 0.30000000000000004, '2026-01-01T10:00:00.000+00:00', '2026-01-01T10:00:00.123+00:00'),
  ('s2', 'c', 'b', 'null', 3, '2026-01-01 10:00:00', 1767261600123), ('s3', 'd', 'b', NULL, 1e300, '2026-01-01 10:00:00', '2026-01-01 10:00:00');
INSERT INTO categories (id, name, slug, path, level, parent_id) VALUES ('a', 'A', 'a', '/a', 0, NULL), ('z', 'Z', 'z', '/z', 0, 'a'), ('b', 'B', 'b', '/b', 1, 'z');
INSERT INTO mods (id, title, slug, price, file_size, rating, tags, metadata, thumbnail, created_at, updated_at, source_id) SELECT 'm' || n, 'T' || n || char(10) || 'é💡"', 's' || n, n + 0.5, n * 10000000000, n / 7.0, '["a","b"]', CASE n % 3 WHEN 0 THEN NULL WHEN 1 THEN 'null' ELSE '{"k":[1,{"z":null}]}' END, randomblob(16), '2026-01-01T10:00:00.000+00:00', '2026-01-01T10:00:00.123+00:00', 's1' FROM g;
INSERT INTO reviews (mod_id, user_id, rating, created_at, updated_at) SELECT 'm1', id, 3, '2026-01-01T10:00:00.000+00:00', '2026-01-01T10:00:00.123+00:00' FROM users;
INSERT INTO favorites (id, user_id, mod_id, created_at) SELECT 'f' || id, id, 'm2', '2026-01-01T10:00:00.000+00:00' FROM users;
INSERT INTO scraping_jobs (source_id, errors, created_at) SELECT 's1', '[{"e":1}]', '2026-01-01T10:00:00.000+00:00' FROM g WHERE n <= 20;
INSERT INTO "_CategoryToMod" SELECT 'a', id FROM mods LIMIT 30;
