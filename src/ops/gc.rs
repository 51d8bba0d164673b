//! `gc`: retention first, then deleted snapshots whose time is up, then the objects that nothing needs any more. At
//! last what has been there for a while is compressed harder.

use super::OpError;
use super::cold::{self, Compressed};
use super::database::Database;
use super::plan::{Basis, Operation, Plan};
use super::publish::now;
use super::repository::Repository;
use super::wording::{counted, ordinal};
use super::{actor, delete, export, hook, refs};
use crate::hash::Hash;
use crate::monitor::Monitor;
use crate::snapshot::{
    Deleted, DropReason, Entry, Grace, History, KeepReason, Policy, Rank, Refs, Sort, Verdict, apply_retention,
    lost_rows, mark_one,
};
use crate::store::{Access, DeletedBy, Live, SetAside, Store, StoreError, SweepPlan};
use crate::tree::Marking;
use serde::{Deserialize, Serialize};

/// What to collect.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct GcOptions {
    /// Snapshots per table, instead of the setting.
    pub keep: Option<usize>,
    /// Days, instead of the setting.
    pub days: Option<u32>,
    /// Remove deleted snapshots for good at once.
    pub now: bool,
    /// Compress everything harder, not only some of what has been there for a while.
    pub recompress: bool,
    /// Let a coding agent do it.
    pub allow_agent: bool,
}

/// What became of one snapshot.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct GcSnapshot {
    /// The id.
    pub id: String,
    /// Its message.
    pub message: String,
    /// Whether it stays.
    pub keep: bool,
    /// Why.
    pub reason: String,
}

/// A deleted snapshot that cannot be brought back any more.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Removed {
    /// The id.
    pub id: String,
    /// Its message, if it could be read.
    pub message: Option<String>,
}

/// What `gc` did, or would do.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct GcReport {
    /// Every snapshot, newest first.
    pub snapshots: Vec<GcSnapshot>,
    /// Deleted snapshots that were removed for good.
    pub removed: Vec<Removed>,
    /// Deleted snapshots that can still be brought back.
    pub kept_deleted: u64,
    /// Why no space was freed, if something stood in the way.
    pub held_back: Option<String>,
    /// Export files that went with their snapshots.
    pub exports: Vec<String>,
    /// Objects freed.
    pub objects: u64,
    /// Bytes freed.
    pub freed_bytes: u64,
    /// The disk was too full to write packs anew: only packs without anything needed were deleted.
    pub out_of_space: bool,
    /// What was compressed harder.
    pub recompressed: Compressed,
}

impl Operation for GcOptions {
    const COMMAND: &'static str = "gc";
    type Effect = GcReport;
    type Report = GcReport;

    fn plan(
        &self,
        repository: &Repository,
        _: &mut Database,
        monitor: &dyn Monitor,
    ) -> Result<Plan<GcOptions>, OpError> {
        let (report, basis) = gc(repository, *self, Purpose::Plan, monitor)?;
        Ok(Plan::new(self, report, basis.digest()))
    }

    /// # Errors
    /// If the store is in use, a manifest or pin cannot be read, an object that a snapshot needs is missing, or a
    /// coding agent asks and may not: then nothing is deleted.
    fn apply(
        &self,
        repository: &Repository,
        _: &mut Database,
        digest: Option<&Hash>,
        monitor: &dyn Monitor,
    ) -> Result<GcReport, OpError> {
        actor::guard("run gc", self.allow_agent)?;
        Ok(gc(repository, *self, Purpose::Apply(digest), monitor)?.0)
    }
}

/// What a plan is made for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose<'a> {
    Plan,
    Apply(Option<&'a Hash>),
}

