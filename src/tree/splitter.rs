//! Where leaves and nodes end: chosen by content, so that the same rows are cut at the same places everywhere.
//!
//! The cuts follow a hash of the keys. Sizes enter only through the mean row size of the leaf at hand, which sets how likely
//! a cut is, and smoothly so: a mean that moves by a thousandth moves about a thousandth of the cuts.

use crate::hash::Hash;

/// Bytes of rows a leaf is meant to hold after its shortest length.
const TARGET: u64 = 256 * 1024;
/// Bytes of rows below which a leaf does not end, unless it has [`MANY`] entries.
const LEAST: u64 = TARGET / 4;
/// Bytes of rows at which a leaf ends whatever its keys are.
pub const MOST_BYTES: u64 = 1024 * 1024;
/// Entries from which a leaf may end however small they are.
const MANY: u64 = 4096;
/// The chance of an end after an entry is never less than 1 in 2^this.
const LEAST_CHANCE_BITS: u32 = 14;
/// Entries at which a leaf ends whatever its keys are.
pub const MOST_ENTRIES: u64 = 65_536;
/// Children at which a node ends whatever its keys are.
pub const MOST_CHILDREN: usize = 256;
/// Children below which a node does not end, unless its bounds are long.
const LEAST_CHILDREN: usize = 16;
/// Bytes of bounds at which a node of two children or more ends.
pub const MOST_BOUNDS: usize = 64 * 1024;
/// A node ends with a chance of 1 in 2^this per child.
const CHILD_BITS: u32 = 6;
/// Level that the hash of a leaf's keys is taken for; nodes have 1 and up.
const LEAF_LEVEL: u8 = 0;

/// Finds the ends of leaves in rows that come in key order.
#[derive(Debug, Default)]
pub struct LeafSplitter {
    entries: u64,
    bytes: u64,
    scratch: Vec<u8>,
}

impl LeafSplitter {
    /// A splitter before the first row.
    pub fn new() -> LeafSplitter {
        LeafSplitter::default()
    }

    /// Takes the next entry, a row of `row_len` bytes with this key (a multiset's entry counts once), and says whether its
    /// leaf ends after it.
    pub fn ends_after(&mut self, key: &[u8], row_len: usize) -> bool {
        self.entries += 1;
        self.bytes += row_len as u64;
        let ends = self.bytes >= MOST_BYTES
            || self.entries >= MOST_ENTRIES
            || ((self.bytes >= LEAST || self.entries >= MANY) && self.is_chosen(key));
        if ends {
            self.entries = 0;
            self.bytes = 0;
        }
        ends
    }

    /// Whether the key's hash, read as a fraction of 2^64, is below mean row size / target.
    fn is_chosen(&mut self, key: &[u8]) -> bool {
        let hash = key_hash(LEAF_LEVEL, key, &mut self.scratch);
        hash < 1 << (64 - LEAST_CHANCE_BITS)
            || u128::from(hash) * u128::from(TARGET * self.entries) < u128::from(self.bytes) << 64
    }
}

/// Whether a node of `level` (1 and up) ends after its `children`-th child, whose upper bound is `upper`; the bounds of its
/// children, that one included, have `bounds` bytes.
pub fn node_ends(level: u8, children: usize, bounds: usize, upper: &[u8]) -> bool {
    children >= MOST_CHILDREN
        || (children >= 2 && bounds >= MOST_BOUNDS)
        || (children >= LEAST_CHILDREN && key_hash(level, upper, &mut Vec::new()).trailing_zeros() >= CHILD_BITS)
}

/// The first eight bytes, little-endian, of BLAKE3(level ++ key).
fn key_hash(level: u8, key: &[u8], scratch: &mut Vec<u8>) -> u64 {
    scratch.clear();
    scratch.push(level);
    scratch.extend_from_slice(key);
    let hash = Hash::of(scratch);
    let [a, b, c, d, e, f, g, h, ..] = *hash.as_bytes();
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}
