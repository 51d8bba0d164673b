//! Models with every scalar, list and native type, every kind of key, and everything that Prisma's client lacks:
//! exported, damaged in each way, restored by the scripts. The database says what is in every cell.

use super::script_database::Database;
use super::script_project::{BETTER_SQLITE3, BUNDLER, Generator, LIBSQL, PG, PrismaWorld, Setup};
use crate::support::files::{project, text};
use serde_json::Value;

/// The tables of one engine, those referred to first; and how many of them upsert can restore.
struct Shelf {
    tables: &'static [&'static str],
    by_upsert: usize,
}

const POSTGRES: Shelf = Shelf {
    tables: &[
        "shop.labels",
        "scalars",
        "shop.natives",
        "oids",
        "pairs",
        "shop.Triple",
        "unique_only",
        "unique_pairs",
        "counted",
        "places",
        "shop.secrets",
        "shop._LabelToScalar",
    ],
    by_upsert: 7,
};

const SQLITE: Shelf = Shelf {
    tables: &[
        "labels",
        "scalars",
        "pairs",
        "Triple",
        "unique_only",
        "unique_pairs",
        "counted",
        "places",
        "secrets",
        "_LabelToScalar",
    ],
    by_upsert: 7,
};

fn sql(name: &str) -> String {
    text(&project(&format!("tests/it/prisma/sql/everything-{name}.sql")))
}

fn quoted(table: &str) -> String {
    table.split('.').map(|part| format!("\"{part}\"")).collect::<Vec<_>>().join(".")
}

/// Sets every column that may be NULL to NULL, in all rows.
fn blanks(database: &Database, engine: &str) -> String {
    let columns = match database {
        Database::Postgres(_) => {
            "SELECT string_agg(format('UPDATE %I.%I SET %I = NULL', table_schema, table_name, column_name), ';') FROM information_schema.columns
             WHERE table_schema IN ('public', 'shop') AND is_nullable = 'YES' AND is_generated = 'NEVER' AND is_updatable = 'YES'"
        }
        Database::Sqlite(_) => {
            "SELECT group_concat(format('UPDATE \"%w\" SET \"%w\" = NULL', m.name, c.name), ';') FROM sqlite_master AS m, pragma_table_xinfo(m.name) AS c
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND \"notnull\" = 0 AND pk = 0 AND hidden = 0"
        }
    };
    let blanks = database.ask(columns);
    assert!(blanks.contains("over_id"), "{engine}: {blanks}");
    blanks
}

/// Rows that are lost, and rows that were not there when the snapshot was taken.
const LOST_AND_ADDED: &str = "
    DELETE FROM scalars WHERE id % 2 = 0; DELETE FROM pairs WHERE l = 1; DELETE FROM unique_only; DELETE FROM counted WHERE id > 3;
    INSERT INTO pairs VALUES (99, 'added', 'x'); INSERT INTO unique_only VALUES ('added', 'x'); INSERT INTO unique_pairs VALUES (99, 'added', 'x');
    INSERT INTO counted (title) VALUES ('added')";

