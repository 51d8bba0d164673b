//! PostgreSQL's text of dates, times and money, and the form that Prisma's client takes for it.
//!
//! Each pair of functions is a bijection between the texts that have a second form and those forms: `from(to(x)) = x`,
//! and `to` has no result for a text that `from` takes for a form.

use crate::codec::Kind;

/// Appends the ISO form (`2026-01-24T10:30:00.000Z`) of a PostgreSQL date or time. `None` if it has none, and nothing
/// is appended; else whether there are more than three digits of a second.
pub(super) fn to_iso(kind: Kind, text: &[u8], out: &mut Vec<u8>) -> Option<bool> {
    let text = if matches!(kind, Kind::TimeTz | Kind::TimestampTz) { text.strip_suffix(b"+00")? } else { text };
    let (date, time) = match kind {
        Kind::Date => (Some(text.try_into().ok()?), None),
        Kind::Time | Kind::TimeTz => (None, Some(text)),
        Kind::Timestamp | Kind::TimestampTz => {
            let (date, rest) = text.split_first_chunk()?;
            (Some(date), Some(rest.strip_prefix(b" ")?))
        }
        _ => return None,
    };
    let mut iso = *b"1970-01-01T00:00:00.000Z";
    if let Some(date) = date {
        iso[..10].copy_from_slice(is_like(date, b"0000-00-00").then_some(date)?);
    }
    let mut fraction: &[u8] = &[];
    if let Some(time) = time {
        let (clock, rest) = time.split_first_chunk()?;
        iso[11..19].copy_from_slice(is_clock(clock).then_some(clock)?);
        match rest {
            [] => {}
            [b'.', digits @ .., b'1'..=b'9'] if digits.len() < 6 && digits.iter().all(u8::is_ascii_digit) => {
                fraction = &rest[1..];
            }
            _ => return None,
        }
    }
    if fraction.len() > 3 {
        out.extend_from_slice(&iso[..20]);
        out.extend_from_slice(fraction);
        out.push(b'Z');
        return Some(true);
    }
    iso[20..20 + fraction.len()].copy_from_slice(fraction);
    out.extend_from_slice(&iso);
    Some(false)
}

/// The PostgreSQL text whose ISO form this is; `None` if it is no ISO form.
pub(super) fn from_iso(kind: Kind, iso: &str) -> Option<String> {
    let (date, time) = iso.strip_suffix('Z')?.split_once('T')?;
    let (clock, fraction) = time.split_once('.')?;
    let canonical = fraction.len() == 3 || (fraction.len() > 3 && !fraction.ends_with('0'));
    if !matches(date, b"0000-00-00")
        || !clock.as_bytes().try_into().is_ok_and(is_clock)
        || !is_fraction(fraction)
        || !canonical
    {
        return None;
    }
    let short = fraction.trim_end_matches('0');
    let point = if short.is_empty() { "" } else { "." };
    match kind {
        Kind::Date if time == "00:00:00.000" => Some(date.to_owned()),
        Kind::Time if date == "1970-01-01" => Some(format!("{clock}{point}{short}")),
        Kind::TimeTz if date == "1970-01-01" => Some(format!("{clock}{point}{short}+00")),
        Kind::Timestamp => Some(format!("{date} {clock}{point}{short}")),
        Kind::TimestampTz => Some(format!("{date} {clock}{point}{short}+00")),
        _ => None,
    }
}

/// Whether text is an ISO time as Prisma's adapters store it in SQLite: with `T`, three digits of a second and a zone.
pub(super) fn is_prisma_iso(text: &str) -> bool {
    let Some(body) = text.strip_suffix('Z').or_else(|| text.strip_suffix("+00:00")) else { return false };
    matches(body, b"0000-00-00T00:00:00.000")
}

/// Appends the plain decimal (`-1234.50`) of PostgreSQL's `money` in the C locale (`-$1,234.50`).
pub(super) fn to_decimal(money: &str, out: &mut Vec<u8>) -> Option<()> {
    let decimal = money.replacen('$', "", 1).replace(',', "");
    if from_decimal(&decimal).as_deref() != Some(money) {
        return None;
    }
    out.extend_from_slice(decimal.as_bytes());
    Some(())
}

/// The money text of a plain decimal.
pub(super) fn from_decimal(decimal: &str) -> Option<String> {
    let digits = decimal.strip_prefix('-').unwrap_or(decimal);
    let (whole, cents) = digits.split_once('.')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(cents) || cents.len() != 2 || (whole.len() > 1 && whole.starts_with('0')) {
        return None;
    }
    let mut money = String::with_capacity(decimal.len() * 4 / 3 + 2);
    money.push_str(if digits.len() < decimal.len() { "-$" } else { "$" });
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            money.push(',');
        }
        money.push(digit);
    }
    money.push('.');
    money.push_str(cents);
    Some(money)
}

