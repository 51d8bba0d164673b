//! `--create`: tables of the snapshot that are gone are made again, from the definitions that are stored with their
//! schemas.

use super::plan::{Target, Targets};
use super::reading::reads_alike;
use super::{Created, PlannedTable};
use crate::codec::{Definition, Part, PartKind, TableName, TableSchema};
use crate::db::{Catalog, Counter, DbError, Making, TableRead};
use crate::ops::OpError;
use crate::ops::run::in_a_line as command_line;
use crate::snapshot::{Entry, TableEntry, read_definition};
use crate::store::Objects;
use std::collections::{BTreeSet, HashMap, HashSet};

/// What a restore makes, and from what.
pub(super) struct Creation {
    /// What the database is told.
    pub making: Making,
    /// What is not made as it was, in words.
    pub warnings: Vec<String>,
    /// By table that is gone: what its definition has to be again.
    definitions: HashMap<TableName, Definition>,
}

impl Creation {
    /// What it takes to make the tables `missing` of the snapshot `entry`, of which the tables `chosen` are restored.
    /// `existing` tells which of some parts are there and how, `catalog` which tables.
    ///
    /// # Errors
    /// If a definition is not kept, something in it cannot be made, refers to what is not there, or is there and is
    /// something else. The error says how to restore the tables of which that is not so.
    pub fn plan(
        objects: &dyn Objects,
        entry: &Entry,
        (chosen, missing): (&[&TableName], &[&TableEntry]),
        catalog: &Catalog,
        existing: impl FnOnce(&[Part]) -> Result<Vec<Part>, DbError>,
    ) -> Result<Creation, OpError> {
        let mut definitions = HashMap::new();
        let mut parts: Vec<Part> = Vec::new();
        let mut known = HashSet::new();
        for table in missing {
            let Some(definition) = read_definition(objects, &table.schema_object)? else {
                return Err(OpError::NoDefinition { table: table.table.to_string(), snapshot: entry.id });
            };
            let new = definition.parts.iter();
            let new = new.filter(|part| known.insert((part.kind, part.name.clone(), part.table.clone())));
            parts.extend(new.cloned());
            definitions.insert(table.table.clone(), definition);
        }
        let existing = existing(&parts)?;
        let mut choosing = Choosing::new(&parts, &existing, catalog);
        let failed = choosing.leave_out(missing, &definitions);
        if !failed.is_empty() {
            return Err(cannot_be_made(entry, chosen, &failed));
        }
        let (mut making, mut warnings) = (Making::default(), Vec::new());
        for part in &parts {
            match choosing.choose(part).map_err(refused)? {
                Choice::Before => making.before.push(part.clone()),
                Choice::After => making.after.push(part.clone()),
                Choice::Not => {}
                Choice::Kept(warning) => warnings.push(warning),
            }
        }
        making.before.sort_by_key(|part| part.kind.stage());
        let is_shared =
            |counter: &str| existing.iter().any(|part| part.kind == PartKind::Sequence && part.name == counter);
        let mut seen = BTreeSet::new();
        for counter in missing.iter().flat_map(|table| &table.counters) {
            if !is_shared(&counter.name) && seen.insert(&counter.name) {
                let (name, column) = (counter.name.clone(), counter.column.clone());
                making.counters.push(Counter { name, column, last: counter.last, next: counter.next });
            }
        }
        Ok(Creation { making, warnings, definitions })
    }

    /// What is made, as a plan shows it.
    pub fn shown(&self) -> Vec<Created> {
        let parts = self.making.before.iter().chain(&self.making.after);
        let shown = |part: &Part| Created {
            kind: part.kind.to_string(),
            name: part.name.clone(),
            table: part.table.as_ref().map(ToString::to_string),
            sql: [&part.sql].into_iter().chain(&part.then).cloned().collect(),
        };
        parts.map(shown).collect()
    }

