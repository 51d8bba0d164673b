SET client_min_messages = error;
-- Values of every type that a column can have: the ordinary, the extreme, and pairs that are equal and look different.
-- `make_tables` turns each type into two tables, `v_` with an integer key and
-- `k_` keyed by the value itself, and into a column of `everything`, which has no key.
CREATE EXTENSION IF NOT EXISTS hstore;
CREATE EXTENSION IF NOT EXISTS citext;
CREATE EXTENSION IF NOT EXISTS ltree;
CREATE EXTENSION IF NOT EXISTS cube;
CREATE TYPE mood AS ENUM ('ok', 'NULL', '', 'it''s', 'a,b', 'größe', 'tab	bed');
CREATE TYPE pair AS (a int, b text);
CREATE TYPE nest AS (p pair, "odd ""name" numeric[], m mood);
CREATE DOMAIN posint AS int CHECK (VALUE > 0);
CREATE DOMAIN money2 AS numeric(12,2);
CREATE DOMAIN deep AS posint CHECK (VALUE < 1000);
CREATE DOMAIN words AS text[];
CREATE TYPE textrange AS RANGE (subtype = text, collation = "C");
CREATE TYPE floatrange AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE SCHEMA lab;
CREATE TABLE lab.samples (type text, n serial, literal text);
INSERT INTO lab.samples (type, literal)
SELECT s.type, l.literal FROM (VALUES
('bool', ARRAY['t', 'f']),
('int2', ARRAY['0', '-1', '32767', '-32768']),
('int4', ARRAY['0', '-1', '2147483647', '-2147483648']),
('int8', ARRAY['0', '-1', '9223372036854775807', '-9223372036854775808', '9007199254740993']),
('float4', ARRAY['0', '-0', 'NaN', 'Infinity', '-Infinity', '1e-45', '3.4028235e38', '1.17549435e-38', '0.1', '16777217', '33554432']),
('float8', ARRAY['0', '-0', 'NaN', 'Infinity', '-Infinity', '5e-324', '1.7976931348623157e308', '2.2250738585072014e-308',
                 '0.1', '0.30000000000000004', '0.3', '1e22', '1e23', '9007199254740993', '-1.5']),
('numeric', ARRAY['1.1', '1.10', '1.100', '0', '0.000', '-0.0', 'NaN', 'Infinity', '-Infinity', '1e400', '1e-400',
                  '123456789012345678901234567890.123456789012345678901234567890', '-99999999999999999999', '1E+5', '100000.0']),
('numeric(10,3)', ARRAY['1', '-0.001', '9999999.999', 'NaN']),
('money', ARRAY['0', '-0.01', '1234.50', '92233720368547758.07', '-92233720368547758.08']),
('text', ARRAY['', 'NULL', 'null', '\N', '\\N', '\.', '\', '\\', E'\t', E'a\tb\r\nc\x0b\x0c\x08\x01\x7f', ' lead', 'trail ', 'trail  ',
               'é', E'e\u0301', E'\u2028\u2029\ufeff\u202e', '😀', '"', '''', '{}', '(,)', '$$', '-- x', E'\n', E'\\\n', repeat('x', 9000),
               repeat(E'\\\t"', 700)]),
('varchar', ARRAY['', 'NULL', '\N', 'é ']),
('varchar(5)', ARRAY['', 'ab   ', 'größe']),
('bpchar', ARRAY['', ' ', 'a', 'a  ', E'\t']),
('char(4)', ARRAY['', 'a', ' a', 'abcd']),
('"char"', ARRAY['', 'a', '\', '"', ' ', '\200', '\377']),
('name', ARRAY['', 'a', 'Größe', repeat('n', 63)]),
('citext', ARRAY['', 'Abc', 'abc ', 'ÄB', 'NULL']),
('bytea', ARRAY['\x', '\x00', '\x5c', '\x5c78', '\x27', '\xff00ff', '\x0a0d09', '\x' || repeat('c3a9', 3000)]),
('uuid', ARRAY['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11']),
('date', ARRAY['2026-01-24', 'infinity', '-infinity', '0044-03-15 BC', '4713-01-01 BC', '0001-01-01', '10000-01-01', '5874897-12-31', '2000-02-29']),
('time', ARRAY['00:00', '24:00', '23:59:59.999999', '10:30:00.1']),
('time(0)', ARRAY['00:00', '10:30:00.6']),
('timetz', ARRAY['00:00+00', '24:00-15:59', '10:30:00.123456+05:30', '10:30+02', '08:30+00']),
('timestamp', ARRAY['2026-01-24 10:30:00', 'infinity', '-infinity', '4713-01-01 00:00:00 BC', '294276-12-31 23:59:59.999999',
                    '0001-12-31 23:59:59.000001 BC', '1999-12-31 23:59:59.999999', '2000-01-01']),
('timestamp(3)', ARRAY['2026-01-24 10:30:00.1239', 'infinity']),
('timestamptz', ARRAY['2026-01-24 10:30:00+00', 'infinity', '-infinity', '4713-01-02 00:00:00+00 BC', '294276-12-31 23:59:59.999999+00',
                      '2026-03-29 01:30:00+00', '1900-01-01 00:00:00+00', '1945-06-01 12:00:00.5+00']),
('interval', ARRAY['0', '1 mon -1 day', '-1 mon 1 day -00:00:01', '178000000 years', '-178000000 years', '1 day', '24 hours', '30 days', '1 mon',
                   '-00:00:00.000001', '1 year 2 mons 3 days 04:05:06.789', '2147483647 days']),
('interval year to month', ARRAY['1 year 2 mons', '-1 mon']),
('json', ARRAY['null', ' null', '{}', '{"a":1,"a":2}', '{ "a" : 1 }', '"\u0000"', '"\ud83d\ude00"', '1e400', '1.10', '12345678901234567890', '-0', '[1, 2]',
               E'{"a":\n\t1}', '"x"', 'true', '{"$int":"5"}', '{"$json":null}', '{"__proto__":1}', '{"b":1,"a":2}', repeat('[', 300) || repeat(']', 300)]),
('jsonb', ARRAY['null', '{}', '{"a":1,"a":2}', '{"bb":1,"a":2}', '"\u00e9"', '1e400', '1.10', '1.1', '12345678901234567890', '-0', '[]', '"\\u0000"',
                '[null, {"$text":"x"}]', '{"":""}', '"\t"']),
('jsonpath', ARRAY['$', '$.a[*] ? (@ > 1)', 'strict $."odd key".size()']),
('xml', ARRAY['', 'abc', '<a/>', '<a b="1">&amp;</a>', '<a/><b/>', ' x ']),
('bit', ARRAY['0', '1']), ('bit(5)', ARRAY['00000', '10101']),
('varbit', ARRAY['', '0', '00', '1', repeat('10', 50)]),
('inet', ARRAY['0.0.0.0', '10.0.0.1/8', '10.0.0.1', '::1', '::ffff:1.2.3.4', '2001:db8::/32', '255.255.255.255/0']),
('cidr', ARRAY['10.0.0.0/8', '10.0.0.0/32', '::/0', '2001:db8::/32']),
('macaddr', ARRAY['08:00:2b:01:02:03', 'ff:ff:ff:ff:ff:ff']),
('macaddr8', ARRAY['08:00:2b:01:02:03:04:05', '08:00:2b:ff:fe:01:02:03']),
('point', ARRAY['(0,0)', '(-0,5e-324)', '(NaN,Infinity)', '(0.1,1e300)']),
('line', ARRAY['{1,2,3}', '{0,-1,0.1}']), ('lseg', ARRAY['[(0,0),(1,1)]', '[(-0,0),(0.1,2)]']),
('box', ARRAY['(1,1),(0,0)', '(0.1,NaN),(0,-0)']), ('path', ARRAY['((0,0),(1,1))', '[(0,0),(1,1)]', '[(0.1,-0)]']),
('polygon', ARRAY['((0,0),(1,1),(1,0))', '((0.1,0))']), ('circle', ARRAY['<(0,0),1>', '<(-0,0.1),0>']),
('tsvector', ARRAY['', 'a', 'a:1A b:2,3B ''it''''s''', '''\\\\''', ''' sp ace '':7']),
('tsquery', ARRAY['', 'a & !b', '(a | b) <-> c:*A', '''it''''s''']),
('oid', ARRAY['0', '4294967295']), ('xid', ARRAY['0', '4294967295']), ('xid8', ARRAY['0', '18446744073709551615']), ('cid', ARRAY['0', '4294967295']),
('tid', ARRAY['(0,0)', '(4294967295,65535)']), ('pg_lsn', ARRAY['0/0', 'FFFFFFFF/FFFFFFFF']),
('pg_snapshot', ARRAY['10:20:10,14,15', '1:1:']), ('txid_snapshot', ARRAY['10:20:10,14,15', '1:1:']),
('int2vector', ARRAY['', '1 2 3']), ('oidvector', ARRAY['', '1 2 4294967295']),
('aclitem', ARRAY['postgres=arwdDxt/postgres', '=r/postgres']), ('refcursor', ARRAY['', 'c "x"']),
('regclass', ARRAY['-', 'pg_catalog.pg_class', 'lab.samples', '4294967295']), ('regcollation', ARRAY['-', '"C"']),
('regconfig', ARRAY['-', 'simple']), ('regdictionary', ARRAY['-', 'simple']), ('regnamespace', ARRAY['-', 'lab', 'pg_catalog']),
('regoper', ARRAY['0', '4294967295']), ('regoperator', ARRAY['0', '+(integer,integer)']), ('regproc', ARRAY['-', 'boolin']),
('regprocedure', ARRAY['-', 'abs(numeric)']), ('regrole', ARRAY['-', 'postgres']), ('regtype', ARRAY['-', 'integer', 'mood', 'integer[]']),
('int4range', ARRAY['empty', '[1,5)', '(,)', '[,3]', '(3,]']), ('int8range', ARRAY['empty', '[-9223372036854775808,9223372036854775806]']),
('numrange', ARRAY['empty', '[1.1,1.10]', '[1.10,1.1]', '(,Infinity)', '[NaN,]']), ('daterange', ARRAY['empty', '[2026-01-24,infinity)', '(,)']),
('tsrange', ARRAY['empty', '[2026-01-24 10:30:00.000001,infinity]']), ('tstzrange', ARRAY['empty', '["2026-01-24 10:30:00+00",)']),
('int4multirange', ARRAY['{}', '{[1,2),[5,9)}', '{(,)}']), ('int8multirange', ARRAY['{}', '{[1,2)}']), ('nummultirange', ARRAY['{}', '{[1.10,2]}']),
('datemultirange', ARRAY['{}', '{[2026-01-24,infinity)}']), ('tsmultirange', ARRAY['{}', '{(,"2026-01-24 10:30:00")}']),
('tstzmultirange', ARRAY['{}', '{["2026-01-24 10:30:00+00",)}']),
('textrange', ARRAY['empty', '["",a]', '["a,b","c""d"]', '["\\\\",é)']), ('floatrange', ARRAY['[-0,0.1]', '[-Infinity,NaN)']),
('floatmultirange', ARRAY['{}', '{[-0,0.1]}']),
('mood', ARRAY['ok', 'NULL', '', 'it''s', 'a,b', 'größe', E'tab\tbed']),
('pair', ARRAY['(,)', '(1,"")', '(,NULL)', '(5,"a""b,\\\\")']), ('nest', ARRAY['(,,)', '("(1,x)","{1.10,NULL}",ok)', '(,{},"")']),
('posint', ARRAY['1', '2147483647']), ('money2', ARRAY['1.1', '-0.05', 'NaN']), ('deep', ARRAY['999']), ('words', ARRAY['{}', '{"NULL",NULL,""}', '[2:3]={a,b}']),
('hstore', ARRAY['', '"a"=>NULL, "b"=>"NULL"', '"k\"=>"=>"\\\\"']), ('ltree', ARRAY['', 'a.b.c']), ('lquery', ARRAY['a.*{1,2}.!b']),
('ltxtquery', ARRAY['a & !b']), ('cube', ARRAY['(1,2)', '(0.1,-0),(5e-324,2)'])
) AS s(type, list), unnest(s.list) WITH ORDINALITY AS l(literal, place) ORDER BY s.type, l.place;

