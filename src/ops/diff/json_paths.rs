//! What differs between two JSON documents, path by path.

use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The most changes that are told path by path; with more, the documents are told as a whole.
const MOST: usize = 64;

/// One difference between two documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonChange<'t> {
    /// Where: `.price`, `.tags[2]`, `.names["a b"]`.
    pub path: String,
    /// The older value as JSON; `None` if there was none.
    pub old: Option<&'t str>,
    /// The newer value as JSON; `None` if there is none.
    pub new: Option<&'t str>,
}

/// The differences between two documents; `None` if one of them is no JSON, they differ as a whole, or only in ways
/// that JSON does not tell apart (spaces, the order of keys). Numbers are compared digit by digit.
pub fn json_changes<'t>(old: &'t str, new: &'t str) -> Option<Vec<JsonChange<'t>>> {
    let mut found = Vec::new();
    compare(old, new, String::new(), &mut found)?;
    let whole = found.iter().any(|change| change.path.is_empty());
    (!whole && !found.is_empty()).then_some(found)
}

fn compare<'t>(old: &'t str, new: &'t str, path: String, found: &mut Vec<JsonChange<'t>>) -> Option<()> {
    if old.trim() == new.trim() {
        return Some(());
    }
    if found.len() > MOST || path.len() > 1000 {
        return None;
    }
    match (old.trim_start().as_bytes().first()?, new.trim_start().as_bytes().first()?) {
        (b'{', b'{') => {
            let (old, new) = (object(old)?, object(new)?);
            for (name, value) in &old {
                step(Some(value.get()), new.get(name).map(|v| v.get()), format!("{path}{}", field(name)), found)?;
            }
            for (name, value) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
                step(None, Some(value.get()), format!("{path}{}", field(name)), found)?;
            }
        }
        (b'[', b'[') => {
            let (old, new) = (array(old)?, array(new)?);
            for at in 0..old.len().max(new.len()) {
                let (old, new) = (old.get(at).map(|v| v.get()), new.get(at).map(|v| v.get()));
                step(old, new, format!("{path}[{at}]"), found)?;
            }
        }
        _ => found.push(JsonChange { path, old: Some(old), new: Some(new) }),
    }
    Some(())
}

fn step<'t>(old: Option<&'t str>, new: Option<&'t str>, path: String, found: &mut Vec<JsonChange<'t>>) -> Option<()> {
    match (old, new) {
        (Some(old), Some(new)) => compare(old, new, path, found),
        (old, new) => {
            found.push(JsonChange { path, old, new });
            Some(())
        }
    }
}

fn object(text: &str) -> Option<BTreeMap<String, &RawValue>> {
    serde_json::from_str(text).ok()
}

fn array(text: &str) -> Option<Vec<&RawValue>> {
    serde_json::from_str(text).ok()
}

fn field(name: &str) -> String {
    let plain = !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$');
    if plain { format!(".{name}") } else { format!("[{}]", serde_json::Value::from(name)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(old: &str, new: &str) -> Option<Vec<String>> {
        let text = |value: Option<&str>| value.unwrap_or("none").to_owned();
        Some(
            json_changes(old, new)?
                .into_iter()
                .map(|c| format!("{} {} {}", c.path, text(c.old), text(c.new)))
                .collect(),
        )
    }

    #[test]
    fn changes_have_paths() {
        assert_eq!(
            shown(r#"{"a":1,"b":{"c":[1,2]},"x y":0}"#, r#"{"a":2,"b":{"c":[1,3,4]},"d":null}"#).unwrap(),
            [".a 1 2", ".b.c[1] 2 3", ".b.c[2] none 4", "[\"x y\"] 0 none", ".d none null"]
        );
    }

    #[test]
    fn numbers_are_compared_digit_by_digit() {
        assert_eq!(shown(r#"{"n":12345678901234567890123}"#, r#"{"n":12345678901234567890124}"#).unwrap().len(), 1);
        assert_eq!(shown(r#"{"n":1.10}"#, r#"{"n":1.1}"#).unwrap(), [".n 1.10 1.1"]);
    }

    #[test]
    fn what_differs_as_a_whole_has_no_paths() {
        assert_eq!(shown("1", "2"), None);
        assert_eq!(shown("{}", "[]"), None);
        assert_eq!(shown(r#"{"a":1}"#, r#"{ "a" : 1 }"#), None);
        assert_eq!(shown("{", "{}"), None);
        let deep = "[".repeat(100_000);
        assert_eq!(shown(&deep, "[1]"), None);
    }
}
