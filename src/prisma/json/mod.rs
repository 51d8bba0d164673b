//! The backup file: canonical rows as JSON, and back, bit for bit.
//!
//! [`ExportWriter`] writes `{ "metadata": …, "data": [ … ] }` with one record on each line; [`ExportReader`] reads it.
//! Both stream: memory does not grow with the table. `docs/EXPORT.md` is the reference for layout and values.

mod cell;
mod decode;
mod encode;
mod fields;
mod forms;
mod list;
mod metadata;
mod notes;
mod numbers;
mod read;
mod record;
mod scan;
mod text;
mod write;

pub use cell::{CellJson, RecordJson};
pub use decode::column_value;
pub use encode::RecordEncoder;
pub use fields::{ColumnNames, FieldNames};
pub use metadata::{ExportInfo, Metadata};
pub use notes::{ColumnNotes, Note, Notes};
pub use read::{ExportReader, RECORD_LIMIT};
pub use write::{ExportWriter, Spare, Written};
