//! `--where` means one thing: generated filters over columns of many types choose the rows that psql and sqlite3
//! choose, wherever a filter is applied, or are refused with the construct named.

use crate::conformance::rows::{Collected, Given};
use crate::support::place::Place;
use crate::tree::model::Dice;
use dbsnap::codec::{RowReader, TableName, ValueRef};
use dbsnap::db::postgres::Postgres;
use dbsnap::db::sqlite::{Condition, Sqlite};
use dbsnap::db::{DbError, Filter, FilterNames, OpenOptions, Sink, TableId, TableRead};
use dbsnap::monitor::Silent;
use std::collections::BTreeSet;

/// Conditions of PostgreSQL's, each on its own, and whether two stored snapshots can be compared by them.
const POSTGRES: [(&str, bool); 78] = [
    ("name LIKE 'A%'", false),
    ("name LIKE '%\\_%'", false),
    ("name NOT LIKE '_b%'", false),
    ("name ILIKE 'a%'", false),
    ("name ~ '^[A-C]'", false),
    ("name ~* 'B$'", false),
    ("name SIMILAR TO '(A|b)%'", false),
    ("name = 'Ab'", true),
    ("name <> 'ab'", true),
    ("name IN ('Ab', 'ab ', 'é')", true),
    ("name NOT IN ('Ab', 'x')", true),
    ("name < 'b'", false),
    ("name > 'É'", false),
    ("name BETWEEN 'a' AND 'c'", false),
    ("name IS NULL", true),
    ("name IS NOT DISTINCT FROM 'Ab'", true),
    ("name = vc", true),
    ("lower(name) = 'ab'", false),
    ("length(name) > 2", false),
    ("name || 'x' = 'Abx'", false),
    ("plain < 'b'", true),
    ("plain BETWEEN 'A' AND 'b'", true),
    ("vc = 'Ab '", true),
    ("c = 'Ab'", false),
    ("c = 'Ab    '", false),
    ("c LIKE 'Ab%'", false),
    ("length(c) = 2", false),
    ("ok", true),
    ("NOT ok", true),
    ("ok IS NOT TRUE", true),
    ("ok = true", true),
    ("ok = 't'", false),
    ("ok = 'no'", false),
    ("ok IS NULL", true),
    ("f = 0.1", false),
    ("f = '0.1'", false),
    ("f > 1", false),
    ("f = 'NaN'", false),
    ("g = 0.1", false),
    ("g >= '1e3'", false),
    ("n = 1.50", false),
    ("n > 1", false),
    ("n = '0.1'", false),
    ("n % 2 = 0", false),
    ("small = 3", true),
    ("small > -2", true),
    ("big >= 9007199254740993", true),
    ("big BETWEEN -5 AND 5", true),
    ("big IN (1, 9007199254740993, NULL)", true),
    ("big = 99999999999999999999", false),
    ("big = '1'", false),
    ("small / 2 = 1", false),
    ("small < big", true),
    ("ts > '2026-1-5'", false),
    ("ts = '2026-01-05 10:00'", false),
    ("ts::date = '2026-01-05'", false),
    ("tz >= '2026-01-05 10:00:00+02'", false),
    ("tz < '2026-01-06'", false),
    ("extract(year from ts) = 2026", false),
    ("d = '20260110'", false),
    ("d < '2026-1-10'", false),
    ("d > 'infinity'::date - 1", false),
    ("d = date '2026-01-10'", false),
    ("t > '9:00'", false),
    ("i = '1 day'", false),
    ("i < interval '36 hours'", false),
    ("u = '0b6f7a3e-8d1c-4a55-9d3f-2f5a1c9e4d10'", true),
    ("u = '0B6F7A3E8D1C4A559D3F2F5A1C9E4D10'", false),
    ("u > '80000000-0000-0000-0000-000000000000'", false),
    ("mood = 'sad'", true),
    ("mood > 'ok'", false),
    ("j ->> 'a' = '1'", false),
    ("j @> '{\"b\": [1]}'", false),
    ("j ? 'a'", false),
    ("j -> 'a' = '1'", false),
    ("'x' = ANY (tags)", false),
    ("tags = '{x,y}'", false),
    ("octet_length(raw) = 2 OR raw = '\\x00ff'", false),
];

