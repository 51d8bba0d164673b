//! Lists of migrations of other tools: not part of `--all`, and set back by no restore that does not name them.

use super::Shop;
use crate::support::place::Place;
use serde_json::Value;

fn tables(report: &Value) -> Vec<&str> {
    report["tables"].as_array().unwrap().iter().map(|table| table["table"].as_str().unwrap()).collect()
}

#[test]
fn lists_of_migrations_stay() {
    let shop = Shop::without_store();
    shop.sql(
        "DROP TABLE mod_tags; DROP TABLE facet_definitions;
         CREATE TABLE knex_migrations (id INTEGER PRIMARY KEY, name TEXT, batch INTEGER, migration_time DATETIME);
         CREATE TABLE knex_migrations_lock (\"index\" INTEGER PRIMARY KEY, is_locked INTEGER);
         CREATE TABLE django_migrations (id INTEGER PRIMARY KEY, app TEXT, name TEXT, applied DATETIME);
         CREATE TABLE migrations (id INTEGER PRIMARY KEY, bird TEXT, destination TEXT);
         INSERT INTO knex_migrations VALUES (1, 'one', 1, 0); INSERT INTO migrations VALUES (1, 'stork', 'Mali');",
    );
    shop.dbsnap(["init"]).run().success();
    let json = |args: &[&str]| -> Value { serde_json::from_str(shop.dbsnap(args).run().success().stdout()).unwrap() };
    let run = shop.dbsnap(["snap", "--all", "--json"]).run().success();
    let taken: Value = serde_json::from_str(run.stdout()).unwrap();
    assert_eq!(tables(&taken), ["authors", "migrations", "mods"]);
    assert!(
        run.stderr().contains("knex_migrations (Knex)") && run.stderr().contains("django_migrations (Django)"),
        "{run}"
    );

    // One that was snapshotted by its name is restored by its name only.
    json(&["snap", "mods", "knex_migrations", "--json"]);
    shop.sql("INSERT INTO knex_migrations VALUES (2, 'two', 1, 0); DELETE FROM mods");
    let restored = json(&["restore", "latest", "--mode", "exact", "-y", "--json"]);
    assert_eq!(tables(&restored), ["mods"]);
    assert!(restored["leftOut"].as_str().unwrap().contains("knex_migrations (Knex)"), "{restored}");
    let named = json(&["restore", "latest", "knex_migrations", "--mode", "exact", "-y", "--json"]);
    assert_eq!((tables(&named), &named["tables"][0]["delete"]), (vec!["knex_migrations"], &Value::from(1)));
    // What was there comes back whole.
    let undone = json(&["undo", "-y", "--json"]);
    assert_eq!((tables(&undone), &undone["tables"][0]["insert"]), (vec!["knex_migrations"], &Value::from(1)));
}

#[test]
fn lists_of_migrations_of_postgres() {
    let place = Place::superuser();
    place.sql(
        "CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint);
         CREATE SCHEMA supabase_migrations;
         CREATE TABLE supabase_migrations.schema_migrations (version text PRIMARY KEY, statements text[], name text);
         CREATE TABLE schema_migrations (version varchar PRIMARY KEY); CREATE TABLE flyway_schema_history (installed_rank int PRIMARY KEY,
           version text, description text, type text, script text, checksum int, installed_by text, installed_on timestamp, execution_time int, success bool);
         CREATE TABLE \"SequelizeMeta\" (name text PRIMARY KEY); CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
         CREATE TABLE fine (id int PRIMARY KEY); CREATE TABLE pgmigrations (id int PRIMARY KEY, year int);",
    );
    let taken = place.round.json(&["snap", "--all"]);
    assert_eq!(tables(&taken), ["fine", "pgmigrations"]);
    let listed = place.round.json(&["tables"]);
    let notes = |note: &str| {
        listed["tables"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|table| table["note"].as_str().is_some_and(|text| text.contains(note)))
            .count()
    };
    assert_eq!(notes("list of migrations"), 6);
}
