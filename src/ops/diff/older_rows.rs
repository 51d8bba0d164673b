//! Rows of a patch that are older than a rule of the table they come to.

use super::align::Aligned;
use super::live::Live;
use super::predicate::Predicate;
use super::rows::{RowOp, each_row};
use super::sides::Pair;
use crate::codec::{TableSchema, ValueRef};
use crate::db::{DbError, PatchWriter, Rule, Snapshot, TableId, Writing};
use crate::monitor::Monitor;
use crate::ops::OpError;
use crate::ops::overlay::Overlay;
use crate::ops::wording::counted;
use std::collections::BTreeMap;

/// Rows that are asked about at once, and their bytes, at most. A longer row is not asked about: the database itself
/// refuses it when the patch runs, as a whole.
const MOST_ROWS: usize = 1000;
const MOST_BYTES: usize = 1 << 20;

/// What writes the rows of one table: `writer`, or, if the live database would refuse some of them by a CHECK that the
/// table had when they were in it, its [`PatchWriter::unchecked`].
///
/// # Errors
/// If a CHECK of the live table is newer than rows that come to it, or a row has NULL where no patch can write it.
pub(super) fn writer(
    writer: &'static dyn PatchWriter,
    pair: &Pair,
    aligned: &Aligned,
    predicate: Option<&mut Predicate<'_>>,
    live: Option<&mut Live<'_>>,
    overlay: &Overlay<'_>,
    monitor: &dyn Monitor,
) -> Result<&'static dyn PatchWriter, OpError> {
    let (Some(unchecked), Some(old), Some(new)) = (writer.unchecked(), &pair.old, &pair.new) else { return Ok(writer) };
    let table = &pair.table;
    let live_schema = if old.snapshot.is_none() { &old.schema } else { &new.schema };
    let names = |schema: &TableSchema| schema.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
    let mut live = match live.filter(|_| names(live_schema) == names(&aligned.schema)) {
        Some(live) => Some(live.again(table, monitor)?),
        None => None,
    };
    let (mut empty, mut broken) = (BTreeMap::<&str, u64>::new(), Vec::new());
    let (mut rows, mut before, mut bytes) = (Vec::new(), Vec::new(), 0);
    each_row::<OpError>(overlay, aligned, predicate, |change| {
        let (Some(values), Some(row)) = (change.new, change.bytes.1) else { return Ok(true) };
        for (at, column) in aligned.old_schema.columns.iter().enumerate().filter(|(_, column)| !column.nullable) {
            let comes = change.op == RowOp::Added || change.changed.contains(&at);
            if comes && values.get(at) == Some(&ValueRef::Null) {
                *empty.entry(&column.name).or_default() += change.count;
            }
        }
        let old = change.bytes.0.filter(|_| change.op == RowOp::Changed);
        let length = row.len() + old.map_or(0, <[u8]>::len);
        if let Some(live) = live.as_mut().filter(|_| broken.is_empty() && length <= MOST_BYTES) {
            bytes += length;
            rows.push(row.to_vec());
            before.extend(old.map(<[u8]>::to_vec));
            if rows.len() >= MOST_ROWS || bytes >= MOST_BYTES {
                broken = newly_broken(live.as_mut(), &std::mem::take(&mut rows), &std::mem::take(&mut before))?;
                bytes = 0;
            }
        }
        match monitor.interrupted() {
            true => Err(OpError::Interrupted),
            false => Ok(true),
        }
    })?;
    if let Some((column, rows)) = empty.first_key_value() {
        let what = format!(
            "{} without a value in {column}, which is NOT NULL, would come to table {table}: SQLite does not let a patch write \
             that",
            counted(*rows, "row")
        );
        return Err(OpError::Refused { what, allow: None });
    }
    if let Some(live) = live.as_mut().filter(|_| broken.is_empty()) {
        broken = newly_broken(live.as_mut(), &rows, &before)?;
    }
    let same_rules = old.definition.is_some() && old.definition == new.definition;
    match broken.first() {
        Some(_) if same_rules => Ok(unchecked),
        Some(first) if old.snapshot.is_none() => {
            let message = format!("table {table} would not take rows of this patch: {first}");
            Err(DbError::Constraint { rule: Rule::Check, code: None, message }.into())
        }
        _ => Ok(writer),
    }
}

/// CHECK constraints that `rows` break and the rows `before` do not: SQLite looks at those of columns that change.
fn newly_broken(live: &mut dyn Snapshot, rows: &[Vec<u8>], before: &[Vec<u8>]) -> Result<Vec<String>, OpError> {
    let mut broken = checks_broken(live, rows)?;
    if !broken.is_empty() && !before.is_empty() {
        let known = checks_broken(live, before)?;
        broken.retain(|check| !known.contains(check));
    }
    Ok(broken)
}

/// What of CHECK constraints these rows break.
fn checks_broken(live: &mut dyn Snapshot, rows: &[Vec<u8>]) -> Result<Vec<String>, OpError> {
    let rows: Vec<&[u8]> = rows.iter().map(Vec::as_slice).collect();
    let misfits = live.misfits(TableId::at(0), Writing { rows: &rows, gone: None, unchecked: false })?;
    let checks = misfits.into_iter().filter(|misfit| misfit.rule == Rule::Check);
    Ok(checks.map(|misfit| misfit.name).collect())
}
