//! Snapshots that were deleted and can be brought back.

use super::Entry;
use crate::store::{SetAside, Store, StoreError};
use jiff::{SignedDuration, Timestamp};

/// A deleted snapshot that is still kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedSnapshot {
    /// Id and manifest.
    pub entry: Entry,
    /// When and by whom it was deleted.
    pub aside: SetAside,
}

/// All deleted snapshots that are still kept.
#[derive(Debug, Default)]
pub struct Deleted {
    /// Readable ones, the one deleted last first; of those deleted together the one taken last.
    pub snapshots: Vec<DeletedSnapshot>,
    /// Those whose manifest cannot be read, with the reason.
    pub unreadable: Vec<(SetAside, String)>,
}

impl Deleted {
    /// Reads every manifest that was set aside.
    ///
    /// # Errors
    /// If the directory cannot be listed.
    pub fn load(store: &Store) -> Result<Deleted, StoreError> {
        let mut deleted = Deleted::default();
        for aside in store.set_aside_manifests()?.into_iter().rev() {
            let read = match store.read_set_aside(&aside) {
                // Brought back by another process between listing and reading.
                Err(StoreError::Missing(_)) => continue,
                Err(StoreError::Damaged { reason, .. }) => Err(reason),
                Err(error) => Err(error.to_string()),
                Ok(bytes) => Entry::from_bytes(aside.id, &bytes).map_err(|error| error.to_string()),
            };
            match read {
                Ok(entry) => deleted.snapshots.push(DeletedSnapshot { entry, aside }),
                Err(reason) => deleted.unreadable.push((aside, reason)),
            }
        }
        let order = |one: &DeletedSnapshot| (one.aside.at, one.entry.manifest.order());
        deleted.snapshots.sort_by(|a, b| order(b).cmp(&order(a)).then_with(|| a.entry.id.cmp(&b.entry.id)));
        Ok(deleted)
    }
}

/// How long deleted snapshots are kept, and what the clock is worth.
///
/// The clock may be wrong when a snapshot is deleted, and when it is asked whether its time is up. What the store knows
/// is the latest time that any snapshot or deletion bears: a clock more than a year ahead of that is not believed, and
/// a deletion is never dated before it.
#[derive(Debug, Clone, Copy)]
pub struct Grace {
    /// How long.
    period: SignedDuration,
    /// The clock's time, as far as it is believed.
    now: Timestamp,
    /// The time that a deletion now bears.
    dated: Timestamp,
}

impl Grace {
    /// From the setting, the clock, and the times that the store bears.
    pub fn new(days: u32, now: Timestamp, known: impl Iterator<Item = Timestamp>) -> Grace {
        let latest = known.max().unwrap_or(now);
        let believed = if now.duration_since(latest) > super::retention::BELIEVED_STEP { latest } else { now };
        Grace { period: SignedDuration::from_hours(24 * i64::from(days)), now: believed, dated: believed.max(latest) }
    }

    /// The time that a deletion now bears, in microseconds.
    pub fn stamp(&self) -> i64 {
        self.dated.as_microsecond()
    }

    /// When the time of a deleted snapshot is up.
    pub fn until(&self, aside: &SetAside) -> Timestamp {
        deleted_at(aside).checked_add(self.period).unwrap_or(Timestamp::MAX)
    }

    /// Whether it is up.
    pub fn is_over(&self, aside: &SetAside) -> bool {
        self.until(aside) <= self.now
    }
}

/// When a snapshot was deleted.
pub fn deleted_at(aside: &SetAside) -> Timestamp {
    let limit = if aside.at < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_microsecond(aside.at).unwrap_or(limit)
}
