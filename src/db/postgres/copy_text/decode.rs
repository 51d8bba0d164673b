//! COPY text to canonical rows.

use crate::codec::RowWriter;
use crate::db::postgres::types::Form;

/// A row that is not what COPY writes. Holds no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::db::postgres) struct Malformed;

/// Decodes the rows of one table.
pub(in crate::db::postgres) struct Decoder {
    forms: Vec<Form>,
    scratch: Vec<u8>,
}

impl Decoder {
    /// For rows whose columns have these forms.
    pub(in crate::db::postgres) fn new(forms: Vec<Form>) -> Decoder {
        Decoder { forms, scratch: Vec::new() }
    }

    /// Appends the canonical bytes of one row of COPY text, newline included, to `out`.
    pub(in crate::db::postgres) fn row(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<(), Malformed> {
        let mut rest = line.strip_suffix(b"\n").ok_or(Malformed)?;
        let Some((last, forms)) = self.forms.split_last() else {
            return if rest.is_empty() { Ok(()) } else { Err(Malformed) };
        };
        let mut writer = RowWriter::new(out);
        for &form in forms {
            let field = cut(rest);
            rest = rest.get(field.length + 1..).ok_or(Malformed)?;
            value(form, field, &mut self.scratch, &mut writer)?;
        }
        let field = cut(rest);
        if field.length != rest.len() {
            return Err(Malformed);
        }
        value(*last, field, &mut self.scratch, &mut writer)
    }
}

/// One field, as it stands in the line.
#[derive(Clone, Copy)]
struct Field<'l> {
    bytes: &'l [u8],
    length: usize,
    escaped: bool,
}

/// The field at the start of `line`: up to the first tab, which cannot be part of a value, or the end.
fn cut(line: &[u8]) -> Field<'_> {
    let stop = find(line, 0, |byte| byte == b'\t' || byte == b'\\', tab_or_backslash);
    if line.get(stop) != Some(&b'\\') {
        return Field { bytes: &line[..stop], length: stop, escaped: false };
    }
    let stop = find(line, stop, |byte| byte == b'\t', |word| zero_bytes(word ^ TABS));
    Field { bytes: &line[..stop], length: stop, escaped: true }
}

const TABS: u64 = u64::from_le_bytes([b'\t'; 8]);
const BACKSLASHES: u64 = u64::from_le_bytes([b'\\'; 8]);
const ONES: u64 = u64::from_le_bytes([0x01; 8]);
const HIGHS: u64 = u64::from_le_bytes([0x80; 8]);

/// The high bit of every zero byte of `word` (and perhaps of bytes above the lowest zero byte, which do not matter).
const fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGHS
}

const fn tab_or_backslash(word: u64) -> u64 {
    zero_bytes(word ^ TABS) | zero_bytes(word ^ BACKSLASHES)
}

/// The first position from `start` on where `is` holds, or the length. `any` tells of eight bytes at a time.
#[inline(always)]
fn find(line: &[u8], start: usize, is: impl Fn(u8) -> bool, any: impl Fn(u64) -> u64) -> usize {
    let mut position = start;
    while let Some(chunk) = line.get(position..).and_then(<[u8]>::first_chunk::<8>) {
        let hits = any(u64::from_le_bytes(*chunk));
        if hits != 0 {
            return position + hits.trailing_zeros() as usize / 8;
        }
        position += 8;
    }
    line[position..].iter().position(|&byte| is(byte)).map_or(line.len(), |offset| position + offset)
}

#[inline]
fn value(form: Form, field: Field<'_>, scratch: &mut Vec<u8>, writer: &mut RowWriter<'_>) -> Result<(), Malformed> {
    if !field.escaped {
        return match form {
            Form::Text => {
                writer.text(field.bytes);
                Ok(())
            }
            Form::Int => {
                writer.int(integer(field.bytes)?);
                Ok(())
            }
            Form::Float4 => {
                writer.real(f64::from(real::<f32>(field.bytes)?));
                Ok(())
            }
            Form::Float8 => {
                writer.real(real::<f64>(field.bytes)?);
                Ok(())
            }
            // a bytea always starts with an escaped backslash
            Form::Bytes => Err(Malformed),
        };
    }
    if field.bytes == b"\\N" {
        writer.null();
        return Ok(());
    }
    match form {
        Form::Text => {
            unescape(field.bytes, scratch)?;
            writer.text(scratch);
            Ok(())
        }
        Form::Bytes => {
            unhex(field.bytes.strip_prefix(b"\\\\x").ok_or(Malformed)?, scratch)?;
            writer.blob(scratch);
            Ok(())
        }
        Form::Int | Form::Float4 | Form::Float8 => Err(Malformed),
    }
}

#[inline]
fn integer(digits: &[u8]) -> Result<i64, Malformed> {
    let (negative, digits) = match digits.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, digits),
    };
    if digits.is_empty() || digits.len() > 19 {
        return Err(Malformed);
    }
    let mut value = 0u64;
    for &digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return Err(Malformed);
        }
        // nineteen digits always fit
        value = value * 10 + u64::from(digit);
    }
    if negative {
        0i64.checked_sub_unsigned(value).ok_or(Malformed)
    } else {
        i64::try_from(value).map_err(|_| Malformed)
    }
}

fn real<T: std::str::FromStr>(text: &[u8]) -> Result<T, Malformed> {
    std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).ok_or(Malformed)
}

/// Writes the value that `escaped` stands for into `out`.
fn unescape(mut escaped: &[u8], out: &mut Vec<u8>) -> Result<(), Malformed> {
    out.clear();
    out.reserve(escaped.len());
    loop {
        let stop = find(escaped, 0, |byte| byte == b'\\', |word| zero_bytes(word ^ BACKSLASHES));
        let (plain, rest) = escaped.split_at(stop);
        out.extend_from_slice(plain);
        let [_, letter, rest @ ..] = rest else {
            return if rest.is_empty() { Ok(()) } else { Err(Malformed) };
        };
        out.push(match letter {
            b'\\' => b'\\',
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'b' => 0x08,
            b'v' => 0x0b,
            b'f' => 0x0c,
            _ => return Err(Malformed),
        });
        escaped = rest;
    }
}

fn unhex(digits: &[u8], out: &mut Vec<u8>) -> Result<(), Malformed> {
    fn digit(digit: u8) -> Result<u8, Malformed> {
        match digit {
            b'0'..=b'9' => Ok(digit - b'0'),
            b'a'..=b'f' => Ok(digit - b'a' + 10),
            _ => Err(Malformed),
        }
    }
    out.clear();
    out.reserve(digits.len() / 2);
    let (pairs, []) = digits.as_chunks::<2>() else { return Err(Malformed) };
    for &[high, low] in pairs {
        out.push(digit(high)? << 4 | digit(low)?);
    }
    Ok(())
}
