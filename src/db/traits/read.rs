//! Reading: one instant of some tables.

use super::{Changing, Write};
use crate::codec::{Definition, Mark, TableName, TableSchema};
use crate::db::{Counter, DbError, Rule};
use std::collections::BTreeMap;

/// One instant of some tables: whatever is committed by others after it began is not seen. Dropping it ends the
/// transaction.
pub trait Snapshot: TableReader {
    /// Where the database stood when this instant began, or just before: as [`super::Sink::standing`] says it. While it
    /// stands there, tables have the rows that are read here. Of a transaction that writes nothing is known.
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

    /// What it takes to make an empty database like this one: [`super::Absent::make`] is given it.
    ///
    /// # Errors
    /// If the database cannot tell.
    fn settings(&mut self) -> Result<BTreeMap<String, String>, DbError>;
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

/// One table to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRead {
    /// The table and its columns, as [`super::Sink::catalog`] told them.
    pub schema: TableSchema,
    /// Only rows for which this holds.
    pub filter: Option<Filter>,
}

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
    pub(in crate::db) fn free_name(&self) -> String {
        let mut name = "n".to_owned();
        while self.columns.iter().any(|column| column.eq_ignore_ascii_case(&name)) {
            name.push('n');
        }
        name
    }
}

/// Rows that are to be written to a table.
#[derive(Debug, Clone, Copy)]
pub struct Writing<'r> {
    /// Rows that are inserted, or whose values others get.
    pub rows: &'r [&'r [u8]],
    /// Rows that are deleted, if these and `rows` are all.
    pub gone: Option<&'r [&'r [u8]]>,
    /// Whether the table is one of [`super::MayDangle::unchecked`].
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

/// What a database can say of where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// This.
    Marked(Mark),
    /// Nothing that would prove anything, and why: `a transaction is open`.
    Unknown(String),
}
