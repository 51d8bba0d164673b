//! Unique indexes, and which of them is a table's key.

use super::Tables;
use super::columns::{Number, Numbers};
use crate::codec::{Key, KeyColumn, KeySource, UniqueIndex};
use crate::db::postgres::client::{Connection, Failure};
use crate::db::postgres::types::Types;
use crate::monitor::Monitor;

/// Fills in the unique indexes and the keys of `tables`. Prisma makes unique indexes, not constraints, so it is indexes
/// that are looked at. A key is the primary key, else the unique index of the fewest columns (then the first by name)
/// that is checked at once and whose columns are all captured and never NULL.
pub(super) fn load(
    connection: &mut Connection,
    wanted: &str,
    types: &Types,
    numbers: &Numbers,
    tables: &mut Tables,
    monitor: &dyn Monitor,
) -> Result<(), Failure> {
    let sql = format!(
        "SELECT i.indrelid, c.relname, i.indisprimary, i.indimmediate, i.indnkeyatts, i.indkey, i.indcollation, \
         coalesce((pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct')::pg_catalog.bool, false) \
         FROM {wanted} JOIN pg_catalog.pg_index i ON i.indrelid = wanted.oid \
         JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
         WHERE i.indisunique AND i.indisvalid AND i.indislive AND i.indpred IS NULL AND i.indexprs IS NULL \
         ORDER BY i.indrelid, i.indisprimary DESC, i.indnkeyatts, c.relname COLLATE \"C\""
    );
    connection.query(&sql, monitor, &mut |row| {
        let oid: u32 = row.required_number(0)?;
        let Some(info) = tables.get_mut(&oid) else { return Ok(()) };
        let name = row.required(1)?.to_string();
        let primary = row.flag(2)?;
        let immediate = row.flag(3)?;
        let count: usize = row.required_number(4)?;
        // what follows the key's columns is only INCLUDEd
        let columns: Option<Vec<&Number>> = row
            .required(5)?
            .split_ascii_whitespace()
            .take(count)
            .map(|number| numbers.get(&(oid, number.parse().ok()?)))
            .collect();
        let Some(columns) = columns else { return Ok(()) };
        let collations: Vec<u32> =
            row.required(6)?.split_ascii_whitespace().map(|oid| oid.parse().unwrap_or_default()).collect();
        let usable = primary || (immediate && columns.iter().all(|column| !column.nullable));
        if usable && info.schema.key == Key::Rows {
            let key: Option<Vec<KeyColumn>> = columns
                .iter()
                .zip(collations.into_iter().chain(std::iter::repeat(0)))
                .map(|(column, collation)| {
                    Some(KeyColumn { column: column.position?, order: types.order(column.type_oid, collation) })
                })
                .collect();
            if let Some(columns) = key {
                let source = if primary { KeySource::Primary } else { KeySource::Unique(name.clone()) };
                info.schema.key = Key::Columns { source, columns };
            }
        }
        // NULLS NOT DISTINCT (15 and later): two rows with NULL collide
        let conditional = row.flag(7)? && columns.iter().any(|column| column.nullable);
        let columns = columns.iter().map(|column| column.name.clone()).collect();
        info.schema.unique.push(UniqueIndex { name, columns, conditional });
        Ok(())
    })?;
    load_conditional(connection, wanted, tables, monitor)?;
    for info in tables.values_mut() {
        info.schema.unique.sort_by(|a, b| a.name.cmp(&b.name));
    }
    Ok(())
}

/// Fills in unique indexes with expressions or predicates, and the columns that they depend on.
fn load_conditional(
    connection: &mut Connection,
    wanted: &str,
    tables: &mut Tables,
    monitor: &dyn Monitor,
) -> Result<(), Failure> {
    let sql = format!(
        "SELECT i.indrelid, c.relname, a.attname FROM {wanted} JOIN pg_catalog.pg_index i ON i.indrelid = wanted.oid \
         JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid \
         WHERE i.indisunique AND i.indislive AND (i.indpred IS NOT NULL OR i.indexprs IS NOT NULL) AND a.attnum > 0 \
         AND (a.attnum = ANY (i.indkey) OR EXISTS (SELECT FROM pg_catalog.pg_depend d \
         WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = i.indexrelid \
         AND d.refobjid = i.indrelid AND d.refobjsubid = a.attnum)) \
         ORDER BY i.indrelid, c.relname COLLATE \"C\", a.attnum"
    );
    connection
        .query(&sql, monitor, &mut |row| {
            let Some(info) = tables.get_mut(&row.required_number(0)?) else { return Ok(()) };
            let (name, column) = (row.required(1)?, row.required(2)?.to_string());
            match info.schema.unique.last_mut() {
                Some(index) if index.conditional && index.name == name => index.columns.push(column),
                _ => info.schema.unique.push(UniqueIndex {
                    name: name.to_string(),
                    columns: vec![column],
                    conditional: true,
                }),
            }
            Ok(())
        })
        .map(drop)
}
