//! Every type, under settings that change how all of them print.

use super::rows::{public, read_of, reads, round_trip, rows_of};
use crate::support::place::{Place, on_postgres};
use crate::support::postgres::PgServer;
use dbsnap::codec::{Key, KeyOrder, Kind};
use dbsnap::db::{Sink, TableId};

/// A role under which nothing prints as it does elsewhere, and which owns what it makes.
fn hostile(place: &Place) {
    let (db, role) = place.database();
    for setting in [
        "extra_float_digits = -5",
        "DateStyle = 'German, DMY'",
        "bytea_output = escape",
        "IntervalStyle = iso_8601",
        "TimeZone = 'Asia/Kolkata'",
        "lc_monetary = 'C'",
        "xmloption = document",
        "array_nulls = off",
        "quote_all_identifiers = on",
        "standard_conforming_strings = off",
        "transform_null_equals = on",
        "statement_timeout = '30s'",
        "default_transaction_isolation = serializable",
        "default_transaction_read_only = on",
        "synchronize_seqscans = on",
    ] {
        db.sql(&format!("ALTER ROLE {role} SET {setting}"));
    }
}

const GAUNTLET: &str = r#"
CREATE TYPE mood AS ENUM ('sad', 'so so', 'it''s "ok"');
CREATE TYPE pair AS (a text, b int);
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN nested AS positive;
CREATE TABLE gauntlet (
  id int PRIMARY KEY, b bool, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, n numeric, n2 numeric(30, 10), m money,
  t text, v varchar(20), c char(5), c1 "char", nm name, by bytea, u uuid,
  d date, ti time, tz timetz, ts timestamp, tsz timestamptz, ts3 timestamp(3), iv interval,
  j json, jb jsonb, x xml, e mood, p pair, dom positive, dom2 nested,
  bi bit(3), vb varbit, tv tsvector, tq tsquery, ine inet, ci cidr, ma macaddr, ma8 macaddr8,
  po point, li line, ls lseg, bo box, pa path, pg polygon, cr circle,
  ai int[], at text[], ae mood[], ap pair[], ad positive[], aby bytea[], af float8[], ats timestamptz[],
  r4 int4range, rn numrange, rt tstzrange, rd daterange, rc regclass, rp regproc, rty regtype, o oid, lsn pg_lsn, tid tid, xi xid
);
INSERT INTO gauntlet (id, f4, f8, n) VALUES (1, 'NaN', 'NaN', 'NaN'), (2, '-0', '-0', '-0'), (3, '1e-45', '5e-324', '1.10'),
  (4, 'Infinity', 'Infinity', '0.000000000000000000001'), (5, '-Infinity', '-Infinity', '123456789012345678901234567890.5'),
  (6, 3.4028235e38, 1.7976931348623157e308, 1e100), (7, 0.1, 0.1::float8 + 0.2, 100), (8, 16777217, 9007199254740993, '1e-50');
INSERT INTO gauntlet (id, i2, i4, i8, b, m, n2) VALUES (10, -32768, -2147483648, -9223372036854775808, true, -92233720368547758.08, 1.10),
  (11, 32767, 2147483647, 9223372036854775807, false, 92233720368547758.07, -0.0000000001);