CREATE FUNCTION lab.make_tables() RETURNS void LANGUAGE plpgsql AS $f$
DECLARE kind text; name text; value text; list text; row record;
BEGIN
  CREATE TABLE everything AS SELECT generate_series(1, 50) AS place;
  FOR kind IN SELECT DISTINCT type FROM lab.samples LOOP
    CONTINUE WHEN to_regtype(regexp_replace(kind, '\(.*', '')) IS NULL; -- a server before multiranges
    name := regexp_replace(kind, '[^a-z0-9]+', '_', 'g');
    EXECUTE format('CREATE TABLE %I (id serial PRIMARY KEY, v %s, a %2$s[])', 'v_' || name, kind);
    EXECUTE format('INSERT INTO %I VALUES (-1, NULL, NULL), (-2, NULL, ''{}'')', 'v_' || name);
    FOR row IN SELECT literal FROM lab.samples WHERE type = kind ORDER BY n LOOP
      -- as a constant, so that the type's own input function reads it
      value := format('%L::%s', row.literal, kind);
      CONTINUE WHEN kind LIKE 'num%' AND row.literal LIKE '%Infinity%' AND current_setting('server_version_num')::int < 140000;
      FOREACH list IN ARRAY ARRAY['ARRAY[v, NULL, v]', 'ARRAY[ARRAY[v], ARRAY[NULL]]', 'array_fill(v, ARRAY[2], ARRAY[-1])'] LOOP
        EXECUTE format('INSERT INTO %I (v, a) SELECT v, %s::%s[] FROM (SELECT %s AS v) AS x',
          'v_' || name, replace(list, 'NULL', 'NULL::' || kind), kind, value);
      END LOOP;
    END LOOP;
    EXECUTE format('ALTER TABLE everything ADD COLUMN %I %s', name, kind);
    EXECUTE format('UPDATE everything SET %I = (SELECT v FROM %I WHERE id = place)', name, 'v_' || name);
    BEGIN
      EXECUTE format('CREATE TABLE %I (v %s PRIMARY KEY, a %2$s[])', 'k_' || name, kind);
      EXECUTE format('INSERT INTO %I SELECT v, a FROM %I WHERE v IS NOT NULL ORDER BY id ON CONFLICT DO NOTHING', 'k_' || name, 'v_' || name);
    EXCEPTION WHEN undefined_object THEN NULL; -- a type without an order cannot be a key
    END;
  END LOOP;
  ALTER TABLE everything DROP COLUMN place;
  INSERT INTO everything SELECT * FROM everything;
END $f$;
SELECT lab.make_tables();
