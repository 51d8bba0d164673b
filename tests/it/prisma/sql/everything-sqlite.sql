CREATE TABLE scalars (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, string TEXT NOT NULL, boolean BOOLEAN NOT NULL, int INTEGER NOT NULL, big_int BIGINT NOT NULL, float REAL NOT NULL,
  decimal DECIMAL NOT NULL, date_time DATETIME NOT NULL, json JSONB NOT NULL, bytes BLOB NOT NULL, role TEXT NOT NULL, string2 TEXT, boolean2 BOOLEAN, int2 INTEGER, big_int2 BIGINT, float2 REAL,
  decimal2 DECIMAL, date_time2 DATETIME, json2 JSONB, bytes2 BLOB, role2 TEXT, updated_at DATETIME NOT NULL);
CREATE TABLE pairs (l INTEGER NOT NULL, "right" TEXT NOT NULL, note TEXT, PRIMARY KEY (l, "right"));
CREATE TABLE "Triple" (a INTEGER NOT NULL, b DATETIME NOT NULL, c TEXT NOT NULL, note TEXT, PRIMARY KEY (a, b, c));
CREATE TABLE unique_only (email TEXT NOT NULL, name TEXT); CREATE UNIQUE INDEX unique_only_email_key ON unique_only (email);
CREATE TABLE unique_pairs (tenant INTEGER NOT NULL, slug TEXT NOT NULL, note TEXT); CREATE UNIQUE INDEX place ON unique_pairs (tenant, slug);
CREATE TABLE counted (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL, upper TEXT GENERATED ALWAYS AS (upper(title)) STORED);
CREATE TABLE places (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, shape geometry, hidden TEXT);
CREATE TABLE secrets (id INTEGER NOT NULL PRIMARY KEY, note TEXT);
CREATE TABLE labels (id TEXT NOT NULL PRIMARY KEY, over_id TEXT REFERENCES labels (id) ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE "_LabelToScalar" ("A" TEXT NOT NULL REFERENCES labels (id) ON DELETE CASCADE ON UPDATE CASCADE, "B" INTEGER NOT NULL REFERENCES scalars (id) ON DELETE CASCADE ON UPDATE CASCADE);
CREATE UNIQUE INDEX "_LabelToScalar_AB_unique" ON "_LabelToScalar" ("A", "B");

-- What Prisma's client carries.
WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < 12)
  INSERT INTO scalars (string, boolean, int, big_int, float, decimal, date_time, json, bytes, role, updated_at)
  SELECT '"quoted" \ back, {brace} ' || char(10) || ' é 💡' || n, n % 2, 2147483647 - n, 9007199254740993 + n, n / 4.0, n + 0.25, '2026-01-' || (10 + n) || 'T10:30:00.123+00:00',
    json_object('n', n, 'deep', json('[1,null,{"a":1}]')), unhex(printf('00ff%02x', n)), CASE n % 3 WHEN 0 THEN 'USER' WHEN 1 THEN 'creator' ELSE 'admin-role' END, '2026-01-25T11:00:00.001+00:00' FROM g;
UPDATE scalars SET string2 = '', boolean2 = 0, int2 = -2147483648, big_int2 = -9007199254740993, float2 = -1.5, decimal2 = -0.5, date_time2 = '1900-01-01T00:00:00.000+00:00', json2 = '[]', bytes2 = x'',
  role2 = 'creator' WHERE id % 3 = 0;
INSERT INTO pairs SELECT id % 3, 'r' || id, 'note' || id FROM scalars WHERE id < 10;
INSERT INTO "Triple" SELECT id, '2026-01-' || (10 + id) || 'T00:00:00.000+00:00', CASE id % 2 WHEN 0 THEN 'USER' ELSE 'creator' END, NULL FROM scalars WHERE id < 7;
INSERT INTO unique_only SELECT 'u' || id || '@x.de', 'n' || id FROM scalars WHERE id < 6;
INSERT INTO unique_pairs SELECT id % 2, 's' || id, 'n' FROM scalars WHERE id < 6;
INSERT INTO counted (title) SELECT 'title' || id FROM scalars WHERE id < 8;
INSERT INTO places (name, shape, hidden) VALUES ('p1', x'0102', 'h'), ('p2', 'POINT(1 2)', NULL), ('p3', 1.5, 'h');
INSERT INTO secrets VALUES (1, 'a'), (2, NULL);
INSERT INTO labels VALUES ('z', NULL), ('a', 'z'), ('m', 'a'), ('b', NULL);
INSERT INTO "_LabelToScalar" SELECT CASE id % 3 WHEN 0 THEN 'a' WHEN 1 THEN 'm' ELSE 'z' END, id FROM scalars;
