//! The run of a command that is undone: its snapshots, the tables that it changed, and the rows that are forced.

use super::plan::{Prepared, Target, Targets};
use super::taken::taken;
use super::three_way::{self, Exceptions, Shape, Undone, Versions};
use crate::codec::{TableName, TableSchema};
use crate::db::{Catalog, Engine, Snapshot, TableId};
use crate::hash::Hash;
use crate::ops::difference::each_difference;
use crate::ops::keys::{Names, TypedKey};
use crate::ops::names::Tables;
use crate::ops::run::in_a_line;
use crate::ops::{OpError, Repository};
use crate::snapshot::{Entry, History, TableEntry, read_schema};
use crate::store::Objects;
use crate::tree::{Differences, Finder};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Which run is undone.
#[derive(Clone, Copy)]
pub(super) struct RunToUndo<'r> {
    /// The snapshot after it.
    pub after: &'r Hash,
    /// Rows that go back whatever became of them, as typed: `TABLE:KEY`.
    pub force: &'r [String],
}

/// The run that is undone.
pub(super) struct Run<'r> {
    /// The snapshot after it.
    pub after: &'r Entry,
    /// The keys of rows that go back whatever became of them.
    pub forced: BTreeMap<TableName, BTreeSet<Vec<u8>>>,
}

impl<'r> Run<'r> {
    /// The run between `before` and a snapshot of `history`, and the positions of the tables that it changed.
    ///
    /// # Errors
    /// If it dropped tables or changed what rows have, or a row that is forced is not there.
    pub fn find(
        project: &Repository,
        objects: &dyn Objects,
        history: &'r History,
        before: &Entry,
        wanted: RunToUndo<'_>,
    ) -> Result<(Run<'r>, Vec<usize>), OpError> {
        let Some(after) = history.now_called(wanted.after) else {
            return Err(OpError::Verification(format!("snapshot {} is gone", wanted.after.short())));
        };
        let (mut changed, mut dropped, mut reshaped, mut others) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (at, table) in before.manifest.tables.iter().enumerate() {
            match after.manifest.table(&table.table) {
                None => dropped.push(table.table.to_string()),
                Some(now) if !has_same_rows(objects, table, now)? => reshaped.push(table.table.to_string()),
                Some(now) if now.root != table.root => {
                    changed.push(at);
                    others.push(table.table.to_string());
                }
                Some(_) => {}
            }
        }
        if !dropped.is_empty() || !reshaped.is_empty() {
            return Err(not_row_by_row(&before.id.short(), &dropped, &reshaped, &others));
        }
        let mut run = Run { after, forced: BTreeMap::new() };
        for typed in wanted.force {
            let (table, key) = run.forced_row(project, objects, before, typed)?;
            if !others.contains(&table.to_string()) {
                let what = format!("the command did not change {table}, so --force {typed} forces nothing");
                return Err(OpError::Usage(what));
            }
            run.forced.entry(table).or_default().insert(key);
        }
        Ok((run, changed))
    }

    /// The positions of the tables that those at `changed` refer to, as far as they have the columns of before: what
    /// refers to nothing did so before, if these are as they were.
    ///
    /// # Errors
    /// If a schema cannot be read.
    pub fn referred(
        objects: &dyn Objects,
        before: &Entry,
        changed: &[usize],
        catalog: &Catalog,
    ) -> Result<Vec<usize>, OpError> {
        let tables = &before.manifest.tables;
        let mut referred = BTreeSet::new();
        for at in changed {
            let keys = read_schema(objects, &tables[*at].schema_object)?.foreign_keys;
            referred.extend(keys.into_iter().map(|key| key.table));
        }
        let mut found = Vec::new();
        for (at, table) in tables.iter().enumerate() {
            if changed.contains(&at) || !referred.contains(&table.table) {
                continue;
            }
            let was = read_schema(objects, &table.schema_object)?;
            if catalog.table(&table.table).is_some_and(|info| is_alike(&was, &info.schema)) {
                found.push(at);
            }
        }
        Ok(found)
    }

