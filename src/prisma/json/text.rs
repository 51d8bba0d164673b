//! JSON strings, base64 and numbers as text.

use crate::codec::RowWriter;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Largest integer that every JSON reader keeps exactly: 2^53 - 1.
pub(super) const SAFE_INTEGER: u64 = (1 << 53) - 1;

/// What each byte of a string becomes: 0 itself, `u` a `\u00XX`, anything else a backslash and that letter.
static ESCAPES: [u8; 256] = {
    let mut table = [0u8; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = b'u';
        byte += 1;
    }
    table[0x08] = b'b';
    table[0x09] = b't';
    table[0x0a] = b'n';
    table[0x0c] = b'f';
    table[0x0d] = b'r';
    table[b'"' as usize] = b'"';
    table[b'\\' as usize] = b'\\';
    table
};

/// Appends `text` as a JSON string, quotes included.
pub(super) fn put_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    put_escaped(out, text.as_bytes());
    out.push(b'"');
}

/// Appends what stands between the quotes. Runs without anything to escape are copied whole.
fn put_escaped(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut copied = 0;
    while let Some(ahead) = next_escape(&bytes[copied..]) {
        let at = copied + ahead;
        let byte = bytes[at];
        out.extend_from_slice(&bytes[copied..at]);
        match ESCAPES[usize::from(byte)] {
            b'u' => {
                let digits = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&digits);
            }
            escape => out.extend_from_slice(&[b'\\', escape]),
        }
        copied = at + 1;
    }
    out.extend_from_slice(&bytes[copied..]);
}

/// Where the first byte is that a string does not hold as it is: below 0x20, a quote or a backslash.
pub(super) fn next_escape(bytes: &[u8]) -> Option<usize> {
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let found = escapes(u64::from_le_bytes(*word));
        if found != 0 {
            return Some(at * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let before = bytes.len() - rest.len();
    rest.iter().position(|&byte| ESCAPES[usize::from(byte)] != 0).map(|at| before + at)
}

/// The high bits of the bytes of a word that are below 0x20, a quote or a backslash. Only the lowest bit is sure: what
/// is borrowed there may set others.
const fn escapes(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let below = word.wrapping_sub(ONES * 0x20) & !word;
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    let zero = (quote.wrapping_sub(ONES) & !quote) | (backslash.wrapping_sub(ONES) & !backslash);
    (below | zero) & HIGH
}

/// Bytes that are looked at and copied at once, even if fewer are wanted: that is faster than copying just as many.
pub(super) const RUN: usize = 32;

/// Appends the first `len` bytes of `from`, which had better go on for some bytes.
#[inline(always)]
pub(super) fn put_first(out: &mut Vec<u8>, from: &[u8], len: usize) {
    match from.first_chunk::<RUN>() {
        Some(run) if len <= RUN => {
            let end = out.len() + len;
            out.extend_from_slice(run);
            out.truncate(end);
        }
        _ => out.extend_from_slice(from.get(..len).unwrap_or(from)),
    }
}

/// Appends the first `len` bytes of `from`, as [`put_first`] does, and a quote behind them, if they are plain.
#[inline(always)]
pub(super) fn put_if_plain(out: &mut Vec<u8>, from: &[u8], len: usize) -> bool {
    let plain = match from.first_chunk::<RUN>() {
        Some(run) if len <= RUN => {
            let len = u8::try_from(len).unwrap_or(u8::MAX);
            run.iter().zip(0u8..).fold(true, |plain, (&byte, at)| plain & (is_plain_byte(byte) | (at >= len)))
        }
        _ => is_plain(from.get(..len).unwrap_or(from)),
    };
    if plain {
        put_first(out, from, len);
        out.push(b'"');
    }
    plain
}

const fn is_plain_byte(byte: u8) -> bool {
    (byte >= 0x20) & (byte < 0x80) & (byte != b'"') & (byte != b'\\')
}

/// Whether `bytes` are printable ASCII without quotes and backslashes: text that a JSON string holds as it is. Looks at
/// every byte whatever it finds, so that the compiler can look at many at once.
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    bytes.iter().fold(true, |plain, &byte| plain & is_plain_byte(byte))
}

/// Whether a byte is NUL; looks at all of them as well.
pub(super) fn has_nul(bytes: &[u8]) -> bool {
    bytes.iter().fold(false, |found, &byte| found | (byte == 0))
}

/// Appends a string that is known to need no escapes.
pub(super) fn put_plain(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    out.extend_from_slice(bytes);
    out.push(b'"');
}

/// Appends bytes as a JSON string of base64 (standard alphabet, padded).
pub(super) fn put_base64(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    let written = STANDARD.encode_slice(bytes, &mut out[start..]).unwrap_or(0);
    out.truncate(start + written);
    out.push(b'"');
}

/// Appends the blob that base64 in its one canonical form stands for.
pub(super) fn blob_of_base64(text: &str, row: &mut RowWriter<'_>) -> Option<()> {
    let padding = text.bytes().rev().take(2).take_while(|byte| *byte == b'=').count();
    let length = (text.len() / 4 * 3).checked_sub(padding)?;
    row.blob_by(length, |out| STANDARD.decode_vec(text, out).ok())
}

/// The bytes of base64 in its one canonical form.
pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Appends an integer's digits.
pub(super) fn put_int(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Appends the shortest decimal that reads back as `value`, always with a point or an exponent. `value` must be finite.
pub(super) fn put_f64(out: &mut Vec<u8>, value: f64) {
    out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
}

/// As [`put_f64`], for a 32-bit float.
pub(super) fn put_f32(out: &mut Vec<u8>, value: f32) {
    out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
}

/// The text of a JSON string, given what stands between its quotes. `None` for a bad escape or half a surrogate pair.
pub(super) fn unescape(raw: &str) -> Option<Cow<'_, str>> {
    if !raw.contains('\\') {
        return Some(Cow::Borrowed(raw));
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let escape = rest.as_bytes().get(at + 1)?;
        rest = rest.get(at + 2..)?;
        out.push(match escape {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let mut unit = u32::from_str_radix(hex4(rest)?, 16).ok()?;
                rest = &rest[4..];
                if (0xd800..0xdc00).contains(&unit) {
                    let low = u32::from_str_radix(hex4(rest.strip_prefix("\\u")?)?, 16).ok()?;
                    if !(0xdc00..0xe000).contains(&low) {
                        return None;
                    }
                    rest = &rest[6..];
                    unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                }
                char::from_u32(unit)?
            }
            _ => return None,
        });
    }
    out.push_str(rest);
    Some(Cow::Owned(out))
}