fn gc(
    repository: &Repository,
    options: GcOptions,
    purpose: Purpose<'_>,
    monitor: &dyn Monitor,
) -> Result<(GcReport, Basis), OpError> {
    let is_planned = purpose == Purpose::Plan;
    // Needed in the end; what is wrong with it is said before anything is changed.
    repository.export_dir()?;
    let policy = repository.config.policy();
    let policy =
        Policy { per_table: options.keep.unwrap_or(policy.per_table), days: options.days.unwrap_or(policy.days) };
    let store = repository.open(if is_planned { Access::Read } else { Access::Exclusive })?;
    let history = History::load(&store)?;
    if let Some((id, reason)) = history.unreadable.first() {
        return Err(unreadable("snapshot", id, reason));
    }
    let refs = Refs::load(&store)?;
    refs::warn(&refs, monitor);
    if let Some((id, reason)) = refs.damaged_pins.first_key_value() {
        return Err(unreadable("the pin of", id, reason));
    }
    let deleted = Deleted::load(&store)?;
    let grace = delete::grace(repository, &history, &deleted);
    let at_once = options.now || repository.config.retention.grace_days == 0;
    // what a call of a coding agent that is under way is to be compared with counts as pinned
    let pins = refs.pins.keys().copied().chain(hook::held(repository)?).collect();
    let mut verdicts = apply_retention(&history, policy, now(), &pins, &refs.tags);
    if let Some(tag) = refs.damaged_tags.keys().next() {
        // Whatever it is on would stay.
        let stays = |verdict: &mut (Hash, Verdict)| match &verdict.1 {
            Verdict::Drop(_) => verdict.1 = Verdict::Keep(KeepReason::PerhapsTagged(tag.clone())),
            Verdict::Keep(_) => {}
        };
        verdicts.iter_mut().for_each(stays);
    }
    let mut fates = Fates::new(&history, &verdicts, &deleted, &grace, at_once);
    // Everything that stays, and everything that goes, must be readable before anything is deleted.
    let plan = fates.plan(&store, monitor)?;
    if monitor.interrupted() {
        return Err(OpError::Interrupted);
    }
    let basis = fates.basis(&options)?;
    let mut exports = Vec::new();
    if let Purpose::Apply(planned) = purpose {
        basis.check(planned)?;
        fates.carry_out(&store, &refs)?;
        for entry in &fates.dropped {
            exports.extend(export::remove(repository, &entry.manifest)?);
        }
    }
    let mut recompressed = Compressed::default();
    let (objects, mut freed_bytes, mut out_of_space) = match &plan {
        Some(plan) if is_planned => {
            recompressed = cold::foresee(&store, plan, options.recompress)?;
            (plan.objects_freed(), plan.bytes_freed(), false)
        }
        Some(plan) => {
            let swept = store.sweep(plan, monitor)?;
            (plan.objects_freed(), swept.bytes_freed(), swept.out_of_space)
        }
        None => (0, 0, false),
    };
    if plan.is_some() && !is_planned && !out_of_space {
        recompressed = cold::compress(repository, store, options.recompress, monitor)?;
        freed_bytes += recompressed.bytes.saturating_sub(recompressed.bytes_after);
        out_of_space = recompressed.out_of_space;
    }
    let lost = lost_rows(&history);
    let snapshots = history.entries.iter().zip(&verdicts);
    let report = GcReport {
        snapshots: snapshots
            .map(|(entry, (_, verdict))| gc_snapshot(entry, verdict, policy.per_table, &lost))
            .collect(),
        removed: fates.removed(&deleted),
        held_back: fates.held_back.clone(),
        kept_deleted: (fates.kept_deleted.len() + if at_once { 0 } else { fates.dropped.len() }) as u64,
        exports,
        objects,
        freed_bytes,
        out_of_space,
        recompressed,
    };
    Ok((report, basis))
}

fn unreadable(what: &str, id: &Hash, reason: &str) -> OpError {
    OpError::Verification(format!("{what} {} cannot be read ({reason}), so nothing is deleted", id.short()))
}

fn not_whole(id: &Hash, reason: &str) -> String {
    format!("deleted snapshot {} is not whole ({reason}); dbsnap gc --now removes it for good", id.short())
}

/// What becomes of every snapshot, listed or deleted.
struct Fates<'f> {
    kept: Vec<&'f Entry>,
    /// What retention lets go.
    dropped: Vec<&'f Entry>,
    /// What is set aside of these.
    set_aside: Vec<SetAside>,
    kept_deleted: Vec<&'f Entry>,
    /// What is removed for good of all that is or was set aside.
    expired: Vec<SetAside>,
    /// Whether nothing of what goes is kept for a while.
    at_once: bool,
    /// Why nothing is swept.
    held_back: Option<String>,
}