/// (Version 13 lets no row into a generated column over a domain that is NOT NULL, and has no infinite numeric.)
const POSTGRES_TABLE: &str = "
    CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
    SELECT CASE WHEN current_setting('server_version_num')::int >= 140000 THEN 'NOT NULL' ELSE '' END AS not_null \\gset
    CREATE DOMAIN score AS integer :not_null CHECK (VALUE > 0);
    CREATE TABLE goods (id int PRIMARY KEY, name text, plain text COLLATE \"C\", vc varchar(20), c char(6), ok boolean, f real,
        g double precision, n numeric(12, 2), small smallint, big bigint, ts timestamp, tz timestamptz, d date, t time, i interval,
        u uuid, mood mood, j jsonb, tags text[], raw bytea, gone int, score score, twice score GENERATED ALWAYS AS (score * 2) STORED);
    ALTER TABLE goods DROP COLUMN gone;
    INSERT INTO goods (id, name, plain, vc, c, ok, f, g, n, small, big, ts, tz, d, t, i, u, mood, j, tags, raw, score)
    SELECT x, (ARRAY['Ab', 'ab', 'aB', 'ab ', 'é', 'É', 'b_c', 'a\\b', 'z', '', NULL, 'Abc', 'it''s'])[1 + x % 13],
        (ARRAY['Ab', 'ab', 'A', 'b', 'é', NULL, 'Z'])[1 + x % 7], (ARRAY['Ab', 'Ab ', 'ab', NULL])[1 + x % 4],
        (ARRAY['Ab', 'ab', 'Abcdef', '', NULL])[1 + x % 5], (ARRAY[true, false, NULL])[1 + x % 3],
        (ARRAY[0.1, 0.5, 'NaN', NULL, 1e10, -0.0])[1 + x % 6], (ARRAY[0.1, 1000, CASE WHEN current_setting('server_version_num')::int >= 140000 THEN 'Infinity' ELSE '1e200' END::numeric, NULL, -3.5])[1 + x % 5],
        (ARRAY[1.50, 0.1, NULL, 2, 10, -4])[1 + x % 6], (ARRAY[3, -2, 2, NULL, 0])[1 + x % 5],
        (ARRAY[9007199254740993, 9007199254740992, 1, -5, NULL, 5])[1 + x % 6],
        (ARRAY['2026-01-05 10:00', '2026-01-05', '2026-01-15', 'infinity', NULL, '1999-12-31 23:59:59.5'])[1 + x % 6]::timestamp,
        (ARRAY['2026-01-05 10:00+02', '2026-01-05 23:30-03', NULL, '2026-01-06'])[1 + x % 4]::timestamptz,
        (ARRAY['2026-01-10', '2026-01-09', NULL, 'infinity', '0044-03-15 BC'])[1 + x % 5]::date,
        (ARRAY['09:30', '08:59:59.999', '10:00', NULL])[1 + x % 4]::time, (ARRAY['1 day', '24:00:00', '35 hours', NULL])[1 + x % 4]::interval,
        (ARRAY['0b6f7a3e-8d1c-4a55-9d3f-2f5a1c9e4d10', 'f0000000-0000-4000-8000-000000000000', NULL])[1 + x % 3]::uuid,
        (ARRAY['sad', 'ok', 'happy', NULL])[1 + x % 4]::mood,
        (ARRAY['{\"a\": 1}', '{\"a\": \"1\"}', '{\"b\": [1, 2]}', 'null', NULL, '[\"a\"]'])[1 + x % 6]::jsonb,
        (ARRAY['{x,y}', '{y}', '{NULL,x}', NULL, '{}'])[1 + x % 5]::text[], (ARRAY['\\x00ff', '\\x', NULL, '\\x616263'])[1 + x % 4]::bytea, x
    FROM generate_series(1, 90) AS x;
    CREATE FUNCTION told(condition text) RETURNS text LANGUAGE plpgsql AS $$
    DECLARE told text;
    BEGIN
        EXECUTE 'SELECT coalesce(string_agg(id::text, '','' ORDER BY id), '''') FROM goods WHERE (' || condition || ')' INTO told;
        RETURN told;
    EXCEPTION WHEN others THEN RETURN 'refused';
    END $$";

/// The same for SQLite.
const SQLITE: [(&str, bool); 39] = [
    ("name LIKE 'a%'", true),
    ("name NOT LIKE '_b%'", true),
    ("name GLOB 'A*'", true),
    ("name = 'Ab'", true),
    ("name <> 'ab'", true),
    ("name IN ('Ab', 'ab ', 'é')", true),
    ("name < 'b'", false),
    ("name BETWEEN 'a' AND 'c'", false),
    ("name IS NULL", true),
    ("name IS NOT DISTINCT FROM 'Ab'", true),
    ("lower(name) = 'ab'", true),
    ("length(name) > 2", true),
    ("hex(name) = '4162'", false),
    ("CAST(name AS BLOB) = x'4162'", false),
    ("code = 'AB'", true),
    ("code IN ('ab', 'c')", true),
    ("padded = 'x'", true),
    ("ok", true),
    ("NOT ok", true),
    ("ok = 1", true),
    ("ok = true", true),
    ("n = '1.5'", true),
    ("n > 1", true),
    ("n = 1.50", true),
    ("r = 1", true),
    ("r = '0.1'", true),
    ("big >= 9007199254740993", true),
    ("big IN (1, '5')", true),
    ("big BETWEEN -5 AND 5", true),
    ("big % 2 = 1", true),
    ("free = '1'", true),
    ("free = 1", true),
    ("free > 5", true),
    ("typeof(free) = 'text'", true),
    ("free LIKE '1%'", false),
    ("j ->> '$.a' = '1'", true),
    ("json_extract(j, '$.a') = 1", true),
    ("day > '2026-01-05'", true),
    ("raw = x'00ff'", true),
];

const SQLITE_TABLE: &str = "
    CREATE TABLE goods (id INTEGER PRIMARY KEY, name TEXT, code TEXT COLLATE NOCASE, padded TEXT COLLATE RTRIM, ok BOOLEAN, n DECIMAL,
        r REAL, big BIGINT, free, j TEXT, day TEXT, raw BLOB);
    WITH RECURSIVE s(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM s WHERE x < 90)
    INSERT INTO goods SELECT x,
        CASE x % 11 WHEN 0 THEN 'Ab' WHEN 1 THEN 'ab' WHEN 2 THEN 'aB' WHEN 3 THEN 'ab ' WHEN 4 THEN 'é' WHEN 5 THEN 'É' WHEN 6 THEN 'abc'
            WHEN 7 THEN '' WHEN 8 THEN 'z' WHEN 9 THEN 5 END,
        CASE x % 4 WHEN 0 THEN 'ab' WHEN 1 THEN 'AB' WHEN 2 THEN 'C' END, CASE x % 3 WHEN 0 THEN 'x  ' WHEN 1 THEN 'x' END,
        CASE x % 3 WHEN 0 THEN 1 WHEN 1 THEN 0 END, CASE x % 5 WHEN 0 THEN 1.5 WHEN 1 THEN '1.50' WHEN 2 THEN 'abc' WHEN 3 THEN 1 END,
        CASE x % 4 WHEN 0 THEN 1 WHEN 1 THEN 0.1 WHEN 2 THEN 9e999 END,
        CASE x % 5 WHEN 0 THEN 9007199254740993 WHEN 1 THEN 9007199254740992 WHEN 2 THEN 1 WHEN 3 THEN '-5' END,
        CASE x % 6 WHEN 0 THEN '1' WHEN 1 THEN 1 WHEN 2 THEN 1.0 WHEN 3 THEN x'31' WHEN 4 THEN 'é' END,
        CASE x % 4 WHEN 0 THEN '{\"a\": 1}' WHEN 1 THEN '{\"a\": \"1\"}' WHEN 2 THEN '[]' END,
        CASE x % 4 WHEN 0 THEN '2026-01-05' WHEN 1 THEN '2026-01-10' WHEN 2 THEN 20260110 END,
        CASE x % 3 WHEN 0 THEN x'00ff' WHEN 1 THEN 'ab' END FROM s;";

/// Conditions joined at random, and whether two stored snapshots can be compared by all of a filter's.
fn filters(conditions: &[(&'static str, bool)], joined: u64) -> Vec<(String, bool)> {
    let mut filters: Vec<(String, bool)> =
        conditions.iter().map(|(condition, stored)| ((*condition).to_owned(), *stored)).collect();
    let mut dice = Dice(23);
    for _ in 0..joined {
        let mut one = || conditions[usize::try_from(dice.roll(conditions.len() as u64)).unwrap()];
        let (a, b, c) = (one(), one(), one());
        let text = match dice.roll(4) {
            0 => format!("{} OR {} AND {}", a.0, b.0, c.0),
            1 => format!("NOT ({}) OR ({}) IS NULL AND {}", a.0, b.0, c.0),
            2 => format!("({} OR {}) AND NOT ({})", a.0, b.0, c.0),
            _ => format!("({}) IS NOT TRUE AND ({} OR {})", a.0, b.0, c.0),
        };
        filters.push((text, a.1 && b.1 && c.1));
    }
    filters
}

struct NoNames;

impl FilterNames for NoNames {
    fn column(&self, _: &str) -> Option<String> {
        None
    }

    fn label(&self, _: &str, _: &str) -> Option<String> {
        None
    }
}

/// The first value of each row, with commas between them.
fn ids<'r>(rows: impl Iterator<Item = &'r [u8]>, columns: usize) -> String {
    let mut ids: Vec<i64> = rows
        .map(|row| match RowReader::values(row, columns).unwrap()[0] {
            ValueRef::Int(id) => id,
            other => panic!("{other:?}"),
        })
        .collect();
    ids.sort_unstable();
    ids.iter().map(i64::to_string).collect::<Vec<_>>().join(",")
}

/// What each way of applying `typed` chooses: reading the table, filtering rows by the database, and filtering them
/// without the database.
pub fn ways(sink: &mut dyn Sink, read: &TableRead, rows: &[Vec<u8>], typed: &str) -> [Result<String, DbError>; 3] {
    let engine = sink.identity().engine;
    let schema = &read.schema;
    let slices: Vec<&[u8]> = rows.iter().map(Vec::as_slice).collect();
    let chosen = |held: Vec<bool>| {
        assert_eq!(held.len(), rows.len());
        ids(slices.iter().zip(held).filter(|(_, held)| *held).map(|(row, _)| *row), schema.columns.len())
    };
    let filter = match Filter::parse(typed, engine, schema, &|_| None) {
        Ok(filter) => filter,
        Err(error) => panic!("{typed}: {error}"),
    };
    let filtered = TableRead { schema: schema.clone(), filter: Some(filter.clone()) };
    let taken = sink.snapshot(&[filtered], &Silent).and_then(|mut snapshot| {
        let mut collected = Collected::default();
        snapshot.read(TableId::at(0), &mut collected)?;
        Ok(ids(collected.rows.iter().map(Vec::as_slice), schema.columns.len()))
    });
    let filtered = sink.snapshot(std::slice::from_ref(read), &Silent).and_then(|mut snapshot| {
        snapshot.matching(TableId::at(0), &filter, schema, &mut Given::new(rows.to_vec())).map(chosen)
    });
    let stored = Condition::stored(typed, schema, engine, &NoNames)
        .and_then(|one| one.matching(&mut Given::new(rows.to_vec())).map(chosen));
    [taken, filtered, stored]
}

/// All rows that a read finds.
pub fn rows_of(sink: &mut dyn Sink, read: &TableRead) -> Vec<Vec<u8>> {
    let mut collected = Collected::default();
    sink.snapshot(std::slice::from_ref(read), &Silent).unwrap().read(TableId::at(0), &mut collected).unwrap();
    collected.rows
}

/// Holds every filter against what the database says of it.
fn hold(sink: &mut dyn Sink, table: &TableName, single: usize, filters: &[(String, bool)], told: &[String]) {
    let schema = sink.catalog().unwrap().table(table).unwrap().schema.clone();
    let read = TableRead { schema, filter: None };
    let rows = rows_of(sink, &read);
    assert_eq!(filters.len(), told.len());
    let mut kinds = BTreeSet::new();
    for (nth, ((typed, same_stored), told)) in filters.iter().zip(told).enumerate() {
        let [taken, filtered, stored] = ways(sink, &read, &rows, typed);
        if told == "refused" {
            assert!(taken.is_err() && filtered.is_err(), "{typed}: {taken:?} {filtered:?}");
            continue;
        }
        assert_eq!(taken.unwrap_or_else(|error| panic!("{typed}: {error}")), *told, "{typed}, read");
        assert_eq!(filtered.unwrap_or_else(|error| panic!("{typed}: {error}")), *told, "{typed}, filtered");
        match stored {
            Ok(chosen) => {
                assert!(same_stored, "{typed} is taken without the database");
                assert_eq!(chosen, *told, "{typed}, stored");
            }
            Err(error) => {
                // joined conditions can be refused for what is in a column of another one
                assert!(!same_stored || nth >= single, "{typed}: {error}");
                assert!(error.to_string().contains("compare with live"), "{typed}: {error}");
            }
        }
        kinds.insert(told);
    }
    assert!(kinds.len() > filters.len() / 3, "{} of {} filters differ", kinds.len(), filters.len());
}

#[test]
fn postgresql_alone_decides_of_its_rows() {
    let place = Place::superuser();
    place.sql(POSTGRES_TABLE);
    let filters = filters(&POSTGRES, 60);
    let list: Vec<String> = filters.iter().map(|(typed, _)| format!("($f${typed}$f$)")).collect();
    let told =
        place.sql(&format!("SELECT coalesce(nullif(told(f), ''), 'none') FROM (VALUES {}) AS v (f)", list.join(", ")));
    let told: Vec<String> = told.lines().map(|line| line.replace("none", "")).collect();
    let (db, user) = place.database();
    let mut sink = Postgres::open(&db.target_as(user), &OpenOptions::default()).unwrap();
    hold(&mut sink, &TableName::qualified("public", "goods"), POSTGRES.len(), &filters, &told);
}

#[test]
fn so_does_sqlite() {
    for encoding in ["UTF-8", "UTF-16le"] {
        let place = Place::sqlite();
        place.sql(&format!("PRAGMA encoding = '{encoding}';{SQLITE_TABLE}"));
        let filters = filters(&SQLITE, 60);
        let queries: String = filters
            .iter()
            .map(|(typed, _)| {
                format!(
                    "SELECT coalesce(group_concat(id), '') FROM (SELECT id FROM goods WHERE ({typed}) ORDER BY id);\n"
                )
            })
            .collect();
        let told: Vec<String> = (place.sql(&queries) + "\n").lines().map(str::to_owned).collect();
        let path = place.round.project.path().join("data.db");
        let mut sink = Sqlite::open(&path, &OpenOptions::default()).unwrap();
        hold(&mut sink, &TableName::bare("goods"), SQLITE.len(), &filters, &told);
    }
}

/// The ids of rows in a table.
fn listed(place: &Place, table: &str, condition: &str) -> Vec<String> {
    let rows = place.sql(&format!("SELECT id FROM {table} WHERE ({condition}) ORDER BY id"));
    rows.lines().map(str::to_owned).collect()
}

/// Every command that takes `--where` chooses the rows of `filters` that the database chooses.
fn every_command(place: &Place, table: &str, rows: &str, filters: &[&str]) {
    place.sql(&format!("{table}; {rows}; {}; INSERT INTO kept SELECT * FROM goods", table.replace("goods", "kept")));
    let full = place.round.snap(&["goods"]).id;
    place.sql("DELETE FROM goods");
    let empty = place.round.snap(&["goods"]).id;
    for filter in filters {
        let wanted = listed(place, "kept", filter);
        let others = listed(place, "kept", &format!("({filter}) IS NOT TRUE"));
        assert!(!wanted.is_empty() && !others.is_empty(), "{filter}");
        assert_eq!(place.restore(&[&full, "goods", "--where", filter])[0], wanted.len() as u64);
        assert_eq!(listed(place, "goods", "id > 0"), wanted, "restored: {filter}");
        place.sql("DELETE FROM goods; INSERT INTO goods SELECT * FROM kept");
        let report = place.round.invocation(&["diff", &empty, "live", "--where", filter, "--", "goods"]).run();
        let report: serde_json::Value = serde_json::from_str(report.stdout()).unwrap();
        let rows = report["tables"][0]["rows"].as_array().unwrap_or_else(|| panic!("{report}"));
        let added: Vec<String> = rows.iter().map(|row| row["key"]["id"].to_string()).collect();
        assert_eq!(added, wanted, "differ: {filter}");
        let snap = place.round.snap(&["goods", "--where", filter]).id;
        let answer = place.round.json(&["sql", &snap, "SELECT id FROM goods ORDER BY id"]);
        let taken: Vec<String> = answer["rows"].as_array().unwrap().iter().map(|row| row[0].to_string()).collect();
        assert_eq!(taken, wanted, "taken: {filter}");
        // of a snapshot within a filter, exactly its rows are replaced
        place.sql("DELETE FROM goods WHERE id % 2 = 0; INSERT INTO goods SELECT * FROM kept WHERE id % 4 = 0");
        place.restore(&[&snap, "goods", "--mode", "exact"]);
        let halved = format!("id % 2 = 1 OR id % 4 = 0 OR ({filter})");
        assert_eq!(listed(place, "goods", "id > 0"), listed(place, "kept", &halved), "restored within: {filter}");
        place.sql("DELETE FROM goods; INSERT INTO goods SELECT * FROM kept");
        place.restore(&[&empty, "goods", "--where", filter, "--mode", "exact"]);
        assert_eq!(listed(place, "goods", "id > 0"), others, "deleted: {filter}");
        place.sql("DELETE FROM goods");
        let run = place.round.plain(&["diff", &empty, &full, "--where", filter, "--", "goods"]).run();
        assert!(run.code() == Some(2) && run.stderr().contains("compare with live"), "{filter}: {run}");
    }
}

#[test]
fn every_command_asks_postgresql() {
    let place = Place::owner();
    every_command(
        &place,
        "CREATE TABLE goods (id int PRIMARY KEY, name text, c char(6), ok boolean, f real, ts timestamp, d date, u uuid, j jsonb)",
        "INSERT INTO goods SELECT x, (ARRAY['Ab', 'ab', 'zx', 'Z', NULL])[1 + x % 5], (ARRAY['Ab', 'ab', NULL])[1 + x % 3],
            (ARRAY[true, false, NULL])[1 + x % 3], (ARRAY[0.1, 0.5, NULL])[1 + x % 3],
            (ARRAY['2026-01-05 10:00', '2026-01-15', '2025-12-31'])[1 + x % 3]::timestamp, date '2026-01-01' + x,
            (ARRAY['0b6f7a3e-8d1c-4a55-9d3f-2f5a1c9e4d10', NULL])[1 + x % 2]::uuid, (ARRAY['{\"a\": 1}', '[]'])[1 + x % 2]::jsonb
         FROM generate_series(1, 40) AS x",
        &[
            "name LIKE 'A%' OR f = 0.1 AND name ILIKE 'Z%' OR c = 'Ab' AND ok = 't' AND d > '20260110'",
            "ts > '2026-1-5' AND (j ->> 'a' = '1' OR u = '0B6F7A3E8D1C4A559D3F2F5A1C9E4D10')",
        ],
    );
}

#[test]
fn every_command_asks_sqlite() {
    let place = Place::sqlite();
    place.sql("PRAGMA encoding = 'UTF-16le'; CREATE TABLE beside (x)");
    every_command(
        &place,
        "CREATE TABLE goods (id INTEGER PRIMARY KEY, name TEXT, code TEXT COLLATE NOCASE, n DECIMAL, free)",
        "WITH RECURSIVE s(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM s WHERE x < 40)
         INSERT INTO goods SELECT x, CASE x % 4 WHEN 0 THEN 'Ab' WHEN 1 THEN 'é' WHEN 2 THEN char(256) END, CASE x % 3 WHEN 0 THEN 'AB' WHEN 1 THEN 'c' END,
            CASE x % 3 WHEN 0 THEN 1.5 WHEN 1 THEN 'x' END, CASE x % 2 WHEN 0 THEN '1' WHEN 1 THEN x'31' END FROM s",
        &["name < 'b' AND code <> 'ab'", "hex(name) = '0001' OR n = '1.50' AND hex(free) = '31'"],
    );
}

/// Within a filter the rows of a table without a key become those of the snapshot, rows that only the live table has
/// included; all others stay.
fn without_a_key(place: &Place, filters: &[&str]) {
    for table in ["bag", "was", "live"] {
        place.sql(&format!("CREATE TABLE {table} (name text, n int)"));
    }
    place.sql(
        "INSERT INTO was VALUES ('Ab', 1), ('Ab', 1), ('ab', 2), ('zx', 3), (NULL, 4), ('Ab', NULL), (NULL, NULL), ('keep', 9);
         INSERT INTO live VALUES ('Ab', 1), ('ab', 2), ('ab', 2), ('Abc', 7), ('only', 8), ('Abc', NULL), (NULL, NULL), (NULL, 11),
             ('zx', 30), ('zx', 30); INSERT INTO bag SELECT * FROM was",
    );
    let snap = place.round.snap(&["bag"]).id;
    let rows = |table: &str, condition: &str| -> Vec<String> {
        let row = "coalesce(name, '-') || ' ' || coalesce(CAST(n AS text), '-')";
        let rows = place.sql(&format!("SELECT {row} FROM {table} WHERE {condition}"));
        let mut rows: Vec<String> = rows.lines().map(str::to_owned).collect();
        rows.sort();
        rows
    };
    for filter in filters {
        let (was, chosen) = (rows("was", filter), rows("live", filter));
        let others = rows("live", &format!("({filter}) IS NOT TRUE"));
        assert!(was != chosen && !others.is_empty(), "{filter}");
        for mode in ["exact", "upsert"] {
            place.sql("DELETE FROM bag; INSERT INTO bag SELECT * FROM live");
            place.restore(&[&snap, "bag", "--where", filter, "--mode", mode]);
            let mut wanted = was.clone();
            if mode == "upsert" {
                // rows that were added since stay
                let mut left = was.clone();
                for row in &chosen {
                    match left.iter().position(|one| one == row) {
                        Some(at) => drop(left.swap_remove(at)),
                        None => wanted.push(row.clone()),
                    }
                }
            }
            wanted.extend(others.iter().cloned());
            wanted.sort();
            assert_eq!(rows("bag", "1 = 1"), wanted, "{filter}, {mode}");
        }
    }
}

#[test]
fn rows_without_a_key_in_postgresql() {
    let filters =
        ["name LIKE 'A%'", "n > 1", "name ILIKE 'ab%' OR n IS NULL", "n % 2 = 0 OR name = 'only'", "length(name) = 2"];
    without_a_key(&Place::owner(), &filters);
}

#[test]
fn rows_without_a_key_in_sqlite() {
    let filters =
        ["name LIKE 'a%'", "n > 1", "name GLOB 'A*' OR n IS NULL", "n % 2 = 0 OR name = 'only'", "length(name) = 2"];
    without_a_key(&Place::sqlite(), &filters);
}
