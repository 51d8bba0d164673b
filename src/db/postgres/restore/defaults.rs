//! What columns get that are given nothing.

use super::PostgresRestore;
use crate::codec::Column;
use crate::db::postgres::client::Failure;
use crate::db::postgres::quote;
use crate::db::postgres::rows::Decoder;
use crate::db::postgres::session::Session;
use crate::db::postgres::types::Form;
use crate::db::{DbError, RowSink};

impl PostgresRestore<'_> {
    /// Evaluates the defaults of columns, row by row, as an INSERT would.
    pub(super) fn evaluate_defaults(
        &mut self,
        index: usize,
        columns: &[usize],
        rows: u64,
        sink: &mut dyn RowSink,
    ) -> Result<(), DbError> {
        let open = self.session.open_table(index)?;
        let table = open.table().clone();
        let columns: Vec<&Column> = columns.iter().filter_map(|&position| open.schema.columns.get(position)).collect();
        let values: Vec<String> = columns.iter().map(|column| default(&open.sql_name, column)).collect();
        let decoder = Decoder::new(columns.iter().map(|column| Form::of(column.kind, column.array)).collect());
        let sql = format!("SELECT {} FROM pg_catalog.generate_series(1, {rows})", values.join(", "));
        let (mut canonical, mut given) = (Vec::new(), 0u64);
        let mut copy = |session: &mut Session<'_>, given: &mut u64| {
            session.connection.read(&sql, session.monitor, |row| {
                *given += 1;
                canonical.clear();
                decoder.row(|position| row.take(position).ok(), &mut canonical).map_err(|_| {
                    DbError::Lost(format!("defaults of table {table}: the server sent a row that is none"))
                })?;
                sink.row(&canonical)
            })
        };
        self.run("SAVEPOINT dbsnap_defaults", "setting a savepoint")?;
        let mut copied = copy(&mut self.session, &mut given);
        // The text of a default names everything of the database's own with its schema, but functions in it may not.
        // Operators of PostgreSQL's own stand in it bare: so the pinned path is tried first.
        if given == 0 && matches!(copied.as_ref().err().and_then(Failure::code), Some(code) if code.starts_with("42")) {
            self.run("ROLLBACK TO SAVEPOINT dbsnap_defaults", "going back to a savepoint")?;
            copied = self.session.on_their_path(|session| copy(session, &mut given));
        }
        copied.map_err(|failure| failure.during(format!("evaluating defaults of table {table}")))?;
        self.run("RELEASE SAVEPOINT dbsnap_defaults", "releasing a savepoint")
    }
}

/// The expression that a column's default is, of the column's type.
fn default(table: &str, column: &Column) -> String {
    let expression = match (&column.default, column.identity) {
        (Some(expression), _) => expression.clone(),
        (None, Some(_)) => format!(
            "pg_catalog.nextval(pg_catalog.pg_get_serial_sequence({}, {}))",
            quote::literal(table),
            quote::literal(&column.name)
        ),
        (None, None) => "NULL".to_owned(),
    };
    // the newline ends a comment, should the expression end in one
    format!("CAST(({expression}\n) AS {})", column.sql_type)
}