fn hex4(text: &str) -> Option<&str> {
    let digits = text.get(..4)?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn string(text: &str) -> String {
        let mut out = Vec::new();
        put_string(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    proptest! {
        #[test]
        fn strings_come_back_from_both_readers(text: String) {
            let json = string(&text);
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text.clone());
            prop_assert_eq!(unescape(&json[1..json.len() - 1]).unwrap(), text);
        }

        #[test]
        fn plain_text_is_what_is_written_as_it_is(bytes in proptest::collection::vec(prop_oneof![0u8..=255, 0x20u8..0x7f], 0..40)) {
            let text = std::str::from_utf8(&bytes).ok().filter(|text| text.is_ascii());
            prop_assert_eq!(is_plain(&bytes), text.is_some_and(|text| string(text) == format!("\"{text}\"")));
            prop_assert_eq!(has_nul(&bytes), bytes.contains(&0));
            for len in 0..=bytes.len() {
                let mut out = b"x".to_vec();
                let plain = put_if_plain(&mut out, &bytes, len);
                prop_assert_eq!(plain, is_plain(&bytes[..len]));
                let wanted = if plain { [b"x", &bytes[..len], b"\""].concat() } else { b"x".to_vec() };
                prop_assert_eq!(out, wanted);
            }
        }

        #[test]
        fn every_byte_is_escaped_at_every_offset(offset in 0usize..20, byte in 0u8..0x80) {
            let text = format!("{}{}{}", "a".repeat(offset), byte as char, "z".repeat(19 - offset));
            prop_assert_eq!(serde_json::from_str::<String>(&string(&text)).unwrap(), text);
        }
    }

    #[test]
    fn escapes_of_other_writers_are_read() {
        assert_eq!(unescape(r"\/\u00e9\ud83d\ude00").as_deref(), Some("/\u{e9}\u{1f600}"));
        for bad in [r"\ud83d", r"\ud83d\u0041", r"\x", r"\u12", r"\", r"\u+123", r"\ude00"] {
            assert_eq!(unescape(bad), None, "{bad}");
        }
    }
}
