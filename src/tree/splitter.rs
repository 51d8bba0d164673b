//! Where leaves and nodes end: chosen by content, so that the same rows are cut at the same places everywhere.
//!
//! The cuts follow a hash of the keys. Values enter only through the mean row size of the whole table, rounded down to
//! a power of two, which sets how many entries a leaf is meant to hold: a change of values moves no cut unless it takes
//! that mean across a power of two, and then every other cut stays.

use crate::hash::Hash;

/// Bytes of rows a leaf is meant to hold.
const TARGET: u64 = 256 * 1024;
/// Bytes of rows at which a leaf ends whatever its keys are. Where rows are about as long as the table's mean, no leaf
/// comes to it: [`LONGEST`] ends it before.
pub const MOST_BYTES: u64 = 1024 * 1024;
/// Bits of the hash that decide, at most: a leaf is meant to hold 2^this entries however short they are.
pub(super) const MOST_BITS: u32 = 14;
/// A leaf ends at this many times the entries it is meant to hold, whatever its keys are.
const LONGEST: u64 = 3;
/// A leaf does not end before it has one in this many of the entries it is meant to hold.
const SHORTEST: u64 = 4;
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

/// How large a table is: what its leaves are cut by. In a multiset every occurrence of a row counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extent {
    /// Rows.
    pub rows: u64,
    /// Bytes of canonical rows.
    pub row_bytes: u64,
}

impl Extent {
    /// Adds a row that occurs `count` times.
    pub(super) fn add(&mut self, row_len: usize, count: u64) {
        self.rows = self.rows.saturating_add(count);
        self.row_bytes = self.row_bytes.saturating_add((row_len as u64).saturating_mul(count));
    }

    /// The extent of both together.
    pub(super) fn plus(self, other: Extent) -> Extent {
        Extent { rows: self.rows.saturating_add(other.rows), row_bytes: self.row_bytes.saturating_add(other.row_bytes) }
    }

    /// Whether a table of this extent has its leaves cut at the same places as one of the other.
    pub(super) fn cuts_like(self, other: Extent) -> bool {
        self.leaf_bits() == other.leaf_bits()
    }

    /// floor(log2([`TARGET`] / mean row size)), at least 0 and at most [`MOST_BITS`].
    pub(super) fn leaf_bits(self) -> u32 {
        let entries = u128::from(TARGET) * u128::from(self.rows) / u128::from(self.row_bytes.max(1));
        entries.checked_ilog2().unwrap_or(0).min(MOST_BITS)
    }
}

/// By which numbers of bits a leaf with these keys and lengths of rows may have been cut. Bit `k` of the first is set
/// if none of its entries but the last ends a leaf that is meant to hold 2^k entries; of the second, if the last one
/// ends it besides.
pub(super) fn leaf_cuts<'k>(entries: impl Iterator<Item = (&'k [u8], usize)>) -> (u16, u16) {
    let (mut open, mut ended) = (u16::MAX, 0u16);
    let (mut count, mut bytes, mut scratch) = (0u64, 0u64, Vec::new());
    for (key, row_len) in entries {
        open &= !ended;
        count += 1;
        bytes += row_len as u64;
        let zeros = key_hash(LEAF_LEVEL, key, &mut scratch).trailing_zeros();
        ended = 0;
        for bits in 0..=MOST_BITS {
            ended |= u16::from(ends_leaf(bits, count, bytes, || zeros)) << bits;
        }
    }
    (open, open & ended)
}

/// Whether a leaf that is meant to hold 2^`bits` entries ends with these; `zeros` are the low bits of the last key's
/// hash that are zero.
fn ends_leaf(bits: u32, entries: u64, bytes: u64, zeros: impl FnOnce() -> u32) -> bool {
    let meant = 1 << bits;
    bytes >= MOST_BYTES || entries >= LONGEST * meant || (entries >= meant / SHORTEST && zeros() >= bits)
}

/// Finds the ends of leaves in rows that come in key order.
#[derive(Debug)]
pub struct LeafSplitter {
    bits: u32,
    entries: u64,
    bytes: u64,
    scratch: Vec<u8>,
}

impl LeafSplitter {
    /// A splitter before the first row of a table of that extent.
    pub fn new(extent: Extent) -> LeafSplitter {
        LeafSplitter { bits: extent.leaf_bits(), entries: 0, bytes: 0, scratch: Vec::new() }
    }

    /// Takes the next entry, a row of `row_len` bytes with this key (a multiset's entry counts once), and says whether
    /// its leaf ends after it.
    pub fn ends_after(&mut self, key: &[u8], row_len: usize) -> bool {
        self.entries += 1;
        self.bytes += row_len as u64;
        // Of the keys chosen for one number of bits, half are chosen for one more.
        let zeros = || key_hash(LEAF_LEVEL, key, &mut self.scratch).trailing_zeros();
        let ends = ends_leaf(self.bits, self.entries, self.bytes, zeros);
        if ends {
            self.entries = 0;
            self.bytes = 0;
        }
        ends
    }
}

