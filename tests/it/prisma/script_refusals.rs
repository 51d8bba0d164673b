//! What a restore script must not act on: each case with a clear message, and nothing written.

use super::script_project::{Generator, LIBSQL, PrismaWorld, Setup};
use crate::export::damage::resealed;
use crate::support::files::{project, text};
use rusqlite::Connection;
use std::fs;

const SEVEN: Setup = Setup { major: 7, generator: Generator::JsOutput, adapter: LIBSQL };

/// The ten models in SQLite, exported; all categories are gone since.
fn world() -> PrismaWorld {
    let models = text(&project("tests/fixtures/prisma/catalogue-sqlite.prisma"));
    let world = PrismaWorld::new(SEVEN, &models, "file:./dev.db");
    execute(&world, &text(&project("tests/it/prisma/sql/catalogue-sqlite.sql")));
    execute(
        &world,
        "INSERT INTO categories (id, name, slug, path, level) VALUES ('a', 'A', 'a', '/', 0), ('b', 'B', 'b', '/', 0)",
    );
    world.export(&["categories", "users"]);
    execute(&world, "DELETE FROM categories");
    world
}

fn execute(world: &PrismaWorld, sql: &str) {
    Connection::open(world.path().join("dev.db")).unwrap().execute_batch(sql).unwrap();
}

fn count(world: &PrismaWorld) -> i64 {
    let connection = Connection::open(world.path().join("dev.db")).unwrap();
    connection.query_row("SELECT count(*) FROM categories", [], |row| row.get(0)).unwrap()
}

/// Writes the file anew with other records, its checksum and count made right.
pub fn forge(original: &str, records: &[&str]) -> String {
    let data = format!("[\n    {}\n  ]", records.join(",\n    "));
    let (head, _) = original.split_once("\n  \"data\": ").unwrap();
    let (before, after) = head.split_once("\"recordCount\": ").unwrap();
    let after = after.trim_start_matches(|digit: char| digit.is_ascii_digit());
    let head = format!("{before}\"recordCount\": {}{after}", records.len());
    resealed(&format!("{head}\n  \"data\": {data}\n}}\n"))
}

#[test]
fn files_that_are_not_what_was_written() {
    let world = world();
    let json = world.json("categories");
    let original = fs::read_to_string(&json).unwrap();
    let record = r#"{"id":"a","name":"A","slug":"a","path":"/","level":0,"parentId":null}"#;
    assert!(original.contains(record), "{original}");
    let users = fs::read_to_string(world.json("users")).unwrap();
    let cases = [
        (original.replace("\"name\":\"A\"", "\"name\":\"Z\""), "The checksum does not match"),
        (original[..original.len() - 20].to_owned(), "cut short"),
        (original.replace("\"createdAt\": \"2", "\"createdAt\": \"1"), "The metadata of the backup file was edited"),
        (original.replace("\"recordCount\": 2", "\"recordCount\": 3"), "says it holds 3 records, but it holds 2"),
        (resealed(&original.replace("\"format\": 1", "\"format\": 2")), "has a format that this script does not know"),
        ("[]\n".to_owned(), "cut short or is no backup file"),
        (users, "This is a backup of users"),
        (forge(&original, &[record, record]), "two records with the key a"),
        (
            forge(&original, &[&record.replace("\"level\":0", "\"level\":0,\"name\":\"B\"")]),
            "has the field \"name\" twice",
        ),
        (forge(&original, &[&record.replace("\"level\":0,", "")]), "lacks the field \"level\""),
        (forge(&original, &[&record.replace("level", "height")]), "has a field \"height\" that is none"),
        (
            resealed(&original.replace("\"model\": \"category\"", "\"model\": \"gone\"")),
            "Prisma's client has no model gone",
        ),
        (resealed(&original.replace("\"name\":\"slug\"", "\"name\":\"slog\"")), "the column slog is gone"),
    ];
    for (content, wanted) in cases {
        fs::write(&json, content).unwrap();
        let said = world.refused("categories", &["--restore"]);
        assert!(said.contains(wanted), "{wanted}: {said}");
        assert!(!said.contains("    at "), "no stack trace: {said}");
        assert_eq!(count(&world), 0, "{wanted}");
    }
    fs::write(&json, &original).unwrap();
    assert!(world.run("categories", &["--restore"]).contains("2 created, 0 updated, 0 unchanged, 0 failed"));
}

#[test]
fn surroundings_that_are_not_right() {
    let world = world();
    let script = world.script("categories");
    let refused = |run: crate::support::process::Invocation, wanted: &str| {
        let run = world.play(&run);
        assert_eq!(run.code(), Some(1), "{run}");
        assert!(run.stderr().contains(wanted), "{wanted}: {run}");
        assert!(!run.to_string().contains("s3cr3t"), "{run}");
        assert_eq!(count(&world), 0, "{wanted}");
    };
    let restore = || world.invocation(&script, &["--restore"]);
    refused(restore().arg("--force"), "Unknown option --force");
    refused(restore().args(["--bulk", "--upsert"]), "exclude each other");
    refused(restore().env("NODE_ENV", "production"), "--allow-production");
    refused(restore().env("DATABASE_URL", "libsql://u:s3cr3t@db.example.com"), "--allow-remote");
    refused(
        restore().env("DATABASE_URL", "postgresql://u:s3cr3t@localhost/x"),
        "The backup is of sqlite, the database is postgresql",
    );
    refused(restore().env("DATABASE_URL", "mysql://u:s3cr3t@localhost/x"), "is not a PostgreSQL or SQLite URL");
    refused(restore().env("DATABASE_URL", "file:./none.db"), "There is no database file");
    assert!(!world.path().join("none.db").exists());
    fs::copy(world.path().join("dev.db"), world.path().join("other.db")).unwrap();
    refused(restore().env("DATABASE_URL", "file:./other.db"), "Use --other-database");
    // What .env.local says comes before what .env says.
    world.project.write(".env.local", "DATABASE_URL=file:./local.db\n");
    refused(restore(), "local.db");
    fs::remove_file(world.path().join(".env.local")).unwrap();
    let env = fs::read(world.path().join(".env")).unwrap();
    fs::remove_file(world.path().join(".env")).unwrap();
    refused(restore(), "No database: set DATABASE_URL");
    fs::write(world.path().join(".env"), env).unwrap();

    let text = fs::read_to_string(&script).unwrap();
    fs::write(&script, text.replace("@prisma/adapter-libsql", "@prisma/adapter-none")).unwrap();
    refused(restore(), "npm install @prisma/adapter-none");
    fs::write(&script, text).unwrap();
    let elsewhere = crate::support::process::Project::new();
    let moved = elsewhere.path().join(script.file_name().unwrap());
    fs::copy(&script, &moved).unwrap();
    refused(world.invocation(&moved, &["--restore"]), "keep it beside this script");
    fs::copy(world.json("categories"), elsewhere.path().join(world.json("categories").file_name().unwrap())).unwrap();
    fs::copy(script.with_file_name("dbsnap-restore.ts"), moved.with_file_name("dbsnap-restore.ts")).unwrap();
    let url = format!("file:{}", world.path().join("dev.db").display());
    refused(world.invocation(&moved, &["--restore"]).env("DATABASE_URL", url), "export the backup again");
    // Run from another folder, it finds its database all the same.
    let said = world.play(&restore().dir(elsewhere.path())).success();
    assert!(said.stdout().contains("2 created"), "{said}");
}
