//! `restore --create` that is killed, or whose calls fail: what is made is there whole, or nothing of it is.

use crate::support::fault;
use crate::support::kill::{self, CHANGING};
use crate::support::process::{Invocation, Project, Run};
use rusqlite::Connection;
use std::fs;
use std::path::PathBuf;

const SHOP: &str = "CREATE TABLE mods (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE); CREATE INDEX mods_name ON mods (lower(name));
    CREATE TABLE parts (id INTEGER PRIMARY KEY, mod INT REFERENCES mods); CREATE TABLE other (id INTEGER PRIMARY KEY, w TEXT);
    CREATE TRIGGER t AFTER INSERT ON mods BEGIN INSERT INTO other (w) VALUES (NEW.name); END;
    INSERT INTO mods (name) VALUES ('a'), ('b'), ('c'); INSERT INTO parts VALUES (1, 1), (2, 3);";

/// A project whose database has lost something.
struct Lost {
    project: Project,
    id: String,
    /// What was there before, and what is left; `None` if that is no file.
    whole: Option<String>,
    left: Option<String>,
}

impl Lost {
    /// Loses what `damage` takes; without any, the file.
    fn new(damage: Option<&str>) -> Lost {
        let project = Project::new();
        let mut lost = Lost { project, id: String::new(), whole: None, left: None };
        lost.open().execute_batch(SHOP).unwrap();
        lost.dbsnap(&["init"]).run().success();
        let run = lost.dbsnap(&["snap", "--all", "--json"]).run().success();
        let report: serde_json::Value = serde_json::from_str(run.stdout()).unwrap();
        lost.id = report["id"].as_str().unwrap().to_owned();
        lost.dbsnap(&["pin", &lost.id]).run().success();
        lost.whole = lost.state();
        match damage {
            Some(damage) => lost.open().execute_batch(damage).unwrap(),
            None => fs::remove_file(lost.file()).unwrap(),
        }
        lost.left = lost.state();
        if lost.left.is_some() {
            fs::copy(lost.file(), lost.project.path().join("left.db")).unwrap();
        }
        lost
    }

    fn file(&self) -> PathBuf {
        self.project.path().join("dev.db")
    }

    fn open(&self) -> Connection {
        Connection::open(self.file()).unwrap()
    }

    fn dbsnap(&self, args: &[&str]) -> Invocation {
        self.project.dbsnap(args).env("DBSNAP_URL", "file:./dev.db")
    }

    fn restoring(&self) -> Invocation {
        self.dbsnap(&["restore", &self.id, "--create", "-y"])
    }

    /// Everything in the file.
    fn state(&self) -> Option<String> {
        if !self.file().exists() {
            return None;
        }
        let run = self.project.program("sqlite3", ["dev.db", ".dump"]).run().success();
        let mut lines: Vec<&str> = run.stdout().lines().collect();
        lines.sort_unstable();
        Some(lines.join("\n"))
    }

    /// Loses it again.
    fn lose(&self) {
        for ending in ["", "-journal"] {
            let _ = fs::remove_file(self.project.path().join(format!("dev.db{ending}")));
        }
        if self.left.is_some() {
            fs::copy(self.project.path().join("left.db"), self.file()).unwrap();
        }
    }

    /// That all or nothing was made, that the store is whole, and that the next restore makes it.
    fn check(&self, run: &Run, what: &str) {
        let found = self.state();
        match run.code() {
            Some(0) => assert_eq!(found, self.whole, "{what}: {run}"),
            _ => assert!(found == self.whole || found == self.left, "{what}: {run}\n{found:?}"),
        }
        self.dbsnap(&["verify"]).run().success();
        self.restoring().run().success();
        assert_eq!(self.state(), self.whole, "{what}: {run}");
    }
}

/// Two tables of three, with what belongs to them; or the file.
const LOSSES: [Option<&str>; 2] = [Some("DROP TABLE parts; DROP TABLE mods"), None];

#[test]
fn a_restore_that_makes_tables_killed_at_any_call_made_all_or_nothing() {
    let limit = std::env::var("DBSNAP_KILLS").map_or(40, |kills| kills.parse().unwrap()) / 5;
    for damage in LOSSES {
        let lost = Lost::new(damage);
        let points = kill::points(&kill::calls_made(&lost.restoring(), CHANGING), limit, 1);
        for point in points {
            lost.lose();
            let run = kill::at_call(&lost.restoring(), &point);
            lost.check(&run, &format!("{damage:?} {point:?}"));
        }
    }
}

#[test]
fn a_restore_that_makes_tables_with_any_call_failing_made_all_or_nothing() {
    for damage in LOSSES {
        let lost = Lost::new(damage);
        let faults = fault::faults(&lost.restoring());
        assert!(faults.len() > 8);
        for fault in faults {
            lost.lose();
            let Some(run) = fault::at_call(&lost.restoring(), &fault) else { continue };
            assert!(!run.stderr().contains("panicked"), "{fault:?}: {run}");
            let litter = fs::read_dir(lost.project.path()).unwrap().flatten().map(|entry| entry.file_name());
            let litter: Vec<_> = litter.filter(|name| name.to_string_lossy().starts_with(".dbsnap-")).collect();
            let removing = fault.point.call.contains("unlink");
            assert!(litter.is_empty() || removing, "{fault:?}: {litter:?} {run}");
            for name in litter {
                fs::remove_file(lost.project.path().join(name)).unwrap();
            }
            lost.check(&run, &format!("{damage:?} {fault:?}"));
        }
    }
}
