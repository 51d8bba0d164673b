//! Objects with changed bytes, and bytes that are no objects.

use super::hostile::load;
use super::memory::Memory;
use super::model::{Dice, Model, build, key, keyed, read, some_row, table};
use dbsnap::codec::KeySpec;
use dbsnap::hash::Hash;
use dbsnap::store::{ObjectKind, Objects};
use dbsnap::tree::{DELTA, Node, reach};
use proptest::prelude::*;
use std::collections::HashSet;

/// A store with whole leaves, deltas with every operation, and nodes; the root to read, and what is there.
fn scene(multiset: bool) -> (Memory, KeySpec, Hash, Model) {
    let (store, mut dice) = (Memory::default(), Dice(5));
    let spec = if multiset { KeySpec::rows() } else { keyed() };
    let remodel = |model: &Model| -> Model {
        let rows = model.values().map(|(row, count)| (row.clone(), *count));
        rows.map(|(row, count)| (key(&spec, &row), (row, if multiset { count + 1 } else { 1 }))).collect()
    };
    let model = remodel(&table(4000, &mut dice));
    let first = build(&store, &spec, &[], &model).root;
    let mut rows: Vec<Vec<u8>> = model.values().map(|(row, _)| row.clone()).collect();
    for index in (0..rows.len()).step_by(53) {
        let id = u64::try_from(index).unwrap();
        rows[index] = if multiset { some_row(id, &mut dice) } else { some_row(id * 7, &mut dice) };
    }
    rows.extend((0..20).map(|id| some_row(id * 700 + 1, &mut dice)));
    rows.swap_remove(100);
    let next = rows.into_iter().map(|row| (key(&spec, &row), (row, 1))).collect();
    let root = build(&store, &spec, &[first], &next).root;
    (store, spec, root, next)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn no_changed_byte_reaches_a_row(
        multiset: bool, which: prop::sample::Index, at: prop::sample::Index, how in 0..4, byte: u8,
    ) {
        thread_local! {
            static SCENES: [(Memory, KeySpec, Hash, Model); 2] = [scene(false), scene(true)];
        }
        SCENES.with(|scenes| {
            let (store, spec, root, model) = &scenes[usize::from(multiset)];
            let mut needed = HashSet::new();
            reach(store, root, &mut needed, |_, _| ()).unwrap();
            let mut needed: Vec<Hash> = needed.into_iter().collect();
            needed.sort();
            let id = *which.get(&needed);
            let object = store.get(&id).unwrap();
            let mut bytes = object.bytes.clone();
            // The front of an object is its structure: half of the changes go there.
            let place = if byte % 2 == 0 { at.index(bytes.len()) } else { at.index(bytes.len().min(120)) };
            match how {
                0 => bytes[place] ^= byte | 1,
                1 => bytes.truncate(place),
                2 => bytes.insert(place, byte),
                _ => { bytes.remove(place); }
            }
            store.forge(id, object.kind, &bytes);
            let outcome = read(store, spec, root, false);
            let told = reach(store, root, &mut HashSet::new(), |_, _| ());
            store.forge(id, object.kind, &object.bytes);
            if let Ok(found) = outcome {
                assert!(found == *model);
            }
            let _ = told;
        });
    }

    #[test]
    fn any_bytes_are_an_object_or_an_error(kind in 1u8..4, bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let store = Memory::default();
        let _ = load(&store, ObjectKind(kind), &bytes);
        let _ = Node::decode(&bytes);
    }

    #[test]
    fn small_numbers_are_an_object_or_an_error(kind in 1u8..3, bytes in proptest::collection::vec(0u8..9, 0..60)) {
        let store = Memory::default();
        let root = build(&store, &keyed(), &[], &table(5, &mut Dice(9))).root;
        let _ = load(&store, ObjectKind(kind), &bytes);
        let _ = load(&store, DELTA, &[&[0, 1][..], root.as_bytes(), &bytes].concat());
    }
}
