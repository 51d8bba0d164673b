//! Rows by their keys, as psql, sqlite3 and dbsnap itself print them.

use super::Shop;
use super::names::refused;
use crate::support::place::Place;
use crate::tree::model::Dice;
use dbsnap::ops::OpError;
use dbsnap::ops::show::show;
use serde_json::{Value, json};

/// The column `n` of the row that `key` finds.
fn n(place: &Place, table: &str, key: &str) -> Value {
    place.round.json(&["show", &format!("latest:{table}:{key}")])["row"]["n"].clone()
}

/// Every row is found by what the database prints of its key, value by value, and by its record as dbsnap prints it.
fn all_are_found(place: &Place, table: &str, columns: &str, printed: &str) {
    let rows = place.round.json(&["sql", "latest", &format!("SELECT count(*) FROM {table}")])["rows"][0][0].clone();
    let mut found = 0;
    for line in place.sql(&format!("SELECT n, {printed} FROM {table} ORDER BY n")).lines() {
        let (wanted, key) = line.split_once('|').unwrap();
        assert_eq!(n(place, table, &key.replace('|', ",")).to_string(), wanted, "{table}: {key}");
        found += 1;
    }
    assert_eq!(rows, json!(found));
    let shown = place.round.json(&["show", &format!("latest:{table}")]);
    for (nth, record) in shown["table"]["sample"].as_array().unwrap().iter().enumerate() {
        if nth > 1 {
            // each is a run of the program
            break;
        }
        assert_eq!(n(place, table, &record.to_string()), record["n"], "{table}: {record}");
        let parts: Vec<&Value> = columns.split(", ").map(|column| &record[column]).collect();
        assert_eq!(n(place, table, &json!(parts).to_string()), record["n"], "{table}: {parts:?}");
        let bare: Vec<String> =
            parts.iter().map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned)).collect();
        assert_eq!(n(place, table, &bare.join(",")), record["n"], "{table}: {bare:?}");
    }
}

#[test]
fn keys_as_psql_and_dbsnap_print_them() {
    let place = Place::superuser();
    let of = |name: &str, kind: &str, values: &str| {
        place.sql(&format!(
            "CREATE TABLE {name} (k {kind} PRIMARY KEY, n int); INSERT INTO {name} SELECT v, row_number() OVER () FROM (VALUES {values}) AS x (v)"
        ));
    };
    place.sql("CREATE TYPE mood AS ENUM ('so so', 'a,b', 'Good')");
    of("bools", "boolean", "(true), (false)");
    of("uuids", "uuid", "('A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid), ('00000000-0000-0000-0000-000000000000')");
    of("numerics", "numeric", "(9.50), (-0.001), (1e20), (0), ('NaN')");
    of("money_", "money", "('1234.5'::money), ('-0.05')");
    of("floats", "real", "('0.1'::real), (1e10), ('-Infinity')");
    of("doubles", "double precision", "('0.1'::float8), (1e300), (-2.5)");
    of("bigs", "bigint", "(9223372036854775807), (-5), (0)");
    of("bytes", "bytea", "('\\x00ff'::bytea), ('\\x'), ('\\xdeadbeef')");
    of("dates", "date", "('2026-01-24'::date), ('0044-03-15 BC'), ('infinity')");
    of("times", "time", "('10:30:00'::time), ('23:59:59.5')");
    of("stamps", "timestamp", "('2026-01-24 10:30:00'::timestamp), ('1999-12-31 23:59:59.123456'), ('-infinity')");
    of("zoned", "timestamptz", "('2026-01-24 10:30:00+00'::timestamptz), ('2026-07-24 12:30:00.25+02')");
    of("moods", "mood", "('so so'::mood), ('a,b'), ('Good')");
    of("texts", "text", "(''), (' x '), ('a,b=c'), ('-n'), ('urn:isbn:1'), ('{\"a\":1}'), ('[1]'), ('\"q\"'), ('5')");
    of("nets", "inet", "('10.0.0.1'::inet), ('::1')");
    let tables = [
        "bools", "uuids", "numerics", "money_", "floats", "doubles", "bigs", "bytes", "dates", "times", "stamps",
        "zoned", "moods", "nets", "texts",
    ];
    place.sql(
        "CREATE TABLE many (a text, at timestamptz, ok boolean, b text, n int, PRIMARY KEY (a, at, ok, b));
         INSERT INTO many VALUES ('x,y', '2026-01-24 10:30:00+00', true, 'p,q', 1), ('x', '2026-01-24 10:30:00+00', false, '', 2)",
    );
    place.snap();
    for table in tables {
        all_are_found(&place, table, "k", "k");
    }
    all_are_found(&place, "many", "a, at, ok, b", "a, at, ok, b");
    for (table, key, wanted) in [
        ("bools", "TRUE", 1),
        ("bools", "0", 2),
        ("uuids", "{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}", 1),
        ("numerics", "+9.5", 1),
        ("numerics", "-1e-3", 2),
        ("zoned", "2026-07-24T10:30:00.250Z", 2),
        ("zoned", "2026-01-24T12:30:00+02:00", 1),
        ("stamps", "2026-01-24T10:30", 1),
        ("dates", "2026-01-24T00:00:00.000Z", 1),
        ("bytes", "00FF", 1),
        ("bytes", "AP8=", 1),
        ("texts", "[\"5\"]", 9),
    ] {
        assert_eq!(n(&place, table, key), wanted, "{table}: {key}");
    }
    for (table, key) in [("bools", "perhaps"), ("uuids", "a0ee"), ("numerics", "1,5"), ("texts", "x"), ("zoned", "now")]
    {
        let (code, said) = refused(&place, &["show", &format!("latest:{table}:{key}")]);
        assert_eq!(code, Some(12), "{table}: {key}: {said}");
    }
}

