//! Every set-up that a project can have: each version, generator, driver adapter and module system. Compiled strictly,
//! run dry, and restored by each adapter. What cannot be is said in `docs/TESTING.md`.

use super::script_database::Database;
use super::script_project::{
    BACKUPS, BETTER_SQLITE3, Generator, LIBSQL, NODE_NEXT, NONE, PEDANTIC, PG, PrismaWorld, Setup,
};

/// Compound and named keys, a model without an id, names that differ, a field and a model that the client does not
/// have.
const MODELS: &str = "
model Pair {
  left  Int @map(\"l\")
  right String
  note  String?
  @@id([left, right], name: \"both\")
  @@map(\"pairs\")
}
model Plain {
  a Int
  b Int
  v String?
  @@id([a, b])
}
model Code {
  code   String @unique
  secret String? @ignore
  at     DateTime @updatedAt
}
model Hidden {
  id Int @id
  v  String?
  @@ignore
}
model Node {
  id     Int    @id @default(autoincrement())
  parent Int?
  up     Node?  @relation(\"tree\", fields: [parent], references: [id])
  below  Node[] @relation(\"tree\")
}
";

const TABLES: [&str; 5] = ["pairs", "Plain", "Code", "Hidden", "Node"];

/// The tables, but for the types of a moment and of a counting key.
const SQL: &str = "
CREATE TABLE pairs (l INTEGER NOT NULL, \"right\" TEXT NOT NULL, note TEXT, PRIMARY KEY (l, \"right\"));
CREATE TABLE \"Plain\" (a INTEGER NOT NULL, b INTEGER NOT NULL, v TEXT, PRIMARY KEY (a, b));
CREATE TABLE \"Code\" (code TEXT NOT NULL, secret TEXT, at MOMENT NOT NULL); CREATE UNIQUE INDEX code_key ON \"Code\" (code);
CREATE TABLE \"Hidden\" (id INTEGER NOT NULL PRIMARY KEY, v TEXT);
CREATE TABLE \"Node\" (id COUNTING, parent INTEGER REFERENCES \"Node\" (id) ON DELETE SET NULL);
INSERT INTO pairs VALUES (1, 'a', 'x'), (1, 'b', NULL); INSERT INTO \"Plain\" VALUES (1, 2, 'v'), (3, 4, NULL);
INSERT INTO \"Code\" VALUES ('k', 's', '2026-01-01T10:00:00.123+00:00'), ('m', NULL, '2026-01-01T10:00:00.123+00:00');
INSERT INTO \"Hidden\" VALUES (1, 'h'); INSERT INTO \"Node\" VALUES (9, NULL), (3, 9), (1, 3), (20, 1);";

const DAMAGE: &str = "UPDATE pairs SET note = 'y'; DELETE FROM \"Plain\"; DELETE FROM \"Hidden\"; DELETE FROM \"Node\";
UPDATE \"Code\" SET secret = 'other', at = '2020-01-01T10:00:00.123+00:00';";

const BUNDLER: &str = "\"module\":\"esnext\",\"moduleResolution\":\"bundler\",\"target\":\"es2022\",\"isolatedModules\":true,\"jsx\":\"preserve\"";
const COMMON_JS: &str =
    "\"module\":\"commonjs\",\"moduleResolution\":\"node10\",\"target\":\"es2020\",\"esModuleInterop\":true";

/// How projects with such a client compile, by what `package.json` says their files are. A client that is an ECMAScript
/// module compiles in no CommonJS project, and the other way round; so Prisma makes the one that fits.
fn modules(generator: Generator) -> &'static [(&'static str, &'static [&'static str])] {
    match generator {
        Generator::New => &[("module", &[NODE_NEXT]), ("commonjs", &[BUNDLER])],
        Generator::NewCommonJs => &[("commonjs", &[NODE_NEXT, COMMON_JS])],
        Generator::Js | Generator::JsOutput => {
            &[("module", &[BUNDLER, NODE_NEXT]), ("commonjs", &[NODE_NEXT, COMMON_JS])]
        }
    }
}

/// A database with the tables, and a project whose client reaches it, with an export for each driver adapter.
struct Shop {
    world: PrismaWorld,
    database: Database,
    /// Adapter, and the folder with the scripts for it.
    exports: Vec<(&'static str, String)>,
}

impl Shop {
    fn new(major: u32, generator: Generator, adapters: &[&'static str]) -> Shop {
        let setup = Setup { major, generator, adapter: adapters[0] };
        let (world, database) = PrismaWorld::with_database(setup, MODELS);
        let (moment, counting) = match &database {
            Database::Postgres(_) => ("TIMESTAMP(3)", "SERIAL PRIMARY KEY"),
            Database::Sqlite(_) => ("DATETIME", "INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT"),
        };
        database.execute(&SQL.replace("MOMENT", moment).replace("COUNTING", counting));
        world.export(&TABLES);
        let exports = adapters.iter().map(|&adapter| (adapter, format!("scripts/{}", &adapter["@prisma/".len()..])));
        let exports: Vec<_> = exports.collect();
        for (adapter, folder) in &exports {
            world.export_for(adapter, folder);
            let script = std::fs::read_to_string(world.script_in(folder, "pairs")).unwrap();
            assert!(script.contains(&format!("import('{adapter}')")), "{script}");
        }
        Shop { world, database, exports }
    }

    /// Each adapter's script for a table.
    fn runs_dry(&self) {
        for (adapter, folder) in &self.exports {
            let said = self.world.run_all_in(folder, &["pairs"], &[]);
            assert!(said.contains("2 unchanged (by prisma.pair.upsert)"), "{adapter}: {said}");
        }
    }

    /// Damages the tables and restores them, by each adapter.
    fn restores(&self) {
        let before = self.database.rows(&TABLES);
        for (adapter, folder) in &self.exports {
            self.database.execute(DAMAGE);
            let run = self.world.run_all_in(folder, &TABLES, &["--restore"]);
            assert_eq!(run.matches(".upsert, ").count(), 3, "{run}");
            assert_eq!(run.matches("by bulk, ").count(), 2, "what the client lacks goes in bulk: {run}");
            assert_eq!(self.database.differences(&TABLES, &before), Vec::<String>::new(), "{adapter}: {run}");
            self.database.execute("INSERT INTO \"Node\" (parent) VALUES (NULL); DELETE FROM \"Node\" WHERE id > 20");
        }
    }
}

/// One client for each of these databases, with these adapters, in all kinds of projects.
fn works_with(major: u32, generator: Generator, databases: &[&[&'static str]]) {
    let shops: Vec<Shop> = databases.iter().map(|adapters| Shop::new(major, generator, adapters)).collect();
    let (first, others) = shops.split_first().unwrap();
    // Compiled together: a script's types are those of the packages, whatever the client's database.
    for shop in others {
        for script in TABLES.map(|table| shop.world.script_in(&shop.exports[0].1, table)) {
            std::fs::copy(&script, first.world.script_in(BACKUPS, "pairs").with_file_name(script.file_name().unwrap()))
                .unwrap();
        }
    }
    for (kind, settings) in modules(generator) {
        for shop in &shops {
            shop.world.files_are(kind);
        }
        for settings in *settings {
            let compiled = first.world.tsc_of(typescript(major, generator, settings), settings);
            assert_eq!(compiled.code(), Some(0), "{major} {generator:?} {kind} {settings}: {compiled}");
        }
        for shop in &shops {
            shop.runs_dry();
        }
    }
    for shop in &shops {
        shop.restores();
    }
}

/// Which packages' TypeScript compiles: TypeScript 7, which is many times as fast, and 5 where the old way of finding
/// modules is asked for, which ended with 6, and for a bundler beside the new generator of Prisma 6.
fn typescript(major: u32, generator: Generator, settings: &str) -> u32 {
    let is_old = settings.contains("node10") || (major, generator, settings) == (6, Generator::New, BUNDLER);
    if is_old { 6 } else { 7 }
}

#[test]
fn prisma_7_new() {
    works_with(7, Generator::New, &[&[LIBSQL]]);
}

/// The scripts for a client with Prisma's own engine, which cannot be had here: compiled, and run as far as the engine.
fn compiles(major: u32, generator: Generator) {
    let setup = Setup { major, generator, adapter: NONE };
    let world = PrismaWorld::new(setup, MODELS, "file:./dev.db");
    // Such an engine takes relative paths from the schema's folder.
    let database = Database::Sqlite(world.path().join("prisma/dev.db"));
    let counting = "INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT";
    database.execute(&SQL.replace("MOMENT", "DATETIME").replace("COUNTING", counting));
    world.export(&TABLES);
    for (kind, settings) in modules(generator) {
        world.files_are(kind);
        for settings in *settings {
            let compiled = world.tsc_of(typescript(major, generator, settings), &format!("{settings},{PEDANTIC}"));
            assert_eq!(compiled.code(), Some(0), "{setup:?} {kind} {settings}: {compiled}");
        }
    }
    let said = world.refused("pairs", &["--restore"]);
    assert!(said.starts_with("Nothing was changed: ") && !said.contains("    at "), "{setup:?}: {said}");
}

/// Only in `tests/run --long`.
mod long {
    use super::*;

    /// With all adapters.
    fn works(major: u32, generator: Generator) {
        works_with(major, generator, &[&[LIBSQL, BETTER_SQLITE3], &[PG]]);
    }

    #[test]
    fn prisma_7_new() {
        works(7, Generator::New);
    }

    #[test]
    fn prisma_6_js() {
        works(6, Generator::Js);
    }

    #[test]
    fn prisma_5_js() {
        compiles(5, Generator::Js);
    }

    #[test]
    fn prisma_6_js_with_its_own_engine() {
        compiles(6, Generator::JsOutput);
    }

    #[test]
    fn prisma_7_js_with_output() {
        works(7, Generator::JsOutput);
    }

    #[test]
    fn prisma_7_new_in_commonjs() {
        works(7, Generator::NewCommonJs);
    }

    #[test]
    fn prisma_7_js() {
        works(7, Generator::Js);
    }

    #[test]
    fn prisma_6_new() {
        works(6, Generator::New);
    }

    #[test]
    fn prisma_6_new_in_commonjs() {
        works(6, Generator::NewCommonJs);
    }

    #[test]
    fn prisma_6_js_with_output() {
        works(6, Generator::JsOutput);
    }

    #[test]
    fn prisma_5_js_with_output() {
        compiles(5, Generator::JsOutput);
    }
}
