//! The rows that differ between two versions of a table, decoded.

use super::align::Aligned;
use super::{Counts, Predicate};
use crate::codec::{Engine, RowReader, TableSchema, ValueRef};
use crate::hash::Hash;
use crate::monitor::Monitor;
use crate::ops::OpError;
use crate::ops::difference::{Pairs, each_difference};
use crate::ops::overlay::Overlay;
use crate::ops::waiting::Waiting;
use crate::prisma::{CellJson, FieldNames, RecordEncoder, RecordJson};
use crate::tree::{Change, Entry};
use serde::Serialize;
use std::collections::BTreeMap;

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum RowOp {
    /// Only the newer version has it.
    Added,
    /// Only the older version has it.
    Removed,
    /// Both have its key, with other values.
    Changed,
}

/// A row that differs.
#[derive(Debug, Clone, Copy)]
pub struct RowChange<'r> {
    /// What became of it.
    pub op: RowOp,
    /// How many copies: 1 in a table with a key.
    pub count: u64,
    /// How many copies the newer version has, in a table without a key.
    pub left: u64,
    /// Its older values, unless it was added.
    pub old: Option<&'r [ValueRef<'r>]>,
    /// Its newer values, unless it was removed.
    pub new: Option<&'r [ValueRef<'r>]>,
    /// Positions of the columns that changed.
    pub changed: &'r [usize],
    pub(super) bytes: (Option<&'r [u8]>, Option<&'r [u8]>),
}

impl<'r> RowChange<'r> {
    /// Its newer values, or its older ones if it was removed.
    pub fn values(&self) -> &'r [ValueRef<'r>] {
        self.new.or(self.old).unwrap_or_default()
    }
}

/// Both versions of a cell, as fields of an export.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CellRecord<'r> {
    /// The older value.
    pub old: CellJson<'r>,
    /// The newer value.
    pub new: CellJson<'r>,
}

/// A row that differs, as JSON: values as in an export.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RowRecord<'r> {
    /// What became of it.
    pub op: RowOp,
    /// Its key, by field; of a table without a key nothing.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub key: BTreeMap<&'r str, CellJson<'r>>,
    /// How many copies were added or removed, in a table without a key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// The whole row, if it was added or removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<RecordJson<'r>>,
    /// The cells that changed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub cells: BTreeMap<&'r str, CellRecord<'r>>,
}

/// Makes records of the rows of one table.
pub struct Records {
    old: RecordEncoder,
    new: RecordEncoder,
    /// Positions of the key's columns.
    keys: Vec<usize>,
    names: Vec<String>,
}

impl Records {
    /// For rows whose older version is of `old` and whose newer one is of `new`, tables of these engines.
    pub(super) fn new(
        engines: (Engine, Engine),
        old: &TableSchema,
        new: &TableSchema,
        names: &dyn FieldNames,
    ) -> Result<Records, OpError> {
        let position = |name: &str| new.columns.iter().position(|column| column.name == name);
        Ok(Records {
            old: RecordEncoder::of_table(engines.0, old, names)?,
            new: RecordEncoder::of_table(engines.1, new, names)?,
            keys: new.key_names().into_iter().filter_map(position).collect(),
            names: new.columns.iter().map(|column| names.field(&column.name).to_owned()).collect(),
        })
    }

    /// The record of a row, which is written as it is serialized.
    pub fn record<'r>(&'r self, change: &RowChange<'r>) -> RowRecord<'r> {
        let (old, new) = (change.old.unwrap_or_default(), change.new.unwrap_or_default());
        let cell = |at: &usize| {
            let (old, new) = (*old.get(*at)?, *new.get(*at)?);
            let cells = CellRecord { old: self.old.cell(*at, old), new: self.new.cell(*at, new) };
            Some((self.names[*at].as_str(), cells))
        };
        let (whole, of_key) = match change.op {
            RowOp::Added => (change.bytes.1.map(|row| self.new.record(row)), &self.new),
            RowOp::Removed => (change.bytes.0.map(|row| self.old.record(row)), &self.old),
            RowOp::Changed => (None, &self.new),
        };
        let key = |at: &usize| Some((self.names[*at].as_str(), of_key.cell(*at, *change.values().get(*at)?)));
        RowRecord {
            op: change.op,
            key: self.keys.iter().filter_map(key).collect(),
            count: self.keys.is_empty().then_some(change.count),
            row: whole,
            cells: change.changed.iter().filter_map(cell).collect(),
        }
    }
}

