//! Snapshots and diffs as resources: what `show` and `diff` answer, under an address.

use super::call::Call;
use super::tools::{DIFF, SHOW, Tool};
use crate::ops::OpError;
use crate::ops::json;
use crate::ops::log::{LogOptions, log};
use rmcp::model::{ErrorData, JsonObject, ReadResourceResult, Resource, ResourceContents, ResourceTemplate};
use serde_json::Value;

/// What a call that lists resources is named.
pub(super) const LIST: &str = "resources/list";

const SNAPSHOT: &str = "dbsnap://snapshot/";
const COMPARISON: &str = "dbsnap://diff/";
const JSON: &str = "application/json";
/// The newest snapshots are listed; all can be read.
const LISTED: usize = 50;
/// Characters of a message in a list.
const MESSAGE: usize = 200;

/// What an address names.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Named<'u> {
    Snapshot(&'u str),
    Diff(&'u str, &'u str),
}

impl Named<'_> {
    /// Reads an address.
    pub fn parse(uri: &str) -> Option<Named<'_>> {
        let is_name = |name: &&str| !name.is_empty() && !name.contains(['/', '?', '#', '%']);
        if let Some(name) = uri.strip_prefix(SNAPSHOT) {
            return Some(name).filter(is_name).map(Named::Snapshot);
        }
        let (from, to) = uri.strip_prefix(COMPARISON)?.split_once("..")?;
        [from, to].iter().all(is_name).then_some(Named::Diff(from, to))
    }

    /// The tool that answers, and its arguments.
    pub fn asks(&self) -> (&'static Tool, JsonObject) {
        let arguments = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect()
        };
        match self {
            Named::Snapshot(reference) => (&SHOW, arguments(&[("reference", reference)])),
            Named::Diff(from, to) => (&DIFF, arguments(&[("from", from), ("to", to)])),
        }
    }
}

/// The newest snapshots; none where there is no store yet.
///
/// # Errors
/// If the store cannot be read.
pub(super) fn list(call: &mut Call<'_>) -> Result<Vec<Resource>, OpError> {
    let repository = match call.repository() {
        Err(OpError::NoStore(_)) => return Ok(Vec::new()),
        found => found?,
    };
    let options = LogOptions { limit: Some(LISTED), ..LogOptions::default() };
    let snapshots = log(&repository, &options)?.snapshots;
    let described = |snapshot: &crate::ops::log::LoggedSnapshot| {
        let short = &snapshot.id[..8];
        let message: String = snapshot.message.chars().take(MESSAGE).collect();
        Resource::new(format!("{SNAPSHOT}{short}"), short)
            .with_title(message)
            .with_description(format!(
                "Taken {}, {} rows of {} tables",
                snapshot.created_at,
                snapshot.rows,
                snapshot.tables.len()
            ))
            .with_mime_type(JSON)
    };
    Ok(snapshots.iter().map(described).collect())
}

/// The addresses that can be made.
pub(super) fn templates() -> Vec<ResourceTemplate> {
    vec![
        ResourceTemplate::new(format!("{SNAPSHOT}{{snapshot}}"), "snapshot")
            .with_title("A snapshot")
            .with_description("A snapshot by id, tag or latest; with :TABLE a table of it, with :TABLE:KEY a row")
            .with_mime_type(JSON),
        ResourceTemplate::new(format!("{COMPARISON}{{from}}..{{to}}"), "diff")
            .with_title("A diff")
            .with_description(
                "What differs between two snapshots, or a snapshot and live: the first part; the diff tool goes on",
            )
            .with_mime_type(JSON),
    ]
}

/// An answer as a resource.
///
/// # Errors
/// If it has no form in JSON.
pub(super) fn contents(uri: &str, answer: &JsonObject) -> Result<ReadResourceResult, ErrorData> {
    let text = json::to_string(answer).map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
    Ok(ReadResourceResult::new(vec![ResourceContents::text(text, uri).with_mime_type(JSON)]))
}

#[cfg(test)]
mod tests {
    use super::Named;

    #[test]
    fn an_address_names_a_snapshot_or_a_diff() {
        assert_eq!(Named::parse("dbsnap://snapshot/latest:mods:1"), Some(Named::Snapshot("latest:mods:1")));
        assert_eq!(Named::parse("dbsnap://diff/latest~1..live"), Some(Named::Diff("latest~1", "live")));
        for other in
            ["", "dbsnap://snapshot/", "dbsnap://diff/a", "dbsnap://diff/..b", "dbsnap://snapshot/a/b", "file:///etc"]
        {
            assert_eq!(Named::parse(other), None, "{other}");
        }
    }
}
