//! The tables of a run: those that are named, or all that are not too large and those that a check of the command finds;
//! and with them those that foreign keys, or Prisma, would change along. (A check does not find every table, so it adds
//! to the others and never takes their place.)

use super::{NotCovered, in_a_line};
use crate::codec::TableName;
use crate::db::{Catalog, TableInfo};
use crate::ops::check::{CheckOptions, Language, Script, check};
use crate::ops::ledgers;
use crate::ops::names::Tables;
use crate::ops::{OpError, Repository};
use std::collections::BTreeSet;

/// Bytes of a row where nothing is known of the table's size.
const USUAL_ROW: u64 = 256;

/// Which tables are to be watched.
pub(in crate::ops) struct Wanted<'w> {
    /// Tables as typed; none for those that are not too large.
    pub tables: &'w [String],
    /// All tables, however large.
    pub all: bool,
    /// Of these not those that are called so.
    pub exclude: &'w [String],
    /// Bytes of the largest table that is taken without being named.
    pub max_table_bytes: u64,
    /// Tables that are taken without being named, however large: those that a check of the command found.
    pub found: &'w [String],
    /// No table may be left out for its size.
    pub whole: bool,
}

/// The tables that are watched, and those that are not.
pub(in crate::ops) struct Chosen<'c> {
    pub tables: Vec<&'c TableInfo>,
    pub left_out: Vec<NotCovered>,
}

/// Chooses the tables that are watched; maybe none.
///
/// # Errors
/// If a table that was named is not there or cannot be snapshotted.
pub(in crate::ops) fn choose<'c>(
    repository: &Repository,
    catalog: &'c Catalog,
    options: &Wanted<'_>,
) -> Result<Chosen<'c>, OpError> {
    let known = Tables::of_catalog(repository, catalog);
    if options.all && !options.tables.is_empty() {
        return Err(OpError::Usage("--all takes no table names".to_owned()));
    }
    let mut left_out = Vec::new();
    let mut at: BTreeSet<usize> = if !options.tables.is_empty() {
        known.find_all(options.tables)?.into_iter().collect()
    } else if options.all {
        all_within(catalog, None, &mut left_out)
    } else {
        let mut at = all_within(catalog, Some(options.max_table_bytes), &mut left_out);
        at.extend(options.found.iter().filter_map(|name| known.find(name).ok()).flatten());
        at
    };
    let excluded: BTreeSet<usize> = known.find_all(options.exclude)?.into_iter().collect();
    at.retain(|at| !excluded.contains(at));
    close(repository, catalog, &mut at);
    let is_chosen = |one: &NotCovered, at: &BTreeSet<usize>| {
        at.iter().any(|at| catalog.tables[*at].schema.table.to_string() == one.table)
    };
    left_out.retain(|one| !is_chosen(one, &at) && !is_chosen(one, &excluded));
    if let Some(large) = left_out.first().filter(|_| options.whole) {
        return Err(OpError::Refused {
            what: format!(
                "{} is larger than max_table_bytes, so nothing would be known of what the command does to it: \
                 name the tables, give --all, or --exclude it",
                large.table
            ),
            allow: None,
        });
    }
    for excluded in excluded {
        if at.remove(&excluded) {
            left_out.push(NotCovered::new(&catalog.tables[excluded]));
        }
    }
    let tables: Vec<&TableInfo> = at.into_iter().map(|at| &catalog.tables[at]).collect();
    if let Some((info, refusal)) = tables.iter().find_map(|info| Some((info, info.refusal.clone()?))) {
        return Err(OpError::RefusedTable { what: refusal, table: info.schema.table.to_string() });
    }
    Ok(Chosen { tables, left_out })
}

/// The tables that a check of the command finds.
pub(super) fn found_by_check(repository: &Repository, command: &[String]) -> Vec<String> {
    let script = Script::Text(in_a_line(command));
    let report = check(repository, &CheckOptions { script, language: Some(Language::Shell) });
    report.map(|report| report.tables).unwrap_or_default()
}

/// All tables; with a `limit` none that is larger, and no lists of migrations, which no script of data changes.
fn all_within(catalog: &Catalog, limit: Option<u64>, left_out: &mut Vec<NotCovered>) -> BTreeSet<usize> {
    let mut at = BTreeSet::new();
    for (position, info) in catalog.tables.iter().enumerate() {
        let not_covered = NotCovered::new(info);
        if limit.is_some_and(|limit| not_covered.bytes > limit) {
            left_out.push(not_covered);
        } else if limit.is_none() || ledgers::kept_by(&info.schema).is_none() {
            at.insert(position);
        }
    }
    at
}

/// Adds, again and again, the tables whose rows change with those of the chosen ones.
fn close(repository: &Repository, catalog: &Catalog, at: &mut BTreeSet<usize>) {
    loop {
        let names: BTreeSet<&TableName> = at
            .iter()
            .map(|at| &catalog.tables[*at])
            .flat_map(|info| std::iter::once(&info.schema.table).chain(&info.part_of))
            .collect();
        let others = (0..catalog.tables.len()).filter(|other| !at.contains(other));
        let follows = |info: &TableInfo| names.iter().any(|name| repository.follows(info, name));
        let more: Vec<usize> = others.filter(|other| follows(&catalog.tables[*other])).collect();
        if more.is_empty() {
            return;
        }
        at.extend(more);
    }
}

impl NotCovered {
    fn new(info: &TableInfo) -> NotCovered {
        let by_rows = || info.estimated_rows.map_or(0, |rows| rows.saturating_mul(USUAL_ROW));
        NotCovered { table: info.schema.table.to_string(), bytes: info.bytes.unwrap_or_else(by_rows) }
    }
}
