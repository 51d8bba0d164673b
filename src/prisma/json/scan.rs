//! A scanner of JSON text: finds where a value ends, checks its grammar, and sees what JavaScript would not keep.
//!
//! It does not recurse, and its memory is one byte for each open bracket (plus the keys of open objects where repeated
//! keys are looked for), so a hostile document costs no more than its own size.

use super::text;

/// Why text is not a JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The text ends inside the value.
    Ends,
    /// A character cannot stand where it does.
    Unexpected,
    /// More brackets are open than allowed.
    TooDeep,
}

/// What was seen in a value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// A number that JavaScript would round or write with other digits.
    pub(super) inexact_number: bool,
    /// Spaces between tokens, escapes that JavaScript would not write, or keys that it would reorder or merge.
    pub(super) other_form: bool,
    /// A line break between tokens.
    pub(super) line_break: bool,
}

/// Reads one value from a text.
#[derive(Debug)]
pub(super) struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    open: Vec<u8>,
    deepest: usize,
    seen: Seen,
    keys: Option<Keys<'a>>,
}

/// Keys of the objects that are open.
#[derive(Debug, Default)]
struct Keys<'a> {
    all: Vec<&'a [u8]>,
    starts: Vec<usize>,
}

impl<'a> Scanner<'a> {
    /// A scanner of the value that begins at `at`, which may open at most `deepest` brackets.
    pub(super) fn new(bytes: &'a [u8], at: usize, deepest: usize) -> Scanner<'a> {
        Scanner { bytes, at, open: Vec::new(), deepest, seen: Seen::default(), keys: None }
    }

    /// Also looks for keys that stand twice in one object.
    pub(super) fn with_keys(mut self) -> Scanner<'a> {
        self.keys = Some(Keys::default());
        self
    }

    /// Reads the value; gives the position after it and what was seen.
    pub(super) fn value(mut self) -> Result<(usize, Seen), Fault> {
        loop {
            if self.begin()? {
                continue;
            }
            loop {
                let Some(&bracket) = self.open.last() else {
                    return Ok((self.at, self.seen));
                };
                self.space();
                let byte = self.next()?;
                if byte == b',' {
                    self.space();
                    if bracket == b'{' {
                        self.key()?;
                    }
                    break;
                }
                if byte != bracket + 2 {
                    return Err(Fault::Unexpected);
                }
                self.close(bracket);
            }
        }
    }

    /// One scalar, or the opening of a list or object. `true` if a value must follow, `false` if one has ended.
    fn begin(&mut self) -> Result<bool, Fault> {
        match self.next()? {
            bracket @ (b'{' | b'[') => {
                if self.open.len() == self.deepest {
                    return Err(Fault::TooDeep);
                }
                self.open.push(bracket);
                if let (b'{', Some(keys)) = (bracket, &mut self.keys) {
                    keys.starts.push(keys.all.len());
                }
                self.space();
                if self.peek() == Some(bracket + 2) {
                    self.at += 1;
                    self.close(bracket);
                    return Ok(false);
                }
                if bracket == b'{' {
                    self.key()?;
                }
                Ok(true)
            }
            b'"' => self.string().map(|()| false),
            b't' => self.word(b"rue"),
            b'f' => self.word(b"alse"),
            b'n' => self.word(b"ull"),
            b'-' | b'0'..=b'9' => {
                self.at -= 1;
                self.number().map(|()| false)
            }
            _ => Err(Fault::Unexpected),
        }
    }

    fn close(&mut self, bracket: u8) {
        self.open.pop();
        if let (b'{', Some(keys)) = (bracket, &mut self.keys) {
            let start = keys.starts.pop().unwrap_or(0);
            if let Some(own) = keys.all.get_mut(start..) {
                own.sort_unstable();
                self.seen.other_form |= own.windows(2).any(|pair| pair[0] == pair[1]);
            }
            keys.all.truncate(start);
        }
    }

    fn key(&mut self) -> Result<(), Fault> {
        if self.next()? != b'"' {
            return Err(Fault::Unexpected);
        }
        let start = self.at;
        self.string()?;
        let key = &self.bytes[start..self.at - 1];
        if let Some(keys) = &mut self.keys {
            keys.all.push(key);
            // JavaScript puts keys that look like array indexes first, and an escaped key may equal another.
            self.seen.other_form |= key.contains(&b'\\') || key.first().is_some_and(u8::is_ascii_digit);
        }
        self.space();
        if self.next()? != b':' {
            return Err(Fault::Unexpected);
        }
        self.space();
        Ok(())
    }

