//! Objects in several packs, some copies damaged: a sweep keeps one that can be read, whichever that is.

use super::format::{Stored, compress, directory, pack, plant};
use super::shelf::{machine, open};
use crate::model::packs::packs;
use crate::support::sweep;
use crate::tree::model::{Dice, Model, build, keyed, read, some_row, table};
use dbsnap::fsio::Simulated;
use dbsnap::hash::Hash;
use dbsnap::monitor::Silent;
use dbsnap::store::{Access, Frame, NewObjects, ObjectKind, Objects, Session, Store, StoreError};
use dbsnap::tree::{LeafForms, Marking};
use std::path::{Path, PathBuf};

const SCHEMA: &[u8] = br#"{"name":"things"}"#;

/// Two tables, one of which is stored as deltas of the other, and a schema.
struct Things {
    trees: Vec<(Hash, Model)>,
}

/// The same objects in two packs each of which has something that the other has not.
fn twice(machine: &Simulated) -> Things {
    let first = table(12_000, &mut Dice(1));
    let mut second = first.clone();
    let mut dice = Dice(2);
    second.values_mut().step_by(500).zip(0..).for_each(|(value, at)| value.0 = some_row(at * 3500, &mut dice));
    let stores: Vec<Store> = (0..2)
        .map(|_| {
            let mut store = open(machine, Access::Write).unwrap();
            store.set_pack_size(1 << 24);
            store
        })
        .collect();
    let sessions: Vec<Session<'_>> = stores.iter().map(|store| store.session().unwrap()).collect();
    let mut roots = Vec::new();
    for (number, session) in sessions.iter().enumerate() {
        let own = number.to_le_bytes();
        session.put(Frame::compress(Hash::of(&own), ObjectKind(4), &own, 3).unwrap()).unwrap();
        session.put(Frame::compress(Hash::of(SCHEMA), ObjectKind(4), SCHEMA, 3).unwrap()).unwrap();
        let old = build(session, &keyed(), &[], &first).root;
        roots = vec![old, build(session, &keyed(), &[old], &second).root];
    }
    sessions.into_iter().for_each(|session| assert_eq!(session.seal().unwrap().packs, 1));
    Things { trees: roots.into_iter().zip([first, second]).collect() }
}

impl Things {
    fn sweep(&self, machine: &Simulated) -> Result<(), StoreError> {
        let store = open(machine, Access::Exclusive).unwrap();
        loop {
            let mut marking = Marking::new(&store);
            marking.object(Hash::of(SCHEMA));
            self.trees.iter().for_each(|(root, _)| marking.tree(root).unwrap());
            match store.plan_sweep(&marking.finish(), &Silent) {
                Err(StoreError::CopiesDamaged(_)) => {}
                plan => return store.sweep(&plan?, &Silent).map(drop),
            }
        }
    }

    fn are_whole(&self, machine: &Simulated, story: &str) {
        let store = open(machine, Access::Read).unwrap();
        assert_eq!(store.get(&Hash::of(SCHEMA)).unwrap().bytes, SCHEMA, "{story}");
        for (root, model) in &self.trees {
            assert!(read(&store, &keyed(), root, false).unwrap() == *model, "{story}");
        }
    }
}

/// Each copy of each object: the pack, where in it, how long, and whose.
fn copies(machine: &Simulated) -> Vec<(PathBuf, usize, usize, Hash)> {
    let mut copies = Vec::new();
    for pack in packs(machine) {
        let mut at = 8;
        for object in pack.objects {
            let len = object.len as usize;
            copies.push((pack.path.clone(), at, len, object.id));
            at += len;
        }
    }
    copies
}

fn flip(machine: &Simulated, path: &Path, at: usize) {
    let mut bytes = machine.read(path).unwrap();
    bytes[at] ^= 1 << (at % 8);
    machine.put(path, &bytes);
}

