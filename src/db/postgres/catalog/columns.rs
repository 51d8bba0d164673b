//! The columns of tables.

use super::Tables;
use crate::codec::{Column, Generated, GeneratedColumn, Identity};
use crate::db::postgres::client::{Connection, Failure};
use crate::db::postgres::types::Types;
use crate::monitor::Monitor;
use std::collections::HashMap;

/// One column as the catalog numbers it.
#[derive(Debug, Clone)]
pub(super) struct Number {
    /// Its name.
    pub(super) name: String,
    /// Its type.
    pub(super) type_oid: u32,
    /// Its position among the captured columns; `None` for a generated one.
    pub(super) position: Option<u32>,
    /// Whether it can be NULL.
    pub(super) nullable: bool,
}

/// Columns by table oid and attribute number.
pub(super) type Numbers = HashMap<(u32, i16), Number>;

/// Fills in the columns of `tables`, in the tables' order.
///
/// A default names no column, so the table is not named to `pg_get_expr`, which would list all its columns each time:
/// with 1,600 of them that takes seconds.
pub(super) fn load(
    connection: &mut Connection,
    wanted: &str,
    types: &Types,
    tables: &mut Tables,
    monitor: &dyn Monitor,
) -> Result<Numbers, Failure> {
    let sql = format!(
        "SELECT a.attrelid, a.attnum, a.attname, a.atttypid, pg_catalog.format_type(a.atttypid, a.atttypmod), \
         NOT a.attnotnull, a.attidentity, a.attgenerated, \
         pg_catalog.pg_get_expr(d.adbin, CASE WHEN a.attgenerated = '' THEN 0 ELSE d.adrelid END), \
         CASE WHEN a.attcollation <> t.typcollation AND a.attcollation <> 0 \
         THEN pg_catalog.quote_ident(cn.nspname) || '.' || pg_catalog.quote_ident(c.collname) END \
         FROM {wanted} JOIN pg_catalog.pg_attribute a ON a.attrelid = wanted.oid \
         JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
         LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
         LEFT JOIN pg_catalog.pg_collation c ON c.oid = a.attcollation \
         LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = c.collnamespace \
         WHERE a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attrelid, a.attnum"
    );
    let mut numbers = Numbers::new();
    connection.query(&sql, monitor, &mut |row| {
        let oid = row.required_number(0)?;
        let Some(info) = tables.get_mut(&oid) else { return Ok(()) };
        let schema = &mut info.schema;
        let name = row.required(2)?.to_string();
        let type_oid = row.required_number(3)?;
        let sql_type = row.required(4)?.to_string();
        let nullable = row.flag(5)?;
        let expression = row.text(8)?.map(str::to_string);
        let generated = match row.required(7)? {
            "s" => Some(Generated::Stored),
            "v" => Some(Generated::Virtual),
            _ => None,
        };
        let mut number = Number { name: name.clone(), type_oid, position: None, nullable };
        if let Some(generated) = generated {
            schema.generated.push(GeneratedColumn { name, sql_type, generated, expression });
        } else {
            let (kind, array) = types.kind(type_oid);
            let identity = match row.required(6)? {
                "a" => Some(Identity::Always),
                "d" => Some(Identity::ByDefault),
                _ => None,
            };
            let collation = row.text(9)?.map(str::to_string);
            number.position = u32::try_from(schema.columns.len()).ok();
            let default = expression;
            schema.columns.push(Column { name, sql_type, kind, array, nullable, default, identity, collation });
        }
        numbers.insert((oid, row.required_number(1)?), number);
        Ok(())
    })?;
    Ok(numbers)
}
