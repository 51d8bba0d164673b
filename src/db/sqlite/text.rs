//! How a database keeps text, and how its bytes come and go without being changed.
//!
//! In a UTF-8 database text is its bytes, valid UTF-8 or not. A UTF-16 database hands its text out as UTF-8, but
//! damages lone surrogates on the way out and U+FFFE and U+FFFF on the way in. There, text is read and written through
//! blobs of the database's own encoding; lone surrogates become three bytes as in WTF-8, which no valid text has, and
//! come back from them.

use super::error::failed;
use super::sql::quote;
use crate::codec::{RowWriter, TableSchema, ValueRef};
use crate::db::DbError;
use rusqlite::types::{ToSqlOutput, ValueRef as SqlValue};
use rusqlite::{Connection, Row, Statement, ToSql};

/// The encoding of a database's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextForm {
    /// UTF-8, or whatever bytes were called text.
    Utf8,
    /// UTF-16, low byte first.
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
}

/// A value on its way into a parameter.
pub(super) struct Bound<'a>(pub(super) ValueRef<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            ValueRef::Null => SqlValue::Null,
            ValueRef::Int(value) => SqlValue::Integer(value),
            ValueRef::Real(value) => SqlValue::Real(value),
            ValueRef::Text(bytes) => SqlValue::Text(bytes),
            ValueRef::Blob(bytes) => SqlValue::Blob(bytes),
        }))
    }
}

impl TextForm {
    /// The encoding of the database behind `conn`.
    pub(super) fn of(conn: &Connection) -> Result<TextForm, DbError> {
        let name: String = conn
            .query_row("PRAGMA main.encoding", [], |row| row.get(0))
            .map_err(|error| failed("reading the database's encoding", error))?;
        match name.as_str() {
            "UTF-8" => Ok(TextForm::Utf8),
            "UTF-16le" => Ok(TextForm::Utf16Le),
            "UTF-16be" => Ok(TextForm::Utf16Be),
            _ => Err(DbError::Unsupported(format!("the database keeps text in an unknown encoding, {name}"))),
        }
    }

