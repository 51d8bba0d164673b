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

use super::{Catalog, Counter, DbError, Rule, SourceIdentity};
use crate::codec::{DanglingRows, Definition, Mark, Part, TableName, TableSchema};
use crate::monitor::Monitor;
use std::collections::BTreeMap;

/// A resolved `--where`: one boolean expression, every name quoted for the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// The expression as the user typed it, with labels in place of other names of values; goes into manifests and
    /// exports.
    pub typed: String,
    /// The expression to put after `WHERE`, in the engine's dialect, names quoted.
    pub sql: String,
    /// The columns that it names.
    pub columns: Vec<String>,
}

impl Filter {
    /// The positions of its columns among those of `schema`.
    ///
    /// # Errors
    /// [`DbError::Filter`] if one is not there.
    pub fn positions(&self, schema: &TableSchema) -> Result<Vec<usize>, DbError> {
        let position = |name: &String| {
            let found = schema.columns.iter().position(|column| column.name == *name);
            found.ok_or_else(|| DbError::Filter { reason: format!("table {} has no column {name}", schema.table) })
        };
        self.columns.iter().map(position).collect()
    }

    /// A name that none of its columns has, in any case.
    pub(super) fn free_name(&self) -> String {
        let mut name = "n".to_owned();
        while self.columns.iter().any(|column| column.eq_ignore_ascii_case(&name)) {
            name.push('n');
        }
        name
    }
}

/// One table to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRead {
    /// The table and its columns, as [`Sink::catalog`] told them.
    pub schema: TableSchema,
    /// Only rows for which this holds.
    pub filter: Option<Filter>,
}

/// Receives rows in canonical bytes (see `codec::row`), in any order.
pub trait RowSink {
    /// One row. The slice is valid only during the call.
    ///
    /// # Errors
    /// [`DbError::Stopped`] if the receiver wants no more; the reader ends its statement cleanly and returns it.
    fn row(&mut self, row: &[u8]) -> Result<(), DbError>;

    /// One row, which `write` appends to the buffer it is given. A convenience that spares copying it; receivers may
    /// leave it as it is.
    ///
    /// # Errors
    /// What `write` returns; otherwise as [`RowSink::row`].
    fn row_by(&mut self, write: &mut dyn FnMut(&mut Vec<u8>) -> Result<(), DbError>) -> Result<(), DbError> {
        let mut row = Vec::new();
        write(&mut row)?;
        self.row(&row)
    }
}

/// Gives rows in canonical bytes.
pub trait RowStream {
    /// The next row; `None` at the end. The slice is valid until the next call.
    ///
    /// # Errors
    /// [`DbError::Stopped`] if the rows cannot be had; the reason is with the giver.
    fn next_row(&mut self) -> Result<Option<&[u8]>, DbError>;

    /// Lets go of the row that was given, if it is long: the database has a copy. Engines need not call it, and givers
    /// may do nothing.
    fn forget(&mut self) {}

    /// The row that was given, once more, whether it was forgotten or not.
    ///
    /// # Errors
    /// As [`RowStream::next_row`].
    fn again(&mut self) -> Result<&[u8], DbError>;
}

/// One of the tables that a transaction was opened over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableId(usize);

impl TableId {
    /// The table at `position`, from 0, of those that the transaction was opened over and those added to it later.
    pub fn at(position: usize) -> TableId {
        TableId(position)
    }

    /// Its position.
    pub fn position(self) -> usize {
        self.0
    }
}

/// Reads whole tables.
pub trait TableReader {
    /// Exact number of rows of `table`, its filter applied, as the database counts them.
    ///
    /// # Errors
    /// If the database cannot count.
    fn count(&mut self, table: TableId) -> Result<u64, DbError>;

    /// Gives every row of `table` to `rows`. Returns the number of rows the database says it sent, which equals the
    /// number given.
    ///
    /// # Errors
    /// If reading fails, the connection dies or counts do not match: then the rows given are not a whole table.
    fn read(&mut self, table: TableId, rows: &mut dyn RowSink) -> Result<u64, DbError>;

