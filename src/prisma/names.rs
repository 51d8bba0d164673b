//! Names of backups: `backup_YYYYMMDD_HHMMSS_<table>`, in UTC, safe as file names on every system.
//!
//! An ordinary table name (ASCII letters, digits, `_` and `-`) stands in the id as it is. Any other becomes its
//! ordinary characters and eight hex digits of a hash of the whole name, so that no two tables share a file and no name
//! is a path. The id is a name, not a source of truth: which table a backup holds is in its metadata.

use super::ExportError;
use crate::codec::TableName;
use crate::hash::Hash;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::fmt;

/// Longest part of an id that comes from a table name, in bytes.
const LONGEST_STEM: usize = 100;
const PREFIX: &str = "backup_";
const SCRIPT_SUFFIX: &str = "_restore.ts";
const JSON_SUFFIX: &str = ".json";

/// The id of one exported backup; also the stem of its two files.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BackupId(String);

impl BackupId {
    /// The id of a backup of `table` taken at `time`; with `_2`, `_3` and so on where `taken` says that an id is in
    /// use.
    ///
    /// `taken` is asked with lower-case ids and should compare them with what is in the folder in lower case: some file
    /// systems take `User` and `user` for one name.
    ///
    /// # Errors
    /// [`ExportError::Time`] for a time whose year has not four digits.
    pub fn choose(time: Timestamp, table: &TableName, taken: impl Fn(&str) -> bool) -> Result<BackupId, ExportError> {
        let utc = time.to_zoned(TimeZone::UTC);
        if !(0..=9999).contains(&utc.year()) {
            return Err(ExportError::Time(time.to_string()));
        }
        let first = format!("{PREFIX}{}_{}", utc.strftime("%Y%m%d_%H%M%S"), stem(table));
        if !taken(&first.to_ascii_lowercase()) {
            return Ok(BackupId(first));
        }
        let mut id = first.clone();
        for number in 2..=u32::MAX {
            id = format!("{first}_{number}");
            if !taken(&id.to_ascii_lowercase()) {
                break;
            }
        }
        Ok(BackupId(id))
    }

    /// Reads an id, or the file name or path of either of its files. `None` if it is none of these.
    pub fn parse(text: &str) -> Option<BackupId> {
        let name = text.rsplit(['/', '\\']).next()?;
        let id = name.strip_suffix(SCRIPT_SUFFIX).or_else(|| name.strip_suffix(JSON_SUFFIX)).unwrap_or(name);
        let id = BackupId(id.to_owned());
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        (id.time().is_some() && !id.stem().is_empty() && id.0.bytes().all(plain)).then_some(id)
    }

    /// When the backup was taken, to the second.
    pub fn time(&self) -> Option<Timestamp> {
        let stamp = self.0.strip_prefix(PREFIX)?.get(..15)?;
        if self.0.as_bytes().get(PREFIX.len() + 15) != Some(&b'_') {
            return None;
        }
        let civil = DateTime::strptime("%Y%m%d_%H%M%S", stamp).ok()?;
        civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    }

