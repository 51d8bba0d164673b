//! NOT NULL put aside while rows come back that are older than it. No setting of SQLite ignores it. So the words go from
//! the table's definition within the transaction, and come back as they were: what SQLite's documentation of ALTER TABLE
//! says of constraints that no row on disk depends on.

use super::error::{extended_code, failed};
use crate::codec::TableName;
use crate::db::DbError;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, Error, OptionalExtension, ffi};

/// The NOT NULL constraints of one table.
pub(super) struct Requirements<'c> {
    conn: &'c Connection,
    table: &'c TableName,
    /// Whether they may be put aside.
    liftable: bool,
    /// The definition, while they are.
    lifted: Option<String>,
}

impl<'c> Requirements<'c> {
    /// In force, as yet.
    pub(super) fn of(conn: &'c Connection, table: &'c TableName, liftable: bool) -> Requirements<'c> {
        Requirements { conn, table, liftable, lifted: None }
    }

    /// Puts them aside if one of them refused a row and may be. Returns whether the row may be tried again.
    pub(super) fn lift(&mut self, refused: &Error) -> Result<bool, DbError> {
        let is_of_null = extended_code(refused) == Some(ffi::SQLITE_CONSTRAINT_NOTNULL);
        if !self.liftable || !is_of_null || self.lifted.is_some() {
            return Ok(false);
        }
        let Some(made) = definition(self.conn, &self.table.name).map_err(|error| self.failed(error))? else {
            return Ok(false);
        };
        self.redefine(&without_not_null(&made))?;
        self.lifted = Some(made);
        Ok(true)
    }

    /// Puts them back.
    pub(super) fn put_back(mut self) -> Result<(), DbError> {
        self.lifted.take().map_or(Ok(()), |made| self.redefine(&made))
    }

    fn redefine(&self, made: &str) -> Result<(), DbError> {
        let defensive = |on| self.conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, on);
        let write = || {
            defensive(false)?;
            self.conn.execute_batch("PRAGMA writable_schema = ON")?;
            let sql = "UPDATE main.sqlite_schema SET sql = ?2 WHERE type = 'table' AND name = ?1";
            self.conn.execute(sql, [&self.table.name, made])?;
            self.conn.execute_batch("PRAGMA writable_schema = RESET")?; // off, and the schema is read anew
            defensive(true)
        };
        write().map(drop).map_err(|error| self.failed(error))
    }

    fn failed(&self, error: Error) -> DbError {
        failed(&format!("putting NOT NULL of {} aside", self.table), error)
    }
}

/// The statement that made a table.
pub(super) fn definition(conn: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT sql FROM main.sqlite_schema WHERE type = 'table' AND name = ?1";
    conn.query_row(sql, [name], |row| row.get(0)).optional().map(Option::flatten)
}

/// The statement that made a table, without NOT NULL: `NULL` alone, which says nothing, is left of it.
pub(super) fn without_not_null(made: &str) -> String {
    let mut out = made.as_bytes().to_vec();
    let (bytes, mut at, mut depth, mut not) = (made.as_bytes(), 0, 0u32, None);
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | 0x80..);
    let past = |from: usize, end: &str| made[from..].find(end).map_or(bytes.len(), |found| from + found + end.len());
    while at < bytes.len() {
        let start = at;
        match bytes[at] {
            quote @ (b'\'' | b'"' | b'`' | b'[') => {
                let end = if quote == b'[' { "]" } else { &made[at..=at] };
                at = past(at + 1, end);
            }
            b'-' if bytes[at..].starts_with(b"--") => at = past(at, "\n"),
            b'/' if bytes[at..].starts_with(b"/*") => at = past(at + 2, "*/"),
            _ if is_word(&bytes[at]) => at += bytes[at..].iter().take_while(|byte| is_word(byte)).count(),
            _ => at += 1,
        }
        match &bytes[start..at] {
            b"(" => depth += 1,
            b")" => depth = depth.saturating_sub(1),
            word if depth == 1 && word.eq_ignore_ascii_case(b"NOT") => {
                not = Some(start);
                continue;
            }
            word if depth == 1 && word.eq_ignore_ascii_case(b"NULL") => {
                if let Some(not) = not {
                    out[not..not + 3].fill(b' ');
                }
            }
            blank if blank.iter().all(u8::is_ascii_whitespace) => continue,
            comment if comment.starts_with(b"--") || comment.starts_with(b"/*") => continue,
            _ => {}
        }
        not = None;
    }
    String::from_utf8(out).unwrap_or_else(|_| made.to_owned())
}

#[cfg(test)]
mod tests {
    use super::without_not_null;

    #[test]
    fn not_null_goes_and_nothing_else() {
        for (made, wanted) in [
            ("CREATE TABLE t (a INT NOT NULL, b)", "CREATE TABLE t (a INT     NULL, b)"),
            (
                "CREATE TABLE \"NOT NULL (\" (a not/*(*/null ON CONFLICT FAIL -- NOT NULL\n, [b NOT NULL] CHECK (a NOT NULL))",
                "CREATE TABLE \"NOT NULL (\" (a    /*(*/null ON CONFLICT FAIL -- NOT NULL\n, [b NOT NULL] CHECK (a NOT NULL))",
            ),
            (
                "CREATE TABLE t (é'NOT NULL' DEFAULT 'it''s NOT NULL', d NULL)",
                "CREATE TABLE t (é'NOT NULL' DEFAULT 'it''s NOT NULL', d NULL)",
            ),
            (
                "CREATE TABLE t (a REFERENCES p NOT DEFERRABLE NOT NULL)",
                "CREATE TABLE t (a REFERENCES p NOT DEFERRABLE     NULL)",
            ),
        ] {
            assert_eq!(without_not_null(made), wanted);
        }
    }
}
