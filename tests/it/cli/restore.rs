//! `dbsnap restore`

use super::{Shop, shown};
use crate::support::postgres::PgServer;
use crate::support::process::Project;
use dbsnap::monitor::{Monitor, Step};
use dbsnap::ops;
use dbsnap::ops::Operation;
use dbsnap::ops::restore::{Mode, RestoreOptions};
use std::sync::Mutex;

/// A snapshot of mods and mod_tags; then one row is gone, one changed, one added.
fn shop() -> Shop {
    let shop = Shop::new();
    shop.snap(["mods", "mod_tags", "-m", "before"]);
    shop.sql(
        "DELETE FROM mod_tags WHERE mod_id = 1; DELETE FROM mods WHERE id = 1; \
         UPDATE mods SET price = 0 WHERE id = 2; INSERT INTO mods VALUES (9, 'New', 1, 'bob')",
    );
    shop
}

fn rows(shop: &Shop, table: &str) -> Vec<String> {
    shop.rows().into_iter().filter(|row| row.starts_with(&format!("{table} "))).collect()
}

#[test]
fn lost_and_changed_rows_come_back() {
    let shop = shop();
    insta::assert_snapshot!(shop.run(["restore", "latest", "-y"]), @r#"
    exit 0
    --- stdout
    Restoring [ID] "before" ([AGO])
    into [DIR]/dev.db  (upsert: keeps rows added since the snapshot)
      mods: 1 insert, 1 update, 0 delete, 1 unchanged, 1 newer row kept
      mod_tags: 2 insert, 0 update, 0 delete, 1 unchanged
    Restore complete. 4 rows written and verified in [DURATION].
    Previous state saved as [ID]. To undo: dbsnap undo
    "#);
    assert_eq!(
        rows(&shop, "mods"),
        ["mods 1 Oak table 4.5 'ann'", "mods 2 Lamp 9.0 'ann'", "mods 3 Rug NULL 'bob'", "mods 9 New 1.0 'bob'"]
    );
    insta::assert_snapshot!(shop.run(["restore", "latest", "-y"]), @r#"
    exit 0
    --- stdout
    Restoring [ID] "before" ([AGO])
    into [DIR]/dev.db  (upsert: keeps rows added since the snapshot)
      mods: 0 insert, 0 update, 0 delete, 3 unchanged, 1 newer row kept
      mod_tags: 0 insert, 0 update, 0 delete, 3 unchanged
    Nothing to do: the rows already match the snapshot.
    "#);
}

#[test]
fn exactly_what_was_and_back_again() {
    let shop = shop();
    let broken = shop.rows();
    let run = shop.dbsnap(["restore", "latest", "--mode", "exact", "-y", "--json"]).run().success();
    insta::assert_snapshot!(shop.rows().join("\n"), @r"
    authors ann Ann
    authors bob Bob
    mods 1 Oak table 4.5 'ann'
    mods 2 Lamp 9.0 'ann'
    mods 3 Rug NULL 'bob'
    mod_tags 1 table
    mod_tags 1 wood
    mod_tags 2 light
    facet_definitions 1 style
    facet_definitions 2 room
    ");
    let report: serde_json::Value = serde_json::from_str(run.stdout()).unwrap();
    insta::assert_snapshot!(shop.run(["log"]), @r"
    exit 0
    --- stdout
    [ID] [AGO] mods, mod_tags  4  +1 ~1 -3  +[SIZE] [safety] before restoring [ID]: before (pinned)
    [ID] [AGO] mods, mod_tags  6  first     +[SIZE] before
    ");
    let safety = report["safety"].as_str().unwrap();
    shop.dbsnap(["restore", safety, "--mode", "exact", "-y"]).run().success();
    assert_eq!(shop.rows(), broken);
}

#[test]
fn only_what_is_missing() {
    let shop = shop();
    insta::assert_snapshot!(shop.run(["restore", "latest", "mods", "--mode", "missing", "-y"]), @r#"
    exit 0
    --- stdout
    Restoring [ID] "before" ([AGO])
    into [DIR]/dev.db  (missing: restores only deleted rows)
      mods: 1 insert, 0 update, 0 delete, 1 unchanged, 2 changed or newer rows kept
    Restore complete. 1 row written and verified in [DURATION].
    Previous state saved as [ID]. To undo: dbsnap undo
    "#);
    assert!(rows(&shop, "mods").contains(&"mods 2 Lamp 0.0 'ann'".to_owned()));
    assert_eq!(rows(&shop, "mod_tags").len(), 1, "another table of the snapshot stays");
}

#[test]
fn a_dry_run_writes_nothing() {
    let shop = shop();
    let before = shop.rows();
    insta::assert_snapshot!(shop.run(["restore", "latest", "--mode", "exact", "--dry-run"]), @r#"
    exit 0
    --- stdout
    Restoring [ID] "before" ([AGO])
    into [DIR]/dev.db  (exact: deletes rows added since the snapshot)
      mods: 1 insert, 1 update, 1 delete, 1 unchanged
      mod_tags: 2 insert, 0 update, 0 delete, 1 unchanged
    [DRY RUN] 5 rows would be written. Nothing was changed.
    "#);
    assert_eq!(shop.rows(), before);
    insta::assert_snapshot!(shop.run(["log", "--oneline"]), @r"
    exit 0
    --- stdout
    [ID] before
    ");
}

/// What is planned and would be refused is not said to be done, and fails as the restore would.
#[test]
fn a_dry_run_of_what_would_be_refused() {
    let shop = Shop::new();
    shop.snap(["authors", "-m", "before"]);
    shop.sql("INSERT INTO authors VALUES ('cat', 'Cat'); INSERT INTO mods VALUES (9, 'New', 1, 'cat')");
    let dry = ["restore", "latest", "--mode", "exact", "--dry-run"];
    insta::assert_snapshot!(shop.refused(dry), @r#"
    exit 4
    --- stdout
    Restoring [ID] "before" ([AGO])
    into [DIR]/dev.db  (exact: deletes rows added since the snapshot)
      authors: 0 insert, 0 update, 1 delete, 2 unchanged
    [DRY RUN] This restore would be refused: this would leave 1 row of mods referring to missing rows of authors; restore those tables together by naming them all; --allow-dangling leaves such rows
    "#);
    let before = shop.rows();
    let refused = shop.dbsnap(["restore", "latest", "--mode", "exact", "-y"]).run();
    assert_eq!(refused.code(), Some(4), "{refused}");
    assert_eq!(shop.rows(), before);
    let run = shop.dbsnap(dry.iter().chain(&["--json"])).run();
    assert!(run.code() == Some(4) && run.stdout().contains("\"dryRun\":true"), "{run}");
}

/// Newer snapshots that have other tables are pointed to, after a restore of all that the snapshot has.
#[test]
fn tables_that_newer_snapshots_have() {
    let shop = Shop::new();
    let first = shop.snap(["mods", "-m", "first"]);
    let note = |args: &[&str]| {
        let run = shop.dbsnap(["restore", "-y"].iter().chain(args)).run().success();
        crate::support::redact::redact(run.stderr(), shop.path())
    };
    assert_eq!(note(&[&first]), "");
    let second = shop.snap(["mods", "mod_tags", "-m", "second"]);
    shop.sql("UPDATE mods SET price = 1");
    insta::assert_snapshot!(note(&[&first]), @"note: this snapshot has only mods; mod_tags is in [ID] (dbsnap restore latest:mod_tags)");
    shop.snap(["authors", "facet_definitions"]);
    insta::assert_snapshot!(note(&[&first]), @"note: this snapshot has only mods; authors is in [ID] (dbsnap restore latest:authors), and 2 other tables in newer snapshots");
    insta::assert_snapshot!(note(&[&second]), @"note: this snapshot has only 2 tables; authors is in [ID] (dbsnap restore latest:authors), and 1 other table in newer snapshots");
    for part in [
        &[&*first, "-q"][..],
        &[&first, "mods"],
        &[&format!("{first}:mods")],
        &[&second, "--exclude", "mods"],
        &["latest"],
        &[&first, "--json"],
    ] {
        assert_eq!(note(part), "", "{part:?}");
    }
}

#[test]
fn nobody_is_there_to_say_yes() {
    let shop = shop();
    let before = shop.rows();
    insta::assert_snapshot!(shop.run(["restore", "latest"]), @r"
    exit 4
    --- stderr
    error: confirmation needed, but stdin is not a terminal
    hint: use --dry-run to see the plan, then -y to apply it
    ");
    assert_eq!(shop.rows(), before);
}

#[test]
fn by_a_file_of_the_export_only_its_table() {
    let shop = shop();
    let run = shop.dbsnap(["export", "latest", "--json"]).run().success();
    let report: serde_json::Value = serde_json::from_str(run.stdout()).unwrap();
    let backup = report["tables"][0]["backup"].as_str().unwrap().to_owned();
    insta::assert_snapshot!(shop.run(["restore", &backup, "--dry-run"]), @r#"
    exit 0
    --- stdout
    Restoring [ID] "before" ([AGO])
    into [DIR]/dev.db  (upsert: keeps rows added since the snapshot)
      mods: 1 insert, 1 update, 0 delete, 1 unchanged, 1 newer row kept
    [DRY RUN] 2 rows would be written. Nothing was changed.
    "#);
    insta::assert_snapshot!(shop.run(["restore", &format!("scripts/backups/{backup}.json"), "-y"]), @r#"
    exit 0
    --- stdout
    Restoring [ID] "before" ([AGO])
    into [DIR]/dev.db  (upsert: keeps rows added since the snapshot)
      mods: 1 insert, 1 update, 0 delete, 1 unchanged, 1 newer row kept
    Restore complete. 2 rows written and verified in [DURATION].
    Previous state saved as [ID]. To undo: dbsnap undo
    "#);
    assert_eq!(rows(&shop, "mod_tags").len(), 1);
}

#[test]
fn guards() {
    let shop = shop();
    std::fs::copy(shop.path().join("dev.db"), shop.path().join("copy.db")).unwrap();
    insta::assert_snapshot!(shop.refused(["restore", "latest", "-y", "--url", "file:./copy.db"]), @r"
    exit 4
    --- stderr
    error: the snapshot is of database dev.db, the target is copy.db
    hint: --other-database allows it
    ");
    shop.dbsnap(["restore", "latest", "-y", "--url", "file:./copy.db", "--other-database"]).run().success();
    let production = shop.dbsnap(["restore", "latest", "-y"]).env("NODE_ENV", "production");
    insta::assert_snapshot!(shop.unchanged(&production), @r"
    exit 4
    --- stderr
    error: NODE_ENV is production
    hint: --production allows it
    ");
    production.arg("--production").run().success();
    insta::assert_snapshot!(shop.refused(["restore", "latest", "authors", "-y"]), @r"
    exit 12
    --- stderr
    error: there is no table 'authors' in snapshot [ID]
    hint: dbsnap tables lists the tables
    ");
}

#[test]
fn a_schema_that_no_longer_takes_the_rows() {
    let shop = shop();
    shop.sql("DROP VIEW cheap; ALTER TABLE mods DROP COLUMN price; ALTER TABLE mods ADD COLUMN size INTEGER NOT NULL DEFAULT 0");
    insta::assert_snapshot!(shop.refused(["restore", "latest", "-y"]), @r"
    exit 4
    --- stderr
    error: the schema of mods has changed since the snapshot:
      column price is gone
    hint: revert the migration, or use --map OLD=NEW for a renamed or retyped column, --ignore-column COLUMN to skip one
    ");
    shop.sql("DROP TABLE mod_tags");
    insta::assert_snapshot!(shop.refused(["restore", "latest:mod_tags", "-y"]), @r"
    exit 12
    --- stderr
    error: there is no table 'mod_tags' in the database any more
    hint: --create makes it again
    ");
}

#[test]
fn rows_of_other_tables_are_not_taken_along_unasked() {
    let shop = shop();
    shop.sql("INSERT INTO mod_tags VALUES (9, 'child')");
    let before = shop.rows();
    let exact = shop.dbsnap(["restore", "latest", "mods", "--mode", "exact", "-y"]);
    insta::assert_snapshot!(shown(&exact.run()), @r"
    exit 4
    --- stderr
    error: this would leave 1 row of mod_tags referring to missing rows of mods
    hint: restore those tables together by naming them all; --allow-dangling leaves such rows
    ");
    assert_eq!(shop.rows(), before);
}

#[test]
fn within_the_filter_of_the_snapshot() {
    let shop = Shop::new();
    shop.snap(["mods", "--where", "price > 5"]);
    shop.sql("INSERT INTO mods VALUES (7, 'dear', 70, 'bob'), (8, 'cheap', 1, 'bob'); DELETE FROM mods WHERE id = 2");
    insta::assert_snapshot!(shop.run(["restore", "latest", "--mode", "exact", "-y"]), @r#"
    exit 0
    --- stdout
    Restoring [ID] "snapshot of mods" ([AGO])
    into [DIR]/dev.db  (exact: deletes rows added since the snapshot)
      mods: 1 insert, 0 update, 1 delete, 0 unchanged, 3 other rows kept
    Restore complete. 2 rows written and verified in [DURATION].
    Previous state saved as [ID]. To undo: dbsnap undo
    "#);
    assert!(rows(&shop, "mods").iter().any(|row| row.contains("cheap")));
    assert!(!rows(&shop, "mods").iter().any(|row| row.contains("dear")));
}

/// A Prisma schema with other names than the tables'.
pub(super) const PRISMA: &str = r#"
datasource db {
  provider = "sqlite"
  url      = env("DATABASE_URL")
}
model Mod {
  id       Int     @id
  title    String
  price    Float?
  authorId String? @map("author_id")
  @@map("mods")
}
model ModTag {
  modId Int    @map("mod_id")
  tag   String
  @@id([modId, tag])
  @@map("mod_tags")
}
"#;

#[test]
fn one_row_by_the_fields_of_its_key() {
    let shop = Shop::new();
    shop.project.write("schema.prisma", PRISMA);
    shop.sql("INSERT INTO mod_tags VALUES (1, 'a,b=c')");
    shop.snap(["mods", "mod_tags", "-m", "before"]);
    shop.sql("DELETE FROM mod_tags");
    let tags = |args: &[&str]| {
        let fixed = ["restore", "latest", "ModTag", "-y"];
        shop.dbsnap(fixed.iter().chain(args)).run().success();
        let found = rows(&shop, "mod_tags").join(", ");
        shop.sql("DELETE FROM mod_tags");
        found
    };
    assert_eq!(tags(&["--key", "modId=1,tag=wood"]), "mod_tags 1 wood");
    assert_eq!(tags(&["--key", "tag=wood,modId=1"]), "mod_tags 1 wood");
    assert_eq!(tags(&["--key", "tag=light", "--key", "mod_id=2"]), "mod_tags 2 light");
    assert_eq!(tags(&["--key", "modId=1,tag=a,b=c"]), "mod_tags 1 a,b=c");
    assert_eq!(tags(&["--key", "tag=a,b=c,modId=1"]), "mod_tags 1 a,b=c");
    shop.sql("DELETE FROM mods");
    shop.dbsnap(["restore", "latest", "Mod", "--key", "id=2", "-y"]).run().success();
    assert_eq!(rows(&shop, "mods"), ["mods 2 Lamp 9.0 'ann'"]);
    insta::assert_snapshot!(shop.refused(["restore", "latest", "ModTag", "-y", "--key", "modId=1"]), @r"
    exit 2
    --- stderr
    error: the key of mod_tags is (mod_id, tag): write --key mod_id=VALUE,tag=VALUE
    ");
    insta::assert_snapshot!(shop.refused(["restore", "latest", "Mod", "-y", "--key", "id=1,id=2"]), @r"
    exit 2
    --- stderr
    error: the key of mods is (id): write --key id=VALUE
    ");
    insta::assert_snapshot!(shop.refused(["restore", "latest", "-y", "--key", "id=1"]), @r"
    exit 2
    --- stderr
    error: a key, --where and --columns go with one table, and 2 are restored
    ");
    insta::assert_snapshot!(shop.refused(["restore", "latest:mods:1", "-y", "--key", "id=1"]), @r"
    exit 2
    --- stderr
    error: the reference names a row already: leave --key out
    ");
}

/// Steps that were announced, each with the rows that it said were done.
#[derive(Default)]
struct Steps(Mutex<Vec<(String, Option<u64>, u64)>>);

impl Monitor for Steps {
    fn begin(&self, step: &Step<'_>) {
        self.0.lock().unwrap().push((step.verb.to_owned(), step.rows, 0));
    }

    fn advance(&self, rows: u64, _: u64) {
        if let Some((_, _, done)) = self.0.lock().unwrap().last_mut() {
            *done += rows;
        }
    }
}

#[test]
fn progress_moves_while_rows_are_written_and_verified() {
    let db = PgServer::shared().database();
    db.sql("CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT n, 'x' FROM generate_series(1, 50) n");
    let project = Project::new();
    project.dbsnap(["init"]).run().success();
    project.write(".env", format!("DATABASE_URL={}\n", db.url()));
    project.dbsnap(["snap", "t"]).run().success();
    db.sql("DELETE FROM t WHERE id <= 10; UPDATE t SET v = 'y' WHERE id > 30; INSERT INTO t VALUES (60, 'new')");
    let place = ops::Place { dir: project.path().to_owned(), store: None, url: Some(db.url()) };
    let options = RestoreOptions { reference: "latest".to_owned(), mode: Mode::Exact, ..RestoreOptions::default() };
    let steps = Steps::default();
    let repository = ops::Repository::find(&place).unwrap();
    options.apply(&repository, &mut repository.database(), None, &steps).unwrap();
    let steps = steps.0.into_inner().unwrap();
    let of = |verb: &str| steps.iter().find(|(step, ..)| step == verb).map(|(_, rows, done)| (*rows, *done)).unwrap();
    assert_eq!(of("Deleting"), (Some(1), 1), "{steps:?}");
    assert_eq!(of("Updating"), (Some(20), 20), "{steps:?}");
    assert_eq!(of("Inserting"), (Some(10), 10), "{steps:?}");
    assert_eq!(of("Verifying"), (Some(31), 31), "{steps:?}");
}

/// An index over another table's rows is kept by triggers, which do not fire.
#[test]
fn full_text_indexes_find_what_came_back() {
    let shop = Shop::new();
    for module in ["fts5", "fts4"] {
        let (rowid, insert) = match module {
            "fts5" => (", content_rowid='id'", "INSERT INTO found(rowid, body) VALUES (new.id, new.body)"),
            _ => ("", "INSERT INTO found(docid, body) VALUES (new.id, new.body)"),
        };
        shop.sql(&format!(
            "DROP TABLE IF EXISTS found; DROP TABLE IF EXISTS docs; CREATE TABLE docs (id INTEGER PRIMARY KEY, body TEXT);
             CREATE VIRTUAL TABLE found USING {module}(body, content='docs'{rowid});
             CREATE TRIGGER added AFTER INSERT ON docs BEGIN {insert}; END;
             INSERT INTO docs VALUES (1, 'alpha'), (2, 'beta'), (3, 'gamma')"
        ));
        shop.snap(["docs", "-m", module]);
        shop.sql("DELETE FROM docs WHERE id = 1; UPDATE docs SET body = 'other' WHERE id = 2");
        shop.dbsnap(["restore", "latest", "-y"]).run().success();
        let found = shop.query(
            "SELECT group_concat(rowid) FROM (SELECT rowid FROM found WHERE found MATCH 'alpha OR beta' ORDER BY 1)",
        );
        assert_eq!(found, "1,2", "{module}");
        shop.sql("INSERT INTO found(found) VALUES ('integrity-check')");
    }
}

/// Rows that a CHECK constraint would refuse today were there all the same.
#[test]
fn undo_brings_back_rows_that_break_a_check() {
    let shop = Shop::new();
    shop.sql("CREATE TABLE prices (id INTEGER PRIMARY KEY, v INT CHECK (v > 0)); INSERT INTO prices VALUES (1, 1)");
    shop.snap(["prices", "-m", "before"]);
    shop.sql("PRAGMA ignore_check_constraints = ON; INSERT INTO prices VALUES (2, -5)");
    shop.dbsnap(["restore", "latest", "--mode", "exact", "-y"]).run().success();
    assert_eq!(shop.query("SELECT group_concat(v) FROM prices"), "1");
    let dry = shop.dbsnap(["undo", "--dry-run"]).run().success();
    assert!(!dry.stdout().contains("refused"), "{dry}");
    shop.dbsnap(["undo", "-y"]).run().success();
    assert_eq!(shop.query("SELECT group_concat(v) FROM prices"), "1,-5");
}
