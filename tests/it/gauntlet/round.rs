//! One store, one database, and the real binary between them.

use crate::support::postgres::Db;
use crate::support::process::{Invocation, Project};
use dbsnap::db::Host;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// A project with a store, and the database it is for.
pub struct Round {
    pub project: Project,
    url: Mutex<String>,
}

/// One table of an acknowledged snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub root: String,
    pub rows: u64,
    pub new_leaves: u64,
}

/// An acknowledged snapshot.
#[derive(Debug)]
pub struct Snap {
    pub id: String,
    pub added_bytes: u64,
    pub tables: BTreeMap<String, Taken>,
}

impl Snap {
    /// The root of each table.
    pub fn roots(&self) -> BTreeMap<&str, &str> {
        self.tables.iter().map(|(name, table)| (name.as_str(), table.root.as_str())).collect()
    }
}

impl Round {
    /// An empty store for that database.
    pub fn new(url: String) -> Round {
        Round::within(Project::new(), url)
    }

    /// An empty store in `project`, for that database.
    pub fn within(project: Project, url: String) -> Round {
        project.dbsnap(["init"]).run().success();
        Round { project, url: Mutex::new(url) }
    }

    /// The same store with another database, or another role of it.
    pub fn with(self, url: String) -> Round {
        Round { url: Mutex::new(url), ..self }
    }

    /// From now on with another way to the database, or another role of it.
    pub fn turn(&self, url: String) {
        *self.url.lock().unwrap() = url;
    }

    /// The way to the database.
    pub fn url(&self) -> String {
        self.url.lock().unwrap().clone()
    }

    /// dbsnap with these arguments, about to print one object.
    pub fn invocation(&self, args: &[&str]) -> Invocation {
        self.project.dbsnap(["--json"]).env("DBSNAP_URL", self.url()).args(args)
    }

    /// dbsnap with these arguments, about to print what people read.
    pub fn plain(&self, args: &[&str]) -> Invocation {
        self.project.dbsnap(args).env("DBSNAP_URL", self.url())
    }

    /// Runs dbsnap and gives the object that it prints; it must succeed.
    pub fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(self.invocation(args).run().success().stdout()).unwrap()
    }

    /// `dbsnap snap` with these arguments.
    pub fn snap(&self, args: &[&str]) -> Snap {
        let words: Vec<&str> = ["snap", "-m", "gauntlet"].iter().chain(args).copied().collect();
        let report = self.json(&words);
        let number = |value: &Value| value.as_u64().unwrap();
        let table = |table: &Value| {
            let taken = Taken {
                root: table["root"].as_str().unwrap().to_owned(),
                rows: number(&table["rows"]),
                new_leaves: number(&table["newLeaves"]),
            };
            (table["table"].as_str().unwrap().to_owned(), taken)
        };
        Snap {
            id: report["id"].as_str().unwrap().to_owned(),
            added_bytes: number(&report["addedBytes"]),
            tables: report["tables"].as_array().unwrap().iter().map(table).collect(),
        }
    }

    /// Makes every table what it is in the snapshot; the number of rows that were written.
    pub fn restore(&self, snap: &Snap) -> u64 {
        let report = self.json(&["restore", &snap.id, "--mode", "exact", "-y"]);
        let count = |table: &Value| {
            ["insert", "update", "delete"].map(|work| table[work].as_u64().unwrap()).iter().sum::<u64>()
        };
        report["tables"].as_array().unwrap().iter().map(count).sum()
    }

    /// Snapshots everything; does each damage and takes it back; `contents`, the database's own word, must not change,
    /// and nor may the snapshot that is taken of everything afterwards.
    pub fn survives(&self, contents: &dyn Fn() -> String, damages: &[&dyn Fn()]) -> Snap {
        let before = contents();
        let snap = self.snap(&["--all"]);
        for (index, damage) in damages.iter().enumerate() {
            damage();
            assert_ne!(contents(), before, "damage {index} changes nothing");
            assert_ne!(self.restore(&snap), 0);
            similar(&contents(), &before, index);
        }
        let again = self.snap(&["--all"]);
        assert_eq!(again.roots(), snap.roots());
        assert_eq!(again.tables.values().map(|table| table.new_leaves).sum::<u64>(), 0);
        snap
    }
}

/// Says which lines differ, instead of all lines.
fn similar(found: &str, wanted: &str, damage: usize) {
    let differing: Vec<_> = found.lines().zip(wanted.lines()).filter(|(found, wanted)| found != wanted).collect();
    assert!(differing.is_empty(), "after damage {damage}: {differing:#?}");
    assert_eq!(found.lines().count(), wanted.lines().count(), "after damage {damage}");
}

/// The URL under which dbsnap gets to `db` as `user`.
pub fn url(db: &Db, user: &str) -> String {
    let target = db.target_as(user);
    let password = target.password.map_or(String::new(), |password| format!(":{}", password.expose()));
    let name = &db.name;
    match &target.hosts[0] {
        (Host::Tcp(host), port) => format!("postgres://{user}{password}@{host}:{port}/{name}?sslmode=disable"),
        (Host::Socket(directory), port) => {
            format!("postgres://{user}{password}@/{name}?host={}&port={port}&sslmode=disable", directory.display())
        }
    }
}

/// The same by way of something that passes connections on.
pub fn url_by(db: &Db, user: &str, host: &str, port: u16) -> String {
    let password = db.target_as(user).password.map_or(String::new(), |password| format!(":{}", password.expose()));
    format!("postgresql://{user}{password}@{host}:{port}/{}?sslmode=disable", db.name)
}

/// What the server itself says of all tables of `db`.
pub fn contents(db: &Db) -> String {
    db.sql(include_str!("contents.sql"))
}
