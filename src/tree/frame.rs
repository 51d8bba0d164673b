//! Kinds of tree objects, and how they become frames.

use super::TreeError;
use crate::hash::Hash;
use crate::store::{Frame, ObjectKind, StoreError};
use std::cell::RefCell;

/// A leaf stored whole.
pub const LEAF: ObjectKind = ObjectKind(1);
/// A leaf stored as a delta against other leaves.
pub const DELTA: ObjectKind = ObjectKind(2);
/// A node.
pub const NODE: ObjectKind = ObjectKind(3);

thread_local! {
    /// One compressor per thread and its level: making one costs more than compressing a small delta.
    static COMPRESSOR: RefCell<Option<(i32, zstd::bulk::Compressor<'static>)>> = const { RefCell::new(None) };
}

/// Compresses `raw` as the object `id`: one zstd frame with content size and checksum.
///
/// # Errors
/// If zstd refuses (it is out of memory).
pub(super) fn compress(id: Hash, kind: ObjectKind, raw: &[u8], level: i32) -> Result<Frame, TreeError> {
    let stored = COMPRESSOR.with_borrow_mut(|slot| -> std::io::Result<Vec<u8>> {
        let compressor = match slot {
            Some((with, compressor)) if *with == level => compressor,
            slot => {
                let mut compressor = zstd::bulk::Compressor::new(level)?;
                compressor.include_checksum(true)?;
                compressor.include_contentsize(true)?;
                &mut slot.insert((level, compressor)).1
            }
        };
        compressor.compress(raw)
    });
    let refused = |source| StoreError::Io { action: "compress", path: id.to_hex().into(), source };
    Ok(Frame { id, kind, raw_len: raw.len() as u64, stored: stored.map_err(refused)? })
}
