//! What objects draw on: which forms can be read down to forms that draw on nothing, and how far down that goes.
//!
//! An object can be held several times, each time in a form that draws on other objects. What a form means the store
//! does not know; it is told by [`Forms`]. `docs/FORMAT.md`, section 5, has the invariant.

use super::{ObjectCopy, ObjectKind, Objects};
use crate::hash::Hash;
use std::collections::HashMap;

/// Forms on forms that a reader follows.
pub const MOST_DEPTH: u32 = 64;
/// Objects that a reader reads for one.
pub const MOST_WEIGHT: u64 = 65_536;

/// What the layers above know of forms.
pub trait Forms: Sync {
    /// Whether objects of this kind draw on others.
    fn may_draw(&self, kind: ObjectKind) -> bool;

    /// The objects without which one of this kind and with these bytes cannot be read.
    ///
    /// # Errors
    /// The reason why these are no such bytes.
    fn sources(&self, kind: ObjectKind, bytes: &[u8]) -> Result<Vec<Hash>, String>;

    /// What tells copies that are what their ids say from others.
    fn verifier<'o>(&self, objects: &'o dyn Objects) -> Box<dyn Verifier + 'o>;
}

/// Reads copies of objects to find out whether they are what their ids say. Shared between threads.
pub trait Verifier: Sync {
    /// Reads that copy of an object and, where it draws on others, these too.
    ///
    /// # Errors
    /// The reason why it cannot be read, or is something else.
    fn verify(&self, id: &Hash, copy: &ObjectCopy) -> Result<(), String>;

    /// The object that these bytes are, if they tell.
    fn identify(&self, bytes: Vec<u8>) -> Option<(Hash, ObjectKind)>;
}

/// Forms of objects that draw on nothing, of which no more is known than that they must be the bytes that were stored.
#[derive(Debug)]
pub struct NoSources;

struct Undamaged<'o>(&'o dyn Objects);

impl Verifier for Undamaged<'_> {
    fn verify(&self, id: &Hash, copy: &ObjectCopy) -> Result<(), String> {
        self.0.get_copy(id, copy, &mut Vec::new()).map_err(|error| error.to_string())
    }

    fn identify(&self, _: Vec<u8>) -> Option<(Hash, ObjectKind)> {
        None
    }
}

impl Forms for NoSources {
    fn may_draw(&self, _: ObjectKind) -> bool {
        false
    }

    fn sources(&self, _: ObjectKind, _: &[u8]) -> Result<Vec<Hash>, String> {
        Ok(Vec::new())
    }

    fn verifier<'o>(&self, objects: &'o dyn Objects) -> Box<dyn Verifier + 'o> {
        Box::new(Undamaged(objects))
    }
}

/// How far down a form goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cost {
    /// 0 if it draws on nothing, else one more than its deepest source.
    pub depth: u32,
    /// One more than the sum of its sources' weights.
    pub weight: u64,
}

impl Cost {
    /// Of a form that draws on nothing.
    pub const WHOLE: Cost = Cost { depth: 0, weight: 1 };
}

/// Forms and what they draw on. Objects are added first, then [`Closure::resolve`] tells which can be read.
#[derive(Debug, Default)]
pub struct Closure {
    numbers: HashMap<Hash, u32>,
    objects: Vec<Node>,
    forms: Vec<Form>,
}

#[derive(Debug)]
struct Node {
    id: Hash,
    /// Of its best form, and which that is unless it was given.
    best: Option<(Cost, Option<usize>)>,
    /// Forms that draw on it.
    users: Vec<usize>,
}

#[derive(Debug)]
struct Form {
    object: u32,
    sources: Vec<u32>,
    /// Sources that are not known to be readable yet.
    waiting: usize,
    cost: Option<Cost>,
}

