//! Dates, times and timestamps in PostgreSQL's ISO form, as numbers on a time line.
//!
//! Only the forms that the server prints are taken (`0044-03-15 BC`, `12026-01-01`, `2026-01-24 10:30:00.5+00`,
//! `infinity`); anything else is `None`, and the caller falls back to the text.

const INFINITY: i64 = i64::MAX;
const NEGATIVE_INFINITY: i64 = i64::MIN;
const MICROS_PER_DAY: i64 = 86_400_000_000;
/// Days from 0000-03-01 to 2000-01-01 in the proleptic Gregorian calendar.
const EPOCH_DAYS: i64 = 730_425;

/// Days since 2000-01-01; the infinities are the least and greatest i64.
pub(super) fn date(text: &[u8]) -> Option<i64> {
    if let Some(infinity) = infinity(text) {
        return Some(infinity);
    }
    let (text, before_christ) = without_era(text);
    let (days, rest) = days(text, before_christ)?;
    rest.is_empty().then_some(days)
}

/// Microseconds since midnight; `24:00:00` is one.
pub(super) fn time(text: &[u8]) -> Option<i64> {
    clock(text)
}

/// Microseconds since 2000-01-01 00:00:00, with or without `+00`; the infinities are the least and greatest i64.
pub(super) fn timestamp(text: &[u8]) -> Option<i64> {
    if let Some(infinity) = infinity(text) {
        return Some(infinity);
    }
    let (text, before_christ) = without_era(text);
    let text = text.strip_suffix(b"+00").unwrap_or(text);
    let (days, rest) = days(text, before_christ)?;
    let micros = clock(rest.strip_prefix(b" ")?)?;
    if micros >= MICROS_PER_DAY {
        return None;
    }
    days.checked_mul(MICROS_PER_DAY)?.checked_add(micros)
}

fn infinity(text: &[u8]) -> Option<i64> {
    match text {
        b"infinity" => Some(INFINITY),
        b"-infinity" => Some(NEGATIVE_INFINITY),
        _ => None,
    }
}

fn without_era(text: &[u8]) -> (&[u8], bool) {
    match text.strip_suffix(b" BC") {
        Some(rest) => (rest, true),
        None => (text, false),
    }
}

/// Days since 2000-01-01 of a leading `YYYY-MM-DD`, and what follows it. Years have four to seven digits.
fn days(text: &[u8], before_christ: bool) -> Option<(i64, &[u8])> {
    let year_digits = text.iter().position(|&byte| byte == b'-')?;
    if !(4..=7).contains(&year_digits) || (year_digits > 4 && text[0] == b'0') {
        return None;
    }
    let (year, rest) = number(text, year_digits)?;
    let (month, rest) = number(rest.strip_prefix(b"-")?, 2)?;
    let (day, rest) = number(rest.strip_prefix(b"-")?, 2)?;
    if year == 0 {
        return None;
    }
    let year = if before_christ { 1 - year } else { year };
    let leap = year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0);
    let length = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    (1..=length).contains(&day).then(|| (days_since_epoch(year, month, day), rest))
}

/// Counts days in years that begin in March, so that the leap day is the last day of its year.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let (march_year, march_month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = march_year.div_euclid(4) - march_year.div_euclid(100) + march_year.div_euclid(400);
    march_year * 365 + leap_days + (153 * march_month + 2) / 5 + day - 1 - EPOCH_DAYS
}

/// Microseconds of exactly `HH:MM:SS` with at most six digits of fraction.
fn clock(text: &[u8]) -> Option<i64> {
    let (hours, rest) = number(text, 2)?;
    let (minutes, rest) = number(rest.strip_prefix(b":")?, 2)?;
    let (seconds, rest) = number(rest.strip_prefix(b":")?, 2)?;
    let fraction = match rest.strip_prefix(b".") {
        Some(digits) if (1..=6).contains(&digits.len()) => {
            let (value, _) = number(digits, digits.len())?;
            let missing = u32::try_from(6 - digits.len()).ok()?;
            value * 10i64.pow(missing)
        }
        None if rest.is_empty() => 0,
        _ => return None,
    };
    let micros = ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + fraction;
    (minutes < 60 && seconds < 60 && micros <= MICROS_PER_DAY).then_some(micros)
}

/// The number that the first `digits` (at most seven) bytes make, and what follows them.
fn number(text: &[u8], digits: usize) -> Option<(i64, &[u8])> {
    if text.len() < digits {
        return None;
    }
    let (head, rest) = text.split_at(digits);
    let mut value = 0;
    for &byte in head {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = value * 10 + i64::from(byte - b'0');
    }
    Some((value, rest))
}
