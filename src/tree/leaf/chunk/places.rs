//! Strings that are stored by place, put together again.

use crate::tree::Flaw;
use crate::wire::Reader;

/// The strings of these lengths, one after the other; `bytes` are the first ones of all, then the second ones, and so
/// on. No string is shorter than `shortest`.
pub(super) fn by_row(bytes: &[u8], lengths: Reader<'_>, count: usize, shortest: usize) -> Result<Vec<u8>, Flaw> {
    let mut starts = Vec::with_capacity(count);
    let (mut end, mut longest) = (0, 0);
    let mut reader = lengths.clone();
    for _ in 0..count {
        starts.push(end);
        let length = reader.length()?;
        end += length;
        longest = longest.max(length);
    }
    let mut out = vec![0; end];
    let (even, mut rest) = bytes.split_at_checked(shortest * count).ok_or(TOO_FEW)?;
    put_even(even, shortest, &starts, &mut out);
    for place in shortest..longest {
        let mut lengths = lengths.clone();
        for start in &starts {
            if place < lengths.length()? {
                let (byte, after) = rest.split_first().ok_or(TOO_FEW)?;
                out[start + place] = *byte;
                rest = after;
            }
        }
    }
    Ok(out)
}

const TOO_FEW: Flaw = Flaw::Shape("a column has too few bytes");

/// Puts the places that all strings have: a matrix of bytes is turned on its side, eight by eight of them at a time.
fn put_even(bytes: &[u8], places: usize, starts: &[usize], out: &mut [u8]) {
    let count = starts.len();
    if places < 8 || count < 8 {
        for place in 0..places {
            for (start, byte) in starts.iter().zip(&bytes[place * count..]) {
                out[start + place] = *byte;
            }
        }
        return;
    }
    // The last square of each row and column overlaps the one before it, and says the same.
    for place in (0..places).step_by(8).map(|place| place.min(places - 8)) {
        for string in (0..count).step_by(8).map(|string| string.min(count - 8)) {
            let mut square = [0u64; 8];
            for (row, at) in square.iter_mut().zip((place * count + string..).step_by(count)) {
                *row = bytes[at..].first_chunk().copied().map_or(0, u64::from_le_bytes);
            }
            turn(&mut square);
            for (column, start) in square.into_iter().zip(&starts[string..]) {
                out[start + place..start + place + 8].copy_from_slice(&column.to_le_bytes());
            }
        }
    }
}

/// Turns eight words of eight bytes on their side.
fn turn(square: &mut [u64; 8]) {
    for (distance, mask) in [(1, 0x00ff_00ff_00ff_00ff), (2, 0x0000_ffff_0000_ffff), (4, 0x0000_0000_ffff_ffff)] {
        for low in (0..8).filter(|at| at & distance == 0) {
            let high = low + distance;
            let swapped = ((square[low] >> (8 * distance)) ^ square[high]) & mask;
            square[high] ^= swapped;
            square[low] ^= swapped << (8 * distance);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::put_uvarint;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn strings_come_back_from_their_places(
            strings in (0usize..40, 0usize..7).prop_flat_map(|(shortest, more)| {
                proptest::collection::vec(proptest::collection::vec(any::<u8>(), shortest..=shortest + more), 1..70)
            })
        ) {
            let (mut lengths, mut bytes) = (Vec::new(), Vec::new());
            strings.iter().for_each(|string| put_uvarint(&mut lengths, string.len() as u64));
            (0..64).for_each(|place| bytes.extend(strings.iter().filter_map(|string| string.get(place))));
            let shortest = strings.iter().map(Vec::len).min().unwrap();
            prop_assert_eq!(by_row(&bytes, Reader::new(&lengths), strings.len(), shortest).unwrap(), strings.concat());
        }
    }
}
