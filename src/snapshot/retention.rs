//! Retention: which snapshots stay. The plan's policy is at most five per table and thirty days.
//!
//! A snapshot stays if anything keeps it: a pin, a tag, being the newest of one of its tables (or the newest unfiltered one), or
//! being young enough and among the newest of one of its tables. Safety snapshots are counted apart, so that restores do
//! not push out what people asked for.

use super::{Entry, History, SnapshotKind};
use crate::codec::TableName;
use crate::hash::Hash;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Snapshots kept per table.
    pub per_table: usize,
    /// Days after which a snapshot goes.
    pub days: u32,
}

impl Default for Policy {
    /// The plan's policy: five per table, thirty days.
    fn default() -> Policy {
        Policy { per_table: 5, days: 30 }
    }
}

/// What keeps a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeepReason {
    /// It is pinned.
    Pinned,
    /// It has this tag.
    Tagged(String),
    /// It is the newest snapshot of this table.
    NewestOf(TableName),
    /// It is the newest snapshot of all rows of this table; newer ones are filtered.
    NewestWholeOf(TableName),
    /// It is number `rank` (from 1) of the newest of this table, and young enough.
    Recent {
        /// The table.
        table: TableName,
        /// Its rank from 1.
        rank: usize,
    },
}

/// Why retention lets a snapshot go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DropReason {
    /// It is older than the policy's days.
    TooOld {
        /// Its age in days.
        days: i64,
    },
    /// Each of its tables has enough newer snapshots.
    TooMany {
        /// The table where it comes nearest to staying.
        table: TableName,
        /// Its rank there, from 1.
        rank: usize,
    },
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
pub fn judge(
    history: &History,
    policy: Policy,
    now: Timestamp,
    pins: &BTreeSet<Hash>,
    tags: &BTreeMap<String, Hash>,
) -> Vec<(Hash, Verdict)> {
    let mut ranks = Ranks::default();
    history
        .entries
        .iter()
        .map(|entry| {
            let standing = ranks.enter(entry);
            (entry.id, verdict(entry, &standing, policy, now, pins, tags))
        })
        .collect()
}

/// Where one snapshot stands among the snapshots of each of its tables.
struct Standing {
    ranks: Vec<(TableName, usize)>,
    newest_whole: Option<TableName>,
}

#[derive(Default)]
struct Ranks {
    seen: HashMap<(String, IsSafety, TableName), usize>,
    whole: BTreeSet<(String, TableName)>,
}

/// Whether a snapshot is a safety snapshot: these are ranked apart.
type IsSafety = bool;

impl Ranks {
    /// Counts `entry` in; entries come newest first.
    fn enter(&mut self, entry: &Entry) -> Standing {
        let source = format!(
            "{} {:?} {}",
            entry.manifest.source.engine, entry.manifest.source.cluster, entry.manifest.source.database
        );
        let safety = entry.manifest.kind == SnapshotKind::Safety;
        let mut standing = Standing { ranks: Vec::new(), newest_whole: None };
        for table in &entry.manifest.tables {
            let rank = self.seen.entry((source.clone(), safety, table.table.clone())).or_default();
            *rank += 1;
            standing.ranks.push((table.table.clone(), *rank));
            if table.filter.is_none() && !safety && self.whole.insert((source.clone(), table.table.clone())) {
                standing.newest_whole = Some(table.table.clone());
            }
        }
        standing
    }
}

fn verdict(
    entry: &Entry,
    standing: &Standing,
    policy: Policy,
    now: Timestamp,
    pins: &BTreeSet<Hash>,
    tags: &BTreeMap<String, Hash>,
) -> Verdict {
    if pins.contains(&entry.id) {
        return Verdict::Keep(KeepReason::Pinned);
    }
    if let Some((tag, _)) = tags.iter().find(|(_, id)| **id == entry.id) {
        return Verdict::Keep(KeepReason::Tagged(tag.clone()));
    }
    let safety = entry.manifest.kind == SnapshotKind::Safety;
    if !safety {
        if let Some((table, _)) = standing.ranks.iter().find(|(_, rank)| *rank == 1) {
            return Verdict::Keep(KeepReason::NewestOf(table.clone()));
        }
        if let Some(table) = &standing.newest_whole {
            return Verdict::Keep(KeepReason::NewestWholeOf(table.clone()));
        }
    }
    let age = now.duration_since(entry.manifest.created_at);
    let limit = SignedDuration::from_hours(24 * i64::from(policy.days));
    if age > limit {
        return Verdict::Drop(DropReason::TooOld { days: age.as_hours() / 24 });
    }
    match standing.ranks.iter().min_by_key(|(_, rank)| *rank) {
        Some((table, rank)) if *rank <= policy.per_table => {
            Verdict::Keep(KeepReason::Recent { table: table.clone(), rank: *rank })
        }
        Some((table, rank)) => Verdict::Drop(DropReason::TooMany { table: table.clone(), rank: *rank }),
        None => Verdict::Drop(DropReason::TooOld { days: age.as_hours() / 24 }),
    }
}