/// Whether each `0` of the pattern is a digit in the text and everything else is the same.
fn matches<const LEN: usize>(text: &str, pattern: &[u8; LEN]) -> bool {
    <&[u8; LEN]>::try_from(text.as_bytes()).is_ok_and(|text| is_like(text, pattern))
}

/// As [`matches`]; looks at all bytes whatever it finds, so that the compiler can look at many at once.
#[inline(always)]
fn is_like<const LEN: usize>(text: &[u8; LEN], pattern: &[u8; LEN]) -> bool {
    let same = |byte: u8, wanted: u8| if wanted == b'0' { byte.is_ascii_digit() } else { byte == wanted };
    text.iter().zip(pattern).fold(true, |all, (&byte, &wanted)| all & same(byte, wanted))
}

#[inline(always)]
fn is_clock(text: &[u8; 8]) -> bool {
    is_like(text, b"00:00:00") && text[..2] < b"24"[..]
}

fn is_fraction(text: &str) -> bool {
    (1..=6).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn iso(kind: Kind, text: &str) -> Option<(String, bool)> {
        let mut out = Vec::new();
        to_iso(kind, text.as_bytes(), &mut out).map(|micro| (String::from_utf8(out).unwrap(), micro))
    }

    #[test]
    fn what_has_an_iso_form_gets_it() {
        let cases = [
            (Kind::Date, "2026-01-24", "2026-01-24T00:00:00.000Z", false),
            (Kind::Time, "10:30:00", "1970-01-01T10:30:00.000Z", false),
            (Kind::TimeTz, "10:30:00.25+00", "1970-01-01T10:30:00.250Z", false),
            (Kind::Timestamp, "2026-01-24 10:30:00.123", "2026-01-24T10:30:00.123Z", false),
            (Kind::TimestampTz, "2026-01-24 10:30:00.123456+00", "2026-01-24T10:30:00.123456Z", true),
        ];
        for (kind, text, wanted, micro) in cases {
            assert_eq!(iso(kind, text), Some((wanted.to_owned(), micro)));
            assert_eq!(from_iso(kind, wanted).as_deref(), Some(text));
        }
    }

    #[test]
    fn what_has_none_is_left() {
        let none = [
            (Kind::Date, "infinity"),
            (Kind::Date, "0044-03-15 BC"),
            (Kind::Date, "12026-01-24"),
            (Kind::Time, "24:00:00"),
            (Kind::TimeTz, "10:30:00+02"),
            (Kind::Timestamp, "2026-01-24 10:30:00.120"),
            (Kind::Timestamp, "2026-01-24 10:30:00."),
            (Kind::Timestamp, "-infinity"),
            (Kind::TimestampTz, "2026-01-24 10:30:00"),
            (Kind::Timestamp, ""),
            (Kind::Timestamp, "\u{e9}\u{e9}\u{e9}\u{e9}\u{e9} x"),
        ];
        for (kind, text) in none {
            assert_eq!(iso(kind, text), None, "{text}");
        }
        assert_eq!(from_iso(Kind::Date, "2026-01-24T10:00:00.000Z"), None);
        assert_eq!(from_iso(Kind::Timestamp, "2026-01-24T10:00:00.1230Z"), None);
    }

    #[test]
    fn money_loses_its_signs_and_gets_them_back() {
        for (money, decimal) in
            [("$1,234,567.50", "1234567.50"), ("-$0.05", "-0.05"), ("$12.00", "12.00"), ("$123.00", "123.00")]
        {
            let mut out = Vec::new();
            to_decimal(money, &mut out).unwrap();
            assert_eq!(out, decimal.as_bytes());
            assert_eq!(from_decimal(decimal).as_deref(), Some(money));
        }
        for odd in ["12.00", "$1234.00", "1.234,50 \u{20ac}", "$1", "$$1.00", "$01.00", ""] {
            assert_eq!(to_decimal(odd, &mut Vec::new()), None, "{odd}");
        }
    }

    proptest! {
        #[test]
        fn no_two_texts_share_a_form(text in "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-2][0-9]:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,7})?(Z|\\+00)?") {
            for kind in [Kind::Timestamp, Kind::TimestampTz] {
                if let Some((form, _)) = iso(kind, &text) {
                    prop_assert_eq!(from_iso(kind, &form), Some(text.clone()));
                }
                if let Some(server) = from_iso(kind, &text) {
                    prop_assert_eq!(iso(kind, &server).map(|form| form.0), Some(text.clone()));
                }
            }
        }
    }
}
