//! Making what is not there: tables and what belongs to them, and whole databases.

use super::Sink;
use crate::codec::Part;
use crate::db::{Counter, DbError, SourceIdentity};
use std::collections::BTreeMap;

/// What a restore makes that is not there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Making {
    /// What is made before the rows are written, in this order.
    pub before: Vec<Part>,
    /// What is made when they are there: foreign keys of tables that have rows already.
    pub after: Vec<Part>,
    /// Where counters stand that are made.
    pub counters: Vec<Counter>,
}

impl Making {
    /// Whether nothing is made.
    pub fn is_empty(&self) -> bool {
        self.before.is_empty() && self.after.is_empty()
    }
}

/// A database that is not there, in a place where it can be made. Unless it is kept, nothing is left of it.
pub trait Absent {
    /// Which database it would be.
    fn identity(&self) -> &SourceIdentity;

    /// What a person should know before it is made with these settings, one line each: what is moved out of the way,
    /// what else was there and does not come back.
    fn remarks(&self, settings: &BTreeMap<String, String>) -> Vec<String>;

    /// Makes it, empty, with the settings that [`super::Snapshot::settings`] told of another one, and connects to it.
    ///
    /// # Errors
    /// If it cannot be made, or is there by now.
    fn make(&mut self, settings: &BTreeMap<String, String>) -> Result<Box<dyn Sink>, DbError>;

    /// It stays. The connection was closed before.
    ///
    /// # Errors
    /// If it cannot be brought to its place: then it is as if it had not been made.
    fn keep(self: Box<Self>) -> Result<(), DbError>;

    /// It goes again, if it was made and nothing is in it. The connection was closed before.
    ///
    /// # Errors
    /// If it cannot be removed.
    fn discard(self: Box<Self>) -> Result<(), DbError>;
}