INSERT INTO gauntlet (id, t, v, c, c1, nm) VALUES (20, '', '', '', '', ''), (21, '\N', '\.', 'ab', '\', 'N'), (22, E'a\tb\nc\rd\be\ff\vg\\', 'ü€𝄞', 'x    ', 'x', 'y'),
  (23, E'\u202e\u2028\u0001', E'\\.\n', NULL, NULL, NULL), (24, 'NULL', '"', '"', '"', '{}'), (25, repeat(E'\\\t', 1000), NULL, E'\\', E'\t', E'\n');
INSERT INTO gauntlet (id, d, ti, tz, ts, tsz, ts3) VALUES (30, 'infinity', '24:00:00', '24:00:00+15:59', 'infinity', 'infinity', 'infinity'),
  (31, '-infinity', '00:00:00.000001', '00:00:00-15:59:59', '-infinity', '-infinity', '-infinity'),
  (32, '4713-01-01 BC', '12:34:56.789012', '12:34:56.789012+05:30', '4713-01-01 00:00:00 BC', '4713-01-02 00:00:00+00 BC', '0044-03-15 BC'),
  (33, '5874897-12-31', '23:59:59.999999', '00:00+00', '294276-12-31 23:59:59.999999', '294276-12-31 23:59:59.999999+00', '2026-11-22 12:34:56.789');
INSERT INTO gauntlet (id, iv) VALUES (40, '1 mon -1 day'), (41, '-1 year 2 mons -3 days 04:05:06.789'), (42, '0'), (43, '178000000 years'), (44, '-00:00:00.000001');
INSERT INTO gauntlet (id, j, jb, x) VALUES (50, '{"a": 1,  "a" : 2, "z":"\u0000"}', '{"n": 12345678901234567890.12345678901234567890, "e": 1e400, "b": [1, null]}', '<a>b</a><c/>'),
  (51, ' [ ] ', 'null', 'plain'), (52, 'null', '"null"', ''), (53, '1e400', '1.10', '<?xml version="1.0"?><r/>');
INSERT INTO gauntlet (id, e, p, dom, dom2) VALUES (60, 'sad', '(,)', 1, 2), (61, 'it''s "ok"', '("a,b(""",)', NULL, NULL), (62, 'so so', ROW('', 1), 3, 4), (63, NULL, ROW(NULL, NULL), 5, 6);
INSERT INTO gauntlet (id, by) VALUES (70, ''), (71, '\x00'), (72, '\x5c78'), (73, decode('ff5c000a0d09', 'hex'));
INSERT INTO gauntlet (id, bi, vb, tv, tq, u) VALUES (80, '101', '', 'a:1A,2B ''b c'':3', 'a & !b | c <-> d', '00000000-0000-0000-0000-000000000000'),
  (81, '000', '1010101', '', '', 'ffffffff-FFFF-ffff-ffff-ffffffffffff');
INSERT INTO gauntlet (id, ine, ci, ma, ma8) VALUES (90, '192.168.0.1/24', '10.0.0.0/8', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05'), (91, '::ffff:1.2.3.4/128', '2001:db8::/32', NULL, NULL);
INSERT INTO gauntlet (id, po, li, ls, bo, pa, pg, cr) VALUES (100, '(0.1,-0)', '{1,2,3}', '[(1,2),(3,4)]', '(3,4),(1,2)', '[(1,2),(3,4)]', '((0,0),(1,1),(1,0))', '<(1e-300,2),3>'),
  (101, '(NaN,Infinity)', NULL, NULL, NULL, '((1,2),(3,4))', NULL, NULL);
INSERT INTO gauntlet (id, ai, at, ae, ap, ad, aby, af, ats) VALUES
  (110, '[2:3]={7,8}', '{"NULL",NULL,"","a\"b\\c,{}"}', '{sad,"it''s \"ok\""}', ARRAY[ROW('x,y', NULL)::pair, NULL], '{1,2}', ARRAY['\x00ff'::bytea, ''], '{NaN,-0,0.30000000000000004}', '{infinity,"2026-11-22 00:00:00+05:30"}'),
  (111, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'), (112, '{{1,2},{3,NULL}}', '[0:1][5:5]={{a},{b}}', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO gauntlet (id, r4, rn, rt, rd) VALUES (120, 'empty', '(,)', '[2026-01-01 00:00+05:30,)', '[2026-01-01,2026-02-01)'), (121, '[1,5)', '(1.10,2.20]', '[-infinity,infinity]', 'empty');
INSERT INTO gauntlet (id, rc, rp, rty, o, lsn, tid, xi) VALUES (130, 'gauntlet', 'pg_catalog.now', 'mood', 4294967295, '16/B374D848', '(0,1)', '3'), (131, 'pg_class', NULL, 'int', 0, '0/0', '(4294967295,65535)', '0');
"#;

#[test]
fn every_value_survives_a_role_that_prints_differently() {
    on_postgres(|place| {
        let db = place.db();
        place.sql(GAUNTLET);
        let plain = rows_of(&mut place.open(), &public("gauntlet"));
        hostile(place);
        let mut sink = place.open();
        assert_eq!(rows_of(&mut sink, &public("gauntlet")), plain, "rows do not depend on who reads them");
        round_trip(db, &mut sink, &["gauntlet"], "DELETE FROM gauntlet");
    });
}

#[test]
fn keys_of_every_type_find_their_rows() {
    on_postgres(|place| {
        let db = place.db();
        place.sql("CREATE TYPE mood AS ENUM ('sad', 'happy');
            CREATE TABLE n (k numeric PRIMARY KEY, v int); INSERT INTO n VALUES (1.10, 1), ('NaN', 2), (-5, 3);
            CREATE TABLE c (k char(5) PRIMARY KEY, v int); INSERT INTO c VALUES ('a', 1), ('b', 2);
            CREATE TABLE f (k float8 PRIMARY KEY, v int); INSERT INTO f VALUES ('NaN', 1), (0.1, 2), ('-0', 3);
            CREATE TABLE e (k mood, l varchar(9), v int, PRIMARY KEY (k, l)); INSERT INTO e VALUES ('sad', 'x', 1), ('happy', '', 2);
            CREATE TABLE a (k int[] PRIMARY KEY, v int); INSERT INTO a VALUES ('{1,2}', 1), ('{}', 2);
            CREATE TABLE t (k timestamptz PRIMARY KEY, v int); INSERT INTO t VALUES ('infinity', 1), ('2026-01-01 BC', 2);
            CREATE TABLE y (k bytea PRIMARY KEY, v int); INSERT INTO y VALUES ('', 1), ('\\x00', 2);");
        let mut sink = place.open();
        let catalog = sink.catalog().unwrap();
        for table in ["n", "c", "f", "e", "a", "t", "y"] {
            let before = super::rows::dump(db, table);
            let reads = reads(&catalog, &[table]);
            let rows = rows_of(&mut sink, &public(table));
            place.sql(&format!("UPDATE {table} SET v = v + 10"));
            let changed = rows_of(&mut sink, &public(table));
            let mut txn = dbsnap::db::Sink::restore(&mut sink, &reads, &dbsnap::monitor::Silent).unwrap();
            txn.update(TableId::at(0), &mut super::rows::Given::new(&rows)).unwrap();
            assert_eq!(super::rows::gather(txn.as_mut(), 0), rows, "{table}");
            txn.delete(TableId::at(0), &mut super::rows::Given::new(&changed)).unwrap();
            txn.insert(TableId::at(0), &mut super::rows::Given::new(&rows)).unwrap();
            txn.commit().unwrap();
            assert_eq!(super::rows::dump(db, table), before, "{table}");
        }
    });
}

#[test]
fn kinds_and_key_orders() {
    let db = PgServer::shared().database();
    db.sql("CREATE DOMAIN price AS numeric(10, 2); CREATE TYPE mood AS ENUM ('sad');
            CREATE TABLE k (a price, b mood[], c price[], d timestamp(3), e char(3), f mood, g varchar(20), h int8, PRIMARY KEY (a, d, e))");
    let mut source = db.open();
    let catalog = source.catalog().unwrap();
    let schema = read_of(&catalog, &public("k")).schema;
    let kinds: Vec<_> = schema.columns.iter().map(|column| (column.kind, column.array)).collect();
    assert_eq!(
        kinds,
        [
            (Kind::Numeric, false),
            (Kind::Enum, true),
            (Kind::Numeric, true),
            (Kind::Timestamp, false),
            (Kind::Text, false),
            (Kind::Enum, false),
            (Kind::Text, false),
            (Kind::BigInt, false)
        ]
    );
    let types: Vec<_> = schema.columns.iter().map(|column| column.sql_type.as_str()).collect();
    assert_eq!(types[..3], ["public.price", "public.mood[]", "public.price[]"]);
    assert_eq!(types[3..5], ["timestamp(3) without time zone", "character(3)"]);
    let Key::Columns { columns, .. } = schema.key else { panic!("a key") };
    let orders: Vec<_> = columns.iter().map(|column| column.order).collect();
    assert_eq!(orders, [KeyOrder::Numeric, KeyOrder::Timestamp, KeyOrder::Rtrim]);
}

#[test]
fn types_of_extensions() {
    on_postgres(|place| {
        let db = place.db();
        for (extension, values) in [
            ("hstore", "('a=>1, \"b c\"=>NULL'), ('')"),
            ("citext", "('MiXed'), ('mixed')"),
            ("ltree", "('Top.Science'), ('')"),
            ("cube", "('(0.1,2),(3,4)'), ('(NaN)')"),
            ("isn", ""),
            ("seg", "('1.0 .. 2.50'), ('~6.5')"),
        ] {
            if values.is_empty() || db.sql_as(&db.server.user, &format!("CREATE EXTENSION {extension}")).is_err() {
                continue;
            }
            place
                .sql(&format!("CREATE TABLE x_{extension} (v {extension}); INSERT INTO x_{extension} VALUES {values}"));
            let table = format!("x_{extension}");
            round_trip(db, &mut place.open(), &[&table], &format!("DELETE FROM {table}"));
        }
    });
}

#[test]
fn a_type_made_anew_changes_no_row() {
    on_postgres(|place| {
        place.sql(
            "CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE TYPE pair AS (a text, b int);
             CREATE TABLE t (id int PRIMARY KEY, m mood, a mood[], p pair); INSERT INTO t VALUES (1, 'happy', '{sad}', '(x,1)'), (2, 'sad', NULL, NULL)",
        );
        let before = place.round.snap(&["t"]);
        place.sql(
            "CREATE TYPE mood2 AS ENUM ('happy', 'sad'); CREATE TYPE pair2 AS (a text, b int);
             ALTER TABLE t ALTER m TYPE mood2 USING m::text::mood2, ALTER a TYPE mood2[] USING a::text[]::mood2[], ALTER p TYPE pair2 USING p::text::pair2;
             DROP TYPE mood; ALTER TYPE mood2 RENAME TO mood; DROP TYPE pair; ALTER TYPE pair2 RENAME TO pair",
        );
        assert_eq!(place.round.snap(&["t"]).roots(), before.roots());
        place.sql("DELETE FROM t WHERE id = 1; UPDATE t SET m = 'happy'");
        assert_eq!(place.restore(&[&before.id]), [1, 1, 0, 0, 0]);
        assert_eq!(place.sql("SELECT * FROM t ORDER BY id"), "1|happy|{sad}|(x,1)\n2|sad||");
    });
}
