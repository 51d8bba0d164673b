//! What a trial needs of a database, whichever engine it is.

use super::schema::Schema;
use dbsnap::ops::Place;

/// A database that is made anew for each seed.
pub trait Engine {
    fn postgres(&self) -> bool;
    /// Empties the database and the store.
    fn fresh(&mut self, seed: u64);
    /// How dbsnap gets to it.
    fn place(&self) -> Place;
    /// Runs statements of which none may fail.
    fn make(&mut self, statements: &[String]);
    /// Runs each statement alone; what the failures say.
    fn try_each(&mut self, statements: &[String]) -> String;
    /// A number that a query selects.
    fn number(&mut self, query: &str) -> u64;
    /// The rows of some tables as the database prints them, sorted.
    fn rows(&mut self, tables: &[String]) -> Vec<String>;
    /// Tables, columns, constraints, triggers and their state.
    fn catalog(&mut self) -> Vec<String>;
    /// The next value of each counter and its name.
    fn counters(&mut self) -> Vec<(i64, String)>;
    /// Copies all tables to be compared with later.
    fn keep(&mut self, schema: &Schema, state: usize);
    /// A kept copy, as SQL.
    fn kept(&self, table: usize, state: usize) -> String;
    /// Runs a patch with the engine's own program, which must have nothing to say but an error.
    fn patch(&mut self, patch: &str) -> Result<(), String>;
}
