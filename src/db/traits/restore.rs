//! Restoring: one write transaction over some tables, verified before it commits.

use super::{RowSink, RowStream, Snapshot, TableId, TableRead};
use crate::codec::{DanglingRows, TableName};
use crate::db::DbError;

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
    /// As [`super::Sink::restore`].
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
    /// As [`super::TableReader::read`].
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

/// What is to become of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// They go.
    Deleted,
    /// Rows with their keys get their values.
    Updated,
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