    /// The table and the key of a row that is named as `TABLE:KEY`.
    fn forced_row(
        &self,
        project: &Repository,
        objects: &dyn Objects,
        before: &Entry,
        typed: &str,
    ) -> Result<(TableName, Vec<u8>), OpError> {
        let (positions, name, key) = Tables::of_entry(project, before).with_key(typed)?;
        let Some(key) = key else {
            return Err(OpError::Usage(format!("--force takes one row, as in {name}:KEY")));
        };
        let finder = Finder::new(objects);
        for table in positions.into_iter().map(|at| &before.manifest.tables[at]) {
            let schema = read_schema(objects, &table.schema_object)?;
            let (filter, fields) = (project.filter_names(&table.table), project.field_names(&schema));
            let names = Names { engine: before.manifest.source.engine()?, filter: &filter, fields: &*fields };
            let typed = TypedKey::parse(&schema, key, names)?;
            let after = self.after.manifest.table(&table.table).map(|table| table.root);
            for root in [Some(table.root), after].into_iter().flatten() {
                if let Some(found) = typed.find(&finder, &schema, &root)? {
                    return Ok((table.table.clone(), found.key));
                }
            }
        }
        Err(OpError::NoSuchRow { key: key.to_owned(), table: name.to_owned(), snapshot: Some(before.id) })
    }
}

/// That a run cannot be undone which dropped tables or gave them other columns, and what brings back what it took.
fn not_row_by_row(before: &str, dropped: &[String], reshaped: &[String], others: &[String]) -> OpError {
    let lost = dropped.iter().map(|table| format!("dropped {table}"));
    let lost = lost.chain(reshaped.iter().map(|table| format!("changed the columns of {table}")));
    let mut ways = Vec::new();
    if !dropped.is_empty() {
        let (names, and) = match (reshaped.is_empty(), others.is_empty()) {
            (true, true) => (String::new(), ""),
            (true, false) => (String::new(), ", and brings back rows of the others"),
            (false, true) => (format!(" {}", dropped.join(" ")), ""),
            (false, false) => {
                (format!(" {} {}", dropped.join(" "), others.join(" ")), ", and brings back rows of the others")
            }
        };
        ways.push(format!("dbsnap restore {before}{names} --create makes again what was dropped{and}"));
    } else if !others.is_empty() {
        ways.push(format!("dbsnap restore {before} {} brings back rows of the others", others.join(" ")));
    }
    if !reshaped.is_empty() {
        ways.push(format!("dbsnap restore {before}:TABLE --into NAME makes a new table of the rows from before"));
    }
    OpError::Refused {
        what: format!(
            "the command {}, which cannot be undone row by row; {}",
            lost.collect::<Vec<_>>().join(" and "),
            ways.join("; ")
        ),
        allow: None,
    }
}

/// The same of the tables of two snapshots.
fn has_same_rows(objects: &dyn Objects, one: &TableEntry, other: &TableEntry) -> Result<bool, OpError> {
    if one.schema_object == other.schema_object {
        return Ok(true);
    }
    let [one, other] = [one, other].map(|table| read_schema(objects, &table.schema_object));
    Ok(is_alike(&one?, &other?))
}

/// How many rows that `target` had before the run the live tree has not; nothing if one has other values.
fn lacks(objects: &dyn Objects, target: &Target, live: &Hash) -> Result<Option<u64>, OpError> {
    let mut lacking = Some(0);
    each_difference(objects, &target.spec, &target.entry.root, live, None, |was, is| {
        match (was, is) {
            (Some(was), None) => lacking = lacking.map(|rows| rows + was.count),
            (Some(was), Some(is)) if was.id == is.id => {
                lacking = lacking.map(|rows| rows + was.count.saturating_sub(is.count));
            }
            (Some(_), Some(_)) => lacking = None,
            (None, _) => {}
        }
        Ok::<bool, OpError>(lacking.is_some())
    })?;
    Ok(lacking)
}

