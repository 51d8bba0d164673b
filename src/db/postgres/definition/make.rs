//! Making tables within a transaction.

use crate::codec::Part;
use crate::db::postgres::client::{Connection, Failure};
use crate::db::postgres::quote;
use crate::db::{DbError, Making};
use crate::monitor::Monitor;

/// Functions may name what is made after them; nothing is made where somebody's settings say.
const SETTINGS: &str = "SET LOCAL check_function_bodies = off; SET LOCAL default_tablespace = ''; \
                        SET LOCAL default_table_access_method = heap";

/// Foreign keys that wait for the rows.
#[derive(Debug, Default)]
pub(in crate::db::postgres) struct After(Vec<Part>);

/// Makes what is to be there before the rows, and sets the counters. What is left comes after them.
pub(in crate::db::postgres) fn make(
    connection: &mut Connection,
    making: &Making,
    monitor: &dyn Monitor,
) -> Result<After, DbError> {
    if making.is_empty() {
        return Ok(After::default());
    }
    connection.execute(SETTINGS, monitor).map_err(|failure| failure.during("beginning to make tables"))?;
    making.before.iter().try_for_each(|part| carry_out(connection, part, monitor))?;
    for counter in &making.counters {
        let Some(last) = counter.last else { continue };
        // the sequence was made in this transaction, and goes with it if it is rolled back
        let sql = format!("SELECT pg_catalog.setval({}, {last})", quote::literal(&counter.name));
        let set = connection.execute(&sql, monitor);
        set.map_err(|failure| failure.during(format!("setting the sequence {}", counter.name)))?;
    }
    Ok(After(making.after.clone()))
}

impl After {
    /// Makes what is left.
    pub(in crate::db::postgres) fn make(
        &self,
        connection: &mut Connection,
        monitor: &dyn Monitor,
    ) -> Result<(), DbError> {
        self.0.iter().try_for_each(|part| carry_out(connection, part, monitor))
    }
}

fn carry_out(connection: &mut Connection, part: &Part, monitor: &dyn Monitor) -> Result<(), DbError> {
    let failed = |failure: Failure| match failure.code() {
        Some("42501") => DbError::Denied { what: failure.during(format!("making {part}")).to_string() },
        Some("55P03") => DbError::Busy { what: format!("making {part}: a table is locked by another session") },
        _ => failure.during(format!("making {part}")),
    };
    connection.execute(&part.sql, monitor).map(drop).map_err(failed)
}
