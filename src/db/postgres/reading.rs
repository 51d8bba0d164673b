//! Counting and reading the tables of an open transaction.

use super::client::{Failure, Row};
use super::quote;
use super::rows::{Decoder, Malformed};
use super::session::{OpenTable, Session};
use super::session_settings::{self, Purpose};
use super::types::Form;
use crate::codec::Key;
use crate::db::{Counter, DbError, RowSink};
use crate::monitor::Silent;
use std::time::Duration;

/// Rows fetched at once: the server keeps as many before it sends them.
const FETCHED: u64 = 2000;

impl Session<'_> {
    /// Exact number of rows of the table at `index`, its filter applied.
    pub(super) fn count(&mut self, index: usize) -> Result<u64, DbError> {
        let open = self.open_table(index)?;
        let doing = format!("counting the rows of table {}", open.table());
        let sql = format!("SELECT pg_catalog.count(*) FROM ONLY {}{}", open.sql_name, condition(open));
        self.number(&sql).map_err(|failure| failure.during(doing))
    }

    /// The one number that `sql`, whose own names are qualified, gives. Planning a query may call functions of the
    /// table's indexes.
    pub(super) fn number(&mut self, sql: &str) -> Result<u64, Failure> {
        let mut number = None;
        self.on_their_path(|session| {
            session.connection.query(sql, session.monitor, &mut |row| {
                number = Some(row.required_number(0)?);
                Ok(())
            })
        })?;
        number.ok_or_else(|| Failure::Protocol("no row where one was asked for".into()))
    }

    /// Gives every row of the table at `index` to `rows`; returns their number.
    pub(super) fn read(&mut self, index: usize, rows: &mut dyn RowSink) -> Result<u64, DbError> {
        let open = self.open_table(index)?;
        if open.filter.is_some() {
            return self.read_chosen(index, rows);
        }
        let sql = selection(open, "");
        self.select(index, &sql, rows)
    }

    /// Gives every row of the table at `index` for which its filter holds. The filter runs under the search path that
    /// the database's own functions are written for, and only chooses rows; their values are written under the pinned
    /// path, on which the text of some types depends.
    fn read_chosen(&mut self, index: usize, rows: &mut dyn RowSink) -> Result<u64, DbError> {
        let open = self.open_table(index)?;
        let table = open.table().clone();
        let applying = |failure: Failure| failure.during(format!("applying the filter to table {table}"));
        let declare = format!(
            "DECLARE dbsnap_chosen NO SCROLL CURSOR FOR SELECT ctid FROM ONLY {}{}",
            open.sql_name,
            condition(open)
        );
        let fetch = format!("FETCH {FETCHED} FROM dbsnap_chosen");
        self.on_their_path(|session| session.connection.execute(&declare, session.monitor)).map_err(applying)?;
        let mut count = 0;
        loop {
            let mut places = Vec::new();
            let fetched = self.on_their_path(|session| {
                session.connection.query(&fetch, session.monitor, &mut |row| {
                    places.push(format!("\"{}\"", row.required(0)?));
                    Ok(())
                })
            });
            fetched.map_err(applying)?;
            let chosen = places.len() as u64;
            if chosen > 0 {
                let among = format!(" WHERE {}", quote::among_places(&places));
                let sql = selection(self.open_table(index)?, &among);
                if self.select(index, &sql, rows)? != chosen {
                    return Err(DbError::Lost(format!(
                        "reading table {table}: rows of one instant were not found again"
                    )));
                }
            }
            count += chosen;
            if chosen < FETCHED {
                break;
            }
        }
        self.connection.execute("CLOSE dbsnap_chosen", self.monitor).map_err(applying)?;
        Ok(count)
    }

    /// As [`Session::read`], but only rows for which `condition` holds.
    pub(super) fn read_where(&mut self, index: usize, condition: &str, rows: &mut dyn RowSink) -> Result<u64, DbError> {
        let open = self.open_table(index)?;
        let sql = selection(open, &format!(" WHERE {condition}"));
        self.select(index, &sql, rows)
    }

    /// Gives the rows that `sql` selects, which are whole rows of the table at `index`.
    fn select(&mut self, index: usize, sql: &str, rows: &mut dyn RowSink) -> Result<u64, DbError> {
        let open = self.open_table(index)?;
        let table = open.table().clone();
        let forms = open.schema.columns.iter().map(|column| Form::of(column.kind, column.array)).collect();
        let decoder = Decoder::new(forms);
        let none = |_| DbError::Lost(format!("reading table {table}: the server sent a row that is none"));
        let mut each = |row: &mut Row<'_>| {
            if row.len() != decoder.width() {
                return Err(none(Malformed));
            }
            rows.row_by(&mut |out| decoder.row(|position| row.take(position).ok(), out).map_err(none))
        };
        match self.planned_by_either(sql, &mut each) {
            Ok(count) => {
                self.still_named(index)?;
                Ok(count)
            }
            Err(failure) => Err(self.explain_read(index, failure)),
        }
    }

    /// Gives the rows of the query `sql`, whose own names are qualified. To plan it, functions of the database's own
    /// may be called that do not work under the pinned search path.
    pub(super) fn planned_by_either(
        &mut self,
        sql: &str,
        each: &mut dyn FnMut(&mut Row<'_>) -> Result<(), DbError>,
    ) -> Result<u64, Failure> {
        let mut given = false;
        self.connection.execute("SAVEPOINT dbsnap_plan", self.monitor)?;
        let read = self.connection.read(sql, self.monitor, |row| {
            given = true;
            each(row)
        });
        let is_unknown =
            |failure: &Failure| failure.code().is_some_and(|code| code.starts_with("42") && code != "42501");
        match read {
            Err(failure) if !given && is_unknown(&failure) => {
                self.connection.execute("ROLLBACK TO SAVEPOINT dbsnap_plan", self.monitor)?;
                self.planned_by_their_path(sql, each)
            }
            read => {
                let count = read?;
                self.connection.execute("RELEASE SAVEPOINT dbsnap_plan", self.monitor)?;
                Ok(count)
            }
        }
    }

    /// Gives the rows of the query `sql`. It is planned under the search path that the database's own functions are
    /// written for; values are written under the pinned one, on which the text of some types depends.
    fn planned_by_their_path(
        &mut self,
        sql: &str,
        each: &mut dyn FnMut(&mut Row<'_>) -> Result<(), DbError>,
    ) -> Result<u64, Failure> {
        let declare = format!("DECLARE dbsnap_rows NO SCROLL CURSOR FOR {sql}");
        self.on_their_path(|session| session.connection.execute(&declare, session.monitor))?;
        let fetch = format!("FETCH {FETCHED} FROM dbsnap_rows");
        let mut count = 0;
        loop {
            let fetched = self.connection.read(&fetch, self.monitor, &mut *each)?;
            count += fetched;
            if fetched < FETCHED {
                break;
            }
        }
        self.connection.execute("CLOSE dbsnap_rows", self.monitor)?;
        Ok(count)
    }

    /// Checks that the name just read still means the table that is locked: a schema can be renamed under a lock on its
    /// tables.
    fn still_named(&mut self, index: usize) -> Result<(), DbError> {
        let open = self.open_table(index)?;
        let (table, oid) = (open.table().clone(), open.oid);
        let sql = format!("SELECT pg_catalog.to_regclass({})::pg_catalog.oid", quote::literal(&open.sql_name));
        let mut found = None;
        let asked = self.connection.query(&sql, self.monitor, &mut |row| {
            found = row.number::<u32>(0)?;
            Ok(())
        });
        asked.map_err(|failure| failure.during(format!("checking table {table}")))?;
        if found == Some(oid) {
            Ok(())
        } else {
            Err(DbError::Changed { table, what: "was renamed while it was read".into() })
        }
    }

    fn explain_read(&mut self, index: usize, failure: Failure) -> DbError {
        let Ok(open) = self.open_table(index) else { return failure.during("reading") };
        let table = open.table().clone();
        match failure.code() {
            // more than a message can hold: 1 GiB of text for a row, of which bytea takes two for each byte
            Some("54000" | "XX000" | "53200") => match self.largest_row(index) {
                Some(row) => DbError::Unsupported(format!(
                    "table {table} holds a value too large to be sent as text (a row of 1 GiB, a bytea of 512 MiB): row {row}"
                )),
                None => failure.during(format!("reading table {table}")),
            },
            Some("22021" | "22P05") => DbError::Unsupported(format!(
                "table {table} holds text that cannot be sent as UTF-8 without loss; a database in SQL_ASCII may hold any bytes"
            )),
            Some("42P01" | "3F000") => DbError::Changed { table, what: "was renamed while it was read".into() },
            Some("42501") => DbError::Denied { what: failure.during(format!("reading table {table}")).to_string() },
            _ => failure.during(format!("reading table {table}")),
        }
    }

    /// Names the largest row of a table by its key, if it is of a size that could not be sent. Ends the transaction,
    /// which has failed.
    fn largest_row(&mut self, index: usize) -> Option<String> {
        const TOO_LARGE: u64 = 900 << 20;
        let open = self.open_table(index).ok()?;
        let size: Vec<String> = open
            .schema
            .columns
            .iter()
            .map(|column| {
                let name = quote::identifier(&column.name);
                match Form::of(column.kind, column.array) {
                    Form::Bytes => format!("coalesce(pg_catalog.octet_length({name}), 0)::pg_catalog.int8 * 2"),
                    _ => format!("coalesce(pg_catalog.pg_column_size({name}), 0)::pg_catalog.int8"),
                }
            })
            .collect();
        let key: Vec<String> = match &open.schema.key {
            Key::Columns { .. } => open.schema.key_names().into_iter().map(quote::identifier).collect(),
            Key::Rows => vec!["ctid".into()],
        };
        let sql = format!(
            "SELECT {size}, ROW({}) FROM ONLY {} ORDER BY 1 DESC LIMIT 1",
            key.join(", "),
            open.sql_name,
            size = size.join(" + "),
        );
        self.connection.rollback();
        session_settings::begin(self.connection, Purpose::Catalog, self.version, Duration::from_secs(1), &Silent)
            .ok()?;
        let mut found = None;
        let asked = self.connection.query(&sql, &Silent, &mut |row| {
            found = (row.required_number::<u64>(0)? > TOO_LARGE).then_some(row.required(1)?.to_string());
            Ok(())
        });
        asked.ok().and(found)
    }

    /// The sequences that feed columns of the table at `index`: owned ones, identities, and those that a default draws
    /// from.
    pub(super) fn counters(&mut self, index: usize) -> Result<Vec<Counter>, DbError> {
        let open = self.open_table(index)?;
        let doing = format!("reading the sequences of table {}", open.table());
        let sql = format!(
            "SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(s.relname), f.attname, \
             CASE WHEN pg_catalog.has_sequence_privilege(s.oid, 'USAGE, SELECT') \
             THEN pg_catalog.pg_sequence_last_value(s.oid) END, \
             pg_catalog.has_sequence_privilege(s.oid, 'USAGE') AND pg_catalog.has_sequence_privilege(s.oid, 'SELECT') \
             AND pg_catalog.pg_sequence_last_value(s.oid) IS NULL, q.seqstart \
             FROM ({}) AS f JOIN pg_catalog.pg_class s ON s.oid = f.sequence \
             JOIN pg_catalog.pg_sequence q ON q.seqrelid = s.oid \
             JOIN pg_catalog.pg_namespace n ON n.oid = s.relnamespace ORDER BY f.attnum, 1",
            feeding_sequences(open.oid)
        );
        let (mut counters, mut unused) = (Vec::<Counter>::new(), Vec::new());
        let asked = self.connection.query(&sql, self.monitor, &mut |row| {
            counters.push(Counter {
                name: row.required(0)?.to_string(),
                column: row.required(1)?.to_string(),
                last: row.number(2)?,
                next: None,
            });
            if row.flag(3)? {
                unused.push((counters.len() - 1, row.required_number::<i64>(4)?));
            }
            Ok(())
        });
        asked.map_err(|failure| failure.during(&doing))?;
        for (at, start) in unused {
            let counter = &mut counters[at];
            let sql = format!("SELECT last_value FROM {} WHERE NOT is_called AND last_value <> {start}", counter.name);
            let asked = self.connection.query(&sql, self.monitor, &mut |row| {
                counter.next = row.number(0)?;
                Ok(())
            });
            asked.map_err(|failure| failure.during(&doing))?;
        }
        Ok(counters)
    }
}

/// ` WHERE (filter)`, or nothing.
fn condition(open: &OpenTable) -> String {
    // the newline ends a comment, should the expression end in one
    open.filter.as_ref().map_or_else(String::new, |filter| format!(" WHERE ({}\n)", filter.sql))
}

/// The query of the table's rows for which `condition` holds, in columns order.
fn selection(open: &OpenTable, condition: &str) -> String {
    format!("SELECT {} FROM ONLY {}{condition}", columns(open), open.sql_name)
}

/// The table's columns, quoted.
fn columns(open: &OpenTable) -> String {
    let columns: Vec<String> = open.schema.columns.iter().map(|column| quote::identifier(&column.name)).collect();
    columns.join(", ")
}

/// A query of `(sequence, attname, attnum)` for the table with this oid.
pub(super) fn feeding_sequences(oid: u32) -> String {
    format!(
        "SELECT d.objid AS sequence, a.attname, a.attnum FROM pg_catalog.pg_depend d \
         JOIN pg_catalog.pg_class c ON c.oid = d.objid AND c.relkind = 'S' \
         JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid \
         WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass \
         AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = {oid} AND d.deptype IN ('a', 'i') \
         UNION SELECT d.refobjid, a.attname, a.attnum FROM pg_catalog.pg_attrdef e \
         JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND d.objid = e.oid \
         AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass \
         JOIN pg_catalog.pg_class c ON c.oid = d.refobjid AND c.relkind = 'S' \
         JOIN pg_catalog.pg_attribute a ON a.attrelid = e.adrelid AND a.attnum = e.adnum \
         WHERE e.adrelid = {oid} AND a.attgenerated = ''"
    )
}
