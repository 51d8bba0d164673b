//! What proves that rows are still what they were.

use serde::{Deserialize, Serialize};

/// Where a database stands: a list of facts, each a word and its value, which only its engine understands. If a
/// database gives the same mark twice, none of its rows was changed in between.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
