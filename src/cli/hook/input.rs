//! What the formats have in common.

use super::{Agent, Event};
use crate::ops::hook::Work;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::path::PathBuf;

/// Texts of a tool's input that are looked at.
const MOST_TEXTS: usize = 64;

/// The name by which dbsnap's own server is known to agents: its tools save what they change.
const OWN: &str = "dbsnap";

/// Parses an input, whose unknown fields are passed over.
///
/// # Errors
/// What is wrong with it.
pub(super) fn parse<T: DeserializeOwned>(agent: Agent, bytes: &[u8]) -> Result<T, String> {
    serde_json::from_slice(bytes).map_err(|error| {
        let what =
            if error.is_data() { "it lacks what is needed, or has it in another form" } else { "it is not JSON" };
        format!("{what} ({error}; as an input of {} it was to be read)", agent.name())
    })
}

/// Succeeds if the event that the agent names is one of those that are meant.
///
/// # Errors
/// If it is another.
pub(super) fn check_event(event: Event, name: &str, meant: &[&str]) -> Result<(), String> {
    if meant.contains(&name) {
        return Ok(());
    }
    let typed = clap::ValueEnum::to_possible_value(&event).map(|value| value.get_name().to_owned()).unwrap_or_default();
    Err(format!("its hook_event_name is '{name}', and dbsnap hook {typed} is for {}", meant.join(", ")))
}

/// The command of a shell tool: a text, or the words of one.
///
/// # Errors
/// If there is none.
pub(super) fn command(input: &Value) -> Result<Work, String> {
    let text = match input.get("command") {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Array(words)) => words.iter().map(Value::as_str).collect::<Option<Vec<_>>>().map(shell_text),
        _ => None,
    };
    text.map(Work::Shell).ok_or_else(|| "its tool_input has no command".to_owned())
}

/// Words as a text: that of `sh -c TEXT` is TEXT.
fn shell_text(words: Vec<&str>) -> String {
    match words[..] {
        [_, flags, text] if flags.starts_with('-') && flags.ends_with('c') => text.to_owned(),
        _ => words.join(" "),
    }
}

/// A call of a tool of the server `server`; none if that is dbsnap's own.
pub(super) fn tool(server: &str, name: &str, input: &Value) -> Option<Work> {
    let mut texts = Vec::new();
    collect(input, &mut texts);
    (server != OWN).then(|| Work::Tool { name: name.to_owned(), texts })
}

/// All texts within a value; an object that is written as a text is one.
fn collect(value: &Value, texts: &mut Vec<String>) {
    match value {
        _ if texts.len() >= MOST_TEXTS => {}
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(inner @ (Value::Object(_) | Value::Array(_))) => collect(&inner, texts),
            _ => texts.push(text.clone()),
        },
        Value::Array(values) => values.iter().for_each(|value| collect(value, texts)),
        Value::Object(fields) => fields.values().for_each(|value| collect(value, texts)),
        _ => {}
    }
}

/// Names of the field in which a tool is told the directory that it works in.
const DIRECTORIES: [&str; 5] = ["workdir", "working_directory", "directory", "dir_path", "cwd"];

/// Directories as they are told; an empty one is none. First the one of the call itself, which may be relative to the
/// others.
pub(super) fn dirs(told: impl IntoIterator<Item = PathBuf>, input: &Value) -> Vec<PathBuf> {
    let mut dirs: Vec<PathBuf> = told.into_iter().filter(|dir| dir.is_absolute()).collect();
    let own = DIRECTORIES.iter().find_map(|name| input.get(name)?.as_str()).filter(|dir| !dir.is_empty());
    if let Some(own) = own {
        let own = dirs.first().map_or_else(|| PathBuf::from(own), |dir| dir.join(own));
        if own.is_absolute() {
            dirs.insert(0, own);
        }
    }
    dirs
}
