CREATE EXTENSION IF NOT EXISTS citext;
CREATE SCHEMA shop;
CREATE TYPE user_role AS ENUM ('USER', 'creator', 'admin-role');
CREATE TYPE shop."State" AS ENUM ('open', 'CLOSED');
CREATE TABLE scalars (id SERIAL PRIMARY KEY, string TEXT NOT NULL, boolean BOOLEAN NOT NULL, int INTEGER NOT NULL, big_int BIGINT NOT NULL,
  float DOUBLE PRECISION NOT NULL, decimal DECIMAL(65,30) NOT NULL, date_time TIMESTAMP(3) NOT NULL, json JSONB NOT NULL, bytes BYTEA NOT NULL,
  role user_role NOT NULL, string2 TEXT, boolean2 BOOLEAN, int2 INTEGER, big_int2 BIGINT, float2 DOUBLE PRECISION, decimal2 DECIMAL(65,30),
  date_time2 TIMESTAMP(3), json2 JSONB, bytes2 BYTEA, role2 user_role, strings TEXT[], booleans BOOLEAN[], ints INTEGER[], big_ints BIGINT[],
  floats DOUBLE PRECISION[], decimals DECIMAL(65,30)[], date_times TIMESTAMP(3)[], jsons JSONB[], byteses BYTEA[], roles user_role[],
  updated_at TIMESTAMP(3) NOT NULL);
CREATE TABLE shop.natives (id SMALLSERIAL PRIMARY KEY, text TEXT, char CHAR(7), varchar VARCHAR(255), bit BIT(3), varbit VARBIT(9), uuid UUID, xml XML,
  inet INET, citext CITEXT, boolean BOOLEAN, integer INTEGER, bigint BIGINT, double DOUBLE PRECISION, "real" REAL, decimal DECIMAL(10,3),
  money MONEY, timestamp TIMESTAMP(6), timestamptz TIMESTAMPTZ(6), date DATE, time TIME(6), timetz TIMETZ(6), json JSON, jsonb JSONB, bytea BYTEA,
  varchars VARCHAR(20)[], uuids UUID[], inets INET[], smallints SMALLINT[], reals REAL[], monies MONEY[], timestamptzs TIMESTAMPTZ(6)[], dates DATE[],
  times TIME(6)[]);
