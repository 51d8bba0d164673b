//! `diff`: what differs between two snapshots, or between a snapshot and the live database.
//!
//! Live tables are captured into trees as for a snapshot, in an overlay that nobody keeps; two trees are compared, and
//! only leaves that differ are read. Versions of a table that do not have the same columns are first brought into one
//! form (`align`). What is found is given to a [`Receiver`] row by row: memory does not grow with the number of
//! changes.

mod align;
mod json_paths;
mod live;
mod older_rows;
mod patch;
mod predicate;
mod report;
pub(super) mod rows;
pub(super) mod schema;
mod sides;
mod stand_ins;
mod status;
mod swaps;

pub use crate::codec::{Column, Kind, TableSchema, ValueRef};
pub use json_paths::{JsonChange, json_changes};
pub use patch::{PatchReport, patch};
pub use report::{Counts, Depth, DiffOptions, DiffReport, DiffSide, TableDiff, TableState};
pub use rows::{CellRecord, Records, RowChange, RowOp, RowRecord};
pub use status::{StatusLine, StatusReport, TableStatus, status};

use super::OpError;
use super::database::Database;
use super::overlay::Overlay;
use super::refs::warn;
use super::repository::Repository;
use crate::monitor::Monitor;
use crate::snapshot::{History, Refs};
use crate::store::{Access, Store};
use align::Aligned;
use predicate::Predicate;
use sides::{Finder, Pair};

/// Takes what a diff finds, in the order: begin, then of each table its head, its rows and its end.
pub trait Receiver {
    /// What can go wrong with it.
    type Error: From<OpError>;

    /// The two sides.
    ///
    /// # Errors
    /// If it cannot go on.
    fn begin(&mut self, from: &DiffSide, to: &DiffSide) -> Result<(), Self::Error>;

    /// A table, its rows counted.
    ///
    /// # Errors
    /// If it cannot go on.
    fn table(&mut self, table: &TableDiff) -> Result<(), Self::Error>;

    /// A row of it.
    ///
    /// # Errors
    /// If it cannot go on.
    fn row(&mut self, table: &TableDiff, row: &RowChange<'_>, records: &mut Records) -> Result<(), Self::Error>;

    /// The end of the table, after `shown` rows.
    ///
    /// # Errors
    /// If it cannot go on.
    fn table_end(&mut self, table: &TableDiff, shown: u64) -> Result<(), Self::Error>;
}

/// A store opened to compare what is in it.
struct Opened<'r> {
    project: &'r Repository,
    store: Store,
    history: History,
    refs: Refs,
}

