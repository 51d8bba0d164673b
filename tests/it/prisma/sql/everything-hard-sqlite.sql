-- What Prisma's client changes, refuses or cannot say.
INSERT INTO scalars (string, boolean, int, big_int, float, decimal, date_time, json, bytes, role, updated_at) VALUES
  ('floats', 1, 1, 9223372036854775807, 9e999, 0.1, 1769250600123, '1.10', 'text in bytes', 'USER', '2026-01-24 10:30:00'),
  ('zeros', 0, 0, -9223372036854775808, -0.0, '1.50', '2026-01-24T10:30:00.123456Z', '{"a":1,"a":2}', x'00', 'no role', 0),
  ('digits', 2, 'ten', 1.5, 0.30000000000000004, 1e300, 'yesterday', 'not JSON', x'', x'ff', -1.5);
INSERT INTO scalars (string, boolean, int, big_int, float, decimal, date_time, json, bytes, role, updated_at, json2, float2, boolean2, decimal2, date_time2)
  VALUES (CAST(x'610062' AS TEXT), 0, 1, 1, 5e-324, 9007199254740993, 1.0, 'null', x'00ff', 'creator', '', '{"$json":null}', -9e999, 'true', x'31', x'32');
INSERT INTO pairs VALUES (7, '', NULL), (7, '''"; DROP TABLE pairs; --', '${process.exit(3)}');
INSERT INTO "Triple" VALUES (9, 1769250600123, 'USER', 'x'), (9, '2026-01-24 10:30:00', 'USER', 'x');
INSERT INTO unique_only VALUES ('`${1}`\' || char(8232), '__proto__');