impl<'f> Fates<'f> {
    fn new(
        history: &'f History,
        verdicts: &[(Hash, Verdict)],
        deleted: &'f Deleted,
        grace: &Grace,
        at_once: bool,
    ) -> Fates<'f> {
        let (mut kept, mut dropped) = (Vec::new(), Vec::new());
        for (entry, (_, verdict)) in history.entries.iter().zip(verdicts) {
            let list = if matches!(verdict, Verdict::Drop(_)) { &mut dropped } else { &mut kept };
            list.push(entry);
        }
        let (mut kept_deleted, mut expired) = (Vec::new(), Vec::new());
        for one in &deleted.snapshots {
            match at_once || grace.is_over(&one.aside) {
                true => expired.push(one.aside),
                false => kept_deleted.push(&one.entry),
            }
        }
        let mut held_back = None;
        for (aside, reason) in &deleted.unreadable {
            match at_once || grace.is_over(aside) {
                true => expired.push(*aside),
                false => held_back = Some(not_whole(&aside.id, reason)),
            }
        }
        let aside = |entry: &&Entry| SetAside { at: grace.stamp(), id: entry.id, by: DeletedBy::Retention };
        let set_aside: Vec<SetAside> = dropped.iter().map(aside).collect();
        if at_once {
            expired.extend(&set_aside);
        }
        Fates { kept, dropped, set_aside, kept_deleted, expired, at_once, held_back }
    }

    /// The objects that are needed by whatever stays or can be brought back. `None` if it is not known what a deleted
    /// snapshot that can still be brought back needs: then nothing is swept.
    fn mark(&mut self, store: &Store) -> Result<Option<Live>, OpError> {
        let mut marking = Marking::new(store);
        self.kept.iter().try_for_each(|entry| mark_one(entry, &mut marking))?;
        let mut beside = if self.at_once { Some(Marking::new(store)) } else { None };
        let going = beside.as_mut().unwrap_or(&mut marking);
        self.dropped.iter().try_for_each(|entry| mark_one(entry, going))?;
        for entry in &self.kept_deleted {
            if let Err(error) = mark_one(entry, &mut marking) {
                self.held_back = Some(not_whole(&entry.id, &error.to_string()));
                break;
            }
        }
        Ok(self.held_back.is_none().then(|| marking.finish()))
    }

    /// What can be swept, if anything.
    fn plan(&mut self, store: &Store, monitor: &dyn Monitor) -> Result<Option<SweepPlan>, OpError> {
        loop {
            let Some(live) = self.mark(store)? else { return Ok(None) };
            match store.plan_sweep(&live, monitor) {
                // Without these copies other forms must be kept.
                Err(StoreError::CopiesDamaged(_)) => {}
                plan => return Ok(Some(plan?)),
            }
        }
    }

    /// What a plan stands on: the snapshots, and what becomes of each. Not their ages, nor how well they are packed.
    fn basis(&self, options: &GcOptions) -> Result<Basis, OpError> {
        let ids = |entries: &[&Entry]| entries.iter().map(|entry| entry.id).collect::<Vec<_>>();
        let expired: Vec<Hash> = self.expired.iter().map(|aside| aside.id).collect();
        let all = [ids(&self.kept), ids(&self.dropped), ids(&self.kept_deleted), expired];
        Basis::of(options)?.and(&(all, &self.held_back))
    }

    /// Sets aside what retention lets go, and removes what is past its time with the tags that it had.
    fn carry_out(&self, store: &Store, refs: &Refs) -> Result<(), OpError> {
        store.set_aside(&self.set_aside)?;
        let stays = |id: &Hash| [&self.kept, &self.kept_deleted].into_iter().flatten().any(|entry| entry.id == *id);
        for aside in self.expired.iter().filter(|aside| !stays(&aside.id)) {
            for (tag, _) in refs.tags.iter().filter(|(_, id)| **id == aside.id) {
                store.remove_tag(tag)?;
            }
        }
        Ok(store.remove_set_aside(&self.expired)?)
    }

    /// The deleted snapshots, of those that were deleted before, that are gone for good.
    fn removed(&self, deleted: &Deleted) -> Vec<Removed> {
        let before = self.expired.iter().filter(|aside| !self.set_aside.contains(aside));
        let message = |aside: &SetAside| {
            let found = deleted.snapshots.iter().find(|one| one.aside == *aside);
            found.map(|one| one.entry.manifest.message.clone())
        };
        before.map(|aside| Removed { id: aside.id.to_hex(), message: message(aside) }).collect()
    }
}

fn gc_snapshot(
    entry: &Entry,
    verdict: &Verdict,
    kept: usize,
    lost: &std::collections::HashMap<(Hash, crate::codec::TableName), u64>,
) -> GcSnapshot {
    let (keep, mut reason) = match verdict {
        Verdict::Keep(reason) => (true, keep_text(reason)),
        Verdict::Drop(reason) => (false, drop_text(reason, kept)),
    };
    if !keep {
        for table in &entry.manifest.tables {
            if let Some(rows) = lost.get(&(entry.id, table.table.clone())) {
                reason.push_str(&format!("; {} of {} were gone in the next", counted(*rows, "row"), table.table));
            }
        }
    }
    GcSnapshot { id: entry.id.to_hex(), message: entry.manifest.message.clone(), keep, reason }
}

fn keep_text(reason: &KeepReason) -> String {
    match reason {
        KeepReason::Pinned => "pinned".to_owned(),
        KeepReason::Tagged(tag) => format!("tagged {tag}"),
        KeepReason::PerhapsTagged(tag) => format!("perhaps tagged {tag}, which cannot be read"),
        KeepReason::NewestOf(table) => format!("newest of {table}"),
        KeepReason::NewestWholeOf(table) => format!("newest of all rows of {table}"),
        KeepReason::LastWithRows { table, rows } => {
            format!("last with {} of {table} that were gone in the next", counted(*rows, "row"))
        }
        KeepReason::RunOf(other) => format!("of the same run as {}", other.short()),
        KeepReason::RestoreOf(safety) => format!("restored; undo has {}", safety.short()),
        KeepReason::Recent(rank) => rank_text(rank),
    }
}

fn drop_text(reason: &DropReason, kept: usize) -> String {
    match reason {
        DropReason::TooOld { days } => format!("{days} days old"),
        DropReason::TooMany(rank) => format!("{}, keeping {kept}", rank_text(rank)),
    }
}

fn rank_text(Rank { table, sort, rank }: &Rank) -> String {
    let nth = match rank {
        1 => String::new(),
        rank => format!("{} ", ordinal(*rank as u64)),
    };
    match sort {
        Sort::Whole => format!("{nth}newest of {table}"),
        Sort::Hook => format!("{nth}newest by a hook of {table}"),
        Sort::Filtered => format!("{nth}newest filtered one of {table}"),
        Sort::Imported => format!("{nth}newest imported one of {table}"),
        Sort::Safety => format!("{nth}newest safety snapshot of {table}"),
    }
}
