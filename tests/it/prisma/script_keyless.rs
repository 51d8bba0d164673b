//! Tables without a key, restored by the script: as many copies of each row as the file holds.

use super::script_project::{Generator, LIBSQL, PG, PrismaWorld, Setup};
use crate::support::files::{project, text};
use crate::support::postgres::PgServer;
use rusqlite::Connection;

const MODELS: &str = "tests/fixtures/prisma/catalogue-";

#[test]
fn on_postgresql() {
    let db = PgServer::shared().database();
    db.sql(
        "CREATE TABLE heap (v text, body json, n numeric);
         INSERT INTO heap SELECT 'v' || i % 3, CASE WHEN i % 2 = 0 THEN '{\"a\": 1.10}'::json END, 1.50 FROM generate_series(1, 60) AS i;
         INSERT INTO heap VALUES (NULL, NULL, NULL), (NULL, NULL, NULL), ('x', 'null', 'NaN')",
    );
    let state = || db.sql("SELECT h::text, count(*) FROM heap AS h GROUP BY 1 ORDER BY 1");
    let before = state();
    let setup = Setup { major: 7, generator: Generator::New, adapter: PG };
    let world = PrismaWorld::new(setup, &text(&project(&format!("{MODELS}postgresql.prisma"))), &db.url());
    world.export(&["heap"]);
    db.sql(
        "DELETE FROM heap WHERE ctid IN (SELECT ctid FROM heap WHERE v = 'v1' LIMIT 7);
         DELETE FROM heap WHERE ctid IN (SELECT ctid FROM heap WHERE v IS NULL LIMIT 1);
         DELETE FROM heap WHERE v = 'x'",
    );
    let damaged = state();
    assert!(world.run("heap", &[]).contains("9 created, 0 updated, 54 unchanged (by bulk)"));
    assert_eq!(state(), damaged);
    assert!(world.run("heap", &["--restore"]).contains("9 created, 0 updated, 54 unchanged, 0 failed"));
    assert_eq!(state(), before);
    // A changed row comes back beside what became of it, and once.
    db.sql("UPDATE heap SET v = 'other' WHERE v = 'x'");
    assert!(world.run("heap", &["--restore"]).contains("1 created, 0 updated, 62 unchanged"));
    assert!(world.run("heap", &["--restore"]).contains("0 created, 0 updated, 63 unchanged"));
    db.sql("DELETE FROM heap WHERE v = 'other'");
    assert_eq!(state(), before);
    // A row that the table does not take: none is written.
    db.sql("DELETE FROM heap; ALTER TABLE heap ADD CHECK (n < 2)");
    assert!(world.refused("heap", &["--restore"]).contains("1 failed, nothing was changed: record "));
    assert_eq!(db.sql("SELECT count(*) FROM heap"), "0");
}

#[test]
fn on_sqlite() {
    let setup = Setup { major: 7, generator: Generator::JsOutput, adapter: LIBSQL };
    let world = PrismaWorld::new(setup, &text(&project(&format!("{MODELS}sqlite.prisma"))), "file:./dev.db");
    let path = world.path().join("dev.db");
    let execute = |sql: &str| Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    let state = || {
        let connection = Connection::open(&path).unwrap();
        let mut statement = connection
            .prepare("SELECT concat_ws(' ', quote(v), typeof(v), quote(n), typeof(n), count(*)) FROM heap GROUP BY hex(v), typeof(v), n, typeof(n) ORDER BY 1")
            .unwrap();
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        rows.map(Result::unwrap).collect::<Vec<_>>()
    };
    execute(
        "CREATE TABLE heap (v TEXT COLLATE NOCASE, n);
         WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < 60)
           INSERT INTO heap SELECT 'v' || i % 3, CASE i % 4 WHEN 0 THEN 1 WHEN 1 THEN 1.0 WHEN 2 THEN '1' ELSE x'31' END FROM g;
         INSERT INTO heap VALUES (NULL, NULL), (NULL, NULL), ('a', 0.1), ('A', 0.1), (CAST(x'610062' AS TEXT), 1)",
    );
    let before = state();
    world.export(&["heap"]);
    execute(
        "DELETE FROM heap WHERE rowid % 3 = 0 OR v IS NULL; DELETE FROM heap WHERE v = 'A' COLLATE BINARY;
         DELETE FROM heap WHERE typeof(v) = 'text' AND length(CAST(v AS BLOB)) = 3",
    );
    let damaged = state();
    assert_ne!(damaged, before);
    let dry = world.run("heap", &[]);
    assert!(dry.contains("created, 0 updated, ") && dry.contains("(by bulk)"), "{dry}");
    assert_eq!(state(), damaged);
    world.run("heap", &["--restore"]);
    assert_eq!(state(), before);
    assert!(world.run("heap", &["--restore"]).contains("0 created, 0 updated, 65 unchanged"));
}
