//! `log --format` and `log --date`: a line of a person's own for each snapshot.

use crate::cli::text::{age, printable, size};
use crate::ops::log::LoggedSnapshot;
use crate::ops::run::in_a_line;
use clap::ValueEnum;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::str::FromStr;

/// How dates are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum DateStyle {
    /// 3 min ago
    #[default]
    Relative,
    /// 2026-01-24T10:30:00Z
    Iso,
    /// 2026-01-24 11:30:00 +0100, in your time zone
    Local,
    /// Seconds since 1970
    Unix,
}

impl DateStyle {
    /// `time` as text.
    pub fn show(self, time: Timestamp) -> String {
        match self {
            DateStyle::Relative => age(time, Timestamp::now()),
            DateStyle::Iso => time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            DateStyle::Local => time.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S %z").to_string(),
            DateStyle::Unix => time.as_second().to_string(),
        }
    }
}

/// What of a snapshot can stand in a template.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Field {
    Id,
    Short,
    Date,
    Message,
    Tables,
    Rows,
    Size,
    User,
    Agent,
    Session,
    Command,
    Tags,
    Branch,
    Commit,
    Database,
    Kind,
}

impl Field {
    fn show(self, snapshot: &LoggedSnapshot, date: DateStyle) -> String {
        let git = snapshot.git.as_ref();
        let text = |text: Option<&String>| text.cloned().unwrap_or_default();
        let value = match self {
            Field::Id => snapshot.id.clone(),
            Field::Short => snapshot.id[..8].to_owned(),
            Field::Date => date.show(snapshot.created_at),
            Field::Message => snapshot.message.clone(),
            Field::Tables => {
                let names: Vec<&str> = snapshot.tables.iter().map(|table| table.table.as_str()).collect();
                names.join(",")
            }
            Field::Rows => snapshot.rows.to_string(),
            Field::Size => size(snapshot.added_bytes),
            Field::User => text(snapshot.user.as_ref()),
            Field::Agent => text(snapshot.agent.as_ref()),
            Field::Session => text(snapshot.session.as_ref()),
            Field::Command => in_a_line(&snapshot.command),
            Field::Tags => snapshot.tags.join(","),
            Field::Branch => text(git.and_then(|git| git.branch.as_ref())),
            Field::Commit => text(git.and_then(|git| git.commit.as_ref())),
            Field::Database => snapshot.database.clone(),
            Field::Kind => if snapshot.is_safety() { "safety" } else { "snapshot" }.to_owned(),
        };
        printable(&value)
    }
}

#[derive(Debug, Clone)]
enum Part {
    Text(String),
    Field(Field),
}

/// A template such as `{short} {message}`.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Template(Vec<Part>);

impl Template {
    /// The line for a snapshot.
    pub fn line(&self, snapshot: &LoggedSnapshot, date: DateStyle) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Field(field) => field.show(snapshot, date),
        };
        let line: String = self.0.iter().map(part).collect();
        format!("{line}\n")
    }
}

impl FromStr for Template {
    type Err = String;

    /// `{{` and `}}` are braces, `\t` and `\n` a tab and a new line.
    fn from_str(template: &str) -> Result<Template, String> {
        let (mut parts, mut text) = (Vec::new(), String::new());
        let mut rest = template;
        while let Some(next) = rest.chars().next() {
            let escapes = [("{{", "{"), ("}}", "}"), ("\\t", "\t"), ("\\n", "\n"), ("\\\\", "\\")];
            if let Some((typed, meant)) = escapes.iter().find(|(typed, _)| rest.starts_with(typed)) {
                text.push_str(meant);
                rest = &rest[typed.len()..];
            } else if let Some(after) = rest.strip_prefix('{') {
                let (name, after) = after.split_once('}').ok_or("a '{' has no '}' (a brace itself is '{{')")?;
                parts.extend([Part::Text(std::mem::take(&mut text)), Part::Field(field(name)?)]);
                rest = after;
            } else {
                text.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
        parts.push(Part::Text(text));
        Ok(Template(parts))
    }
}

fn field(name: &str) -> Result<Field, String> {
    Field::from_str(name, false).map_err(|_| {
        let values = Field::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        let names: Vec<String> = values.map(|value| value.get_name().to_owned()).collect();
        format!("there is no field '{name}'; fields are {}", names.join(", "))
    })
}
