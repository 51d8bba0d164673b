//! Which tables there are.

use super::{Scope, Tables};
use crate::codec::{Key, TableName, TableSchema};
use crate::db::TableInfo;
use crate::db::postgres::client::{Connection, Failure};
use crate::db::postgres::quote;
use crate::monitor::Monitor;

/// Ordinary tables outside the system's schemas; the leaves of partitioned ones among them.
pub(super) fn load(connection: &mut Connection, scope: Scope<'_>, monitor: &dyn Monitor) -> Result<Tables, Failure> {
    let only = match scope {
        Scope::All => String::new(),
        Scope::Only([]) => return Ok(Tables::new()),
        Scope::Only(names) => {
            let names: Vec<String> = names
                .iter()
                .map(|name| {
                    let schema = quote::literal(name.schema.as_deref().unwrap_or("public"));
                    format!("({schema}, {})", quote::literal(&name.name))
                })
                .collect();
            format!(" AND (n.nspname, c.relname) IN ({})", names.join(", "))
        }
    };
    let sql = format!(
        "SELECT c.oid, n.nspname, c.relname, c.reltuples::pg_catalog.int8, \
         pg_catalog.pg_stat_get_live_tuples(c.oid), \
         (c.relpages::pg_catalog.int8 + coalesce(t.relpages, 0)) * pg_catalog.current_setting('block_size')::pg_catalog.int8, \
         pg_catalog.row_security_active(c.oid), \
         pg_catalog.has_schema_privilege(n.oid, 'USAGE'), pg_catalog.has_table_privilege(c.oid, 'SELECT') \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         LEFT JOIN pg_catalog.pg_class t ON t.oid = c.reltoastrelid \
         WHERE c.relkind = 'r' AND c.relpersistence <> 't' \
         AND pg_catalog.left(n.nspname, 3) <> 'pg_' AND n.nspname <> 'information_schema'{only}"
    );
    let mut tables = Tables::new();
    connection.query(&sql, monitor, &mut |row| {
        let table = TableName::qualified(row.required(1)?, row.required(2)?);
        let analysed = row.number::<i64>(3)?.and_then(|rows| u64::try_from(rows).ok());
        let live = row.number::<u64>(4)?.filter(|&rows| rows > 0);
        let bytes = row.number::<u64>(5)?.filter(|&bytes| bytes > 0);
        let refusal = refusal(&table, row.flag(6)?, row.flag(7)?, row.flag(8)?);
        let info = TableInfo {
            // before version 14 a table that was never analysed has 0 tuples on 0 pages
            estimated_rows: analysed.filter(|&rows| rows > 0 || bytes.is_some()).or(live),
            schema: TableSchema {
                table,
                columns: Vec::new(),
                generated: Vec::new(),
                key: Key::Rows,
                foreign_keys: Vec::new(),
                unique: Vec::new(),
            },
            bytes,
            part_of: Vec::new(),
            definition: None,
            refusal,
        };
        tables.insert(row.required_number(0)?, info);
        Ok(())
    })?;
    ancestors(connection, &mut tables, monitor)?;
    Ok(tables)
}

/// Fills in the partitioned tables that leaf partitions belong to.
fn ancestors(connection: &mut Connection, tables: &mut Tables, monitor: &dyn Monitor) -> Result<(), Failure> {
    if tables.is_empty() {
        return Ok(());
    }
    // the partitions first, so that the function is not called for every table of the database
    let sql = format!(
        "SELECT wanted.oid, n.nspname, c.relname FROM {} JOIN pg_catalog.pg_class part ON part.oid = wanted.oid AND part.relispartition \
         CROSS JOIN LATERAL pg_catalog.pg_partition_ancestors(part.oid) WITH ORDINALITY AS above (oid, n) \
         JOIN pg_catalog.pg_class c ON c.oid = above.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE above.oid <> part.oid ORDER BY wanted.oid, above.n DESC",
        super::oid_array(tables.keys().copied())
    );
    connection.query(&sql, monitor, &mut |row| {
        let name = TableName::qualified(row.required(1)?, row.required(2)?);
        if let Some(info) = tables.get_mut(&row.required_number(0)?) {
            info.part_of.push(name);
        }
        Ok(())
    })?;
    Ok(())
}

fn refusal(table: &TableName, hides_rows: bool, schema: bool, select: bool) -> Option<String> {
    if !schema {
        let schema = table.schema.as_deref().unwrap_or("public");
        Some(format!("no privilege to use schema {schema}; grant USAGE on it"))
    } else if !select {
        Some(format!("no privilege to read table {table}; grant SELECT on it (on the whole table, not on columns)"))
    } else if hides_rows {
        Some(format!(
            "row-level security of table {table} would hide rows from this role; use its owner or a role with BYPASSRLS"
        ))
    } else {
        None
    }
}
