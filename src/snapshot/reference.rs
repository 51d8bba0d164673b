//! References: the words by which a person names a snapshot.
//!
//! A reference is `latest`, `~N` (N snapshots before the latest), a tag, a prefix of a snapshot's id (at least four hex
//! digits), a backup id (`backup_20260124_103000_mods`) or the file name of an export; `latest:mods` is the latest
//! snapshot that has that table. `REF:TABLE` and `REF:TABLE:KEY` point into a snapshot; since names of tables can hold
//! colons, the layer above splits them.

use super::{Entry, History};
use crate::hash::Hash;
use std::collections::BTreeMap;
use thiserror::Error;

/// The least number of hex digits that are taken for a snapshot's id.
const LEAST_PREFIX: usize = 4;

/// A reference as typed, split into its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The snapshot's name.
    pub name: String,
    /// What it points to within the snapshot: `TABLE` or `TABLE:KEY`.
    pub within: Option<String>,
}

/// A reference that was found.
#[derive(Debug, Clone, Copy)]
pub struct Resolved<'h> {
    /// The snapshot.
    pub entry: &'h Entry,
    /// The one table that a backup id or export's name stands for: an index into the manifest's tables.
    pub table: Option<usize>,
}

/// Why a reference names no snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReferenceError {
    /// There are no snapshots at all.
    #[error("there are no snapshots yet")]
    Empty,
    /// Nothing goes by that name.
    #[error("no snapshot is called '{name}'")]
    Unknown {
        /// What was typed.
        name: String,
        /// Names that are close to it.
        near: Vec<String>,
    },
    /// Several ids begin with it.
    #[error("'{name}' could be any of {} snapshots", candidates.len())]
    Ambiguous {
        /// What was typed.
        name: String,
        /// All of them, newest first.
        candidates: Vec<Hash>,
    },
    /// `latest:TABLE`, and no snapshot has that table.
    #[error("no snapshot has a table '{table}'")]
    NoneOf {
        /// The table as typed.
        table: String,
    },
    /// It goes back further than there are snapshots.
    #[error("'{name}' goes back further than the {have} snapshot{} there {}", if *have == 1 { "" } else { "s" }, if *have == 1 { "is" } else { "are" })]
    TooFar {
        /// What was typed.
        name: String,
        /// How many there are.
        have: usize,
    },
}

impl Reference {
    /// Splits `typed` at its first colon.
    pub fn parse(typed: &str) -> Reference {
        match typed.split_once(':') {
            Some((name, within)) => Reference { name: name.to_owned(), within: Some(within.to_owned()) },
            None => Reference { name: typed.to_owned(), within: None },
        }
    }

    /// Finds the snapshot. `matches` decides whether a snapshot has what stands after `latest:`.
    ///
    /// # Errors
    /// If nothing, or more than one snapshot, goes by that name.
    pub fn resolve<'h>(
        &self,
        history: &'h History,
        tags: &BTreeMap<String, Hash>,
        matches: &dyn Fn(&Entry, &str) -> bool,
    ) -> Result<Resolved<'h>, ReferenceError> {
        let whole = |entry| Ok(Resolved { entry, table: None });
        if history.entries.is_empty() {
            return Err(ReferenceError::Empty);
        }
        if let Some(back) = steps_back(&self.name) {
            let line: Vec<&Entry> = history
                .asked_for()
                .filter(|entry| self.within.as_deref().is_none_or(|within| matches(entry, within)))
                .collect();
            return match (line.get(back), &self.within) {
                (Some(entry), _) => whole(entry),
                (None, Some(within)) if line.is_empty() => {
                    let table = within.split(':').next().unwrap_or_default().to_owned();
                    Err(ReferenceError::NoneOf { table })
                }
                (None, _) => Err(ReferenceError::TooFar { name: self.name.clone(), have: line.len() }),
            };
        }
        if let Some(entry) = tags.get(&self.name).and_then(|id| history.get(id)) {
            return whole(entry);
        }
        if let Some(found) = by_backup_id(history, &self.name) {
            return Ok(found);
        }
        self.by_prefix(history, tags)
    }

    fn by_prefix<'h>(
        &self,
        history: &'h History,
        tags: &BTreeMap<String, Hash>,
    ) -> Result<Resolved<'h>, ReferenceError> {
        let typed = self.name.to_ascii_lowercase();
        let is_hex = typed.len() >= LEAST_PREFIX && typed.bytes().all(|byte| byte.is_ascii_hexdigit());
        let named = |id: &Hash| is_hex && id.to_hex().starts_with(&typed);
        let mut found: Vec<&Entry> = history.entries.iter().filter(|entry| named(&entry.id)).collect();
        if found.is_empty() {
            // The id that a snapshot had before its message was changed goes on naming it.
            found = history.entries.iter().filter(|entry| entry.manifest.replaces.iter().any(named)).collect();
        }
        match found[..] {
            [entry] => Ok(Resolved { entry, table: None }),
            [] => Err(ReferenceError::Unknown { name: self.name.clone(), near: near_names(&typed, history, tags) }),
            _ => Err(ReferenceError::Ambiguous {
                name: self.name.clone(),
                candidates: found.iter().map(|entry| entry.id).collect(),
            }),
        }
    }
}

/// `latest` is 0, `~` is 1, `~N` and `latest~N` are N.
fn steps_back(name: &str) -> Option<usize> {
    let rest = name.strip_prefix("latest").unwrap_or(name);
    match rest.strip_prefix('~') {
        Some("") => Some(1),
        Some(digits) => digits.parse().ok(),
        None => (name == "latest").then_some(0),
    }
}

/// Finds the table whose backup id `name` is, or is the file name of an export of (a path before it is ignored).
fn by_backup_id<'h>(history: &'h History, name: &str) -> Option<Resolved<'h>> {
    let file = name.rsplit(['/', '\\']).next()?;
    let id = file.strip_suffix(".json").or_else(|| file.strip_suffix("_restore.ts")).unwrap_or(file);
    if !id.starts_with("backup_") {
        return None;
    }
    history.entries.iter().find_map(|entry| {
        let table = entry.manifest.tables.iter().position(|table| table.backup == id)?;
        Some(Resolved { entry, table: Some(table) })
    })
}

fn near_names(typed: &str, history: &History, tags: &BTreeMap<String, Hash>) -> Vec<String> {
    let stem: String = typed.chars().take(3).collect();
    let mut near: Vec<String> =
        tags.keys().filter(|tag| tag.to_lowercase().starts_with(&stem)).take(3).cloned().collect();
    if strsim::damerau_levenshtein(&typed.to_lowercase(), "latest") <= 2 {
        near.push("latest".to_owned());
    }
    near.extend(
        history
            .entries
            .iter()
            .map(|entry| entry.id.short())
            .filter(|id| !stem.is_empty() && id.starts_with(&stem))
            .take(3),
    );
    near
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps() {
        assert_eq!(steps_back("latest"), Some(0));
        assert_eq!(steps_back("~2"), Some(2));
        assert_eq!(steps_back("~"), Some(1));
        assert_eq!(steps_back("latest~3"), Some(3));
        assert_eq!(steps_back("a1b2c3d4"), None);
        assert_eq!(steps_back("~x"), None);
    }

    #[test]
    fn parts() {
        let parsed = Reference::parse("a1b2c3d4:mods:cl:123");
        assert_eq!((parsed.name.as_str(), parsed.within.as_deref()), ("a1b2c3d4", Some("mods:cl:123")));
        assert_eq!(Reference::parse("latest").within, None);
    }
}
