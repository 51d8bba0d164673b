//! Database files that someone else made (Q5, Q9).

use crate::conformance::sqlite::SqliteFixture;
use crate::conformance::{Collected, Fixture, Given, all, read, reads};
use dbsnap::codec::{Value, row};
use dbsnap::db::sqlite::Sqlite;
use dbsnap::db::{Commit, DbError, OpenOptions, Sink, TableId, TableRead};
use dbsnap::monitor::Silent;

#[test]
fn triggers_do_not_swallow_change_or_add_rows() {
    let mut fixture = SqliteFixture::new();
    fixture.exec(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, v); CREATE TABLE other (v); INSERT INTO t VALUES (1, 'a');
         CREATE TRIGGER swallow BEFORE INSERT ON t BEGIN SELECT RAISE(IGNORE); END;
         CREATE TRIGGER keep BEFORE DELETE ON t BEGIN SELECT RAISE(IGNORE); END;
         CREATE TRIGGER change AFTER UPDATE ON t BEGIN UPDATE t SET v = 'changed' WHERE id = new.id; END;
         CREATE TRIGGER spread AFTER DELETE ON t BEGIN INSERT INTO other VALUES (old.v); END;",
    );
    let mut sink = fixture.open();
    let reads = reads(&fixture, sink.as_mut(), &["t"]);
    let mut txn = sink.restore(&reads, &Silent).unwrap();
    let one = |v: &str| row::encode(&[Value::Int(1), Value::Text(v.as_bytes().to_vec())]);
    txn.update(TableId::at(0), &mut Given::new([one("b")])).unwrap();
    assert_eq!(all(txn.as_mut(), 0), [one("b")]);
    txn.delete(TableId::at(0), &mut Given::new([one("b")])).unwrap();
    txn.insert(TableId::at(0), &mut Given::new([one("c")])).unwrap();
    assert_eq!(txn.commit().unwrap(), Commit::Done);
    assert_eq!(read(&fixture, "t").1, [one("c")]);
    assert!(fixture.dump("other").is_empty());
}

#[test]
fn views_and_expressions_of_the_file_do_nothing() {
    let mut fixture = SqliteFixture::new();
    fixture.exec(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT CHECK (length(v) < 100), g AS (upper(v)) VIRTUAL);
         CREATE VIEW endless AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n;
         CREATE VIEW broken AS SELECT missing FROM nowhere; INSERT INTO t (id, v) VALUES (1, 'a');",
    );
    assert_eq!(read(&fixture, "t").1.len(), 1);
    let catalog = fixture.open().catalog().unwrap();
    assert_eq!(catalog.not_captured, ["view broken", "view endless"]);
    let trick = TableRead {
        schema: dbsnap::codec::TableSchema {
            table: fixture.table("sqlite_schema"),
            ..catalog.tables[0].schema.clone()
        },
        filter: None,
    };
    assert!(matches!(fixture.open().snapshot(&[trick], &Silent), Err(DbError::Changed { .. })));
}

#[test]
fn a_damaged_page_is_an_error_not_an_end() {
    let mut fixture = SqliteFixture::with("PRAGMA journal_mode = DELETE;");
    fixture.exec(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
         INSERT INTO t SELECT i, 'some text ' || i FROM n;",
    );
    let whole = std::fs::read(fixture.path()).unwrap();
    let mut errors = 0;
    for page in 1..whole.len() / 4096 {
        let copy = fixture.path().with_file_name("copy.db");
        let mut bytes = whole.clone();
        bytes[page * 4096..(page + 1) * 4096].fill(0xa5);
        std::fs::write(&copy, bytes).unwrap();
        // The damaged page may be met by the catalog's count or by the read; nothing may panic, and no short table may
        // pass.
        let Ok(mut source) = Sqlite::open(&copy, &OpenOptions::default()) else { continue };
        let Ok(catalog) = source.catalog() else {
            errors += 1;
            continue;
        };
        let reads = [TableRead { schema: catalog.tables[0].schema.clone(), filter: None }];
        let mut collected = Collected::default();
        let read =
            source.snapshot(&reads, &Silent).and_then(|mut snapshot| snapshot.read(TableId::at(0), &mut collected));
        errors += u32::from(read.is_err());
        assert!(read.is_err() || collected.rows.len() == 5000, "page {page}");
    }
    assert!(errors > 10);
}

#[test]
fn a_schema_of_many_megabytes_is_read_all_the_same() {
    let mut fixture = SqliteFixture::new();
    let long = "/* no end */ ".repeat(1 << 20);
    fixture.exec(&format!(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT {long}); INSERT INTO t VALUES (1, 'a'), (2, 'b');"
    ));
    let begun = std::time::Instant::now();
    super::empty_and_restore(&mut fixture, "t");
    assert!(begun.elapsed() < std::time::Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[test]
fn errors_show_no_values() {
    let mut fixture = SqliteFixture::new();
    fixture.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT NOT NULL CHECK (v <> 's3cr3t'), n INTEGER) STRICT;");
    fixture.exec("ALTER TABLE t ADD COLUMN u TEXT; CREATE UNIQUE INDEX t_u ON t (u); INSERT INTO t VALUES (1, 'a', 1, 'taken-s3cr3t');");
    let text = |text: &str| Value::Text(text.as_bytes().to_vec());
    let mut sink = fixture.open();
    let reads = reads(&fixture, sink.as_mut(), &["t"]);
    for bad in [
        [Value::Int(2), Value::Null, Value::Int(1), text("s3cr3t")],
        [Value::Int(2), text("b"), text("s3cr3t"), Value::Null],
        [Value::Int(2), text("b"), Value::Int(1), text("taken-s3cr3t")],
        [text("s3cr3t"), text("b"), Value::Int(1), Value::Null],
    ] {
        let mut txn = sink.restore(&reads, &Silent).unwrap();
        let error = txn.insert(TableId::at(0), &mut Given::new([row::encode(&bad)])).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cr3t"), "{error:?}");
    }
}

#[test]
fn a_collation_that_sqlite_does_not_have_is_read_but_not_written() {
    // What an application with a collation of its own leaves behind.
    let mut fixture = SqliteFixture::new();
    fixture.exec(
        "CREATE TABLE t (id TEXT COLLATE NOCASE PRIMARY KEY, v); INSERT INTO t VALUES ('a', 1), ('bb', 2);
         CREATE TABLE w (id TEXT COLLATE NOCASE PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO w VALUES ('a', 1), ('bb', 2);
         PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'NOCASE', 'house');",
    );
    assert_eq!(read(&fixture, "t").1.len(), 2);
    let mut sink = fixture.open();
    let of_t = reads(&fixture, sink.as_mut(), &["t"]);
    assert!(matches!(sink.restore(&of_t, &Silent), Err(DbError::Unsupported(message)) if message.contains("house")));
    // The rows of this one are kept in that order: not even reading works.
    let catalog = sink.catalog().unwrap();
    let refusal = catalog.table(&fixture.table("w")).unwrap().refusal.as_ref();
    assert!(refusal.is_some_and(|refusal| refusal.contains("house")), "{refusal:?}");
    let of_w = reads(&fixture, sink.as_mut(), &["w"]);
    assert!(sink.snapshot(&of_w, &Silent).unwrap().count(TableId::at(0)).is_err());
}
