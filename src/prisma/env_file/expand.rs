//! References of a value to other variables.

use super::{EnvFile, TooLong};

/// How long a value may become by what it refers to.
const MAX_VALUE: usize = 64 << 10;

/// How many references one value may lead to.
const MAX_REFERENCES: usize = 1_000;

/// How deep references may nest.
const MAX_DEPTH: usize = 32;

/// One value being expanded.
pub(super) struct Expansion<'e> {
    file: &'e EnvFile,
    environment: &'e dyn Fn(&str) -> Option<String>,
    /// The variables that are being expanded, outermost first: within itself a variable counts as undefined.
    open: Vec<String>,
    left: usize,
}

impl<'e> Expansion<'e> {
    /// For the value of `name`.
    pub(super) fn new(file: &'e EnvFile, environment: &'e dyn Fn(&str) -> Option<String>, name: &str) -> Expansion<'e> {
        Expansion { file, environment, open: vec![name.to_owned()], left: MAX_REFERENCES }
    }

    pub(super) fn expand(&mut self, text: &str) -> Result<String, TooLong> {
        if text.len() > MAX_VALUE {
            return Err(TooLong);
        }
        let mut out = String::new();
        let mut rest = text;
        while let Some(dollar) = rest.find('$') {
            let (before, reference) = rest.split_at(dollar);
            if let Some(before) = before.strip_suffix('\\') {
                out.push_str(before);
                out.push('$');
                rest = &reference[1..];
            } else {
                out.push_str(before);
                rest = self.reference(reference, &mut out)?;
            }
            if out.len() > MAX_VALUE {
                return Err(TooLong);
            }
        }
        out.push_str(rest);
        if out.len() > MAX_VALUE { Err(TooLong) } else { Ok(out) }
    }

    /// Puts what the reference at the start of `text` stands for into `out`; returns what follows it.
    fn reference<'t>(&mut self, text: &'t str, out: &mut String) -> Result<&'t str, TooLong> {
        self.left = self.left.checked_sub(1).ok_or(TooLong)?;
        let after = &text[1..];
        if let Some((inner, rest)) = after.strip_prefix('{').and_then(braced) {
            out.push_str(&self.braces(inner)?);
            return Ok(rest);
        }
        let is_name = |char: char| char.is_ascii_alphanumeric() || char == '_';
        let length = after.find(|char| !is_name(char)).unwrap_or(after.len());
        let (name, rest) = after.split_at(length);
        let defined = if name.starts_with(|char: char| char.is_ascii_digit()) { None } else { self.lookup(name)? };
        match defined {
            Some(value) => out.push_str(&value),
            None => {
                out.push('$');
                out.push_str(name);
            }
        }
        Ok(rest)
    }

    /// What stands between `${` and `}`: a name, and perhaps an operator and a text.
    fn braces(&mut self, inner: &str) -> Result<String, TooLong> {
        let operator = inner.find(['-', '+']);
        let (name, operator, text) = match operator {
            Some(at) => (inner[..at].trim_end_matches(':'), &inner[at..=at], &inner[at + 1..]),
            None => (inner, "", ""),
        };
        let value = self.lookup(name)?.filter(|value| !value.is_empty());
        match (operator, value) {
            ("+", Some(_)) | ("-", None) => self.deeper(None, text),
            ("+", None) => Ok(String::new()),
            (_, value) => Ok(value.unwrap_or_default()),
        }
    }

    fn lookup(&mut self, name: &str) -> Result<Option<String>, TooLong> {
        if name.is_empty() || self.open.iter().any(|open| open == name) {
            return Ok(None);
        }
        match (self.environment)(name).or_else(|| self.file.values.get(name).cloned()) {
            Some(text) => self.deeper(Some(name), &text).map(Some),
            None => Ok(None),
        }
    }

    fn deeper(&mut self, name: Option<&str>, text: &str) -> Result<String, TooLong> {
        if self.open.len() >= MAX_DEPTH {
            return Err(TooLong);
        }
        self.open.push(name.unwrap_or_default().to_owned());
        let expanded = self.expand(text);
        self.open.pop();
        expanded
    }
}

/// What stands before the brace that closes the one before `text`, and what follows it.
fn braced(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0_usize;
    for (at, char) in text.char_indices() {
        match char {
            '{' => depth += 1,
            '}' if depth == 0 => return (at > 0).then(|| (&text[..at], &text[at + 1..])),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Result<Option<String>, TooLong> {
        let environment = |name: &str| (name == "FROM_SHELL").then(|| "shell".to_owned());
        EnvFile::parse(text).value("U", &environment)
    }

    fn read(text: &str) -> String {
        value(text).unwrap().unwrap_or_else(|| "(none)".to_owned())
    }

    #[test]
    fn references_to_other_variables() {
        for (text, expected) in [
            ("A=x\nU=${A}/$A", "x/x"),
            ("U=${A}\nA=x", "x"),
            ("A=x\nU='$A'", "x"),
            ("U=pa$word", "pa$word"),
            ("U=a$", "a$"),
            ("U=$5.00", "$5.00"),
            ("U=${none}", ""),
            ("U=${none:-b}", "b"),
            ("U=${none-b-c:d}", "b-c:d"),
            ("A=\nU=${A:-b}", "b"),
            ("U=${none:-${A:-deep}}", "deep"),
            ("A=x\nU=[${A:+set}${none:+set}]", "[set]"),
            ("A=x\nU=\\$A\\${A}", "$A${A}"),
            ("FROM_SHELL=file\nU=$FROM_SHELL", "shell"),
            ("U=${U:-file:./dev.db}", "file:./dev.db"),
            ("A=${U}\nU=<${A}>", "<>"),
            ("U=${A", "${A"),
            ("U=${}", "${}"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn expansion_has_an_end() {
        let doubling = |levels: usize| {
            let lines: Vec<String> = (1..=levels).map(|n| format!("A{n}=${{A{}}}${{A{}}}", n - 1, n - 1)).collect();
            format!("A0=xxxxxxxx\n{}\nU=${{A{levels}}}", lines.join("\n"))
        };
        assert_eq!(read(&doubling(5)).len(), 256);
        assert_eq!(value(&doubling(20)), Err(TooLong));
        let chain: String = (1..100).map(|n| format!("A{n}=${{A{}}}\n", n + 1)).collect();
        assert_eq!(value(&format!("{chain}U=$A1")), Err(TooLong));
        assert_eq!(value(&format!("U={}x", "${A:-".repeat(5_000))), Err(TooLong));
        assert_eq!(value(&format!("U={}x{}", "${A:-".repeat(5_000), "}".repeat(5_000))), Err(TooLong));
        assert_eq!(value(&format!("U={}", "x".repeat(100_000))), Err(TooLong));
    }
}
