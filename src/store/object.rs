//! Objects: what the store keeps, named by the hash of their logical content.

use crate::hash::Hash;
use std::path::PathBuf;
use thiserror::Error;

/// What an object is. The store keeps the number; the layers above give it meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKind(pub u8);

/// An object as it is read: decompressed, its frame's checksum held.
///
/// The store has checked that these are the bytes that were stored. That they are the content that `id` names is for the
/// caller to check, since only it knows how the id is computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// What the object is.
    pub kind: ObjectKind,
    /// Its decompressed bytes.
    pub bytes: Vec<u8>,
}

/// An object ready to be stored: compressed, with what the pack's directory says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The name of the object.
    pub id: Hash,
    /// What the object is.
    pub kind: ObjectKind,
    /// Length of the decompressed bytes.
    pub raw_len: u64,
    /// One zstd frame, content checksum on.
    pub stored: Vec<u8>,
}

/// Reading objects. Shared between threads.
pub trait Objects: Sync {
    /// The object named `id`.
    ///
    /// # Errors
    /// [`StoreError::Missing`] if there is none, [`StoreError::Damaged`] if its bytes are not what was stored.
    fn get(&self, id: &Hash) -> Result<Object, StoreError>;

    /// Whether the object is held: in the index, and its pack there with the right size.
    fn contains(&self, id: &Hash) -> bool;
}

/// Adding objects. What was put can be read back at once, and is kept only if the session that put it is published.
pub trait NewObjects: Objects {
    /// Adds an object; does nothing if one of that name is held already. Returns the bytes by which the store grew.
    ///
    /// # Errors
    /// If the disk refuses; the session is then poisoned and cannot be published.
    fn put(&self, frame: Frame) -> Result<u64, StoreError>;
}

/// What can go wrong in the store.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no store at the place given.
    #[error("there is no dbsnap store at {}", .0.display())]
    NoStore(PathBuf),
    /// The place holds something that is not a store.
    #[error("{} is not a dbsnap store: {reason}", path.display())]
    NotAStore {
        /// The place.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The store has a format that this program does not know.
    #[error("the store has format {found}; this dbsnap reads format {known}")]
    UnknownFormat {
        /// What the store says.
        found: String,
        /// What this program reads.
        known: String,
    },
    /// Another process holds the lock.
    #[error("the store is in use by another dbsnap process")]
    Locked,
    /// The store cannot be written.
    #[error("the store is read-only")]
    ReadOnly,
    /// No object of that name is held.
    #[error("object {0} is missing from the store")]
    Missing(Hash),
    /// Stored bytes are not what was written.
    #[error("{} is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The operating system refused.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried: `write`, `sync`, `rename`.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// An earlier write failed: nothing more is written, nothing is published.
    #[error("an earlier write failed, so nothing is published")]
    Poisoned,
}
