-- What Prisma's client changes, refuses or cannot say.
INSERT INTO scalars (string, boolean, int, big_int, float, decimal, date_time, json, bytes, role, strings, booleans, ints, big_ints, floats, decimals, date_times, jsons, byteses, roles,
    updated_at) VALUES
  ('floats', true, 1, 1, 'NaN', 'NaN', 'infinity', '1.10', '', 'USER', '{a,NULL}', '{t,NULL}', '{1,NULL}', '{{1,2},{3,4}}', '{NaN,-0,Infinity}', '{NaN,1.50}', '{infinity,NULL}', '{"null",NULL,"1e400"}',
    '{NULL}', '{creator,NULL}', '0044-03-15 10:00:00 BC'),
  ('zeros', false, 0, 0, '-0', '0.000', '-infinity', '12345678901234567890', '\x00', 'creator', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '10000-01-01'),
  ('digits', false, 0, 0, '0.30000000000000004', '99999999999999999999999999999999999.999999999999999999999999999999', '2026-01-01', 'null', '\x', 'admin-role', '[2:3]={x,y}', '{}', '{}', '{}',
    '{5e-324,1.7976931348623157e308}', '{}', '{}', '{"[[1]]","{\"$int\":\"5\"}"}', '{}', '{}', '2026-01-01');
UPDATE scalars SET json2 = '{"$json":null}', float2 = 'Infinity', decimal2 = 'NaN', date_time2 = 'infinity' WHERE string = 'floats';
INSERT INTO shop.natives (char, xml, "real", decimal, money, timestamp, timestamptz, date, time, timetz, json, jsonb, reals, monies, timestamptzs, dates, times) VALUES
  ('', '<?xml version="1.0"?><a/>', 'NaN', 'NaN', '-92233720368547758.08', '2026-01-24 10:30:00.123456', '2026-01-24 10:30:00.123456+00', 'infinity', '24:00', '10:30:00.123456+05:30',
    '{ "a" : 1.10, "a" : 2 }', '1e400', '{NaN,0.1}', '{-0.01}', '{infinity,"2026-01-24 10:30:00.000001+00"}', '{-infinity,"0044-03-15 BC"}', '{24:00,10:30:00.000001}'),
  (' a', NULL, '1e-45', '-0.001', '0', '294276-12-31 23:59:59.999999', '4713-01-02 00:00:00+00 BC', '5874897-12-31', '23:59:59.999999', '00:00-15:59', ' null', 'null', NULL, NULL, NULL, NULL, NULL);
INSERT INTO pairs VALUES (7, '', NULL), (7, '''"; DROP TABLE pairs; --', '${process.exit(3)}');
INSERT INTO shop."Triple" VALUES (9, 'infinity', 'open', 'x'), (9, '0044-03-15 BC', 'open', 'x');
INSERT INTO unique_only VALUES (E'\u2028`${1}`\\', '__proto__');
