//! Integers and reals on one line: the nearest f64, then how far the number is from it.

/// The one NaN: PostgreSQL takes all of them for equal and greater than everything else.
const NAN_BITS: u64 = 0x7ff8_0000_0000_0000;
const SIGN: u64 = 1 << 63;

/// Appends an integer: its nearest f64 (ties to even) and the difference from it.
#[expect(clippy::cast_precision_loss, reason = "what the nearest f64 loses is encoded after it")]
pub(super) fn put_int(int: i64, out: &mut Vec<u8>) {
    let nearest = int as f64;
    // At most 512 apart (half the distance between two f64 just below 2^63), so 16 bits hold it.
    #[expect(clippy::cast_possible_truncation, reason = "the difference is at most 512; f64 to i128 is exact here")]
    let difference = (i128::from(int) - nearest as i128) as i16;
    put_parts(nearest, difference, out);
}

/// Appends a real. -0 is 0; every NaN is the same.
pub(super) fn put_real(real: f64, out: &mut Vec<u8>) {
    put_parts(real, 0, out);
}

/// Appends an i64 so that bytes compare as numbers do.
pub(super) fn put_ordered_i64(int: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(&(int.cast_unsigned() ^ SIGN).to_be_bytes());
}

fn put_parts(nearest: f64, difference: i16, out: &mut Vec<u8>) {
    let mut bytes = [0u8; 10];
    bytes[..8].copy_from_slice(&ordered_bits(nearest).to_be_bytes());
    bytes[8..].copy_from_slice(&(difference.cast_unsigned() ^ 0x8000).to_be_bytes());
    out.extend_from_slice(&bytes);
}

fn ordered_bits(real: f64) -> u64 {
    let bits = if real.is_nan() {
        NAN_BITS
    } else if real == 0.0 {
        0
    } else {
        real.to_bits()
    };
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}
