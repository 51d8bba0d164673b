//! Rows of the server into canonical bytes, from COPY's text format, and back, as arrays.
//!
//! In COPY's format fields are separated by tabs, a row ends with a newline, `\N` is NULL, and backslash, newline, carriage return, tab and a
//! few other control characters in a value are written as a backslash and a letter.

mod decode;
mod encode;

pub(super) use decode::Decoder;
pub(super) use encode::{Batch, Unfit};

#[cfg(test)]
mod tests {
    use super::super::types::Form;
    use super::*;
    use crate::codec::{Value, row};
    use proptest::prelude::*;

    /// The texts of an array that has no array in it, as PostgreSQL reads it.
    fn elements(array: &str) -> Vec<Option<String>> {
        let inside = array.strip_prefix('{').and_then(|array| array.strip_suffix('}')).unwrap();
        let (mut elements, mut element, mut is_quoted, mut was_quoted) = (Vec::new(), String::new(), false, false);
        let mut letters = inside.chars().chain([',']);
        while let Some(letter) = letters.next() {
            match letter {
                '\\' => element.push(letters.next().unwrap()),
                '"' => (is_quoted, was_quoted) = (!is_quoted, true),
                ',' if !is_quoted => {
                    let text = std::mem::take(&mut element);
                    elements.push((was_quoted || text != "NULL").then_some(text));
                    was_quoted = false;
                }
                _ => element.push(letter),
            }
        }
        assert!(!is_quoted);
        elements
    }

    /// The one row of a batch as COPY would write it.
    fn as_copied(batch: &mut Batch) -> Vec<u8> {
        let array = String::from_utf8(batch.take()).unwrap();
        let fields = elements(&array).into_iter().map(|column| {
            let column = elements(&column.unwrap());
            assert_eq!(column.len(), 1);
            column[0].as_ref().map_or("\\N".to_string(), |text| {
                let escaped = text.replace('\\', "\\\\").replace('\n', "\\n");
                escaped.replace('\t', "\\t").replace('\r', "\\r")
            })
        });
        (fields.collect::<Vec<_>>().join("\t") + "\n").into_bytes()
    }

    fn there_and_back(forms: &[Form], values: &[Value]) {
        let canonical = row::encode(values);
        let mut batch = Batch::new(forms.iter().copied().map(Some).collect());
        batch.push(&canonical).unwrap();
        let copy = as_copied(&mut batch);
        assert_eq!((batch.rows(), batch.bytes()), (0, 0));
        let mut out = Vec::new();
        Decoder::new(forms.to_vec()).row(&copy, &mut out).unwrap();
        assert_eq!(out, canonical);
    }

    proptest! {
        #[test]
        fn rows_survive(
            int: Option<i64>, real: f64, single: f32, text in "(\\PC|[\\\\\t\n\r\u{8}\u{b}\u{c}N.])*", blob: Vec<u8>,
        ) {
            prop_assume!(!real.is_nan() && !single.is_nan());
            let values = [
                int.map_or(Value::Null, Value::Int),
                Value::Real(real),
                Value::Real(f64::from(single)),
                Value::Text(text.into_bytes()),
                Value::Blob(blob),
            ];
            there_and_back(&[Form::Int, Form::Float8, Form::Float4, Form::Text, Form::Bytes], &values);
        }

        #[test]
        fn no_input_makes_the_decoder_panic(bytes: Vec<u8>) {
            let mut out = Vec::new();
            let mut decoder = Decoder::new(vec![Form::Text, Form::Int, Form::Float8, Form::Bytes]);
            let _ = decoder.row(&bytes, &mut out);
        }
    }

    #[test]
    fn values_at_the_edges() {
        for text in ["", "\\N", "\\.", "N", "\\\\", "a\tb", "\n", "12345678\\", "1234567\t"] {
            there_and_back(&[Form::Text, Form::Text], &[Value::Text(text.into()), Value::Null]);
        }
        for real in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 5e-324, f64::MAX, 0.1 + 0.2] {
            there_and_back(&[Form::Float8], &[Value::Real(real)]);
        }
        for real in [f32::from_bits(1), f32::MAX, 0.1f32] {
            there_and_back(&[Form::Float4], &[Value::Real(f64::from(real))]);
        }
        for int in [i64::MIN, -1, 0, i64::MAX] {
            there_and_back(&[Form::Int], &[Value::Int(int)]);
        }
    }

    #[test]
    fn what_the_server_writes() {
        let mut decoder =
            Decoder::new(vec![Form::Int, Form::Float4, Form::Float8, Form::Bytes, Form::Text, Form::Text]);
        let mut out = Vec::new();
        decoder.row(b"-42\t1e-45\t-Infinity\t\\\\x00ff\ta\\tb\\\\N\t\\N\n", &mut out).unwrap();
        let expected = row::encode(&[
            Value::Int(-42),
            Value::Real(f64::from(f32::from_bits(1))),
            Value::Real(f64::NEG_INFINITY),
            Value::Blob(vec![0, 255]),
            Value::Text(b"a\tb\\N".to_vec()),
            Value::Null,
        ]);
        assert_eq!(out, expected);
    }

    #[test]
    fn malformed_rows_are_refused() {
        let mut out = Vec::new();
        for bytes in [&b"1\t2"[..], b"1\n", b"1\t2\t3\n", b"x\ty\n", b"\t\n", b"1\ta\\q\n", b"9223372036854775808\ta\n"]
        {
            assert!(Decoder::new(vec![Form::Int, Form::Text]).row(bytes, &mut out).is_err(), "{bytes:?}");
        }
        assert!(Decoder::new(vec![Form::Bytes]).row(b"\\\\x0\n", &mut out).is_err());
        let mut batch = Batch::new(vec![Some(Form::Int)]);
        assert!(batch.push(&row::encode(&[Value::Text(b"1".to_vec())])).is_err());
        assert!(batch.push(&row::encode(&[])).is_err());
        assert!(Batch::new(vec![Some(Form::Text)]).push(&row::encode(&[Value::Text(b"a\0".to_vec())])).is_err());
    }

    #[test]
    fn a_row_without_columns_is_a_row() {
        let mut out = Vec::new();
        Decoder::new(vec![]).row(b"\n", &mut out).unwrap();
        assert!(out.is_empty());
        let mut batch = Batch::new(vec![]);
        batch.push(&[]).unwrap();
        assert_eq!(batch.rows(), 1);
        assert_eq!(batch.take(), b"{}");
    }
}
