//! `delete`: let snapshots go. They can be brought back (`undelete`) until their time is up and a gc removes them.

use super::OpError;
use super::actor;
use super::database::Database;
use super::export;
use super::hook;
use super::plan::{Basis, Operation, Plan};
use super::refs::resolve;
use super::repository::Repository;
use crate::hash::Hash;
use crate::monitor::Monitor;
use crate::snapshot::{Deleted as DeletedList, Entry, Grace, History, Refs, SnapshotKind, deleted_at};
use crate::store::{Access, DeletedBy, SetAside};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What to delete.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DeleteOptions {
    /// The snapshots, as typed.
    pub references: Vec<String>,
    /// Let a coding agent do it.
    pub allow_agent: bool,
}

/// What deleting would take away.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DeletePlan {
    /// The snapshots, in the order they were named.
    pub snapshots: Vec<Doomed>,
}

/// One deleted snapshot.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Deleted {
    /// The id.
    pub id: String,
    /// Its message.
    pub message: String,
    /// Export files that went with it.
    pub exports: Vec<String>,
    /// Until when `undelete` brings it back; none if the disk had no room to keep it.
    pub until: Option<Timestamp>,
}

/// What `delete` did.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DeleteReport {
    /// The snapshots, in the order they were named.
    pub deleted: Vec<Deleted>,
}

/// What would go with one snapshot.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Doomed {
    /// The id.
    pub id: String,
    /// Its message.
    pub message: String,
    /// When it was taken.
    pub created_at: Timestamp,
    /// Rows of all its tables.
    pub rows: u64,
    /// Its tags.
    pub tags: Vec<String>,
    /// Tables of which no other snapshot has all rows.
    pub last_of: Vec<String>,
    /// Exported files that go with it, for good.
    pub exports: Vec<String>,
}

/// Deletes the snapshots named, with their export files. All names are checked before the first one goes.
impl Operation for DeleteOptions {
    const COMMAND: &'static str = "delete";
    type Effect = DeletePlan;
    type Report = DeleteReport;

    fn plan(&self, repository: &Repository, _: &mut Database, _: &dyn Monitor) -> Result<Plan<DeleteOptions>, OpError> {
        let store = repository.open(Access::Read)?;
        let (history, refs) = (History::load(&store)?, Refs::load(&store)?);
        let plan = going(repository, &history, &refs, &choose(repository, &history, &refs, &self.references)?)?;
        let digest = Basis::of(self)?.and(&plan)?.digest();
        Ok(Plan::new(self, plan, digest))
    }

    /// # Errors
    /// If a name is unknown or ambiguous, its snapshot is pinned, or a coding agent asks and may not: then nothing is
    /// deleted.
    fn apply(
        &self,
        repository: &Repository,
        _: &mut Database,
        digest: Option<&Hash>,
        _: &dyn Monitor,
    ) -> Result<DeleteReport, OpError> {
        actor::guard("delete snapshots", self.allow_agent)?;
        // Needed in the end; what is wrong with it is said before anything is changed.
        repository.export_dir()?;
        let store = repository.open(Access::Exclusive)?;
        let (history, refs) = (History::load(&store)?, Refs::load(&store)?);
        let chosen = choose(repository, &history, &refs, &self.references)?;
        if digest.is_some() {
            Basis::of(self)?.and(&going(repository, &history, &refs, &chosen)?)?.check(digest)?;
        }
        let grace = grace(repository, &history, &DeletedList::load(&store)?);
        let aside: Vec<SetAside> =
            chosen.iter().map(|entry| SetAside { at: grace.stamp(), id: entry.id, by: DeletedBy::Hand }).collect();
        let lost = store.set_aside(&aside)?;
        let mut deleted = Vec::new();
        for (entry, aside) in chosen.iter().zip(&aside) {
            deleted.push(Deleted {
                id: entry.id.to_hex(),
                message: entry.manifest.message.clone(),
                exports: export::remove(repository, &entry.manifest)?,
                until: (!lost.contains(&entry.id)).then(|| grace.until(aside)),
            });
        }
        Ok(DeleteReport { deleted })
    }
}

/// What goes with the snapshots that are chosen.
fn going(repository: &Repository, history: &History, refs: &Refs, chosen: &[&Entry]) -> Result<DeletePlan, OpError> {
    let going: BTreeSet<Hash> = chosen.iter().map(|entry| entry.id).collect();
    let mut snapshots: Vec<Doomed> = chosen.iter().map(|entry| doomed(entry, history, refs, &going)).collect();
    for (doomed, entry) in snapshots.iter_mut().zip(chosen) {
        doomed.exports = export::files_of(repository, &entry.manifest)?;
    }
    Ok(DeletePlan { snapshots })
}

fn doomed(entry: &Entry, history: &History, refs: &Refs, going: &BTreeSet<Hash>) -> Doomed {
    let manifest = &entry.manifest;
    let others = || history.entries.iter().filter(|other| !going.contains(&other.id)).map(|other| &other.manifest);
    let is_last = |table: &&crate::snapshot::TableEntry| {
        let whole = |other: &crate::snapshot::TableEntry| other.filter.is_none();
        table.filter.is_none()
            && manifest.kind == SnapshotKind::Snapshot
            && !others().any(|other| {
                other.source.same_database(&manifest.source) && other.table(&table.table).is_some_and(whole)
            })
    };
    Doomed {
        id: entry.id.to_hex(),
        message: manifest.message.clone(),
        created_at: manifest.created_at,
        rows: manifest.rows(),
        tags: refs.tags.iter().filter(|(_, id)| **id == entry.id).map(|(tag, _)| tag.clone()).collect(),
        last_of: manifest.tables.iter().filter(is_last).map(|table| table.table.to_string()).collect(),
        exports: Vec::new(),
    }
}

/// The snapshots named, each once.
fn choose<'h>(
    project: &Repository,
    history: &'h History,
    refs: &Refs,
    typed: &[String],
) -> Result<Vec<&'h Entry>, OpError> {
    let mut chosen: Vec<&Entry> = Vec::new();
    let held = hook::held(project)?;
    for name in typed {
        let resolved = resolve(project, history, refs, name)?;
        if resolved.key.is_some() || (name.contains(':') && !name.starts_with("latest")) {
            return Err(OpError::Usage(format!("'{name}' names a table; a snapshot is deleted as a whole")));
        }
        let entry = resolved.entry;
        if refs.pins.contains_key(&entry.id) {
            return Err(OpError::Pinned(entry.id));
        }
        if held.iter().any(|id| entry.is_or_was(id)) {
            let what = format!(
                "a coding agent's call that is under way, or lost rows, needs snapshot {}: delete it when the agent's \
                 session is over",
                entry.id.short()
            );
            return Err(OpError::Refused { what, allow: None });
        }
        if !chosen.iter().any(|have| have.id == entry.id) {
            chosen.push(entry);
        }
    }
    Ok(chosen)
}

/// How long deleted snapshots are kept, by the setting and by what the store knows of the time.
pub(super) fn grace(project: &Repository, history: &History, deleted: &DeletedList) -> Grace {
    let gone = deleted.snapshots.iter().flat_map(|one| [one.entry.manifest.created_at, deleted_at(&one.aside)]);
    let taken = history.entries.iter().map(|entry| entry.manifest.created_at);
    Grace::new(project.config.retention.grace_days, super::publish::now(), taken.chain(gone))
}
