//! Sequences behind columns, moved forward where the rows have passed them.

use super::PostgresRestore;
use crate::codec::TableName;
use crate::db::DbError;
use crate::db::postgres::client::Failure;
use crate::db::postgres::quote;
use crate::db::postgres::reading::feeding_sequences;

/// A sequence that feeds a column.
#[derive(Debug, Clone)]
struct Sequence {
    oid: u32,
    name: TableName,
    column: String,
    increment: i64,
    minimum: i64,
    maximum: i64,
    owned: bool,
    readable: bool,
}

impl PostgresRestore<'_> {
    /// Moves the sequences of the table at `index` past the values that its rows hold. ALTER SEQUENCE is part of the
    /// transaction, as `setval` is not: a restore that is rolled back moves nothing.
    pub(super) fn advance(&mut self, index: usize) -> Result<(), DbError> {
        let table = self.table(index);
        let failed = |failure: Failure| failure.during(format!("moving the sequences of table {table}"));
        for sequence in self.sequences(index).map_err(failed)? {
            if !sequence.readable {
                return Err(DbError::Denied {
                    what: format!(
                        "the sequence {} behind column {} of table {table} cannot be read; grant SELECT on it",
                        sequence.name, sequence.column
                    ),
                });
            }
            let wanted = self.wanted(index, &sequence).map_err(failed)?;
            let Some(_) = wanted.filter(|&value| value >= sequence.minimum && value <= sequence.maximum) else {
                continue;
            };
            if !sequence.owned {
                return Err(DbError::Denied {
                    what: format!(
                        "the sequence {} behind column {} of table {table} is behind the restored rows, and only its owner \
                         may move it within a transaction",
                        sequence.name, sequence.column
                    ),
                });
            }
            // changing nothing takes the lock; what the sequence is at is read again under it
            let name = quote::table(&sequence.name);
            self.alter(&format!("ALTER SEQUENCE {name} INCREMENT BY {}", sequence.increment)).map_err(failed)?;
            let wanted = self.wanted(index, &sequence).map_err(failed)?;
            if let Some(value) = wanted.filter(|&value| value >= sequence.minimum && value <= sequence.maximum) {
                self.alter(&format!("ALTER SEQUENCE {name} RESTART WITH {value}")).map_err(failed)?;
            }
        }
        Ok(())
    }

    pub(super) fn alter(&mut self, sql: &str) -> Result<(), Failure> {
        self.defining(|restore| restore.session.connection.execute(sql, restore.session.monitor)).map(drop)
    }

    /// The value to restart at, if the next one to be handed out is not past the rows' already. It may lie beyond the
    /// sequence's bounds: then there is no value left to give, and none is made up.
    fn wanted(&mut self, index: usize, sequence: &Sequence) -> Result<Option<i64>, Failure> {
        let Some(open) = self.session.tables.get(index) else { return Ok(None) };
        let column = quote::identifier(&sequence.column);
        let (aggregate, compare) = if sequence.increment > 0 { ("max", "<=") } else { ("min", ">=") };
        let step = sequence.increment;
        // numeric, because the next value may not fit any integer
        let sql = format!(
            "SELECT CASE WHEN s.next {compare} f.furthest AND f.furthest + {step} BETWEEN -9223372036854775808 AND 9223372036854775807 \
             THEN f.furthest + {step} END FROM \
             (SELECT last_value::pg_catalog.numeric + CASE WHEN is_called THEN {step} ELSE 0 END AS next FROM {}) AS s, \
             (SELECT pg_catalog.{aggregate}({column})::pg_catalog.numeric AS furthest FROM ONLY {}) AS f",
            quote::table(&sequence.name),
            open.sql_name
        );
        let mut wanted = None;
        self.session.connection.query(&sql, self.session.monitor, &mut |row| {
            wanted = row.number(0)?;
            Ok(())
        })?;
        Ok(wanted)
    }

    fn sequences(&mut self, index: usize) -> Result<Vec<Sequence>, Failure> {
        let Some(open) = self.session.tables.get(index) else { return Ok(Vec::new()) };
        // only whole numbers: a default may well put a sequence's value into a text
        let sql = format!(
            "SELECT s.oid, n.nspname, s.relname, f.attname, q.seqincrement, q.seqmin, q.seqmax, \
             pg_catalog.pg_has_role(s.relowner, 'USAGE'), pg_catalog.has_sequence_privilege(s.oid, 'SELECT') \
             FROM ({}) AS f JOIN pg_catalog.pg_class s ON s.oid = f.sequence \
             JOIN pg_catalog.pg_namespace n ON n.oid = s.relnamespace \
             JOIN pg_catalog.pg_sequence q ON q.seqrelid = s.oid \
             JOIN pg_catalog.pg_attribute a ON a.attrelid = {} AND a.attnum = f.attnum \
             JOIN pg_catalog.pg_type t ON t.oid = a.atttypid AND t.typcategory = 'N' ORDER BY f.attnum, s.oid",
            feeding_sequences(open.oid),
            open.oid
        );
        let mut sequences = Vec::new();
        self.session.connection.query(&sql, self.session.monitor, &mut |row| {
            sequences.push(Sequence {
                oid: row.required_number(0)?,
                name: TableName::qualified(row.required(1)?, row.required(2)?),
                column: row.required(3)?.to_string(),
                increment: row.required_number(4)?,
                minimum: row.required_number(5)?,
                maximum: row.required_number(6)?,
                owned: row.flag(7)?,
                readable: row.flag(8)?,
            });
            Ok(())
        })?;
        sequences.dedup_by_key(|sequence| (sequence.oid, sequence.column.clone()));
        Ok(sequences)
    }
}