    /// The counters (sequences, identities, AUTOINCREMENT) that feed columns of `table`.
    ///
    /// # Errors
    /// If the database cannot tell.
    fn counters(&mut self, table: TableId) -> Result<Vec<Counter>, DbError>;

    /// What it takes to make `table` again as it is, of the same instant as its rows: the table, all that is part of
    /// it, all that it needs, and the foreign keys of other tables to it. The same table has the same definition each
    /// time. In a transaction that writes, to be asked before the first write. `None` where there is no table, but only
    /// its rows (a file).
    ///
    /// # Errors
    /// If the database cannot tell.
    fn definition(&mut self, table: TableId) -> Result<Option<Definition>, DbError>;
}

/// One instant of some tables: whatever is committed by others after it began is not seen. Dropping it ends the
/// transaction.
pub trait Snapshot: TableReader {
    /// Where the database stood when this instant began, or just before: as [`Sink::standing`] says it. While it stands
    /// there, tables have the rows that are read here. Of a transaction that writes nothing is known.
    ///
    /// # Errors
    /// If the database cannot be asked.
    fn standing(&mut self) -> Result<Standing, DbError>;

    /// For each of `rows`, which need not be in any table and may be forgotten, whether `filter` would hold for it if
    /// it were in `table`. They are rows of `schema`, whose columns are those of the table by name. The database itself
    /// decides.
    ///
    /// # Errors
    /// If the database cannot tell, or a value that the filter looks at is not of its column's type there.
    fn matching(
        &mut self,
        table: TableId,
        filter: &Filter,
        schema: &TableSchema,
        rows: &mut dyn RowStream,
    ) -> Result<Vec<bool>, DbError>;

    /// Whether [`Snapshot::rivals`] may find any in `table`.
    ///
    /// # Errors
    /// If the database cannot tell.
    fn has_rivals(&mut self, table: TableId) -> Result<bool, DbError>;

    /// For each of `rows`, which are not in the table yet, the row of `table` that has to give way to it, or take its
    /// values: a unique index of the database's takes both for the same, and no captured key says so. `None` where
    /// there is no such row.
    ///
    /// # Errors
    /// If the database cannot tell.
    fn rivals(&mut self, table: TableId, rows: &[&[u8]]) -> Result<Vec<Option<Vec<u8>>>, DbError>;

    /// That the user may do all of `writes` to `table`. To be asked before the first write.
    ///
    /// # Errors
    /// [`DbError::Denied`] with what is missing.
    fn check_privileges(&mut self, table: TableId, writes: &[Write]) -> Result<(), DbError>;

    /// Which rules of `table` would refuse what is to be written to it, as far as that can be told without writing.
    /// Rules that rows can break all the same (NOT VALID) are passed over, and so are references to tables of this
    /// transaction.
    ///
    /// # Errors
    /// If the database cannot be asked.
    fn misfits(&mut self, table: TableId, writing: Writing<'_>) -> Result<Vec<Misfit>, DbError>;

    /// Rows that would be left without what they refer to if that were written, where foreign keys do not act:
    /// referring table, referenced table, number of rows. As far as can be told without writing; references within this
    /// transaction are passed over.
    ///
    /// # Errors
    /// If the database cannot be asked.
    fn stranded(&mut self, table: TableId, writing: Writing<'_>) -> Result<Vec<(TableName, TableName, u64)>, DbError>;

    /// Rows of tables outside this transaction that foreign-key actions would delete or change if `changes` were made:
    /// (table, rows), by table. Counted by the database; nothing is written. None where foreign keys do not act. In a
    /// restore, to be called before the first write.
    ///
    /// # Errors
    /// If the database cannot count.
    fn cascaded_rows(&mut self, changes: &mut [Changing<'_>]) -> Result<Vec<(TableName, u64)>, DbError>;

    /// The newest migration that was applied and not rolled back, if the database has a list of them (Prisma's) that
    /// can be read. Not being able to tell is no error.
    fn newest_migration(&mut self) -> Option<String>;

    /// What it takes to make an empty database like this one: [`Absent::make`] is given it.
    ///
    /// # Errors
    /// If the database cannot tell.
    fn settings(&mut self) -> Result<BTreeMap<String, String>, DbError>;
}

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

    /// Makes it, empty, with the settings that [`Snapshot::settings`] told of another one, and connects to it.
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

/// What a database can say of where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// This.
    Marked(Mark),
    /// Nothing that would prove anything, and why: `a transaction is open`.
    Unknown(String),
}

/// What is to become of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// They go.
    Deleted,
    /// Rows with their keys get their values.
    Updated,
}

/// What is done to rows when they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// They are deleted.
    Delete,
    /// They get other values.
    Update,
    /// They are inserted.
    Insert,
}

/// Rows of one table that are about to change.
pub struct Changing<'r> {
    /// The table.
    pub table: TableId,
    /// How they change.
    pub change: Change,
    /// The rows, as for [`RestoreTxn::delete`] or [`RestoreTxn::update`].
    pub rows: &'r mut dyn RowStream,
}

