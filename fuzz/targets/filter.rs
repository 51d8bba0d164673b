#![no_main]

use dbsnap::codec::TableSchema;
use dbsnap::db::{self, DatabaseUrl, Engine, Filter, OpenOptions};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static SCHEMA: LazyLock<TableSchema> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.db");
    std::fs::write(&path, "").unwrap();
    rusqlite::Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT, c BLOB)").unwrap();
    let mut source = db::open(&DatabaseUrl::Sqlite(path), &OpenOptions::default()).unwrap();
    source.catalog().unwrap().tables.remove(0).schema
});

fuzz_target!(|text: &str| {
    for engine in [Engine::Postgres, Engine::Sqlite] {
        let _ = Filter::parse(text, engine, &SCHEMA, &|_| None);
    }
});
