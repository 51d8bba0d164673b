//! A project whose database is of either engine. Whatever a restore, an undo or a refusal does, everything else is the same afterwards.

use crate::gauntlet::round::{Round, url};
use crate::support::postgres::{Db, PgServer};
use crate::support::process::Project;
use crate::support::witness::Witness;
use serde_json::Value;

/// A database with a store.
pub struct Place {
    pub round: Round,
    db: Option<(Db, String)>,
}

/// Runs a test on both engines, on PostgreSQL as a superuser and as a plain owner.
pub fn on_both(test: impl Fn(&Place)) {
    test(&Place::sqlite());
    on_postgres(test);
}

/// Runs a test on PostgreSQL, as a superuser and as a plain owner.
pub fn on_postgres(test: impl Fn(&Place)) {
    test(&Place::superuser());
    test(&Place::owner());
}

impl Place {
    pub fn sqlite() -> Place {
        Place { round: Round::within(Project::new(), "file:data.db".to_owned()), db: None }
    }

    pub fn superuser() -> Place {
        let db = PgServer::shared().database();
        let user = db.server.user.clone();
        Place { round: Round::new(url(&db, &user)), db: Some((db, user)) }
    }

    /// Everything belongs to a role that may do nothing else.
    pub fn owner() -> Place {
        let db = PgServer::shared().database();
        let owner = db.role("owner", "");
        db.sql(&format!("GRANT CREATE ON DATABASE {} TO {owner}", db.name));
        Place { round: Round::new(url(&db, &owner)), db: Some((db, owner)) }
    }

    /// The PostgreSQL database and the role by which it is used.
    pub fn database(&self) -> (&Db, &str) {
        let (db, user) = self.db.as_ref().unwrap();
        (db, user)
    }

    /// Runs SQL; what the last statement says, one row a line, values between `|`.
    pub fn sql(&self, sql: &str) -> String {
        match &self.db {
            Some((db, user)) => db.sql_as(user, sql).unwrap(),
            None => {
                self.round.project.write("input.sql", sql);
                let run =
                    self.round.project.program("sqlite3", ["-bail", "data.db", ".read input.sql"]).run().success();
                run.stdout().to_owned()
            }
        }
        .trim_end()
        .to_owned()
    }

    /// The rows of every table, in the database's own word.
    pub fn rows(&self) -> Vec<String> {
        self.witness().rows()
    }

    fn witness(&self) -> Witness {
        match &self.db {
            Some((db, _)) => Witness::of(db),
            None => Witness::of_file(&self.round.project, "data.db"),
        }
    }

    /// Snapshots all tables.
    pub fn snap(&self) -> String {
        self.round.snap(&["--all"]).id
    }

    /// Runs `dbsnap -y` with these arguments and gives its report. What the report does not name is the same afterwards.
    pub fn done(&self, args: &[&str]) -> Value {
        let before = self.witness();
        let report = self.round.json(&[args, &["-y"]].concat());
        let named = ["tables", "bystanders"].iter().flat_map(|list| report[list].as_array().unwrap());
        let mut tables: Vec<String> = named.map(|one| one["table"].as_str().unwrap().to_owned()).collect();
        if let Some(at) = args.iter().position(|arg| *arg == "--into") {
            tables = vec![args[at + 1].to_owned()];
        }
        if args.contains(&"--to") || args.contains(&"--dry-run") {
            tables.clear();
        }
        before.same_but(&self.witness(), &tables);
        report
    }

    /// `dbsnap restore -y` with these arguments; the plan of its only table as insert, update, delete, unchanged, left.
    pub fn restore(&self, args: &[&str]) -> [u64; 5] {
        counts(&self.done(&[&["restore"], args].concat()))
    }

    /// Snapshots `tables`, does `damage`, takes it back, and goes to and fro between the two states.
    pub fn goes_there_and_back(&self, tables: &[&str], damage: &str) {
        let snap = self.round.snap(tables).id;
        let whole = self.rows();
        self.sql(damage);
        let damaged = self.rows();
        assert_ne!(damaged, whole, "the damage does nothing");
        self.done(&["restore", &snap, "--mode", "exact"]);
        assert_eq!(self.rows(), whole);
        self.undo(&[]);
        assert_eq!(self.rows(), damaged);
        self.undo(&[]);
        assert_eq!(self.rows(), whole);
        let again = self.done(&["restore", &snap, "--mode", "exact"]);
        assert_eq!(again["applied"], false, "{again}");
    }

    /// `dbsnap undo -y` with these arguments.
    pub fn undo(&self, args: &[&str]) -> Value {
        self.done(&[&["undo"], args].concat())
    }

    /// `dbsnap restore -y` with these arguments, which is refused: its exit status and its error. Nothing has changed then.
    pub fn refused(&self, args: &[&str]) -> (Option<i32>, String) {
        let before = self.witness();
        let words: Vec<&str> = ["restore", "-y"].iter().chain(args).copied().collect();
        let run = self.round.plain(&words).run();
        before.same(&self.witness());
        (run.code(), run.stderr().to_owned())
    }
}

/// Insert, update, delete, unchanged and left of the only table of a report.
pub fn counts(report: &Value) -> [u64; 5] {
    let [table] = report["tables"].as_array().unwrap().as_slice() else { panic!("{report}") };
    ["insert", "update", "delete", "unchanged", "left"].map(|count| table[count].as_u64().unwrap())
}
