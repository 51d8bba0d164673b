//! A project whose database is of either engine.

use crate::gauntlet::round::{Round, url};
use crate::support::postgres::{Db, PgServer};
use crate::support::process::Project;
use serde_json::Value;

/// A database with a store.
pub struct Place {
    pub round: Round,
    db: Option<Db>,
}

/// Runs a test on both engines.
pub fn on_both(test: impl Fn(&Place)) {
    test(&Place::sqlite());
    test(&Place::postgres());
}

impl Place {
    pub fn sqlite() -> Place {
        Place { round: Round::within(Project::new(), "file:data.db".to_owned()), db: None }
    }

    pub fn postgres() -> Place {
        let db = PgServer::shared().database();
        Place { round: Round::new(url(&db, &db.server.user)), db: Some(db) }
    }

    /// Runs SQL; what the last statement says, one row a line, values between `|`.
    pub fn sql(&self, sql: &str) -> String {
        match &self.db {
            Some(db) => db.sql(sql),
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

    /// Snapshots all tables.
    pub fn snap(&self) -> String {
        self.round.snap(&["--all"]).id
    }

    /// `dbsnap restore -y` with these arguments; the plan of its only table as insert, update, delete, unchanged, left.
    pub fn restore(&self, args: &[&str]) -> [u64; 5] {
        let words: Vec<&str> = ["restore", "-y"].iter().chain(args).copied().collect();
        counts(&self.round.json(&words))
    }

    /// `dbsnap restore -y` with these arguments, which is refused: its exit status and its error.
    pub fn refused(&self, args: &[&str]) -> (Option<i32>, String) {
        let words: Vec<&str> = ["restore", "-y"].iter().chain(args).copied().collect();
        let run = self.round.plain(&words).run();
        (run.code(), run.stderr().to_owned())
    }
}

/// Insert, update, delete, unchanged and left of the only table of a report.
pub fn counts(report: &Value) -> [u64; 5] {
    let [table] = report["tables"].as_array().unwrap().as_slice() else { panic!("{report}") };
    ["insert", "update", "delete", "unchanged", "left"].map(|count| table[count].as_u64().unwrap())
}
