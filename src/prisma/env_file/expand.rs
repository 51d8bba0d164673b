//! References of a value to other variables.

use super::{EnvFile, TooLong};
use std::collections::{HashMap, HashSet};

/// How long a value may become by what it refers to.
const MAX_VALUE: usize = 64 << 10;

/// How many bytes may be looked through for references, each reference counting as [`REFERENCE_WORK`] more.
const MAX_WORK: usize = 2 << 20;
const REFERENCE_WORK: usize = 256;

/// How many variables may wait for the value of another.
const MAX_DEPTH: usize = 200;

/// The values of a file being expanded, as `dotenv-expand` does it: the first reference of a text is replaced by the
/// raw value of its variable, and the text is read again from its start until no reference is left. A value that the
/// text has been before counts as empty, and the text stays as it is once it equals the expanded value of a variable
/// that stands further up in the file.
pub(super) struct Expansion<'e> {
    file: &'e EnvFile,
    environment: &'e dyn Fn(&str) -> Option<String>,
    done: HashMap<String, String>,
    depth: usize,
    work_left: usize,
}

impl<'e> Expansion<'e> {
    pub(super) fn new(file: &'e EnvFile, environment: &'e dyn Fn(&str) -> Option<String>) -> Expansion<'e> {
        Expansion { file, environment, done: HashMap::new(), depth: 0, work_left: MAX_WORK }
    }

    /// The expanded value of a variable whose value in the file is `raw`.
    pub(super) fn value(&mut self, name: &str, raw: &str) -> Result<String, TooLong> {
        if let Some(value) = self.done.get(name) {
            return Ok(value.clone());
        }
        if self.depth >= MAX_DEPTH {
            return Err(TooLong);
        }
        self.depth += 1;
        let expanded = match (self.environment)(name) {
            Some(value) if !value.is_empty() && value != raw => value,
            _ => self.expand(name, raw)?,
        };
        self.depth -= 1;
        let value = expanded.replace("\\$", "$");
        self.done.insert(name.to_owned(), value.clone());
        Ok(value)
    }

    fn expand(&mut self, name: &str, raw: &str) -> Result<String, TooLong> {
        let mut seen = HashSet::new();
        let mut text = raw.to_owned();
        loop {
            if text.len() > MAX_VALUE {
                return Err(TooLong);
            }
            self.work_left = self.work_left.checked_sub(text.len() + REFERENCE_WORK).ok_or(TooLong)?;
            let Some(reference) = self.first_reference(&text) else { return Ok(text) };
            let value = self.lookup(reference.name).filter(|value| !value.is_empty());
            seen.insert(text.clone());
            let replacement = match (reference.is_alternative, value) {
                (true, Some(_)) => reference.other.to_owned(),
                (true, None) => String::new(),
                (false, Some(value)) if !seen.contains(&value) => value,
                (false, _) => reference.other.to_owned(),
            };
            let replaced = replaced(&text, reference.whole, &replacement)?;
            if self.earlier(reference.name, name)?.is_some_and(|value| value == replaced) {
                return Ok(replaced);
            }
            text = replaced;
        }
    }

    /// The environment's value of a variable, else the file's.
    fn lookup(&self, name: &str) -> Option<String> {
        let in_environment = if name.is_empty() { None } else { (self.environment)(name) };
        in_environment.or_else(|| self.file.raw(name).map(str::to_owned))
    }

    /// The expanded value of `name` if it stands before `other` in the file.
    fn earlier(&mut self, name: &str, other: &str) -> Result<Option<String>, TooLong> {
        match (self.file.values.get(name), self.file.values.get(other)) {
            (Some(variable), Some(other)) if variable.place < other.place => {
                let file = self.file;
                self.value(name, &file.values[name].raw).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// The first reference of a text. A `$NAME` of a name that nothing defines is none.
    fn first_reference<'t>(&self, text: &'t str) -> Option<Reference<'t>> {
        text.match_indices('$').filter(|&(at, _)| !text[..at].ends_with('\\')).find_map(|(at, _)| {
            let after = &text[at + 1..];
            if let Some(inner) = braced(after) {
                return Some(Reference::new(&text[at..at + inner.len() + 3], inner));
            }
            let length = after.find(|char: char| !char.is_ascii_alphanumeric() && char != '_').unwrap_or(after.len());
            let name = &after[..length];
            let is_name = !name.is_empty() && !name.starts_with(|char: char| char.is_ascii_digit());
            (is_name && self.lookup(name).is_some()).then(|| Reference::new(&text[at..=at + length], name))
        })
    }
}

