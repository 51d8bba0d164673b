//! A restore script writes to the database that `snap` read, or to none.

use super::script_database::Database;
use super::script_project::{Generator, LIBSQL, PG, PrismaWorld, Setup};
use crate::support::files::{project, text};
use std::fs;

const MODELS: &str = "model Item {\n  id Int @id\n  v  String?\n  @@map(\"items\")\n}\n";
const TABLE: &str =
    "CREATE TABLE items (id INTEGER NOT NULL PRIMARY KEY, v TEXT); INSERT INTO items VALUES (1, 'a'), (2, 'b');";

/// Whether the script of `items` restores into the database at `read`, which was snapshotted, and leaves the one at
/// `beside` alone.
fn goes_back_to(world: &PrismaWorld, read: &str, beside: &str, snap: impl Fn()) {
    let [read, beside] = [read, beside].map(|path| world.path().join(path));
    for path in [&read, &beside] {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        Database::Sqlite(path.clone()).execute(TABLE);
    }
    let [read_db, beside_db] = [&read, &beside].map(|path| Database::Sqlite(path.clone()));
    beside_db.execute("DELETE FROM items");
    snap();
    read_db.execute("DELETE FROM items");
    let said = world.run("items", &["--restore"]);
    assert!(said.contains(read.file_name().unwrap().to_str().unwrap()) && said.contains("2 created"), "{said}");
    assert_eq!(read_db.rows(&["items"]).len(), 2, "{said}");
    assert_eq!(beside_db.rows(&["items"]), Vec::<String>::new(), "{said}");
}

/// Where a relative path leads, and where it does not: Prisma 6 starts at the schema's folder, Prisma 7 at the
/// project's.
fn places(major: u32, path: &str) -> [String; 2] {
    let [schemas, projects] = [format!("prisma/{path}"), path.to_owned()];
    if major < 7 { [schemas, projects] } else { [projects, schemas] }
}

/// A URL with parameters, and paths with blanks, relative and absolute.
fn a_url_with_parameters_and_blanks(major: u32) {
    let setup = Setup { major, generator: Generator::JsOutput, adapter: LIBSQL };
    let world = PrismaWorld::new(setup, MODELS, "file:./my data/dev one.db?connection_limit=1&socket_timeout=5");
    let [read, beside] = places(major, "my data/dev one.db");
    goes_back_to(&world, &read, &beside, || world.export(&["items"]));
    fs::remove_dir_all(world.path().join("scripts")).unwrap();
    let absolute = world.path().join("a b/dev.db");
    world.project.write(".env", format!("DATABASE_URL=\"file:{}\"\n", absolute.display()));
    goes_back_to(&world, "a b/dev.db", "prisma/a b/dev.db", || world.export(&["items"]));
}

#[test]
fn a_url_with_parameters_and_blanks_names_the_same_file() {
    a_url_with_parameters_and_blanks(7);
}

/// No variable, but a URL in Prisma's config file.
#[test]
fn a_url_in_the_config_file_names_the_same_file() {
    let setup = Setup { major: 7, generator: Generator::JsOutput, adapter: LIBSQL };
    let world = PrismaWorld::new(setup, MODELS, "");
    fs::remove_file(world.path().join(".env")).unwrap();
    world.project.write(
        "prisma.config.ts",
        "export default { schema: 'prisma/schema.prisma', datasource: { url: process.env.APP_DB ?? 'file:./data/app.db' } };\n",
    );
    goes_back_to(&world, "data/app.db", "prisma/data/app.db", || world.export(&["items"]));
}

/// A package of a monorepo has the schema, the client and `.env`; the store is at the top.
fn a_package_of_a_monorepo(major: u32) {
    let setup = Setup { major, generator: Generator::JsOutput, adapter: LIBSQL };
    let world = PrismaWorld::new(setup, MODELS, "file:./dev.db");
    let package = world.path().join("packages/db");
    fs::create_dir_all(&package).unwrap();
    for name in ["prisma", "generated", ".env", "package.json", "prisma.config.ts"] {
        if world.path().join(name).exists() {
            fs::rename(world.path().join(name), package.join(name)).unwrap();
        }
    }
    world.project.write("package.json", "{\"workspaces\":[\"packages/*\"]}");
    let [read, _] = places(major, "dev.db");
    goes_back_to(&world, &format!("packages/db/{read}"), "dev.db", || {
        let snap = world.project.dbsnap(["snap", "items", "--export", "-q", "-m", "before"]);
        snap.dir(&package).run().success();
    });
}

#[test]
fn a_package_of_a_monorepo_names_the_same_file() {
    a_package_of_a_monorepo(7);
}

#[test]
fn another_database_of_the_same_server_is_refused() {
    let models = text(&project("tests/fixtures/prisma/catalogue-postgresql.prisma"));
    let tables = text(&project("tests/it/prisma/sql/catalogue-postgresql.sql"));
    let setup = Setup { major: 7, generator: Generator::New, adapter: PG };
    let (world, read) = PrismaWorld::with_database(setup, &models);
    read.execute(&tables);
    read.execute(
        "INSERT INTO categories (id, name, slug, path, level) VALUES ('a', 'A', 'a', '/', 0), ('b', 'B', 'b', '/', 0)",
    );
    world.export(&["categories"]);
    let other = Database::postgres();
    other.execute(&tables);
    world.project.write(".env", format!("DATABASE_URL=\"{}\"\n", other.url()));
    for args in [&["--restore"][..], &[]] {
        let said = world.refused("categories", args);
        assert!(
            said.contains("The backup was taken from the database ") && said.contains("--other-database"),
            "{said}"
        );
    }
    assert_eq!(other.rows(&["categories"]), Vec::<String>::new());
    world.run("categories", &["--restore", "--other-database"]);
    assert_eq!(other.rows(&["categories"]).len(), 2);
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

/// Only in `tests/run --long`.
mod long {
    use super::*;

    /// Prisma 6 starts relative paths at the schema's folder, its adapters at the folder they run in: of two databases
    /// of one name the script takes the one that was snapshotted.
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
    fn a_url_of_prisma_6_names_the_same_file() {
        a_url_with_parameters_and_blanks(6);
    }

    #[test]
    fn a_package_with_prisma_6_names_the_same_file() {
        a_package_of_a_monorepo(6);
    }
}
