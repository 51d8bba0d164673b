//! The forms that leaves are held in, and what those draw on.

use super::frame::{DELTA, LEAF, NODE, SCHEMA};
use super::leaf::{Leaf, LeafReader};
use super::lru::Lru;
use super::node::Node;
use super::{Flaw, TreeError, leaf};
use crate::codec::TableSchema;
use crate::hash::Hash;
use crate::store::{Closure, Cost, Forms, ObjectCopy, ObjectKind, Objects, Verifier};
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

/// What the store is told of leaves: deltas draw on their sources, nothing else draws on anything.
#[derive(Debug)]
pub struct LeafForms;

impl Forms for LeafForms {
    fn may_draw(&self, kind: ObjectKind) -> bool {
        kind == DELTA
    }

    fn sources(&self, _: ObjectKind, bytes: &[u8]) -> Result<Vec<Hash>, String> {
        leaf::sources(bytes).map_err(|flaw| flaw.to_string())
    }

    fn verifier<'o>(&self, objects: &'o dyn Objects) -> Box<dyn Verifier + 'o> {
        Box::new(TreeVerifier { objects, leaves: LeafReader::new(objects, 0), verified: Lru::new(VERIFIED_HELD) })
    }
}

/// Bytes of leaves that were verified and are kept for the deltas to come.
const VERIFIED_HELD: usize = 32 * 1024 * 1024;

struct TreeVerifier<'o> {
    objects: &'o dyn Objects,
    leaves: LeafReader<'o>,
    verified: Lru<Leaf>,
}

impl TreeVerifier<'_> {
    fn look(&self, id: &Hash, copy: &ObjectCopy) -> Result<(), TreeError> {
        if matches!(copy.kind, LEAF | DELTA) {
            return self.leaves.verify_copy(id, copy, &self.verified);
        }
        let mut bytes = Vec::new();
        self.objects.get_copy(id, copy, &mut bytes)?;
        match copy.kind {
            NODE => Node::parse(*id, NODE, &bytes).map(drop),
            // Schemas, and whatever else is no part of a tree.
            _ if Hash::of(&bytes) == *id => Ok(()),
            _ => Err(Flaw::Id.of(*id)),
        }
    }
}

impl Verifier for TreeVerifier<'_> {
    fn verify(&self, id: &Hash, copy: &ObjectCopy) -> Result<(), String> {
        self.look(id, copy).map_err(|error| error.to_string())
    }

    fn identify(&self, bytes: Vec<u8>) -> Option<(Hash, ObjectKind)> {
        if Node::decode(&bytes).is_ok() {
            return Some((Node::id_of(&bytes), NODE));
        }
        if serde_json::from_slice::<TableSchema>(&bytes).is_ok() {
            return Some((Hash::of(&bytes), SCHEMA));
        }
        self.leaves.identify(bytes, &self.verified)
    }
}

/// A form in which a leaf is held.
pub(super) struct HeldForm {
    pub(super) id: Hash,
    pub(super) copy: ObjectCopy,
    pub(super) sources: Vec<Hash>,
}

/// Leaves, the forms that are held of them, and of all that they draw on.
pub(super) struct FormGraph<'o> {
    objects: &'o dyn Objects,
    pub(super) closure: Closure,
    /// By number in the closure.
    pub(super) forms: Vec<HeldForm>,
    explored: HashSet<Hash>,
    /// The first thing that could not be read.
    flaw: Option<TreeError>,
}

impl<'o> FormGraph<'o> {
    pub(super) fn new(objects: &'o dyn Objects) -> FormGraph<'o> {
        let (closure, forms, explored) = (Closure::default(), Vec::new(), HashSet::new());
        FormGraph { objects, closure, forms, explored, flaw: None }
    }

    /// Adds a leaf and all that its forms draw on. What `known` gives a cost is not looked at.
    ///
    /// # Errors
    /// If the store cannot be read. What is damaged is no error: it is a form that cannot be read.
    pub(super) fn explore(&mut self, id: &Hash, known: &dyn Fn(&Hash) -> Option<Cost>) -> Result<(), TreeError> {
        let mut open = vec![*id];
        while let Some(id) = open.pop() {
            if !self.explored.insert(id) {
                continue;
            }
            if let Some(cost) = known(&id) {
                self.closure.give(&id, cost);
                continue;
            }
            let copies = self.objects.copies(&id);
            // A whole leaf needs nothing else: that it is held is enough.
            if copies.iter().any(|copy| copy.kind == LEAF) {
                self.closure.give(&id, Cost::WHOLE);
                continue;
            }
            for copy in copies.into_iter().filter(|copy| copy.kind == DELTA) {
                match self.sources(&id, &copy) {
                    Ok(sources) => {
                        self.closure.add(&id, &sources);
                        open.extend(&sources);
                        self.forms.push(HeldForm { id, copy, sources });
                    }
                    Err(error) if error.is_damage() => self.flaw = self.flaw.take().or(Some(error)),
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    fn sources(&self, id: &Hash, copy: &ObjectCopy) -> Result<Vec<Hash>, TreeError> {
        let mut bytes = Vec::new();
        self.objects.get_copy(id, copy, &mut bytes)?;
        leaf::sources(&bytes).map_err(|flaw| flaw.of(*id))
    }

    /// Why a leaf, which was explored, cannot be read.
    pub(super) fn complaint(&mut self, id: &Hash) -> TreeError {
        if let Some(flaw) = self.flaw.take() {
            return flaw;
        }
        let (mut at, mut seen) = (*id, HashSet::new());
        while seen.insert(at) {
            let Some(form) = self.forms.iter().position(|form| form.id == at) else {
                return crate::store::StoreError::Missing(at).into();
            };
            match self.closure.broken_source(form) {
                Some(source) => at = source,
                None => break,
            }
        }
        leaf::too_deep(*id)
    }
}

/// Which leaves are held with all that they draw on. Shared between threads.
pub(super) struct Holdings<'o> {
    objects: &'o dyn Objects,
    known: Mutex<HashMap<Hash, Option<Cost>>>,
}

impl<'o> Holdings<'o> {
    pub(super) fn new(objects: &'o dyn Objects) -> Holdings<'o> {
        Holdings { objects, known: Mutex::default() }
    }

    /// Whether the leaf is held in a form that can be read, down to whole leaves.
    ///
    /// # Errors
    /// If the store cannot be read; what is damaged is not held.
    pub(super) fn hold(&self, id: &Hash) -> Result<bool, TreeError> {
        match self.objects.kind(id) {
            None => return Ok(false),
            Some(LEAF) => return Ok(true),
            Some(_) => {}
        }
        if let Some(known) = self.lock().get(id) {
            return Ok(known.is_some());
        }
        let mut graph = FormGraph::new(self.objects);
        graph.explore(id, &|id| self.lock().get(id).copied().flatten())?;
        graph.closure.resolve();
        let mut known = self.lock();
        for form in &graph.forms {
            known.insert(form.id, graph.closure.best(&form.id).map(|(cost, _)| cost));
        }
        Ok(graph.closure.best(id).is_some())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Hash, Option<Cost>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