struct Reference<'t> {
    whole: &'t str,
    name: &'t str,
    /// Whether `other` stands in place of a value that is there, not of one that is missing.
    is_alternative: bool,
    other: &'t str,
}

impl<'t> Reference<'t> {
    fn new(whole: &'t str, inner: &'t str) -> Reference<'t> {
        // Without an operator the package splits the name at its word for none.
        let operator = match inner.find(['-', '+']) {
            Some(at) => &inner[at - usize::from(inner[..at].ends_with(':'))..=at],
            None => "null",
        };
        let (name, other) = inner.split_once(operator).unwrap_or((inner, ""));
        Reference { whole, name, is_alternative: operator.ends_with('+'), other }
    }
}

/// What stands between the braces at the start of `text`, if it is something without braces.
fn braced(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('{')?;
    let end = inside.find(['{', '}'])?;
    (end > 0 && inside[end..].starts_with('}')).then(|| &inside[..end])
}

/// `text` with the first `pattern` in it replaced as JavaScript does: in `replacement`, `$$` is a dollar sign, `$&` the
/// pattern, and `` $` `` and `$'` are what stands before and after it.
fn replaced(text: &str, pattern: &str, replacement: &str) -> Result<String, TooLong> {
    let Some((before, after)) = text.split_once(pattern) else { return Ok(text.to_owned()) };
    let mut out = before.to_owned();
    let mut rest = replacement;
    while let Some(dollar) = rest.find('$') {
        out.push_str(&rest[..dollar]);
        let piece = match rest.as_bytes().get(dollar + 1) {
            Some(b'$') => "$",
            Some(b'&') => pattern,
            Some(b'`') => before,
            Some(b'\'') => after,
            _ => {
                out.push('$');
                rest = &rest[dollar + 1..];
                continue;
            }
        };
        out.push_str(piece);
        rest = &rest[dollar + 2..];
        if out.len() > MAX_VALUE {
            return Err(TooLong);
        }
    }
    out.push_str(rest);
    out.push_str(after);
    Ok(out)
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
        let started = std::time::Instant::now();
        let doubling = |levels: usize| {
            let lines: Vec<String> = (1..=levels).map(|n| format!("A{n}=${{A{}}}${{A{}}}", n - 1, n - 1)).collect();
            format!("A0=xxxxxxxx\n{}\nU=${{A{levels}}}", lines.join("\n"))
        };
        assert_eq!(read(&doubling(5)).len(), 256);
        assert!(value(&doubling(20)).is_err());
        let chain = |length: usize| (1..length).map(|n| format!("A{n}=${{A{}}}\n", n + 1)).collect::<String>();
        assert_eq!(read(&format!("{}U=$A1", chain(100))), "");
        assert_eq!(read(&format!("U=$A1\n{}", chain(300))), "");
        let backwards: String = (1..2_000).map(|n| format!("A{n}=${{A{}}}\n", n - 1)).collect();
        assert!(value(&format!("{backwards}U=$A1999")).is_err());
        let swelling = format!("A={}x\nU=$A {}", "$'".repeat(20_000), "y".repeat(60_000));
        assert!(value(&swelling).is_err());
        for endless in ["A=1$B\nB=2$A\nU=<$A", "A=$&\nU=<$A>", "A=$$A\nU=x$A", "A=$`$&\nU=x$A"] {
            assert!(value(endless).is_err(), "{endless}");
        }
        let braces = "${A:-".repeat(5_000);
        assert_eq!(read(&format!("U={braces}x")).len(), braces.len() + 1);
        assert!(value(&format!("U={braces}x{}", "}".repeat(5_000))).is_err());
        assert!(value(&format!("U={}", "x".repeat(100_000))).is_err());
        assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
    }
}
