//! A script that deletes orphans, with a real Prisma client: what it would do is told, it runs between two snapshots, and
//! what it deleted comes back.

use super::script_database::Database;
use super::script_project::{Generator, LIBSQL, PG, PrismaWorld, Setup};
use crate::support::files::project;
use crate::support::process::Run;
use serde_json::Value;

/// A favorite's mod is known to Prisma alone, so that it can be gone.
const MODELS: &str = r#"
model Mod {
  id    Int    @id
  title String

  @@map("mods")
}

model Favorite {
  id    Int     @id
  modId Int     @map("mod_id")
  note  String?

  @@map("favorites")
}
"#;

/// 50 mods, and 1,234 favorites of which 156 are of mods that are not there.
const ROWS: &str = "
    CREATE TABLE mods (id INTEGER PRIMARY KEY, title TEXT NOT NULL);
    CREATE TABLE favorites (id INTEGER PRIMARY KEY, mod_id INTEGER NOT NULL, note TEXT);
    INSERT INTO mods WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50)
      SELECT i, 'Mod ' || i FROM n;
    INSERT INTO favorites WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1234)
      SELECT i, CASE WHEN i <= 156 THEN 1000 + i ELSE i % 50 + 1 END, 'note ' || i FROM n";

const SCRIPT: &str = r#"
import 'dotenv/config';
import { PrismaClient } from '../generated/client/client.js';
import { @ADAPTER@ } from '@PACKAGE@';

const prisma = new PrismaClient({ adapter: new @ADAPTER@(@OPTIONS@) });

async function main() {
  const mods = await prisma.mod.findMany({ select: { id: true } });
  const orphans = { modId: { notIn: mods.map((mod) => mod.id) } };
  if (!process.argv.includes('--fix')) {
    console.log(`Would delete ${await prisma.favorite.count({ where: orphans })} orphan records.`);
    return;
  }
  const { count } = await prisma.favorite.deleteMany({ where: orphans });
  console.log(`Deleted ${count} orphan records.`);
}

main().finally(() => prisma.$disconnect());
"#;

const PATH: &str = "scripts/delete-orphan-favorites.ts";

fn json(run: &Run) -> Value {
    serde_json::from_str(run.stdout()).unwrap_or_else(|error| panic!("{error}: {run}"))
}

/// From the question whether the script is dangerous to the rows that are back.
fn deletes_orphans_and_takes_it_back(world: &PrismaWorld, database: &Database) {
    database.execute(ROWS);
    let before = database.rows(&["mods", "favorites"]);
    let tsx = project("tests/prisma/7/node_modules/.bin/tsx");
    let script = |words: &[&str], options: &[&str]| {
        let run = world.project.dbsnap(["run"]).args(words).arg("--").arg(&tsx).arg(PATH).args(options);
        run.env("TMPDIR", std::env::temp_dir()).env("DOTENV_CONFIG_QUIET", "true").run()
    };

    let check = world.project.dbsnap(["check", PATH, "--exit-code", "--json"]).run();
    let told = json(&check);
    assert_eq!((check.code(), &told["verdict"]), (Some(1), &"destructive".into()), "{check}");
    assert_eq!(told["tables"], serde_json::json!(["favorites"]), "{check}");

    // without --fix nothing is deleted, and the report says that
    let dry = script(&["favorites"], &[]).success();
    assert_eq!(dry.stdout(), "Would delete 156 orphan records.\n", "{dry}");
    assert_eq!(database.rows(&["mods", "favorites"]), before);

    let run = script(&["favorites"], &["--fix"]).success();
    assert_eq!(run.stdout(), "Deleted 156 orphan records.\n", "{run}");
    assert!(run.stderr().contains("favorites: -156\n"), "{run}");
    assert_eq!(database.ask("SELECT count(*) FROM favorites"), "1078");
    let log = json(&world.project.dbsnap(["log", "--json"]).run().success());
    let tables: Vec<&Value> =
        log["snapshots"].as_array().unwrap().iter().map(|one| &one["tables"][0]["table"]).collect();
    assert!(tables.len() >= 2 && tables.iter().all(|name| **name == "favorites"), "{log}");

    // somebody makes one of them again, and changes another row
    database
        .execute("INSERT INTO favorites VALUES (7, 3, 'mine'); UPDATE favorites SET note = 'later' WHERE id = 1000");
    let undone = world.project.dbsnap(["undo", "-y", "--json"]).run();
    let told = json(&undone);
    assert_eq!(undone.code(), Some(3), "{undone}");
    assert_eq!(told["tables"][0]["insert"], 155, "{undone}");
    let conflicts = told["conflicts"].as_array().unwrap();
    assert_eq!((conflicts.len(), &conflicts[0]["key"]), (1, &"7".into()), "{undone}");
    assert_eq!(database.ask("SELECT count(*) FROM favorites"), "1234");
    assert_eq!(database.ask("SELECT note FROM favorites WHERE id = 7"), "mine");
    assert_eq!(database.ask("SELECT note FROM favorites WHERE id = 1000"), "later");
    database.execute("UPDATE favorites SET note = 'note 1000' WHERE id = 1000");
    database.execute("UPDATE favorites SET note = 'note 7', mod_id = 1007 WHERE id = 7");
    assert_eq!(database.rows(&["mods", "favorites"]), before);
}

fn orphans_come_back(adapter: &'static str, class: &str, options: &str) {
    let setup = Setup { major: 7, generator: Generator::New, adapter };
    let (world, database) = PrismaWorld::with_database(setup, MODELS);
    let script = SCRIPT.replace("@ADAPTER@", class).replace("@PACKAGE@", adapter).replace("@OPTIONS@", options);
    world.project.write(PATH, script);
    deletes_orphans_and_takes_it_back(&world, &database);
}

#[test]
fn orphans_that_a_script_deleted_come_back() {
    orphans_come_back(PG, "PrismaPg", "{ connectionString: process.env.DATABASE_URL }");
}

/// Only in `tests/run --long`.
mod long {
    use super::*;

    #[test]
    fn orphans_that_a_script_deleted_come_back_on_sqlite() {
        orphans_come_back(LIBSQL, "PrismaLibSql", "{ url: process.env.DATABASE_URL! }");
    }
}
