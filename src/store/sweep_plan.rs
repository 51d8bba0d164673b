//! What a sweep would do: which packs go, which are written anew without their dead objects.

use super::index::{Index, Location};
use super::index_file::PackRef;
use super::recompress::{mark_id, marked};
use super::{Forms, Live, Store, StoreError, Tally};
use crate::hash::Hash;
use crate::monitor::Monitor;
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

/// A pack is written anew once a fifth of it is dead: below that, the room is not worth the writing.
const DEAD_SHARE: u64 = 5;
/// A pack below an eighth of the full size is small; more than so many small ones are merged.
const SMALL_SHARE: u64 = 8;
const MAX_SMALL: usize = 32;

/// One pack in a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackPlan {
    /// Its name.
    pub name: Hash,
    /// Length of the file in bytes.
    pub bytes: u64,
    /// Objects in it.
    pub objects: u64,
    /// Bytes of their frames.
    pub object_bytes: u64,
    /// Objects in it that are needed and are in no better place.
    pub live_objects: u64,
    /// Bytes of their frames.
    pub live_bytes: u64,
}

/// What [`Store::sweep`] will do. Made by [`Store::plan_sweep`]; fits the store it was made from, as it was then.
pub struct SweepPlan {
    /// Packs that hold nothing needed: deleted.
    pub dropped: Vec<PackPlan>,
    /// Packs that are mostly dead, or small: their live objects are written into new packs, then they are deleted.
    pub rewritten: Vec<PackPlan>,
    /// Packs that stay as they are.
    pub kept: Vec<PackPlan>,
    /// Packs whose directory cannot be read. They stay: what cannot be read is not known to be dead.
    pub unreadable: Vec<PathBuf>,
    /// Files that writers which died left in `tmp/`: deleted.
    pub stale: Tally,
    pub(super) stale_paths: Vec<PathBuf>,
    /// What goes into new packs, in the order in which it is read.
    pub(super) copies: Vec<Location>,
    pub(super) index: Arc<Index>,
    pub(super) forms: &'static dyn Forms,
}

impl SweepPlan {
    /// A plan that does nothing.
    pub(super) fn nothing(index: Arc<Index>, forms: &'static dyn Forms) -> SweepPlan {
        SweepPlan {
            dropped: Vec::new(),
            rewritten: Vec::new(),
            kept: Vec::new(),
            unreadable: Vec::new(),
            stale: Tally::default(),
            stale_paths: Vec::new(),
            copies: Vec::new(),
            index,
            forms,
        }
    }

    /// Bytes by which the store shrinks, about: directories of new packs are not counted.
    pub fn bytes_freed(&self) -> u64 {
        let gone: u64 = self.dropped.iter().chain(&self.rewritten).map(|pack| pack.bytes).sum();
        let back: u64 = self.rewritten.iter().map(|pack| pack.live_bytes).sum();
        gone.saturating_sub(back) + self.stale.bytes
    }

    /// Copies of objects that go.
    pub fn objects_freed(&self) -> u64 {
        self.dropped.iter().chain(&self.rewritten).map(|pack| pack.objects - pack.live_objects).sum()
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.dropped.is_empty() && self.rewritten.is_empty() && self.stale_paths.is_empty()
    }
}

impl Store {
    /// Plans a sweep that keeps the objects in `live`, and perhaps some more. What stays draws on nothing that goes: a
    /// pack with a form that would is written anew without it. Where one of several copies of an object goes, the one
    /// that is kept was read and is what its id says. Nothing is changed, so this works on any store; but only a plan
    /// made with the store opened exclusively can be carried out.
    ///
    /// # Errors
    /// [`StoreError::LiveMissing`] if objects in `live` are not there; [`StoreError::CopiesDamaged`] if some of the
    /// copies that were to be kept are bad and there are others: `live` must be found anew; [`StoreError::Damaged`] if
    /// there are none; [`StoreError::Interrupted`], [`StoreError::Io`].
    pub fn plan_sweep(&self, live: &Live, monitor: &dyn Monitor) -> Result<SweepPlan, StoreError> {
        let index = self.reload_index()?;
        let mut plans = count_objects(&index);
        let ranks = ranks(&index, &plans, live);
        let mut missing = Vec::new();
        for id in live.ids() {
            match best(&index, id, live, &ranks) {
                None => missing.push(*id),
                Some(place) => {
                    let plan = &mut plans[place.pack as usize];
                    plan.live_objects += 1;
                    plan.live_bytes += u64::from(place.entry.stored_len);
                }
            }
        }
        if !missing.is_empty() {
            missing.sort_unstable();
            return Err(StoreError::LiveMissing(missing));
        }
        let is_kept = |place: &Location| {
            live.contains(&place.entry.id) && best(&index, &place.entry.id, live, &ranks) == Some(*place)
        };
        let mut rewrite = self.choose_rewrites(&plans);
        for (at, rewrite) in (0..).zip(&mut rewrite) {
            *rewrite |= index.distrusts(at);
        }
        let stays: Vec<bool> =
            plans.iter().zip(&rewrite).map(|(plan, rewrite)| plan.live_objects > 0 && !rewrite).collect();
        for at in self.unclosed_packs(&index, live, stays, &is_kept)? {
            rewrite[at as usize] = true;
        }
        let stays: Vec<bool> =
            plans.iter().zip(&rewrite).map(|(plan, rewrite)| plan.live_objects > 0 && !rewrite).collect();
        self.verify_kept(&index, live, &stays, &is_kept, monitor)?;
        let mut copies: Vec<Location> =
            index.all().filter(|place| rewrite[place.pack as usize] && is_kept(place)).collect();
        copies.sort_unstable_by_key(|place| (place.pack, place.entry.offset));
        self.plan(index, plans, &rewrite, copies, live.forms())
    }

