//! Retention: which snapshots stay. The usual policy is at most five per table and thirty days.
//!
//! A snapshot stays if anything keeps it: a pin, a tag, being the newest of one of its tables (or the newest unfiltered
//! one), being the last that has rows which the next one had lost, being what a pinned safety snapshot's restore was
//! of, being the other snapshot of a run of which one stays, or being young enough and among the newest of one of its tables. Whole, filtered, imported
//! and safety snapshots of a table, and those of a coding agent's hook, are counted apart, so that none of them push out
//! the whole ones that somebody asked for.
//!
//! Snapshots are counted in the order of taking, and their age is counted back from the newest one ([`ages`]): the
//! clock of the moment says nothing.

use super::{Entry, History, SnapshotKind};
use crate::codec::TableName;
use crate::hash::Hash;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// The longest time between two snapshots that is not taken for a clock that jumped: a year.
pub(super) const BELIEVED_STEP: SignedDuration = SignedDuration::from_hours(366 * 24);

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Snapshots kept per table.
    pub per_table: usize,
    /// Days after which a snapshot goes.
    pub days: u32,
}

impl Default for Policy {
    /// The usual policy: five per table, thirty days.
    fn default() -> Policy {
        Policy { per_table: 5, days: 30 }
    }
}

/// What a snapshot has of a table. Each sort is counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sort {
    /// All rows, because somebody asked for it.
    Whole,
    /// All rows, because the hook of a coding agent took it.
    Hook,
    /// The rows of a filter.
    Filtered,
    /// The rows of an exported file.
    Imported,
    /// What was there before a restore.
    Safety,
}

/// What keeps a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeepReason {
    /// It is pinned.
    Pinned,
    /// It has this tag.
    Tagged(String),
    /// This tag cannot be read, and may be on it.
    PerhapsTagged(String),
    /// It is the newest snapshot of this table.
    NewestOf(TableName),
    /// It is the newest snapshot of all rows of this table; newer ones are filtered, imported or a hook's.
    NewestWholeOf(TableName),
    /// It is the last one with rows of this table that were gone in the next.
    LastWithRows {
        /// The table.
        table: TableName,
        /// How many rows were gone.
        rows: u64,
    },
    /// The pinned safety snapshot of this id was taken before restoring it.
    RestoreOf(Hash),
    /// It was taken before or after the same command as this one, which stays.
    RunOf(Hash),
    /// It is number `rank` (from 1) of the newest of its sort of this table, and young enough.
    Recent(Rank),
}

/// A place among the snapshots of a table, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rank {
    /// The table.
    pub table: TableName,
    /// Which of its snapshots are counted.
    pub sort: Sort,
    /// The place, from 1.
    pub rank: usize,
}

/// Why retention lets a snapshot go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DropReason {
    /// It is older than the policy's days.
    TooOld {
        /// Its age in days.
        days: i64,
    },
    /// Each of its tables has enough newer snapshots; this is where it comes nearest to staying.
    TooMany(Rank),
}

/// What becomes of one snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It stays.
    Keep(KeepReason),
    /// It goes.
    Drop(DropReason),
}

/// Judges every snapshot of `history`, in its order. Nothing is changed.
pub fn apply_retention(
    history: &History,
    policy: Policy,
    now: Timestamp,
    pins: &BTreeSet<Hash>,
    tags: &BTreeMap<String, Hash>,
) -> Vec<(Hash, Verdict)> {
    let mut retention = Retention {
        policy,
        pins,
        tags,
        lost: lost_rows(history),
        restored: restored(history, pins),
        seen: Seen::default(),
    };
    let entries = history.entries.iter().zip(ages(history, now));
    let mut verdicts: Vec<_> = entries.map(|(entry, age)| (entry.id, retention.verdict(entry, age))).collect();
    keep_runs(history, &mut verdicts);
    verdicts
}

/// Keeps both snapshots of a run while one of them stays: neither undoes it alone.
fn keep_runs(history: &History, verdicts: &mut [(Hash, Verdict)]) {
    let places: HashMap<Hash, usize> = history.entries.iter().enumerate().map(|(at, entry)| (entry.id, at)).collect();
    for (after, entry) in history.entries.iter().enumerate() {
        let ended = entry.manifest.run.as_ref().and_then(|run| run.ended.as_ref());
        let before = ended.and_then(|ended| history.now_called(&ended.before));
        let Some(before) = before.and_then(|before| places.get(&before.id).copied()) else { continue };
        for (one, other) in [(before, after), (after, before)] {
            // of a hook the snapshot after a call is the one before the next: one that stays keeps no more than its own
            let keeps =
                |verdict: &Verdict| matches!(verdict, Verdict::Keep(reason) if !matches!(reason, KeepReason::RunOf(_)));
            if matches!(verdicts[one].1, Verdict::Drop(_)) && keeps(&verdicts[other].1) {
                verdicts[one].1 = Verdict::Keep(KeepReason::RunOf(verdicts[other].0));
            }
        }
    }
}

/// Rows of each table that a snapshot has and the one that was compared with it has not, by the counts that manifests
/// hold. They may have come back later.
pub fn lost_rows(history: &History) -> HashMap<(Hash, TableName), u64> {
    let mut lost = HashMap::new();
    for entry in history.asked_for() {
        for table in &entry.manifest.tables {
            let Some(change) = table.change.filter(|change| change.removed > 0) else { continue };
            if let Some(before) = history.now_called(&change.since) {
                let rows: &mut u64 = lost.entry((before.id, table.table.clone())).or_default();
                *rows = change.removed.max(*rows);
            }
        }
    }
    lost
}

