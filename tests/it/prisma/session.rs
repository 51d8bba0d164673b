//! The plan's example session and invocations, typed as commands, in a project of the plan's ten models: its report,
//! its files field for field, its success criteria and its clean-up policy.

use super::script_project::{BUNDLER, Generator, LIBSQL, NODE_NEXT, PEDANTIC, PG, PrismaWorld, Setup};
use crate::support::files::{project, text};
use crate::support::postgres::PgServer;
use crate::support::redact::redact;
use rusqlite::Connection;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

/// As many mods as in the plan; `each` says how a row is made of `n`.
fn rows(numbers: &str, key: &str, tags: &str) -> String {
    format!(
        "INSERT INTO mods (id, title, slug, content_type, file_size, tags, created_at, updated_at)
           SELECT {key}, 'Mod ' || n, 'mod-' || n, CASE n % 40 WHEN 0 THEN 'furniture' ELSE 'decor' END, n * 1000, '{tags}',
             '2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z' FROM {numbers};
         INSERT INTO facet_definitions (id, facet_type, value, label, aliases, rules, created_at, updated_at)
           SELECT 'fd' || n, 'style', 'v' || n, 'Label', '{tags}', '{{}}', '2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z' FROM {numbers} WHERE n <= 12"
    )
}

/// A project of the plan, and how its database is asked.
struct Plan<'p> {
    world: PrismaWorld,
    /// How it is compiled.
    settings: String,
    sql: &'p dyn Fn(&str) -> String,
}

impl Plan<'_> {
    fn dir(&self) -> PathBuf {
        self.world.path().join("scripts/backups")
    }

    /// Runs `dbsnap`; what it printed, redacted: the database too, and the number of a backup within its second.
    fn says(&self, args: &[&str]) -> String {
        let run = self.world.project.dbsnap(args).run().success();
        let shown = redact(&run.to_string(), self.world.path());
        let shown = (2..=9).fold(shown, |shown, number| {
            let stems = [format!("_mods_{number}"), format!("_facet_definitions_{number}")];
            stems.iter().fold(shown, |shown, stem| shown.replace(stem.as_str(), &stem[..stem.len() - 2]))
        });
        let line = |line: &str| match line.split_once(" (from DATABASE_URL in .env)") {
            Some(_) => "[DATABASE] (from DATABASE_URL in .env)".to_owned(),
            None => without_sum(without_sum(line.to_owned(), "blake3:"), "sha256:"),
        };
        shown.lines().map(line).collect::<Vec<_>>().join("\n")
    }

    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.dir()).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The file of the directory that ends so.
    fn file(&self, ending: &str) -> String {
        self.files().into_iter().find(|name| name.ends_with(ending)).unwrap()
    }

    /// The entries of `backup_manifest.json`.
    fn entries(&self) -> Vec<Value> {
        let list: Value = serde_json::from_str(&text(&self.dir().join("backup_manifest.json"))).unwrap();
        list["backups"].as_array().unwrap().clone()
    }
}

/// A line without the digits of a root or a checksum: they are of what the engine holds.
fn without_sum(mut line: String, name: &str) -> String {
    if let Some(at) = line.find(name) {
        line.replace_range(at + name.len()..at + name.len() + 12, "[SUM]");
    }
    line
}

