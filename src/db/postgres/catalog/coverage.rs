//! What is in the database and no snapshot captures.

use crate::db::postgres::client::{Connection, Failure};
use crate::monitor::Monitor;

/// `kind schema.name` of everything that holds data, or looks like it, and is not captured; sorted by kind and name.
pub(super) fn load(connection: &mut Connection, monitor: &dyn Monitor) -> Result<Vec<String>, Failure> {
    let relations = "SELECT CASE WHEN c.relpersistence = 't' THEN 'temporary table' ELSE CASE c.relkind \
         WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' ELSE 'sequence' END END, \
         n.nspname, c.relname \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE (c.relkind IN ('v', 'm', 'f') AND c.relpersistence <> 't' \
         OR c.relkind IN ('r', 'p') AND c.relpersistence = 't' \
         OR c.relkind = 'S' AND c.relpersistence <> 't' AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d \
         WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')) \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass \
         AND d.refobjid = c.oid AND d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass)) \
         AND (c.relpersistence = 't' OR pg_catalog.left(n.nspname, 3) <> 'pg_') AND n.nspname <> 'information_schema' \
         ORDER BY 1, n.nspname COLLATE \"C\", c.relname COLLATE \"C\"";
    let mut found = Vec::new();
    connection.query(relations, monitor, &mut |row| {
        let (kind, schema, name) = (row.required(0)?, row.required(1)?, row.required(2)?);
        found.push(match schema {
            "public" => format!("{kind} {name}"),
            _ => format!("{kind} {schema}.{name}"),
        });
        Ok(())
    })?;
    let objects = "SELECT count(*) FROM pg_catalog.pg_largeobject_metadata";
    connection.query(objects, monitor, &mut |row| {
        match row.required_number::<u64>(0)? {
            0 => {}
            1 => found.push("large object (1)".into()),
            count => found.push(format!("large objects ({count})")),
        }
        Ok(())
    })?;
    Ok(found)
}
