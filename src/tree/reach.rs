//! Which objects trees need, and in which forms.

use super::forms::{FormGraph, HeldForm, LeafForms};
use super::frame::{DELTA, LEAF, NODE, first_good};
use super::node::Node;
use super::{Flaw, TreeError};
use crate::hash::Hash;
use crate::store::{Cost, Live, ObjectCopy, ObjectKind, Objects};
use std::collections::HashSet;

/// Finds what trees need. Where a leaf is held in several forms it takes the one that goes down least far, and follows
/// that one.
pub struct Marking<'o> {
    objects: &'o dyn Objects,
    live: Live,
}

impl<'o> Marking<'o> {
    /// Of no tree yet.
    pub fn new(objects: &'o dyn Objects) -> Marking<'o> {
        Marking { objects, live: Live::new(&LeafForms) }
    }

    /// What was found.
    pub fn finish(self) -> Live {
        self.live
    }

    /// An object that draws on nothing and is no part of a tree.
    pub fn object(&mut self, id: Hash) {
        self.live.keep(id);
    }

    /// Everything that reading the tree `root` needs. Each object is read once at most, whatever the graph; leaves are
    /// not decoded.
    ///
    /// # Errors
    /// If an object is missing, damaged or no object of a tree: then what was found must not be used to say that
    /// something is not needed.
    pub fn tree(&mut self, root: &Hash) -> Result<(), TreeError> {
        self.walk(root, &HashSet::new(), &mut |_, _| {})
    }

    fn walk(
        &mut self,
        root: &Hash,
        seen: &HashSet<Hash>,
        visit: &mut dyn FnMut(&Hash, ObjectKind),
    ) -> Result<(), TreeError> {
        let leaves = self.nodes(root, seen, visit)?;
        let mut graph = FormGraph::new(self.objects);
        let known = |id: &Hash| if seen.contains(id) { Some(Cost::WHOLE) } else { self.live.cost(id) };
        for id in &leaves {
            graph.explore(id, &known)?;
        }
        graph.closure.resolve();
        let mut open = leaves;
        while let Some(id) = open.pop() {
            if self.live.contains(&id) || seen.contains(&id) {
                continue;
            }
            let Some((cost, form)) = graph.closure.best(&id) else { return Err(graph.complaint(&id)) };
            let kind = match form {
                None => {
                    self.live.keep_form(id, LEAF, &[], cost);
                    LEAF
                }
                Some(form) => {
                    let sources = &graph.forms[form].sources;
                    self.live.keep_form(id, DELTA, &same_form(&graph, form), cost);
                    open.extend(sources);
                    DELTA
                }
            };
            visit(&id, kind);
        }
        Ok(())
    }

    /// Keeps the nodes of a tree; returns its leaves that were not kept before.
    fn nodes(
        &mut self,
        root: &Hash,
        seen: &HashSet<Hash>,
        visit: &mut dyn FnMut(&Hash, ObjectKind),
    ) -> Result<Vec<Hash>, TreeError> {
        let (mut open, mut leaves) = (vec![*root], Vec::new());
        while let Some(id) = open.pop() {
            if self.live.contains(&id) || seen.contains(&id) {
                continue;
            }
            match self.objects.kind(&id) {
                Some(LEAF | DELTA) => {
                    leaves.push(id);
                    continue;
                }
                Some(NODE) | None => {}
                Some(kind) => return Err(Flaw::Kind(kind.0).of(id)),
            }
            let node = first_good(self.objects, &id, |kind, bytes| Node::parse(id, kind, bytes))?;
            self.live.keep_form(id, NODE, &[], Cost::WHOLE);
            visit(&id, NODE);
            open.extend(node.children.iter().rev().map(|child| child.id));
        }
        Ok(leaves)
    }
}

/// The copies that draw on the same as a form; none if all copies of the object do.
fn same_form(graph: &FormGraph<'_>, form: usize) -> Vec<ObjectCopy> {
    let chosen = &graph.forms[form];
    // An object's forms were added one after the other.
    let (before, after) = graph.forms.split_at(form);
    let is_other = |other: &&HeldForm| other.id == chosen.id;
    let all = || before.iter().rev().take_while(is_other).chain(after.iter().take_while(is_other));
    if all().all(|other| other.sources == chosen.sources) {
        return Vec::new();
    }
    all().filter(|other| other.sources == chosen.sources).map(|other| other.copy).collect()
}

/// Adds to `seen` every object that reading the tree `root` needs: nodes, leaves and, recursively, the leaves that
/// deltas draw on; calls `visit` for each that was not in `seen` before. What is in `seen` is taken to be known with
/// all it needs, so that many trees can be told one after the other.
///
/// # Errors
/// As [`Marking::tree`]; then `seen` is as it was.
pub fn reach(
    objects: &dyn Objects,
    root: &Hash,
    seen: &mut HashSet<Hash>,
    visit: impl FnMut(&Hash, ObjectKind),
) -> Result<(), TreeError> {
    let mut visit = visit;
    let mut marking = Marking::new(objects);
    marking.walk(root, seen, &mut visit)?;
    seen.extend(marking.live.ids());
    Ok(())
}
