//! The values that a text, or a JSON value, can stand for in a column.

use super::Names;
use crate::codec::{Booleans, Columns, Kind, TableSchema, Value};
use crate::prisma::column_value;
use data_encoding::HEXLOWER_PERMISSIVE;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde_json::Value as Json;

/// A value as it was typed.
pub(super) enum Typed<'t> {
    Text(&'t str),
    Json(Json),
}

/// All values that `typed` can stand for in the column at `position`, the likeliest first.
pub(super) fn of(schema: &TableSchema, position: usize, typed: &Typed<'_>, names: Names<'_>) -> Vec<Value> {
    let Some(column) = schema.columns.get(position) else { return Vec::new() };
    let engine = names.engine.info();
    let typed_column = engine.columns == Columns::Typed;
    let mut found = Vec::new();
    let recorded = |json: &str| column_value(names.engine, schema, names.fields, position, json);
    let (text, is_json_text) = match typed {
        Typed::Text(text) => ((*text).to_owned(), false),
        Typed::Json(Json::String(text)) => (text.clone(), true),
        Typed::Json(Json::Null) => return vec![Value::Null],
        Typed::Json(other) => {
            let json = other.to_string();
            found.extend(recorded(&json));
            found.extend(match (typed_column, other) {
                (true, _) => typed_values(column.kind, &json, engine.booleans),
                (false, Json::Bool(truth)) => vec![truth_value(engine.booleans, *truth)],
                (false, Json::Number(_)) => numbers(&json),
                (false, _) => Vec::new(),
            });
            return found;
        }
    };
    if let Some(label) = names.filter.label(&column.name, &text) {
        found.push(Value::Text(label.into_bytes()));
    }
    match engine.columns {
        Columns::Typed if column.array => {}
        Columns::Typed => found.extend(typed_values(column.kind, &text, engine.booleans)),
        Columns::Dynamic => found.extend(dynamic_values(column.kind, &text, is_json_text, engine.booleans)),
    }
    found.extend(recorded(&Json::from(text.as_str()).to_string()));
    if !is_json_text {
        found.push(Value::Text(text.clone().into_bytes()));
        // in quotes, or as the record of an export has it
        if serde_json::from_str::<Json>(&text).is_ok_and(|json| json.is_string() || json.is_object() || json.is_array())
        {
            found.extend(recorded(&text));
        } else if let Some(quoted) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            found.push(Value::Text(quoted.replace("\"\"", "\"").into_bytes()));
        }
    } else if found.is_empty() || engine.columns == Columns::Dynamic {
        found.push(Value::Text(text.into_bytes()));
    }
    found
}

/// What a column of that kind takes the text for, in the form that PostgreSQL prints.
fn typed_values(kind: Kind, text: &str, booleans: Booleans) -> Vec<Value> {
    let trimmed = text.trim();
    let texts = |texts: Vec<String>| texts.into_iter().map(|text| Value::Text(text.into_bytes())).collect();
    match kind {
        Kind::Int | Kind::BigInt => trimmed.parse().ok().map(Value::Int).into_iter().collect(),
        Kind::Float4 => trimmed.parse::<f32>().ok().map(|real| Value::Real(real.into())).into_iter().collect(),
        Kind::Float8 => trimmed.parse().ok().map(Value::Real).into_iter().collect(),
        Kind::Bool => truth(trimmed).map(|truth| truth_value(booleans, truth)).into_iter().collect(),
        Kind::Uuid => texts(uuid(trimmed).into_iter().collect()),
        Kind::Numeric => texts(decimal(trimmed).into_iter().collect()),
        Kind::Bytes => from_hex(hex_literal(trimmed).unwrap_or(trimmed)).map(Value::Blob).into_iter().collect(),
        Kind::Date => texts(moment(trimmed).map(|at| at.0.date().to_string()).into_iter().collect()),
        Kind::Timestamp => texts(moment(trimmed).map(|at| server_text(at.0)).into_iter().collect()),
        Kind::TimestampTz => texts(moment(trimmed).map(|at| format!("{}+00", server_text(at.1))).into_iter().collect()),
        _ => Vec::new(),
    }
}

