//! Compressing harder what has been there for a while: it is written once, read seldom, and stays.

use super::OpError;
use super::repository::Repository;
use super::wording::counted;
use crate::monitor::{Monitor, Step};
use crate::store::{Access, ColdPack, Recompressed, Store, StoreError, SweepPlan};
use crate::tree::LeafForms;
use serde::{Deserialize, Serialize};
use std::thread;
use std::time::{Duration, SystemTime};

/// What is younger may go again soon. Where the clock is wrong, something is compressed too early or later; nothing
/// else hangs on it.
const AGE: Duration = Duration::from_secs(24 * 60 * 60);
/// Bytes of packs that one gc compresses unless it is told to do all: about a minute's work.
const MOST: u64 = 512 << 20;
/// Bytes of packs between which others get their turn at the store: a few seconds' work.
const BATCH: u64 = 16 << 20;
/// Longer than those wait who look whether the store is free.
const TURN: Duration = Duration::from_millis(300);

/// What was compressed harder, or would be.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Compressed {
    /// Packs.
    pub packs: u64,
    /// Their bytes before.
    pub bytes: u64,
    /// Their bytes afterwards; 0 if it was not done.
    pub bytes_after: u64,
    /// Bytes of packs that are left for the next gc.
    pub bytes_left: u64,
    /// Whether the disk was too full to go on.
    #[serde(skip)]
    pub(super) out_of_space: bool,
}

fn since(all: bool) -> Option<SystemTime> {
    if all { None } else { SystemTime::now().checked_sub(AGE) }
}

/// As many packs from the first on as one gc compresses.
fn portion(packs: &[ColdPack], all: bool) -> usize {
    if all { packs.len() } else { up_to(packs, MOST) }
}

/// How many packs, one at least, are no more than `most` bytes.
fn up_to(packs: &[ColdPack], most: u64) -> usize {
    let mut bytes = 0;
    let fit = packs.iter().take_while(|pack| {
        bytes += pack.bytes;
        bytes <= most
    });
    fit.count().max(1).min(packs.len())
}

fn bytes(packs: &[ColdPack]) -> u64 {
    packs.iter().map(|pack| pack.bytes).sum()
}

/// What would be compressed after the sweep of `plan`.
pub(super) fn foresee(store: &Store, plan: &SweepPlan, all: bool) -> Result<Compressed, OpError> {
    let mut packs = store.cold_packs(since(all))?;
    packs.retain(|cold| plan.kept.iter().any(|kept| kept.name == cold.name));
    let (now, later) = packs.split_at(portion(&packs, all));
    Ok(Compressed { packs: now.len() as u64, bytes: bytes(now), bytes_left: bytes(later), ..Compressed::default() })
}

/// Compresses packs, a few at a time; in between, whoever waits for the store gets it. `store` was swept just now.
pub(super) fn compress(
    project: &Repository,
    store: Store,
    all: bool,
    monitor: &dyn Monitor,
) -> Result<Compressed, OpError> {
    let packs = store.cold_packs(since(all))?;
    drop(store);
    let (mut now, later) = packs.split_at(portion(&packs, all));
    let mut done = Compressed { bytes_left: bytes(later), ..Compressed::default() };
    if now.is_empty() {
        return Ok(done);
    }
    monitor.begin(&Step { verb: "Compressing", subject: "packs", rows: None, bytes: Some(bytes(now)) });
    while !now.is_empty() && !done.out_of_space {
        let (batch, rest) = now.split_at(up_to(now, BATCH));
        match project.open(Access::Exclusive) {
            Ok(store) => done.add(store.recompress(batch, &LeafForms, monitor)?, monitor),
            // Somebody is at work for long: it can wait.
            Err(OpError::Store(StoreError::Locked)) => break,
            Err(error) => return Err(error),
        }
        now = rest;
        if !now.is_empty() {
            thread::sleep(TURN);
        }
    }
    done.bytes_left += bytes(now);
    monitor.end();
    Ok(done)
}

impl Compressed {
    fn add(&mut self, more: Recompressed, monitor: &dyn Monitor) {
        self.packs += more.before.files;
        self.bytes += more.before.bytes;
        self.bytes_after += more.after.bytes;
        self.out_of_space = more.out_of_space;
        if let Some((path, reason)) = more.damaged.first() {
            let packs = counted(more.damaged.len() as u64, "pack");
            monitor.warn(&format!("{packs} stay as they are, {} first: {reason}; see dbsnap verify", path.display()));
        }
    }
}
