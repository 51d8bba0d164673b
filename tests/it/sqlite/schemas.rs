//! Hidden columns, STRICT tables, odd names, virtual tables (Q3, Q11).

use super::empty_and_restore;
use crate::conformance::sqlite::SqliteFixture;
use crate::conformance::{Fixture, read};
use dbsnap::codec::{Generated, Key};

#[test]
fn generated_columns_of_both_sorts_are_left_out() {
    let mut fixture = SqliteFixture::new();
    fixture.exec(
        "CREATE TABLE t (a INTEGER PRIMARY KEY, v TEXT AS (b || '!') VIRTUAL, s INTEGER GENERATED ALWAYS AS (a + 1) STORED, b TEXT);
         CREATE UNIQUE INDEX t_s ON t (s); INSERT INTO t (a, b) VALUES (1, 'x'), (2, NULL);",
    );
    let (schema, _) = read(&fixture, "t");
    let told: Vec<_> = schema.generated.iter().map(|c| (c.name.as_str(), c.sql_type.as_str(), c.generated)).collect();
    assert_eq!(told, [("v", "TEXT", Generated::Virtual), ("s", "INTEGER", Generated::Stored)]);
    empty_and_restore(&mut fixture, "t");
}

#[test]
fn strict_tables_and_any_come_back() {
    let mut fixture = SqliteFixture::new();
    fixture.exec(
        "CREATE TABLE t (a INT PRIMARY KEY, b ANY, c TEXT) STRICT;
         INSERT INTO t VALUES (1, '5', 'x'), (2, 5, NULL), (3, 5.0, ''), (4, x'35', 'y');",
    );
    let (schema, _) = read(&fixture, "t");
    assert!(matches!(schema.key, Key::Columns { .. }));
    empty_and_restore(&mut fixture, "t");
}

#[test]
fn odd_names_are_names() {
    let mut fixture = SqliteFixture::new();
    for name in ["", "]", "line\nbreak", "a\"b", "'", "%s", "table", "ünï", "x;--", "\u{202e}"] {
        let quoted = name.replace('"', "\"\"");
        fixture.exec(&format!(
            "CREATE TABLE \"{quoted}\" (\"{quoted}\" TEXT NOT NULL PRIMARY KEY, \"{quoted}2\" INTEGER UNIQUE, p TEXT REFERENCES \"{quoted}\");
             INSERT INTO \"{quoted}\" VALUES ('a', 1, NULL), ('b', 2, 'a');"
        ));
        let (schema, _) = read(&fixture, name);
        assert_eq!((schema.table.name.as_str(), schema.key_names().len()), (name, 1));
        assert_eq!(schema.foreign_keys[0].table.name, name);
        empty_and_restore(&mut fixture, name);
    }
}

#[test]
fn names_are_exact_and_references_are_given_as_spelled() {
    let mut fixture = SqliteFixture::new();
    fixture.exec("CREATE TABLE Parents (Id INTEGER PRIMARY KEY); CREATE TABLE kids (p INTEGER REFERENCES parents (ID), q REFERENCES nowhere);");
    let (schema, _) = read(&fixture, "kids");
    assert_eq!(
        (schema.foreign_keys[0].table.name.as_str(), schema.foreign_keys[0].references[0].as_str()),
        ("Parents", "Id")
    );
    assert_eq!(schema.foreign_keys[1].table.name, "nowhere");
    assert!(schema.foreign_keys[1].references.is_empty());
    let catalog = fixture.open().catalog().unwrap();
    assert!(catalog.table(&fixture.table("parents")).is_none());
}

#[test]
fn virtual_tables_and_their_shadows_are_listed_as_not_captured() {
    let mut fixture = SqliteFixture::new();
    fixture.exec(
        "CREATE TABLE mods (id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT); INSERT INTO mods (title) VALUES ('x'); ANALYZE;
         CREATE VIRTUAL TABLE search USING fts5 (title, content='mods', content_rowid='id');
         CREATE VIRTUAL TABLE places USING rtree (id, x0, x1); CREATE VIEW v AS SELECT title FROM mods;",
    );
    let catalog = fixture.open().catalog().unwrap();
    let names: Vec<_> = catalog.tables.iter().map(|info| info.schema.table.name.as_str()).collect();
    assert_eq!(names, ["mods"]);
    assert_eq!(catalog.tables[0].estimated_rows, Some(1));
    assert!(catalog.tables[0].bytes.is_some_and(|bytes| bytes > 0));
    for told in ["virtual table search", "virtual table places", "shadow table search_data", "view v"] {
        assert!(catalog.not_captured.iter().any(|listed| listed == told), "{told}: {:?}", catalog.not_captured);
    }
    assert!(!catalog.not_captured.iter().any(|listed| listed.contains("sqlite_")));
    empty_and_restore(&mut fixture, "mods");
}

#[test]
fn a_table_that_became_something_else_is_changed() {
    use dbsnap::db::DbError;
    use dbsnap::monitor::Silent;
    for after in [
        "DROP TABLE t; CREATE VIEW t AS SELECT 1 AS id, 2 AS v;",
        "ALTER TABLE t RENAME COLUMN v TO w;",
        "ALTER TABLE t DROP COLUMN v;",
        "DROP TABLE t; CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT);",
        "DROP TABLE t; CREATE VIRTUAL TABLE t USING fts5 (id, v);",
        "CREATE UNIQUE INDEX t_v ON t (v);",
    ] {
        let mut fixture = SqliteFixture::new();
        fixture.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER);");
        let mut sink = fixture.open();
        let reads = crate::conformance::reads(&fixture, sink.as_mut(), &["t"]);
        fixture.exec(after);
        assert!(matches!(sink.snapshot(&reads, &Silent), Err(DbError::Changed { .. })), "{after}");
        assert!(matches!(sink.restore(&reads, &Silent), Err(DbError::Changed { .. })), "{after}");
    }
}