/// Whether a node of `level` (1 and up) ends after its `children`-th child, whose upper bound is `upper`; the bounds of
/// its children, that one included, have `bounds` bytes.
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Numbers that look random and are the same in every run.
    fn mix(seed: u64) -> u64 {
        let hash = Hash::of(&seed.to_le_bytes());
        u64::from_le_bytes(hash.as_bytes()[..8].try_into().unwrap())
    }

    /// Row `index` of a table whose rows are `mean` bytes long, give or take a third.
    fn length(index: u64, version: u64, mean: u64) -> usize {
        let spread = mean * 2 / 3;
        usize::try_from(mean - spread / 2 + mix(index ^ version << 40) % (spread + 1)).unwrap()
    }

    /// Ends of leaves, and bytes and entries of each, for `rows` rows of which `changed` in 1,000 have another value.
    fn cut(rows: u64, mean: u64, changed: u64) -> (BTreeSet<u64>, Vec<(u64, u64)>) {
        let version = |index: u64| u64::from(mix(index ^ 1 << 60) % 1000 < changed);
        let row_bytes = (0..rows).map(|index| length(index, version(index), mean) as u64).sum();
        let mut splitter = LeafSplitter::new(Extent { rows, row_bytes });
        let (mut ends, mut sizes, mut open) = (BTreeSet::new(), Vec::new(), (0, 0));
        for index in 0..rows {
            let row = length(index, version(index), mean);
            open = (open.0 + row as u64, open.1 + 1);
            if splitter.ends_after(&index.to_be_bytes(), row) {
                ends.insert(index);
                sizes.push(std::mem::take(&mut open));
            }
        }
        (ends, sizes)
    }

    #[test]
    fn changed_values_move_no_more_than_one_end_in_a_hundred() {
        for (rows, mean) in [(700_000, 370), (200_000, 3000), (300_000, 300)] {
            let (before, _) = cut(rows, mean, 0);
            for changed in [10, 100, 300, 1000] {
                let (after, _) = cut(rows, mean, changed);
                let moved = after.difference(&before).count();
                assert!(moved * 100 <= before.len(), "{mean} {changed}: {moved} of {}", before.len());
            }
        }
    }

    #[test]
    fn a_mean_that_crosses_a_power_of_two_keeps_the_ends_of_the_longer_leaves() {
        // 256 KiB / 500 is above 2^9, 256 KiB / 520 below.
        let (longer, _) = cut(300_000, 500, 0);
        let (shorter, _) = cut(300_000, 530, 0);
        assert!(longer.len() * 3 < shorter.len() * 2);
        let kept = longer.intersection(&shorter).count();
        assert!(kept * 10 > longer.len() * 7, "{kept} of {}", longer.len());
    }

    #[test]
    fn sizes_are_spread_as_meant() {
        for (rows, mean) in [(400_000, 12), (300_000, 370), (50_000, 9000), (1000, 900_000)] {
            let (_, sizes) = cut(rows, mean, 0);
            let total: u64 = sizes.iter().map(|size| size.0).sum();
            let average = total / sizes.len() as u64;
            let longest = sizes.iter().map(|size| size.0).max().unwrap();
            assert!(longest < MOST_BYTES + mean * 2);
            assert!(sizes.iter().all(|size| size.1 <= MOST_ENTRIES));
            if (100..10_000).contains(&mean) {
                assert!((TARGET / 2..TARGET * 5 / 4).contains(&average), "{average}");
                assert!(sizes.iter().all(|size| size.0 >= TARGET / 16), "{:?}", sizes.iter().min());
                assert!(sizes.iter().all(|size| size.0 < MOST_BYTES));
            }
        }
        assert_eq!(Extent::default().leaf_bits(), 0);
        assert_eq!(Extent { rows: u64::MAX, row_bytes: u64::MAX }.leaf_bits(), MOST_BITS);
    }

    #[test]
    fn an_insertion_moves_only_the_ends_around_it() {
        let run = |skip: u64| {
            let mut splitter = LeafSplitter::new(Extent { rows: 300_000, row_bytes: 300_000 * 370 });
            let rows = (0..300_000u64).filter(|index| *index != skip);
            rows.filter(|index| splitter.ends_after(&index.to_be_bytes(), length(*index, 0, 370)))
                .collect::<BTreeSet<_>>()
        };
        let whole = run(u64::MAX);
        for skip in [0, 1000, 150_000] {
            assert!(run(skip).symmetric_difference(&whole).count() <= 8);
        }
    }

    #[test]
    fn golden_ends() {
        let (ends, _) = cut(20_000, 370, 0);
        assert_eq!(ends.into_iter().take(6).collect::<Vec<_>>(), [1248, 1606, 2149, 2595, 2892, 3649]);
        let children: Vec<u64> =
            (0..2000u64).filter(|index| node_ends(1, 16, 0, &index.to_be_bytes())).take(5).collect();
        assert_eq!(children, [15, 154, 230, 262, 284]);
        assert!(node_ends(1, 256, 0, b"") && node_ends(1, 2, MOST_BOUNDS, b"") && !node_ends(1, 1, MOST_BOUNDS, b""));
    }
}
