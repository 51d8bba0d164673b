//! The command line through the real binary: what each command prints on stdout and stderr, and what it exits with.

mod arguments;
mod blobs;
mod check;
mod clocks;
mod damaged_refs;
mod dates;
mod diff;
mod diff_output;
mod earlier;
mod export;
mod export_dir;
mod gc;
mod history;
mod hostile;
mod interrupted;
mod json;
mod keys;
mod ledgers;
mod limits;
mod log;
mod marks;
mod names;
mod output;
mod passwords;
mod plans;
mod postgres;
mod prompts;
mod references;
mod relations;
mod repair;
mod restore;
mod schema;
mod settings;
mod setup;
mod show;
mod snap;
mod sql;
mod sql_reads;
mod status;
mod stores;
mod tables;
mod terminal;
mod undelete;
mod verify;
mod widths;

use crate::support::process::{Invocation, Project, Run};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// The tables of the project that most of these tests work on.
const SCHEMA: &str = "
    CREATE TABLE authors (id TEXT PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE mods (id INTEGER PRIMARY KEY, title TEXT NOT NULL, price REAL,
        author_id TEXT REFERENCES authors (id) ON DELETE CASCADE);
    CREATE TABLE mod_tags (mod_id INTEGER NOT NULL REFERENCES mods (id) ON DELETE CASCADE, tag TEXT NOT NULL,
        PRIMARY KEY (mod_id, tag));
    CREATE TABLE facet_definitions (id INTEGER PRIMARY KEY, label TEXT);
    CREATE VIEW cheap AS SELECT * FROM mods WHERE price < 5;
    INSERT INTO authors VALUES ('ann', 'Ann'), ('bob', 'Bob');
    INSERT INTO mods VALUES (1, 'Oak table', 4.5, 'ann'), (2, 'Lamp', 9.0, 'ann'), (3, 'Rug', NULL, 'bob');
    INSERT INTO mod_tags VALUES (1, 'wood'), (1, 'table'), (2, 'light');
    INSERT INTO facet_definitions VALUES (1, 'style'), (2, 'room');";

/// A project with a small SQLite database, named in `.env`.
struct Shop {
    project: Project,
}

impl Shop {
    /// With a store.
    fn new() -> Shop {
        let shop = Shop::without_store();
        shop.dbsnap(["init"]).run().success();
        shop
    }

    /// Without one.
    fn without_store() -> Shop {
        let shop = Shop { project: Project::new() };
        shop.project.write(".env", "DATABASE_URL=\"file:./dev.db\"\n");
        shop.sql(SCHEMA);
        shop
    }

    fn path(&self) -> &Path {
        self.project.path()
    }

    fn store(&self) -> PathBuf {
        self.path().join(".dbsnap")
    }

    fn sql(&self, sql: &str) {
        Connection::open(self.path().join("dev.db")).unwrap().execute_batch(sql).unwrap();
    }

    /// The first value that a query gives, as text.
    fn query(&self, sql: &str) -> String {
        let connection = Connection::open(self.path().join("dev.db")).unwrap();
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    fn dbsnap(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Invocation {
        self.project.dbsnap(args)
    }

    /// Runs it; status and both streams, redacted.
    fn run<const N: usize>(&self, args: [&str; N]) -> String {
        shown(&self.dbsnap(args).run())
    }

    /// As [`Shop::run`], and holds that neither the database nor the store is changed by it.
    fn refused<const N: usize>(&self, args: [&str; N]) -> String {
        self.unchanged(&self.dbsnap(args))
    }

    /// As [`Shop::refused`], of any invocation; it must fail.
    fn unchanged(&self, invocation: &Invocation) -> String {
        let before = self.state();
        let run = invocation.run();
        assert_ne!(run.code(), Some(0), "{run}");
        assert_eq!(self.state(), before, "{run}");
        shown(&run)
    }

    /// Takes a snapshot; its id.
    fn snap<const N: usize>(&self, args: [&str; N]) -> String {
        let run = self.dbsnap(["snap", "-q"].iter().chain(&args)).run().success();
        run.stdout().trim().to_owned()
    }

    /// All rows, as SQLite quotes them.
    fn rows(&self) -> Vec<String> {
        let connection = Connection::open(self.path().join("dev.db")).unwrap();
        let mut rows = Vec::new();
        for (table, columns) in [
            ("authors", "id, name"),
            ("mods", "id, title, quote(price), quote(author_id)"),
            ("mod_tags", "mod_id, tag"),
            ("facet_definitions", "id, label"),
        ] {
            let sql = format!("SELECT concat_ws(' ', {columns}) FROM {table} ORDER BY 1");
            let Ok(mut statement) = connection.prepare(&sql) else { continue };
            let found = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
            rows.extend(found.map(|row| format!("{table} {}", row.unwrap())));
        }
        rows
    }

    /// All rows and every file of the store: equal if nothing was changed.
    fn state(&self) -> (Vec<String>, BTreeMap<PathBuf, Vec<u8>>) {
        (self.rows(), files(&self.store()))
    }
}

/// Every file below `dir`, with what it holds.
fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let Ok(entries) = fs::read_dir(dir) else { return found };
    for entry in entries.map(Result::unwrap) {
        let path = entry.path();
        match entry.file_type().unwrap().is_dir() {
            true => found.extend(files(&path)),
            false => drop(found.insert(path.clone(), fs::read(&path).unwrap())),
        }
    }
    found
}

/// How a run went, redacted: SQLite's version as well, and the number of a backup within its second.
fn shown(run: &Run) -> String {
    let text = run.to_string().replace(rusqlite::version(), "[VERSION]");
    (2..=9).fold(text, |text, number| text.replace(&format!("_mods_{number}"), "_mods"))
}