fn session(plan: &Plan<'_>) {
    let sql = plan.sql;
    insta::assert_snapshot!(
        plan.says(&["snap", "mods", "-m", "Before fc-002 gender cleanup script", "--export"]), @r"
    exit 0
    --- stdout
    Request: Before fc-002 gender cleanup script
    [DATABASE] (from DATABASE_URL in .env)

    Analyzing table: mods
    - Total records: 5,432
    - Estimated size: ~[SIZE] before compression
    - Backup strategy: Full (< 10K rows)

    Creating backup...
    - Fetching records: 5,432 / 5,432
    - Writing to: scripts/backups/backup_[TIME]_mods.json
    - Generating restore script: backup_[TIME]_mods_restore.ts

    Verification:
    - Source count: 5,432
    - Backup count: 5,432
    - Hash: blake3:[SUM]...
    - Checksum: sha256:[SUM]...

    Backup complete! Snapshot [ID]: 5,432 rows ([SIZE]) in [DURATION]; the store grew by [SIZE].

    Files created:
    - scripts/backups/backup_[TIME]_mods.json ([SIZE])
    - scripts/backups/backup_[TIME]_mods_restore.ts
    - scripts/backups/backup_manifest.json

    To restore this backup later:
    $ npx tsx scripts/backups/backup_[TIME]_mods_restore.ts --restore
    or
    $ dbsnap restore [ID]

    Not in this snapshot, and deleted or changed by cascade: _CategoryToMod, _CollectionToMod, favorites, reviews.
    --- stderr
    warning: deleting these rows would cascade to _CategoryToMod, _CollectionToMod, favorites, reviews (ON DELETE CASCADE); --cascade includes them
    ");
    // The plan's directory, its backup file and its manifest, field for field and in its order.
    let redacted = |text: &str| redact(text, plan.world.path());
    insta::assert_snapshot!(redacted(&plan.files().join("\n")), @r"
    .gitignore
    backup_[TIME]_mods.json
    backup_[TIME]_mods_restore.ts
    backup_manifest.json
    dbsnap-restore.ts
    ");
    let (json, script) = (plan.file("_mods.json"), plan.file("_mods_restore.ts"));
    let written = text(&plan.dir().join(&json));
    insta::assert_snapshot!(redacted(&written.lines().take(8).collect::<Vec<_>>().join("\n")), @r#"
    {
      "metadata": {
        "table": "mods",
        "createdAt": "[TIME]",
        "recordCount": 5432,
        "schemaVersion": "[ID]_migration",
        "filterApplied": null,
        "checksum": "sha256:[HASH]",
    "#);
    let read: Value = serde_json::from_str(&written).unwrap();
    assert_eq!(read["metadata"]["schemaVersion"], "20260120_migration");
    let data = read["data"].as_array().unwrap();
    assert_eq!(data.len().to_string(), (plan.sql)("SELECT count(*) FROM mods"));
    assert_eq!((data[39]["id"].as_str(), data[39]["contentType"].as_str()), (Some("clx00040"), Some("furniture")));
    let listed = text(&plan.dir().join("backup_manifest.json"));
    insta::assert_snapshot!(redacted(&listed.replace(&format!(": {},", written.len()), ": [BYTES],")), @r#"
    {
      "version": 1,
      "backups": [
        {
          "id": "backup_[TIME]_mods",
          "table": "mods",
          "createdAt": "[TIME]",
          "recordCount": 5432,
          "filePath": "backup_[TIME]_mods.json",
          "restorePath": "backup_[TIME]_mods_restore.ts",
          "sizeBytes": [BYTES],
          "reason": "Before fc-002 gender cleanup script",
          "status": "valid"
        }
      ],
      "retention": {
        "maxBackupsPerTable": 5,
        "maxAgeDays": 30
      }
    }
    "#);
    let compiled = plan.world.tsc(&plan.settings);
    assert_eq!(compiled.code(), Some(0), "{compiled}");

    // The destructive script, and the way back that the report names.
    let all = "SELECT count(*) || ' ' || sum(file_size) || ' ' || min(title) || max(title) FROM mods";
    let before = sql(all);
    sql("DELETE FROM mods WHERE content_type = 'furniture'");
    sql("UPDATE mods SET title = 'gone' WHERE id = 'clx00001'");
    let restored = plan.world.tsx(&plan.dir().join(&script), &["--restore"]).run().success();
    assert!(restored.stdout().contains("135 created, 1 updated, 5296 unchanged, 0 failed"), "{restored}");
    assert_eq!(sql(all), before);

    // "Backup all mods where contentType = 'furniture'"
    let filtered = plan.says(&["snap", "mods", "--where", "contentType = 'furniture'", "--export"]);
    assert!(filtered.contains("- Filter: contentType = 'furniture'\n- Total records: 135\n"), "{filtered}");
    let newest = plan.entries().remove(1);
    let file = text(&plan.dir().join(newest["filePath"].as_str().unwrap()));
    assert!(file.contains("\"filterApplied\": \"contentType = 'furniture'\""), "{}", &file[..600]);
    assert_eq!(newest["recordCount"], 135);

    // "Backup mods and facet_definitions tables"
    let both = plan.says(&["snap", "mods", "facet_definitions", "--export"]);
    let (_, shown) = both.split_once("Creating backup...").unwrap();
    let (shown, _) = shown.split_once("\n--- stderr").unwrap();
    insta::assert_snapshot!(shown, @r"

    - Fetching records: 5,432 / 5,432
    - Writing to: scripts/backups/backup_[TIME]_mods.json
    - Generating restore script: backup_[TIME]_mods_restore.ts
    - Fetching records: 12 / 12
    - Writing to: scripts/backups/backup_[TIME]_facet_definitions.json
    - Generating restore script: backup_[TIME]_facet_definitions_restore.ts

    Verification:
    - mods               5,432 of 5,432  blake3:[SUM]...  sha256:[SUM]...
    - facet_definitions        12 of 12  blake3:[SUM]...  sha256:[SUM]...

    Backup complete! Snapshot [ID]: 5,444 rows ([SIZE]) in [DURATION]; the store grew by [SIZE].

    Files created:
    - scripts/backups/backup_[TIME]_mods.json ([SIZE])
    - scripts/backups/backup_[TIME]_mods_restore.ts
    - scripts/backups/backup_[TIME]_facet_definitions.json ([SIZE])
    - scripts/backups/backup_[TIME]_facet_definitions_restore.ts
    - scripts/backups/backup_manifest.json

    To restore this backup later:
    $ dbsnap restore [ID]

    Not in this snapshot, and deleted or changed by cascade: _CategoryToMod, _CollectionToMod, favorites, reviews.
    ");

    // "List all available backups"
    insta::assert_snapshot!(plan.says(&["log", "--oneline"]), @r"
    exit 0
    --- stdout
    [ID] snapshot of mods and facet_definitions
    [ID] snapshot of mods
    [ID] Before fc-002 gender cleanup script
    ");

    // "Restore mods from backup_20260124_103000_mods.json"
    sql("DELETE FROM mods");
    let restored = plan.says(&["restore", &json, "mods", "-y"]);
    assert!(restored.contains("mods: 5,432 insert, 0 update, 0 delete, 0 unchanged"), "{restored}");
    assert_eq!(sql(all), before);

    // "Clean up old backups": five of a table are kept, and none but the newest that is older than thirty days (here:
    // than none).
    for number in 1..=6 {
        plan.says(&["snap", "User", "--export", "-m", &number.to_string()]);
    }
    let count = || plan.files().iter().filter(|name| name.contains("_users")).count();
    let listed = || plan.entries().iter().filter(|entry| entry["table"] == "users").count();
    assert_eq!((count(), listed()), (12, 6));
    plan.says(&["gc"]);
    assert_eq!((count(), listed()), (10, 5));
    plan.says(&["gc", "--days", "0"]);
    assert_eq!((count(), listed()), (2, 1));
    plan.says(&["verify"]);
}

fn models(engine: &str) -> String {
    text(&project(&format!("tests/fixtures/prisma/catalogue-{engine}.prisma")))
}

#[test]
fn on_sqlite() {
    let setup = Setup { major: 7, generator: Generator::JsOutput, adapter: LIBSQL };
    let world = PrismaWorld::new(setup, &models("sqlite"), "file:./dev.db");
    world.project.write("prisma/migrations/20260120_migration/migration.sql", "");
    let path = world.path().join("dev.db");
    let ask = |sql: &str| {
        let connection = Connection::open(&path).unwrap();
        connection.pragma_update(None, "foreign_keys", true).unwrap();
        if !sql.starts_with("SELECT") {
            connection.execute_batch(sql).unwrap();
            return String::new();
        }
        let value: rusqlite::types::Value = connection.query_row(sql, [], |row| row.get(0)).unwrap();
        match value {
            rusqlite::types::Value::Integer(number) => number.to_string(),
            rusqlite::types::Value::Text(text) => text,
            other => panic!("{other:?}"),
        }
    };
    ask(&text(&project("tests/it/prisma/sql/catalogue-sqlite.sql")));
    let numbers = "(WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < 5432) SELECT n FROM g)";
    ask(&rows(numbers, "printf('clx%05d', n)", "[\"sims\"]"));
    session(&Plan { world, settings: format!("{NODE_NEXT},{PEDANTIC}"), sql: &ask });
}

/// Only in `tests/run --long`.
mod long {
    use super::*;

    #[test]
    fn on_postgresql() {
        let db = PgServer::shared().database();
        db.sql(&text(&project("tests/it/prisma/sql/catalogue-postgresql.sql")));
        db.sql(&rows("generate_series(1, 5432) AS n", "'clx' || lpad(n::text, 5, '0')", "{sims}"));
        let setup = Setup { major: 7, generator: Generator::New, adapter: PG };
        let world = PrismaWorld::new(setup, &models("postgresql"), &db.url());
        world.project.write("prisma/migrations/20260120_migration/migration.sql", "");
        session(&Plan { world, settings: BUNDLER.to_owned(), sql: &|sql| db.sql(sql) });
    }
}
