//! Sweeping what nothing needs.

use super::shelf::{frame, id, machine, numbers, open, publish, put, snap, verify};
use dbsnap::fsio::Simulated;
use dbsnap::hash::Hash;
use dbsnap::monitor::Silent;
use dbsnap::store::{Access, Live, NewObjects, Objects, Store, StoreError, Swept};

/// The objects that the store's manifests need.
pub fn live(store: &Store) -> Live {
    let manifests = store.manifest_ids().unwrap();
    manifests.iter().flat_map(|manifest| numbers(store, manifest)).map(id).collect()
}

pub fn sweep(machine: &Simulated) -> Result<Swept, StoreError> {
    let store = open(machine, Access::Exclusive)?;
    let plan = store.plan_sweep(&live(&store), &Silent)?;
    store.sweep(&plan, &Silent)
}

pub fn verify_all(machine: &Simulated) {
    let store = open(machine, Access::Read).unwrap();
    for manifest in store.manifest_ids().unwrap() {
        verify(&store, &manifest);
    }
    let report = store.check(&Silent).unwrap();
    assert!(report.is_clean(), "{:?}", report.damage);
}

fn remove(machine: &Simulated, manifest: &Hash) {
    assert!(open(machine, Access::Exclusive).unwrap().remove_manifest(manifest).unwrap());
}

#[test]
fn dead_objects_go_and_live_ones_stay() {
    let machine = machine();
    let store = open(&machine, Access::Write).unwrap();
    let doomed = snap(&store, &(0..60).collect::<Vec<_>>()).unwrap();
    snap(&store, &(50..80).collect::<Vec<_>>()).unwrap();
    let before = store.usage().unwrap();
    drop(store);
    remove(&machine, &doomed);
    let swept = sweep(&machine).unwrap();
    assert!(swept.packs_deleted > 5 && !swept.out_of_space && swept.not_deleted.is_empty());
    verify_all(&machine);
    let store = open(&machine, Access::Read).unwrap();
    assert!((0..50).filter(|n| store.contains(&id(*n))).count() < 10);
    assert_eq!(store.usage().unwrap().packs.bytes, before.packs.bytes - swept.bytes_freed());
    drop(store);
    // A second sweep finds nothing to do.
    let store = open(&machine, Access::Exclusive).unwrap();
    assert!(store.plan_sweep(&live(&store), &Silent).unwrap().is_empty());
}

#[test]
fn nothing_is_deleted_if_something_live_is_missing() {
    let machine = machine();
    let store = open(&machine, Access::Exclusive).unwrap();
    put(&store, 0..10).unwrap();
    let before = machine.paths();
    let live = Live::from([id(3), id(77), id(78)]);
    let Err(StoreError::LiveMissing(missing)) = store.plan_sweep(&live, &Silent) else { panic!("it must refuse") };
    assert_eq!(missing.len(), 2);
    assert!(missing.contains(&id(77)) && missing.contains(&id(78)));
    assert_eq!(machine.paths(), before);
}

#[test]
fn only_an_exclusive_store_is_swept_and_only_by_a_fresh_plan() {
    let machine = machine();
    let store = open(&machine, Access::Write).unwrap();
    put(&store, 0..10).unwrap();
    let plan = store.plan_sweep(&Live::from([]), &Silent).unwrap();
    assert!(!plan.dropped.is_empty() && plan.bytes_freed() > 0);
    assert!(matches!(store.sweep(&plan, &Silent), Err(StoreError::NotExclusive)));
    drop(store);
    let store = open(&machine, Access::Exclusive).unwrap();
    assert!(matches!(store.sweep(&plan, &Silent), Err(StoreError::StalePlan)));
    let plan = store.plan_sweep(&Live::from([]), &Silent).unwrap();
    put(&store, 10..20).unwrap();
    assert!(matches!(store.sweep(&plan, &Silent), Err(StoreError::StalePlan)));
    assert!(store.contains(&id(1)));
}

#[test]
fn many_small_packs_are_merged() {
    let machine = machine();
    for number in 0..40 {
        let mut store = open(&machine, Access::Write).unwrap();
        store.set_pack_size(1 << 20);
        snap(&store, &[number]).unwrap();
    }
    let mut store = open(&machine, Access::Exclusive).unwrap();
    store.set_pack_size(1 << 20);
    let plan = store.plan_sweep(&live(&store), &Silent).unwrap();
    let swept = store.sweep(&plan, &Silent).unwrap();
    assert_eq!((swept.packs_written, swept.packs_deleted), (1, 40));
    drop(store);
    verify_all(&machine);
}

