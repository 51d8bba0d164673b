PRAGMA foreign_keys = OFF;
UPDATE affinities SET none = t, b = n, t = b, n = t, i = none, r = i, odd = r, bare = hex(none) WHERE id > 3;
UPDATE heap SET a = CAST(a AS TEXT) WHERE rowid % 2 = 0; INSERT INTO heap SELECT * FROM heap WHERE rowid % 3 = 0; DELETE FROM heap WHERE rowid % 5 = 0;
UPDATE text_key SET v = 9; INSERT INTO text_key VALUES (NULL, 1), ('b', 7);
UPDATE any_key SET v = -v; DELETE FROM any_key WHERE v % 2 = 0; INSERT INTO any_key VALUES ('new', 1), (x'6e6577', 1);
UPDATE pairs SET v = typeof(v); INSERT INTO pairs VALUES (99, 'new', 1);
UPDATE folded SET k = upper(k); UPDATE trimmed SET k = k || '  '; INSERT INTO trimmed VALUES ('new', 1);
DELETE FROM descending WHERE id % 2; INSERT INTO descending VALUES (-5, 'new');
DELETE FROM counted WHERE id = 2; INSERT INTO counted (v) VALUES ('new');
UPDATE strict_all SET a = typeof(a), b = NULL, t = '', r = 0, j = -j; DELETE FROM strict_all WHERE id = 7;
UPDATE made SET b = b || 'x', c = NULL; INSERT INTO made (b) VALUES ('new');
DELETE FROM names_of_rowid; INSERT INTO names_of_rowid VALUES ('x', 'y', NULL);
UPDATE "we""ird'; DROP TABLE samples; --" SET "" = 'y', "é]" = x'01'; DELETE FROM "line
break"; DELETE FROM "größe" WHERE "größe" = 'SS';
INSERT INTO empty VALUES (1, 1), (2, 2); UPDATE large SET v = substr(v, 2); UPDATE tree SET parent = 5; DELETE FROM tree WHERE id IN (1, 3);
UPDATE samples SET x = n WHERE n > 3; INSERT INTO samples (x) VALUES ('new');
