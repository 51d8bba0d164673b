//! `LIKE` and `GLOB` never match a BLOB: as SQLite recommends, and as sqlite3 and better-sqlite3 are built.
//!
//! That is a setting of SQLite's compilation, which our packages are built with (`.cargo/config.toml`). A build from
//! the registry does not have it, nor need a program that uses the library. `--where` would choose other rows there
//! than the database itself, and indexes and CHECKs with `LIKE` would not fit what others have written.

use super::error::failed;
use crate::db::DbError;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{ToSqlOutput, Type, Value};
use rusqlite::{Connection, params_from_iter};
use std::sync::OnceLock;

/// Gives the connection functions that leave BLOBs alone, if those of this SQLite do not.
pub(super) fn never_match_blobs(conn: &Connection) -> Result<(), DbError> {
    settle(conn).map_err(|error| failed("setting LIKE", error))
}

fn settle(conn: &Connection) -> rusqlite::Result<()> {
    if blobs_match()? { replace(conn) } else { Ok(()) }
}

/// Whether the functions of this SQLite match BLOBs. A connection of its own is asked: on another, a query would read
/// the database, which may have to be recovered first.
fn blobs_match() -> rusqlite::Result<bool> {
    static ANSWER: OnceLock<bool> = OnceLock::new();
    if let Some(answer) = ANSWER.get() {
        return Ok(*answer);
    }
    let ask = "SELECT x'61' LIKE 'a' OR x'61' GLOB 'a'";
    let answer = Connection::open_in_memory()?.query_row(ask, [], |row| row.get(0))?;
    Ok(*ANSWER.get_or_init(|| answer))
}

/// Everything but BLOBs is left to SQLite's own functions, which a connection that nothing else uses still has.
fn replace(conn: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    for (name, arguments, call) in
        [("like", 2, "SELECT like(?1, ?2)"), ("like", 3, "SELECT like(?1, ?2, ?3)"), ("glob", 2, "SELECT glob(?1, ?2)")]
    {
        let own = Connection::open_in_memory()?;
        let answer = move |context: &Context<'_>| match (context.get_raw(0).data_type(), context.get_raw(1).data_type())
        {
            (Type::Blob, _) | (_, Type::Blob) => Ok(Value::Integer(0)),
            _ => {
                let given = (0..context.len()).map(|at| ToSqlOutput::Borrowed(context.get_raw(at)));
                own.prepare_cached(call)?.query_row(params_from_iter(given), |row| row.get(0))
            }
        };
        conn.create_scalar_function(name, arguments, flags, answer)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of every two values, the functions put in place say what those of SQLite do, and of BLOBs no.
    #[test]
    fn only_blobs_are_matched_otherwise() {
        let theirs = Connection::open_in_memory().unwrap();
        let ours = Connection::open_in_memory().unwrap();
        replace(&ours).unwrap();
        let values = [
            "NULL",
            "0",
            "-12",
            "1.5",
            "1e300",
            "9223372036854775807",
            "''",
            "'a'",
            "'A'",
            "'%'",
            "'_'",
            "'a%'",
            "'Ä'",
            "'ä'",
            "'*'",
            "'?'",
            "'[a-c]'",
            "'1%'",
            "'a' || char(0) || 'b'",
            "CAST(x'61ff62' AS TEXT)",
            "CAST(x'ff' AS TEXT)",
            "'\\%'",
            "x''",
            "x'61'",
            "x'25'",
            "x'2a'",
        ];
        let answer = |conn: &Connection, sql: &str| conn.query_row(sql, [], |row| row.get::<_, Value>(0)).ok();
        for (left, right) in values.iter().flat_map(|left| values.map(|right| (left, right))) {
            let blob = left.starts_with('x') || right.starts_with('x');
            for (operator, end) in
                [("LIKE", ""), ("NOT LIKE", ""), ("GLOB", ""), ("LIKE", "ESCAPE '\\'"), ("LIKE", "ESCAPE 'too long'")]
            {
                let sql = format!("SELECT {left} {operator} {right} {end}");
                let no = Value::Integer(i64::from(operator.starts_with("NOT")));
                let expected = if blob { Some(no) } else { answer(&theirs, &sql) };
                assert_eq!(answer(&ours, &sql), expected, "{sql}");
            }
        }
    }
}
