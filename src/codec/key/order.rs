//! The orders a key column can have, and which encoding each value gets.

use super::super::ValueRef;
use super::{decimal, moment, number, text};
use serde::{Deserialize, Serialize};

/// First byte of an encoded NULL.
const NULL: u8 = 0x00;
/// First byte of a number, by value.
const NUMBER: u8 = 0x10;
/// First byte of a decimal in text form.
const DECIMAL: u8 = 0x11;
/// First byte of a date, time or timestamp.
const MOMENT: u8 = 0x12;
/// First byte of text, by its bytes.
const TEXT: u8 = 0x20;
/// First byte of a blob.
const BLOB: u8 = 0x30;

/// How the values of a key column are ordered, and when two of them are the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum KeyOrder {
    /// By storage class (NULL, numbers by value, text by bytes, blobs by bytes): integers, text, uuid, bytes, and the
    /// documented fallback for every type whose text form is its only identity.
    Storage,
    /// Text with ASCII letters folded to lower case (SQLite's NOCASE).
    NoCase,
    /// Text without trailing spaces (SQLite's RTRIM).
    Rtrim,
    /// A decimal number in text form, by value, NaN last.
    Numeric,
    /// A PostgreSQL `date` in ISO form, chronologically, BC and infinities included.
    Date,
    /// A PostgreSQL `time` in ISO form.
    Time,
    /// A PostgreSQL `timestamp` or (in UTC) `timestamptz` in ISO form, chronologically.
    Timestamp,
}

impl KeyOrder {
    /// Appends the encoding of `value`. A text whose form is not the one the order expects is encoded as for `Storage`.
    pub(super) fn encode(self, value: ValueRef<'_>, out: &mut Vec<u8>) {
        let bytes = match value {
            ValueRef::Null => return out.push(NULL),
            ValueRef::Int(int) => {
                out.push(NUMBER);
                return number::put_int(int, out);
            }
            ValueRef::Real(real) => {
                out.push(NUMBER);
                return number::put_real(real, out);
            }
            ValueRef::Blob(bytes) => {
                out.push(BLOB);
                return text::put_escaped(bytes, out);
            }
            ValueRef::Text(bytes) => bytes,
        };
        let moment = match self {
            KeyOrder::Storage => None,
            KeyOrder::NoCase => {
                out.push(TEXT);
                return text::put_folded(bytes, out);
            }
            KeyOrder::Rtrim => {
                out.push(TEXT);
                return text::put_escaped(text::without_trailing_spaces(bytes), out);
            }
            KeyOrder::Numeric => {
                if let Some(decimal) = decimal::parse(bytes) {
                    out.push(DECIMAL);
                    return decimal.put(out);
                }
                None
            }
            KeyOrder::Date => moment::date(bytes),
            KeyOrder::Time => moment::time(bytes),
            KeyOrder::Timestamp => moment::timestamp(bytes),
        };
        if let Some(moment) = moment {
            out.push(MOMENT);
            number::put_ordered_i64(moment, out);
        } else {
            out.push(TEXT);
            text::put_escaped(bytes, out);
        }
    }
}