/// What a column of values of any class can hold for a text: of that kind, by SQLite's affinity, or as Prisma stores
/// it.
fn dynamic_values(kind: Kind, text: &str, is_json_text: bool, booleans: Booleans) -> Vec<Value> {
    let mut found = Vec::new();
    let trimmed = text.trim();
    if !is_json_text || !matches!(kind, Kind::Text | Kind::Other) {
        found.extend(numbers(trimmed));
    }
    if let (Kind::Bool, Some(truth)) = (kind, truth(trimmed)) {
        found.push(truth_value(booleans, truth));
    }
    if kind == Kind::Uuid {
        found.extend([text.to_lowercase(), text.to_uppercase()].map(|text| Value::Text(text.into_bytes())));
    }
    if matches!(kind, Kind::Timestamp | Kind::TimestampTz | Kind::Date)
        && let Some((_, at)) = moment(trimmed)
    {
        let milliseconds = at.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp().as_millisecond());
        found.extend(milliseconds.ok().map(Value::Int));
        let forms =
            ["%Y-%m-%dT%H:%M:%S%.3f+00:00", "%Y-%m-%dT%H:%M:%S%.3fZ", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S%.3f"];
        let is_midnight = at.time() == jiff::civil::Time::midnight();
        let has_fraction = at.subsec_nanosecond() != 0;
        let forms = forms.into_iter().filter(|form| !has_fraction || form.contains("%.3f"));
        found.extend(
            forms
                .chain(is_midnight.then_some("%Y-%m-%d"))
                .map(|form| Value::Text(at.strftime(form).to_string().into_bytes())),
        );
    }
    let digits = hex_literal(trimmed).or((kind == Kind::Bytes).then_some(trimmed));
    found.extend(digits.and_then(from_hex).map(Value::Blob));
    found
}

fn truth_value(booleans: Booleans, truth: bool) -> Value {
    match (booleans, truth) {
        (Booleans::Letters, true) => Value::Text(b"t".to_vec()),
        (Booleans::Letters, false) => Value::Text(b"f".to_vec()),
        (Booleans::Numbers, truth) => Value::Int(i64::from(truth)),
    }
}

/// The digits of `x'00ff'`, as `diff` shows bytes.
fn hex_literal(text: &str) -> Option<&str> {
    text.strip_prefix(['x', 'X']).and_then(|rest| rest.strip_prefix('\'')?.strip_suffix('\''))
}

fn numbers(text: &str) -> Vec<Value> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let int = text.parse().ok().map(Value::Int);
    let real = text.parse::<f64>().ok().filter(|_| is_number).map(Value::Real);
    int.into_iter().chain(real).collect()
}

/// What PostgreSQL takes for true and false.
fn truth(text: &str) -> Option<bool> {
    let lower = text.to_ascii_lowercase();
    let begins = |word: &str, least: usize| lower.len() >= least && word.starts_with(&lower);
    match lower.as_str() {
        "1" => Some(true),
        "0" => Some(false),
        _ if begins("true", 1) || begins("yes", 1) || begins("on", 2) => Some(true),
        _ if begins("false", 1) || begins("no", 1) || begins("off", 2) => Some(false),
        _ => None,
    }
}

/// A uuid as the server prints it: 32 hexadecimal digits, with or without hyphens and braces.
fn uuid(text: &str) -> Option<String> {
    let inner = text.strip_prefix('{').map_or(Some(text), |rest| rest.strip_suffix('}'))?;
    let digits: String = inner.chars().filter(|c| *c != '-').flat_map(char::to_lowercase).collect();
    let is_uuid = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let group = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    is_uuid.then(|| [group(0, 8), group(8, 12), group(12, 16), group(16, 20), group(20, 32)].join("-"))
}

/// A decimal without sign `+`, exponent or a point at an end; its scale does not count in keys.
fn decimal(text: &str) -> Option<String> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let sign = if negative { "-" } else { "" };
    match unsigned.to_ascii_lowercase().as_str() {
        "nan" if !negative => return Some("NaN".to_owned()),
        "infinity" | "inf" => return Some(format!("{sign}Infinity")),
        _ => {}
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    // PostgreSQL's numerics have at most 131072 digits before the point and 16383 behind it
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) || exponent.unsigned_abs() > 131_072 {
        return None;
    }
    let point = i64::try_from(whole.len()).ok()? + i64::from(exponent);
    let (whole, fraction) = match usize::try_from(point) {
        Ok(point) if point >= digits.len() => (format!("{digits}{}", "0".repeat(point - digits.len())), String::new()),
        Ok(point) => (digits[..point].to_owned(), digits[point..].to_owned()),
        Err(_) => (String::new(), format!("{}{digits}", "0".repeat(usize::try_from(-point).ok()?))),
    };
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{sign}{whole}{point}{fraction}"))
}

