CREATE TABLE mods (id integer PRIMARY KEY, title text NOT NULL, price numeric);
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 5000)
INSERT INTO mods SELECT n, 'Mod ' || n, n * 1.25 FROM numbers;
