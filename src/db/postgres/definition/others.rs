//! Objects that a snapshot does not keep: those that tables need, and those that have a name which is wanted.

use super::needs::Needs;
use super::shared::{Node, Shared};
use crate::codec::{Part, PartKind, TableName};
use crate::db::postgres::client::{Connection, Failure};
use crate::db::postgres::quote;
use crate::monitor::Monitor;
use std::collections::{HashMap, HashSet};

/// The system tables whose objects are kept, or come with those of others.
const KEPT: [&str; 8] =
    ["pg_extension", "pg_collation", "pg_type", "pg_proc", "pg_constraint", "pg_namespace", "pg_attrdef", "pg_trigger"];

/// What tables need that is not kept: text search configurations, operators, views. Each can be used if it is there.
pub(super) fn needed(
    connection: &mut Connection,
    needs: &Needs,
    shared: &HashMap<Node, Shared>,
    monitor: &dyn Monitor,
) -> Result<HashMap<Node, Shared>, Failure> {
    let is_other = |node: &Node| !KEPT.contains(&node.class.as_str()) && !shared.contains_key(node);
    let others: Vec<Node> =
        needs.nodes().into_iter().filter(|node| is_other(node) && !needs.is_brought(node)).collect();
    if others.is_empty() {
        return Ok(HashMap::new());
    }
    let row = |node: &Node| format!("({}, {}::pg_catalog.oid)", quote::literal(&node.class), node.oid);
    let rows: Vec<String> = others.iter().map(row).collect();
    let sql = format!(
        "SELECT o.class, o.id, pg_catalog.pg_describe_object(('pg_catalog.' || o.class)::pg_catalog.regclass, o.id, 0) \
         FROM (VALUES {}) AS o (class, id) WHERE o.class <> 'pg_class' \
         OR EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = o.id AND c.relkind IN ('v', 'm', 'f'))",
        rows.join(", ")
    );
    let mut found = HashMap::new();
    connection.query_again(&sql, monitor, &mut |row| {
        let Some(name) = row.text(2)?.map(str::to_owned) else { return Ok(()) };
        let sql = format!("{name} is needed, is not there, and is not kept in snapshots");
        let part = Part { kind: PartKind::Unsupported, name, table: None, references: None, sql, then: Vec::new() };
        let node = Node { class: row.required(0)?.to_owned(), oid: row.required_number(1)? };
        found.insert(node, Shared { schema: "pg_catalog".to_owned(), part });
        Ok(())
    })?;
    Ok(found)
}

/// Those of `parts` that are not kept, and are there.
pub(super) fn existing(
    connection: &mut Connection,
    parts: &[Part],
    monitor: &dyn Monitor,
) -> Result<Vec<Part>, Failure> {
    let wanted: HashMap<&str, &Part> = parts
        .iter()
        .filter(|part| part.kind == PartKind::Unsupported && part.table.is_none())
        .map(|part| (part.name.as_str(), part))
        .collect();
    let mut found = Vec::new();
    if wanted.is_empty() {
        return Ok(found);
    }
    let classes = [
        "pg_ts_config",
        "pg_ts_dict",
        "pg_operator",
        "pg_opclass",
        "pg_opfamily",
        "pg_cast",
        "pg_class",
        "pg_am",
        "pg_language",
        "pg_conversion",
        "pg_ts_template",
        "pg_ts_parser",
    ];
    let selects = classes.map(|class| {
        format!(
            "SELECT pg_catalog.pg_describe_object('pg_catalog.{class}'::pg_catalog.regclass, o.oid, 0) FROM pg_catalog.{class} o \
             WHERE o.oid >= 16384"
        )
    });
    connection.query(&selects.join(" UNION ALL "), monitor, &mut |row| {
        if let Some(part) = row.text(0)?.and_then(|name| wanted.get(name)) {
            found.push((*part).clone());
        }
        Ok(())
    })?;
    Ok(found)
}

/// Relations that are something else than the parts which are to have their names, as parts that say what they are.
pub(super) fn in_the_way(
    connection: &mut Connection,
    parts: &[Part],
    existing: &[Part],
    monitor: &dyn Monitor,
) -> Result<Vec<Part>, Failure> {
    let there: HashSet<(PartKind, &str, Option<&TableName>)> =
        existing.iter().map(|part| (part.kind, part.name.as_str(), part.table.as_ref())).collect();
    let is_there = |kind: PartKind, table: &TableName| {
        existing.iter().any(|part| part.kind == kind && part.table.as_ref() == Some(table))
    };
    let mut wanted: HashMap<(&str, &str), &Part> = HashMap::new();
    for part in parts {
        let Some(table) = part.table.as_ref().filter(|table| !is_there(PartKind::Table, table)) else { continue };
        let schema = table.schema.as_deref().unwrap_or("public");
        let name = match part.kind {
            PartKind::Table => table.name.as_str(),
            PartKind::Key | PartKind::Index => part.name.as_str(),
            _ => continue,
        };
        if !there.contains(&(part.kind, part.name.as_str(), part.table.as_ref())) {
            wanted.insert((schema, name), part);
        }
    }
    let mut found = Vec::new();
    if wanted.is_empty() {
        return Ok(found);
    }
    let names: Vec<String> =
        wanted.keys().map(|(schema, name)| format!("({}, {})", quote::literal(schema), quote::literal(name))).collect();
    let sql = format!(
        "SELECT n.nspname, c.relname, pg_catalog.pg_describe_object('pg_catalog.pg_class'::pg_catalog.regclass, c.oid, 0) \
         || coalesce((SELECT ' of ' || i.indrelid::pg_catalog.regclass FROM pg_catalog.pg_index i WHERE i.indexrelid = c.oid), '') \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE (n.nspname, c.relname) IN ({})",
        names.join(", ")
    );
    connection.query(&sql, monitor, &mut |row| {
        if let Some(part) = wanted.get(&(row.required(0)?, row.required(1)?)) {
            let sql = row.text(2)?.unwrap_or("something else").to_owned();
            found.push(Part { sql, ..(*part).clone() });
        }
        Ok(())
    })?;
    Ok(found)
}
