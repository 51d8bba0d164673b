//! Many rows: snapshot, change, snapshot, restore; before and after are compared by the database's own programs.
//!
//! `DBSNAP_TEST_ROWS` says how many, `DBSNAP_TEST_BIN` with which binary; time and memory of each command are printed.

#![allow(clippy::print_stdout, reason = "what was measured is for whoever runs this by hand")]

use super::round::{Round, url};
use crate::support::postgres::{Db, PgServer};
use std::time::{Duration, Instant};

/// Memory that no command may exceed, in KiB, on the way from the design's 256 MB.
const MEMORY: u64 = 256 << 10;

fn rows() -> u64 {
    std::env::var("DBSNAP_TEST_ROWS").map_or(20_000, |rows| rows.parse().expect("DBSNAP_TEST_ROWS: a number"))
}

/// Runs dbsnap, watches its memory, and prints what it took.
fn measured(round: &Round, args: &[&str]) -> serde_json::Value {
    let mut child = round.invocation(args).command().stdout(std::process::Stdio::piped()).spawn().unwrap();
    let stdout = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || std::io::read_to_string(stdout).unwrap());
    let (status, start, mut peak) = (format!("/proc/{}/status", child.id()), Instant::now(), 0);
    let done = loop {
        // the peak is the kernel's own; it is only read often enough to see its last value
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0).max(peak);
        if let Some(done) = child.try_wait().unwrap() {
            break done;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let said = reader.join().unwrap();
    assert!(done.success(), "{args:?}: {said}");
    println!("{:>8.2} s {:>6} MiB  {}", start.elapsed().as_secs_f64(), peak >> 10, args.join(" "));
    assert!(peak < MEMORY, "{args:?} took {peak} KiB");
    serde_json::from_str(&said).unwrap()
}

fn snap_damage_restore(round: &Round, damage: &dyn Fn(), rows: u64) {
    let first = measured(round, &["snap", "mods", "-m", "before"]);
    assert_eq!(first["tables"][0]["rows"], rows);
    damage();
    let second = measured(round, &["snap", "mods", "-m", "after"]);
    let added = |snap: &serde_json::Value| snap["addedBytes"].as_u64().unwrap();
    println!(
        "{:>8} bytes of rows, {} stored, {} more after the change",
        first["tables"][0]["bytes"],
        added(&first),
        added(&second)
    );
    assert!(added(&second) * 20 < added(&first), "{} and then {}", added(&first), added(&second));
    measured(round, &["restore", first["id"].as_str().unwrap(), "--mode", "exact", "-y"]);
    let again = measured(round, &["snap", "mods", "-m", "again"]);
    assert_eq!(again["tables"][0]["root"], first["tables"][0]["root"]);
    assert_eq!(again["tables"][0]["newLeaves"], 0);
    measured(round, &["verify"]);
}

/// The hash of all rows as psql prints them, sorted outside of the server.
fn printed(db: &Db, round: &Round) -> String {
    let script = format!(
        "set -o pipefail; psql -X -At '{}' -c 'COPY mods TO STDOUT' | LC_ALL=C sort -S 200M -T . | sha256sum",
        url(db, &db.server.user)
    );
    round.project.program("bash", ["-c", &script]).run().success().stdout().to_owned()
}

#[test]
fn scale_postgres_rows_come_back() {
    let (db, rows) = (PgServer::shared().database(), rows());
    db.sql(&format!(
        "CREATE TABLE mods (id text PRIMARY KEY, title text, price numeric(10,2), weight float8, tags text[], data jsonb, notes text, \
         made timestamptz, on_sale bool, views bigint); \
         INSERT INTO mods SELECT 'clx' || md5(n::text), 'Modern Walnut Lamp ' || n, n % 1000 + 0.99, n / 7.0, ARRAY['lamp', 'n' || n % 50], \
         jsonb_build_object('color', n % 12, 'size', jsonb_build_array(n % 7, n % 11)), repeat(md5((n * 3)::text) || ' ', 7), \
         timestamptz '2026-01-01 00:00:00+00' + n * interval '1.000123 s', n % 3 = 0, n * 1000003::bigint FROM generate_series(1, {rows}) AS n; \
         CREATE TABLE untouched AS SELECT id FROM mods LIMIT 10"
    ));
    let round = Round::new(url(&db, &db.server.user));
    let before = printed(&db, &round);
    let damage = || {
        db.sql(
            "UPDATE mods SET title = title || '!', price = price + 1 WHERE views % 100 = 3; DELETE FROM mods WHERE views % 1000 = 5; \
             INSERT INTO mods (id, title) SELECT 'new' || n, 'new' FROM generate_series(1, 50) AS n",
        );
    };
    snap_damage_restore(&round, &damage, rows);
    assert_eq!(printed(&db, &round), before);
    assert_eq!(db.sql("SELECT count(*) FROM untouched"), "10");
}

#[test]
fn scale_sqlite_rows_come_back() {
    let rows = rows();
    let round = Round::new("file:data.db".to_owned());
    let sqlite3 = |sql: &str| drop(round.project.program("sqlite3", ["-bail", "data.db", sql]).run().success());
    sqlite3(&format!(
        "PRAGMA journal_mode = WAL; CREATE TABLE mods (id TEXT PRIMARY KEY NOT NULL, title TEXT, price REAL, weight REAL, data TEXT, notes TEXT, \
         made INTEGER, views BIGINT); \
         WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {rows}) \
         INSERT INTO mods SELECT printf('clx%016x', n * 2654435761 % 4294967296 * 65536 + n % 65536), 'Modern Walnut Lamp ' || n, n % 1000 + 0.99, n / 7.0, \
         json_object('color', n % 12, 'size', json_array(n % 7, n % 11)), hex(sha3(n, 512)) || hex(sha3(-n, 512)) || hex(sha3(n, 256)), 1700000000000 + n, n * 1000003 FROM c; VACUUM INTO 'before.db'"
    ));
    let damage = || {
        sqlite3(
            "UPDATE mods SET title = title || '!', price = price + 1 WHERE views % 100 = 3; DELETE FROM mods WHERE views % 1000 = 5; \
             WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 50) INSERT INTO mods (id, title) SELECT 'new' || n, 'new' FROM c",
        );
    };
    snap_damage_restore(&round, &damage, rows);
    let diff = round.project.program("sqldiff", ["--primarykey", "before.db", "data.db"]).run().success();
    assert_eq!(diff.stdout(), "");
}
