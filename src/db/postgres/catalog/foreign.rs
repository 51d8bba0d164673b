//! Foreign keys.

use super::Tables;
use crate::codec::{ForeignKey, ReferentialAction, TableName};
use crate::db::postgres::client::{Connection, Failure};
use crate::monitor::Monitor;

/// Fills in the foreign keys of `tables`, in order of name. The copies that PostgreSQL keeps of a constraint for each
/// partition of the referenced table are left out.
pub(super) fn load(
    connection: &mut Connection,
    wanted: &str,
    tables: &mut Tables,
    monitor: &dyn Monitor,
) -> Result<(), Failure> {
    // The pairs are a query of their own (OFFSET 0): planning one join of all took longer than anything else of the
    // catalog.
    let sql = format!(
        "SELECT k.conrelid, k.conname, fn.nspname, f.relname, k.confdeltype, k.confupdtype, k.condeferrable, \
         pair.child, pair.parent, pair.n \
         FROM {wanted} JOIN pg_catalog.pg_constraint k ON k.conrelid = wanted.oid AND k.contype = 'f' \
         JOIN pg_catalog.pg_class f ON f.oid = k.confrelid \
         JOIN pg_catalog.pg_namespace fn ON fn.oid = f.relnamespace \
         LEFT JOIN pg_catalog.pg_constraint p ON p.oid = k.conparentid AND p.conrelid = k.conrelid \
         CROSS JOIN LATERAL (SELECT a.attname AS child, fa.attname AS parent, n \
           FROM ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey)) WITH ORDINALITY AS pair (child, parent, n) \
           JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = pair.child \
           JOIN pg_catalog.pg_attribute fa ON fa.attrelid = k.confrelid AND fa.attnum = pair.parent OFFSET 0) AS pair \
         WHERE p.oid IS NULL ORDER BY k.conrelid, k.conname COLLATE \"C\", k.oid, pair.n"
    );
    connection.query(&sql, monitor, &mut |row| {
        let Some(info) = tables.get_mut(&row.required_number(0)?) else { return Ok(()) };
        let keys = &mut info.schema.foreign_keys;
        if row.required(9)? == "1" {
            keys.push(ForeignKey {
                name: Some(row.required(1)?.to_string()),
                columns: Vec::new(),
                table: TableName::qualified(row.required(2)?, row.required(3)?),
                references: Vec::new(),
                on_delete: action(row.required(4)?)?,
                on_update: action(row.required(5)?)?,
                deferrable: row.flag(6)?,
            });
        }
        if let Some(key) = keys.last_mut() {
            key.columns.push(row.required(7)?.to_string());
            key.references.push(row.required(8)?.to_string());
        }
        Ok(())
    })?;
    Ok(())
}

fn action(code: &str) -> Result<ReferentialAction, Failure> {
    match code {
        "a" => Ok(ReferentialAction::NoAction),
        "r" => Ok(ReferentialAction::Restrict),
        "c" => Ok(ReferentialAction::Cascade),
        "n" => Ok(ReferentialAction::SetNull),
        "d" => Ok(ReferentialAction::SetDefault),
        _ => Err(Failure::Protocol("an unknown referential action".into())),
    }
}
