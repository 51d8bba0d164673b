//! Decimal numbers of any size in text form, as PostgreSQL prints a `numeric`.

use super::number::put_ordered_i64;

/// Classes, in order; a class is the first byte of the encoding.
const NEGATIVE_INFINITY: u8 = 1;
const NEGATIVE: u8 = 2;
const ZERO: u8 = 3;
const POSITIVE: u8 = 4;
const INFINITY: u8 = 5;
const NAN: u8 = 6;

/// A decimal taken apart: the value is 0.d1d2d3... x 10^exponent with d1 and the last digit not 0.
pub(super) struct Decimal<'t> {
    class: u8,
    exponent: i64,
    /// Digits, perhaps with one point among them.
    digits: &'t [u8],
}

/// Takes `text` apart; `None` if it is not `[-]digits[.digits]`, `NaN`, `Infinity` or `-Infinity`.
pub(super) fn parse(text: &[u8]) -> Option<Decimal<'_>> {
    let special = |class| Some(Decimal { class, exponent: 0, digits: &[] });
    match text {
        b"NaN" => return special(NAN),
        b"Infinity" => return special(INFINITY),
        b"-Infinity" => return special(NEGATIVE_INFINITY),
        _ => {}
    }
    let (class, unsigned) = match text.strip_prefix(b"-") {
        Some(rest) => (NEGATIVE, rest),
        None => (POSITIVE, text),
    };
    let point = unsigned.iter().position(|&byte| byte == b'.');
    let whole = &unsigned[..point.unwrap_or(unsigned.len())];
    let fraction = point.map(|at| &unsigned[at + 1..]);
    if !is_digits(whole) || fraction.is_some_and(|fraction| !is_digits(fraction)) {
        return None;
    }
    let nonzero = |byte: &u8| matches!(byte, b'1'..=b'9');
    let Some(first) = unsigned.iter().position(nonzero) else {
        return special(ZERO);
    };
    let last = unsigned.iter().rposition(nonzero)?;
    // Distance from the first digit that counts to the point; the point itself is not a place.
    let exponent = if first < whole.len() { distance(whole.len(), first)? } else { distance(whole.len() + 1, first)? };
    Some(Decimal { class, exponent, digits: &unsigned[first..=last] })
}

impl Decimal<'_> {
    /// Appends class, exponent and digits; all but the class complemented for negative numbers.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        out.push(self.class);
        if !matches!(self.class, NEGATIVE | POSITIVE) {
            return;
        }
        let start = out.len();
        put_ordered_i64(self.exponent, out);
        out.extend(self.digits.iter().filter(|&&byte| byte != b'.'));
        out.push(0);
        if self.class == NEGATIVE {
            for byte in &mut out[start..] {
                *byte = !*byte;
            }
        }
    }
}

fn is_digits(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit)
}

fn distance(to: usize, from: usize) -> Option<i64> {
    Some(i64::try_from(to).ok()? - i64::try_from(from).ok()?)
}
