//! Values as SQL text that every version of the `sqlite3` program reads back bit for bit.

use crate::codec::ValueRef;
use crate::db::patch::hex;

/// A value as an expression.
pub(super) fn value(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Int(int) => int.to_string(),
        ValueRef::Real(value) => real(value),
        ValueRef::Text(bytes) => text(bytes),
        ValueRef::Blob(bytes) => format!("X'{}'", hex(bytes)),
    }
}

/// Text as an expression. NUL would end the program's input and it drops a carriage return before a line feed: both are
/// put in by `replace`. What is not UTF-8 is a blob's bytes (which mean the same only in a UTF-8 database).
pub(super) fn text(bytes: &[u8]) -> String {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return format!("CAST(X'{}' AS TEXT)", hex(bytes));
    };
    let mut shown = text.to_owned();
    let mut calls = Vec::new();
    for (character, code, stem) in [('\0', 0, "\\0"), ('\r', 13, "\\r")] {
        if !shown.contains(character) {
            continue;
        }
        let Some(mark) = mark(&shown, character, stem) else {
            return format!("CAST(X'{}' AS TEXT)", hex(bytes));
        };
        shown = shown.replace(character, &mark);
        calls.push((mark, code));
    }
    let mut sql = format!("'{}'", shown.replace('\'', "''"));
    for (mark, code) in calls.into_iter().rev() {
        sql = format!("replace({sql}, '{mark}', char({code}))");
    }
    sql
}

/// A mark that can stand for `character`: put in and taken out again, the text is as it was.
fn mark(text: &str, character: char, stem: &str) -> Option<String> {
    let fits = |mark: &String| {
        !text.contains(mark.as_str())
            && text.replace(character, mark).replace(mark.as_str(), &character.to_string()) == text
    };
    (0..100).map(|number| if number == 0 { stem.to_owned() } else { format!("{stem}{number};") }).find(fits)
}

/// A real as an expression. SQLite reads some decimals a bit off, and not every version the same ones: a decimal stands
/// only where it cannot be missed, else the real is put together from integers and powers of two, which are exact.
pub(super) fn real(value: f64) -> String {
    if value.is_nan() {
        return "NULL".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "9e999".to_owned() } else { "-9e999".to_owned() };
    }
    let decimal = format!("{value:?}");
    if value == 0.0 || is_unmistakable(&decimal) {
        return decimal;
    }
    let bits = value.to_bits();
    let exponent = i32::try_from(bits >> 52 & 0x7ff).unwrap_or(0);
    let fraction = bits & ((1 << 52) - 1);
    let (mut mantissa, mut power) = match exponent {
        0 => (fraction, -1074),
        exponent => (fraction | 1 << 52, exponent - 1075),
    };
    while mantissa & 1 == 0 && power != 0 {
        mantissa >>= 1;
        power += 1;
    }
    let sign = if value < 0.0 { "-" } else { "" };
    let mut sql = format!("({sign}CAST({mantissa} AS REAL)");
    let operator = if power < 0 { '/' } else { '*' };
    let mut left = power.unsigned_abs();
    while left > 0 {
        let step = left.min(62);
        sql.push_str(&format!(" {operator} {}", 1u64 << step));
        left -= step;
    }
    sql.push(')');
    sql
}

/// Whether a decimal of few digits is so far from the middle between two reals that arithmetic of 64 bits, rounded
/// twice, reads it as the nearest.
fn is_unmistakable(decimal: &str) -> bool {
    let digits = decimal.trim_start_matches('-');
    let Some((whole, fraction)) = digits.split_once('.') else { return false };
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) || whole.len() + fraction.len() > 15 {
        return false;
    }
    let Ok(number) = format!("{whole}{fraction}").parse::<u128>() else { return false };
    let scale = 10u128.pow(u32::try_from(fraction.len()).unwrap_or(u32::MAX).min(30));
    if number == 0 || number % scale == 0 {
        return true;
    }
    // number / scale with at least 77 significant bits, of which a real has the first 53
    let shifted = number << (number.leading_zeros() - 1);
    let quotient = shifted / scale;
    let below = 128 - quotient.leading_zeros() - 53;
    let position = (quotient & ((1 << below) - 1)) >> (below - 10);
    // in 1024ths of the distance between two reals: not within a hundredth of the middle
    !(500..=523).contains(&position)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reals_read_back() {
        assert_eq!(real(9.99), "9.99");
        assert_eq!(real(-4.5), "-4.5");
        assert_eq!(real(0.1 + 0.2), "(CAST(1351079888211149 AS REAL) / 4503599627370496)");
        assert_eq!(real(-0.0), "-0.0");
        assert_eq!(real(1e300).matches('*').count(), 16);
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        let mut bits = 0x9e37_79b9_7f4a_7c15u64;
        for _ in 0..20_000 {
            bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let shift = bits >> 58;
            #[expect(clippy::cast_precision_loss, reason = "any real will do")]
            let short = (bits >> 40) as f64 / 10f64.powi(i32::try_from(shift % 9).unwrap());
            for wanted in [f64::from_bits(bits), short, f64::from_bits(bits & 0xf_ffff_ffff)] {
                if wanted.is_nan() {
                    continue;
                }
                let sql = format!("SELECT {}", real(wanted));
                let found: f64 = connection.query_row(&sql, [], |row| row.get(0)).unwrap();
                assert_eq!(found.to_bits(), wanted.to_bits(), "{sql}");
            }
        }
    }

    #[test]
    fn text_reads_back() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        for wanted in [&b""[..], b"it's", b"a\0b", b"\0", b"\r\n", b"\\r\r\\0\0", b"\\\r", b"\xff\xfe", b"\\\0r\r0"] {
            let sql = format!("SELECT CAST({} AS BLOB)", text(wanted));
            assert!(!sql.contains(['\0', '\r']));
            let found: Vec<u8> = connection.query_row(&sql, [], |row| row.get(0)).unwrap();
            assert_eq!(found, wanted, "{sql}");
        }
    }
}
