//! Rows on their way into a table. The server keeps them as text, in settings of this transaction, an array for each
//! column: that needs no DDL, which event triggers see, no lock, and no COPY. Where they are many, temporary tables
//! take them.

use super::{PostgresRestore, writing, written};
use crate::codec::{Key, TableName, TableSchema};
use crate::db::postgres::client::Failure;
use crate::db::postgres::rows::{Batch, Unfit, long_row};
use crate::db::postgres::setting::{CHUNK, LongText, PIECE, end_of_part};
use crate::db::postgres::types::Form;
use crate::db::{DbError, RowStream};
use std::fmt::Write as _;

/// About how much text of rows is sent at once.
const BATCH: usize = 4 << 20;
/// About how much the server is to keep in memory before temporary tables are made.
const IN_MEMORY: usize = 64 << 20;

/// What is to be done with staged rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Work {
    Delete,
    Update,
    Insert,
}

impl Work {
    /// In the past participle.
    pub(super) fn verb(self) -> &'static str {
        match self {
            Work::Delete => "deleted",
            Work::Update => "updated",
            Work::Insert => "inserted",
        }
    }

    /// Whether rows are found by what tells them apart, and not by all that they hold.
    pub(super) fn is_by_key(self, schema: &TableSchema) -> bool {
        schema.key != Key::Rows || self == Work::Update
    }
}

/// Rows that the server keeps. Its columns are named `c0`, `c1`, ... by their position in the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Staged {
    /// The table that they are for.
    pub(super) index: usize,
    /// What is to be done.
    pub(super) work: Work,
    /// What stands for them in FROM.
    pub(super) name: String,
    /// How many there are.
    pub(super) rows: u64,
    /// Where they are kept.
    pub(super) place: StagedAt,
}

/// Where rows are kept: settings, by number, and a temporary table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct StagedAt {
    slots: Vec<(u32, usize)>,
    table: Option<String>,
}

/// The settings that rows are kept in.
#[derive(Debug, Clone, Default)]
pub(super) struct Slots {
    free: Vec<u32>,
    next: u32,
    /// Bytes in use.
    bytes: usize,
    /// Whether temporary tables cannot be made.
    only: bool,
}

impl Slots {
    fn take(&mut self, bytes: usize) -> u32 {
        self.bytes += bytes;
        self.free.pop().unwrap_or_else(|| {
            self.next += 1;
            self.next
        })
    }
}

/// The positions of the columns that `work` needs.
fn columns_for(schema: &TableSchema, work: Work) -> Vec<usize> {
    match &schema.key {
        // the key is enough to find a row
        Key::Columns { columns, .. } if work == Work::Delete => written::positions(columns),
        _ => (0..schema.columns.len()).collect(),
    }
}

/// Why a long row was not sent.
enum Unsent {
    Unfit(Unfit),
    Failure(Failure),
}

impl From<Unfit> for Unsent {
    fn from(unfit: Unfit) -> Unsent {
        Unsent::Unfit(unfit)
    }
}

impl From<Failure> for Unsent {
    fn from(failure: Failure) -> Unsent {
        Unsent::Failure(failure)
    }
}

/// Rows being gathered.
struct Filling {
    index: usize,
    positions: Vec<usize>,
    batch: Batch,
    rows: u64,
    /// What stands in FROM for those that are in settings.
    parts: Vec<String>,
    place: StagedAt,
}

