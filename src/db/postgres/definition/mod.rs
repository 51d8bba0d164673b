//! What it takes to make tables again, in the server's own words: a handful of queries, whatever the number of tables.
//!
//! The search path is empty, so every name that the server writes is qualified.

mod allowed;
mod database;
mod make;
mod needs;
mod others;
mod relations;
mod settings;
mod shared;

use super::catalog::oid_array;
use super::client::{Connection, Failure};
use super::quote;
use crate::codec::{Definition, Part, PartKind, TableName};
use crate::db::DbError;
use crate::monitor::Monitor;
pub use database::Absence;
pub(super) use database::settings as database_settings;
pub(super) use make::{After, make};
use std::collections::{BTreeMap, HashMap};

/// How often definitions are read while others change them.
const TRIES: u32 = 4;

/// The definitions of the tables with these oids.
///
/// The server's own functions tell what is there now, not what was there at the transaction's instant: unless two
/// readings in a row agree, something was changed between them. The transaction goes on after that.
pub(super) fn settled(
    connection: &mut Connection,
    version: u32,
    oids: &[u32],
    monitor: &dyn Monitor,
) -> Result<HashMap<u32, Definition>, DbError> {
    let reading = |failure: Failure| failure.during("reading the definitions of tables");
    // most of the time goes into planning
    connection.keep_prepared();
    let agreed = agreed(connection, version, oids, monitor).map_err(reading)?;
    connection.deallocate(monitor).map_err(reading)?;
    agreed.ok_or_else(|| DbError::Busy {
        what:
            "how tables are defined was changed again and again while it was read; try again when migrations are done"
                .to_owned(),
    })
}

/// What two readings in a row say; `None` if each one said something else.
fn agreed(
    connection: &mut Connection,
    version: u32,
    oids: &[u32],
    monitor: &dyn Monitor,
) -> Result<Option<HashMap<u32, Definition>>, Failure> {
    let mut before = None;
    for _ in 0..TRIES {
        // as for the catalog
        connection.execute("SAVEPOINT dbsnap_definitions; SET LOCAL enable_mergejoin = off", monitor)?;
        let now = match load(connection, version, oids, monitor) {
            Ok(now) => Some(now),
            // internal error: what the catalog tells of is not there any more
            Err(Failure::Server(error)) if !error.is_fatal() && error.code == "XX000" => None,
            Err(failure) => return Err(failure),
        };
        // lets go of the locks on indexes and sequences: a server may have no room for many
        connection
            .execute("ROLLBACK TO SAVEPOINT dbsnap_definitions; RELEASE SAVEPOINT dbsnap_definitions", monitor)?;
        if now.is_some() && now == before {
            return Ok(now);
        }
        before = now;
    }
    Ok(None)
}

fn load(
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
    let mut shared = shared::load(connection, shared::Scope::Only(&needs.nodes()), monitor)?;
    shared.extend(others::needed(connection, &needs, &shared, monitor)?);
    let all_schemas = schemas(connection, monitor)?;
    let definition = |line: &Vec<u32>| {
        let mut schemas: BTreeMap<&str, &Part> = BTreeMap::new();
        let used = needs.in_order(line, &shared);
        let names = line.iter().filter_map(|oid| relations.get(oid)).map(|relation| relation.schema.as_str());
        for schema in names.chain(used.iter().map(|used| used.schema.as_str())) {
            if let Some(part) = all_schemas.get(schema).filter(|_| !schema.starts_with("pg_")) {
                schemas.insert(schema, part);
            }
        }
        let mut parts: Vec<Part> = schemas.into_values().cloned().collect();
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
    let mut found: Vec<Part> = schemas(connection, monitor)?.into_values().collect();
    found.extend(others::existing(connection, parts, monitor)?);
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
    found.extend(others::in_the_way(connection, parts, &found, monitor)?);
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
    connection.query_again(&sql, monitor, &mut |row| {
        let above = row.required_number(1)?;
        lines.entry(row.required_number(0)?).or_default().push(above);
        Ok(())
    })?;
    for (oid, line) in &mut lines {
        line.push(*oid);
    }
    Ok(lines)
}

/// Every schema, with what others than its owner may do there.
fn schemas(connection: &mut Connection, monitor: &dyn Monitor) -> Result<HashMap<String, Part>, Failure> {
    let sql = "SELECT n.nspname, pg_catalog.to_json(ARRAY(SELECT pg_catalog.format('GRANT %s ON SCHEMA %I TO %s%s', \
               pg_catalog.string_agg(g.privilege_type, ', ' ORDER BY g.privilege_type COLLATE \"C\"), n.nspname, \
               CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(g.grantee)) END, \
               CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) \
               FROM (SELECT DISTINCT e.grantee, e.privilege_type, e.is_grantable FROM pg_catalog.aclexplode(n.nspacl) AS e) AS g \
               WHERE g.grantee <> n.nspowner GROUP BY g.grantee, g.is_grantable ORDER BY 1) \
               || ARRAY(SELECT pg_catalog.format('COMMENT ON SCHEMA %I IS %L', n.nspname, d.description) FROM pg_catalog.pg_description d \
               WHERE d.classoid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND d.objoid = n.oid)) \
               FROM pg_catalog.pg_namespace n";
    let mut found = HashMap::new();
    connection.query_again(sql, monitor, &mut |row| {
        let name = row.required(0)?.to_owned();
        let then = shared::statements(row.text(1)?)?;
        let sql = format!("CREATE SCHEMA {}", quote::identifier(&name));
        let part = Part { kind: PartKind::Schema, name: name.clone(), table: None, references: None, sql, then };
        found.insert(name, part);
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