#[test]
fn keys_as_sqlite3_prints_them() {
    let place = Place::sqlite();
    place.sql(
        "CREATE TABLE bools (k BOOLEAN PRIMARY KEY NOT NULL, n INTEGER); INSERT INTO bools VALUES (1, 1), (0, 2);
         CREATE TABLE dates (k DATETIME PRIMARY KEY NOT NULL, n INTEGER);
         INSERT INTO dates VALUES (1767225600000, 1), ('2026-02-01T00:00:00.000+00:00', 2), ('2026-03-01 10:00:00', 3);
         CREATE TABLE nums (k NUMERIC PRIMARY KEY NOT NULL, n INTEGER); INSERT INTO nums VALUES (9.5, 1), (-3, 2), (1e20, 3);
         CREATE TABLE bare (k PRIMARY KEY NOT NULL, n INTEGER); INSERT INTO bare VALUES (7, 1), ('x', 2), ('', 3), (-1.5, 4);
         CREATE TABLE nocase (k TEXT PRIMARY KEY NOT NULL COLLATE NOCASE, n INTEGER); INSERT INTO nocase VALUES ('Ann', 1), ('b,c', 2);
         CREATE TABLE pair (a TEXT NOT NULL, b BOOLEAN NOT NULL, n INTEGER, PRIMARY KEY (a, b)) WITHOUT ROWID;
         INSERT INTO pair VALUES ('x,1', 0, 1), ('x', 1, 2), ('', 1, 3);",
    );
    place.snap();
    for table in ["bools", "dates", "nums", "bare", "nocase"] {
        all_are_found(&place, table, "k", "k");
    }
    all_are_found(&place, "pair", "a, b", "a, b");
    for (table, key, wanted) in [
        ("bools", "true", 1),
        ("dates", "2026-01-01T00:00:00.000Z", 1),
        ("dates", "2026-01-01", 1),
        ("dates", "2026-02-01", 2),
        ("dates", "2026-03-01T10:00:00Z", 3),
        ("nums", "-3.0", 2),
        ("nums", "100000000000000000000", 3),
        ("nocase", "ANN", 1),
        ("bare", "[\"\"]", 3),
    ] {
        assert_eq!(n(&place, table, key), wanted, "{table}: {key}");
    }
}

