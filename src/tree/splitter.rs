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

    /// Whether the key's hash, read as a fraction of 2^64, is below mean row size / target; above the target the chance grows
    /// with the size, so that hardly any leaf is cut by [`MOST_BYTES`], where any change of a value would move the cut.
    fn is_chosen(&mut self, key: &[u8]) -> bool {
        let hash = key_hash(LEAF_LEVEL, key, &mut self.scratch);
        if hash < 1 << (64 - LEAST_CHANCE_BITS) {
            return true;
        }
        // At most 64 + 36 + 16 bits on the left, 64 + 40 on the right.
        let (target, bytes) = (u128::from(TARGET), u128::from(self.bytes));
        u128::from(hash) * target * target * u128::from(self.entries) < (bytes * bytes.max(target)) << 64
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
        let mut splitter = LeafSplitter::new();
        let (mut ends, mut sizes, mut open) = (BTreeSet::new(), Vec::new(), (0, 0));
        for index in 0..rows {
            let version = u64::from(mix(index ^ 1 << 60) % 1000 < changed);
            let row = length(index, version, mean);
            open = (open.0 + row as u64, open.1 + 1);
            if splitter.ends_after(&index.to_be_bytes(), row) {
                ends.insert(index);
                sizes.push(std::mem::take(&mut open));
            }
        }
        (ends, sizes)
    }

    #[test]
    fn changed_values_move_few_ends() {
        for (rows, mean) in [(700_000, 370), (200_000, 3000)] {
            let (before, _) = cut(rows, mean, 0);
            for (changed, most) in [(10, 4), (100, 15), (300, 25), (1000, 50)] {
                let (after, _) = cut(rows, mean, changed);
                let moved = after.difference(&before).count();
                println!("{mean} bytes a row, {changed} in 1,000 changed: {moved} of {} ends moved", before.len());
                assert!(moved * 1000 <= before.len() * most, "{mean} {changed}: {moved} of {}", before.len());
            }
        }
    }

    #[test]
    fn sizes_are_spread_as_meant() {
        for (rows, mean) in [(400_000, 12), (300_000, 370), (50_000, 9000), (1000, 900_000)] {
            let (_, sizes) = cut(rows, mean, 0);
            let total: u64 = sizes.iter().map(|size| size.0).sum();
            let average = total / sizes.len() as u64;
            let longest = sizes.iter().map(|size| size.0).max().unwrap();
            println!("{mean} bytes a row: {} leaves, {average} bytes on average, at most {longest}", sizes.len());
            assert!(longest < MOST_BYTES + mean * 2);
            assert!(sizes.iter().all(|size| size.1 <= MOST_ENTRIES));
            assert!(sizes.iter().all(|size| size.0 >= LEAST || size.1 >= MANY));
            if (100..10_000).contains(&mean) {
                assert!((TARGET * 9 / 10..TARGET * 5 / 4).contains(&average), "{average}");
                let forced = sizes.iter().filter(|size| size.0 >= MOST_BYTES).count();
                assert!(forced * 500 < sizes.len(), "{forced} of {}", sizes.len());
            }
        }
    }

    #[test]
    fn an_insertion_moves_only_the_ends_around_it() {
        let run = |skip: u64| {
            let mut splitter = LeafSplitter::new();
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
        assert_eq!(ends.into_iter().take(6).collect::<Vec<_>>(), [1253, 3199, 3729, 4053, 4439, 5955]);
        let children: Vec<u64> =
            (0..2000u64).filter(|index| node_ends(1, 16, 0, &index.to_be_bytes())).take(5).collect();
        assert_eq!(children, [15, 154, 230, 262, 284]);
        assert!(node_ends(1, 256, 0, b"") && node_ends(1, 2, MOST_BOUNDS, b"") && !node_ends(1, 1, MOST_BOUNDS, b""));
    }
}
