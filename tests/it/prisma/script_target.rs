//! A restore script writes to the database that `snap` read, or to none.

use super::script_database::Database;
use super::script_project::{Generator, LIBSQL, PG, PrismaWorld, Setup};
use std::fs;

const MODELS: &str = "model Item {\n  id Int @id\n  v  String?\n  @@map(\"items\")\n}\n";
const TABLE: &str =
    "CREATE TABLE items (id INTEGER NOT NULL PRIMARY KEY, v TEXT); INSERT INTO items VALUES (1, 'a'), (2, 'b');";

/// Prisma 6 starts relative paths at the schema's folder, its adapters at the folder they run in: of two databases of one name the
/// script takes the one that was snapshotted.
#[test]
fn of_two_files_of_one_name_it_takes_the_one_that_was_read() {
    let setup = Setup { major: 6, generator: Generator::JsOutput, adapter: LIBSQL };
    let (world, beside) = PrismaWorld::with_database(setup, MODELS);
    beside.execute(TABLE);
    let read = Database::Sqlite(world.path().join("prisma/dev.db"));
    read.execute(TABLE);
    world.export(&["items"]);
    for database in [&beside, &read] {
        database.execute("DELETE FROM items");
    }
    let said = world.run("items", &["--restore"]);
    assert!(said.contains("prisma/dev.db") && said.contains("2 created"), "{said}");
    assert_eq!(read.rows(&["items"]).len(), 2);
    assert_eq!(beside.rows(&["items"]), Vec::<String>::new(), "{said}");

    // Without the one that was read, the other is another database.
    read.execute("DELETE FROM items");
    fs::rename(world.path().join("prisma/dev.db"), world.path().join("moved.db")).unwrap();
    let said = world.refused("items", &["--restore"]);
    assert!(said.contains("The backup was taken from ") && said.contains("--other-database"), "{said}");
    assert_eq!(beside.rows(&["items"]), Vec::<String>::new(), "{said}");
    world.run("items", &["--restore", "--other-database"]);
    assert_eq!(beside.rows(&["items"]).len(), 2);
}

#[test]
fn another_database_of_the_same_server_is_refused() {
    let setup = Setup { major: 7, generator: Generator::JsOutput, adapter: PG };
    let (world, read) = PrismaWorld::with_database(setup, MODELS);
    read.execute(TABLE);
    world.export(&["items"]);
    let other = Database::postgres();
    other.execute("CREATE TABLE items (id INTEGER NOT NULL PRIMARY KEY, v TEXT)");
    world.project.write(".env", format!("DATABASE_URL=\"{}\"\n", other.url()));
    for args in [&["--restore"][..], &[]] {
        let said = world.refused("items", args);
        assert!(
            said.contains("The backup was taken from the database ") && said.contains("--other-database"),
            "{said}"
        );
    }
    assert_eq!(other.rows(&["items"]), Vec::<String>::new());
    world.run("items", &["--restore", "--other-database"]);
    assert_eq!(other.rows(&["items"]).len(), 2);
}

/// What all scripts of a folder share is there once; a script does not run with a changed one.
#[test]
fn a_changed_runtime_is_refused() {
    let setup = Setup { major: 7, generator: Generator::JsOutput, adapter: LIBSQL };
    let (world, database) = PrismaWorld::with_database(setup, MODELS);
    database.execute(TABLE);
    world.export(&["items"]);
    database.execute("DELETE FROM items");
    let help = world.run("items", &["--help"]);
    assert!(help.contains("--restore ") && help.contains("--other-database "), "{help}");
    let runtime = world.script("items").with_file_name("dbsnap-restore.ts");
    fs::write(&runtime, fs::read_to_string(&runtime).unwrap().replace("allow-remote", "allow-anything")).unwrap();
    let said = world.refused("items", &["--restore"]);
    assert!(said.contains("dbsnap-restore.ts is not the file that this script was made for"), "{said}");
    assert_eq!(database.rows(&["items"]), Vec::<String>::new());
}
