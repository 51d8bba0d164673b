//! The store against a plain map, under random work.

use super::shelf::{bytes, id, machine, numbers, open, publish, put};
use super::sweep::{live, verify_all};
use dbsnap::hash::Hash;
use dbsnap::monitor::Silent;
use dbsnap::store::{Access, NewObjects, Objects};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone)]
enum Work {
    Put(Vec<u64>),
    PutAndDrop(Vec<u64>),
    Publish(Vec<u64>),
    Remove(usize),
    Sweep,
    Tag(u8, usize),
    Untag(u8),
}

fn work() -> impl Strategy<Value = Work> {
    let numbers = || proptest::collection::vec(0..40u64, 0..12);
    prop_oneof![
        3 => numbers().prop_map(Work::Put),
        1 => numbers().prop_map(Work::PutAndDrop),
        3 => numbers().prop_map(Work::Publish),
        2 => any::<usize>().prop_map(Work::Remove),
        2 => Just(Work::Sweep),
        1 => (0..4u8, any::<usize>()).prop_map(|(name, which)| Work::Tag(name, which)),
        1 => (0..4u8).prop_map(Work::Untag),
    ]
}

#[derive(Default)]
struct Model {
    /// Objects that must be there; others may still be.
    held: BTreeSet<u64>,
    manifests: BTreeMap<Hash, BTreeSet<u64>>,
    tags: BTreeMap<String, Hash>,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn the_store_is_a_map_that_forgets_nothing_live(works in proptest::collection::vec(work(), 1..25)) {
        let machine = machine();
        let mut model = Model::default();
        for work in works {
            let store = open(&machine, Access::Exclusive).unwrap();
            let pick = |which: usize| model.manifests.keys().nth(which % model.manifests.len().max(1)).copied();
            match work {
                Work::Put(numbers) => {
                    put(&store, numbers.iter().copied()).unwrap();
                    model.held.extend(numbers);
                }
                Work::PutAndDrop(numbers) => {
                    let session = store.session().unwrap();
                    for number in numbers {
                        session.put(super::shelf::frame(number)).unwrap();
                        prop_assert!(session.get(&id(number)).unwrap().bytes == bytes(number));
                    }
                }
                Work::Publish(numbers) => {
                    let whole = numbers.iter().all(|number| store.contains(&id(*number)));
                    match publish(&store, &numbers) {
                        Ok(manifest) => {
                            prop_assert!(whole);
                            model.held.extend(&numbers);
                            model.manifests.insert(manifest, numbers.into_iter().collect());
                        }
                        Err(_) => prop_assert!(!whole),
                    }
                }
                Work::Remove(which) => if let Some(manifest) = pick(which) {
                    prop_assert!(store.remove_manifest(&manifest).unwrap());
                    model.manifests.remove(&manifest);
                    model.tags.retain(|name, id| *id != manifest || !store.remove_tag(name).unwrap());
                },
                Work::Sweep => {
                    let plan = store.plan_sweep(&live(&store), &Silent).unwrap();
                    store.sweep(&plan, &Silent).unwrap();
                    model.held = model.manifests.values().flatten().copied().collect();
                }
                Work::Tag(name, which) => if let Some(manifest) = pick(which) {
                    store.set_tag(&format!("t{name}"), &manifest).unwrap();
                    model.tags.insert(format!("t{name}"), manifest);
                },
                Work::Untag(name) => {
                    let there = model.tags.remove(&format!("t{name}")).is_some();
                    prop_assert_eq!(store.remove_tag(&format!("t{name}")).unwrap(), there);
                }
            }
            drop(store);
            let store = open(&machine, Access::Read).unwrap();
            for number in &model.held {
                prop_assert!(store.get(&id(*number)).unwrap().bytes == bytes(*number));
            }
            let ids: Vec<Hash> = model.manifests.keys().copied().collect();
            prop_assert_eq!(store.manifest_ids().unwrap(), ids);
            for (manifest, needs) in &model.manifests {
                prop_assert_eq!(&numbers(&store, manifest).into_iter().collect::<BTreeSet<_>>(), needs);
            }
            let tags: Vec<(String, Hash)> = model.tags.iter().map(|(name, id)| (name.clone(), *id)).collect();
            prop_assert_eq!(store.tags().unwrap(), tags);
        }
        verify_all(&machine);
    }
}
