//! Rows of the server into canonical bytes, and back, as arrays.

mod decode;
mod encode;

pub(super) use decode::{Decoder, Malformed};
pub(super) use encode::{Batch, Unfit, long_row};

#[cfg(test)]
mod tests {
    use super::super::client::Cell;
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

    /// The one row of a batch as the server would give it.
    fn as_given(batch: &mut Batch) -> Vec<Option<String>> {
        let array = String::from_utf8(batch.take()).unwrap();
        let fields = elements(&array).into_iter().map(|column| {
            let mut column = elements(&column.unwrap());
            assert_eq!(column.len(), 1);
            column.remove(0)
        });
        fields.collect()
    }

    fn decoded(forms: &[Form], fields: &[Option<&str>]) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let done = Decoder::new(forms.to_vec())
            .row(|position| fields.get(position).map(|field| field.map(|text| Cell::Text(text.into()))), &mut out);
        done.ok().map(|()| out)
    }

    fn there_and_back(forms: &[Form], values: &[Value]) {
        let canonical = row::encode(values);
        let mut batch = Batch::new(forms.iter().copied().map(Some).collect());
        batch.push(&canonical).unwrap();
        let given = as_given(&mut batch);
        assert_eq!((batch.rows(), batch.bytes()), (0, 0));
        let fields: Vec<Option<&str>> = given.iter().map(Option::as_deref).collect();
        assert_eq!(decoded(forms, &fields).unwrap(), canonical);
    }

    #[test]
    fn a_long_row_is_sent_as_any_other() {
        let text = "a\\\"é家\n\u{1}'".repeat(40_000);
        let blob: Vec<u8> = text.bytes().rev().collect();
        let forms = [Form::Int, Form::Text, Form::Bytes, Form::Text, Form::Text].map(Some);
        let forms = [&forms[..], &[None]].concat();
        let values = [
            Value::Int(1),
            Value::Text(text.into_bytes()),
            Value::Blob(blob),
            Value::Text(Vec::new()),
            Value::Null,
            Value::Int(2),
        ];
        let row = row::encode(&values);
        let mut batch = Batch::new(forms.clone());
        batch.push(&row).unwrap();
        let whole = batch.take();
        for piece in [1, 100_000, usize::MAX] {
            let mut pieces: Vec<Vec<u8>> = Vec::new();
            let mut send = |piece: &[u8]| {
                assert!(std::str::from_utf8(piece).is_ok());
                pieces.push(piece.to_vec());
                Ok::<(), Unfit>(())
            };
            long_row(&forms, &row, piece, &mut send).unwrap();
            assert!(pieces.concat() == whole, "{piece}");
        }
        let nul = row::encode(&[Value::Text(b"a\0".to_vec())]);
        assert_eq!(long_row(&[Some(Form::Text)], &nul, 1, &mut |_| Ok::<(), Unfit>(())), Err(Unfit::Value(0)));
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
        fn no_input_makes_the_decoder_panic(text: String) {
            for form in [Form::Text, Form::Int, Form::Float4, Form::Float8, Form::Bytes] {
                let _ = decoded(&[form], &[Some(&text)]);
            }
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
        let forms = [Form::Int, Form::Float4, Form::Float8, Form::Bytes, Form::Text, Form::Text];
        let fields = [Some("-42"), Some("1e-45"), Some("-Infinity"), Some("\\x00ff"), Some("a\tb\\N"), None];
        let expected = row::encode(&[
            Value::Int(-42),
            Value::Real(f64::from(f32::from_bits(1))),
            Value::Real(f64::NEG_INFINITY),
            Value::Blob(vec![0, 255]),
            Value::Text(b"a\tb\\N".to_vec()),
            Value::Null,
        ]);
        assert_eq!(decoded(&forms, &fields).unwrap(), expected);
    }

    #[test]
    fn malformed_values_are_refused() {
        for text in ["", "x", "1.5", "+1", " 1", "9223372036854775808"] {
            assert_eq!(decoded(&[Form::Int], &[Some(text)]), None, "{text}");
        }
        for text in ["", "x00", "\\x0", "\\xA0", "\\x0g"] {
            assert_eq!(decoded(&[Form::Bytes], &[Some(text)]), None, "{text}");
        }
        assert_eq!(decoded(&[Form::Int, Form::Int], &[Some("1")]), None);
        let mut batch = Batch::new(vec![Some(Form::Int)]);
        assert!(batch.push(&row::encode(&[Value::Text(b"1".to_vec())])).is_err());
        assert!(batch.push(&row::encode(&[])).is_err());
        assert!(Batch::new(vec![Some(Form::Text)]).push(&row::encode(&[Value::Text(b"a\0".to_vec())])).is_err());
    }

    #[test]
    fn a_row_without_columns_is_a_row() {
        assert_eq!(decoded(&[], &[]).unwrap(), b"");
        let mut batch = Batch::new(vec![]);
        batch.push(&[]).unwrap();
        assert_eq!(batch.rows(), 1);
        assert_eq!(batch.take(), b"{}");
    }
}
