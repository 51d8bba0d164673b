//! What can go wrong with a tree.

use crate::codec::CodecError;
use crate::hash::Hash;
use crate::store::StoreError;
use crate::wire::WireError;
use thiserror::Error;

/// What can go wrong with a tree. Never holds a value of a row.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TreeError {
    /// An object is held but is not what its name says.
    #[error("object {id} is corrupt: {flaw}")]
    Corrupt {
        /// The object.
        id: Hash,
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A row given is not a canonical row of its table.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// Two rows of a table with a key have the same key.
    #[error("the key is not unique: two rows have the same key")]
    DuplicateKey,
    /// A row was pushed whose key is not above the key before it.
    #[error("rows did not come in ascending order of their keys")]
    OutOfOrder,
    /// Other rows were pushed than the extent said by which leaves were cut.
    #[error("the rows are not as many or as long as was said before")]
    OtherExtent,
    /// A row is too long to be stored.
    #[error("a row of {0} bytes is too long; at most {max} are possible", max = super::leaf::MAX_ROW)]
    RowTooLong(u64),
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// An earlier error ended the work, or a worker died.
    #[error("the work had already failed")]
    Stopped,
    /// The operating system refused.
    #[error("cannot {action}")]
    Io {
        /// What was tried: `write a sorted run`.
        action: &'static str,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
}

impl TreeError {
    /// Whether the store's bytes are to blame: something is missing, damaged or corrupt.
    pub fn is_damage(&self) -> bool {
        matches!(
            self,
            TreeError::Corrupt { .. } | TreeError::Store(StoreError::Missing(_) | StoreError::Damaged { .. })
        )
    }
}

/// What is wrong with an object's bytes.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Flaw {
    /// The bytes are cut short, have a bad length or a non-canonical integer.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// A row in it is not canonical.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// The object is of another kind than its place asks for.
    #[error("it is an object of kind {0}, which does not belong there")]
    Kind(u8),
    /// Its content has another id.
    #[error("its content does not have this id")]
    Id,
    /// Something in it contradicts the format.
    #[error("{0}")]
    Shape(&'static str),
}

impl Flaw {
    /// The error that object `id` has this flaw.
    pub fn of(self, id: Hash) -> TreeError {
        TreeError::Corrupt { id, flaw: self }
    }
}
