//! What it takes to make tables again, in the server's own words: a handful of queries, whatever the number of tables.
//!
//! The search path is empty, so every name that the server writes is qualified.

mod database;
mod make;
mod needs;
mod relations;
mod settings;
mod shared;

use super::catalog::oid_array;
use super::client::{Connection, Failure};
use super::quote;
use crate::codec::{Definition, Part, PartKind, TableName};
use crate::monitor::Monitor;
pub use database::Absence;
pub(super) use database::settings as database_settings;
pub(super) use make::{After, make};
use std::collections::{BTreeMap, HashMap};

/// The definitions of the tables with these oids.
pub(super) fn load(
    connection: &mut Connection,
    version: u32,
    oids: &[u32],
    monitor: &dyn Monitor,
) -> Result<HashMap<u32, Definition>, Failure> {
    if oids.is_empty() {
        return Ok(HashMap::new());
    }
    let lines = lines(connection, oids, monitor)?;
    let mut all: Vec<u32> = lines.values().flatten().copied().collect();
    all.sort_unstable();
    all.dedup();
    let relations = relations::load(connection, version, &all, monitor)?;
    let needs = needs::load(connection, &all, monitor)?;
    let shared = shared::load(connection, shared::Scope::Only(&needs.nodes()), monitor)?;
    let definition = |line: &Vec<u32>| {
        let mut schemas: BTreeMap<&str, Part> = BTreeMap::new();
        let used = needs.in_order(line, &shared);
        let names = line.iter().filter_map(|oid| relations.get(oid)).map(|relation| relation.schema.as_str());
        for schema in names.chain(used.iter().map(|used| used.schema.as_str())) {
            if !schema.starts_with("pg_") {
                schemas.entry(schema).or_insert_with(|| made_schema(schema));
            }
        }
        let mut parts: Vec<Part> = schemas.into_values().collect();
        parts.extend(used.into_iter().map(|used| used.part.clone()));
        parts.extend(line.iter().filter_map(|oid| relations.get(oid)).flat_map(|relation| relation.parts.clone()));
        parts.sort_by_key(|part| part.kind.stage());
        Definition { parts }
    };
    Ok(lines.iter().map(|(oid, line)| (*oid, definition(line))).collect())
}

/// Those of `parts` of which there is one of that kind and name, as they are.
pub(super) fn existing(
    connection: &mut Connection,
    version: u32,
    parts: &[Part],
    monitor: &dyn Monitor,
) -> Result<Vec<Part>, Failure> {
    let mut found = schemas(connection, monitor)?;
    let shared = shared::load(connection, shared::Scope::All, monitor)?;
    found.extend(shared.into_values().map(|shared| shared.part));
    let mut tables: Vec<&TableName> = parts.iter().filter_map(|part| part.table.as_ref()).collect();
    tables.sort();
    tables.dedup();
    let oids = relation_oids(connection, &tables, monitor)?;
    if !oids.is_empty() {
        let relations = relations::load(connection, version, &oids, monitor)?;
        found.extend(relations.into_values().flat_map(|relation| relation.parts));
    }
    found.retain(|found| parts.iter().any(|part| part.is_same(found)));
    Ok(found)
}

/// Each table with the partitioned tables that it is a part of, from the top down, itself last.
fn lines(connection: &mut Connection, oids: &[u32], monitor: &dyn Monitor) -> Result<HashMap<u32, Vec<u32>>, Failure> {
    let mut lines: HashMap<u32, Vec<u32>> = oids.iter().map(|oid| (*oid, Vec::new())).collect();
    let sql = format!(
        "SELECT wanted.oid, above.oid::pg_catalog.oid FROM {} JOIN pg_catalog.pg_class part ON part.oid = wanted.oid AND part.relispartition \
         CROSS JOIN LATERAL pg_catalog.pg_partition_ancestors(part.oid) WITH ORDINALITY AS above (oid, n) \
         WHERE above.oid <> part.oid ORDER BY wanted.oid, above.n DESC",
        oid_array(oids.iter().copied())
    );
    connection.query(&sql, monitor, &mut |row| {
        let above = row.required_number(1)?;
        lines.entry(row.required_number(0)?).or_default().push(above);
        Ok(())
    })?;
    for (oid, line) in &mut lines {
        line.push(*oid);
    }
    Ok(lines)
}

fn made_schema(name: &str) -> Part {
    let sql = format!("CREATE SCHEMA {}", quote::identifier(name));
    Part { kind: PartKind::Schema, name: name.to_owned(), table: None, references: None, sql }
}

fn schemas(connection: &mut Connection, monitor: &dyn Monitor) -> Result<Vec<Part>, Failure> {
    let mut found = Vec::new();
    connection.query("SELECT n.nspname FROM pg_catalog.pg_namespace n", monitor, &mut |row| {
        found.push(made_schema(row.required(0)?));
        Ok(())
    })?;
    Ok(found)
}

fn relation_oids(
    connection: &mut Connection,
    tables: &[&TableName],
    monitor: &dyn Monitor,
) -> Result<Vec<u32>, Failure> {
    if tables.is_empty() {
        return Ok(Vec::new());
    }
    let name = |table: &&TableName| {
        let schema = quote::literal(table.schema.as_deref().unwrap_or("public"));
        format!("({schema}, {})", quote::literal(&table.name))
    };
    let names: Vec<String> = tables.iter().map(name).collect();
    let sql = format!(
        "SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relkind IN ('r', 'p') AND (n.nspname, c.relname) IN ({})",
        names.join(", ")
    );
    let mut oids = Vec::new();
    connection.query(&sql, monitor, &mut |row| {
        oids.push(row.required_number(0)?);
        Ok(())
    })?;
    Ok(oids)
}