/// Gives every row that differs to `visit` until it returns `false`; only those for which `predicate` holds, if there
/// is one.
///
/// # Errors
/// If a row cannot be read, `predicate` cannot tell, and what `visit` returns.
pub(super) fn each_row<E: From<OpError>>(
    overlay: &Overlay<'_>,
    aligned: &Aligned,
    predicate: Option<&mut Predicate<'_>>,
    mut visit: impl FnMut(&RowChange<'_>) -> Result<bool, E>,
) -> Result<(), E> {
    let columns = aligned.schema.columns.len();
    let noted = aligned.noted.as_ref();
    let Some(predicate) = predicate else {
        return each_difference(overlay, &aligned.spec, &aligned.old, &aligned.new, noted, |old, new| {
            show(columns, old, new, &mut visit)
        });
    };
    let mut waiting = Waiting::new(overlay.scratch_dir());
    let mut settle = |waiting: &mut Waiting| -> Result<bool, E> {
        let rows = waiting.take();
        for ((old, new), holds) in rows.iter().zip(predicate.holds(&rows)?) {
            if !holds {
                continue;
            }
            let [old_row, new_row] = [old, new].map(|kept| kept.as_ref().map(|kept| kept.row()).transpose());
            let (old_row, new_row) = (old_row?, new_row?);
            let old = old.as_ref().zip(old_row.as_deref()).map(|(kept, row)| kept.entry(row));
            let new = new.as_ref().zip(new_row.as_deref()).map(|(kept, row)| kept.entry(row));
            if !show(columns, old, new, &mut visit)? {
                return Ok(false);
            }
        }
        Ok(true)
    };
    let mut pairs = Pairs::new(overlay, &aligned.spec, &aligned.old, &aligned.new, noted);
    while let Some((old, new)) = pairs.next_pair()? {
        let [old_row, new_row] = [old, new].map(|entry| [entry.map_or(&[][..], |entry| entry.row)]);
        waiting.push(old.map(|entry| (entry, &old_row[..])), new.map(|entry| (entry, &new_row[..])))?;
        if waiting.is_full() {
            pairs.forget()?;
            if !settle(&mut waiting)? {
                return Ok(());
            }
        }
    }
    settle(&mut waiting).map(drop)
}

/// Gives a row that differs to `visit`, decoded.
fn show<E: From<OpError>>(
    columns: usize,
    old: Option<Entry<'_>>,
    new: Option<Entry<'_>>,
    visit: &mut dyn FnMut(&RowChange<'_>) -> Result<bool, E>,
) -> Result<bool, E> {
    let decode = |row| RowReader::values(row, columns).map_err(OpError::from);
    let old_values = old.map(|entry| decode(entry.row)).transpose()?;
    let new_values = new.map(|entry| decode(entry.row)).transpose()?;
    let mut changed = Vec::new();
    let (mut seen_old, mut seen_new) = (old_values.as_deref(), new_values.as_deref());
    let (before, after) = (old.map_or(0, |entry| entry.count), new.map_or(0, |entry| entry.count));
    let same = old.zip(new).is_some_and(|(old, new)| old.id == new.id);
    let (op, count) = match (&old, &new) {
        (Some(_), Some(_)) if !same => {
            if let (Some(old), Some(new)) = (seen_old, seen_new) {
                changed.extend((0..columns).filter(|&at| old[at] != new[at]));
            }
            (RowOp::Changed, 1)
        }
        (_, Some(_)) if after > before => {
            seen_old = None;
            (RowOp::Added, after - before)
        }
        _ => {
            seen_new = None;
            (RowOp::Removed, before - after)
        }
    };
    let bytes = (
        old.filter(|_| seen_old.is_some()).map(|entry| entry.row),
        new.filter(|_| seen_new.is_some()).map(|entry| entry.row),
    );
    let change = RowChange { op, count, left: after, old: seen_old, new: seen_new, changed: &changed, bytes };
    visit(&change)
}

/// How many rows differ; with `any`, whether any does.
///
/// # Errors
/// If a row cannot be read.
pub(super) fn count(
    overlay: &Overlay<'_>,
    aligned: &Aligned,
    known: Option<(Hash, Change)>,
    predicate: Option<&mut Predicate<'_>>,
    any: bool,
    monitor: &dyn Monitor,
) -> Result<Counts, OpError> {
    if let (None, Some((root, change))) = (&predicate, known)
        && root == aligned.old
    {
        return Ok(Counts { added: change.added, changed: change.changed, removed: change.removed });
    }
    let mut counts = Counts::default();
    if predicate.is_some() {
        each_row(overlay, aligned, predicate, |change| {
            match change.op {
                RowOp::Added => counts.added += change.count,
                RowOp::Removed => counts.removed += change.count,
                RowOp::Changed => counts.changed += 1,
            }
            go_on(any, monitor)
        })?;
        return Ok(counts);
    }
    each_difference(overlay, &aligned.spec, &aligned.old, &aligned.new, aligned.noted.as_ref(), |old, new| {
        match (old, new) {
            (Some(old), Some(new)) if old.id != new.id => counts.changed += 1,
            (old, new) => {
                let (before, after) = (old.map_or(0, |entry| entry.count), new.map_or(0, |entry| entry.count));
                counts.added += after.saturating_sub(before);
                counts.removed += before.saturating_sub(after);
            }
        }
        go_on(any, monitor)
    })?;
    Ok(counts)
}

fn go_on(any: bool, monitor: &dyn Monitor) -> Result<bool, OpError> {
    if monitor.interrupted() { Err(OpError::Interrupted) } else { Ok(!any) }
}
