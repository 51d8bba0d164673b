//! Objects: what the store keeps, named by the hash of their logical content.

use crate::fsio::{FsError, is_out_of_descriptors};
use crate::hash::Hash;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// What an object is. The store keeps the number; the layers above give it meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKind(pub u8);

/// An object as it is read: decompressed, its frame's checksum held.
///
/// The store has checked that these are the bytes that were stored. That they are the content that `id` names is for
/// the caller to check, since only it knows how the id is computed.
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

/// One of the copies of an object. They can have different forms: what one of them draws on another need not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectCopy {
    /// What the object is in this form.
    pub kind: ObjectKind,
    /// The pack and where in it; zeros where an object has one copy only.
    pub(super) pack: Hash,
    pub(super) offset: u64,
}

impl ObjectCopy {
    /// The only copy of an object.
    pub fn only(kind: ObjectKind) -> ObjectCopy {
        ObjectCopy { kind, pack: Hash::from_bytes([0; Hash::LEN]), offset: 0 }
    }
}

/// Reading objects. Shared between threads.
pub trait Objects: Sync {
    /// The object named `id`.
    ///
    /// # Errors
    /// [`StoreError::Missing`] if there is none, [`StoreError::Damaged`] if its bytes are not what was stored.
    fn get(&self, id: &Hash) -> Result<Object, StoreError>;

    /// As [`Objects::get`], with the bytes in place of what is in `bytes`: for those who read many objects and keep
    /// none of them, since memory that is new each time costs more than filling it.
    ///
    /// # Errors
    /// As [`Objects::get`]; `bytes` then holds anything.
    fn get_into(&self, id: &Hash, bytes: &mut Vec<u8>) -> Result<ObjectKind, StoreError> {
        let object = self.get(id)?;
        *bytes = object.bytes;
        Ok(object.kind)
    }

    /// Whether the object is held: in the index, and its pack there with the right size.
    fn contains(&self, id: &Hash) -> bool {
        self.kind(id).is_some()
    }

    /// What kind of object is held under that name, without reading it; `None` if none is held. Of several copies it is
    /// the one of the lowest kind that is given.
    fn kind(&self, id: &Hash) -> Option<ObjectKind>;

    /// All copies of an object, in the order in which they are tried.
    fn copies(&self, id: &Hash) -> Vec<ObjectCopy> {
        self.kind(id).map(ObjectCopy::only).into_iter().collect()
    }

    /// Reads that copy of an object in place of what is in `bytes`.
    ///
    /// # Errors
    /// As [`Objects::get`].
    fn get_copy(&self, id: &Hash, copy: &ObjectCopy, bytes: &mut Vec<u8>) -> Result<(), StoreError> {
        let _ = copy;
        self.get_into(id, bytes).map(drop)
    }
}

/// Adding objects. What was put can be read back at once, and is kept only if the session that put it is published.
pub trait NewObjects: Objects {
    /// Adds an object; does nothing if one of that name is held already. Returns the bytes by which the store grew.
    ///
    /// # Errors
    /// If the disk refuses; the session is then poisoned and cannot be published.
    fn put(&self, frame: Frame) -> Result<u64, StoreError>;

    /// Adds an object though one of that name may be held: in a form that cannot be read any more. What was put here
    /// before is not put twice.
    ///
    /// # Errors
    /// As [`NewObjects::put`].
    fn put_again(&self, frame: Frame) -> Result<u64, StoreError>;

    /// Begins to add objects of which it is not known yet whether they are wanted.
    fn trial(&self) -> Box<dyn TrialObjects + '_>;
}

/// Objects on trial. Dropped, they are taken away and leave no byte in the store.
pub trait TrialObjects: NewObjects {
    /// Keeps them, as if they had been put where the trial began.
    fn keep(self: Box<Self>);
}

/// Objects that are put at once, whatever becomes of the trial.
pub struct Untried<'o>(pub &'o dyn NewObjects);

impl Objects for Untried<'_> {
    fn get(&self, id: &Hash) -> Result<Object, StoreError> {
        self.0.get(id)
    }

    fn kind(&self, id: &Hash) -> Option<ObjectKind> {
        self.0.kind(id)
    }

    fn copies(&self, id: &Hash) -> Vec<ObjectCopy> {
        self.0.copies(id)
    }

    fn get_copy(&self, id: &Hash, copy: &ObjectCopy, bytes: &mut Vec<u8>) -> Result<(), StoreError> {
        self.0.get_copy(id, copy, bytes)
    }
}