/// Some of these one after the other, between quotes of SQL.
fn joined(dice: &mut Dice, pieces: &[&str], most: u64) -> String {
    let text: String = (0..dice.roll(most + 1)).map(|_| dice.pick(pieces)).collect();
    format!("'{}'", text.replace('\'', "''"))
}

/// Every row of `table` is found by its key as the database prints it, unless that could be another row's as well, and
/// always by the database's own JSON of it. Returns how many could be several.
fn held(place: &Place, table: &str, columns: &str, json: &str) -> usize {
    let here =
        dbsnap::ops::Place { dir: place.round.project.path().to_owned(), store: None, url: Some(place.round.url()) };
    let here = dbsnap::ops::Repository::find(&here).unwrap();
    let found = |key: &str| {
        let report = show(&here, &format!("latest:{table}:{key}"))?;
        Ok::<_, OpError>(serde_json::to_value(&report.row).unwrap()["n"].to_string())
    };
    let printed = place.sql(&format!("SELECT n, {columns} FROM {table} ORDER BY n"));
    let as_json = place.sql(&format!("SELECT n, {json}({columns}) FROM {table} ORDER BY n"));
    assert_eq!(printed.lines().count(), as_json.lines().count(), "{printed}");
    let mut several = 0;
    for (line, json) in printed.lines().zip(as_json.lines()) {
        let ((n, key), (_, json)) = (line.split_once('|').unwrap(), json.split_once('|').unwrap());
        assert_eq!(found(json).unwrap(), n, "{table}: {json}");
        match found(&key.replace('|', ",")) {
            Err(OpError::Usage(said)) if said.contains("could be several rows") => several += 1,
            row => assert_eq!(row.unwrap(), n, "{table}: {key}"),
        }
    }
    several
}

const TEXT: [&str; 16] = ["a", "B", "é", ",", ":", "=", " ", "'", "\"", "\\\\", "1", "-", "[1]", "{}", "null", "t"];

#[test]
fn generated_keys_are_found_as_psql_prints_them() {
    let place = Place::superuser();
    let mut dice = Dice(23);
    for (table, kinds) in [
        ("one", &["text"][..]),
        ("amount", &["numeric"]),
        ("moment", &["timestamptz"]),
        ("span", &["interval"]),
        ("day", &["date", "boolean"]),
        ("pair", &["text", "numeric"]),
        ("three", &["varchar(40)", "bytea", "text"]),
    ] {
        let columns: Vec<String> = (0..kinds.len()).map(|at| format!("k{at}")).collect();
        let declared: Vec<String> = columns.iter().zip(kinds).map(|(name, kind)| format!("{name} {kind}")).collect();
        let columns = columns.join(", ");
        place.sql(&format!("CREATE TABLE {table} ({}, n int, PRIMARY KEY ({columns}))", declared.join(", ")));
        let mut value = |kind: &str| match kind {
            "numeric" => {
                format!("{}{}e{}", dice.pick(&["", "-"]), dice.roll(100_000), dice.pick(&[-6, -2, 0, 1, 3]))
            }
            "timestamptz" => {
                format!("timestamptz '1999-12-31 22:00:00.5+00' + {} * interval '1 s'", dice.roll(9_000_000_000))
            }
            "interval" => format!("'{} mons {} days {} s'", dice.roll(30), dice.roll(40), dice.roll(100_000)),
            "date" => format!("date '0001-01-01 BC' + {}", dice.roll(900_000)),
            "boolean" => dice.pick(&["true", "false"]).to_owned(),
            "bytea" => format!("convert_to({}, 'UTF8')", joined(&mut dice, &TEXT, 3)),
            _ => joined(&mut dice, &TEXT, 5),
        };
        let mut rows = String::new();
        for n in 0..60 {
            let values: Vec<String> = kinds.iter().map(|kind| value(kind)).collect();
            rows += &format!("INSERT INTO {table} VALUES ({}, {n}) ON CONFLICT DO NOTHING;\n", values.join(", "));
        }
        place.sql(&rows);
        place.round.snap(&[table]);
        let several = held(&place, table, &columns, "json_build_array");
        assert!(several < 20, "{table}: {several}");
    }
}

