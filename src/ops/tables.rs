//! `tables`: what can be snapshotted.

use super::OpError;
use super::database::{Connection, Database};
use super::ledgers;
use super::relations::Reach;
use super::repository::Repository;
use crate::codec::{Key, KeySource};
use crate::db::{Catalog, Sink, TableId, TableInfo, TableRead};
use crate::monitor::Silent;
use crate::prisma::schema::Model;
use serde::Serialize;

/// One table of the database.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ListedTable {
    /// The Prisma model that stands for it.
    pub model: Option<String>,
    /// The table.
    pub table: String,
    /// Rows, estimated or counted.
    pub rows: Option<u64>,
    /// Bytes on disk.
    pub bytes: Option<u64>,
    /// The key's columns; empty where rows are a multiset.
    pub key: Vec<String>,
    /// `primary key`, `unique index`, or `no key`.
    #[cfg_attr(feature = "schema", schemars(extend("enum" = ["primary key", "unique index", "no key"])))]
    pub key_source: &'static str,
    /// Tables it refers to.
    pub refers_to: Vec<String>,
    /// Tables that lose rows or values when rows of this one are deleted.
    pub deletes_reach: Vec<String>,
    /// The partitioned table it is a part of.
    pub partition_of: Option<String>,
    /// Columns that the database computes and snapshots leave to it.
    pub generated: Vec<String>,
    /// What is known of it: the model's `///` lines, or what the table is for.
    pub note: Option<String>,
    /// Why it cannot be snapshotted.
    pub refusal: Option<String>,
}

/// All tables of the database.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TablesReport {
    /// The database, without secrets.
    pub database: String,
    /// The tables, by name.
    pub tables: Vec<ListedTable>,
    /// What is not captured: views, foreign tables and so on.
    pub not_captured: Vec<String>,
}

/// Counts the tables of which the database's statistics know nothing, as in a database that was never analysed. Where
/// that cannot be done (a table is locked) their rows stay unknown: a list is not worth waiting for.
fn count_unknown(source: &mut dyn Sink, catalog: &mut Catalog) {
    let unknown: Vec<usize> = (0..catalog.tables.len())
        .filter(|&at| catalog.tables[at].estimated_rows.is_none() && catalog.tables[at].refusal.is_none())
        .collect();
    let read = |&at: &usize| TableRead { schema: catalog.tables[at].schema.clone(), filter: None };
    let reads: Vec<TableRead> = unknown.iter().map(read).collect();
    if reads.is_empty() {
        return;
    }
    let Ok(mut snapshot) = source.snapshot(&reads, &Silent) else { return };
    for (index, at) in unknown.into_iter().enumerate() {
        catalog.tables[at].estimated_rows = snapshot.count(TableId::at(index)).ok();
    }
}

/// What a list says of a table beside its numbers.
fn note(project: &Repository, info: &TableInfo, model: Option<&Model>) -> Option<String> {
    let table = &info.schema.table;
    if let Some(model) = model {
        let first =
            model.documentation.as_deref().and_then(|text| text.lines().map(str::trim).find(|line| !line.is_empty()));
        return match first {
            Some(line) => Some(line.to_owned()),
            None => model.ignored.then(|| "@@ignore: not in Prisma's client".to_owned()),
        };
    }
    if let Some(join) = project.join_table_of(table) {
        return Some(format!("which {} belongs to which {}", join.a, join.b));
    }
    if let Some(parent) = info.part_of.first() {
        return Some(format!("a part of {parent}"));
    }
    ledgers::kept_by(&info.schema).map(|tool| format!("{tool}'s list of migrations: not part of --all"))
}

/// The names of the database's tables and of the models that stand for them. No rows are counted.
///
/// # Errors
/// As [`tables`].
pub fn names(repository: &Repository, database: &mut Database) -> Result<Vec<String>, OpError> {
    let catalog = database.catalog()?;
    let tables = catalog.tables.iter().map(|info| &info.schema.table);
    let models = tables.clone().filter_map(|table| repository.model_of(table)).map(|model| model.name.clone());
    Ok(models.chain(tables.map(ToString::to_string)).collect())
}

/// Lists the tables of the database. A store is not needed, but its settings are used if there is one.
///
/// # Errors
/// If no database is set or its catalog cannot be read.
pub fn tables(repository: &Repository, database: &mut Database) -> Result<TablesReport, OpError> {
    let mut catalog = database.catalog()?;
    let Connection { sink: source, name, .. } = database.connect()?;
    count_unknown(source.as_mut(), &mut catalog);
    let reaches: Vec<(&TableInfo, Vec<Reach>)> =
        catalog.tables.iter().map(|info| (info, repository.reaches(info))).collect();
    let reached = |info: &TableInfo| {
        let refers = |reach: &Reach| reach.refers_to == info.schema.table;
        let others = reaches.iter().filter(|(_, reaches)| reaches.iter().any(refers));
        others.map(|(other, _)| other.schema.table.to_string()).collect()
    };
    let listed = catalog.tables.iter().map(|info| {
        let mut refers_to: Vec<String> = info.schema.foreign_keys.iter().map(|key| key.table.to_string()).collect();
        refers_to.sort();
        refers_to.dedup();
        let model = repository.model_of(&info.schema.table);
        ListedTable {
            model: model.map(|model| model.name.clone()),
            note: note(repository, info, model),
            table: info.schema.table.to_string(),
            rows: info.estimated_rows,
            bytes: info.bytes,
            key: info.schema.key_names().into_iter().map(str::to_owned).collect(),
            key_source: match &info.schema.key {
                Key::Columns { source: KeySource::Primary, .. } => "primary key",
                Key::Columns { source: KeySource::Unique(_), .. } => "unique index",
                Key::Rows => "no key",
            },
            refers_to,
            deletes_reach: reached(info),
            partition_of: info.part_of.first().map(ToString::to_string),
            generated: info.schema.generated.iter().map(|column| column.name.clone()).collect(),
            refusal: info.refusal.clone(),
        }
    });
    Ok(TablesReport { database: name.clone(), tables: listed.collect(), not_captured: catalog.not_captured.clone() })
}
