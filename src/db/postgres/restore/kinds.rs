//! The types that rows have on their way into a table.

use crate::db::postgres::catalog::oid_array;
use crate::db::postgres::client::Failure;
use crate::db::postgres::session::Session;
use std::collections::HashMap;

/// How values of a column are kept. Names of types are qualified, and without length or precision: those are applied
/// when rows are written, as are the rules of domains.
#[derive(Debug, Clone)]
pub(super) struct ColumnType {
    /// The type of an array of them.
    pub(super) array: String,
    /// The type of the values, if the array is one of texts.
    cast: Option<String>,
    /// The column's own type.
    pub(super) own: String,
}

impl ColumnType {
    /// A value of such an array, as `name`.
    pub(super) fn value(&self, expression: &str, name: &str) -> String {
        match &self.cast {
            Some(cast) => format!("{expression}::{cast} AS {name}"),
            None => format!("{expression} AS {name}"),
        }
    }
}

/// Those of the columns of a session's tables, in the order of the schemas.
#[derive(Debug, Default)]
pub(super) struct ColumnTypes(Vec<Vec<Option<ColumnType>>>);

impl ColumnTypes {
    pub(super) fn load(session: &mut Session<'_>) -> Result<ColumnTypes, Failure> {
        let mut found: HashMap<(u32, String), ColumnType> = HashMap::new();
        let wanted = oid_array(session.tables.iter().map(|open| open.oid));
        let quoted = |schema: &str, name: &str| {
            format!("pg_catalog.quote_ident({schema}) || '.' || pg_catalog.quote_ident({name})")
        };
        // What is below a domain, or the type itself. An array of composite values would become several columns where
        // it is unnested, and arrays of boxes have other commas: the values of both are kept as texts.
        let sql = format!(
            "WITH RECURSIVE below (oid, of) AS (SELECT t.oid, t.oid FROM pg_catalog.pg_type t UNION ALL \
             SELECT b.oid, t.typbasetype FROM below b JOIN pg_catalog.pg_type t ON t.oid = b.of AND t.typtype = 'd') \
             SELECT a.attrelid, a.attname, {}, {}, {} \
             FROM {wanted} JOIN pg_catalog.pg_attribute a ON a.attrelid = wanted.oid AND a.attnum > 0 AND NOT a.attisdropped \
             JOIN below b ON b.oid = a.atttypid JOIN pg_catalog.pg_type t ON t.oid = b.of AND t.typtype <> 'd' \
             JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace \
             JOIN pg_catalog.pg_type o ON o.oid = a.atttypid JOIN pg_catalog.pg_namespace m ON m.oid = o.typnamespace \
             LEFT JOIN pg_catalog.pg_type r ON r.oid = t.typarray AND t.typtype <> 'c' AND t.typdelim = ',' \
             LEFT JOIN pg_catalog.pg_namespace rn ON rn.oid = r.typnamespace",
            quoted("n.nspname", "t.typname"),
            quoted("rn.nspname", "r.typname"),
            quoted("m.nspname", "o.typname"),
        );
        session.connection.query(&sql, session.monitor, &mut |row| {
            let (value, own) = (row.required(2)?.to_string(), row.required(4)?.to_string());
            let column = match row.text(3)? {
                Some(array) => ColumnType { array: array.to_string(), cast: None, own },
                None => ColumnType { array: "pg_catalog._text".into(), cast: Some(value), own },
            };
            found.insert((row.required_number(0)?, row.required(1)?.to_string()), column);
            Ok(())
        })?;
        let columns = session.tables.iter().map(|open| {
            open.schema.columns.iter().map(|column| found.get(&(open.oid, column.name.clone())).cloned()).collect()
        });
        Ok(ColumnTypes(columns.collect()))
    }

    pub(super) fn of(&self, index: usize, position: usize) -> Option<&ColumnType> {
        self.0.get(index)?.get(position)?.as_ref()
    }
}
