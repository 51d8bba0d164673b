//! What columns get that are given nothing.

use super::error::failed;
use super::sql::quote;
use super::text::TextForm;
use crate::codec::{Key, TableSchema};
use crate::db::{DbError, RowSink};
use rusqlite::Connection;

/// Gives `rows` rows of the defaults of columns. A temporary table with the same columns makes them, so that the
/// columns' affinities are applied.
pub(super) fn give(
    conn: &Connection,
    schema: &TableSchema,
    columns: &[usize],
    rows: u64,
    text: TextForm,
    sink: &mut dyn RowSink,
) -> Result<(), DbError> {
    let failing = |error| failed(&format!("evaluating defaults of {}", schema.table), error);
    let columns = columns.iter().filter_map(|&at| schema.columns.get(at)).cloned().collect();
    let part = TableSchema { columns, key: Key::Rows, generated: Vec::new(), ..schema.clone() };
    let declared: Vec<String> = part
        .columns
        .iter()
        .map(|column| {
            let default = column.default.as_ref().map(|default| format!(" DEFAULT ({default}\n)")).unwrap_or_default();
            format!("{} {}{default}", quote(&column.name), column.sql_type)
        })
        .collect();
    conn.execute_batch(&format!(
        "DROP TABLE IF EXISTS temp.dbsnap_defaults; CREATE TEMP TABLE dbsnap_defaults ({})",
        declared.join(", ")
    ))
    .map_err(failing)?;
    {
        let mut insert = conn.prepare("INSERT INTO temp.dbsnap_defaults DEFAULT VALUES").map_err(failing)?;
        for _ in 0..rows {
            insert.execute([]).map_err(failing)?;
        }
        let select = format!("SELECT {} FROM temp.dbsnap_defaults", text.select_list(&part));
        let mut select = conn.prepare(&select).map_err(failing)?;
        let mut given = select.query([]).map_err(failing)?;
        let mut buffer = Vec::new();
        while let Some(row) = given.next().map_err(failing)? {
            buffer.clear();
            text.read_row(row, 0, &part, &mut buffer)?;
            sink.row(&buffer)?;
        }
    }
    conn.execute_batch("DROP TABLE temp.dbsnap_defaults").map_err(failing)
}
