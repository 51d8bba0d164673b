//! A project with a database and a store, and what must hold of them whatever was done to dbsnap.

use crate::support::postgres::{Db, PgServer, PsqlSession};
use crate::support::process::{Invocation, Project, Run};
use rusqlite::Connection;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// SQLite with a rollback journal.
    Sqlite,
    /// SQLite with a write-ahead log.
    SqliteWal,
    /// PostgreSQL.
    Postgres,
}

/// How long a server may take to notice that its client is gone.
const PATIENCE: Duration = Duration::from_secs(10);

/// The tables that are snapshotted; `untouched` never is.
pub const TABLES: [&str; 2] = ["mods", "parts"];

/// Every row of the database, as one hash.
pub type State = blake3::Hash;

enum Database {
    Sqlite(PathBuf),
    Postgres { db: Db, session: Mutex<PsqlSession> },
}

/// The project. Its store is acknowledged as far as `known` says: the id of each snapshot, and the state it was taken
/// of.
pub struct World {
    pub project: Project,
    database: Database,
    url: String,
    /// Every snapshot that must be listed, and what it must restore.
    pub known: BTreeMap<String, State>,
}

impl World {
    /// A database of `rows` rows of 300 bytes and half as many smaller ones, and an empty store.
    pub fn new(kind: Kind, rows: u32) -> World {
        let project = Project::new();
        let (database, url) = match kind {
            Kind::Sqlite | Kind::SqliteWal => {
                (Database::Sqlite(project.path().join("dev.db")), "file:./dev.db".to_owned())
            }
            Kind::Postgres => {
                let db = PgServer::shared().database();
                let url = url_of(&db);
                let session = Mutex::new(db.session());
                (Database::Postgres { db, session }, url)
            }
        };
        let world = World { project, database, url, known: BTreeMap::new() };
        if kind == Kind::SqliteWal {
            world.sql("PRAGMA journal_mode = WAL");
        }
        world.sql(&schema_and_rows(rows));
        world.dbsnap(["init"]).run().success();
        world
    }

    /// `dbsnap` with these arguments, in the project and for its database.
    pub fn dbsnap<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Invocation {
        self.project.dbsnap(args).env("DBSNAP_URL", &self.url)
    }

    /// The PostgreSQL database.
    pub fn postgres(&self) -> &Db {
        match &self.database {
            Database::Postgres { db, .. } => db,
            Database::Sqlite(_) => panic!("an SQLite database"),
        }
    }

    /// Runs statements; what PostgreSQL answers.
    pub fn sql(&self, sql: &str) -> String {
        match &self.database {
            Database::Sqlite(path) => {
                let connection = Connection::open(path).unwrap();
                connection.busy_timeout(PATIENCE).unwrap();
                connection.execute_batch(sql).unwrap();
                String::new()
            }
            Database::Postgres { session, .. } => session.lock().unwrap().run(sql),
        }
    }

    /// Every row of every table.
    pub fn state(&self) -> State {
        let mut text = String::new();
        for (table, columns) in
            [("mods", "id, name, body"), ("parts", "id, mod_id, note"), ("untouched", "id, mark, mark")]
        {
            let sql = format!("SELECT {columns} FROM {table} ORDER BY id");
            match &self.database {
                Database::Postgres { session, .. } => text.push_str(&session.lock().unwrap().run(&sql)),
                Database::Sqlite(path) => {
                    let connection = Connection::open(path).unwrap();
                    connection.busy_timeout(PATIENCE).unwrap();
                    let mut statement = connection.prepare(&sql).unwrap();
                    let mut rows = statement.query([]).unwrap();
                    while let Some(row) = rows.next().unwrap() {
                        let values: [rusqlite::types::Value; 3] =
                            [row.get(0).unwrap(), row.get(1).unwrap(), row.get(2).unwrap()];
                        let _ = writeln!(text, "{values:?}");
                    }
                }
            }
            text.push('\n');
        }
        blake3::hash(text.as_bytes())
    }

    /// Changes a few rows in every leaf.
    pub fn change(&self, seed: u64) {
        self.sql(&format!("UPDATE mods SET name = 'name {seed}' WHERE id % 97 = {}", seed % 97));
    }