    fn plan(
        &self,
        index: Arc<Index>,
        plans: Vec<PackPlan>,
        rewrite: &[bool],
        copies: Vec<Location>,
        forms: &'static dyn Forms,
    ) -> Result<SweepPlan, StoreError> {
        let stale = self.stale_temps()?;
        let unread: HashSet<u32> = index.damaged.iter().map(|(at, _)| *at).collect();
        let mut plan = SweepPlan {
            unreadable: unread.iter().map(|at| self.layout.pack(&index.packs[*at as usize].name)).collect(),
            stale: Tally { files: stale.len() as u64, bytes: stale.iter().map(|(_, len)| len).sum() },
            stale_paths: stale.into_iter().map(|(path, _)| path).collect(),
            copies,
            ..SweepPlan::nothing(index, forms)
        };
        plan.unreadable.sort_unstable();
        for ((pack, at), rewrite) in plans.into_iter().zip(0..).zip(rewrite) {
            if unread.contains(&at) {
                continue;
            }
            let list = match (pack.live_objects, rewrite) {
                (0, _) => &mut plan.dropped,
                (_, true) => &mut plan.rewritten,
                (_, false) => &mut plan.kept,
            };
            list.push(pack);
        }
        Ok(plan)
    }

    /// Which packs are worth writing anew.
    fn choose_rewrites(&self, plans: &[PackPlan]) -> Vec<bool> {
        let is_dead = |plan: &PackPlan| plan.live_objects == 0;
        let is_wasteful = |plan: &PackPlan| {
            let dead = plan.object_bytes - plan.live_bytes;
            dead > 0 && dead * DEAD_SHARE >= plan.object_bytes
        };
        let is_small = |plan: &PackPlan| plan.bytes < self.pack_size / SMALL_SHARE;
        let small = plans.iter().filter(|plan| !is_dead(plan) && is_small(plan)).count();
        let merge = small > MAX_SMALL;
        plans.iter().map(|plan| !is_dead(plan) && (is_wasteful(plan) || (merge && is_small(plan)))).collect()
    }
}

pub(super) fn count_objects(index: &Index) -> Vec<PackPlan> {
    let empty = |pack: &PackRef| PackPlan {
        name: pack.name,
        bytes: pack.size,
        objects: 0,
        object_bytes: 0,
        live_objects: 0,
        live_bytes: 0,
    };
    let mut plans: Vec<PackPlan> = index.packs.iter().map(empty).collect();
    let mark = mark_id();
    for place in index.all().filter(|place| place.entry.id != mark) {
        let plan = &mut plans[place.pack as usize];
        plan.objects += 1;
        plan.object_bytes += u64::from(place.entry.stored_len);
    }
    plans
}

/// An order of packs: where an object has several copies, the one in the pack of the lowest rank is kept. The packs
/// with the largest live share come first, so that the copies elsewhere die and take their packs along; of these, the
/// ones that are compressed hard.
fn ranks(index: &Index, plans: &[PackPlan], live: &Live) -> Vec<u32> {
    let mut live_bytes = vec![0u64; plans.len()];
    for place in index.all().filter(|place| live.accepts(&place.entry.id, &index.copy(place))) {
        live_bytes[place.pack as usize] += u64::from(place.entry.stored_len);
    }
    let mut order: Vec<usize> = (0..plans.len()).collect();
    let hard = marked(index);
    let is_hard: Vec<bool> = (0..).zip(plans).map(|(at, _)| hard.contains(&at)).collect();
    // Shares as fractions, compared by cross-multiplication: larger share first, then larger pack, then by name.
    order.sort_unstable_by(|a, b| {
        let share = |x: usize, y: usize| u128::from(live_bytes[x]) * u128::from(plans[y].object_bytes.max(1));
        let by_share = share(*b, *a).cmp(&share(*a, *b));
        by_share
            .then(is_hard[*b].cmp(&is_hard[*a]))
            .then(plans[*b].bytes.cmp(&plans[*a].bytes))
            .then(plans[*a].name.cmp(&plans[*b].name))
    });
    let mut ranks = vec![0u32; plans.len()];
    for (rank, at) in (0..).zip(order) {
        ranks[at] = rank;
    }
    ranks
}

/// The copy of a live object that is kept.
fn best(index: &Index, id: &Hash, live: &Live, ranks: &[u32]) -> Option<Location> {
    let accepted = index.places(id).filter(|place| live.accepts(id, &index.copy(place)));
    accepted.min_by_key(|place| (ranks[place.pack as usize], place.entry.offset))
}
