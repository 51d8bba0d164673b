//! What restore scripts meet after the backup: records that cannot be written, locks, another client, no server.

use super::script_project::{Generator, LIBSQL, PG, PrismaWorld, Setup};
use crate::support::files::{project, text};
use crate::support::postgres::PgServer;
use rusqlite::Connection;
use std::fs;
use std::thread;
use std::time::Duration;

fn models(engine: &str) -> String {
    text(&project(&format!("tests/fixtures/prisma/catalogue-{engine}.prisma")))
}

fn sql(name: &str) -> String {
    text(&project("tests/it/prisma/sql").join(name))
}

#[test]
fn what_stands_in_the_way_on_postgresql() {
    let db = PgServer::shared().database();
    db.sql(&sql("catalogue-postgresql.sql"));
    db.sql(&sql("rows-postgresql.sql"));
    db.sql(
        "CREATE TABLE _prisma_migrations (id text PRIMARY KEY, migration_name text, finished_at timestamptz, rolled_back_at timestamptz);
         INSERT INTO _prisma_migrations VALUES ('1', '20260101_first', '2026-01-01', NULL), ('2', '20260102_second', '2026-01-02', NULL),
           ('3', '20260103_back', '2026-01-03', '2026-01-04'), ('4', '20260104_open', NULL, NULL)",
    );
    let setup = Setup { major: 7, generator: Generator::New, adapter: PG };
    let world = PrismaWorld::new(setup, &models("postgresql"), &db.url());
    world.project.write("prisma/migrations/20260105_not_applied/migration.sql", "");
    world.export(&["facet_definitions"]);
    let written = fs::read_to_string(world.json("facet_definitions")).unwrap();
    assert!(written.contains("\"schemaVersion\": \"20260102_second\""), "{}", &written[..300]);
    let count = || db.sql("SELECT count(*) FROM facet_definitions");

    // One record of twelve is refused by the database: none is written, and it is named by its key.
    db.sql("DELETE FROM facet_definitions; ALTER TABLE facet_definitions ADD CHECK (value <> 'v7')");
    for way in [&["--restore"][..], &["--restore", "--upsert"], &["--restore", "--bulk"]] {
        let said = world.refused("facet_definitions", way);
        assert!(said.contains("1 failed, nothing was changed: fd7: "), "{way:?}: {said}");
        assert_eq!(count(), "0", "{way:?}");
    }
    db.sql("ALTER TABLE facet_definitions DROP CONSTRAINT facet_definitions_value_check");

    // A lock that is held for longer than Prisma gives a transaction by itself (5 s): waited for, within the script's
    // limit.
    let mut holder = db.session();
    holder.run("BEGIN; LOCK TABLE facet_definitions IN ROW EXCLUSIVE MODE");
    let said = world.refused("facet_definitions", &["--restore", "--timeout=1"]);
    assert!(said.contains("Nothing was changed: ") && said.contains("timeout"), "{said}");
    thread::scope(|scope| {
        let restored = scope.spawn(|| world.run("facet_definitions", &["--restore"]));
        thread::sleep(Duration::from_secs(7));
        assert_eq!(count(), "0");
        holder.run("COMMIT");
        let said = restored.join().unwrap();
        assert!(said.contains("12 created, 0 updated, 0 unchanged, 0 failed"), "{said}");
    });
    assert_eq!(count(), "12");

    // Nobody answers.
    let away = world.invocation(&world.script("facet_definitions"), &["--restore"]);
    let run = world.play(&away.env("DATABASE_URL", "postgresql://u:s3cr3t@127.0.0.1:1/shop"));
    assert_eq!(run.code(), Some(1), "{run}");
    assert!(run.stderr().starts_with("Nothing was changed: ") && !run.to_string().contains("s3cr3t"), "{run}");
}

/// The client was generated from a schema that has lost a field and a model since the export.
#[test]
fn a_client_without_the_field_or_the_model() {
    let setup = Setup { major: 7, generator: Generator::JsOutput, adapter: LIBSQL };
    let world = PrismaWorld::new(setup, &models("sqlite"), "file:./dev.db");
    let database = Connection::open(world.path().join("dev.db")).unwrap();
    database.execute_batch(&sql("catalogue-sqlite.sql")).unwrap();
    let tables = "ALTER TABLE categories ADD COLUMN note TEXT; CREATE TABLE extras (id INTEGER NOT NULL PRIMARY KEY, v TEXT);
        INSERT INTO categories (id, name, slug, path, level, note) VALUES ('a', 'A', 'a', '/', 0, 'x'), ('b', 'B', 'b', '/', 0, NULL);
        INSERT INTO extras VALUES (1, 'one')";
    database.execute_batch(tables).unwrap();
    let schema = fs::read_to_string(world.path().join("prisma/schema.prisma")).unwrap();
    let schema = schema.replacen("model Category {\n", "model Category {\n  note String?\n", 1);
    let extra = "\nmodel Extra {\n  id Int @id\n  v String?\n\n  @@map(\"extras\")\n}\n";
    world.project.write("prisma/schema.prisma", schema + extra);
    world.export(&["categories", "extras"]);
    let count = |table: &str| -> i64 {
        database.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    database.execute_batch("DELETE FROM categories; DELETE FROM extras").unwrap();

    let said = world.refused("categories", &["--restore", "--upsert"]);
    assert!(said.starts_with("1 failed, nothing was changed: a: Unknown argument `"), "{said}");
    let said = world.refused("extras", &["--restore"]);
    assert!(said.contains("Prisma's client has no model extra: it was renamed or removed since the backup"), "{said}");
    assert_eq!((count("categories"), count("extras")), (0, 0));

    // The table still has them, and SQL needs no client's names.
    let said = world.run("categories", &["--restore"]);
    assert!(said.contains("writing in bulk.\n2 created, 0 updated, 0 unchanged, 0 failed"), "{said}");
    let said = world.run("extras", &["--restore", "--bulk"]);
    assert!(said.contains("1 created, 0 updated, 0 unchanged, 0 failed (by bulk, "), "{said}");
    let notes = "SELECT group_concat(id || quote(note) ORDER BY id) FROM categories";
    let notes: String = database.query_row(notes, [], |row| row.get(0)).unwrap();
    assert_eq!(notes, "a'x',bNULL");
    progress(&world);
}

/// How far the work is, on a terminal and only there.
fn progress(world: &PrismaWorld) {
    let dry = world.tsx(&world.script("categories"), &["--bulk"]);
    let terminal = ["python3", "-c", "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)"];
    let seen = dry.clone().under(terminal).run().success();
    let unseen = dry.run().success();
    assert!(seen.stdout().contains("\r\u{1b}[K"), "{seen:?}");
    assert!(!unseen.to_string().contains('\u{1b}'), "{unseen:?}");
}
