//! A database in two states, and patches between them.

use crate::gauntlet::round::{Round, url};
use crate::support::postgres::Db;
use crate::support::process::Project;

/// What the database says of itself, and how a patch gets into it.
pub trait Patched {
    fn round(&self) -> &Round;
    /// Everything in it, in the database's own words.
    fn state(&self) -> String;
    /// Runs a patch with the engine's own program, which must have nothing to say.
    fn run(&self, patch: &str) -> Result<(), String>;

    /// The patch between two sides.
    fn patch(&self, sides: &[&str]) -> String {
        let words: Vec<&str> = ["diff", "-o", "sql"].iter().chain(sides).copied().collect();
        self.round().plain(&words).run().success().stdout().to_owned()
    }

    /// Takes a snapshot, does `change`, takes another; then goes back and forth by patches and looks whether each time
    /// everything is as it was, in the database's word and in that of a diff.
    fn goes_back_and_forth(&self, change: &dyn Fn()) {
        let first = self.round().snap(&["--all"]);
        let before = self.state();
        change();
        let after = self.state();
        assert_ne!(before, after, "the change changes nothing");
        let back = self.patch(&["live", &first.id]);
        let second = self.round().snap(&["--all"]);
        self.run(&back).unwrap_or_else(|error| panic!("{error}\n{}", short(&back)));
        similar(&self.state(), &before, &back);
        let forth = self.patch(&[&first.id, &second.id]);
        self.run(&forth).unwrap_or_else(|error| panic!("{error}\n{}", short(&forth)));
        similar(&self.state(), &after, &forth);
        assert_eq!(self.patch(&[&second.id, "live"]), self.patch(&[&second.id, "live"]));
        assert_eq!(self.round().plain(&["diff", &second.id, "live", "--exit-code"]).run().code(), Some(0));
        let again = self.patch(&["-R", &first.id, "live"]);
        self.run(&again).unwrap_or_else(|error| panic!("{error}\n{}", short(&again)));
        similar(&self.state(), &before, &again);
        self.run(&again).expect_err("a patch runs only on what it starts from");
        similar(&self.state(), &before, &again);
    }
}

fn similar(found: &str, wanted: &str, patch: &str) {
    let differing: Vec<_> =
        found.lines().zip(wanted.lines()).filter(|(found, wanted)| found != wanted).take(9).collect();
    let patch = short(patch);
    assert!(differing.is_empty(), "{differing:#?}\n{patch}");
    assert_eq!(found.lines().count(), wanted.lines().count(), "{patch}");
}

/// A patch as a failing test shows it: its first lines, cut.
fn short(patch: &str) -> String {
    let cut = |line: &str| line.chars().take(160).collect::<String>();
    patch.lines().take(60).map(cut).collect::<Vec<_>>().join("\n")
}

/// A SQLite database.
pub struct SqlitePatched {
    round: Round,
}

impl SqlitePatched {
    pub fn new(sql: &str) -> SqlitePatched {
        let project = Project::new();
        sqlite3(&project, sql).unwrap();
        SqlitePatched { round: Round::within(project, "file:data.db".to_owned()) }
    }

    pub fn sql(&self, sql: &str) -> String {
        sqlite3(&self.round.project, sql).unwrap()
    }
}

fn sqlite3(project: &Project, sql: &str) -> Result<String, String> {
    project.write("input.sql", sql);
    let run = project.program("sh", ["-c", "sqlite3 data.db <input.sql"]).run();
    match run.code() == Some(0) && run.stderr().is_empty() {
        true => Ok(run.stdout().to_owned()),
        false => Err(run.to_string()),
    }
}

impl Patched for SqlitePatched {
    fn round(&self) -> &Round {
        &self.round
    }

    fn state(&self) -> String {
        crate::gauntlet::sqlite::contents(&self.round.project, "data.db")
    }

    fn run(&self, patch: &str) -> Result<(), String> {
        // the program confirms the one setting that it is given
        sqlite3(&self.round.project, patch).map(|said| assert_eq!(said.trim(), "enable_trigger off"))
    }
}

/// A PostgreSQL database, seen by a role.
pub struct PostgresPatched {
    pub db: Db,
    pub user: String,
    round: Round,
}

impl PostgresPatched {
    /// By the superuser.
    pub fn new(db: Db) -> PostgresPatched {
        let user = db.server.user.clone();
        PostgresPatched::by(db, user)
    }

    pub fn by(db: Db, user: String) -> PostgresPatched {
        let round = Round::new(url(&db, &user));
        PostgresPatched { db, user, round }
    }
}

impl Patched for PostgresPatched {
    fn round(&self) -> &Round {
        &self.round
    }

    fn state(&self) -> String {
        let catalog = "SELECT format('trigger %s %s %s', tgrelid::regclass, tgname, tgenabled) FROM pg_trigger \
             WHERE NOT tgisinternal ORDER BY 1; \
             SELECT format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) \
             FROM pg_constraint WHERE conrelid <> 0 ORDER BY 1; \
             SELECT format('column %s %s %s', attrelid::regclass, attname, attidentity) FROM pg_attribute \
             WHERE attrelid >= 16384 AND attnum > 0 ORDER BY 1";
        format!("{}\n{}", crate::gauntlet::round::contents(&self.db), self.db.sql(catalog))
    }

    fn run(&self, patch: &str) -> Result<(), String> {
        self.db.sql_as(&self.user, patch).map(|said| assert_eq!(said, ""))
    }
}