    /// Holds the definition of `table` as it was made against what was to be made. What is there and reads otherwise is
    /// told: the statement that made it is the stored one, and databases write some expressions in another way once
    /// they have read them.
    ///
    /// # Errors
    /// If some of it is not there, or something is there that was not to be made; not of what is beside rows.
    pub fn verify(&self, table: &TableName, made: Option<&Definition>) -> Result<Vec<String>, OpError> {
        let (Some(wanted), Some(made)) = (self.definitions.get(table), made) else {
            return Err(OpError::NotAsPlanned(format!(
                "table {table} was made, and its definition cannot be read back; everything was rolled back"
            )));
        };
        let is_its_own = |part: &&Part| part.table.as_ref() == Some(table) && !part.kind.is_beside_rows();
        let is_needed = |part: &&Part| part.table.is_none() && wanted.parts.iter().any(|wanted| wanted.is_same(part));
        let mut warnings = Vec::new();
        for part in self.making.before.iter().filter(|part| is_its_own(part) || is_needed(part)) {
            match made.parts.iter().find(|made| made.is_same(part)) {
                Some(made) if reads_alike(&made.sql, &part.sql) => {}
                Some(made) => warnings.push(format!("{part} reads otherwise: was {}, is {}", part.sql, made.sql)),
                None => return Err(not_as_it_was(table, part)),
            }
        }
        let mut unexpected = made.parts.iter().filter(is_its_own);
        match unexpected.find(|part| !wanted.parts.iter().any(|wanted| wanted.is_same(part))) {
            None => Ok(warnings),
            Some(part) => Err(not_as_it_was(table, part)),
        }
    }
}

fn not_as_it_was(table: &TableName, part: &Part) -> OpError {
    OpError::NotAsPlanned(format!(
        "table {table} was made, and its {part} is not what it was; everything was rolled back"
    ))
}

impl Target {
    /// A table that is made again, as `schema` says.
    pub(super) fn made(entry: &TableEntry, schema: TableSchema) -> Target {
        let filtered = entry.filter.as_ref().map(|filter| format!("the snapshot has only its rows where {filter}"));
        Target {
            entry: entry.clone(),
            spec: schema.key_spec(),
            read: TableRead { schema, filter: None },
            filtered: None,
            projection: None,
            defaulted: Vec::new(),
            partitions: Vec::new(),
            made: true,
            notes: filtered.into_iter().collect(),
        }
    }
}

impl Targets {
    /// Takes out what is made: each with its place among all tables, and its plan.
    pub(super) fn take_made(&mut self) -> Vec<(usize, PlannedTable)> {
        let made = self.tables.iter().enumerate().filter(|(_, target)| target.made);
        let made = made.map(|(at, target)| (at, PlannedTable::made(&target.entry, target.notes.clone()))).collect();
        let tables = self.tables.len();
        let mut is_made = self.tables.iter().map(|target| target.made).collect::<Vec<_>>();
        is_made.resize(self.reads.len(), false);
        let mut keep = is_made.iter();
        self.reads.retain(|_| keep.next() == Some(&false));
        self.tables.retain(|target| !target.made);
        let gone = tables - self.tables.len();
        for filtered in self.tables.iter_mut().filter_map(|target| target.filtered.as_mut()) {
            *filtered -= gone;
        }
        made
    }
}

impl PlannedTable {
    /// Of a table that is made, with all rows of the snapshot.
    pub(super) fn made(entry: &TableEntry, notes: Vec<String>) -> PlannedTable {
        PlannedTable {
            table: entry.table.to_string(),
            created: true,
            snapshot_rows: entry.rows,
            live_rows: 0,
            insert: entry.rows,
            update: 0,
            delete: 0,
            unchanged: 0,
            left: 0,
            conflicts: 0,
            notes,
        }
    }
}

/// What becomes of a part.
enum Choice {
    /// It is made before the rows are written.
    Before,
    /// It is made when they are there.
    After,
    /// It is there already, or of a table that is not made.
    Not,
    /// Something else is there and is left as it is; what that means, in words.
    Kept(String),
}

struct Choosing<'c> {
    existing: HashMap<(PartKind, &'c str, Option<&'c TableName>), &'c Part>,
    /// Tables that are made.
    made: HashSet<&'c TableName>,
    /// Tables that are there.
    there: HashSet<&'c TableName>,
}

