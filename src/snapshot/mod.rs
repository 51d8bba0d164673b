//! Snapshots: manifests, the history they make, references to them, and which of them retention keeps.
//!
//! A manifest is the commit. It is a JSON file in `snapshots/`, named by the hash of its bytes; `docs/FORMAT.md`,
//! section 7, lists its fields.

mod deleted;
mod history;
mod manifest;
mod marking;
mod reference;
mod refs;
mod retention;

pub use deleted::{Deleted, DeletedSnapshot, Grace, deleted_at};
pub use history::{Entry, History, read_definition, read_schema};
pub use manifest::{
    Actor, CounterState, FORMAT, GitState, Manifest, ManifestError, Origin, Restored, Run, RunEnd, SnapshotKind,
    Stored, TableChange, TableEntry,
};
pub use marking::{mark, mark_one, needs};
pub use reference::{Reference, ReferenceError, Resolved};
pub use refs::Refs;
pub use retention::{DropReason, KeepReason, Policy, Rank, Sort, Verdict, apply_retention, lost_rows};
