//! Canonical rows to COPY text.

use crate::codec::{RowReader, ValueRef};
use crate::db::postgres::types::Form;
use std::io::Write as _;

/// Why a row cannot be written. Holds no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::db::postgres) enum Unfit {
    /// It is not a canonical row of as many values as the table has columns.
    Shape,
    /// The value at this position is not of its column's kind, or holds what PostgreSQL cannot hold (a NUL in text).
    Value(usize),
}

/// Encodes rows of one table.
pub(in crate::db::postgres) struct Encoder {
    /// The form of each column; `None` for one that is left out.
    forms: Vec<Option<Form>>,
}

impl Encoder {
    /// For rows whose columns have these forms; columns with `None` are read over.
    pub(in crate::db::postgres) fn new(forms: Vec<Option<Form>>) -> Encoder {
        Encoder { forms }
    }

    /// Appends `row` as one line of COPY text to `out`. On an error `out` may hold part of a line.
    pub(in crate::db::postgres) fn row(&mut self, row: &[u8], out: &mut Vec<u8>) -> Result<(), Unfit> {
        let mut reader = RowReader::new(row);
        let mut first = true;
        for (position, form) in self.forms.iter().enumerate() {
            let value = reader.next_value().map_err(|_| Unfit::Shape)?.ok_or(Unfit::Shape)?;
            let Some(form) = form else { continue };
            if !first {
                out.push(b'\t');
            }
            first = false;
            field(*form, value, out).ok_or(Unfit::Value(position))?;
        }
        if !matches!(reader.next_value(), Ok(None)) {
            return Err(Unfit::Shape);
        }
        out.push(b'\n');
        Ok(())
    }
}

/// Appends one field; `None` if the value does not fit the form.
fn field(form: Form, value: ValueRef<'_>, out: &mut Vec<u8>) -> Option<()> {
    match (form, value) {
        (_, ValueRef::Null) => out.extend_from_slice(b"\\N"),
        (Form::Int, ValueRef::Int(value)) => write!(out, "{value}").ok()?,
        (Form::Float8, ValueRef::Real(value)) => real(value, |out| write!(out, "{value:e}"), out)?,
        (Form::Float4, ValueRef::Real(value)) => {
            #[expect(clippy::cast_possible_truncation, reason = "whether anything is lost is checked below")]
            let narrow = value as f32;
            if f64::from(narrow).to_bits() != value.to_bits() && !value.is_nan() {
                return None;
            }
            real(value, |out| write!(out, "{narrow:e}"), out)?;
        }
        (Form::Bytes, ValueRef::Blob(bytes)) => {
            out.extend_from_slice(b"\\\\x");
            out.reserve(bytes.len() * 2);
            for byte in bytes {
                out.push(HEX[usize::from(byte >> 4)]);
                out.push(HEX[usize::from(byte & 15)]);
            }
        }
        (Form::Text, ValueRef::Text(bytes)) => escape(bytes, out)?,
        _ => return None,
    }
    Some(())
}

const HEX: &[u8; 16] = b"0123456789abcdef";

fn real(value: f64, finite: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>, out: &mut Vec<u8>) -> Option<()> {
    if value.is_nan() {
        out.extend_from_slice(b"NaN");
    } else if value.is_infinite() {
        out.extend_from_slice(if value > 0.0 { b"Infinity" } else { b"-Infinity" });
    } else {
        finite(out).ok()?;
    }
    Some(())
}

fn escape(bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let mut rest = bytes;
    while let Some(stop) = rest.iter().position(|byte| matches!(byte, 0 | b'\\' | b'\n' | b'\r' | b'\t')) {
        out.extend_from_slice(&rest[..stop]);
        out.push(b'\\');
        out.push(match rest[stop] {
            b'\\' => b'\\',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            _ => return None,
        });
        rest = &rest[stop + 1..];
    }
    out.extend_from_slice(rest);
    Some(())
}