impl<'c> Choosing<'c> {
    fn new(parts: &'c [Part], existing: &'c [Part], catalog: &'c Catalog) -> Choosing<'c> {
        let existing: HashMap<_, _> =
            existing.iter().map(|part| ((part.kind, part.name.as_str(), part.table.as_ref()), part)).collect();
        let is_table = |part: &&Part| part.kind == PartKind::Table;
        let tables = |is_there: bool| {
            let there =
                |part: &&Part| existing.contains_key(&(part.kind, part.name.as_str(), part.table.as_ref())) == is_there;
            parts.iter().filter(is_table).filter(there).filter_map(|part| part.table.as_ref()).collect()
        };
        let (made, mut there): (HashSet<_>, HashSet<_>) = (tables(false), tables(true));
        there.extend(catalog.tables.iter().flat_map(|info| info.part_of.iter().chain([&info.schema.table])));
        Choosing { existing, made, there }
    }

    /// Takes out tables that cannot be made, and those that need them in turn; each with why.
    fn leave_out<'m>(
        &mut self,
        missing: &[&'m TableEntry],
        definitions: &HashMap<TableName, Definition>,
    ) -> Vec<(&'m TableName, String)> {
        let mut failed: Vec<(&TableName, String)> = Vec::new();
        loop {
            let before = failed.len();
            for table in missing.iter().map(|entry| &entry.table) {
                if failed.iter().any(|(other, _)| *other == table) {
                    continue;
                }
                let parts = definitions.get(table).map(|definition| definition.parts.as_slice()).unwrap_or_default();
                // what another table has to do with it does not keep it away
                let own = parts.iter().filter(|part| {
                    part.table.as_ref().is_none_or(|of| of == table) || part.kind != PartKind::ForeignKey
                });
                if let Some(why) = own.filter_map(|part| self.choose(part).err()).next() {
                    self.made.retain(|made| *made != table);
                    failed.push((table, why));
                }
            }
            if failed.len() == before {
                return failed;
            }
        }
    }

    /// # Errors
    /// Why it can neither be made nor be left out.
    fn choose(&self, part: &Part) -> Result<Choice, String> {
        let is_made = |table: &Option<TableName>| table.as_ref().is_some_and(|table| self.made.contains(table));
        let there = self.existing.get(&(part.kind, part.name.as_str(), part.table.as_ref()));
        if let Some(there) = there {
            return match there.sql == part.sql {
                true => Ok(Choice::Not),
                false if part.kind == PartKind::Function => {
                    Ok(Choice::Kept(format!("{part} is there, and is not what it was: it is used as it is")))
                }
                false => Err(differs(part, there)),
            };
        }
        let is_its_own = part.table.is_none() || is_made(&part.table);
        if !is_its_own && part.kind != PartKind::ForeignKey {
            return Ok(Choice::Not);
        }
        match (part.kind, &part.table, &part.references) {
            (PartKind::Unsupported, ..) => Err(format!("it cannot be made again: {}", part.sql)),
            // it may be another table's by now
            (PartKind::Ownership, Some(table), _)
                if self.existing.contains_key(&(PartKind::Sequence, part.name.as_str(), None)) =>
            {
                Ok(Choice::Kept(format!(
                    "sequence {} is there, and is left as it is: it will not go with {table}, as it did",
                    part.name
                )))
            }
            (_, Some(table), Some(needed)) if is_its_own => {
                match self.made.contains(needed) || self.there.contains(needed) {
                    true => Ok(Choice::Before),
                    false => Err(format!(
                        "the {part} refers to {needed}, which is not there: restore it as well, and name both after the snapshot \
                         ({table} {needed})"
                    )),
                }
            }
            _ if is_its_own => Ok(Choice::Before),
            // a foreign key of a table that is there, and which went with the table that it refers to
            (_, Some(table), Some(needed)) => match self.made.contains(needed) && self.there.contains(table) {
                true => Ok(Choice::After),
                false => Ok(Choice::Not),
            },
            _ => Ok(Choice::Not),
        }
    }
}

fn refused(what: String) -> OpError {
    OpError::Refused { what, allow: None }
}

fn differs(part: &Part, there: &Part) -> String {
    format!(
        "{part} is there, and is not what it was:\nwas {}\nis {}\nchange it back, or drop it, and try again",
        part.sql, there.sql
    )
}

/// That some tables cannot be made, and the command that restores the others.
fn cannot_be_made(entry: &Entry, chosen: &[&TableName], failed: &[(&TableName, String)]) -> OpError {
    let mut reasons: Vec<String> = Vec::new();
    for (table, why) in failed {
        if !reasons.iter().any(|reason| reason.ends_with(why)) {
            reasons.push(format!("table {table}: {why}"));
        }
    }
    let is_left = |table: &&&TableName| !failed.iter().any(|(other, _)| *other == **table);
    let others: Vec<String> = chosen.iter().filter(is_left).map(ToString::to_string).collect();
    if others.is_empty() {
        return refused(reasons.join("\n"));
    }
    let mut command: Vec<String> = ["dbsnap", "restore", &entry.id.short().to_string()].map(str::to_owned).to_vec();
    if chosen.len() == entry.manifest.tables.len() {
        command.push("--create".to_owned());
        command.extend(failed.iter().flat_map(|(table, _)| ["--exclude".to_owned(), table.to_string()]));
    } else {
        command.extend(others);
        command.push("--create".to_owned());
    }
    refused(format!("{}\nto restore the others: {}", reasons.join("\n"), command_line(&command)))
}
