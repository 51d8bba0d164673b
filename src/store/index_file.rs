//! Index files as bytes, and the sorted entries they share with packs that no index file covers
//! (`docs/FORMAT.md`, section 6).

use super::ObjectKind;
use super::pack::{MAGIC as PACK_MAGIC, PackEntry, TRAILER_LEN};
use crate::hash::Hash;
use crate::wire::{Reader, WireError};

const MAGIC: &[u8; 8] = b"DBSNIDX1";
const HEADER_LEN: usize = 8 + 4 + 4;
const PACK_LEN: usize = 32 + 8;
/// id, pack, offset, stored length, decompressed length, kind.
const ENTRY_LEN: usize = 32 + 4 + 4 + 4 + 4 + 1;

/// One entry as it stands in an index file. Entries sort by `memcmp`, so by id first.
pub(super) type RawEntry = [u8; ENTRY_LEN];

/// A pack as an index file names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PackRef {
    pub(super) name: Hash,
    /// Length of the file in bytes.
    pub(super) size: u64,
}

/// Sorted entries in one allocation: 49 bytes for each object.
#[derive(Debug, Default)]
pub(super) struct Entries {
    bytes: Vec<u8>,
    start: usize,
}

impl Entries {
    /// Entries from a list, which is sorted first; an entry that occurs twice is kept once.
    pub(super) fn from_list(mut list: Vec<RawEntry>) -> Entries {
        list.sort_unstable();
        list.dedup();
        Entries { bytes: list.as_flattened().to_vec(), start: 0 }
    }

    /// All entries, sorted.
    pub(super) fn all(&self) -> &[RawEntry] {
        self.bytes[self.start..].as_chunks().0
    }

    /// The entries of one object: one for each pack that holds it.
    pub(super) fn of<'a>(&'a self, id: &'a Hash) -> impl Iterator<Item = &'a RawEntry> {
        let all = self.all();
        let first = all.partition_point(|entry| entry[..32] < id.as_bytes()[..]);
        all[first..].iter().take_while(move |entry| entry[..32] == id.as_bytes()[..])
    }
}

/// An entry of an index file, or the reason why `entry` has none: its pack is too long to be indexed.
pub(super) fn raw_entry(pack: u32, entry: &PackEntry) -> Result<RawEntry, WireError> {
    let offset = u32::try_from(entry.offset).map_err(|_| WireError::BadVarint)?;
    let mut raw = [0u8; ENTRY_LEN];
    raw[..32].copy_from_slice(entry.id.as_bytes());
    raw[32..36].copy_from_slice(&pack.to_le_bytes());
    raw[36..40].copy_from_slice(&offset.to_le_bytes());
    raw[40..44].copy_from_slice(&entry.stored_len.to_le_bytes());
    raw[44..48].copy_from_slice(&entry.raw_len.to_le_bytes());
    raw[48] = entry.kind.0;
    Ok(raw)
}

/// The number of the pack within its index file, and the entry.
pub(super) fn parse_entry(raw: &RawEntry) -> (u32, PackEntry) {
    let word = |at: usize| u32::from_le_bytes([raw[at], raw[at + 1], raw[at + 2], raw[at + 3]]);
    let mut id = [0u8; 32];
    id.copy_from_slice(&raw[..32]);
    let entry = PackEntry {
        id: Hash::from_bytes(id),
        kind: ObjectKind(raw[48]),
        offset: u64::from(word(36)),
        stored_len: word(40),
        raw_len: word(44),
    };
    (word(32), entry)
}

/// The bytes of an index file over `packs`; the entries' pack numbers are positions in `packs`.
pub(super) fn encode(packs: &[PackRef], entries: &Entries) -> Vec<u8> {
    let entries = entries.all();
    let mut bytes = Vec::with_capacity(HEADER_LEN + packs.len() * PACK_LEN + entries.len() * ENTRY_LEN);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&count(packs.len()).to_le_bytes());
    bytes.extend_from_slice(&count(entries.len()).to_le_bytes());
    for pack in packs {
        bytes.extend_from_slice(pack.name.as_bytes());
        bytes.extend_from_slice(&pack.size.to_le_bytes());
    }
    bytes.extend_from_slice(entries.as_flattened());
    bytes
}

// Counts beyond 32 bits would need 200 GB of entries; the reader refuses a file whose counts do not match its length.
fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

/// Reads an index file whose bytes have the hash that its name says.
///
/// # Errors
/// The reason why it cannot be used.
pub(super) fn parse(bytes: Vec<u8>) -> Result<(Vec<PackRef>, Entries), String> {
    let malformed = |e: WireError| e.to_string();
    let mut reader = Reader::new(&bytes);
    if &reader.array::<8>().map_err(malformed)? != MAGIC {
        return Err("it does not begin as an index file does".to_owned());
    }
    let packs = u32::from_le_bytes(reader.array().map_err(malformed)?);
    let entries = u32::from_le_bytes(reader.array().map_err(malformed)?);
    let expected = u64::from(packs) * PACK_LEN as u64 + u64::from(entries) * ENTRY_LEN as u64;
    if reader.rest().len() as u64 != expected {
        return Err("its length does not match its counts".to_owned());
    }
    let mut list = Vec::with_capacity(packs as usize);
    for _ in 0..packs {
        let name = Hash::from_bytes(reader.array().map_err(malformed)?);
        let size = u64::from_le_bytes(reader.array().map_err(malformed)?);
        list.push(PackRef { name, size });
    }
    let start = bytes.len() - reader.rest().len();
    let entries = Entries { bytes, start };
    check_entries(&list, &entries)?;
    Ok((list, entries))
}

/// Lookups rely on the order, reads on the bounds.
fn check_entries(packs: &[PackRef], entries: &Entries) -> Result<(), String> {
    if !entries.all().is_sorted_by(|a, b| a < b) {
        return Err("its entries are not in order".to_owned());
    }
    for raw in entries.all() {
        let (pack, entry) = parse_entry(raw);
        let inside = packs.get(pack as usize).is_some_and(|pack| {
            let end = entry.offset + u64::from(entry.stored_len) + TRAILER_LEN;
            entry.offset >= PACK_MAGIC.len() as u64 && end <= pack.size
        });
        if !inside {
            return Err(format!("its entry for object {} points outside of the pack", entry.id));
        }
    }
    Ok(())
}
