//! Percent-encoding, strictly.

/// Decodes `%XX`; `None` if a `%` is not followed by two hex digits or the result is not UTF-8. `+` stays `+`.
pub(super) fn decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let high = char::from(bytes.next()?).to_digit(16)?;
        let low = char::from(bytes.next()?).to_digit(16)?;
        out.push(u8::try_from(high << 4 | low).ok()?);
    }
    String::from_utf8(out).ok().filter(|text| !text.contains('\0'))
}

#[cfg(test)]
mod tests {
    use super::decode;
    use proptest::prelude::*;

    #[test]
    fn decodes_or_refuses() {
        assert_eq!(decode("p%40ss%2Fw%C3%BCrd+%25").as_deref(), Some("p@ss/würd+%"));
        for broken in ["%", "%4", "%zz", "%ff", "a%00b", "%+1"] {
            assert_eq!(decode(broken), None, "{broken}");
        }
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in "[^\0]{0,20}") {
            let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
            prop_assert_eq!(decode(&encoded), Some(text));
        }
    }
}