#[test]
fn generated_keys_are_found_as_sqlite3_prints_them() {
    let place = Place::sqlite();
    let mut dice = Dice(29);
    for (table, kinds) in [
        ("one", &["TEXT"][..]),
        ("amount", &["NUMERIC"]),
        ("bare", &[""]),
        ("pair", &["TEXT", "INT"]),
        ("duo", &["", "TEXT"]),
    ] {
        let columns: Vec<String> = (0..kinds.len()).map(|at| format!("k{at}")).collect();
        let declared: String =
            columns.iter().zip(kinds).map(|(name, kind)| format!("{name} {kind} NOT NULL, ")).collect();
        let columns = columns.join(", ");
        let mut rows = String::new();
        for n in 0..60 {
            let values = kinds.iter().map(|kind| match (*kind, dice.roll(2)) {
                ("TEXT", _) | ("", 0) => joined(&mut dice, &TEXT, 5),
                _ => format!("{}{}", dice.pick(&["", "-"]), dice.roll(80_000) as f64 / 8.0),
            });
            let values: Vec<String> = values.collect();
            rows += &format!("INSERT OR IGNORE INTO {table} VALUES ({}, {n});", values.join(", "));
        }
        place.sql(&format!("CREATE TABLE {table} ({declared}n INTEGER, PRIMARY KEY ({columns})); {rows}"));
        place.round.snap(&[table]);
        let several = held(&place, table, &columns, "json_array");
        assert!(several < 20, "{table}: {several}");
    }
}

#[test]
fn a_key_that_could_be_several_rows_is_not_guessed() {
    let shop = Shop::new();
    shop.sql("CREATE TABLE bare (k PRIMARY KEY NOT NULL, n INTEGER); INSERT INTO bare VALUES (5, 1), ('5', 2)");
    shop.sql("CREATE TABLE duo (a TEXT, b TEXT, n INTEGER, PRIMARY KEY (a, b)); INSERT INTO duo VALUES ('x', 'y,z', 1), ('x,y', 'z', 2)");
    shop.snap(["bare", "duo"]);
    insta::assert_snapshot!(shop.refused(["show", "latest:bare:5"]), @r#"
    exit 2
    --- stderr
    error: '5' could be several rows of bare: write the key as JSON, [5] for a number and ["5"] for a text
    "#);
    insta::assert_snapshot!(shop.refused(["history", "duo:x,y,z"]), @r#"
    exit 2
    --- stderr
    error: 'x,y,z' could be several rows of duo: write the key as JSON, [5] for a number and ["5"] for a text
    "#);
    let row = |reference: &str| -> Value {
        serde_json::from_str(shop.dbsnap(["show", "--json", reference]).run().success().stdout()).unwrap()
    };
    assert_eq!(row("latest:bare:[5]")["row"]["n"], 1);
    assert_eq!(row("latest:bare:[\"5\"]")["row"]["n"], 2);
    assert_eq!(row("latest:duo:[\"x\",\"y,z\"]")["row"]["n"], 1);
    assert_eq!(row("latest:duo:{\"b\":\"z\",\"a\":\"x,y\"}")["row"]["n"], 2);
    shop.sql("UPDATE duo SET n = 0");
    shop.dbsnap(["restore", "latest:duo", "--key", "{\"a\":\"x\",\"b\":\"y,z\"}", "-y"]).run().success();
    shop.dbsnap(["restore", "latest:duo:[\"x,y\",\"z\"]", "-y"]).run().success();
    let connection = rusqlite::Connection::open(shop.path().join("dev.db")).unwrap();
    assert_eq!(connection.query_row("SELECT sum(n) FROM duo", [], |row| row.get::<_, i64>(0)).unwrap(), 3);
}
