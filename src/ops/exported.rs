//! Exported files as a source of rows.

use crate::codec::{Definition, Key, TableSchema};
use crate::db::{Counter, DbError, RowSink, TableId, TableReader};
use crate::monitor::Monitor;
use crate::prisma::{ExportError, ExportReader, Metadata};
use std::path::PathBuf;

/// The table's schema, if rows can be kept by it.
///
/// # Errors
/// What is wrong with it.
pub(super) fn usable_schema(metadata: &Metadata) -> Result<TableSchema, String> {
    let schema = metadata.schema.clone().ok_or_else(|| ExportError::NoSchema.to_string())?;
    let columns = schema.columns.len();
    let fits = match &schema.key {
        Key::Columns { columns: key, .. } => {
            !key.is_empty() && key.iter().all(|column| usize::try_from(column.column).is_ok_and(|at| at < columns))
        }
        Key::Rows => true,
    };
    if !fits {
        return Err("the table's schema in its metadata contradicts itself; the file was edited".to_owned());
    }
    Ok(schema)
}

/// The field of an export's metadata that has the table's definition.
pub(super) const DEFINITION: &str = "definition";

/// The rows of a file, as if a database gave them.
pub(super) struct FileRows<'m> {
    /// The file.
    pub(super) path: PathBuf,
    /// What the file said when it was checked.
    pub(super) metadata: &'m Metadata,
    /// How many there are.
    pub(super) records: u64,
    /// Who may interrupt.
    pub(super) monitor: &'m dyn Monitor,
    /// How many were given.
    pub(super) given: u64,
    /// Why reading stopped.
    pub(super) failure: Option<ExportError>,
}

impl FileRows<'_> {
    fn give(&mut self, rows: &mut dyn RowSink) -> Result<u64, DbError> {
        let mut stop = |error| {
            self.failure = Some(error);
            DbError::Stopped
        };
        let mut reader = ExportReader::open(&self.path).map_err(&mut stop)?;
        if reader.metadata() != self.metadata {
            // Another file stands there now.
            return Err(stop(ExportError::Changed { path: self.path.clone() }));
        }
        self.given = 0;
        while reader.advance().map_err(&mut stop)? {
            if self.monitor.interrupted() {
                return Err(DbError::Stopped);
            }
            rows.row_by(&mut |out| reader.append(out).map_err(&mut stop))?;
            self.given += 1;
        }
        Ok(self.given)
    }
}

impl TableReader for FileRows<'_> {
    fn count(&mut self, _table: TableId) -> Result<u64, DbError> {
        Ok(self.records)
    }

    fn read(&mut self, _table: TableId, rows: &mut dyn RowSink) -> Result<u64, DbError> {
        self.give(rows)
    }

    fn counters(&mut self, _table: TableId) -> Result<Vec<Counter>, DbError> {
        Ok(Vec::new())
    }

    fn definition(&mut self, _table: TableId) -> Result<Option<Definition>, DbError> {
        // a file that somebody sent must not say what is made in a database
        Ok(None)
    }
}
