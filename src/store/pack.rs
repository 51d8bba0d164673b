//! Packs as bytes: frames, a directory, a trailer (`docs/FORMAT.md`, section 5).

use super::frame::{MAX_OBJECT_LEN, MOST_ROOM, Pieces, decode, decode_into, encode, make_room};
use super::{Frame, ObjectKind, StoreError};
use crate::fsio::{FileSystem, OpenFile};
use crate::hash::{Hash, Hasher};
use crate::wire::{Reader, WireError, put_uvarint};
use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

pub(super) const MAGIC: &[u8; 8] = b"DBSNPAK1";
const END_MAGIC: &[u8; 8] = b"DBSNPAKE";
const TRAILER_BYTES: usize = 4 + 4 + 32 + 8;
pub(super) const TRAILER_LEN: u64 = TRAILER_BYTES as u64;
/// The most objects in one pack. It bounds the directory.
pub(super) const MAX_OBJECTS: usize = 65_536;
/// Bytes of a long object or pack that are read at once.
const READ_AT_ONCE: usize = 1 << 20;
/// An entry is 32 + 1 bytes and two lengths of at most 5 bytes each.
const MAX_DIRECTORY_LEN: u64 = MAX_OBJECTS as u64 * 43 + 10;

thread_local! {
    /// Where a frame is until it is decompressed.
    static STORED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// What a pack's directory says of one object, and where that puts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PackEntry {
    pub(super) id: Hash,
    pub(super) kind: ObjectKind,
    /// Where its frame begins in the pack.
    pub(super) offset: u64,
    pub(super) stored_len: u32,
    pub(super) raw_len: u32,
}

impl PackEntry {
    fn damaged(&self, path: &Path, reason: &str) -> StoreError {
        StoreError::damaged(path, format!("object {}: {reason}", self.id))
    }
}

/// The directory frame and the trailer of a pack with `entries`, in file order.
pub(super) fn tail(entries: &[PackEntry]) -> Result<Vec<u8>, StoreError> {
    let mut directory = Vec::with_capacity(entries.len() * 43 + 10);
    put_uvarint(&mut directory, entries.len() as u64);
    for entry in entries {
        directory.extend_from_slice(entry.id.as_bytes());
        directory.push(entry.kind.0);
        put_uvarint(&mut directory, u64::from(entry.stored_len));
        put_uvarint(&mut directory, u64::from(entry.raw_len));
    }
    let mut tail = encode(&directory, Frame::LEVEL)?;
    let checksum = Hash::of(&tail);
    let stored_len = u32_of(tail.len() as u64)?;
    tail.extend_from_slice(&stored_len.to_le_bytes());
    tail.extend_from_slice(&u32_of(directory.len() as u64)?.to_le_bytes());
    tail.extend_from_slice(checksum.as_bytes());
    tail.extend_from_slice(END_MAGIC);
    Ok(tail)
}

/// A length that the format keeps in 32 bits.
pub(super) fn u32_of(len: u64) -> Result<u32, StoreError> {
    u32::try_from(len).map_err(|_| StoreError::TooLarge { what: "an object", len, limit: MAX_OBJECT_LEN })
}

/// Reads the directory of a pack of `size` bytes, which must fill the pack exactly.
///
/// # Errors
/// [`StoreError::Damaged`] with the reason; [`StoreError::Io`] if the file cannot be read.
pub(super) fn read_directory(file: &dyn OpenFile, path: &Path, size: u64) -> Result<Vec<PackEntry>, StoreError> {
    let damaged = |reason: &str| StoreError::damaged(path, reason);
    let least = MAGIC.len() as u64 + TRAILER_LEN;
    if size < least {
        return Err(damaged("it is too short for a pack"));
    }
    let mut magic = [0u8; 8];
    file.read_at(0, &mut magic)?;
    let mut trailer = [0u8; TRAILER_BYTES];
    file.read_at(size - TRAILER_LEN, &mut trailer)?;
    let trailer = Trailer::parse(&trailer).map_err(|_| damaged("its trailer is cut short"))?;
    if &magic != MAGIC || &trailer.magic != END_MAGIC {
        return Err(damaged("it does not begin and end as a pack does"));
    }
    let most = (size - least).min(MAX_DIRECTORY_LEN + (64 << 10));
    if u64::from(trailer.stored_len) > most || u64::from(trailer.raw_len) > MAX_DIRECTORY_LEN {
        return Err(damaged("its directory has an impossible length"));
    }
    let start = size - TRAILER_LEN - u64::from(trailer.stored_len);
    let mut stored = vec![0u8; trailer.stored_len as usize];
    file.read_at(start, &mut stored)?;
    if Hash::of(&stored) != trailer.checksum {
        return Err(damaged("its directory has a wrong checksum"));
    }
    let directory = decode(&stored, u64::from(trailer.raw_len)).map_err(|reason| damaged(&reason))?;
    let entries = parse_directory(&directory).map_err(|e| damaged(&format!("its directory is malformed: {e}")))?;
    let end = entries.last().map_or(MAGIC.len() as u64, |last| last.offset + u64::from(last.stored_len));
    if end != start {
        return Err(damaged("its directory does not account for all of its bytes"));
    }
    Ok(entries)
}

struct Trailer {
    stored_len: u32,
    raw_len: u32,
    checksum: Hash,
    magic: [u8; 8],
}

impl Trailer {
    fn parse(bytes: &[u8]) -> Result<Trailer, WireError> {
        let mut reader = Reader::new(bytes);
        Ok(Trailer {
            stored_len: u32::from_le_bytes(reader.array()?),
            raw_len: u32::from_le_bytes(reader.array()?),
            checksum: Hash::from_bytes(reader.array()?),
            magic: reader.array()?,
        })
    }
}

