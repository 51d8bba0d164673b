//! Reading the catalog: a handful of queries, whatever the number of tables.
//!
//! Every name in them is qualified and `search_path` is empty, so nothing that a schema of the database defines is
//! called.

mod columns;
mod coverage;
mod foreign;
mod keys;
mod tables;

use super::client::{Connection, Failure};
use super::types::Types;
use crate::codec::TableName;
use crate::db::{Catalog, TableInfo};
use crate::monitor::Monitor;
use std::collections::HashMap;

/// Which tables to read about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scope<'t> {
    /// All of them.
    All,
    /// Only these.
    Only(&'t [TableName]),
}

/// A table and its oid.
#[derive(Debug)]
pub(super) struct Found {
    /// The table's oid.
    pub(super) oid: u32,
    /// What there is to know of it.
    pub(super) info: TableInfo,
}

/// Tables by oid while they are put together.
type Tables = HashMap<u32, TableInfo>;

/// The tables in `scope`, in order of name.
pub(super) fn tables(
    connection: &mut Connection,
    scope: Scope<'_>,
    monitor: &dyn Monitor,
) -> Result<Vec<Found>, Failure> {
    let mut tables = tables::load(connection, scope, monitor)?;
    if !tables.is_empty() {
        let types = Types::load(connection, monitor)?;
        let oids = oid_array(tables.keys().copied());
        let numbers = columns::load(connection, &oids, &types, &mut tables, monitor)?;
        keys::load(connection, &oids, &types, &numbers, &mut tables, monitor)?;
        foreign::load(connection, &oids, &mut tables, monitor)?;
    }
    let mut found: Vec<Found> = tables.into_iter().map(|(oid, info)| Found { oid, info }).collect();
    found.sort_by(|a, b| a.info.schema.table.cmp(&b.info.schema.table));
    Ok(found)
}

/// Everything: all tables with their oids, and what is not captured.
pub(super) fn all(connection: &mut Connection, monitor: &dyn Monitor) -> Result<(Catalog, Vec<u32>), Failure> {
    let found = tables(connection, Scope::All, monitor)?;
    let not_captured = coverage::load(connection, monitor)?;
    let (oids, tables) = found.into_iter().map(|found| (found.oid, found.info)).unzip();
    Ok((Catalog { tables, not_captured, search_path: Vec::new() }, oids))
}

/// A FROM item `wanted (oid)` of these oids.
pub(super) fn oid_array(oids: impl Iterator<Item = u32>) -> String {
    let list: Vec<String> = oids.map(|oid| oid.to_string()).collect();
    format!("pg_catalog.unnest('{{{}}}'::pg_catalog.oid[]) AS wanted (oid)", list.join(","))
}
