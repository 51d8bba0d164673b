//! Rows of a run that cannot go back, because a row that stays as it is has what must be unique.

use super::changes::Changes;
use super::preflight::first_of;
use crate::codec::KeySpec;
use crate::db::{Rule, Snapshot, TableId, Writing};
use crate::ops::OpError;
use std::collections::BTreeSet;

/// Rows that are looked for; where more are in the way, the database refuses the whole.
const MOST: u64 = 200;

/// The keys of the rows of `changes` whose unique values other live rows have, as far as the database can tell before it
/// writes. More rows than can be asked about at once are left to the database, which refuses them.
///
/// # Errors
/// If the database cannot be asked, or the disk refuses.
pub(super) fn taken(
    database: &mut dyn Snapshot,
    (table, spec): (TableId, &KeySpec),
    changes: &mut Changes,
) -> Result<BTreeSet<Vec<u8>>, OpError> {
    let (mut rows, mut gone, mut found) = (Vec::new(), Vec::new(), BTreeSet::new());
    let all = first_of(&mut changes.update, &mut rows)?
        && first_of(&mut changes.insert, &mut rows)?
        && first_of(&mut changes.delete, &mut gone)?;
    if !all {
        return Ok(found);
    }
    // halves of what has such rows, until one is left
    let mut open = Vec::from([(0, rows.len())]);
    while let Some((start, end)) = open.pop().filter(|_| found.len() as u64 <= MOST) {
        if start == end {
            continue;
        }
        let asked: Vec<&[u8]> = rows[start..end].iter().map(Vec::as_slice).collect();
        // what the others get is written too
        let others = rows[..start].iter().chain(&rows[end..]).chain(&gone);
        let others: Vec<&[u8]> = others.map(Vec::as_slice).collect();
        let writing = Writing { rows: &asked, gone: Some(&others), unchecked: true };
        let misfits = database.misfits(table, writing)?;
        let unique: Vec<_> = misfits.iter().filter(|misfit| misfit.rule == Rule::Unique).collect();
        if unique.is_empty() {
            continue;
        }
        if unique.iter().filter_map(|misfit| misfit.rows).sum::<u64>() > MOST {
            return Ok(BTreeSet::new());
        }
        if let [row] = asked[..] {
            let mut key = Vec::new();
            spec.key_of(row, &mut key)?;
            found.insert(key);
        } else {
            let middle = usize::midpoint(start, end);
            open.extend([(start, middle), (middle, end)]);
        }
    }
    Ok(found)
}
