//! `diff -o sql`: a patch that turns the older side into the newer one.
//!
//! Order of the statements: tables are emptied of what goes, and their rows updated, referring tables before those that
//! they refer to; then rows are inserted the other way round. So no foreign key ever takes along a row that is to stay.
//! Tables that refer to themselves, or to each other in a circle, are updated before anything is deleted.

use super::align::Aligned;
use super::older_rows;
use super::predicate::Predicate;
use super::rows::{RowOp, each_row};
use super::stand_ins::StandIns;
use super::swaps::Swaps;
use super::{DiffOptions, DiffSide, Opened};
use crate::codec::{Key, TableSchema, ValueRef};
use crate::db::{Copies, Crossing, Done, PatchTable, PatchWriter, patch_writer};
use crate::monitor::Monitor;
use crate::ops::OpError;
use crate::ops::database::Database;
use crate::ops::order::{children_first, is_cyclic};
use crate::ops::overlay::Overlay;
use crate::ops::repository::Repository;
use serde::Serialize;
use std::collections::BTreeSet;

/// Conditions of one DELETE, and bytes and rows of one INSERT, at most.
const MOST_KEYS: usize = 50;
const MOST_BYTES: usize = 64 * 1024;
const MOST_TUPLES: usize = 200;

/// What a patch does and does not do.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PatchReport {
    /// What it starts from.
    pub from: DiffSide,
    /// What it leads to.
    pub to: DiffSide,
    /// Tables that it changes.
    pub tables: Vec<String>,
    /// Differences that it leaves: of schemas, and tables that only one side has.
    pub left_out: Vec<String>,
}

/// One table that the patch changes.
struct Changed<'l> {
    aligned: Aligned,
    predicate: Option<Predicate<'l>>,
    /// Writes the rows that come or change.
    writer: &'static dyn PatchWriter,
    rows: Option<(u64, u64)>,
    done: Done,
}

impl Changed<'_> {
    fn target(&self) -> &TableSchema {
        &self.aligned.old_schema
    }

    /// Whether values that are written look the same in the table that they are written to.
    fn keeps_forms(&self) -> bool {
        let (new, old) = (&self.aligned.schema.columns, &self.aligned.old_schema.columns);
        new.iter().map(|column| &column.sql_type).eq(old.iter().map(|column| &column.sql_type))
    }
}

/// Writes the patch, statement by statement.
///
/// # Errors
/// If the sides are of different engines or cannot be compared, and what `write` returns.
pub fn patch<E: From<OpError>>(
    repository: &Repository,
    database: &mut Database,
    options: &DiffOptions,
    write: &mut dyn FnMut(&str) -> Result<(), E>,
    monitor: &dyn Monitor,
) -> Result<PatchReport, E> {
    let opened = Opened::new(repository)?;
    let overlay = Overlay::new(&opened.store)?;
    let mut sides = opened.finder(&overlay, monitor).find(options, database)?;
    let mut live = sides.live.take();
    let mut live = live.as_mut();
    let engine = sides.one_engine("no patch runs in both")?;
    let mut report =
        PatchReport { from: sides.from.clone(), to: sides.to.clone(), tables: Vec::new(), left_out: Vec::new() };
    let mut changed = Vec::new();
    for pair in &sides.pairs {
        let Some(aligned) = Aligned::of(pair, &overlay, monitor)? else {
            report.left_out.push(match (&pair.old, &pair.new) {
                (Some(_), None) => format!("table {} is not in {}", pair.table, sides.to.name),
                (None, Some(_)) => format!("table {} is not in {}", pair.table, sides.from.name),
                _ => format!("table {} has no column in common", pair.table),
            });
            continue;
        };
        if let (Some(old), Some(new)) = (&pair.old, &pair.new) {
            let lasting = super::schema::lasting(&old.schema, &new.schema);
            report.left_out.extend(lasting.into_iter().map(|what| format!("table {}: {what}", pair.table)));
        }
        if aligned.old == aligned.new {
            continue;
        }
        let whole = |side: &Option<super::sides::TableSide>| {
            side.as_ref().filter(|side| side.filter.is_none()).map(|side| side.rows)
        };
        let rows = whole(&pair.old).zip(whole(&pair.new)).filter(|_| options.filter.is_none());
        let mut predicate = Predicate::of(opened.project, options, &sides, Some(&aligned), &mut live, monitor)?;
        let asked = live.as_deref_mut();
        let writer =
            older_rows::writer(patch_writer(engine), pair, &aligned, predicate.as_mut(), asked, &overlay, monitor)?;
        report.tables.push(pair.table.to_string());
        changed.push(Changed { aligned, predicate, writer, rows, done: Done::default() });
    }
    let mut writing = Writing { overlay: &overlay, writer: patch_writer(engine), write, monitor };
    writing.comment(&report)?;
    writing.all(&mut changed)?;
    Ok(report)
}