pub(super) fn parse_directory(bytes: &[u8]) -> Result<Vec<PackEntry>, WireError> {
    let mut reader = Reader::new(bytes);
    let count = reader.length()?;
    // An entry takes at least 35 bytes, so this also bounds what is reserved.
    if count > MAX_OBJECTS || count > reader.rest().len() / 35 {
        return Err(WireError::Truncated);
    }
    let mut entries = Vec::with_capacity(count);
    let mut offset = MAGIC.len() as u64;
    for _ in 0..count {
        let id = Hash::from_bytes(reader.array()?);
        let kind = ObjectKind(reader.byte()?);
        let stored_len = u32::try_from(reader.uvarint()?).map_err(|_| WireError::BadVarint)?;
        let raw_len = u32::try_from(reader.uvarint()?).map_err(|_| WireError::BadVarint)?;
        entries.push(PackEntry { id, kind, offset, stored_len, raw_len });
        offset += u64::from(stored_len);
    }
    reader.end()?;
    Ok(entries)
}

/// Reads the frame that `entry` describes from an open pack.
pub(super) fn read_frame(file: &dyn OpenFile, path: &Path, entry: &PackEntry) -> Result<Frame, StoreError> {
    let mut stored = Vec::new();
    read_stored(file, path, entry, &mut stored)?;
    Ok(Frame { id: entry.id, kind: entry.kind, raw_len: u64::from(entry.raw_len), stored })
}

/// Reads the object that `entry` describes from an open pack, its bytes in place of what is in `raw`.
pub(super) fn read_object(
    file: &dyn OpenFile,
    path: &Path,
    entry: &PackEntry,
    raw: &mut Vec<u8>,
) -> Result<(), StoreError> {
    if entry.stored_len as usize > MOST_ROOM {
        return read_pieces(file, path, entry, Some(raw));
    }
    STORED.with_borrow_mut(|stored| {
        read_stored(file, path, entry, stored)?;
        decode_into(stored, u64::from(entry.raw_len), raw).map_err(|reason| entry.damaged(path, &reason))
    })
}

/// Succeeds if the object can be read. A long one is not held as a whole; `room` is for others.
pub(super) fn verify_object(
    file: &dyn OpenFile,
    path: &Path,
    entry: &PackEntry,
    room: &mut Vec<u8>,
) -> Result<(), StoreError> {
    if entry.stored_len as usize > MOST_ROOM {
        return read_pieces(file, path, entry, None);
    }
    read_object(file, path, entry, room)
}

/// Reads a long object piece by piece, its bytes in place of what is in `raw`, if they are wanted.
fn read_pieces(
    file: &dyn OpenFile,
    path: &Path,
    entry: &PackEntry,
    mut raw: Option<&mut Vec<u8>>,
) -> Result<(), StoreError> {
    let (stored_len, raw_len) = (u64::from(entry.stored_len), u64::from(entry.raw_len));
    let damaged = |reason: String| entry.damaged(path, &reason);
    let mut piece = vec![0; READ_AT_ONCE];
    let mut pieces: Option<Pieces> = None;
    let mut at = 0;
    while at < stored_len {
        let len = usize::try_from(stored_len - at).unwrap_or(usize::MAX).min(READ_AT_ONCE);
        file.read_at(entry.offset + at, &mut piece[..len])?;
        let pieces = match &mut pieces {
            Some(pieces) => pieces,
            None => {
                let first = Pieces::new(&piece[..len], stored_len, raw_len).map_err(damaged)?;
                if let Some(raw) = &mut raw {
                    make_room(raw, raw_len).map_err(damaged)?;
                }
                pieces.insert(first)
            }
        };
        let mut take = |bytes: &[u8]| {
            if let Some(raw) = &mut raw {
                raw.extend_from_slice(bytes);
            }
        };
        pieces.push(&piece[..len], &mut take).map_err(damaged)?;
        at += len as u64;
    }
    pieces.map_or(Ok(()), Pieces::end).map_err(damaged)
}

fn read_stored(file: &dyn OpenFile, path: &Path, entry: &PackEntry, stored: &mut Vec<u8>) -> Result<(), StoreError> {
    // The index and the directory were held against the pack's size, so this length is not larger than the file.
    let len = entry.stored_len as usize;
    let more = len.saturating_sub(stored.len());
    stored.try_reserve_exact(more).map_err(|_| StoreError::damaged(path, format!("no memory for {len} bytes")))?;
    stored.resize(len, 0);
    Ok(file.read_at(entry.offset, stored)?)
}

/// Hash of all bytes of an open file of `size` bytes.
pub(super) fn hash_file(file: &dyn OpenFile, size: u64) -> Result<Hash, StoreError> {
    let mut hasher = Hasher::new();
    let mut buffer = vec![0u8; READ_AT_ONCE];
    let mut offset = 0;
    while offset < size {
        let len = usize::try_from(size - offset).unwrap_or(usize::MAX).min(buffer.len());
        file.read_at(offset, &mut buffer[..len])?;
        hasher.update(&buffer[..len]);
        offset += len as u64;
    }
    Ok(hasher.finish())
}

/// Opens a pack and checks that it is `size` bytes long.
pub(super) fn open(fs: &dyn FileSystem, path: &Path, size: u64) -> Result<Arc<dyn OpenFile>, StoreError> {
    let file = fs.open(path)?;
    let found = file.len()?;
    if found != size {
        return Err(StoreError::damaged(path, format!("it is {found} bytes long instead of {size}")));
    }
    Ok(file)
}