/// A date, or a date and time, with `T` or a blank between them and with or without a zone: as it stands there, and in
/// UTC.
fn moment(text: &str) -> Option<(DateTime, DateTime)> {
    let text = text.replacen(['t', ' '], "T", 1);
    if let Ok(at) = text.parse::<Timestamp>().or_else(|_| with_minutes(&text).parse()) {
        let utc = at.to_zoned(TimeZone::UTC).datetime();
        let there = text.trim_end_matches(['Z', 'z']).parse().unwrap_or(utc);
        return Some((there, utc));
    }
    let there = match text.parse::<Date>() {
        Ok(date) if !text.contains('T') => date.to_datetime(jiff::civil::Time::midnight()),
        _ => text.parse::<DateTime>().ok()?,
    };
    Some((there, there))
}

/// `+00` as `+00:00`.
fn with_minutes(text: &str) -> String {
    let is_short =
        text.len() > 3 && text.is_char_boundary(text.len() - 3) && text[text.len() - 3..].starts_with(['+', '-']);
    if is_short && text.contains(':') { format!("{text}:00") } else { text.to_owned() }
}

/// `2026-01-24 10:30:00.5`, as the server prints it.
fn server_text(at: DateTime) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S%.f").to_string()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("\\x").or_else(|| text.strip_prefix("0x")).unwrap_or(text);
    HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_lose_what_does_not_count() {
        for (typed, wanted) in [
            ("9.50", "9.50"),
            ("+9.5", "9.5"),
            (".5", "0.5"),
            ("5.", "5"),
            ("1e3", "1000"),
            ("-12.5E-3", "-0.0125"),
            ("007", "7"),
            ("1.5e1", "15"),
            ("nan", "NaN"),
            ("-inf", "-Infinity"),
            ("0", "0"),
        ] {
            assert_eq!(decimal(typed).as_deref(), Some(wanted), "{typed}");
        }
        for odd in ["", "x", "1,5", "--1", "1e", ".", "1e999999"] {
            assert_eq!(decimal(odd), None, "{odd}");
        }
    }

    #[test]
    fn moments_are_read_in_the_forms_in_use() {
        for typed in [
            "2026-01-24 10:30:00+00",
            "2026-01-24T10:30:00.000Z",
            "2026-01-24T10:30:00Z",
            "2026-01-24 10:30:00",
            "2026-01-24T12:30:00+02:00",
            "2026-01-24 12:30:00+02",
            "2026-01-24T10:30:00.000+00:00",
            "2026-01-24 10:30",
        ] {
            assert_eq!(moment(typed).map(|at| server_text(at.1)).as_deref(), Some("2026-01-24 10:30:00"), "{typed}");
        }
        assert_eq!(moment("2026-01-24").map(|at| server_text(at.1)).as_deref(), Some("2026-01-24 00:00:00"));
        assert_eq!(
            moment("2026-01-24T10:30:00.120Z").map(|at| server_text(at.0)).as_deref(),
            Some("2026-01-24 10:30:00.12")
        );
        for odd in ["", "now", "10:30:00", "2026-13-01", "2026-01-24x"] {
            assert_eq!(moment(odd), None, "{odd}");
        }
    }

    #[test]
    fn uuids_and_truth_values() {
        let wanted = Some("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11".to_owned());
        for typed in [
            "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
            "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}",
            "a0eebc999c0b4ef8bb6d6bb9bd380a11",
        ] {
            assert_eq!(uuid(typed), wanted, "{typed}");
        }
        assert_eq!(uuid("a0eebc99"), None);
        assert_eq!(["t", "TRUE", "1", "yes", "on"].map(truth), [Some(true); 5]);
        assert_eq!(["f", "False", "0", "n", "off"].map(truth), [Some(false); 5]);
        assert_eq!(["", "o", "2", "truely"].map(truth), [None; 4]);
    }
}
