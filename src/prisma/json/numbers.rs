//! Integers and floats as JSON, by the kind of their column.

use super::encode::{is_time, wrap};
use super::fields::Field;
use super::notes::{ColumnNotes, Note};
use super::text::{SAFE_INTEGER, put_f32, put_f64, put_int, put_plain};
use crate::codec::{Booleans, Kind};

/// An integer as a number, a string or a truth value, by the column's kind; wrapped where that would lose something.
pub(super) fn encode_int(field: &Field, value: i64, out: &mut Vec<u8>, notes: &mut ColumnNotes) {
    let safe = value.unsigned_abs() <= SAFE_INTEGER;
    match field.kind {
        Kind::BigInt if !field.array => {
            out.push(b'"');
            put_int(out, value);
            out.push(b'"');
        }
        Kind::Int | Kind::Numeric if safe && !field.array => put_int(out, value),
        Kind::Bool if !field.array && field.booleans == Booleans::Numbers && (0..=1).contains(&value) => {
            out.extend_from_slice(if value == 1 { b"true" } else { b"false" });
        }
        kind if is_time(kind) && safe && !field.array => {
            notes.add(Note::Epoch);
            put_int(out, value);
        }
        _ => wrap(out, notes, Note::Int, "int", |out| {
            out.push(b'"');
            put_int(out, value);
            out.push(b'"');
        }),
    }
}

/// A float as a number, or as a word where JSON has no number for it; wrapped outside of columns of floats.
pub(super) fn encode_real(field: &Field, value: f64, out: &mut Vec<u8>, notes: &mut ColumnNotes) {
    let plain = value.is_finite() && value.to_bits() != (-0.0f64).to_bits();
    let is_nan_with_payload = value.is_nan() && value.to_bits() != f64::NAN.to_bits();
    match field.kind {
        Kind::Float8 if !field.array && !is_nan_with_payload => {
            if plain {
                put_f64(out, value);
            } else {
                notes.add(Note::NonFinite);
                put_plain(out, word_of(value).as_bytes());
            }
        }
        Kind::Float4 if !field.array && !is_nan_with_payload && narrow(value).is_some() => match narrow(value) {
            Some(narrow) if plain => put_f32(out, narrow),
            _ => {
                notes.add(Note::NonFinite);
                put_plain(out, word_of(value).as_bytes());
            }
        },
        Kind::Numeric if !field.array && plain => put_f64(out, value),
        _ => wrap(out, notes, Note::Real, "real", |out| {
            out.push(b'"');
            if is_nan_with_payload {
                out.extend_from_slice(format!("{:016x}", value.to_bits()).as_bytes());
            } else if plain {
                put_f64(out, value);
            } else {
                out.extend_from_slice(word_of(value).as_bytes());
            }
            out.push(b'"');
        }),
    }
}

/// The 32-bit float that widens to exactly `value`.
#[expect(clippy::cast_possible_truncation, reason = "only a float that comes back exactly is used")]
fn narrow(value: f64) -> Option<f32> {
    let narrow = value as f32;
    (f64::from(narrow).to_bits() == value.to_bits() || value.is_nan()).then_some(narrow)
}

/// The word for a value that JSON has no number for.
fn word_of(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value == f64::INFINITY {
        "Infinity"
    } else if value == f64::NEG_INFINITY {
        "-Infinity"
    } else {
        "-0"
    }
}
