//! Plan, show, then apply: what is about to be done, with a digest of all that it stands on.

use super::{Database, OpError, Repository};
use crate::hash::{Hash, Hasher};
use crate::monitor::Monitor;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize, Serializer};

/// Something that changes a store or a database: the options of a command.
pub trait Operation: Clone + Serialize + DeserializeOwned {
    /// The name of the command.
    const COMMAND: &'static str;
    /// What it is about to do, for people and programs to look at.
    type Effect: Serialize + DeserializeOwned;
    /// What it did.
    type Report: Serialize;

    /// Says what would be done. Nothing is changed.
    ///
    /// # Errors
    /// If it cannot be done at all, or cannot be told.
    fn plan(
        &self,
        repository: &Repository,
        database: &mut Database,
        monitor: &dyn Monitor,
    ) -> Result<Plan<Self>, OpError>;

    /// Does it; with a digest only if that is still the one of its plan.
    ///
    /// # Errors
    /// [`OpError::PlanChanged`] if what the plan stands on has changed: then nothing is. Otherwise each operation tells
    /// its own.
    fn apply(
        &self,
        repository: &Repository,
        database: &mut Database,
        digest: Option<&Hash>,
        monitor: &dyn Monitor,
    ) -> Result<Self::Report, OpError>;

    /// As [`Operation::apply`], with the plan at hand.
    ///
    /// # Errors
    /// As [`Operation::apply`].
    fn apply_plan(
        plan: &Plan<Self>,
        repository: &Repository,
        database: &mut Database,
        monitor: &dyn Monitor,
    ) -> Result<Self::Report, OpError> {
        plan.options.apply(repository, database, Some(&plan.digest), monitor)
    }
}

/// What an operation is about to do. As JSON it can be kept, shown, and applied later or by somebody else.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "schema",
    schemars(bound = "O: Operation + schemars::JsonSchema, O::Effect: schemars::JsonSchema")
)]
#[serde(rename_all = "camelCase", bound = "O: Operation")]
pub struct Plan<O: Operation> {
    /// What `--digest` applies.
    pub(super) digest: Hash,
    /// What was asked for.
    pub options: O,
    /// What would be done.
    #[serde(flatten)]
    pub effect: O::Effect,
    /// Why it would be refused as it is, as far as that is known. Not known of a plan that was read from JSON.
    #[serde(serialize_with = "in_words", skip_serializing_if = "Option::is_none", skip_deserializing)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub refused: Option<OpError>,
}

impl<O: Operation> Plan<O> {
    /// A plan of `options`, with the digest of what it stands on.
    pub(super) fn new(options: &O, effect: O::Effect, digest: Hash) -> Plan<O> {
        Plan { digest, options: options.clone(), effect, refused: None }
    }

    /// The BLAKE3 hash of the options, of what would be done, and of what was looked at to tell: equal plans on equal
    /// data have the same.
    pub fn digest(&self) -> Hash {
        self.digest
    }

    /// Plans anew and, if nothing has changed, does it.
    ///
    /// # Errors
    /// As [`Operation::apply`].
    pub fn apply(
        &self,
        repository: &Repository,
        database: &mut Database,
        monitor: &dyn Monitor,
    ) -> Result<O::Report, OpError> {
        O::apply_plan(self, repository, database, monitor)
    }
}

/// The message and the hints of an error, as `refused` has them.
fn in_words<S: Serializer>(refused: &Option<OpError>, serializer: S) -> Result<S::Ok, S::Error> {
    let words = refused.as_ref().map(OpError::in_words);
    words.serialize(serializer)
}

/// Makes a digest of values in canonical JSON.
#[derive(Default)]
pub(super) struct Basis(Hasher);

impl Basis {
    /// What an operation with these options stands on.
    pub fn of<O: Operation>(options: &O) -> Result<Basis, OpError> {
        Basis::default().and(&O::COMMAND)?.and(options)
    }

    /// And on `value`.
    pub fn and(mut self, value: &impl Serialize) -> Result<Basis, OpError> {
        // maps come in the order of their keys, whatever order they are kept in
        let json = serde_json::to_value(value).and_then(|mut value| {
            value.sort_all_objects();
            serde_json::to_vec(&value)
        });
        let json = json.map_err(|error| OpError::Verification(error.to_string()))?;
        self.0.update(&(json.len() as u64).to_le_bytes()).update(&json);
        Ok(self)
    }

    /// The digest.
    pub fn digest(&self) -> Hash {
        self.0.finish()
    }

    /// Refuses what was planned on something else.
    pub fn check(&self, planned: Option<&Hash>) -> Result<(), OpError> {
        match planned {
            Some(planned) if *planned != self.digest() => Err(OpError::PlanChanged),
            _ => Ok(()),
        }
    }
}