/// Whether rows of both have the same columns and are keyed alike.
pub(in crate::ops) fn is_alike(one: &TableSchema, other: &TableSchema) -> bool {
    let form = |schema: &TableSchema| -> Vec<(String, String)> {
        schema.columns.iter().map(|column| (column.name.clone(), column.sql_type.clone())).collect()
    };
    form(one) == form(other) && one.key_spec() == other.key_spec()
}

/// What becomes of a table when a run is undone.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Outcome {
    /// It is live as it was after the run, and so becomes what it was before it.
    pub as_before: bool,
    /// It has each row that it had before the run, with the same values, and loses and changes none.
    pub keeps_all: bool,
}

/// The run that is undone, and what is known of the project and database.
#[derive(Clone, Copy)]
pub(super) struct Undoing<'u> {
    pub run: &'u Run<'u>,
    pub project: &'u Repository,
    pub engine: Engine,
}

impl Undoing<'_> {
    /// The command, in a line.
    pub fn command_line(&self) -> String {
        self.run.after.manifest.run.as_ref().map(|run| in_a_line(&run.command)).unwrap_or_default()
    }

    /// What becomes of each table.
    ///
    /// # Errors
    /// If an object cannot be read.
    pub fn outcomes(
        &self,
        objects: &dyn Objects,
        targets: &Targets,
        prepared: &Prepared,
    ) -> Result<Vec<Outcome>, OpError> {
        let tables = targets.tables.iter().zip(&prepared.live).zip(&prepared.changes);
        tables
            .map(|((target, live), changes)| {
                let now = &live.built.root;
                let as_before = self.after(target).is_some_and(|after| after.root == *now);
                let keeps_all = changes.delete.rows() + changes.update.rows() == 0
                    && lacks(objects, target, now)? == Some(changes.insert.rows());
                Ok(Outcome { as_before, keeps_all })
            })
            .collect()
    }

    /// The table after the run.
    pub fn after(&self, target: &Target) -> Option<&TableEntry> {
        self.run.after.manifest.table(&target.entry.table)
    }

    /// What goes back in a table.
    ///
    /// # Errors
    /// As [`three_way::compare`].
    pub fn compare(
        &self,
        objects: &dyn Objects,
        target: &Target,
        (live, noted): (&Hash, Option<Differences>),
        live_rows: u64,
        (database, index, scratch): (&mut dyn Snapshot, usize, &Path),
    ) -> Result<Undone, OpError> {
        let after = self.after(target).map_or(target.entry.root, |after| after.root);
        let versions = Versions { before: target.entry.root, after, live: *live, noted };
        let schema = &target.read.schema;
        let names = self.project.field_names(schema);
        let shape = Shape { engine: self.engine, schema, spec: &target.spec, names: &*names };
        let none = BTreeSet::new();
        let forced = self.run.forced.get(&target.entry.table).unwrap_or(&none);
        let mut all_taken = BTreeSet::new();
        loop {
            let exceptions = Exceptions { forced, taken: &all_taken };
            let mut undone = three_way::compare(objects, &shape, &versions, exceptions, live_rows, scratch)?;
            undone.pair(&shape, database, index, scratch)?;
            // a row that stays for this may have what another one needs
            let found = taken(database, (TableId::at(index), &target.spec), &mut undone.changes)?;
            if found.is_empty() {
                return Ok(undone);
            }
            all_taken.extend(found);
        }
    }

    /// That rows which were changed cannot be told from new ones, where there is no key and something was changed.
    pub fn note(&self, target: &Target, live: &Hash) -> Option<String> {
        let is_as_left = self.after(target).is_some_and(|after| after.root == *live);
        (target.spec.is_multiset() && !is_as_left).then(|| {
            "the table has no key: a row that was changed since cannot be told from one that was deleted".to_owned()
        })
    }
}
