//! Every set-up that a project can have: compiled strictly under each module system, and run.

use super::script_project::{BETTER_SQLITE3, BUNDLER, Generator, LIBSQL, PrismaWorld, Setup};
use crate::source::files::project;
use crate::support::process::Project;
use dbsnap::prisma::{Adapter, ScriptOptions, restore_script};
use rusqlite::Connection;

/// Compound and named keys, a model without an id, names that differ, a field and a model that the client does not have.
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

const TABLES: &str = "
CREATE TABLE pairs (l INTEGER NOT NULL, right TEXT NOT NULL, note TEXT, PRIMARY KEY (l, right));
CREATE TABLE Plain (a INTEGER NOT NULL, b INTEGER NOT NULL, v TEXT, PRIMARY KEY (a, b));
CREATE TABLE Code (code TEXT NOT NULL, secret TEXT, at DATETIME NOT NULL); CREATE UNIQUE INDEX code_key ON Code (code);
CREATE TABLE Hidden (id INTEGER NOT NULL PRIMARY KEY, v TEXT);
CREATE TABLE Node (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, parent INTEGER REFERENCES Node (id) ON DELETE SET NULL);
INSERT INTO pairs VALUES (1, 'a', 'x'), (1, 'b', NULL); INSERT INTO Plain VALUES (1, 2, 'v'), (3, 4, NULL);
INSERT INTO Code VALUES ('k', 's', '2026-01-01T10:00:00.123+00:00'), ('m', NULL, '2026-01-01T10:00:00.123+00:00');
INSERT INTO Hidden VALUES (1, 'h'); INSERT INTO Node VALUES (9, NULL), (3, 9), (1, 3), (20, 1);
CREATE TABLE kept AS SELECT 'pairs' AS t, l || right || quote(note) AS v FROM pairs UNION ALL SELECT 'Plain', a || b || quote(v) FROM Plain
  UNION ALL SELECT 'Code', code || quote(secret) || at FROM Code UNION ALL SELECT 'Hidden', id || v FROM Hidden UNION ALL SELECT 'Node', id || quote(parent) FROM Node;";

const DAMAGE: &str = "UPDATE pairs SET note = 'y'; DELETE FROM Plain; UPDATE Code SET secret = 'other', at = '2020-01-01T10:00:00.123+00:00'; DELETE FROM Hidden; DELETE FROM Node;";

const LEFT: &str = "SELECT count(*) FROM (SELECT * FROM kept EXCEPT SELECT * FROM (SELECT 'pairs' AS t, l || right || quote(note) AS v FROM pairs
  UNION ALL SELECT 'Plain', a || b || quote(v) FROM Plain UNION ALL SELECT 'Code', code || quote(secret) || at FROM Code
  UNION ALL SELECT 'Hidden', id || v FROM Hidden UNION ALL SELECT 'Node', id || quote(parent) FROM Node))";

/// How each kind of project compiles; `package.json` says whether its files are modules.
const MODULES: [(&str, bool); 4] = [
    (BUNDLER, false),
    ("\"module\":\"nodenext\",\"target\":\"es2022\"", true),
    ("\"module\":\"nodenext\",\"target\":\"es2022\"", false),
    ("\"module\":\"commonjs\",\"moduleResolution\":\"node10\",\"target\":\"es2020\",\"esModuleInterop\":true", false),
];

/// Which of these a generator's client is tried in. The new kind is itself a module and uses what CommonJS does not have.
fn tried(generator: Generator) -> &'static [usize] {
    match generator {
        Generator::New => &[0, 1],
        Generator::Js => &[1, 2, 3],
        Generator::JsOutput => &[1, 3],
    }
}

fn works(setup: Setup) {
    let world = PrismaWorld::new(setup, MODELS, "file:./dev.db");
    let execute = |sql: &str| Connection::open(world.path().join("dev.db")).unwrap().execute_batch(sql).unwrap();
    execute(TABLES);
    world.export(&["pairs", "Plain", "Code", "Hidden", "Node"]);
    let script = std::fs::read_to_string(world.script("pairs")).unwrap();
    assert!(script.contains(&format!("import('{}')", setup.adapter)), "{script}");
    let package = std::fs::read_to_string(world.path().join("package.json")).unwrap();
    for (settings, is_module) in tried(setup.generator).iter().map(|&at| MODULES[at]) {
        let kind = if is_module { "module" } else { "commonjs" };
        world.project.write("package.json", package.replacen('{', &format!("{{\"type\":\"{kind}\","), 1));
        let compiled = world.tsc(settings);
        assert_eq!(compiled.code(), Some(0), "{setup:?} {settings}: {compiled}");
        let dry = world.run("pairs", &[]);
        assert!(dry.contains("2 unchanged (by prisma.pair.upsert)"), "{setup:?} {settings}: {dry}");
    }
    execute(DAMAGE);
    let run = world.run_all(&["pairs", "Plain", "Code", "Hidden", "Node"], &["--restore"]).success();
    assert_eq!(run.stdout().matches(".upsert, ").count(), 3, "{run}");
    assert_eq!(run.stdout().matches("by bulk, ").count(), 2, "what the client lacks goes in bulk: {run}");
    let left: i64 =
        Connection::open(world.path().join("dev.db")).unwrap().query_row(LEFT, [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0, "{run}");
    execute("INSERT INTO Node (parent) VALUES (NULL)");
}

#[test]
fn prisma_7_with_the_new_generator_and_libsql() {
    works(Setup { major: 7, generator: Generator::New, adapter: LIBSQL });
}

#[test]
fn prisma_7_with_the_old_generator_and_better_sqlite3() {
    works(Setup { major: 7, generator: Generator::Js, adapter: BETTER_SQLITE3 });
}

#[test]
fn prisma_6_with_the_old_generator_and_better_sqlite3() {
    works(Setup { major: 6, generator: Generator::JsOutput, adapter: BETTER_SQLITE3 });
}

/// Prisma 5's own engine cannot be had here: its script is compiled.
#[test]
fn prisma_5_compiles() {
    let world = Project::new();
    world.write("a_restore.ts", restore_script(&ScriptOptions { adapter: Adapter::None, ..ScriptOptions::default() }));
    std::os::unix::fs::symlink(project("tests/prisma/5/node_modules"), world.path().join("node_modules")).unwrap();
    let tsc = world.path().join("node_modules/.bin/tsc");
    let plain = world.program(&tsc, ["--noEmit", "--strict", "--skipLibCheck", "a_restore.ts"]).run();
    assert_eq!(plain.code(), Some(0), "{plain}");
    let pedantic = [
        "--noUncheckedIndexedAccess",
        "--exactOptionalPropertyTypes",
        "--noPropertyAccessFromIndexSignature",
        "--noUnusedLocals",
        "--noUnusedParameters",
        "--noImplicitReturns",
        "--isolatedModules",
        "--noImplicitOverride",
        "--useUnknownInCatchVariables",
    ];
    let all =
        world.program(&tsc, ["--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--module", "nodenext"]);
    let all = all.args(pedantic).arg("a_restore.ts").run();
    assert_eq!(all.code(), Some(0), "{all}");
}