impl NewObjects for Untried<'_> {
    fn put(&self, frame: Frame) -> Result<u64, StoreError> {
        self.0.put(frame)
    }

    fn put_again(&self, frame: Frame) -> Result<u64, StoreError> {
        self.0.put_again(frame)
    }

    fn trial(&self) -> Box<dyn TrialObjects + '_> {
        self.0.trial()
    }
}

impl TrialObjects for Untried<'_> {
    fn keep(self: Box<Self>) {}
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
    /// The store's file system keeps no locks.
    #[error("cannot lock {}: its file system has no locks ({source})", path.display())]
    NoLocks {
        /// The lock file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
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
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried: `write`, `sync`, `rename`.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// The last step failed: what was written or removed is so, but not durably.
    #[error("cannot sync {}: {source}; the change is there, but a power cut may undo it", path.display())]
    NotDurable {
        /// The directory.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// Something is larger than the format can hold.
    #[error("{what} of {len} bytes is more than the store can hold ({limit})")]
    TooLarge {
        /// What it is: `an object`, `a manifest`.
        what: &'static str,
        /// Its length in bytes.
        len: u64,
        /// The most that can be held.
        limit: u64,
    },
    /// A tag or pointer cannot have that name.
    #[error("{name:?} cannot be used as a name: {reason}")]
    BadName {
        /// The name.
        name: String,
        /// Which rule it breaks.
        reason: &'static str,
    },
    /// Objects that are in use are not in the store, so nothing may be deleted.
    #[error("{} objects that snapshots use are missing, the first is {}; nothing was deleted", .0.len(), first(.0))]
    LiveMissing(Vec<Hash>),
    /// Copies that were to be kept cannot be read, or are not what their ids say. They are not given any more through
    /// this handle: what is needed must be marked anew, from the copies that are left.
    #[error("{0} copies of objects that were to be kept are damaged; nothing was deleted")]
    CopiesDamaged(usize),
    /// This needs the store for itself, and it was opened to be shared.
    #[error("this needs the store for itself alone")]
    NotExclusive,
    /// The store is no longer what a plan was made for.
    #[error("the store has changed since the work was planned")]
    StalePlan,
    /// The work was asked to stop and stopped; nothing was changed.
    #[error("interrupted")]
    Interrupted,
    /// An earlier write failed: nothing more is written, nothing is published.
    #[error("an earlier write failed, so nothing is published: {reason}")]
    Poisoned {
        /// The error of that write, with its causes.
        reason: String,
        /// Whether the disk had no room left.
        out_of_space: bool,
    },
}

fn first(ids: &[Hash]) -> String {
    ids.first().map(ToString::to_string).unwrap_or_default()
}

impl From<FsError> for StoreError {
    fn from(error: FsError) -> StoreError {
        StoreError::Io { action: error.action, path: error.path, source: error.source }
    }
}

impl StoreError {
    /// Damage found in the file at `path`.
    pub(super) fn damaged(path: &Path, reason: impl Into<String>) -> StoreError {
        StoreError::Damaged { path: path.to_path_buf(), reason: reason.into() }
    }

    /// Whether the disk had no room left.
    pub fn is_out_of_space(&self) -> bool {
        use std::io::ErrorKind::{QuotaExceeded, StorageFull};
        match self {
            StoreError::Io { source, .. } | StoreError::NotDurable { source, .. } => {
                matches!(source.kind(), StorageFull | QuotaExceeded)
            }
            StoreError::Poisoned { out_of_space, .. } => *out_of_space,
            _ => false,
        }
    }

    /// What later writes fail with, after this one.
    pub(super) fn poison(&self) -> StoreError {
        let out_of_space = self.is_out_of_space();
        let reason = match self {
            StoreError::Poisoned { reason, .. } => reason.clone(),
            _ => self.to_string(),
        };
        StoreError::Poisoned { reason, out_of_space }
    }

    /// Whether the process, or the system, may have no more files open.
    pub(super) fn is_out_of_descriptors(&self) -> bool {
        matches!(self, StoreError::Io { source, .. } if is_out_of_descriptors(source))
    }

    /// Whether a file was not there.
    pub(super) fn is_not_found(&self) -> bool {
        matches!(self, StoreError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound)
    }
}
