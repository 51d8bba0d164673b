//! What would be left without what it draws on when a sweep is done.

use super::closure::{Closure, Cost};
use super::index::{Index, Location};
use super::{Forms, Live, PackPlan, Store, StoreError, SweepPlan};
use crate::hash::Hash;
use std::collections::{HashMap, HashSet};

impl Store {
    /// The packs of those in `stays` that hold a form which draws on objects that go: they must be written anew without
    /// it. `is_kept` tells the copies of live objects that are kept; these draw on nothing that goes.
    ///
    /// # Errors
    /// [`StoreError::Io`] if a pack cannot be read. A form that is damaged is one that cannot be read.
    pub(super) fn unclosed_packs(
        &self,
        index: &Index,
        live: &Live,
        mut stays: Vec<bool>,
        is_kept: &dyn Fn(&Location) -> bool,
    ) -> Result<Vec<u32>, StoreError> {
        let may_draw = |place: &Location| live.forms().may_draw(place.entry.kind);
        let mut spare = Vec::new();
        for place in index.all().filter(|place| stays[place.pack as usize] && may_draw(place) && !is_kept(place)) {
            spare.push((place, self.sources_of(index, live.forms(), &place)?));
        }
        let mut unclosed = Vec::new();
        loop {
            // What stays of a pack that is written anew are the copies of live objects.
            let found = broken(index, live, &stays, &spare);
            if found.is_empty() {
                return Ok(unclosed);
            }
            for at in found {
                stays[at as usize] = false;
                unclosed.push(at);
            }
        }
    }

    /// The packs in such an order that none comes before one that draws on it; where some draw on each other in a
    /// circle, these last.
    pub(super) fn drawers_first<'p>(
        &self,
        plan: &SweepPlan,
        mut packs: Vec<&'p PackPlan>,
    ) -> Result<Vec<&'p PackPlan>, StoreError> {
        let drawn = self.drawn(plan, &packs)?;
        let mut ordered = Vec::with_capacity(packs.len());
        while let Some(at) = packs.iter().position(|on| !packs.iter().any(|one| drawn.between(one, on))) {
            ordered.push(packs.remove(at));
        }
        ordered.extend(packs);
        Ok(ordered)
    }

    /// The names of the packs that hold nothing live and on which nothing draws, should the others all stay as they
    /// are.
    pub(super) fn not_drawn_on(&self, plan: &SweepPlan) -> Result<HashSet<Hash>, StoreError> {
        let drawn = self.drawn(plan, &plan.dropped.iter().chain(&plan.rewritten).collect::<Vec<_>>())?;
        let mut gone: Vec<&PackPlan> = plan.dropped.iter().collect();
        let mut stay: Vec<&PackPlan> = plan.rewritten.iter().collect();
        while let Some(one) = stay.pop() {
            stay.extend(gone.extract_if(.., |on| drawn.between(one, on)));
        }
        Ok(gone.iter().map(|pack| pack.name).collect())
    }

    /// Which of the packs draw on which.
    fn drawn(&self, plan: &SweepPlan, packs: &[&PackPlan]) -> Result<Drawn, StoreError> {
        let mut drawn = Drawn::default();
        for place in plan.index.all() {
            let name = plan.index.packs[place.pack as usize].name;
            if packs.iter().all(|pack| pack.name != name) {
                continue;
            }
            drawn.held.entry(name).or_default().insert(place.entry.id);
            if plan.forms.may_draw(place.entry.kind) {
                let sources = self.sources_of(&plan.index, plan.forms, &place)?;
                drawn.on.entry(name).or_default().extend(sources.into_iter().flatten());
            }
        }
        Ok(drawn)
    }

    /// What a copy draws on; `None` if it cannot be told.
    fn sources_of(&self, index: &Index, forms: &dyn Forms, place: &Location) -> Result<Option<Vec<Hash>>, StoreError> {
        let mut bytes = Vec::new();
        match self.read_place(index, place, &mut bytes) {
            Ok(kind) => Ok(forms.sources(kind, &bytes).ok()),
            Err(StoreError::Damaged { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What packs hold and what they draw on, by their names.
#[derive(Default)]
struct Drawn {
    held: HashMap<Hash, HashSet<Hash>>,
    on: HashMap<Hash, HashSet<Hash>>,
}

impl Drawn {
    fn between(&self, one: &PackPlan, on: &PackPlan) -> bool {
        match (self.on.get(&one.name), self.held.get(&on.name)) {
            (Some(sources), Some(held)) => one.name != on.name && sources.iter().any(|source| held.contains(source)),
            _ => false,
        }
    }
}

/// The packs of those in `stays` with a form in `spare` that cannot be read from what stays.
fn broken(index: &Index, live: &Live, stays: &[bool], spare: &[(Location, Option<Vec<Hash>>)]) -> Vec<u32> {
    let mut closure = Closure::default();
    let stays_whole = |id: &Hash| {
        let whole = |place: &Location| !live.forms().may_draw(place.entry.kind) && stays[place.pack as usize];
        index.places(id).any(|place| whole(&place)).then_some(Cost::WHOLE)
    };
    let mut forms: HashMap<usize, u32> = HashMap::new();
    let mut packs: Vec<u32> = Vec::new();
    for (place, sources) in spare.iter().filter(|(place, _)| stays[place.pack as usize]) {
        let Some(sources) = sources else {
            packs.push(place.pack);
            continue;
        };
        for source in sources {
            if let Some(cost) = live.cost(source).or_else(|| stays_whole(source)) {
                closure.give(source, cost);
            }
        }
        if let Some(cost) = live.cost(&place.entry.id) {
            closure.give(&place.entry.id, cost);
        }
        forms.insert(closure.add(&place.entry.id, sources), place.pack);
    }
    closure.resolve();
    packs.extend(forms.into_iter().filter(|(form, _)| closure.cost(*form).is_none()).map(|(_, pack)| pack));
    packs.sort_unstable();
    packs.dedup();
    packs
}
