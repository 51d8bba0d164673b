//! The contract that every engine implements: [`Sink`] is a connection, [`Snapshot`] one instant of some tables,
//! [`RestoreTxn`] a write transaction over them. Both read through [`TableReader`].
//!
//! To write one: no method has a default, because silence must not be taken for "nothing is wrong". An engine that has
//! no such thing says so in a line (`Ok(Vec::new())` where foreign keys do not act, `Ok(None)` where it cannot tell
//! what it wrote); an engine that cannot tell returns an error, never an empty list. What is promised here is tried by
//! `tests/it/conformance/`, and `tests/it/memory/engine.rs` is the shortest engine that keeps it.
//!
//! Rows go both ways in canonical bytes ([`crate::codec::row`]), with the values of [`TableSchema::columns`] in that
//! order. Equal values of a column are equal bytes, whatever the settings of the session; a value that does not come
//! back as it was read is [`DbError::Unsupported`]. Messages hold names and numbers, never values of rows.
//!
//! Memory does not grow with tables: rows are given and taken one by one. Whatever takes long asks the [`Monitor`]
//! whether to stop, and ends with [`DbError::Stopped`].

mod absent;
mod read;
mod restore;

pub use absent::{Absent, Making};
pub use read::{Filter, Misfit, RowSink, RowStream, Snapshot, Standing, TableId, TableRead, TableReader, Writing};
pub use restore::{Change, Changing, Commit, MayDangle, RestoreTxn, Write, Written};

use super::{Catalog, DbError, SourceIdentity};
use crate::codec::{Part, TableName, TableSchema};
use crate::monitor::Monitor;

/// A connection to a database: what an engine hands out when it is opened. Its methods are called again and again, each
/// after the transaction before has ended.
pub trait Sink: Send {
    /// Which database this is.
    fn identity(&self) -> &SourceIdentity;

    /// All tables, in a transaction of its own.
    ///
    /// # Errors
    /// If the catalog cannot be read.
    fn catalog(&mut self) -> Result<Catalog, DbError>;

    /// A transaction of others that has written to one of `tables`, or is about to, and has not ended, in words; `None`
    /// where what is not committed is gone with its process.
    ///
    /// # Errors
    /// If the database cannot tell.
    fn writer(&mut self, tables: &[TableName], within: std::time::Duration) -> Result<Option<String>, DbError>;

    /// Opens one read-only instant over `tables`: locks first, then the snapshot, then a check that every table still
    /// is what its schema says.
    ///
    /// # Errors
    /// If a table is gone, changed, locked for too long, or rows of it would be hidden.
    fn snapshot<'s>(
        &'s mut self,
        tables: &[TableRead],
        monitor: &'s dyn Monitor,
    ) -> Result<Box<dyn Snapshot + 's>, DbError>;

    /// Where the database stands now. If it gives an equal mark later, to this connection or another one, every table
    /// has the same rows as now and had them all the time between. Nothing is promised of counters. Proven or
    /// [`Standing::Unknown`]: what is merely likely is not a mark. The argument is in
    /// `docs/decisions/0006-nothing-has-changed.md`.
    ///
    /// # Errors
    /// If the database cannot be asked.
    fn standing(&mut self) -> Result<Standing, DbError>;

    /// Makes an empty table with the columns, types and key of `schema`: no defaults, references, indexes or triggers.
    /// It is there, committed, when this returns.
    ///
    /// # Errors
    /// If there is a table or view of that name, a type is missing, or the user may not.
    fn create(&mut self, schema: &TableSchema) -> Result<(), DbError>;

    /// Drops a table that [`Sink::create`] has just made.
    ///
    /// # Errors
    /// If the database refuses.
    fn discard(&mut self, table: &TableName) -> Result<(), DbError>;

    /// Those of `parts` of which the database has one of that kind and name, each as it is there; of tables and foreign
    /// keys, and of what tables may share. Nothing is said of other parts.
    ///
    /// # Errors
    /// If the database cannot tell.
    fn existing(&mut self, parts: &[Part]) -> Result<Vec<Part>, DbError>;

    /// Begins one write transaction over `tables`: locks against other writers first, triggers of users disabled,
    /// foreign keys arranged so that no row of another table is touched unasked. Nothing is written yet. An engine that
    /// cannot disable triggers refuses tables that have any, with [`DbError::Unsupported`].
    ///
    /// # Errors
    /// If a table is gone or changed, a lock is not had in time, or a privilege is missing: nothing was changed.
    fn restore<'s>(
        &'s mut self,
        tables: &[TableRead],
        monitor: &'s dyn Monitor,
    ) -> Result<Box<dyn RestoreTxn + 's>, DbError>;

    /// As [`Sink::restore`], of a transaction that first makes what `making` says. If it is not committed, nothing of
    /// that is there.
    ///
    /// # Errors
    /// As [`Sink::restore`], or if something cannot be made.
    fn make<'s>(
        &'s mut self,
        tables: &[TableRead],
        making: &Making,
        monitor: &'s dyn Monitor,
    ) -> Result<Box<dyn RestoreTxn + 's>, DbError>;
}
