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
        Entries { bytes: list.into_flattened(), start: 0 }
    }

    /// All entries, sorted.
    pub(super) fn all(&self) -> &[RawEntry] {
        self.bytes[self.start..].as_chunks().0
    }

    /// The entries of one object: one for each pack that holds it.
    pub(super) fn of<'a>(&'a self, id: &'a Hash) -> impl Iterator<Item = &'a RawEntry> {
        let all = self.all();
        all[first_not_below(all, id)..].iter().take_while(move |entry| entry[..32] == id.as_bytes()[..])
    }
}

/// Position of the first entry whose id is not below `id`.
///
/// Ids are hashes and so spread evenly: where one should be is nearly where it is, and the distance still to go can be
/// told from the id found there. From such a guess the search doubles its step until it has `id` between two entries;
/// ids that are not spread evenly cost it some more steps.
fn first_not_below(all: &[RawEntry], id: &Hash) -> usize {
    let below = |entry: &RawEntry| entry[..32] < id.as_bytes()[..];
    let guess = guess_position(all, id);
    let mut step = 2;
    if all.get(guess).is_some_and(below) {
        let mut low = guess;
        while low + step < all.len() && below(&all[low + step]) {
            (low, step) = (low + step, step * 2);
        }
        let high = (low + step).min(all.len());
        low + all[low..high].partition_point(below)
    } else {
        let mut high = guess;
        while high >= step && !below(&all[high - step]) {
            (high, step) = (high - step, step * 2);
        }
        let low = high.saturating_sub(step);
        low + all[low..high].partition_point(below)
    }
}

/// Where `id` should be if ids are spread evenly; at most `all.len()`.
fn guess_position(all: &[RawEntry], id: &Hash) -> usize {
    let prefix = |bytes: &[u8]| bytes.iter().take(8).fold(0u64, |value, byte| value << 8 | u64::from(*byte));
    let entries_in = |distance: u64| usize::try_from((u128::from(distance) * all.len() as u128) >> 64).unwrap_or(0);
    let wanted = prefix(id.as_bytes());
    let mut guess = entries_in(wanted);
    for _ in 0..2 {
        let Some(found) = all.get(guess).map(|entry| prefix(entry)) else { break };
        guess = if found < wanted {
            (guess + entries_in(wanted - found)).min(all.len())
        } else {
            guess.saturating_sub(entries_in(found - wanted))
        };
    }
    guess
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_id_is_found_however_unevenly_ids_are_spread(
            ids in proptest::collection::vec((any::<bool>(), any::<u8>(), any::<u16>()), 0..300),
            probe: (bool, u8, u16),
        ) {
            let id = |(spread, first, rest): (bool, u8, u16)| {
                let mut bytes = [0u8; 32];
                bytes[0] = if spread { first } else { 7 };
                bytes[9..11].copy_from_slice(&(rest % 40).to_be_bytes());
                Hash::from_bytes(bytes)
            };
            let raw = |hash: Hash, pack| {
                let entry = PackEntry { id: hash, kind: ObjectKind(1), offset: 8, stored_len: 1, raw_len: 1 };
                raw_entry(pack, &entry).unwrap()
            };
            let list: Vec<RawEntry> = ids.iter().zip(0..).map(|(seed, n)| raw(id(*seed), n % 3)).collect();
            let entries = Entries::from_list(list.clone());
            for wanted in ids.iter().map(|seed| id(*seed)).chain([id(probe)]) {
                let mut expected: Vec<RawEntry> =
                    list.iter().filter(|raw| raw[..32] == wanted.as_bytes()[..]).copied().collect();
                expected.sort_unstable();
                expected.dedup();
                let found: Vec<RawEntry> = entries.of(&wanted).copied().collect();
                prop_assert_eq!(found, expected);
            }
        }
    }
}
