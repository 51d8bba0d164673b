//! `run`: a command between two snapshots, on both engines, through the binary.

#![expect(clippy::unwrap_used, reason = "what a test cannot go on without ends it")]

mod changes;
mod failure;
mod hostile;
mod lost;
mod processes;
mod undo;

use crate::support::place::{Place, on_both};
use crate::support::process::{Invocation, Run};
use serde_json::Value;

/// Mods, and favorites of which 156 are of mods that are not there.
const SHOP: &str = "CREATE TABLE mods (id integer PRIMARY KEY, title text);
    CREATE TABLE favorites (id integer PRIMARY KEY, mod_id integer, note text);";
/// Deletes those favorites.
const ORPHANS: &str = "DELETE FROM favorites WHERE mod_id NOT IN (SELECT id FROM mods)";

/// Fills the tables of [`SHOP`].
fn fill(place: &Place) {
    let numbers = match place.is_sqlite() {
        true => "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1234) SELECT n FROM n",
        false => "SELECT n FROM generate_series(1, 1234) n",
    };
    place.sql(&format!(
        "{SHOP} INSERT INTO mods SELECT n, 'mod ' || n FROM ({numbers}) x WHERE n <= 50;
         INSERT INTO favorites SELECT n, CASE WHEN n <= 156 THEN 1000 + n ELSE n % 50 + 1 END, 'note ' || n FROM ({numbers}) x"
    ));
}

impl Place {
    /// Whether it is a SQLite file.
    fn is_sqlite(&self) -> bool {
        self.round.url().starts_with("file:")
    }

    /// The words of a command that runs this SQL with the database's own program.
    fn by_hand(&self, sql: &str) -> Vec<String> {
        let words: &[&str] = match self.is_sqlite() {
            true => &["sqlite3", "-bail", "data.db", sql],
            false => &["psql", "-qX", "-v", "ON_ERROR_STOP=1", &self.round.url(), "-c", sql],
        };
        words.iter().map(ToString::to_string).collect()
    }

    /// `dbsnap run` with these options, and this command.
    fn running(&self, options: &[&str], command: &[&str]) -> Invocation {
        self.round.plain(&["run"]).args(options).arg("--").args(command)
    }

    /// `dbsnap run --json` of a command that runs this SQL; its report.
    pub fn run_sql(&self, options: &[&str], sql: &str) -> Value {
        let run = self.round.invocation(&["run"]).args(options).arg("--").args(self.by_hand(sql)).run().success();
        report(&run)
    }
}

/// The object that stands in the last line of stdout.
fn report(run: &Run) -> Value {
    serde_json::from_str(run.stdout().lines().last().unwrap()).unwrap()
}

/// The table of that name in a report.
fn table<'r>(report: &'r Value, name: &str) -> &'r Value {
    report["tables"].as_array().unwrap().iter().find(|table| table["table"] == name).unwrap()
}
