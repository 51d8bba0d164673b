//! Hashes of many short inputs at once.
//!
//! BLAKE3 is fast on long inputs, whose chunks it hashes side by side; a row is less than one chunk. Here rows with the
//! same number of 64-byte blocks are hashed side by side instead, which takes a third to a half of the time. The
//! crate's own kernels do it; they are open, but not promised to stay as they are, so they are tried before they are
//! used.

use super::Hash;
use blake3::IncrementCounter;
use blake3::platform::Platform;
use std::sync::OnceLock;

const BLOCK: usize = blake3::BLOCK_LEN;
/// Whole blocks before the last one of a chunk, at most.
const MOST_BLOCKS: usize = blake3::CHUNK_LEN / BLOCK - 1;
/// Inputs that go into a kernel at once: as many as the widest one takes.
const LANES: usize = 16;

const CHUNK_START: u8 = 1;
const CHUNK_END: u8 = 2;
const ROOT: u8 = 8;

type Words = [u32; 8];

/// What BLAKE3 starts from (section 2.2 of its paper).
const IV: Words =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// The hashes of `inputs`, in their order.
pub(super) fn of_each(inputs: &[&[u8]]) -> Vec<Hash> {
    if are_kernels_known() { side_by_side(inputs) } else { one_by_one(inputs) }
}

fn one_by_one(inputs: &[&[u8]]) -> Vec<Hash> {
    inputs.iter().map(|input| Hash::of(input)).collect()
}

/// Whether the kernels do what they did when this was written; looked at once.
fn are_kernels_known() -> bool {
    static KNOWN: OnceLock<bool> = OnceLock::new();
    *KNOWN.get_or_init(|| {
        let bytes: [u8; blake3::CHUNK_LEN] = std::array::from_fn(|at| at.to_le_bytes()[0]);
        let inputs: Vec<&[u8]> = (0..bytes.len()).step_by(BLOCK / 2).map(|len| &bytes[..len]).collect();
        // often enough to fill every lane
        let inputs = inputs.repeat(LANES);
        side_by_side(&inputs) == one_by_one(&inputs)
    })
}

fn side_by_side(inputs: &[&[u8]]) -> Vec<Hash> {
    let platform = Platform::detect();
    let mut hashes = vec![Hash([0; Hash::LEN]); inputs.len()];
    let mut groups: [Vec<usize>; MOST_BLOCKS + 1] = std::array::from_fn(|_| Vec::new());
    for (index, input) in inputs.iter().enumerate() {
        match groups.get_mut(input.len().saturating_sub(1) / BLOCK) {
            Some(group) => group.push(index),
            None => hashes[index] = Hash::of(input),
        }
    }
    for (blocks, group) in groups.iter().enumerate() {
        for part in group.chunks(LANES) {
            let mut chained = [IV; LANES];
            let start = if blocks == 0 { CHUNK_START } else { 0 };
            chain(platform, blocks, part, inputs, &mut chained);
            for (words, &index) in chained.iter_mut().zip(part) {
                let rest = &inputs[index][blocks * BLOCK..];
                let mut last = [0u8; BLOCK];
                last[..rest.len()].copy_from_slice(rest);
                // at most BLOCK
                let len = u8::try_from(rest.len()).unwrap_or(u8::MAX);
                platform.compress_in_place(words, &last, len, 0, start | CHUNK_END | ROOT);
                hashes[index] = Hash(bytes(words));
            }
        }
    }
    hashes
}

/// Takes the first `blocks` blocks of the inputs at `part` into their words.
fn chain(platform: Platform, blocks: usize, part: &[usize], inputs: &[&[u8]], chained: &mut [Words; LANES]) {
    macro_rules! kernels {
        ($($count:literal)*) => {
            match blocks {
                $($count => whole_blocks::<{ $count * BLOCK }>(platform, part, inputs, chained),)*
                _ => {}
            }
        };
    }
    kernels!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
}

fn whole_blocks<const LEN: usize>(platform: Platform, part: &[usize], inputs: &[&[u8]], chained: &mut [Words; LANES]) {
    let mut heads = [const { &[0u8; LEN] }; LANES];
    for (head, &index) in heads.iter_mut().zip(part) {
        if let Some(found) = inputs[index].first_chunk::<LEN>() {
            *head = found;
        }
    }
    let mut out = [0u8; LANES * Hash::LEN];
    let (heads, out) = (&heads[..part.len()], &mut out[..part.len() * Hash::LEN]);
    platform.hash_many(heads, &IV, 0, IncrementCounter::No, 0, CHUNK_START, 0, out);
    for (words, hash) in chained.iter_mut().zip(out.as_chunks::<{ Hash::LEN }>().0) {
        for (word, bytes) in words.iter_mut().zip(hash.as_chunks::<4>().0) {
            *word = u32::from_le_bytes(*bytes);
        }
    }
}

fn bytes(words: &Words) -> [u8; Hash::LEN] {
    let mut bytes = [0u8; Hash::LEN];
    for (bytes, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(words) {
        *bytes = word.to_le_bytes();
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn same(inputs: &[&[u8]]) {
        assert_eq!(side_by_side(inputs), one_by_one(inputs));
        assert_eq!(of_each(inputs), one_by_one(inputs));
    }

    #[test]
    fn the_kernels_are_known() {
        assert!(are_kernels_known(), "rows are hashed one by one, and more slowly");
    }

    #[test]
    fn every_length_is_hashed_as_if_alone() {
        let bytes: Vec<u8> = (0..3000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let inputs: Vec<&[u8]> = (0..1400).map(|len| &bytes[len / 3..len / 3 + len]).collect();
        same(&inputs);
        for len in [0, 1, 63, 64, 65, 448, 449, 1024, 1025] {
            for count in 0..40 {
                let inputs: Vec<&[u8]> = (0..count).map(|at| &bytes[at..at + len]).collect();
                same(&inputs);
            }
        }
    }

    proptest! {
        #[test]
        fn any_inputs_are_hashed_as_if_alone(inputs in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..1200), 0..70)) {
            same(&inputs.iter().map(Vec::as_slice).collect::<Vec<_>>());
        }
    }
}