/// What pinned safety snapshots were taken before restoring, with the newest such safety snapshot.
fn restored(history: &History, pins: &BTreeSet<Hash>) -> HashMap<Hash, Hash> {
    let mut restored = HashMap::new();
    for entry in history.entries.iter().filter(|entry| pins.contains(&entry.id)) {
        let Some(of) = &entry.manifest.restored else { continue };
        for of in [Some(of.id), of.undoes].into_iter().flatten().filter_map(|id| history.now_called(&id)) {
            restored.entry(of.id).or_insert(entry.id);
        }
    }
    restored
}

/// How old each snapshot is at least: never more than a clock that is right would say.
///
/// A clock can have been wrong whenever a snapshot was taken, and can be wrong now. So the age is the time that went by
/// from snapshot to snapshot up to the newest one, where steps back in time and steps of more than a year count as
/// none; and where the clock of now says less, that counts.
fn ages(history: &History, now: Timestamp) -> Vec<SignedDuration> {
    let mut age = SignedDuration::ZERO;
    let mut later: Option<Timestamp> = None;
    let mut ages = Vec::with_capacity(history.entries.len());
    for entry in &history.entries {
        let taken = entry.manifest.created_at;
        let step = later.map_or(SignedDuration::ZERO, |later| later.duration_since(taken));
        if step.is_positive() && step <= BELIEVED_STEP {
            age = age.saturating_add(step);
        }
        let by_now = now.duration_since(taken);
        ages.push(if by_now.is_negative() { age } else { age.min(by_now) });
        later = Some(taken);
    }
    ages
}

struct Retention<'j> {
    policy: Policy,
    pins: &'j BTreeSet<Hash>,
    tags: &'j BTreeMap<String, Hash>,
    lost: HashMap<(Hash, TableName), u64>,
    restored: HashMap<Hash, Hash>,
    seen: Seen,
}

/// What newer snapshots of each table of each database there were.
#[derive(Default)]
struct Seen {
    ranks: HashMap<(String, Sort, TableName), usize>,
    any: HashSet<(String, TableName)>,
    lossy: HashSet<(String, TableName)>,
}

impl Retention<'_> {
    /// Judges the next snapshot; they come newest first.
    fn verdict(&mut self, entry: &Entry, age: SignedDuration) -> Verdict {
        let source = &entry.manifest.source;
        let source = format!("{} {:?} {}", source.engine, source.cluster, source.database);
        let (mut ranks, mut newest, mut newest_whole, mut last) = (Vec::new(), None, None, None);
        for table in &entry.manifest.tables {
            let (sort, place) = (sort(entry, table.filter.is_some()), (source.clone(), table.table.clone()));
            let rank = self.seen.ranks.entry((source.clone(), sort, table.table.clone())).or_default();
            *rank += 1;
            let rank = Rank { table: table.table.clone(), sort, rank: *rank };
            if sort == Sort::Whole && rank.rank == 1 {
                newest_whole.get_or_insert_with(|| table.table.clone());
            }
            ranks.push(rank);
            if sort == Sort::Safety {
                continue;
            }
            if self.seen.any.insert(place.clone()) {
                newest.get_or_insert_with(|| table.table.clone());
            }
            if let Some(rows) = self.lost.get(&(entry.id, table.table.clone()))
                && self.seen.lossy.insert(place)
            {
                last.get_or_insert((table.table.clone(), *rows));
            }
        }
        let tag = self.tags.iter().find(|(_, id)| **id == entry.id);
        let kept = match tag {
            _ if self.pins.contains(&entry.id) => Some(KeepReason::Pinned),
            Some((tag, _)) => Some(KeepReason::Tagged(tag.clone())),
            None => newest
                .map(KeepReason::NewestOf)
                .or(newest_whole.map(KeepReason::NewestWholeOf))
                .or(last.map(|(table, rows)| KeepReason::LastWithRows { table, rows }))
                .or(self.restored.get(&entry.id).map(|safety| KeepReason::RestoreOf(*safety))),
        };
        match kept {
            Some(reason) => Verdict::Keep(reason),
            None => self.by_age_and_number(age, ranks),
        }
    }

    fn by_age_and_number(&self, age: SignedDuration, ranks: Vec<Rank>) -> Verdict {
        let too_old = Verdict::Drop(DropReason::TooOld { days: age.as_hours() / 24 });
        if age > SignedDuration::from_hours(24 * i64::from(self.policy.days)) {
            return too_old;
        }
        match ranks.into_iter().min_by_key(|rank| rank.rank) {
            Some(rank) if rank.rank <= self.policy.per_table => Verdict::Keep(KeepReason::Recent(rank)),
            Some(rank) => Verdict::Drop(DropReason::TooMany(rank)),
            None => too_old,
        }
    }
}

fn sort(entry: &Entry, filtered: bool) -> Sort {
    match entry.manifest.kind {
        SnapshotKind::Safety => Sort::Safety,
        SnapshotKind::Snapshot if entry.manifest.imported => Sort::Imported,
        SnapshotKind::Snapshot if filtered => Sort::Filtered,
        SnapshotKind::Snapshot if entry.manifest.hook => Sort::Hook,
        SnapshotKind::Snapshot => Sort::Whole,
    }
}
