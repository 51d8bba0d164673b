//! Tables whose form changed between two snapshots.

use super::patched::{Patched, PostgresPatched, SqlitePatched};
use crate::support::postgres::PgServer;
use serde_json::Value;

/// What a diff of the two newest snapshots says of table `t`.
fn between(data: &dyn Patched) -> Value {
    let report = data.round().json(&["diff", "~1", "latest"]);
    report["tables"][0].clone()
}

#[test]
fn columns_are_matched_by_name() {
    let data = SqlitePatched::new(
        "CREATE TABLE t (a TEXT, id INTEGER PRIMARY KEY, gone TEXT, n INTEGER); \
         INSERT INTO t VALUES ('x', 1, 'g', 1), ('y', 2, 'h', 2), ('z', 3, NULL, 3);",
    );
    data.round().snap(&["t"]);
    data.sql(
        "CREATE TABLE u (id INTEGER PRIMARY KEY, n TEXT, a TEXT, fresh TEXT DEFAULT 'f'); \
         INSERT INTO u (id, n, a) SELECT id, n, a FROM t; DROP TABLE t; ALTER TABLE u RENAME TO t; \
         UPDATE t SET a = 'Y' WHERE id = 2; DELETE FROM t WHERE id = 3; INSERT INTO t VALUES (4, 4, 'w', 'f');",
    );
    data.round().snap(&["t"]);
    let table = between(&data);
    let changes: Vec<&str> = table["schemaChanges"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
    assert_eq!(
        changes,
        [
            "column gone dropped (was TEXT)",
            "column n: type was INTEGER, is TEXT",
            "column fresh added (TEXT)",
            "columns in another order"
        ]
    );
    assert_eq!(table["key"], serde_json::json!(["id"]));
    // every number became a text, and the rest is as it was or said
    assert_eq!((&table["added"], &table["changed"], &table["removed"]), (&1.into(), &2.into(), &1.into()));
    let cells = |row: &Value| row["cells"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(cells(&table["rows"][0]), ["n"]);
    assert_eq!(cells(&table["rows"][1]), ["a", "n"]);
    let run = data.round().plain(&["diff", "~1", "latest", "-o", "sql"]).run();
    assert_eq!(run.code(), Some(3), "{run}");
    assert!(run.stderr().contains("leaves this out: table t: column gone dropped"), "{run}");
}

#[test]
fn a_key_that_changed_leaves_whole_rows_to_compare() {
    let db = PgServer::shared().database();
    db.sql("CREATE TABLE t (id int PRIMARY KEY, k text NOT NULL); INSERT INTO t VALUES (1, 'a'), (2, 'b')");
    let data = PostgresPatched::new(db);
    data.round().snap(&["t"]);
    data.db.sql(
        "ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ADD PRIMARY KEY (k); UPDATE t SET id = 9 WHERE k = 'b'",
    );
    data.round().snap(&["t"]);
    let table = between(&data);
    assert_eq!(table["schemaChanges"], serde_json::json!(["key was (id), is (k)"]));
    assert_eq!((&table["added"], &table["changed"], &table["removed"]), (&1.into(), &0.into(), &1.into()));
}

#[test]
fn a_diff_looks_and_leaves_nothing_behind() {
    let db = PgServer::shared().database();
    db.sql("CREATE TABLE t (id int PRIMARY KEY, k text); INSERT INTO t SELECT n, repeat('x', 300) || n FROM generate_series(1, 3000) n");
    let data = PostgresPatched::new(db);
    data.round().snap(&["t"]);
    data.db.sql("UPDATE t SET k = k || 'y' WHERE id % 7 = 0; DELETE FROM t WHERE id = 5");
    let (state, store) = (data.state(), files(&data));
    for words in [&["diff"][..], &["diff", "--stat"], &["diff", "-o", "html"], &["diff", "-o", "sql"], &["status"]] {
        data.round().plain(words).run().success();
        assert_eq!(files(&data), store, "{words:?}");
    }
    assert_eq!(data.state(), state);
    let report = data.round().json(&["status"]);
    let table = &report["tables"][0];
    assert_eq!((&table["added"], &table["changed"], &table["removed"]), (&0.into(), &428.into(), &1.into()), "{table}");
}

fn files(data: &dyn Patched) -> Vec<(std::path::PathBuf, u64)> {
    let mut found = Vec::new();
    let mut open = vec![data.round().project.path().join(".dbsnap")];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
            match entry.file_type().unwrap().is_dir() {
                true => open.push(entry.path()),
                false => found.push((entry.path(), entry.metadata().unwrap().len())),
            }
        }
    }
    found.sort();
    found
}
