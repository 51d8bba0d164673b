//! What proves that rows are still what they were.

use serde::{Deserialize, Serialize};

/// The state of a database as a list of facts, each a word and its value. Only the database's engine understands them.
/// If a database reports the same facts twice, none of its rows was changed in between.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "DatabaseMark"))]
#[serde(transparent)]
pub struct Mark(Vec<String>);

impl Mark {
    /// Of these facts.
    pub fn new<const N: usize>(facts: [(&str, String); N]) -> Mark {
        Mark(facts.map(|(word, value)| format!("{word} {value}")).into())
    }

    /// The words of the facts that `later` does not have.
    pub fn lost(&self, later: &Mark) -> Vec<&str> {
        let lost = self.0.iter().filter(|fact| !later.0.contains(fact));
        lost.map(|fact| fact.split(' ').next().unwrap_or_default()).collect()
    }
}