    /// What stands for the table: its name if that is an ordinary one, and `_2` where two backups fell in one second.
    pub fn stem(&self) -> &str {
        self.0.get(PREFIX.len() + 16..).unwrap_or_default()
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// File name of the JSON file.
    pub fn json_file(&self) -> String {
        format!("{}{JSON_SUFFIX}", self.0)
    }

    /// File name of the restore script.
    pub fn script_file(&self) -> String {
        format!("{}{SCRIPT_SUFFIX}", self.0)
    }
}

impl fmt::Display for BackupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `time` as exported files have it: `2026-01-24T10:30:00Z`.
pub fn plan_time(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn stem(table: &TableName) -> String {
    let shown = match table.schema.as_deref() {
        None | Some("public") => vec![table.name.as_str()],
        Some(schema) => vec![schema, table.name.as_str()],
    };
    let joined = shown.join(".");
    if shown.iter().all(|part| is_ordinary(part)) && joined.len() <= LONGEST_STEM {
        return joined;
    }
    let mut safe = String::new();
    for character in joined.chars().take(LONGEST_STEM / 2) {
        match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => safe.push(character),
            _ if safe.is_empty() || safe.ends_with('-') => {}
            _ => safe.push('-'),
        }
    }
    let safe = safe.trim_end_matches('-');
    // The separator cannot stand in a name of PostgreSQL or SQLite that was given as one part, so no two tables agree.
    let hash = Hash::of(shown.join("\0").as_bytes()).short();
    format!("{}-{hash}", if safe.is_empty() { "table" } else { safe })
}

fn is_ordinary(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    !name.is_empty() && name.bytes().all(plain) && !name.starts_with('-') && !looks_hashed(name)
}

/// Whether a name ends as the names made from a hash do; such a table gets a hash of its own.
fn looks_hashed(name: &str) -> bool {
    name.rsplit_once('-').is_some_and(|(_, end)| end.len() == Hash::SHORT && end.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn id(table: &str) -> BackupId {
        BackupId::choose(at("2026-01-24T10:30:00.9Z"), &TableName::bare(table), |_| false).unwrap()
    }

    #[test]
    fn ordinary_names_stay_as_they_are() {
        assert_eq!(id("mods").as_str(), "backup_20260124_103000_mods");
        assert_eq!(id("_CategoryToMod").json_file(), "backup_20260124_103000__CategoryToMod.json");
        assert_eq!(id("mods").script_file(), "backup_20260124_103000_mods_restore.ts");
        let table = TableName::qualified("shop", "mods");
        let shop = BackupId::choose(at("2026-01-24T10:30:00Z"), &table, |_| false).unwrap();
        assert_eq!(shop.as_str(), "backup_20260124_103000_shop.mods");
        assert_ne!(shop, id("shop.mods"));
    }

    #[test]
    fn no_name_is_a_path_and_no_two_tables_share_one() {
        let long = "x".repeat(300);
        let names = [
            "../../x",
            "/abs",
            "a/b",
            "a\\b",
            ".",
            "",
            "a.",
            "caf\u{e9}",
            "cafe\u{301}",
            "a\0b",
            "a\nb",
            "\u{202e}",
            &long,
        ];
        let mut seen = BTreeSet::new();
        for name in names {
            let id = id(name);
            assert!(id.stem().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{id}");
            assert!(id.script_file().len() < 200);
            assert!(seen.insert(id.as_str().to_owned()), "{name:?} shares {id}");
            assert_eq!(BackupId::parse(&id.json_file()), Some(id));
        }
        assert_ne!(id(id("../../x").stem()).stem(), id("../../x").stem());
    }

    #[test]
    fn a_second_one_in_the_same_second_gets_a_number() {
        let table = TableName::bare("User");
        let taken = ["backup_20260124_103000_user", "backup_20260124_103000_user_2"];
        let third = BackupId::choose(at("2026-01-24T10:30:00Z"), &table, |id| taken.contains(&id)).unwrap();
        assert_eq!(third.as_str(), "backup_20260124_103000_User_3");
    }

    #[test]
    fn ids_are_read_back_from_files_and_paths() {
        let mods = id("mods");
        for text in ["backup_20260124_103000_mods", "scripts/backups/backup_20260124_103000_mods.json"] {
            assert_eq!(BackupId::parse(text), Some(mods.clone()));
        }
        assert_eq!(BackupId::parse("C:\\x\\backup_20260124_103000_mods_restore.ts"), Some(mods.clone()));
        assert_eq!(mods.time(), Some(at("2026-01-24T10:30:00Z")));
        assert_eq!(mods.stem(), "mods");
        for text in [
            "backup_20260124_favorites",
            "backup_20260199_103000_mods",
            "backup_20260124_103000_",
            "mods",
            "",
            "backup_\u{e9}",
        ] {
            assert_eq!(BackupId::parse(text), None, "{text}");
        }
    }
}