impl PostgresRestore<'_> {
    /// Gives rows to the server to keep; returns their number.
    pub(super) fn stage(&mut self, index: usize, work: Work, rows: &mut dyn RowStream) -> Result<u64, DbError> {
        let positions = columns_for(&self.session.open_table(index)?.schema, work);
        let (name, rows, place) = self.fill(index, &positions, rows)?;
        if rows > 0 {
            self.pending.push(Staged { index, work, name, rows, place });
        }
        Ok(rows)
    }

    /// Gives these columns of rows to the server to keep; returns what stands for them in FROM, how many they are and
    /// where.
    pub(super) fn fill(
        &mut self,
        index: usize,
        positions: &[usize],
        rows: &mut dyn RowStream,
    ) -> Result<(String, u64, StagedAt), DbError> {
        let open = self.session.open_table(index)?;
        let (table, columns) = (open.table().clone(), &open.schema.columns);
        let mut forms: Vec<Option<Form>> = vec![None; columns.len()];
        for &position in positions {
            forms[position] = Some(Form::of(columns[position].kind, columns[position].array));
        }
        let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
        let mut filling = Filling {
            index,
            positions: positions.to_vec(),
            batch: Batch::new(forms.clone()),
            rows: 0,
            parts: Vec::new(),
            place: StagedAt::default(),
        };
        while let Some(row) = rows.next_row()? {
            let is_long = row.len() > BATCH;
            if !is_long {
                filling.batch.push(row).map_err(|unfit| unfit_for(&table, &names, unfit))?;
            }
            if filling.batch.bytes() > BATCH || is_long && filling.batch.rows() > 0 {
                self.ship(&mut filling).map_err(|failure| writing(&table, failure))?;
            }
            if is_long {
                self.ship_long(&mut filling, &forms, row).map_err(|unsent| match unsent {
                    Unsent::Unfit(unfit) => unfit_for(&table, &names, unfit),
                    Unsent::Failure(failure) => writing(&table, failure),
                })?;
            }
            if self.session.monitor.interrupted() {
                return Err(DbError::Stopped);
            }
        }
        if filling.batch.rows() > 0 {
            self.ship(&mut filling).map_err(|failure| writing(&table, failure))?;
        }
        let source = match (&filling.place.table, filling.parts.as_slice()) {
            (Some(table), _) => table.clone(),
            (None, [part]) => part.clone(),
            (None, parts) => format!("({})", parts.join(" UNION ALL ")),
        };
        Ok((source, filling.rows, filling.place))
    }

    /// Sends what was gathered.
    fn ship(&mut self, filling: &mut Filling) -> Result<(), Failure> {
        let (rows, array) = (filling.batch.rows(), filling.batch.take());
        let slot = self.slots.take(array.len());
        self.keep(slot, &array)?;
        self.shipped(filling, slot, array.len(), rows)
    }

    /// Sends a row that may be a gigabyte, piece by piece.
    fn ship_long(&mut self, filling: &mut Filling, forms: &[Option<Form>], row: &[u8]) -> Result<(), Unsent> {
        let slot = self.slots.take(row.len());
        let mut text = LongText::new(setting(slot));
        long_row(forms, row, PIECE, &mut |piece| Ok::<(), Unsent>(text.push(&mut self.session, piece)?))?;
        text.finish(&mut self.session)?;
        Ok(self.shipped(filling, slot, row.len(), 1)?)
    }

    /// Notes what the server keeps now; where that is much, a temporary table takes it.
    fn shipped(&mut self, filling: &mut Filling, slot: u32, bytes: usize, rows: u64) -> Result<(), Failure> {
        filling.rows += rows;
        let crowded = self.slots.bytes > IN_MEMORY;
        let part = self.kept(filling.index, &filling.positions, slot, rows);
        filling.place.slots.push((slot, bytes));
        filling.parts.push(part);
        if crowded && filling.place.table.is_none() && !self.slots.only {
            filling.place.table = self.make_room(filling)?;
        }
        if let Some(table) = &filling.place.table {
            for part in filling.parts.drain(..) {
                let list: String = filling.positions.iter().map(|position| format!(", s.c{position}")).collect();
                let insert = format!("INSERT INTO {table} SELECT s.n{list} FROM {part} AS s");
                self.session.connection.execute(&insert, self.session.monitor)?;
            }
            self.free(&std::mem::take(&mut filling.place.slots))?;
        }
        Ok(())
    }

    /// Makes a temporary table; `None` if that is not possible here: an event trigger or a missing privilege may be in
    /// the way.
    fn make_room(&mut self, filling: &Filling) -> Result<Option<String>, Failure> {
        let Some(part) = filling.parts.first() else { return Ok(None) };
        let name = format!("pg_temp.dbsnap_stage_{}", self.stages);
        self.stages += 1;
        let create = format!("CREATE TEMPORARY TABLE {name} ON COMMIT DROP AS SELECT * FROM {part} AS s WITH NO DATA");
        let monitor = self.session.monitor;
        self.session.connection.execute("SAVEPOINT dbsnap_room", monitor)?;
        let made = self.defining(|restore| restore.session.connection.execute(&create, monitor));
        let end = match made {
            Err(Failure::Server(error)) if !error.is_fatal() => {
                self.slots.only = true;
                "ROLLBACK TO SAVEPOINT dbsnap_room; RELEASE SAVEPOINT dbsnap_room"
            }
            other => other.map(|_| "RELEASE SAVEPOINT dbsnap_room")?,
        };
        self.session.connection.execute(end, monitor)?;
        Ok((!self.slots.only).then_some(name))
    }

    /// Puts an array into a setting.
    fn keep(&mut self, slot: u32, mut array: &[u8]) -> Result<(), Failure> {
        let mut is_first = true;
        while !array.is_empty() {
            let (chunk, rest) = array.split_at(end_of_part(array, CHUNK));
            self.session.append(&setting(slot), chunk, is_first)?;
            is_first = false;
            array = rest;
        }
        Ok(())
    }

    /// What stands in FROM for the rows in a setting.
    fn kept(&self, index: usize, positions: &[usize], slot: u32, rows: u64) -> String {
        let (mut list, mut arrays, mut names) = (String::new(), String::new(), String::new());
        for (at, &position) in positions.iter().enumerate() {
            let Some(column) = self.types.of(index, position) else { continue };
            let _ = write!(list, ", {}", column.value(&format!("u.c{position}"), &format!("c{position}")));
            let _ = write!(arrays, ", pg_catalog.unnest(x.a[{}]::{})", at + 1, column.array);
            let _ = write!(names, ", c{position}");
        }
        // the numbers tell the planner how many rows there are, and keep rows without columns
        format!(
            "(SELECT u.n{list} FROM (SELECT pg_catalog.current_setting('{}')::pg_catalog._text AS a \
             OFFSET 0) AS x, LATERAL ROWS FROM (pg_catalog.generate_series(1, {rows}){arrays}) AS u (n{names}))",
            setting(slot)
        )
    }

    /// Lets the server forget rows. A temporary table goes at COMMIT, which no event trigger sees.
    pub(super) fn release(&mut self, place: &StagedAt) -> Result<(), DbError> {
        self.free(&place.slots).map_err(|failure| failure.during("giving memory back"))
    }

    fn free(&mut self, slots: &[(u32, usize)]) -> Result<(), Failure> {
        self.session.empty(slots.iter().map(|(slot, _)| setting(*slot)))?;
        for (slot, bytes) in slots {
            self.slots.free.push(*slot);
            self.slots.bytes = self.slots.bytes.saturating_sub(*bytes);
        }
        Ok(())
    }

    /// Of the rows staged last, how many fit what is in their table now: rows to be deleted or updated are there, rows
    /// to be inserted are not (unless staged to be deleted). Multisets are only counted when they are written.
    pub(super) fn stands_alone(&mut self, index: usize, work: Work) -> Result<u64, DbError> {
        let Some(staged) = self.pending.last().cloned() else { return Ok(0) };
        let open = self.session.open_table(index)?;
        let table = open.table().clone();
        if !work.is_by_key(&open.schema) {
            return Ok(staged.rows);
        }
        let matches = self.key_match(index, "t", "s");
        let sql = match work {
            Work::Delete | Work::Update => {
                format!(
                    "SELECT pg_catalog.count(*) FROM ONLY {} AS t, {} AS s WHERE {matches}",
                    open.sql_name, staged.name
                )
            }
            Work::Insert => {
                let gone: String = self
                    .pending
                    .iter()
                    .filter(|other| other.index == index && other.work == Work::Delete)
                    .map(|other| {
                        format!(
                            " AND NOT EXISTS (SELECT FROM {} AS g WHERE {})",
                            other.name,
                            self.key_match(index, "t", "g")
                        )
                    })
                    .collect();
                format!(
                    "SELECT pg_catalog.count(*) FROM {} AS s WHERE NOT EXISTS (SELECT FROM ONLY {} AS t WHERE {matches}{gone})",
                    staged.name, open.sql_name
                )
            }
        };
        self.session.number(&sql).map_err(|failure| writing(&table, failure))
    }

    /// `row` of the table and `staged` row have the same key, as SQL. Only for tables with a key.
    pub(super) fn key_match(&self, index: usize, row: &str, staged: &str) -> String {
        self.operators.same_key(&self.session, index, row, staged)
    }
}

/// The name of a setting that rows are kept in.
fn setting(slot: u32) -> String {
    format!("dbsnap.rows_{slot}")
}

fn unfit_for(table: &TableName, names: &[String], unfit: Unfit) -> DbError {
    DbError::Unsupported(match unfit {
        Unfit::Shape => format!("a row to be written to table {table} has another number of columns"),
        Unfit::Value(position) => format!(
            "a value to be written to column {} of table {table} is not of that column's kind",
            names.get(position).map_or("?", String::as_str)
        ),
    })
}
