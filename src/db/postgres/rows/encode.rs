//! Canonical rows to arrays: one for each column, in the text form that every array of PostgreSQL's has.

use crate::codec::{RowReader, ValueRef};
use crate::db::postgres::types::Form;
use data_encoding::HEXLOWER;
use std::io::Write as _;

/// Why a row cannot be written. Holds no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::db::postgres) enum Unfit {
    /// It is not a canonical row of as many values as the table has columns.
    Shape,
    /// The value at this position is not of its column's kind, or holds what PostgreSQL cannot hold (a NUL in text).
    Value(usize),
}

/// Rows of one table, gathered column by column.
pub(in crate::db::postgres) struct Batch {
    /// The form of each column; `None` for one that is left out.
    forms: Vec<Option<Form>>,
    /// The elements so far of each column that is not left out, each after a comma.
    columns: Vec<Vec<u8>>,
    rows: u64,
    bytes: usize,
}

impl Batch {
    /// For rows whose columns have these forms; columns with `None` are read over.
    pub(in crate::db::postgres) fn new(forms: Vec<Option<Form>>) -> Batch {
        let columns = vec![Vec::new(); forms.iter().flatten().count()];
        Batch { forms, columns, rows: 0, bytes: 0 }
    }

    /// Adds a row. After an error the batch is of no use any more.
    pub(in crate::db::postgres) fn push(&mut self, row: &[u8]) -> Result<(), Unfit> {
        let mut reader = RowReader::new(row);
        let mut columns = self.columns.iter_mut();
        for (position, form) in self.forms.iter().enumerate() {
            let value = reader.next_value().map_err(|_| Unfit::Shape)?.ok_or(Unfit::Shape)?;
            let Some(form) = form else { continue };
            let Some(column) = columns.next() else { continue };
            let before = column.len();
            column.push(b',');
            element(*form, value, column).ok_or(Unfit::Value(position))?;
            self.bytes += column.len() - before;
        }
        if !matches!(reader.next_value(), Ok(None)) {
            return Err(Unfit::Shape);
        }
        self.rows += 1;
        Ok(())
    }

    /// How many rows there are.
    pub(in crate::db::postgres) fn rows(&self) -> u64 {
        self.rows
    }

    /// About how long [`Batch::take`] gets.
    pub(in crate::db::postgres) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The columns as an array of texts, each of which is the array of one column. The batch is empty again.
    pub(in crate::db::postgres) fn take(&mut self) -> Vec<u8> {
        let mut array = Vec::with_capacity(self.bytes + self.bytes / 8 + 16);
        array.push(b'{');
        for (at, column) in self.columns.iter_mut().enumerate() {
            array.extend_from_slice(if at == 0 { b"\"{" } else { b",\"{" });
            escaped(column.get(1..).unwrap_or_default(), &mut array);
            array.extend_from_slice(b"}\"");
            column.clear();
        }
        array.push(b'}');
        (self.rows, self.bytes) = (0, 0);
        array
    }
}

/// About how much of a long row is added to a piece at once.
const PART: usize = 256 << 10;

/// What [`Batch::take`] gives of a batch that holds this row alone, piece by piece: for a row that may be a gigabyte.
/// `send` takes texts of valid UTF-8.
pub(in crate::db::postgres) fn long_row<E: From<Unfit>>(
    forms: &[Option<Form>],
    row: &[u8],
    piece: usize,
    send: &mut dyn FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let mut reader = RowReader::new(row);
    let (mut out, mut part) = (Vec::with_capacity(row.len().min(piece) + PART), Vec::with_capacity(PART));
    out.push(b'{');
    for (position, form) in forms.iter().enumerate() {
        let value = reader.next_value().map_err(|_| Unfit::Shape)?.ok_or(Unfit::Shape)?;
        let Some(form) = form else { continue };
        out.extend_from_slice(if out.ends_with(b"\"") { b",\"{" } else { b"\"{" });
        let (bytes, is_text) = match (form, value) {
            (Form::Text, ValueRef::Text(bytes)) => (bytes, true),
            (Form::Bytes, ValueRef::Blob(bytes)) => (bytes, false),
            _ => (&[][..], true),
        };
        if bytes.is_empty() {
            part.clear();
            element(*form, value, &mut part).ok_or(Unfit::Value(position))?;
            escaped(&part, &mut out);
        } else {
            escaped(if is_text { b"\"" } else { b"\"\\\\x" }, &mut out);
            for some in bytes.chunks(PART / 4) {
                part.clear();
                match is_text {
                    true if some.contains(&0) => return Err(Unfit::Value(position).into()),
                    true => escaped(some, &mut part),
                    false => hex(some, &mut part),
                }
                escaped(&part, &mut out);
                if out.len() >= piece {
                    // What is left of a letter waits for the rest of it.
                    let whole = match std::str::from_utf8(&out) {
                        Err(error) if error.error_len().is_none() => error.valid_up_to(),
                        _ => out.len(),
                    };
                    send(&out[..whole])?;
                    out.drain(..whole);
                }
            }
            escaped(b"\"", &mut out);
        }
        out.extend_from_slice(b"}\"");
    }
    if !matches!(reader.next_value(), Ok(None)) {
        return Err(Unfit::Shape.into());
    }
    out.push(b'}');
    send(&out)
}

/// Appends one element; `None` if the value does not fit the form.
fn element(form: Form, value: ValueRef<'_>, out: &mut Vec<u8>) -> Option<()> {
    match (form, value) {
        (_, ValueRef::Null) => out.extend_from_slice(b"NULL"),
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
            out.extend_from_slice(b"\"\\\\x");
            hex(bytes, out);
            out.push(b'"');
        }
        (Form::Text, ValueRef::Text(bytes)) => quoted(bytes, out)?,
        _ => return None,
    }
    Some(())
}

fn hex(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + bytes.len() * 2, 0);
    HEXLOWER.encode_mut(bytes, &mut out[start..]);
}

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

fn quoted(bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    if bytes.contains(&0) {
        return None;
    }
    out.push(b'"');
    escaped(bytes, out);
    out.push(b'"');
    Some(())
}

fn escaped(bytes: &[u8], out: &mut Vec<u8>) {
    let mut rest = bytes;
    while let Some(stop) = rest.iter().position(|byte| matches!(byte, b'\\' | b'"')) {
        out.extend_from_slice(&rest[..stop]);
        out.extend_from_slice(&[b'\\', rest[stop]]);
        rest = &rest[stop + 1..];
    }
    out.extend_from_slice(rest);
}
