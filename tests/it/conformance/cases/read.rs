//! What a snapshot gives.

use crate::conformance::{Collected, Fixture, read, reads, rows_where};
use dbsnap::codec::{RowReader, Value, row};
use dbsnap::db::{DbError, TableId};
use dbsnap::monitor::Silent;

pub fn gives_every_row_once(fixture: &mut dyn Fixture) {
    fixture.exec("CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, word TEXT);");
    let values: Vec<_> = (0..2500).map(|id| format!("({id}, 'word {id}')")).collect();
    fixture.exec(&format!("INSERT INTO t VALUES {};", values.join(", ")));
    let (_, rows) = read(fixture, "t");
    let mut expected: Vec<_> =
        (0..2500).map(|id| row::encode(&[Value::Int(id), Value::Text(format!("word {id}").into_bytes())])).collect();
    expected.sort();
    assert_eq!(rows, expected);
}

pub fn keeps_null_empty_and_zero_apart(fixture: &mut dyn Fixture) {
    let (blob, empty, bytes) = (fixture.blob_type(), fixture.blob(""), fixture.blob("00ff"));
    fixture.exec(&format!(
        "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, word TEXT, number INTEGER, bytes {blob});
         INSERT INTO t VALUES (1, NULL, NULL, NULL), (2, '', 0, {empty}), (3, '0', -1, {bytes});"
    ));
    let (schema, rows) = read(fixture, "t");
    let values: Vec<_> = rows
        .iter()
        .map(|row| {
            RowReader::values(row, schema.columns.len()).unwrap().into_iter().map(|v| v.to_owned()).collect::<Vec<_>>()
        })
        .collect();
    let text = |text: &str| Value::Text(text.as_bytes().to_vec());
    assert_eq!(values.len(), 3);
    assert!(values.contains(&vec![Value::Int(1), Value::Null, Value::Null, Value::Null]));
    assert!(values.contains(&vec![Value::Int(2), text(""), Value::Int(0), Value::Blob(vec![])]));
    assert!(values.contains(&vec![Value::Int(3), text("0"), Value::Int(-1), Value::Blob(vec![0, 255])]));
}

pub fn reads_an_empty_table(fixture: &mut dyn Fixture) {
    fixture.exec("CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY);");
    assert!(read(fixture, "t").1.is_empty());
}

pub fn filters_rows(fixture: &mut dyn Fixture) {
    fixture.exec(
        "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, content_type TEXT, \"isShown\" BOOLEAN);
         INSERT INTO t VALUES (1, 'furniture', true), (2, 'furniture', false), (3, 'it''s', true), (4, NULL, true);",
    );
    let ids = |typed: &str| {
        let mut ids: Vec<_> = rows_where(fixture, "t", typed)
            .iter()
            .map(|row| match RowReader::new(row).next_value().unwrap() {
                Some(dbsnap::codec::ValueRef::Int(id)) => id,
                other => panic!("{other:?}"),
            })
            .collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(ids("contentType = 'furniture'"), [1, 2]);
    assert_eq!(ids("content_type = 'furniture' AND NOT is_shown"), [2]);
    assert_eq!(ids("\"isShown\" = true and content_type <> 'furniture'"), [3]);
    assert_eq!(ids("content_type = 'it''s'"), [3]);
    assert_eq!(ids("content_type IS NULL OR id IN (1, 3)"), [1, 3, 4]);
    assert_eq!(ids("id BETWEEN 2 AND 3 AND lower(content_type) LIKE 'f%'"), [2]);
    assert_eq!(ids("content_type IS DISTINCT FROM 'furniture'"), [3, 4]);
    assert_eq!(ids("coalesce(content_type, 'none') = 'none'"), [4]);
}

pub fn filters_to_nothing(fixture: &mut dyn Fixture) {
    fixture.exec("CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY); INSERT INTO t VALUES (1), (2);");
    assert!(rows_where(fixture, "t", "id > 2").is_empty());
}

pub fn stops_when_the_receiver_stops(fixture: &mut dyn Fixture) {
    fixture.exec("CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY); INSERT INTO t VALUES (1), (2), (3), (4);");
    let mut source = fixture.open();
    let reads = reads(fixture, source.as_mut(), &["t"]);
    {
        let mut snapshot = source.snapshot(&reads, &Silent).unwrap();
        let mut two = Collected { limit: Some(2), ..Collected::default() };
        assert!(matches!(snapshot.read(TableId::at(0), &mut two), Err(DbError::Stopped)));
        assert_eq!(two.rows.len(), 2);
    }
    assert!(source.catalog().is_ok(), "the connection is of use afterwards");
}