    /// Waits until the server has let go of every dbsnap that worked on this database.
    pub fn settle(&self) {
        let Database::Postgres { session, .. } = &self.database else { return };
        let deadline = Instant::now() + PATIENCE;
        let sql =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'dbsnap'";
        while session.lock().unwrap().run(sql) != "0" {
            assert!(Instant::now() < deadline, "the server still works for a dbsnap that is gone");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// `snap` of the two tables, not yet run.
    pub fn snapping(&self) -> Invocation {
        self.dbsnap(["--json", "snap"].into_iter().chain(TABLES))
    }

    /// Takes a snapshot and knows it from now on.
    pub fn snap(&mut self) -> String {
        let state = self.state();
        let id = id_of(&self.snapping().run().success());
        self.known.insert(id.clone(), state);
        id
    }

    /// `restore` to exactly that snapshot, not yet run.
    pub fn restoring(&self, reference: &str) -> Invocation {
        self.dbsnap(["--json", "restore", reference, "--mode", "exact", "--yes"])
    }

    /// Restores a known snapshot bit for bit. What was there before is a known snapshot from now on.
    pub fn restore(&mut self, id: &str) {
        let before = self.state();
        self.restoring(id).run().success();
        assert_eq!(self.state(), self.known[id], "snapshot {id} does not restore");
        self.learn(before);
        assert!(self.known.values().any(|known| *known == before), "no safety snapshot");
    }

    /// The ids that `log` lists; nothing may be unreadable.
    pub fn listed(&self) -> BTreeSet<String> {
        let log = json(&self.dbsnap(["--json", "log"]).run().success());
        assert_eq!(log["unreadable"], Value::Array(Vec::new()), "{log}");
        log["snapshots"].as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap().to_owned()).collect()
    }

    /// Everything known is listed. What is listed and not known is returned, and known from now on as of `state`.
    pub fn learn(&mut self, state: State) -> Vec<String> {
        let listed = self.listed();
        let lost: Vec<&String> = self.known.keys().filter(|id| !listed.contains(*id)).collect();
        assert!(lost.is_empty(), "acknowledged and gone: {lost:?}");
        let new: Vec<String> = listed.into_iter().filter(|id| !self.known.contains_key(id)).collect();
        self.known.extend(new.iter().map(|id| (id.clone(), state)));
        new
    }

    /// After a gc: what it dropped need not be there any more; nothing new is there.
    pub fn forget_dropped(&mut self) {
        let listed = self.listed();
        assert!(listed.iter().all(|id| self.known.contains_key(id)), "gc made a snapshot");
        self.known.retain(|id, _| listed.contains(id));
    }

    /// Everything in the store is whole.
    pub fn verify(&self) {
        self.dbsnap(["--json", "verify"]).run().success();
    }

    /// Collects what nobody needs; nothing of it is left, and a second time finds nothing.
    pub fn gc(&mut self, keep: &str) {
        self.dbsnap(["gc", "--keep", keep]).run().success();
        assert_eq!(files(&self.store().join("tmp")), Vec::<PathBuf>::new());
        let again = json(&self.dbsnap(["--json", "gc", "--keep", keep, "--dry-run"]).run().success());
        assert_eq!(again["objects"], 0, "{again}");
        self.forget_dropped();
    }

    /// Collects, verifies, and restores every snapshot there is.
    pub fn finish(mut self) {
        self.gc("3");
        self.verify();
        for id in self.known.keys().cloned().collect::<Vec<_>>() {
            self.restore(&id);
        }
        self.verify();
    }

    /// Where the store is.
    pub fn store(&self) -> PathBuf {
        self.project.path().join(".dbsnap")
    }

    /// How long `work` takes, with some room to spare, so that a moment can lie behind its end.
    pub fn time(&mut self, work: impl FnOnce(&mut World)) -> Duration {
        let started = Instant::now();
        work(self);
        started.elapsed() * 11 / 10
    }
}

/// The database's URL, password included.
pub fn url_of(db: &Db) -> String {
    let target = db.target();
    let password = target.password.as_ref().map_or("", |password| password.expose());
    format!("postgresql://{}:{password}@{}:{}/{}", db.server.user, db.server.host, db.server.port, db.name)
}

/// What a command printed with `--json`.
pub fn json(run: &Run) -> Value {
    serde_json::from_str(run.stdout()).unwrap_or_else(|error| panic!("{error}: {run}"))
}

/// The snapshot that a `snap` acknowledged.
pub fn id_of(run: &Run) -> String {
    json(run)["id"].as_str().unwrap().to_owned()
}

/// All files below a directory, in order.
pub fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

/// The same rows for every database: `parts` refer to `mods`, `untouched` to nothing.
fn schema_and_rows(rows: u32) -> String {
    let mut sql = String::from(
        "CREATE TABLE mods (id INTEGER PRIMARY KEY, name TEXT NOT NULL, body TEXT); \
         CREATE TABLE parts (id INTEGER PRIMARY KEY, mod_id INTEGER REFERENCES mods (id), note TEXT); \
         CREATE TABLE untouched (id INTEGER PRIMARY KEY, mark TEXT); \
         INSERT INTO untouched VALUES (1, 'here'), (2, NULL); ",
    );
    for id in 1..=rows {
        let body: String =
            (0..5u32).map(|part| blake3::hash(&(id * 5 + part).to_le_bytes()).to_string()[..60].to_owned()).collect();
        let _ = write!(
            sql,
            "{}({id}, 'mod {id}', '{body}')",
            if id % 500 == 1 { ";INSERT INTO mods VALUES " } else { "," }
        );
    }
    for id in 1..=rows / 2 {
        let _ = write!(
            sql,
            "{}({id}, {}, 'part {id}')",
            if id % 500 == 1 { ";INSERT INTO parts VALUES " } else { "," },
            id * 2
        );
    }
    sql
}

/// Says which seed it was if the test fails while this lives.
pub struct Seed(pub u64);

#[expect(clippy::print_stderr, reason = "a failure names its seed")]
impl Drop for Seed {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("seed {}", self.0);
        }
    }
}