#[test]
fn a_sweep_keeps_the_copy_that_is_not_damaged() {
    let machine = machine();
    let things = twice(&machine);
    let copies = copies(&machine);
    // Leaves, deltas, nodes over both, the schema, and what each pack has alone.
    assert!(copies.len() >= 2 * 9, "{}", copies.len());
    let in_both = |id: &Hash| copies.iter().filter(|copy| copy.3 == *id).count() == 2;
    for (path, at, len, id) in copies.iter().filter(|copy| in_both(&copy.3)).step_by(sweep::step()) {
        let story = format!("{} in {} at {at}", id.short(), path.display());
        let damaged = machine.fork();
        flip(&damaged, path, at + len / 2);
        things.sweep(&damaged).unwrap();
        things.are_whole(&damaged, &story);
        let report = open(&damaged, Access::Read).unwrap().check_forms(&LeafForms, &Silent).unwrap();
        assert!(report.lost.is_empty(), "{story}: {:?}", report.damage);
    }
    // Of each object a copy in one of the packs or in the other.
    for turn in 0..2 {
        let damaged = machine.fork();
        let mut ids: Vec<Hash> = Vec::new();
        for (path, at, len, id) in copies.iter().filter(|copy| in_both(&copy.3)) {
            let nth = ids.iter().filter(|known| *known == id).count();
            if nth == (usize::from(id.as_bytes()[0]) + turn) % 2 {
                flip(&damaged, path, at + len / 2);
            }
            ids.push(*id);
        }
        things.sweep(&damaged).unwrap();
        things.are_whole(&damaged, "one copy of each");
        assert!(open(&damaged, Access::Read).unwrap().check_forms(&LeafForms, &Silent).unwrap().is_clean());
    }
}

/// What can be read of neither copy may be read by somebody else: nothing goes.
#[test]
fn a_sweep_takes_no_copy_of_what_is_damaged_in_all() {
    let machine = machine();
    let things = twice(&machine);
    let copies = copies(&machine);
    let leaf = things.trees[0].0;
    let store = open(&machine, Access::Read).unwrap();
    let mut leaves = Vec::new();
    dbsnap::tree::reach(&store, &leaf, &mut std::collections::HashSet::new(), |id, kind| {
        leaves.extend((kind == dbsnap::tree::LEAF).then_some(*id));
    })
    .unwrap();
    drop(store);
    for (path, at, len, _) in copies.iter().filter(|copy| copy.3 == leaves[0]) {
        flip(&machine, path, at + len / 2);
    }
    let before = machine.paths();
    assert!(matches!(things.sweep(&machine), Err(StoreError::Damaged { .. })));
    assert_eq!(machine.paths(), before);
}

/// What a snapshot builds on and reads anyway is held against its id.
#[test]
fn a_damaged_node_or_delta_is_stored_again() {
    let machine = machine();
    let things = twice(&machine);
    // One pack is left, so that each object has one copy.
    things.sweep(&machine).unwrap();
    let store = open(&machine, Access::Read).unwrap();
    let mut kinds = Vec::new();
    for (root, _) in &things.trees {
        let seen = &mut std::collections::HashSet::new();
        dbsnap::tree::reach(&store, root, seen, |id, kind| kinds.push((*id, kind))).unwrap();
    }
    drop(store);
    let mut damaged = [0, 0];
    for (path, at, len, id) in copies(&machine) {
        let Some((_, kind)) = kinds.iter().find(|(known, kind)| *known == id && *kind != dbsnap::tree::LEAF) else {
            continue;
        };
        damaged[usize::from(*kind == dbsnap::tree::NODE)] += 1;
        let machine = machine.fork();
        flip(&machine, &path, at + len / 2);
        let store = open(&machine, Access::Write).unwrap();
        for (root, model) in &things.trees {
            let session = store.session().unwrap();
            assert_eq!(build(&session, &keyed(), &[], model).root, *root);
            session.seal().unwrap();
        }
        drop(store);
        things.are_whole(&machine, &id.short());
    }
    assert!(damaged[0] >= 1 && damaged[1] == 2, "{damaged:?}");
}

#[test]
fn a_schema_is_read_from_the_copy_that_is_one() {
    let machine = machine();
    let schema = br#"{"table":{"name":"things"},"columns":[],"key":"rows"}"#;
    let id = Hash::of(schema);
    let store = open(&machine, Access::Write).unwrap();
    let session = store.session().unwrap();
    session.put(Frame::compress(id, ObjectKind(4), schema, 3).unwrap()).unwrap();
    session.seal().unwrap();
    drop(store);
    let read = |machine: &Simulated| dbsnap::snapshot::read_schema(&open(machine, Access::Read).unwrap(), &id);
    let schema = read(&machine).unwrap();
    // Something else under its name, of a kind that is read first.
    let forged = [Stored { id, kind: 1, frame: compress(b"{}", &[]), raw_len: 2 }];
    plant(&machine, &pack(&forged, &directory(&forged)));
    assert_eq!(read(&machine).unwrap(), schema);
}