struct Writing<'w, 'o, E> {
    overlay: &'w Overlay<'o>,
    writer: &'static dyn PatchWriter,
    write: &'w mut dyn FnMut(&str) -> Result<(), E>,
    monitor: &'w dyn Monitor,
}

impl<E: From<OpError>> Writing<'_, '_, E> {
    fn comment(&mut self, report: &PatchReport) -> Result<(), E> {
        let side = |side: &DiffSide| match (&side.message, &side.database) {
            (Some(message), Some(database)) => format!("{} of {database}: {message}", side.name),
            (_, Some(database)) => format!("{} ({database})", side.name),
            _ => side.name.clone(),
        };
        let mut lines = vec![format!("From {}", side(&report.from)), format!("to {}", side(&report.to))];
        if report.tables.is_empty() {
            lines.push("No rows differ.".to_owned());
        }
        lines.extend(report.left_out.iter().map(|what| format!("NOT in this patch: {what}")));
        for line in lines {
            // a line of a comment must stay one line
            let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            (self.write)(&format!("-- {line}\n"))?;
        }
        Ok(())
    }

    fn all(&mut self, changed: &mut [Changed<'_>]) -> Result<(), E> {
        if changed.is_empty() {
            return Ok(());
        }
        let schemas: Vec<TableSchema> = changed.iter().map(|one| one.target().clone()).collect();
        let schemas: Vec<&TableSchema> = schemas.iter().collect();
        let rows: Vec<Option<(u64, u64)>> = changed.iter().map(|one| one.rows).collect();
        let order = children_first(&schemas);
        let cyclic: Vec<bool> =
            (0..schemas.len()).map(|at| self.writer.follows_references() && is_cyclic(&schemas, at)).collect();
        let writers = schemas.iter().zip(&*changed);
        let mut swaps: Vec<Swaps<'_>> = writers.map(|(schema, one)| Swaps::new(schema, one.writer)).collect();
        for at in 0..schemas.len() {
            changed[at].done.hashes = changed[at].keeps_forms().then(Vec::new);
            self.unique_values(&mut changed[at], &mut swaps[at], cyclic[at])?;
        }
        let crossing: Vec<Crossing> = swaps.iter_mut().map(Swaps::crossing).collect();
        let tables = schemas.iter().zip(rows).zip(&crossing);
        let tables: Vec<PatchTable<'_>> =
            tables.map(|((schema, rows), crossing)| PatchTable { schema, rows, crossing }).collect();
        (self.write)(&self.writer.begin(&tables))?;
        for &at in order.iter().filter(|at| cyclic[**at]) {
            self.updates(&mut changed[at], &mut swaps[at])?;
        }
        for &at in &order {
            self.deletions(&mut changed[at], cyclic[at])?;
            if !cyclic[at] {
                self.updates(&mut changed[at], &mut swaps[at])?;
            }
        }
        for &at in order.iter().rev() {
            self.insertions(&mut changed[at])?;
        }
        let done: Vec<Done> = changed.iter().map(|one| one.done.clone()).collect();
        (self.write)(&self.writer.end(&tables, &done))
    }

    /// Notes a row that is written.
    fn note(&self, schema: &TableSchema, values: &[ValueRef<'_>], copies: u64, done: &mut Done) {
        if let Some(hashes) = &mut done.hashes {
            match self.writer.hash(schema, values) {
                Some(hash) => hashes.extend((0..copies).map(|_| hash)),
                None => done.hashes = None,
            }
        }
    }

    /// Gives `visit` every row of that kind.
    fn each(
        &mut self,
        table: &mut Changed<'_>,
        op: RowOp,
        mut visit: impl FnMut(&mut Self, &super::RowChange<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let overlay = self.overlay;
        each_row::<E>(overlay, &table.aligned, table.predicate.as_mut(), |change| {
            if self.monitor.interrupted() {
                return Err(OpError::Interrupted.into());
            }
            if change.op == op {
                visit(self, change)?;
            }
            Ok(true)
        })
    }

    fn deletions(&mut self, table: &mut Changed<'_>, is_cyclic: bool) -> Result<(), E> {
        let schema = table.target().clone();
        let mut done = std::mem::take(&mut table.done);
        if schema.key == Key::Rows {
            let mut begun = false;
            self.each(table, RowOp::Removed, |this, change| {
                if !std::mem::replace(&mut begun, true) {
                    (this.write)(&this.writer.begin_copies(&schema))?;
                }
                let long = StandIns::new(&[change.values()]);
                let values = &long.shorten(change.values());
                let copies = Copies { values, gone: change.count, left: change.left };
                done.deleted += copies.gone;
                done.writes += this.writer.writes_of_copies(&schema, copies);
                long.write(this.writer, &this.writer.delete_copies(&schema, copies), this.write)
            })?;
            table.done = done;
            return if begun { (self.write)(&self.writer.end_copies(&schema)) } else { Ok(()) };
        }
        // what refers to a row that went before it has changed by then
        let referring = schema.columns.iter().enumerate().filter(|(_, column)| {
            is_cyclic && schema.foreign_keys.iter().any(|key| key.columns.contains(&column.name))
        });
        let referring: BTreeSet<usize> = referring.map(|(at, _)| at).collect();
        let (mut keys, mut bytes) = (Vec::new(), 0);
        self.each(table, RowOp::Removed, |this, change| {
            let long = StandIns::new(&[change.values()]);
            let row = this.writer.row_is(&schema, &long.shorten(change.values()), &referring);
            done.deleted += 1;
            done.writes += 1;
            if !long.is_empty() {
                return long.write(this.writer, &this.writer.delete(&schema, &[row]), this.write);
            }
            bytes += row.len();
            keys.push(row);
            if keys.len() < MOST_KEYS && bytes < MOST_BYTES {
                return Ok(());
            }
            bytes = 0;
            (this.write)(&this.writer.delete(&schema, &std::mem::take(&mut keys)))
        })?;
        table.done = done;
        if keys.is_empty() { Ok(()) } else { (self.write)(&self.writer.delete(&schema, &keys)) }
    }

    /// Keeps the updates that change unique values, of which it must be known beforehand what is in their way.
    fn unique_values(
        &mut self,
        table: &mut Changed<'_>,
        swaps: &mut Swaps<'_>,
        before_deletions: bool,
    ) -> Result<(), E> {
        let schema = table.target().clone();
        self.each(table, RowOp::Changed, |this, change| {
            if let (Some(old), Some(new)) = (change.old, change.new) {
                let row_is = || this.writer.row_is(&schema, old, &BTreeSet::new());
                swaps.take(|| (this.writer.key_is(&schema, old), row_is()), old, new, change.changed);
            }
            Ok(())
        })?;
        if !before_deletions {
            return Ok(());
        }
        self.each(table, RowOp::Removed, |_, change| {
            swaps.holds_on(change.values());
            Ok(())
        })
    }

    fn updates(&mut self, table: &mut Changed<'_>, swaps: &mut Swaps<'_>) -> Result<(), E> {
        let schema = table.target().clone();
        let (mut done, writer) = (std::mem::take(&mut table.done), table.writer);
        self.each(table, RowOp::Changed, |this, change| {
            let (Some(old), Some(new)) = (change.old, change.new) else { return Ok(()) };
            this.note(&schema, new, 1, &mut done);
            done.updated += 1;
            if swaps.keeps(change.changed) {
                return Ok(());
            }
            done.writes += 1;
            let long = StandIns::new(&[old, new]);
            let (old, new) = (long.shorten(old), long.shorten(new));
            let picked = this.writer.row_is(&schema, &old, &BTreeSet::new());
            let set: Vec<(usize, ValueRef<'_>)> = change.changed.iter().map(|&at| (at, new[at])).collect();
            long.write(this.writer, &writer.update(&schema, &picked, &set), this.write)
        })?;
        done.writes += swaps.finish(self.write)?;
        table.done = done;
        Ok(())
    }

    fn insertions(&mut self, table: &mut Changed<'_>) -> Result<(), E> {
        let schema = table.target().clone();
        let (mut done, writer) = (std::mem::take(&mut table.done), table.writer);
        let mut tuples: Vec<String> = Vec::new();
        let mut bytes = 0;
        self.each(table, RowOp::Added, |this, change| {
            this.note(&schema, change.values(), change.count, &mut done);
            done.inserted += change.count;
            done.writes += change.count;
            let long = StandIns::new(&[change.values()]);
            let tuple = this.writer.tuple(&schema, &long.shorten(change.values()));
            if !long.is_empty() {
                let insert = writer.insert(&schema, std::slice::from_ref(&tuple));
                return (0..change.count).try_for_each(|_| long.write(this.writer, &insert, this.write));
            }
            for _ in 0..change.count {
                bytes += tuple.len();
                tuples.push(tuple.clone());
                if tuples.len() >= MOST_TUPLES || bytes >= MOST_BYTES {
                    bytes = 0;
                    (this.write)(&writer.insert(&schema, &std::mem::take(&mut tuples)))?;
                }
            }
            Ok(())
        })?;
        table.done = done;
        if tuples.is_empty() { Ok(()) } else { (self.write)(&writer.insert(&schema, &tuples)) }
    }
}
