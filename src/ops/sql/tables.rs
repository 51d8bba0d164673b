//! What the tables of a snapshot are called in a database of ours: as in the source, as far as SQLite tells names
//! apart.

use crate::codec::{TableName, TableSchema};
use crate::db::DbError;
use crate::db::scratch::{Aliased, Renamed, Scratch, distinct, rename, table_name, translate};
use crate::ops::Repository;
use crate::snapshot::TableEntry;
use std::collections::BTreeSet;

/// A table of the snapshot.
pub(super) struct Loaded {
    /// What the snapshot says of it.
    pub entry: TableEntry,
    /// Its schema, with the names that it has here.
    pub schema: TableSchema,
    /// Its columns as the source calls them.
    pub columns: Vec<String>,
    prisma: PrismaNames,
}

/// What a Prisma schema calls a table and its columns.
struct PrismaNames {
    table: Vec<String>,
    /// Fields, each with its column.
    fields: Vec<(String, String)>,
}

impl PrismaNames {
    fn of(project: &Repository, table: &TableName) -> PrismaNames {
        if let Some(model) = project.model_of(table) {
            let fields = model.columns().map(|field| (field.name.clone(), field.column.clone()));
            return PrismaNames { table: vec![model.name.clone()], fields: fields.collect() };
        }
        let table = project.join_table_of(table).map(|join| join.relation.clone());
        PrismaNames { table: table.into_iter().collect(), fields: Vec::new() }
    }
}

/// A partitioned table: a view of its partitions.
struct View {
    source: String,
    name: String,
    columns: Vec<String>,
    here: Vec<String>,
    parts: Vec<String>,
    prisma: PrismaNames,
}

/// All that a query can read.
pub(super) struct Loading {
    pub tables: Vec<Loaded>,
    views: Vec<View>,
}

impl Loading {
    /// Names everything.
    pub fn new(project: &Repository, tables: Vec<(TableEntry, TableSchema)>) -> Loading {
        let parents: BTreeSet<TableName> = tables.iter().flat_map(|(table, _)| table.part_of.clone()).collect();
        let own = tables.iter().map(|(_, schema)| table_name(schema));
        let names: Vec<String> = own.chain(parents.iter().map(ToString::to_string)).collect();
        let mut given = distinct(&names).into_iter();
        let mut loaded = Vec::with_capacity(tables.len());
        for ((entry, mut schema), name) in tables.into_iter().zip(given.by_ref()) {
            if name != table_name(&schema) {
                schema.table = TableName::bare(name);
            }
            let columns: Vec<String> = schema.columns.iter().map(|column| column.name.clone()).collect();
            for (column, name) in schema.columns.iter_mut().zip(distinct(&columns)) {
                column.name = name;
            }
            let prisma = PrismaNames::of(project, &entry.table);
            loaded.push(Loaded { entry, schema, columns, prisma });
        }
        let views = parents.into_iter().zip(given).filter_map(|(parent, name)| {
            let parts: Vec<&Loaded> = loaded.iter().filter(|table| table.entry.part_of.contains(&parent)).collect();
            let first = parts.first()?;
            Some(View {
                prisma: PrismaNames::of(project, &parent),
                source: parent.to_string(),
                name,
                columns: first.columns.clone(),
                here: first.schema.columns.iter().map(|column| column.name.clone()).collect(),
                parts: parts.iter().map(|table| table_name(&table.schema)).collect(),
            })
        });
        let views = views.collect();
        Loading { tables: loaded, views }
    }

    /// Makes the tables, empty, and the views.
    ///
    /// # Errors
    /// If SQLite does not take one.
    pub fn make(&self, scratch: &Scratch, engine: crate::db::Engine) -> Result<(), DbError> {
        for table in &self.tables {
            scratch.table(&table.schema, engine)?;
        }
        for view in &self.views {
            scratch.view(&view.name, &view.here, &view.parts)?;
        }
        Ok(())
    }

    /// The query, by the names that tables and columns have here.
    ///
    /// # Errors
    /// [`DbError::Filter`] if a name could be any of several: they differ in case only, or are names of one Prisma
    /// schema.
    pub fn query(&self, query: &str) -> Result<String, DbError> {
        let aliased = |table: String, columns: &[String], prisma: &PrismaNames| Aliased {
            table,
            columns: columns.to_vec(),
            names: prisma.table.clone(),
            fields: prisma.fields.clone(),
        };
        let of_tables =
            self.tables.iter().map(|table| aliased(table.entry.table.to_string(), &table.columns, &table.prisma));
        let of_views = self.views.iter().map(|view| aliased(view.source.clone(), &view.columns, &view.prisma));
        let query = translate(query, &of_tables.chain(of_views).collect::<Vec<_>>())?;
        let tables = self.tables.iter().map(|table| Renamed {
            source: (table.entry.table.to_string(), table.columns.clone()),
            here: (table_name(&table.schema), table.schema.columns.iter().map(|column| column.name.clone()).collect()),
        });
        let views = self.views.iter().map(|view| Renamed {
            source: (view.source.clone(), view.columns.clone()),
            here: (view.name.clone(), view.here.clone()),
        });
        rename(&query, &tables.chain(views).collect::<Vec<_>>())
    }

    /// What has another name here than in the source: both names.
    pub fn renamed(&self) -> Vec<(String, String)> {
        let mut all = Vec::new();
        for table in &self.tables {
            let name = table.entry.table.to_string();
            let here = table.schema.columns.iter().map(|column| column.name.clone());
            let columns = table.columns.iter().cloned().zip(here).filter(|(source, here)| source != here);
            all.extend(columns.map(|(source, here)| (format!("{name}.{source}"), here)));
            all.push((name, table_name(&table.schema)));
        }
        all.extend(self.views.iter().map(|view| (view.source.clone(), view.name.clone())));
        all.retain(|(source, here)| source != here);
        all.sort();
        all
    }
}
