//! What is found out before the first write: whether the user may write, and whether columns take the values.

use super::changes::Changes;
use super::perform::Work;
use super::rivals::{MOST_BYTES, MOST_ROWS};
use super::spool::Spool;
use crate::codec::TableName;
use crate::db::{DbError, RestoreTxn, RowStream, Rule, Snapshot, TableId, Write, Writing};
use crate::ops::OpError;
use crate::ops::wording::counted;

impl Work<'_> {
    /// Refuses what the database would refuse in the middle: writes that the user may not do, and values that a
    /// column's type takes no more.
    pub(super) fn can_be_written(&self, txn: &mut dyn RestoreTxn, changes: &mut [Changes]) -> Result<(), OpError> {
        check_privileges(txn, changes)?;
        for (index, changes) in changes.iter_mut().enumerate() {
            self.accepts(txn, index, changes)?;
        }
        Ok(())
    }

    /// Refuses, in a dry run, what rules of the tables do not take, as far as that can be told of the first rows of
    /// each without writing them.
    pub(super) fn check_rules(&self, live: &mut dyn Snapshot, changes: &mut [Changes]) -> Result<(), OpError> {
        check_privileges(live, changes)?;
        let (allowed, mut stranded) = (self.may_dangle(&[]), Vec::new());
        for (index, (target, changes)) in self.targets.tables.iter().zip(changes).enumerate() {
            if !target.defaulted.is_empty() {
                continue;
            }
            let mut rows = Vec::new();
            let updated = first_of(&mut changes.update, &mut rows)?;
            let inserted = first_of(&mut changes.insert, &mut rows)?;
            let mut gone = Vec::new();
            let all = first_of(&mut changes.delete, &mut gone)? && updated && inserted;
            let rows: Vec<&[u8]> = rows.iter().map(Vec::as_slice).collect();
            let gone: Vec<&[u8]> = gone.iter().map(Vec::as_slice).collect();
            let unchecked = allowed.unchecked.contains(&target.entry.table);
            let writing = Writing { rows: &rows, gone: all.then_some(&gone), unchecked };
            let mut misfits = live.misfits(TableId::at(index), writing)?;
            let dangled = allowed.known.iter().any(|known| known.table == target.entry.table);
            misfits.retain(|misfit| misfit.rule != Rule::Reference || !dangled);
            if let Some(first) = misfits.first() {
                let told = misfits.iter().map(|misfit| match misfit.rows {
                    Some(rows) => format!("{} ({})", misfit.name, counted(rows, "row")),
                    None => misfit.name.clone(),
                });
                let told: Vec<String> = told.collect();
                let message =
                    format!("table {} would not take rows of the snapshot: {}", target.entry.table, told.join(", "));
                return Err(DbError::Constraint { rule: first.rule, code: None, message }.into());
            }
            stranded.extend(live.stranded(TableId::at(index), writing)?);
        }
        let known = allowed.known;
        let may = |child: &TableName, parent: &TableName| {
            known.iter().any(|known| known.table == *child && known.references == *parent)
        };
        stranded.retain(|(child, parent, _)| !self.options.allow_dangling && !may(child, parent));
        if stranded.is_empty() { Ok(()) } else { Err(DbError::Dangling(stranded).into()) }
    }

    fn accepts(&self, txn: &mut dyn RestoreTxn, index: usize, changes: &mut Changes) -> Result<(), OpError> {
        let target = &self.targets.tables[index];
        let mut differences = Vec::new();
        for (at, column) in target.read.schema.columns.iter().enumerate() {
            // a type that somebody made: the only ones that are named with their schema
            if !column.sql_type.contains('.') || target.defaulted.contains(&at) {
                continue;
            }
            for spool in [&mut changes.update, &mut changes.insert] {
                if spool.rows() == 0 {
                    continue;
                }
                let mut rows = spool.stream()?;
                if !txn.accepts_values(TableId::at(index), at, &mut rows).map_err(|error| rows.explain(error))? {
                    differences.push(format!(
                        "column {} ({}) takes values of the snapshot no more: labels or rules of its type have changed",
                        column.name, column.sql_type
                    ));
                    break;
                }
            }
        }
        if differences.is_empty() {
            return Ok(());
        }
        Err(OpError::Drift { table: target.entry.table.clone(), differences })
    }
}

/// Refuses writes that the user may not do.
fn check_privileges(live: &mut (impl Snapshot + ?Sized), changes: &[Changes]) -> Result<(), OpError> {
    for (index, changes) in changes.iter().enumerate() {
        let rows =
            [(Write::Delete, &changes.delete), (Write::Update, &changes.update), (Write::Insert, &changes.insert)];
        let writes: Vec<Write> = rows.into_iter().filter(|(_, rows)| rows.rows() > 0).map(|(write, _)| write).collect();
        if !writes.is_empty() {
            live.check_privileges(TableId::at(index), &writes)?;
        }
    }
    Ok(())
}

/// Takes the first rows of a spool, so many as can be asked about at once; whether these are all.
pub(super) fn first_of(spool: &mut Spool, rows: &mut Vec<Vec<u8>>) -> Result<bool, OpError> {
    let mut stream = spool.stream()?;
    let mut bytes = 0;
    loop {
        match stream.next_row() {
            Ok(Some(row)) => {
                bytes += row.len();
                if rows.len() >= MOST_ROWS || bytes > MOST_BYTES {
                    return Ok(false);
                }
                rows.push(row.to_vec());
            }
            Ok(None) => return Ok(true),
            Err(error) => return Err(stream.explain(error)),
        }
    }
}
