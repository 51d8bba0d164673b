//! Putting and getting objects.

use super::shelf::{ROOT, bytes, frame, id, machine, open, publish, put, snap, verify};
use dbsnap::hash::Hash;
use dbsnap::store::{Access, NewObjects, Objects, StoreError};

#[test]
fn what_was_put_is_read_back_before_and_after_the_seal() {
    let machine = machine();
    let store = open(&machine, Access::Write).unwrap();
    let session = store.session().unwrap();
    for number in 0..40 {
        assert!(session.put(frame(number)).unwrap() > 0);
        assert_eq!(session.put(frame(number)).unwrap(), 0);
    }
    for number in 0..40 {
        assert_eq!(session.get(&id(number)).unwrap().bytes, bytes(number));
        assert!(session.contains(&id(number)) && !store.contains(&id(number)));
    }
    let sealed = session.seal().unwrap();
    assert_eq!(sealed.objects, 40);
    assert!(sealed.packs > 3);
    let manifest = publish(&store, &(0..40).collect::<Vec<_>>()).unwrap();
    verify(&store, &manifest);
    verify(&open(&machine, Access::Read).unwrap(), &manifest);
}

#[test]
fn a_session_with_nothing_new_writes_nothing() {
    let machine = machine();
    let store = open(&machine, Access::Write).unwrap();
    put(&store, 0..10).unwrap();
    let before = machine.operations();
    assert_eq!(put(&store, 0..10).unwrap(), dbsnap::store::Sealed::default());
    assert_eq!(machine.operations(), before);
}

#[test]
fn a_dropped_session_leaves_nothing() {
    let machine = machine();
    let store = open(&machine, Access::Write).unwrap();
    let before = machine.paths();
    let session = store.session().unwrap();
    (0..20).for_each(|number| assert!(session.put(frame(number)).is_ok()));
    assert!(machine.paths().len() > before.len());
    drop(session);
    assert_eq!(machine.paths(), before);
    assert!(matches!(store.get(&id(3)), Err(StoreError::Missing(_))));
}

#[test]
fn what_is_on_trial_is_kept_with_its_session_or_leaves_nothing() {
    let machine = machine();
    let store = open(&machine, Access::Write).unwrap();
    let session = store.session().unwrap();
    (0..10).for_each(|number| assert!(session.put(frame(number)).is_ok()));
    let before = machine.paths();
    let dropped = session.trial();
    assert_eq!(dropped.put(frame(3)).unwrap(), 0);
    (100..130).for_each(|number| assert!(dropped.put(frame(number)).unwrap() > 0));
    assert!(!session.contains(&id(100)) && dropped.contains(&id(100)) && dropped.contains(&id(3)));
    drop(dropped);
    assert_eq!(machine.paths(), before);
    let kept = session.trial();
    (5..40).for_each(|number| assert!(kept.put(frame(number)).is_ok()));
    // Meanwhile the session takes one of them itself.
    session.put(frame(20)).unwrap();
    assert_eq!(kept.get(&id(7)).unwrap().bytes, bytes(7));
    kept.keep();
    (40..45).for_each(|number| assert!(session.put(frame(number)).is_ok()));
    (0..45).for_each(|number| assert_eq!(session.get(&id(number)).unwrap().bytes, bytes(number)));
    let sealed = session.seal().unwrap();
    assert_eq!(sealed.ids.len(), 45);
    let manifest = publish(&store, &(0..45).collect::<Vec<_>>()).unwrap();
    verify(&store, &manifest);
    verify(&open(&machine, Access::Read).unwrap(), &manifest);
    assert!(!store.contains(&id(100)));
}

#[test]
fn a_manifest_that_needs_what_is_not_there_is_refused() {
    let machine = machine();
    let store = open(&machine, Access::Write).unwrap();
    put(&store, 0..10).unwrap();
    assert!(matches!(publish(&store, &[3, 99]), Err(StoreError::Missing(missing)) if missing == id(99)));
    assert_eq!(store.manifest_ids().unwrap(), []);
    // Nor is one that needs what was there when the store was opened.
    let pack = machine.paths().into_iter().find(|path| path.extension().is_some_and(|e| e == "pack")).unwrap();
    machine.lose(&pack);
    assert!(matches!(publish(&store, &(0..10).collect::<Vec<_>>()), Err(StoreError::Missing(_))));
}

#[test]
fn an_object_another_writer_added_is_found() {
    let machine = machine();
    let reader = open(&machine, Access::Read).unwrap();
    assert!(matches!(reader.get(&id(1)), Err(StoreError::Missing(_))));
    let writer = open(&machine, Access::Write).unwrap();
    let manifest = snap(&writer, &[1, 2, 3]).unwrap();
    verify(&reader, &manifest);
    assert_eq!(reader.manifest_ids().unwrap(), [manifest]);
}

#[test]
fn many_small_packs_are_indexed_by_one_file() {
    let machine = machine();
    let mut manifests: Vec<Hash> = Vec::new();
    for number in 0..100 {
        let store = open(&machine, Access::Write).unwrap();
        manifests.push(snap(&store, &[number, number + 1]).unwrap());
    }
    let index = format!("{ROOT}/index");
    assert_eq!(machine.paths().iter().filter(|path| path.starts_with(&index)).count(), 1);
    let store = open(&machine, Access::Read).unwrap();
    manifests.iter().for_each(|manifest| verify(&store, manifest));
}
