//! Finding what is in a pack whose directory cannot be read.

use super::ObjectKind;
use super::frame::{MAGIC, decode};
use super::pack::{PackEntry, parse_directory, u32_of};
use crate::hash::Hash;
use zstd::zstd_safe::{find_frame_compressed_size, get_frame_content_size};

/// The longest pack that is searched: it must fit into memory.
pub(super) const MOST_SALVAGED: u64 = 1 << 30;

/// A frame in a pack.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) offset: u64,
    pub(super) stored_len: u32,
    pub(super) raw_len: u32,
}

impl Found {
    /// Its bytes, decompressed, if it is whole.
    pub(super) fn raw(&self, pack: &[u8]) -> Option<Vec<u8>> {
        let start = usize::try_from(self.offset).ok()?;
        decode(pack.get(start..start + self.stored_len as usize)?, u64::from(self.raw_len)).ok()
    }

    /// What a directory says of it, if it is that object.
    pub(super) fn entry(&self, id: Hash, kind: ObjectKind) -> PackEntry {
        PackEntry { id, kind, offset: self.offset, stored_len: self.stored_len, raw_len: self.raw_len }
    }
}

/// The frames of a pack that are whole, in file order. What is between them is passed over.
pub(super) fn frames(pack: &[u8]) -> Vec<Found> {
    let mut found = Vec::new();
    let mut at = 0;
    while at + MAGIC.len() <= pack.len() {
        let begins = pack[at..].starts_with(&MAGIC);
        let frame = if begins { find_frame_compressed_size(&pack[at..]).ok() } else { None };
        match frame.and_then(|len| describe(pack, at, len)).filter(|frame| frame.raw(pack).is_some()) {
            Some(frame) => {
                found.push(frame);
                at += frame.stored_len as usize;
            }
            None => at += 1,
        }
    }
    found
}

fn describe(pack: &[u8], at: usize, len: usize) -> Option<Found> {
    let raw_len = get_frame_content_size(&pack[at..]).ok()??;
    Some(Found { offset: at as u64, stored_len: u32_of(len as u64).ok()?, raw_len: u32_of(raw_len).ok()? })
}

/// The directory that the last frame of a pack is.
pub(super) fn last_directory(pack: &[u8], frames: &[Found]) -> Option<Vec<PackEntry>> {
    let last = frames.last()?;
    let entries = parse_directory(&last.raw(pack)?).ok()?;
    let ends = entries.last()?;
    (ends.offset + u64::from(ends.stored_len) == last.offset).then_some(entries)
}
