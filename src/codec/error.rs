//! What can be wrong with canonical bytes.

use crate::wire::WireError;
use thiserror::Error;

/// Bytes that are not a canonical row or key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CodecError {
    /// The bytes are cut short, have a bad length or a non-canonical integer.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// A value starts with a tag that no version of the format has.
    #[error("unknown value tag {0}")]
    UnknownTag(u8),
    /// A row has fewer or more values than its table has columns.
    #[error("a row has {found} values where its table has {expected} columns")]
    ColumnCount {
        /// Columns of the table.
        expected: usize,
        /// Values found.
        found: usize,
    },
}