#[test]
fn copies_in_several_packs_leave_one() {
    let machine = machine();
    let (one, two) = (open(&machine, Access::Write).unwrap(), open(&machine, Access::Write).unwrap());
    let (first, second) = (one.session().unwrap(), two.session().unwrap());
    for number in 0..20 {
        dbsnap::store::NewObjects::put(&first, super::shelf::frame(number)).unwrap();
        dbsnap::store::NewObjects::put(&second, super::shelf::frame(number)).unwrap();
    }
    dbsnap::store::NewObjects::put(&second, super::shelf::frame(99)).unwrap();
    first.seal().unwrap();
    second.seal().unwrap();
    super::shelf::publish(&one, &(0..20).collect::<Vec<_>>()).unwrap();
    drop((one, two));
    sweep(&machine).unwrap();
    verify_all(&machine);
    let store = open(&machine, Access::Read).unwrap();
    assert_eq!(store.check(&Silent).unwrap().objects, 20);
}

#[test]
fn a_full_disk_can_be_rescued() {
    let machine = machine();
    let store = open(&machine, Access::Write).unwrap();
    let doomed = snap(&store, &(0..60).collect::<Vec<_>>()).unwrap();
    let kept = snap(&store, &(30..31).chain(57..90).collect::<Vec<_>>()).unwrap();
    drop(store);
    machine.set_capacity(Some(machine.used()));
    let store = open(&machine, Access::Write).unwrap();
    assert!(snap(&store, &[200]).unwrap_err().is_out_of_space());
    drop(store);
    remove(&machine, &doomed);
    let swept = sweep(&machine).unwrap();
    assert!(swept.packs_deleted > 0 && swept.bytes_freed() > 0);
    machine.set_capacity(None);
    verify_all(&machine);
    assert_eq!(open(&machine, Access::Read).unwrap().manifest_ids().unwrap(), [kept]);
}

#[test]
fn a_full_disk_without_dead_packs_stays_whole() {
    let machine = machine();
    let store = open(&machine, Access::Write).unwrap();
    let doomed = snap(&store, &(0..60).collect::<Vec<_>>()).unwrap();
    let kept = snap(&store, &(0..60).step_by(4).collect::<Vec<_>>()).unwrap();
    drop(store);
    remove(&machine, &doomed);
    machine.set_capacity(Some(machine.used()));
    let swept = sweep(&machine).unwrap();
    assert!(swept.out_of_space);
    machine.set_capacity(None);
    verify_all(&machine);
    sweep(&machine).unwrap();
    verify_all(&machine);
    assert_eq!(open(&machine, Access::Read).unwrap().manifest_ids().unwrap(), [kept]);
}

#[test]
fn stale_temporary_files_of_ours_go_and_others_stay() {
    let machine = machine();
    let ours = std::path::Path::new("/.dbsnap/tmp/0123456789abcdef.tmp");
    let theirs = std::path::Path::new("/.dbsnap/tmp/notes.txt");
    machine.put(ours, b"left behind");
    machine.put(theirs, b"mine");
    assert_eq!(sweep(&machine).unwrap().stale_deleted, 1);
    assert!(machine.read(ours).is_none() && machine.read(theirs).is_some());
}

/// What is left of a pack can be, byte for byte, another pack that is to go; then it has that one's name.
#[test]
fn a_new_pack_with_the_name_of_one_that_goes_stays() {
    let machine = machine();
    let stores: Vec<Store> = (0..3).map(|_| open(&machine, Access::Write).unwrap()).collect();
    // Each writer knows nothing of the others' packs. The last is the best to keep, the second repeats what is left of
    // the first.
    let sessions = stores.iter().map(|store| store.session().unwrap());
    for (session, numbers) in sessions.collect::<Vec<_>>().into_iter().zip([&[0, 3][..], &[3], &[0, 6, 9]]) {
        numbers.iter().for_each(|number| assert!(session.put(frame(*number)).unwrap() > 0));
        assert_eq!(session.seal().unwrap().packs, 1);
    }
    let manifest = publish(&stores[0], &[0, 3, 6, 9]).unwrap();
    drop(stores);
    let swept = sweep(&machine).unwrap();
    assert_eq!((swept.packs_written, swept.packs_deleted), (1, 1));
    verify(&open(&machine, Access::Read).unwrap(), &manifest);
    verify_all(&machine);
}