    /// The rest of a string whose opening quote has been read.
    fn string(&mut self) -> Result<(), Fault> {
        loop {
            self.at += text::next_escape(self.bytes.get(self.at..).unwrap_or_default()).ok_or(Fault::Ends)?;
            match self.next()? {
                b'"' => return Ok(()),
                b'\\' => match self.next()? {
                    b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                    b'/' => self.seen.other_form = true,
                    b'u' => {
                        self.seen.other_form = true;
                        for _ in 0..4 {
                            if !self.next()?.is_ascii_hexdigit() {
                                return Err(Fault::Unexpected);
                            }
                        }
                    }
                    _ => return Err(Fault::Unexpected),
                },
                _ => return Err(Fault::Unexpected),
            }
        }
    }

    fn number(&mut self) -> Result<(), Fault> {
        let end = number_end(&self.bytes[self.at..]).ok_or(Fault::Unexpected)?;
        let token = &self.bytes[self.at..self.at + end];
        self.seen.inexact_number |= !is_js_number(token);
        self.at += end;
        Ok(())
    }

    fn word(&mut self, rest: &[u8]) -> Result<bool, Fault> {
        if !self.bytes[self.at..].starts_with(rest) {
            return Err(Fault::Unexpected);
        }
        self.at += rest.len();
        Ok(false)
    }

    fn space(&mut self) {
        while let Some(byte @ (b' ' | b'\t' | b'\n' | b'\r')) = self.peek() {
            self.seen.other_form = true;
            self.seen.line_break |= matches!(byte, b'\n' | b'\r');
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn next(&mut self) -> Result<u8, Fault> {
        let byte = self.peek().ok_or(Fault::Ends)?;
        self.at += 1;
        Ok(byte)
    }
}

/// Length of the JSON number at the start of `bytes`; `None` if there is none.
pub(super) fn number_end(bytes: &[u8]) -> Option<usize> {
    let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = usize::from(bytes.first() == Some(&b'-'));
    let whole = digits(at);
    if whole == 0 || (whole > 1 && bytes[at] == b'0') {
        return None;
    }
    at += whole;
    if bytes.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if fraction == 0 {
            return None;
        }
        at += 1 + fraction;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at);
        if exponent == 0 {
            return None;
        }
        at += exponent;
    }
    Some(at)
}

/// Whether JavaScript certainly reads this number and writes it back with the same digits: at most 15 of them, no
/// exponent, no trailing zero after the point, not below a millionth, and not -0.
fn is_js_number(token: &[u8]) -> bool {
    let digits = token.strip_prefix(b"-").unwrap_or(token);
    let has_point = digits.contains(&b'.');
    let too_long = digits.len() > 15 + usize::from(has_point);
    let has_exponent = digits.iter().any(|byte| matches!(byte, b'e' | b'E'));
    let has_trailing_zero = has_point && digits.ends_with(b"0");
    let is_tiny = digits.starts_with(b"0.000000");
    !(too_long || has_exponent || has_trailing_zero || is_tiny || token == b"-0")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scan(text: &str) -> Result<(usize, Seen), Fault> {
        Scanner::new(text.as_bytes(), 0, 512).with_keys().value()
    }

    #[test]
    fn what_javascript_keeps_is_told_from_what_it_does_not() {
        for kept in [r#"{"a":1,"b":[true,null,"x\n\""],"c":{"a":-1.25}}"#, "0", "123456789012345", "[]", "{}", "0.5"] {
            assert_eq!(scan(kept), Ok((kept.len(), Seen::default())), "{kept}");
        }
        for number in ["1.10", "12345678901234567890", "1e400", "-0", "[1.0]", "0.0000001", "1E2"] {
            assert!(scan(number).unwrap().1.inexact_number, "{number}");
        }
        for form in
            [r#"{"a":1,"a":2}"#, r#"{"a": 1}"#, r#""\u0041""#, r#"{"1":1}"#, r#"{"b":[{"a":1,"a":1}]}"#, r#""\/""#]
        {
            assert!(scan(form).unwrap().1.other_form, "{form}");
        }
        assert!(!scan(r#"[{"a":1},{"a":1},{"b":{"a":1}}]"#).unwrap().1.other_form);
        assert!(scan("[\n1]").unwrap().1.line_break);
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for bad in [
            "", "{", "[1,]", "{\"a\"}", "{\"a\":}", "{,}", "01", "1.", "-", "1e", "tru", "\"a", "\"\n\"", "\"\\x\"",
            "[1}", "nul", "{1:2}",
        ] {
            assert!(scan(bad).is_err(), "{bad}");
        }
        assert_eq!(scan(&"[".repeat(100_000)), Err(Fault::TooDeep));
    }

    proptest! {
        #[test]
        fn agrees_with_serde(text in r#"[\[\]{}":,0-9.eE+\- antrufls\\]{0,24}"#) {
            let ours = scan(&text).is_ok_and(|(end, _)| end == text.trim_end().len());
            let theirs = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            prop_assert_eq!(ours, theirs && !text.starts_with([' ', '\n']));
        }
    }
}
