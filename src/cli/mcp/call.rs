//! One call of a tool: where it works, what it was given, and how it tells of itself.

use super::page::Page;
use super::watch::Watch;
use crate::hash::Hash;
use crate::ops::{OpError, Place, Repository};
use rmcp::model::JsonObject;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A call.
pub(super) struct Call<'c> {
    pub place: &'c Place,
    pub watch: &'c Watch,
    tool: &'static str,
    arguments: JsonObject,
}

impl<'c> Call<'c> {
    /// Of that tool, with what the client sent.
    pub fn new(place: &'c Place, watch: &'c Watch, tool: &'static str, arguments: JsonObject) -> Call<'c> {
        Call { place, watch, tool, arguments }
    }

    /// The project as it is now.
    pub fn repository(&self) -> Result<Repository, OpError> {
        Repository::find(self.place)
    }

    /// Takes an argument out.
    fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, OpError> {
        let value = self.arguments.shift_remove(name).unwrap_or_default();
        serde_json::from_value(value).map_err(|error| self.invalid(&format!("{name}: {error}")))
    }

    /// The digest of the plan that is to be applied.
    pub fn digest(&mut self) -> Result<Hash, OpError> {
        let typed: Option<String> = self.take("digest")?;
        let typed =
            typed.ok_or_else(|| self.invalid("digest is missing: it is part of what the plan's tool returns"))?;
        Hash::parse_hex(&typed)
            .ok_or_else(|| self.invalid("a digest is the 64 hex digits that the plan's tool returns"))
    }

    /// Where in a list the call goes on. To be asked before [`Call::options`].
    pub fn page(&mut self) -> Result<Page, OpError> {
        let (cursor, limit): (Option<String>, _) = (self.take("cursor")?, self.take("limit")?);
        let question = serde_json::to_vec(&(self.tool, &self.arguments)).unwrap_or_default();
        Page::new(cursor.as_deref(), limit, Hash::of(&question)).map_err(|reason| self.invalid(reason))
    }

    /// What is left of the arguments.
    pub fn options<T: DeserializeOwned>(&mut self) -> Result<T, OpError> {
        let arguments = std::mem::take(&mut self.arguments);
        let reason = |arguments: JsonObject| serde_json::from_value::<T>(Value::Object(arguments)).err();
        serde_json::from_value(Value::Object(arguments.clone())).map_err(|error| {
            let error = error.to_string();
            // serde does not say where a wrong value is: it is the argument that alone fails in the same way
            let is_it = |(name, value): &(String, Value)| {
                reason(JsonObject::from_iter([(name.clone(), value.clone())]))
                    .is_some_and(|one| one.to_string() == error)
            };
            match arguments.into_iter().find(is_it).filter(|(name, _)| !error.contains(&format!("`{name}`"))) {
                Some((name, _)) => self.invalid(&format!("{name}: {error}")),
                None => self.invalid(&error),
            }
        })
    }

    fn invalid(&self, reason: &str) -> OpError {
        let reason: String = reason.chars().take(500).collect();
        OpError::Usage(format!("invalid arguments of {}: {reason}", self.tool))
    }
}
