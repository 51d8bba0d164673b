//! One statement or call, and what it does.

use serde::Serialize;

/// What a statement does to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Adds rows and keeps existing ones: `INSERT`, `COPY FROM`, `createMany`. Not destructive.
    Insert,
    /// Changes rows: `UPDATE`.
    Update,
    /// Adds rows or changes existing ones: `INSERT ... ON CONFLICT DO UPDATE`, `REPLACE`, `MERGE`, `upsert`.
    Upsert,
    /// Removes rows: `DELETE`.
    Delete,
    /// Removes all rows: `TRUNCATE`.
    Truncate,
    /// Changes a table's definition: `ALTER TABLE`.
    Alter,
    /// Removes a table or something that tables depend on: `DROP`.
    Drop,
    /// Removes or recreates the whole database: `dropdb`, `prisma migrate reset`, `rm dev.db`.
    Reset,
    /// Not known from the text; `reason` says why.
    Unknown,
}

/// One statement or call that changes the database, or may change it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The file, relative to the project's directory and with `/`; as it was given if it is outside; absent for text
    /// from standard input or a command line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line in that file or text, from 1.
    pub line: usize,
    /// The statement or call, shortened to one line.
    pub text: String,
    /// What it does to the database.
    pub effect: Effect,
    /// The tables (or models, until they are resolved) that it names, in order and once each; empty if it names none or
    /// they are not known.
    pub tables: Vec<String>,
    /// Whether it is not limited to some rows.
    pub all_rows: bool,
    /// Why the effect is unknown; absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The result of all findings together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing changes existing rows or tables.
    Harmless,
    /// The effect of something is unknown, and nothing else is destructive.
    Unknown,
    /// Something changes or removes existing rows or tables.
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