/// Rows that are to be written to a table.
#[derive(Debug, Clone, Copy)]
pub struct Writing<'r> {
    /// Rows that are inserted, or whose values others get.
    pub rows: &'r [&'r [u8]],
    /// Rows that are deleted, if these and `rows` are all.
    pub gone: Option<&'r [&'r [u8]]>,
    /// Whether the table is one of [`MayDangle::unchecked`].
    pub unchecked: bool,
}

/// A rule that rows break which are to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// What kind of rule.
    pub rule: Rule,
    /// What it is called: `the constraint positive`.
    pub name: String,
    /// How many rows break it, if that is known.
    pub rows: Option<u64>,
}

/// What the server said to COMMIT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commit {
    /// Committed, in the server's own word.
    Done,
    /// The server rolled back instead; nothing was changed.
    RolledBack,
}

/// A table after this transaction has written to it, in the database's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Rows of the table now.
    pub total: u64,
    /// Of the rows that were to be gone, those whose keys are still there.
    pub left: u64,
}

/// References to nothing that a restore may leave, and rows that constraints would refuse.
#[derive(Debug, Clone, Default)]
pub struct MayDangle {
    /// What dangled in the state that is restored.
    pub known: Vec<DanglingRows>,
    /// Tables that become exactly what they were at one instant: what dangles among them dangled then.
    pub among: Vec<TableName>,
    /// Tables that have each row which they had at one instant, and lose and change none, where all rows that are
    /// written anywhere are of that instant: a row that refers to a missing one of them dangled then, or does already.
    pub onto: Vec<TableName>,
    /// Whatever it is, where foreign keys do not act: somebody has asked for it.
    pub all: bool,
    /// Tables whose rows were in the database under the rules that it has now, or before the restore that is undone:
    /// CHECK constraints that they broke then do not refuse them now, where the engine can put them aside.
    pub unchecked: Vec<TableName>,
}

impl MayDangle {
    /// Why these rows may dangle, if they may without being asked for.
    pub fn as_before(&self, rows: &DanglingRows) -> Option<&'static str> {
        let is_in = |tables: &[TableName], table: &TableName| {
            tables.iter().any(|one| one.schema == table.schema && one.name.eq_ignore_ascii_case(&table.name))
        };
        let as_before = is_in(&self.among, &rows.table) && is_in(&self.among, &rows.references)
            || is_in(&self.onto, &rows.references)
            || self.is_known(rows);
        as_before.then_some("as in the restored state")
    }

    /// Whether just these rows dangled in the state that is restored.
    pub fn is_known(&self, rows: &DanglingRows) -> bool {
        self.known.iter().any(|known| known.is_same(rows))
    }

    /// Why these rows may dangle, if they may.
    pub fn reason(&self, rows: &DanglingRows) -> Option<&'static str> {
        self.as_before(rows).or(self.all.then_some("as asked for"))
    }
}

/// One write transaction over some tables. Dropping it rolls back.
///
/// The order of calls is: read, delete (children first), update, insert (parents first), counters, read again (all, or
/// only what was written) as verification, commit.
pub trait RestoreTxn: Snapshot {
    /// Lets foreign keys take rows of `tables` along. They are locked as the others are, their triggers are disabled as
    /// well, and they can be read: their ids go on after those that there are. [`Snapshot::cascaded_rows`] goes on
    /// counting them. To be called before the first write.
    ///
    /// # Errors
    /// As [`Sink::restore`].
    fn add_tables(&mut self, tables: &[TableRead]) -> Result<(), DbError>;

