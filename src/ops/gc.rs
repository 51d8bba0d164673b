//! `gc`: retention first, then the objects that no snapshot needs any more.

use super::OpError;
use super::delete;
use super::project::{Place, Project};
use super::publish::now;
use crate::monitor::Monitor;
use crate::snapshot::{DropReason, Entry, History, KeepReason, Policy, Refs, Verdict, judge, mark};
use crate::store::Access;
use serde::Serialize;

/// What to collect.
#[derive(Debug, Clone, Copy, Default)]
pub struct GcOptions {
    /// Only say what would go.
    pub dry_run: bool,
    /// Snapshots per table, instead of the setting.
    pub keep: Option<usize>,
    /// Days, instead of the setting.
    pub days: Option<u32>,
}

/// What became of one snapshot.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Judged {
    /// The id.
    pub id: String,
    /// Its message.
    pub message: String,
    /// Whether it stays.
    pub keep: bool,
    /// Why.
    pub reason: String,
}

/// What `gc` did, or would do.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GcReport {
    /// Whether it was only said.
    pub dry_run: bool,
    /// Every snapshot, newest first.
    pub snapshots: Vec<Judged>,
    /// Export files that went with their snapshots.
    pub exports: Vec<String>,
    /// Objects freed.
    pub objects: u64,
    /// Bytes freed.
    pub freed_bytes: u64,
    /// The disk was too full to write packs anew: only packs without anything needed were deleted.
    pub out_of_space: bool,
}

/// Collects.
///
/// # Errors
/// If the store is in use, a manifest cannot be read, or an object that a snapshot needs is missing: then nothing is deleted.
pub fn gc(place: &Place, options: GcOptions, monitor: &dyn Monitor) -> Result<GcReport, OpError> {
    let project = Project::find(place)?;
    let policy = project.config.policy();
    let policy =
        Policy { per_table: options.keep.unwrap_or(policy.per_table), days: options.days.unwrap_or(policy.days) };
    let store = project.open(if options.dry_run { Access::Read } else { Access::Exclusive })?;
    let mut history = History::load(&store)?;
    if let Some((id, reason)) = history.unreadable.first() {
        return Err(OpError::Verification(format!(
            "snapshot {} cannot be read ({reason}), so nothing is deleted",
            id.short()
        )));
    }
    let refs = Refs::load(&store)?;
    let pins = refs.pins.keys().copied().collect();
    let verdicts = judge(&history, policy, now(), &pins, &refs.tags);
    // Everything that stays, and everything that goes, must be readable before anything is deleted.
    mark(&history, &store)?;
    let (mut snapshots, mut exports, mut going) = (Vec::new(), Vec::new(), Vec::new());
    for (entry, (_, verdict)) in history.entries.iter().zip(&verdicts) {
        snapshots.push(judged(entry, verdict));
        if matches!(verdict, Verdict::Drop(_)) {
            if !options.dry_run {
                exports.extend(delete::remove(&project, &store, entry)?.exports);
            }
            going.push(entry.id);
        }
        if monitor.interrupted() {
            return Err(OpError::Interrupted);
        }
    }
    history.entries.retain(|entry| !going.contains(&entry.id));
    let live = mark(&history, &store)?;
    let plan = store.plan_sweep(&live)?;
    let objects = plan.objects_freed();
    let (freed_bytes, out_of_space) = match options.dry_run {
        true => (plan.bytes_freed(), false),
        false => {
            let swept = store.sweep(&plan, monitor)?;
            (swept.bytes_freed(), swept.out_of_space)
        }
    };
    Ok(GcReport { dry_run: options.dry_run, snapshots, exports, objects, freed_bytes, out_of_space })
}

fn judged(entry: &Entry, verdict: &Verdict) -> Judged {
    let (keep, reason) = match verdict {
        Verdict::Keep(reason) => (true, keep_text(reason)),
        Verdict::Drop(reason) => (false, drop_text(reason)),
    };
    Judged { id: entry.id.to_hex(), message: entry.manifest.message.clone(), keep, reason }
}

fn keep_text(reason: &KeepReason) -> String {
    match reason {
        KeepReason::Pinned => "pinned".to_owned(),
        KeepReason::Tagged(tag) => format!("tagged {tag}"),
        KeepReason::NewestOf(table) => format!("newest of {table}"),
        KeepReason::NewestWholeOf(table) => format!("newest of all rows of {table}"),
        KeepReason::Recent { table, rank } => format!("number {rank} of {table}"),
    }
}

fn drop_text(reason: &DropReason) -> String {
    match reason {
        DropReason::TooOld { days } => format!("{days} days old"),
        DropReason::TooMany { table, rank } => format!("number {rank} of {table}"),
    }
}
