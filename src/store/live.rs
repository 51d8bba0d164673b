//! What a sweep keeps.

use super::closure::{Cost, Forms, NoSources};
use super::{ObjectCopy, ObjectKind};
use crate::hash::Hash;
use std::collections::HashMap;

/// The objects that must stay, and in which of the forms they are held in: what they draw on in that form is in it too.
pub struct Live {
    objects: HashMap<Hash, Kept>,
    forms: &'static dyn Forms,
}

#[derive(Debug, Clone)]
struct Kept {
    kind: Option<ObjectKind>,
    /// One of these; none: any of the kind.
    copies: Box<[ObjectCopy]>,
    cost: Cost,
}

impl Live {
    /// Nothing yet. `forms` tells what the objects draw on that need not stay.
    pub fn new(forms: &'static dyn Forms) -> Live {
        Live { objects: HashMap::new(), forms }
    }

    /// Keeps an object in whatever form: one that draws on nothing.
    pub fn keep(&mut self, id: Hash) {
        self.objects.entry(id).or_insert(Kept { kind: None, copies: Box::default(), cost: Cost::WHOLE });
    }

    /// Keeps an object in one of these copies, or if there are none in any of that kind.
    pub fn keep_form(&mut self, id: Hash, kind: ObjectKind, copies: &[ObjectCopy], cost: Cost) {
        self.objects.insert(id, Kept { kind: Some(kind), copies: copies.into(), cost });
    }

    /// Whether the object is kept.
    pub fn contains(&self, id: &Hash) -> bool {
        self.objects.contains_key(id)
    }

    /// How far down the form goes in which it is kept.
    pub fn cost(&self, id: &Hash) -> Option<Cost> {
        self.objects.get(id).map(|kept| kept.cost)
    }

    /// Whether that copy is one in which the object may be kept.
    pub(super) fn accepts(&self, id: &Hash, copy: &ObjectCopy) -> bool {
        self.objects.get(id).is_some_and(|kept| {
            kept.kind.is_none_or(|kind| kind == copy.kind) && (kept.copies.is_empty() || kept.copies.contains(copy))
        })
    }

    pub(super) fn forms(&self) -> &'static dyn Forms {
        self.forms
    }

    /// The objects, in no order.
    pub fn ids(&self) -> impl Iterator<Item = &Hash> {
        self.objects.keys()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }
}

/// Objects that draw on nothing.
impl FromIterator<Hash> for Live {
    fn from_iter<I: IntoIterator<Item = Hash>>(ids: I) -> Live {
        let mut live = Live::new(&NoSources);
        ids.into_iter().for_each(|id| live.keep(id));
        live
    }
}

impl<const N: usize> From<[Hash; N]> for Live {
    fn from(ids: [Hash; N]) -> Live {
        ids.into_iter().collect()
    }
}
