//! The ten models of the demo, exported, damaged, and restored by the scripts through real Prisma. The database says
//! what came back.

use super::script_project::{BETTER_SQLITE3, BUNDLER, Generator, LIBSQL, NODE_NEXT, PG, PrismaWorld, Setup};
use crate::support::files::{project, text};
use crate::support::postgres::{Db, PgServer};
use rusqlite::Connection;

/// The tables, those referred to first.
const TABLES: [&str; 12] = [
    "users",
    "content_sources",
    "creator_profiles",
    "categories",
    "mods",
    "collections",
    "facet_definitions",
    "scraping_jobs",
    "reviews",
    "favorites",
    "_CategoryToMod",
    "_CollectionToMod",
];

fn sql(name: &str) -> String {
    text(&project("tests/it/prisma/sql").join(name))
}

fn models(engine: &str) -> String {
    text(&project("tests/fixtures/prisma").join(format!("catalogue-{engine}.prisma")))
}

/// Rows of each table that differ from those in the copy, as text, both ways.
fn differences(db: &Db) -> String {
    let each = TABLES.map(|table| {
        format!(
            "SELECT '{table}' AS name, * FROM ((SELECT 'gone' AS what, t::text AS row FROM kept.\"{table}\" t EXCEPT ALL SELECT 'gone', t::text FROM public.\"{table}\" t) \
             UNION ALL (SELECT 'new', t::text FROM public.\"{table}\" t EXCEPT ALL SELECT 'new', t::text FROM kept.\"{table}\" t)) x"
        )
    });
    // The server gives rows in any order, and not always in the same one.
    db.sql(&format!("{} ORDER BY 1, 2, 3", each.join(" UNION ALL ")))
}

fn postgres(setup: Setup) {
    let db = PgServer::shared().database();
    db.sql(&sql("catalogue-postgresql.sql"));
    db.sql(&sql("rows-postgresql.sql"));
    db.sql("CREATE SCHEMA kept");
    for table in TABLES {
        db.sql(&format!("CREATE TABLE kept.\"{table}\" AS TABLE public.\"{table}\""));
    }
    let world = PrismaWorld::new(setup, &models("postgresql"), &db.url());
    let tables: Vec<String> = TABLES.iter().map(|table| format!("public.{table}")).collect();
    world.export(&tables.iter().map(String::as_str).collect::<Vec<_>>());
    world.files_are("module");
    let compiled = world.tsc(NODE_NEXT);
    assert_eq!(compiled.code(), Some(0), "{compiled}");

    db.sql(&sql("damage-postgresql.sql"));
    let damaged = differences(&db);
    let dry = world.run("mods", &[]);
    assert!(dry.contains("[DRY RUN] Would restore records: 40 created, 80 updated, 280 unchanged"), "{dry}");
    assert!(world.run("mods", &["--bulk"]).contains("40 created, 80 updated, 280 unchanged (by bulk)"));
    assert_eq!(differences(&db), damaged, "a dry run changes nothing");
    let said = world.run("users", &["--restore"]);
    assert!(said.contains("0 created, 50 updated, 0 unchanged, 0 failed (by prisma.user.upsert, "), "{said}");
    let run = world.run_all(&TABLES, &["--restore"]);
    assert_eq!(run.matches("Restore complete.\n").count(), TABLES.len(), "{run}");
    assert_eq!(run.matches(".upsert, ").count(), TABLES.len() - 2, "{run}");
    // Rows added since stay; nothing else is left of the damage.
    db.sql("DELETE FROM mods WHERE id = 'added'; DELETE FROM users WHERE email = 'added'");
    assert_eq!(differences(&db), "");
    // The next rows get numbers of their own.
    db.sql("INSERT INTO scraping_jobs (source_id, errors) VALUES ('s1', '{}')");
    db.sql(
        "INSERT INTO reviews (mod_id, user_id, rating, updated_at) SELECT 'mod000001', id, 1, now() FROM users LIMIT 1",
    );
}

