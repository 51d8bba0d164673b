//! What can go wrong with export files. Messages name files, lines and columns, never row values.

use crate::codec::CodecError;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// An error of writing or reading an export file.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The file system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Something stands at the path that must not be written to or read.
    #[error("{}: {reason}", path.display())]
    Refused {
        /// The path.
        path: PathBuf,
        /// What stands there.
        reason: &'static str,
    },
    /// A row is not the canonical bytes of a row of this table.
    #[error("a row cannot be exported: {0}")]
    Row(#[from] CodecError),
    /// The columns cannot be told apart by their names in the file.
    #[error("two columns would have the same field name in the export: {0:?}")]
    FieldTwice(String),
    /// The file is not a backup file, or was changed after it was written.
    #[error("line {line}: {what}")]
    Malformed {
        /// The line, counted from 1.
        line: u64,
        /// What is wrong there.
        what: String,
    },
    /// The file ends before its last record or its closing brackets.
    #[error("the file is cut short: it ends at line {line}")]
    CutShort {
        /// The last line, counted from 1.
        line: u64,
    },
    /// The data is not what was written.
    #[error("the checksum does not match: the file says {stated}, its data gives {found}; it was changed or damaged")]
    Checksum {
        /// The checksum in the metadata.
        stated: String,
        /// The checksum of the data.
        found: String,
    },
    /// The data has more or fewer records than it says.
    #[error("the file says it holds {stated} records, but it holds {found}")]
    Count {
        /// `recordCount` in the metadata.
        stated: u64,
        /// Records in the data.
        found: u64,
    },
    /// Between two readings another file took the place of the first.
    #[error("{} changed while it was read", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The metadata does not say what the columns are, so records cannot become rows.
    #[error(
        "the file does not say what types its columns have (no `schema` in its metadata), so its rows cannot be read"
    )]
    NoSchema,
    /// The file was written by a version with another format.
    #[error("the file has format {0}, which this version does not know; use a newer dbsnap")]
    UnknownFormat(u64),
    /// A manifest that is not what it should be. It is left as it is.
    #[error("{}: {what}; the file was left as it is", path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A value is no time that a backup can bear.
    #[error("the time {0} cannot be part of a backup name")]
    Time(String),
    /// The thread that writes the file ended without a result.
    #[error("the writer of the export file stopped unexpectedly")]
    WriterStopped,
}

impl ExportError {
    /// Names the file or directory in an error of the system.
    pub(super) fn io(path: &Path) -> impl Fn(io::Error) -> ExportError + Copy + '_ {
        move |source| ExportError::Io { path: path.to_path_buf(), source }
    }

    pub(super) fn malformed(line: u64, what: impl Into<String>) -> ExportError {
        ExportError::Malformed { line, what: what.into() }
    }
}
