//! How many rows of a table a command may delete.

use super::RunTable;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

/// The most rows of a table that a command may delete.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MaxDeleted {
    /// So many.
    Rows(u64),
    /// So many of a hundred.
    Percent(f64),
}

impl MaxDeleted {
    /// Whether more rows of the table are gone. What cannot be told counts as more.
    pub fn is_passed(self, table: &RunTable) -> bool {
        let Some(deleted) = table.deleted() else { return true };
        match self {
            MaxDeleted::Rows(most) => deleted > most,
            #[expect(clippy::cast_precision_loss, reason = "a share need not be told apart to the last row")]
            MaxDeleted::Percent(most) => deleted as f64 * 100.0 > most * table.rows_before as f64,
        }
    }
}

impl FromStr for MaxDeleted {
    type Err = String;

    fn from_str(typed: &str) -> Result<MaxDeleted, String> {
        let wrong = || format!("give a number of rows, or a share such as 5%, not '{typed}'");
        match typed.strip_suffix('%') {
            Some(number) => {
                let percent = number.parse::<f64>().map_err(|_| wrong())?;
                let is_share = (0.0..=100.0).contains(&percent);
                is_share.then_some(MaxDeleted::Percent(percent)).ok_or_else(wrong)
            }
            None => typed.parse().map(MaxDeleted::Rows).map_err(|_| wrong()),
        }
    }
}

/// A number, or a text such as `5%`.
impl<'de> Deserialize<'de> for MaxDeleted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<MaxDeleted, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Rows(u64),
            Text(String),
        }
        let expected = "a number of rows, or a share such as \"5%\"";
        match Written::deserialize(deserializer).map_err(|_| de::Error::custom(format!("expected {expected}")))? {
            Written::Rows(rows) => Ok(MaxDeleted::Rows(rows)),
            Written::Text(text) => text.parse().map_err(de::Error::custom),
        }
    }
}

/// As it is read.
impl Serialize for MaxDeleted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            MaxDeleted::Rows(rows) => serializer.serialize_u64(*rows),
            MaxDeleted::Percent(_) => serializer.collect_str(self),
        }
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for MaxDeleted {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "MaxDeleted".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [
                { "type": "integer", "minimum": 0 },
                { "type": "string", "pattern": r"^(\d+|(100(\.0+)?|\d?\d(\.\d+)?)%)$" }
            ]
        })
    }
}

impl fmt::Display for MaxDeleted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MaxDeleted::Rows(rows) => write!(f, "{rows}"),
            MaxDeleted::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::RunState;
    use super::*;
    use crate::hash::Hash;
    use crate::snapshot::TableChange;

    #[test]
    fn a_limit_is_a_number_or_a_share() {
        for typed in ["", "-1", "x", "101%", "-1%", "%", "NaN%", "1.5"] {
            assert!(typed.parse::<MaxDeleted>().is_err(), "{typed}");
        }
        let table = |state, removed: Option<u64>| RunTable {
            table: "mods".to_owned(),
            state,
            rows_before: 200,
            rows_after: None,
            change: removed.map(|removed| TableChange { since: Hash::of(b""), added: 0, changed: 9, removed }),
            schema_changes: Vec::new(),
            takes_rows: true,
            lost_columns: Vec::new(),
        };
        let passed = |typed: &str, table: &RunTable| typed.parse::<MaxDeleted>().unwrap().is_passed(table);
        let ten = table(RunState::Changed, Some(10));
        assert!(!passed("10", &ten) && passed("9", &ten) && passed("0", &ten));
        assert!(!passed("5%", &ten) && passed("4.9%", &ten) && passed("0%", &ten));
        let unknown = table(RunState::SchemaChanged, None);
        assert!(passed("1000", &unknown) && passed("100%", &unknown));
        let dropped = table(RunState::Dropped, None);
        assert!(passed("199", &dropped) && !passed("200", &dropped));
        let same = table(RunState::Unchanged, None);
        assert!(!passed("0", &same) && !passed("0%", &same));
    }
}