fn restored(setup: Setup) {
    let models = |engine: &str| text(&project(&format!("tests/fixtures/prisma/everything-{engine}.prisma")));
    let (engine, shelf) = if setup.adapter == PG { ("postgresql", POSTGRES) } else { ("sqlite", SQLITE) };
    let (world, database) = PrismaWorld::with_database(setup, &models(engine));
    database.execute(&sql(engine));
    let before = database.rows(shelf.tables);
    world.export(shelf.tables);
    let compiled = world.tsc(BUNDLER);
    assert_eq!(compiled.code(), Some(0), "{compiled}");

    // Changed, lost, and with rows added, which stay. What takes upsert goes by it alone.
    database.execute(&blanks(&database, engine));
    database.execute(LOST_AND_ADDED);
    let damaged = database.rows(shelf.tables);
    let dry = world.run_all(shelf.tables, &[]);
    assert_eq!(dry.matches("[DRY RUN]").count(), shelf.tables.len(), "{dry}");
    assert_eq!(database.rows(shelf.tables), damaged, "a dry run changes nothing");
    let run = world.run_all(shelf.tables, &["--restore"]);
    assert_eq!(run.matches(".upsert, ").count(), shelf.by_upsert, "{run}");
    assert!(!run.contains("in bulk"), "all of them by upsert alone: {run}");
    let added = database.differences(shelf.tables, &before);
    assert!(added.len() == 4 && added.iter().all(|row| row.starts_with("new ")), "{added:#?}");

    // Emptied, and brought back by the other way. What is made next has a number of its own.
    for table in shelf.tables.iter().rev() {
        database.execute(&format!("DELETE FROM {}", quoted(table)));
    }
    let run = world.run_all(shelf.tables, &["--restore", "--bulk"]);
    assert_eq!(run.matches(", 0 updated, 0 unchanged, 0 failed (by bulk, ").count(), shelf.tables.len(), "{run}");
    assert_eq!(database.differences(shelf.tables, &before), Vec::<String>::new());
    database.execute("INSERT INTO counted (title) VALUES ('next'); DELETE FROM counted WHERE title = 'next'");
    hard(&world, &database, engine, shelf.tables);
}

/// What Prisma's client would lose comes back in bulk, and `--upsert` is refused.
fn hard(world: &PrismaWorld, database: &Database, engine: &str, tables: &[&str]) {
    database.execute(&sql(&format!("hard-{engine}")));
    let before = database.rows(tables);
    std::fs::remove_dir_all(world.path().join("scripts")).unwrap();
    world.export(tables);
    same_roots(world, tables);
    database.execute(&blanks(database, engine));
    database.execute("DELETE FROM scalars WHERE id % 2 = 0");
    let damaged = database.rows(tables);
    let said = world.refused("scalars", &["--restore", "--upsert"]);
    assert!(said.contains("Prisma's upsert cannot bring these fields back exactly: "), "{said}");
    assert_eq!(database.rows(tables), damaged);
    let run = world.run_all(tables, &["--restore"]);
    assert!(run.matches(" (by bulk, ").count() >= 5, "{run}");
    assert_eq!(database.differences(tables, &before), Vec::<String>::new(), "{run}");
}

/// What is imported has the root of what was exported.
fn same_roots(world: &PrismaWorld, tables: &[&str]) {
    let json = |args: &[&str]| -> Value {
        let run = world.project.dbsnap(args.iter().chain(&["--json"])).run().success();
        serde_json::from_str(run.stdout()).unwrap()
    };
    for table in tables {
        let root = &json(&["show", &format!("latest:{table}")])["table"]["root"];
        assert!(root.is_string(), "{table}: {root}");
        assert_eq!(&json(&["import", world.json(table).to_str().unwrap()])["root"], root, "{table}");
    }
}

#[test]
fn postgres_with_prisma_7() {
    restored(Setup { major: 7, generator: Generator::New, adapter: PG });
}

#[test]
fn libsql_with_prisma_7() {
    restored(Setup { major: 7, generator: Generator::New, adapter: LIBSQL });
}

/// Only in `tests/run --long`.
mod long {
    use super::*;

    #[test]
    fn postgres_with_prisma_6() {
        restored(Setup { major: 6, generator: Generator::JsOutput, adapter: PG });
    }

    #[test]
    fn libsql_with_prisma_6() {
        restored(Setup { major: 6, generator: Generator::JsOutput, adapter: LIBSQL });
    }

    #[test]
    fn better_sqlite3_with_prisma_7() {
        restored(Setup { major: 7, generator: Generator::New, adapter: BETTER_SQLITE3 });
    }

    #[test]
    fn better_sqlite3_with_prisma_6() {
        restored(Setup { major: 6, generator: Generator::JsOutput, adapter: BETTER_SQLITE3 });
    }
}
