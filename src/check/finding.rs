//! One statement or call, and what it does.

use serde::Serialize;

/// What a statement does to what is in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Adds rows and leaves those that are there: `INSERT`, `COPY FROM`, `createMany`. Not destructive.
    Insert,
    /// Changes rows: `UPDATE`.
    Update,
    /// Adds rows or changes those that are there: `INSERT ... ON CONFLICT DO UPDATE`, `REPLACE`, `MERGE`, `upsert`.
    Upsert,
    /// Removes rows: `DELETE`.
    Delete,
    /// Removes all rows: `TRUNCATE`.
    Truncate,
    /// Changes a table's definition: `ALTER TABLE`.
    Alter,
    /// Removes a table, or what tables are made of: `DROP`.
    Drop,
    /// Removes or makes anew the whole database: `dropdb`, `prisma migrate reset`, `rm dev.db`.
    Reset,
    /// Cannot be told from the text; [`Finding::reason`] says why.
    Unknown,
}

/// One statement or call that changes the database, or may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The file that it stands in, relative to the project's directory with `/`, or as it was given if it is outside;
    /// absent for text that came from standard input or a command line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Its line in that file or text, from 1.
    pub line: usize,
    /// The statement or call, on one line and shortened.
    pub text: String,
    /// What it does.
    pub effect: Effect,
    /// The tables (or models, until they are resolved) that it names, in order and once each; empty if it names none,
    /// or if they cannot be told.
    pub tables: Vec<String>,
    /// Whether nothing limits it to some rows.
    pub all_rows: bool,
    /// For [`Effect::Unknown`], why it cannot be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What all findings come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing in it changes rows or tables that are there.
    Harmless,
    /// Something in it cannot be told, and nothing else is destructive.
    Unknown,
    /// Something in it changes or removes rows or tables that are there.
    Destructive,
}

impl Verdict {
    /// Of a script with these findings.
    pub fn of(findings: &[Finding]) -> Verdict {
        let one = |finding: &Finding| match finding.effect {
            Effect::Insert => Verdict::Harmless,
            Effect::Unknown => Verdict::Unknown,
            _ => Verdict::Destructive,
        };
        findings.iter().map(one).max().unwrap_or(Verdict::Harmless)
    }
}

/// A statement or call on one line, shortened.
pub(super) fn one_line(text: &str) -> String {
    const LONGEST: usize = 120;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line,
    }
}