    /// The encoding as SQLite calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            TextForm::Utf8 => "UTF-8",
            TextForm::Utf16Le => "UTF-16le",
            TextForm::Utf16Be => "UTF-16be",
        }
    }

    /// The select list that [`TextForm::read_row`] reads: the columns as they are, or two expressions for each.
    pub(super) fn select_list(self, schema: &TableSchema) -> String {
        let columns: Vec<String> = schema
            .columns
            .iter()
            .map(|column| quote(&column.name))
            .map(|name| match self {
                TextForm::Utf8 => name,
                _ => format!(
                    "typeof({name}) = 'text', CASE WHEN typeof({name}) = 'text' THEN CAST({name} AS BLOB) ELSE {name} END"
                ),
            })
            .collect();
        columns.join(", ")
    }

    /// Appends the row, selected by [`TextForm::select_list`] from position `first` on, to `out` as canonical bytes.
    pub(super) fn read_row(
        self,
        row: &Row<'_>,
        first: usize,
        schema: &TableSchema,
        out: &mut Vec<u8>,
    ) -> Result<(), DbError> {
        let reading = |error| failed(&format!("reading {}", schema.table), error);
        let mut writer = RowWriter::new(out);
        if self == TextForm::Utf8 {
            for nth in first..first + schema.columns.len() {
                writer.value(value(row.get_ref(nth).map_err(reading)?));
            }
            return Ok(());
        }
        for (nth, column) in schema.columns.iter().enumerate() {
            let is_text: bool = row.get(first + 2 * nth).map_err(reading)?;
            match (is_text, value(row.get_ref(first + 2 * nth + 1).map_err(reading)?)) {
                (true, ValueRef::Blob(raw)) => writer.text(&self.decode(raw).ok_or_else(|| {
                    DbError::Unsupported(format!(
                        "column {} of table {} holds text of half a UTF-16 unit, which cannot be kept as it is",
                        column.name, schema.table
                    ))
                })?),
                (_, value) => writer.value(value),
            }
        }
        Ok(())
    }

    /// The expression for the value of the `nth` parameter, counted from 1.
    pub(super) fn placeholder(self, nth: usize) -> String {
        match self {
            TextForm::Utf8 => format!("?{nth}"),
            _ => format!("iif(?{}, CAST(?{} AS TEXT), ?{})", 2 * nth, 2 * nth - 1, 2 * nth - 1),
        }
    }

    /// How many SQL parameters `count` values take.
    pub(super) fn parameters(self, count: usize) -> usize {
        if self == TextForm::Utf8 { count } else { 2 * count }
    }

    /// Binds the value of the `nth` [`TextForm::placeholder`].
    pub(super) fn bind(self, statement: &mut Statement<'_>, nth: usize, value: ValueRef<'_>) -> Result<(), DbError> {
        let binding = |error| failed("binding a value", error);
        if self == TextForm::Utf8 {
            return statement.raw_bind_parameter(nth, Bound(value)).map_err(binding);
        }
        statement.raw_bind_parameter(2 * nth, matches!(value, ValueRef::Text(_))).map_err(binding)?;
        match value {
            ValueRef::Text(bytes) => {
                let raw = self.encode(bytes).ok_or_else(|| {
                    DbError::Unsupported(
                        "text that is not valid Unicode cannot be written to a UTF-16 database".to_owned(),
                    )
                })?;
                statement.raw_bind_parameter(2 * nth - 1, raw).map_err(binding)
            }
            other => statement.raw_bind_parameter(2 * nth - 1, Bound(other)).map_err(binding),
        }
    }

    fn unit(self, pair: [u8; 2]) -> u16 {
        if self == TextForm::Utf16Be { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }
    }

    fn pair(self, unit: u16) -> [u8; 2] {
        if self == TextForm::Utf16Be { unit.to_be_bytes() } else { unit.to_le_bytes() }
    }

    /// The database's UTF-16 as WTF-8; `None` if half a unit is left over.
    fn decode(self, raw: &[u8]) -> Option<Vec<u8>> {
        if !raw.len().is_multiple_of(2) {
            return None;
        }
        let units = raw.chunks_exact(2).map(|pair| self.unit([pair[0], pair[1]]));
        let mut out = Vec::with_capacity(raw.len());
        for unit in char::decode_utf16(units) {
            match unit {
                Ok(char) => out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
                Err(lone) => {
                    let [high, low] = lone.unpaired_surrogate().to_be_bytes();
                    out.extend_from_slice(&[0xe0 | high >> 4, 0x80 | (high & 0xf) << 2 | low >> 6, 0x80 | low & 0x3f]);
                }
            }
        }
        Some(out)
    }

    /// WTF-8 as the database's UTF-16; `None` for bytes that [`TextForm::decode`] does not give.
    fn encode(self, text: &[u8]) -> Option<Vec<u8>> {
        let mut raw = Vec::with_capacity(2 * text.len());
        let mut rest = text;
        while !rest.is_empty() {
            if let [0xed, second @ 0xa0..=0xbf, third @ 0x80..=0xbf, tail @ ..] = rest {
                let unit = 0xd000 | u16::from(second & 0x3f) << 6 | u16::from(third & 0x3f);
                raw.extend_from_slice(&self.pair(unit));
                rest = tail;
                continue;
            }
            let valid = match std::str::from_utf8(rest) {
                Ok(all) => all,
                Err(error) => std::str::from_utf8(&rest[..error.valid_up_to()]).ok()?,
            };
            if valid.is_empty() {
                return None;
            }
            raw.extend(valid.encode_utf16().flat_map(|unit| self.pair(unit)));
            rest = &rest[valid.len()..];
        }
        // Two surrogates that stand apart here would join there.
        (self.decode(&raw)?.as_slice() == text).then_some(raw)
    }
}

pub(super) fn value(value: SqlValue<'_>) -> ValueRef<'_> {
    match value {
        SqlValue::Null => ValueRef::Null,
        SqlValue::Integer(value) => ValueRef::Int(value),
        SqlValue::Real(value) => ValueRef::Real(value),
        SqlValue::Text(bytes) => ValueRef::Text(bytes),
        SqlValue::Blob(bytes) => ValueRef::Blob(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_utf16_comes_back(units: Vec<u16>) {
            for form in [TextForm::Utf16Le, TextForm::Utf16Be] {
                let raw: Vec<u8> = units.iter().flat_map(|&unit| form.pair(unit)).collect();
                let text = form.decode(&raw).unwrap();
                prop_assert_eq!(form.encode(&text), Some(raw));
                if let Ok(string) = String::from_utf16(&units) {
                    prop_assert_eq!(text, string.into_bytes());
                }
            }
        }

        #[test]
        fn any_bytes_are_written_as_they_are_or_refused(bytes: Vec<u8>) {
            if let Some(raw) = TextForm::Utf16Le.encode(&bytes) {
                prop_assert_eq!(TextForm::Utf16Le.decode(&raw), Some(bytes));
            }
        }
    }

    #[test]
    fn surrogates_that_would_join_are_refused() {
        assert_eq!(TextForm::Utf16Le.encode(b"\xed\xa0\xbd\xed\xb8\x80"), None);
        assert_eq!(TextForm::Utf16Le.decode(b"x"), None);
    }
}