    /// Tables outside this transaction, and not given to [`RestoreTxn::add_tables`], of which rows were written all the
    /// same, as far as the database counts them.
    ///
    /// # Errors
    /// If the database cannot tell.
    fn unexpected_writes(&mut self) -> Result<Vec<TableName>, DbError>;

    /// Whether the column at `column` of `table` takes each value that `rows` have in it, as far as its type goes:
    /// labels of an enum, rules of a domain. Nothing is changed. To be asked before the first write.
    ///
    /// # Errors
    /// If the database cannot tell.
    fn accepts_values(&mut self, table: TableId, column: usize, rows: &mut dyn RowStream) -> Result<bool, DbError>;

    /// Whether the database carries out foreign-key actions in this transaction. Where it does not (SQLite), what would
    /// leave rows without what they refer to is refused when it is to be committed: [`DbError::Dangling`].
    fn foreign_keys_act(&self) -> bool;

    /// What dangles in the tables of this transaction and around them; where foreign keys act, only in `changed`, the
    /// tables of which rows go or get other values. To be asked before the first write.
    ///
    /// # Errors
    /// If the database cannot tell.
    fn dangling(&mut self, changed: &[TableId]) -> Result<Vec<DanglingRows>, DbError>;

    /// Lets rows be without what they refer to once this is committed; what of it comes true the monitor is told. To be
    /// called before anything is asked or written.
    fn may_dangle(&mut self, allowed: MayDangle);

    /// Gives `rows` rows of what the columns at `columns` of `table` get when they are given nothing. Evaluating a
    /// default may draw from a sequence; nothing else is changed.
    ///
    /// # Errors
    /// If the database cannot evaluate one.
    fn defaults(&mut self, table: TableId, columns: &[usize], rows: u64, sink: &mut dyn RowSink)
    -> Result<(), DbError>;

    /// Deletes the live rows given (whole rows as read). In a multiset each occurrence given deletes one.
    /// Returns the rows deleted as the database counts them.
    ///
    /// # Errors
    /// If the database refuses or deletes another number of rows than given.
    fn delete(&mut self, table: TableId, rows: &mut dyn RowStream) -> Result<u64, DbError>;

    /// Gives each row that has the key of a row given that row's values. In a table without a captured key these are
    /// its [`Snapshot::rivals`].
    ///
    /// # Errors
    /// If the database refuses or changes another number of rows than given.
    fn update(&mut self, table: TableId, rows: &mut dyn RowStream) -> Result<u64, DbError>;

    /// Inserts the rows given.
    ///
    /// # Errors
    /// If the database refuses or inserts another number of rows than given.
    fn insert(&mut self, table: TableId, rows: &mut dyn RowStream) -> Result<u64, DbError>;

    /// Moves the counters of `table` forward, within the transaction, so that the next insert works; never backward.
    ///
    /// # Errors
    /// If the database refuses.
    fn advance_counters(&mut self, table: TableId) -> Result<(), DbError>;

    /// What is written from now on was written before, and foreign keys among these tables undid it: from now on the
    /// database writes so that they find no row to act on. Nothing to do where foreign keys do not act.
    fn retry_detached(&mut self);

    /// Gives `rows` every row that this transaction wrote to `table`, and perhaps rows that it did not write. `gone`
    /// are rows that are to be gone. `None`, without a row, if the database cannot tell these rows apart: then the
    /// whole table is to be read. What may be concluded from it is written down in
    /// `docs/decisions/0002-verification-of-what-was-written.md`.
    ///
    /// # Errors
    /// As [`TableReader::read`].
    fn written(
        &mut self,
        table: TableId,
        gone: &mut dyn RowStream,
        rows: &mut dyn RowSink,
    ) -> Result<Option<Written>, DbError>;

    /// Commits and says what the server said.
    ///
    /// # Errors
    /// [`DbError::Unknown`] if the connection died before the server's word came and asking again did not help.
    fn commit(self: Box<Self>) -> Result<Commit, DbError>;
}
