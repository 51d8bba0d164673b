//! What a safety snapshot says of the restore before which it is taken, and how that restore is found again.

use crate::codec::DanglingRows;
use crate::ops::OpError;
use crate::snapshot::{Entry, History, Restored, SnapshotKind};

/// How the message of a safety snapshot begins.
const RESTORING: &str = "before restoring ";
/// How it begins if what is restored is a safety snapshot itself, however often it went to and fro.
const UNDOING: &str = "before undoing the restore of ";
/// How it begins if a run is undone.
pub(super) const UNDOING_RUN: &str = "before undoing the run of ";

/// What the manifest says of the restore of `entry`, or of the undoing of the run that `entry` was taken after.
pub(super) fn restored(entry: &Entry, dangling: Vec<DanglingRows>) -> Restored {
    let before = entry.manifest.restored.as_ref();
    Restored { id: entry.id, undoes: before.map(|before| before.undoes.unwrap_or(before.id)), dangling }
}

/// The message of the safety snapshot of restoring `entry`: no longer, however many restores are taken back and done
/// again.
pub(super) fn message(history: &History, entry: &Entry) -> String {
    let message = &entry.manifest.message;
    let Some(undone) = &entry.manifest.restored else {
        return match legacy_message(entry) {
            Some(of) => format!("{UNDOING}{of}"),
            None => format!("{RESTORING}{}: {message}", entry.id.short()),
        };
    };
    let first = undone.undoes.unwrap_or(undone.id);
    match history.now_called(&first) {
        Some(first) => format!("{UNDOING}{}: {}", first.id.short(), first.manifest.message),
        None => format!("{UNDOING}{}", first.short()),
    }
}

/// Whether the safety snapshot was taken before undoing a run.
pub(super) fn undoes_run(safety: &Entry) -> bool {
    safety.manifest.message.starts_with(UNDOING_RUN)
}

/// Whether the manifest is of a safety snapshot.
pub(super) fn is_safety(entry: &Entry) -> bool {
    entry.manifest.kind == SnapshotKind::Safety
}

/// The safety snapshot of the last restore of `found`, or `found` if it is one.
pub(super) fn of_restore<'h>(history: &'h History, found: &'h Entry) -> Result<&'h Entry, OpError> {
    if is_safety(found) {
        return Ok(found);
    }
    let begins = format!("{RESTORING}{}:", found.id.short());
    let is_its = |entry: &&Entry| match &entry.manifest.restored {
        Some(restored) => found.is_or_was(&restored.id),
        None => is_safety(entry) && entry.manifest.message.starts_with(&begins),
    };
    history.entries.iter().find(is_its).ok_or_else(|| {
        OpError::Usage(format!(
            "snapshot {} was not restored, or what was there before is not kept any more",
            found.id.short()
        ))
    })
}

/// Which restore a safety snapshot was taken before, as its message says: older ones say it nowhere else.
fn legacy_message(entry: &Entry) -> Option<&str> {
    if !is_safety(entry) {
        return None;
    }
    let message = &entry.manifest.message;
    message.strip_prefix(UNDOING).or_else(|| message.strip_prefix(RESTORING))
}
