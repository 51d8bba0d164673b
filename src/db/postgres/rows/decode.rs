//! The server's text of values to canonical rows.

use crate::codec::RowWriter;
use crate::db::postgres::client::Cell;
use crate::db::postgres::types::Form;
use data_encoding::HEXLOWER;

/// A row that is not what the server writes. Holds no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::db::postgres) struct Malformed;

/// Decodes the rows of one table.
pub(in crate::db::postgres) struct Decoder {
    forms: Vec<Form>,
}

impl Decoder {
    /// For rows whose columns have these forms.
    pub(in crate::db::postgres) fn new(forms: Vec<Form>) -> Decoder {
        Decoder { forms }
    }

    /// How many values a row has.
    pub(in crate::db::postgres) fn width(&self) -> usize {
        self.forms.len()
    }

    /// Appends the canonical bytes of one row, whose values `field` gives by position, to `out`.
    pub(in crate::db::postgres) fn row<'t>(
        &self,
        mut field: impl FnMut(usize) -> Option<Option<Cell<'t>>>,
        out: &mut Vec<u8>,
    ) -> Result<(), Malformed> {
        let mut writer = RowWriter::new(out);
        for (position, form) in self.forms.iter().enumerate() {
            let text = match field(position).ok_or(Malformed)? {
                None => {
                    writer.null();
                    continue;
                }
                Some(Cell::Bytes(bytes)) if *form == Form::Bytes => {
                    writer.blob(&bytes);
                    continue;
                }
                Some(Cell::Bytes(_)) => return Err(Malformed),
                Some(Cell::Text(text)) => text,
            };
            match form {
                Form::Text => writer.text(text.as_bytes()),
                Form::Int => writer.int(integer(&text)?),
                Form::Float4 => writer.real(f64::from(text.parse::<f32>().map_err(|_| Malformed)?)),
                Form::Float8 => writer.real(text.parse().map_err(|_| Malformed)?),
                Form::Bytes => blob(text.strip_prefix("\\x").ok_or(Malformed)?.as_bytes(), &mut writer)?,
            }
        }
        Ok(())
    }
}

/// As the server writes one: no sign but a minus.
fn integer(digits: &str) -> Result<i64, Malformed> {
    if digits.starts_with('+') { Err(Malformed) } else { digits.parse().map_err(|_| Malformed) }
}

/// Appends the blob with these hexadecimal digits.
fn blob(digits: &[u8], writer: &mut RowWriter<'_>) -> Result<(), Malformed> {
    let length = HEXLOWER.decode_len(digits.len()).map_err(|_| Malformed)?;
    let write = |out: &mut Vec<u8>| {
        let start = out.len();
        out.resize(start + length, 0);
        HEXLOWER.decode_mut(digits, &mut out[start..]).ok().map(drop)
    };
    writer.blob_by(length, write).ok_or(Malformed)
}