impl<'r> Opened<'r> {
    fn new(project: &'r Repository) -> Result<Opened<'r>, OpError> {
        let store = project.open(Access::Read)?;
        let history = History::load(&store)?;
        let refs = Refs::load(&store)?;
        Ok(Opened { project, store, history, refs })
    }

    fn finder<'f>(&'f self, overlay: &'f Overlay<'f>, monitor: &'f dyn Monitor) -> Finder<'f> {
        warn(&self.refs, monitor);
        Finder {
            project: self.project,
            history: &self.history,
            refs: &self.refs,
            overlay,
            monitor,
            none_is_fine: false,
            may_know: false,
        }
    }
}

/// Compares two snapshots, or a snapshot and the live database. Nothing is kept of what is read.
///
/// # Errors
/// If a reference or table is not found, the database or an object cannot be read, and what `receiver` returns.
pub fn diff<R: Receiver>(
    repository: &Repository,
    database: &mut Database,
    options: &DiffOptions,
    receiver: &mut R,
    monitor: &dyn Monitor,
) -> Result<DiffReport, R::Error> {
    let opened = Opened::new(repository)?;
    let overlay = Overlay::new(&opened.store)?;
    let mut sides = opened.finder(&overlay, monitor).find(options, database)?;
    let mut live = sides.live.take();
    let mut live = live.as_mut();
    let mut tables = Vec::with_capacity(sides.pairs.len());
    for (nth, pair) in sides.pairs.iter().enumerate() {
        let aligned = Aligned::of(pair, &overlay, monitor)?;
        let mut predicate = Predicate::of(opened.project, options, &sides, aligned.as_ref(), &mut live, monitor)?;
        let mut table = describe(&overlay, pair, aligned.as_ref(), predicate.as_mut(), options.depth, monitor)?;
        let names = opened.project.field_names(&table.schema);
        table.rename(&*names);
        if nth == 0 {
            // not before the first table is compared: what cannot be done at all prints nothing
            receiver.begin(&sides.from, &sides.to)?;
        }
        receiver.table(&table)?;
        // lines, and the rows that they stand for: copies of a row are one line
        let (mut lines, mut shown) = (0u64, 0u64);
        if let (Some(aligned), Depth::Rows, true) = (&aligned, options.depth, table.counts.all() > 0) {
            let mut records = Records::new(sides.engines, &aligned.old_schema, &aligned.schema, &*names)?;
            rows::each_row::<R::Error>(&overlay, aligned, predicate.as_mut(), |change| {
                if options.limit.is_some_and(|limit| lines >= limit) {
                    return Ok(false);
                }
                if monitor.interrupted() {
                    return Err(OpError::Interrupted.into());
                }
                lines += 1;
                shown += change.count;
                receiver.row(&table, change, &mut records)?;
                Ok(true)
            })?;
        }
        receiver.table_end(&table, shown)?;
        tables.push(table);
    }
    let different = tables.iter().any(|table| table.state != TableState::Same);
    Ok(DiffReport { from: sides.from, to: sides.to, tables, different })
}

fn describe(
    overlay: &Overlay<'_>,
    pair: &Pair,
    aligned: Option<&Aligned>,
    predicate: Option<&mut Predicate<'_>>,
    depth: Depth,
    monitor: &dyn Monitor,
) -> Result<TableDiff, OpError> {
    let sides = || [&pair.old, &pair.new].into_iter().flatten();
    let mut table = TableDiff {
        table: pair.table.to_string(),
        state: TableState::Unlike,
        from: pair.old.as_ref().and_then(|side| side.snapshot).map(|id| id.to_hex()),
        to: pair.new.as_ref().and_then(|side| side.snapshot).map(|id| id.to_hex()),
        counts: Counts::default(),
        old_rows: pair.old.as_ref().map(|side| side.rows),
        new_rows: pair.new.as_ref().map(|side| side.rows),
        key: Vec::new(),
        schema_changes: Vec::new(),
        notes: notes(pair),
        filter: sides().find_map(|side| side.filter.clone()),
        last_full: sides().find_map(|side| side.last_full).map(|id| id.to_hex()),
        schema: TableSchema {
            table: pair.table.clone(),
            columns: Vec::new(),
            generated: Vec::new(),
            key: crate::codec::Key::Rows,
            foreign_keys: Vec::new(),
            unique: Vec::new(),
        },
    };
    table.state = match (&pair.old, &pair.new, aligned) {
        (Some(_), None, _) => TableState::OnlyOld,
        (None, Some(_), _) => TableState::OnlyNew,
        (None, None, _) => TableState::Same,
        (Some(old), Some(new), None) => {
            table.schema_changes = schema::differences(&old.schema, &new.schema);
            table.counts = Counts { added: new.rows, changed: 0, removed: old.rows };
            TableState::Unlike
        }
        (Some(old), Some(new), Some(aligned)) => {
            // counted when it was captured, if it was not brought into another form since
            let known = new.since.filter(|(root, _)| *root == old.root && new.root == aligned.new);
            table.counts = rows::count(overlay, aligned, known, predicate, depth == Depth::Names, monitor)?;
            table.schema_changes.clone_from(&aligned.differences);
            table.key = aligned.schema.key_names().into_iter().map(str::to_owned).collect();
            table.schema = aligned.schema.clone();
            match table.counts.all() == 0 && table.schema_changes.is_empty() {
                true => TableState::Same,
                false => TableState::Changed,
            }
        }
    };
    Ok(table)
}

/// What a reader of a table's diff should know.
fn notes(pair: &Pair) -> Vec<String> {
    let (Some(old), Some(new)) = (&pair.old, &pair.new) else { return Vec::new() };
    match (&old.filter, &new.filter) {
        (None, None) => Vec::new(),
        (Some(one), Some(other)) if one == other => vec![format!("only rows where {one}")],
        (old, new) => {
            let of = |filter: &Option<String>| filter.as_ref().map_or("all rows".to_owned(), |f| format!("where {f}"));
            vec![format!("filtered otherwise: {} is compared with {}", of(old), of(new))]
        }
    }
}