#[test]
fn postgres_with_prisma_7() {
    postgres(Setup { major: 7, generator: Generator::New, adapter: PG });
}

/// Rows of each table of one file that differ from those of the other, every value with its storage class.
fn sqlite_differences(before: &std::path::Path, now: &std::path::Path) -> Vec<String> {
    let read = |path: &std::path::Path| {
        let connection = Connection::open(path).unwrap();
        let mut rows = Vec::new();
        for table in TABLES {
            let sql = format!("SELECT name FROM pragma_table_info('{table}')");
            let mut columns = connection.prepare(&sql).unwrap();
            let columns = columns.query_map([], |row| row.get::<_, String>(0)).unwrap();
            let shown: Vec<String> =
                columns.map(|name| format!("typeof(\"{0}\") || quote(\"{0}\")", name.unwrap())).collect();
            let mut found =
                connection.prepare(&format!("SELECT {} FROM \"{table}\"", shown.join(" || ' ' || "))).unwrap();
            let found = found.query_map([], |row| row.get::<_, String>(0)).unwrap();
            rows.extend(found.map(|row| format!("{table} {}", row.unwrap())));
        }
        rows.sort();
        rows
    };
    let (before, now) = (read(before), read(now));
    let gone = before.iter().filter(|row| now.binary_search(row).is_err()).map(|row| format!("gone {row}"));
    let new = now.iter().filter(|row| before.binary_search(row).is_err()).map(|row| format!("new {row}"));
    gone.chain(new).collect()
}

fn sqlite(setup: Setup) {
    let world = PrismaWorld::new(setup, &models("sqlite"), "file:./dev.db");
    let (live, kept) = (world.path().join("dev.db"), world.path().join("kept.db"));
    let execute = |sql: &str| Connection::open(&live).unwrap().execute_batch(sql).unwrap();
    execute(&sql("catalogue-sqlite.sql"));
    execute(&sql("rows-sqlite.sql"));
    world.export(&[]);
    let compiled = world.tsc(BUNDLER);
    assert_eq!(compiled.code(), Some(0), "{compiled}");
    std::fs::copy(&live, &kept).unwrap();

    execute(&sql("damage-sqlite.sql"));
    let damaged = sqlite_differences(&kept, &live);
    assert!(world.run("mods", &[]).contains("20 created, 20 updated, 160 unchanged"));
    assert_eq!(sqlite_differences(&kept, &live), damaged, "a dry run changes nothing");
    assert!(world.run("users", &["--restore"]).ends_with("Restore complete.\n"));
    let run = world.run_all(&TABLES, &["--restore"]);
    assert_eq!(run.matches("Restore complete.\n").count(), TABLES.len(), "{run}");
    execute("DELETE FROM users WHERE email = 'added'");
    assert_eq!(sqlite_differences(&kept, &live), Vec::<String>::new());
    execute("INSERT INTO scraping_jobs (source_id, errors) VALUES ('s1', '[]')");
}

/// Only in `tests/run --long`.
mod long {
    use super::*;

    #[test]
    fn sqlite_with_prisma_7() {
        sqlite(Setup { major: 7, generator: Generator::JsOutput, adapter: LIBSQL });
    }

    #[test]
    fn postgres_with_prisma_6() {
        postgres(Setup { major: 6, generator: Generator::Js, adapter: PG });
    }

    #[test]
    fn better_sqlite3_with_prisma_6() {
        sqlite(Setup { major: 6, generator: Generator::New, adapter: BETTER_SQLITE3 });
    }

    #[test]
    fn better_sqlite3_with_prisma_7() {
        sqlite(Setup { major: 7, generator: Generator::JsOutput, adapter: BETTER_SQLITE3 });
    }

    #[test]
    fn sqlite_with_prisma_6() {
        sqlite(Setup { major: 6, generator: Generator::New, adapter: LIBSQL });
    }
}
