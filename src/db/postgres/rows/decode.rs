//! The server's text of values to canonical rows.

use crate::codec::RowWriter;
use crate::db::postgres::types::Form;

/// A row that is not what the server writes. Holds no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::db::postgres) struct Malformed;

/// Decodes the rows of one table.
pub(in crate::db::postgres) struct Decoder {
    forms: Vec<Form>,
    scratch: Vec<u8>,
}

impl Decoder {
    /// For rows whose columns have these forms.
    pub(in crate::db::postgres) fn new(forms: Vec<Form>) -> Decoder {
        Decoder { forms, scratch: Vec::new() }
    }

    /// How many values a row has.
    pub(in crate::db::postgres) fn width(&self) -> usize {
        self.forms.len()
    }

    /// Appends the canonical bytes of one row, whose values `field` gives by position, to `out`.
    pub(in crate::db::postgres) fn row<'t>(
        &mut self,
        field: impl Fn(usize) -> Option<Option<&'t str>>,
        out: &mut Vec<u8>,
    ) -> Result<(), Malformed> {
        let mut writer = RowWriter::new(out);
        for (position, form) in self.forms.iter().enumerate() {
            let Some(text) = field(position).ok_or(Malformed)? else {
                writer.null();
                continue;
            };
            match form {
                Form::Text => writer.text(text.as_bytes()),
                Form::Int => writer.int(integer(text)?),
                Form::Float4 => writer.real(f64::from(text.parse::<f32>().map_err(|_| Malformed)?)),
                Form::Float8 => writer.real(text.parse().map_err(|_| Malformed)?),
                Form::Bytes => {
                    unhex(text.strip_prefix("\\x").ok_or(Malformed)?.as_bytes(), &mut self.scratch)?;
                    writer.blob(&self.scratch);
                }
            }
        }
        Ok(())
    }
}

/// As the server writes one: no sign but a minus.
fn integer(digits: &str) -> Result<i64, Malformed> {
    if digits.starts_with('+') { Err(Malformed) } else { digits.parse().map_err(|_| Malformed) }
}

fn unhex(digits: &[u8], out: &mut Vec<u8>) -> Result<(), Malformed> {
    fn digit(digit: u8) -> Result<u8, Malformed> {
        match digit {
            b'0'..=b'9' => Ok(digit - b'0'),
            b'a'..=b'f' => Ok(digit - b'a' + 10),
            _ => Err(Malformed),
        }
    }
    out.clear();
    out.reserve(digits.len() / 2);
    let (pairs, []) = digits.as_chunks::<2>() else { return Err(Malformed) };
    for &[high, low] in pairs {
        out.push(digit(high)? << 4 | digit(low)?);
    }
    Ok(())
}
