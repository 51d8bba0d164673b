//! Rows that refer to nothing although their foreign key holds for all rows: they were written while it was not looked
//! at.

use super::PostgresRestore;
use crate::codec::{DanglingRows, TableName};
use crate::db::postgres::client::Failure;
use crate::db::postgres::lifting;
use crate::hash::Hasher;

/// A foreign key.
#[derive(Debug, Clone)]
pub(super) struct Reference {
    /// From where to where.
    rows: DanglingRows,
    /// Gives the values of rows that refer to nothing, and how many rows have them.
    sql: String,
}

impl PostgresRestore<'_> {
    /// The foreign keys for which `condition` on `k` holds.
    pub(super) fn references(&mut self, condition: &str) -> Result<Vec<Reference>, Failure> {
        let mut references = Vec::new();
        self.session.connection.query(&lifting::references(condition), self.session.monitor, &mut |row| {
            let rows = DanglingRows {
                table: TableName::qualified(row.required(0)?, row.required(1)?),
                references: TableName::qualified(row.required(2)?, row.required(3)?),
                columns: row.required(4)?.lines().map(str::to_owned).collect(),
                rows: 0,
                digest: None,
            };
            references.push(Reference { rows, sql: row.required(5)?.to_string() });
            Ok(())
        })?;
        Ok(references)
    }

    /// What dangles by these, with digests by which it can be known again.
    pub(super) fn dangling_by(&mut self, references: &[Reference]) -> Result<Vec<DanglingRows>, Failure> {
        let mut found = Vec::new();
        for reference in references {
            let (mut told, mut hasher) = (reference.rows.clone(), Hasher::new());
            self.session.connection.query(&reference.sql, self.session.monitor, &mut |row| {
                let (values, count) = (row.required(0)?, row.required_number::<u64>(1)?);
                hasher.update(&(values.len() as u64).to_le_bytes()).update(values.as_bytes());
                hasher.update(&count.to_le_bytes());
                told.rows += count;
                Ok(())
            })?;
            if told.rows > 0 {
                told.digest = Some(hasher.finish().to_hex());
                found.push(told);
            }
        }
        Ok(found)
    }
}