CREATE TABLE oids (id INTEGER PRIMARY KEY, oid OID);
CREATE TABLE pairs (l INTEGER NOT NULL, "right" TEXT NOT NULL, note TEXT, PRIMARY KEY (l, "right"));
CREATE TABLE shop."Triple" (a INTEGER NOT NULL, b DATE NOT NULL, c shop."State" NOT NULL, note TEXT, PRIMARY KEY (a, b, c));
CREATE TABLE unique_only (email TEXT NOT NULL, name TEXT); CREATE UNIQUE INDEX unique_only_email_key ON unique_only (email);
CREATE TABLE unique_pairs (tenant INTEGER NOT NULL, slug TEXT NOT NULL, note TEXT); CREATE UNIQUE INDEX place ON unique_pairs (tenant, slug);
CREATE TABLE counted (id INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title TEXT NOT NULL, upper TEXT GENERATED ALWAYS AS (upper(title)) STORED);
CREATE TABLE places (id SERIAL PRIMARY KEY, name TEXT NOT NULL, point POINT, search TSVECTOR NOT NULL, hidden TEXT);
CREATE TABLE shop.secrets (id INTEGER PRIMARY KEY, note TEXT);
CREATE TABLE shop.labels (id TEXT PRIMARY KEY, over_id TEXT REFERENCES shop.labels (id) ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE shop."_LabelToScalar" ("A" TEXT NOT NULL REFERENCES shop.labels (id) ON DELETE CASCADE ON UPDATE CASCADE,
  "B" INTEGER NOT NULL REFERENCES scalars (id) ON DELETE CASCADE ON UPDATE CASCADE, CONSTRAINT "_LabelToScalar_AB_pkey" PRIMARY KEY ("A", "B"));

-- What Prisma's client carries: floats with few digits, as version 6 rounds others, and 7 in lists.
INSERT INTO scalars (string, boolean, int, big_int, float, decimal, date_time, json, bytes, role, strings, booleans, ints, big_ints, floats, decimals, date_times,
    jsons, byteses, roles, updated_at)
  SELECT E'"quoted" \\ back, {brace} \n é 💡' || n, n % 2 = 0, 2147483647 - n, 9223372036854775807 - n, n / 4.0::float8, n + 0.123456789012345678901234567,
    '2026-01-24 10:30:00.123'::timestamp + n * interval '1 day', jsonb_build_object('n', n, 'deep', jsonb_build_array(1, NULL, '{"$x":1}'::jsonb)), decode(md5(n::text), 'hex'),
    (ARRAY['USER', 'creator', 'admin-role'])[1 + n % 3]::user_role, ARRAY['a,b', '"', '\', '', 'NULL', 'é' || n], ARRAY[true, false], ARRAY[n, -2147483648],
    ARRAY[-9223372036854775808, n], ARRAY[0.1, n / 8.0::float8], ARRAY[1.5, n + 0.25], ARRAY['1969-07-20 20:17:40', '2026-01-24 10:30:00.5']::timestamp[],
    ARRAY['{"a":[1]}', '"x"', '[1,2]', 'true']::jsonb[], ARRAY['\x00ff', '\x']::bytea[], ARRAY['admin-role', 'USER']::user_role[], '2026-01-25 11:00:00.001'
  FROM generate_series(1, 12) AS n;
UPDATE scalars SET string2 = '', boolean2 = false, int2 = -2147483648, big_int2 = -9223372036854775808, float2 = -1.5e-300, decimal2 = -0.000000001, date_time2 = '1900-01-01',
    json2 = 'null', bytes2 = '\x', role2 = 'creator', strings = '{}', booleans = '{}', ints = '{}', big_ints = '{}', floats = '{}', decimals = '{}', date_times = '{}', jsons = '{}',
    byteses = '{}', roles = '{}' WHERE id % 3 = 0;
INSERT INTO shop.natives (text, char, varchar, bit, varbit, uuid, xml, inet, citext, boolean, integer, bigint, double, "real", decimal, money, timestamp, timestamptz, date,
    time, timetz, json, jsonb, bytea, varchars, uuids, inets, smallints, reals, monies, timestamptzs, dates, times)
  SELECT 'text' || n, 'ch' || n, 'varchar', B'101', B'11001', md5(n::text)::uuid, '<a b="c">x</a>', '10.0.0.1/24', 'CaSe', true, n, n * 10000000000, n / 8.0, 1.5 + n, n + 0.125,
    n + 0.25, '2026-01-24 10:30:00.123', '2026-01-24 10:30:00.123+02', '2026-02-03'::date + n, '10:30:00.25', '10:30:00.25+00', '{"a":1}', '{"b":[1.5]}', '\x0102',
    ARRAY['a', 'b,c'], ARRAY[md5('x')::uuid], ARRAY['::1', '10.0.0.0/8']::inet[], ARRAY[1, -32768]::smallint[], ARRAY[1.5, 0.25]::real[], ARRAY[12.25]::money[],
    ARRAY['2026-01-24 10:30:00.5+00']::timestamptz[], ARRAY['2026-01-24']::date[], ARRAY['10:30:00.5']::time[]
  FROM generate_series(1, 8) AS n;
INSERT INTO shop.natives (varchars, uuids, inets, smallints, reals, monies, timestamptzs, dates, times) VALUES ('{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}');
INSERT INTO oids VALUES (1, 4000), (2, 4294967295), (3, NULL);
INSERT INTO pairs SELECT n % 3, 'r' || n, 'note' || n FROM generate_series(1, 9) AS n;
INSERT INTO shop."Triple" SELECT n, '2026-01-01'::date + n, (ARRAY['open', 'CLOSED'])[1 + n % 2]::shop."State", NULL FROM generate_series(1, 6) AS n;
INSERT INTO unique_only SELECT 'u' || n || '@x.de', 'n' || n FROM generate_series(1, 5) AS n;
INSERT INTO unique_pairs SELECT n % 2, 's' || n, 'n' FROM generate_series(1, 5) AS n;
INSERT INTO counted (title) SELECT 'title' || n FROM generate_series(1, 7) AS n;
INSERT INTO places (name, point, search, hidden) SELECT 'p' || n, point(n, 1.5), to_tsvector('simple', 'word' || n), 'h' FROM generate_series(1, 4) AS n;
INSERT INTO shop.secrets VALUES (1, 'a'), (2, NULL);
INSERT INTO shop.labels VALUES ('z', NULL), ('a', 'z'), ('m', 'a'), ('b', NULL);
INSERT INTO shop."_LabelToScalar" SELECT (ARRAY['a', 'm', 'z'])[1 + n % 3], n FROM generate_series(1, 12) AS n;