impl Closure {
    fn number(&mut self, id: &Hash) -> u32 {
        let next = u32::try_from(self.objects.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(*id).or_insert(next);
        if number == next {
            self.objects.push(Node { id: *id, best: None, users: Vec::new() });
        }
        number
    }

    /// The object can be read, whatever is added.
    pub fn give(&mut self, id: &Hash, cost: Cost) {
        let number = self.number(id) as usize;
        let best = &mut self.objects[number].best;
        if best.is_none_or(|(held, _)| cost < held) {
            *best = Some((cost, None));
        }
    }

    /// Adds a form of an object and returns its number. Sources that are neither given nor added are missing.
    pub fn add(&mut self, id: &Hash, sources: &[Hash]) -> usize {
        let (object, form) = (self.number(id), self.forms.len());
        let mut numbers: Vec<u32> = sources.iter().map(|source| self.number(source)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        for &source in &numbers {
            self.objects[source as usize].users.push(form);
        }
        // A form that draws on its own object says nothing.
        let waiting = if numbers.contains(&object) { usize::MAX } else { numbers.len() };
        self.forms.push(Form { object, sources: numbers, waiting, cost: None });
        form
    }

    /// Finds the best form of each object: the one that goes down least far, of these the lightest.
    pub fn resolve(&mut self) {
        let mut given: Vec<Vec<u32>> = vec![Vec::new(); MOST_DEPTH as usize + 1];
        for (number, object) in (0..).zip(&self.objects) {
            if let Some((cost, _)) = object.best
                && let Some(level) = given.get_mut(cost.depth as usize)
            {
                level.push(number);
            }
        }
        let mut ready: Vec<usize> = (0..self.forms.len()).filter(|form| self.forms[*form].waiting == 0).collect();
        for (depth, mut reached) in (0..).zip(given) {
            ready.sort_unstable_by_key(|form| (self.weight(*form), self.source_ids(*form)));
            for form in std::mem::take(&mut ready) {
                let cost = Cost { depth, weight: self.weight(form) };
                if cost.weight > MOST_WEIGHT {
                    continue;
                }
                self.forms[form].cost = Some(cost);
                let object = self.forms[form].object;
                let best = &mut self.objects[object as usize].best;
                if best.is_none() {
                    *best = Some((cost, Some(form)));
                    reached.push(object);
                }
            }
            for object in reached {
                for form in std::mem::take(&mut self.objects[object as usize].users) {
                    let waiting = &mut self.forms[form].waiting;
                    *waiting = waiting.saturating_sub(usize::from(*waiting < usize::MAX));
                    if *waiting == 0 {
                        ready.push(form);
                    }
                }
            }
        }
    }

    fn weight(&self, form: usize) -> u64 {
        let sources = self.forms[form].sources.iter();
        let weights = sources.map(|source| self.objects[*source as usize].best.map_or(u64::MAX, |best| best.0.weight));
        weights.fold(1, u64::saturating_add)
    }

    fn source_ids(&self, form: usize) -> Vec<Hash> {
        self.forms[form].sources.iter().map(|source| self.objects[*source as usize].id).collect()
    }

    /// How far down a form goes; `None` if it cannot be read.
    pub fn cost(&self, form: usize) -> Option<Cost> {
        self.forms[form].cost
    }

    /// The best form of an object: its cost, and its number unless it was given. `None` if the object cannot be read.
    pub fn best(&self, id: &Hash) -> Option<(Cost, Option<usize>)> {
        self.objects[*self.numbers.get(id)? as usize].best
    }

    /// Why a form cannot be read, in words that follow its object's id.
    pub fn complaint(&self, form: usize) -> String {
        match self.broken_source(form) {
            Some(id) => format!("draws on object {id}, which cannot be read"),
            None => "goes further down than a form may".to_owned(),
        }
    }

    /// The first source of a form that cannot be read.
    pub fn broken_source(&self, form: usize) -> Option<Hash> {
        let sources = self.forms[form].sources.iter().map(|source| &self.objects[*source as usize]);
        let own = self.forms[form].object;
        let itself = self.forms[form].sources.contains(&own).then(|| self.objects[own as usize].id);
        itself.or_else(|| sources.into_iter().find(|source| source.best.is_none()).map(|source| source.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u32) -> Hash {
        Hash::of(&number.to_le_bytes())
    }

    fn ids(numbers: &[u32]) -> Vec<Hash> {
        numbers.iter().map(|number| id(*number)).collect()
    }

    #[test]
    fn the_shallowest_form_is_best_and_of_these_the_lightest() {
        let mut closure = Closure::default();
        closure.give(&id(0), Cost::WHOLE);
        closure.give(&id(1), Cost { depth: 3, weight: 4 });
        let deep = closure.add(&id(2), &ids(&[1]));
        let heavy = closure.add(&id(3), &ids(&[0, 4]));
        let light = closure.add(&id(3), &ids(&[4]));
        closure.add(&id(4), &ids(&[0]));
        let shallow = closure.add(&id(2), &ids(&[0]));
        closure.resolve();
        assert_eq!(closure.best(&id(2)), Some((Cost { depth: 1, weight: 2 }, Some(shallow))));
        assert_eq!(closure.cost(deep), Some(Cost { depth: 4, weight: 5 }));
        assert_eq!(closure.best(&id(3)), Some((Cost { depth: 2, weight: 3 }, Some(light))));
        assert_eq!(closure.cost(heavy), Some(Cost { depth: 2, weight: 4 }));
        assert_eq!(closure.best(&id(9)), None);
    }

    #[test]
    fn circles_hold_nothing_up_and_break_nothing() {
        let mut closure = Closure::default();
        let (a, b) = (closure.add(&id(1), &ids(&[2])), closure.add(&id(2), &ids(&[1])));
        let itself = closure.add(&id(3), &ids(&[3]));
        let missing = closure.add(&id(4), &ids(&[1, 99]));
        closure.resolve();
        assert!([a, b, itself, missing].iter().all(|form| closure.cost(*form).is_none()));
        assert_eq!(closure.broken_source(itself), Some(id(3)));
        // The same two objects, one of them held whole as well.
        let mut closure = Closure::default();
        let (a, b) = (closure.add(&id(1), &ids(&[2])), closure.add(&id(2), &ids(&[1])));
        closure.give(&id(2), Cost::WHOLE);
        closure.resolve();
        assert_eq!(closure.cost(a), Some(Cost { depth: 1, weight: 2 }));
        assert_eq!(closure.best(&id(2)), Some((Cost::WHOLE, None)));
        assert_eq!(closure.cost(b).map(|cost| cost.depth), Some(2));
    }

    #[test]
    fn towers_and_webs_end_at_the_limits() {
        let mut closure = Closure::default();
        closure.give(&id(0), Cost::WHOLE);
        let tower: Vec<usize> = (1..=66).map(|step| closure.add(&id(step), &ids(&[step - 1]))).collect();
        // Each step draws on two of the step below: 2^steps objects.
        for step in 1..=41 {
            closure.add(&id(1000 + step), &ids(&[if step == 1 { 0 } else { 999 + step }, 2000 + step - 1]));
            closure.add(&id(2000 + step), &ids(&[if step == 1 { 0 } else { 999 + step }, 2000 + step - 1]));
        }
        closure.give(&id(2000), Cost::WHOLE);
        closure.resolve();
        assert_eq!(closure.cost(tower[63]).map(|cost| cost.depth), Some(64));
        assert_eq!(closure.cost(tower[64]), None);
        let deepest = (1..=41).take_while(|step| closure.best(&id(1000 + step)).is_some()).count();
        assert!((14..=15).contains(&deepest), "{deepest}");
    }
}
