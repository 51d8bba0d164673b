//! Tags, pins, pointers.

use super::shelf::{Afterwards, ROOT, machine, open, snap};
use dbsnap::hash::Hash;
use dbsnap::monitor::Silent;
use dbsnap::store::{Access, MAX_REF_LEN, Pin, Store, StoreError, check_name};
use std::path::Path;
use std::time::Duration;

#[test]
fn tags_pins_and_pointers_come_back() {
    let machine = machine();
    let store = open(&machine, Access::Write).unwrap();
    let (one, two) = (snap(&store, &[1]).unwrap(), snap(&store, &[2]).unwrap());
    store.set_tag("v1", &one).unwrap();
    store.set_tag("before-clean.up_2", &one).unwrap();
    store.set_tag("v1", &two).unwrap();
    assert_eq!(store.tags().unwrap(), [("before-clean.up_2".to_owned(), one), ("v1".to_owned(), two)]);
    assert_eq!(store.tag("v1").unwrap(), Some(two));
    assert_eq!(store.tag("v2").unwrap(), None);
    assert!(store.remove_tag("v1").unwrap() && !store.remove_tag("v1").unwrap());

    store.pin(&one, Some("größer als ein\nGrund")).unwrap();
    store.pin(&two, None).unwrap();
    let mut expected =
        vec![Pin { id: one, reason: Some("größer als ein\nGrund".to_owned()) }, Pin { id: two, reason: None }];
    expected.sort_by_key(|pin| pin.id);
    assert_eq!(store.pins().unwrap(), expected);
    assert!(store.unpin(&one).unwrap() && !store.unpin(&one).unwrap());
    assert!(matches!(store.pin(&Hash::of(b"nothing"), None), Err(StoreError::Missing(_))));

    store.set_pointer("last-restore", &[0, 255, 10]).unwrap();
    assert_eq!(store.pointer("last-restore").unwrap(), Some(vec![0, 255, 10]));
    assert_eq!(store.pointers().unwrap(), ["last-restore"]);
    let long = vec![1; usize::try_from(MAX_REF_LEN).unwrap() + 1];
    assert!(matches!(store.set_pointer("long", &long), Err(StoreError::TooLarge { .. })));
    assert!(store.remove_pointer("last-restore").unwrap());
    assert_eq!(store.pointers().unwrap(), [""; 0]);
}

#[test]
fn names_that_are_no_names_are_refused() {
    let long = "x".repeat(65);
    for name in [
        "",
        ".",
        "..",
        ".hidden",
        "-f",
        "a/b",
        "../x",
        "/abs",
        "a b",
        "a\0b",
        "é",
        "a\n",
        "deadbeef",
        "DEADBEEF01",
        "latest",
        "Latest",
        "backup_20260124_103000_mods",
        "BACKUP_x",
        "a:b",
        "~2",
        &long,
    ] {
        assert!(matches!(check_name(name), Err(StoreError::BadName { .. })), "{name:?}");
    }
    for name in ["a", "v1.0", "dead", "deadbee", "feature_x-1", "0000000g", &long[1..]] {
        check_name(name).unwrap();
    }
}

#[test]
fn tags_that_differ_in_case_only_are_refused() {
    let machine = machine();
    let store = open(&machine, Access::Write).unwrap();
    let id = snap(&store, &[1]).unwrap();
    store.set_tag("Release", &id).unwrap();
    assert!(matches!(store.set_tag("release", &id), Err(StoreError::BadName { .. })));
    store.set_tag("Release", &id).unwrap();
}

/// A restore takes a snapshot and pins it while somebody verifies.
#[test]
fn a_snapshot_pinned_while_the_store_is_verified_is_there() {
    for dir in ["snapshots", "refs/tags", "refs/pins"] {
        let machine = machine();
        let writer = open(&machine, Access::Write).unwrap();
        let beside = Afterwards::new(&machine, dir, move || {
            let id = snap(&writer, &[1, 2]).unwrap();
            writer.pin(&id, Some("before a restore")).unwrap();
            writer.set_tag("v1", &id).unwrap();
        });
        let reader = Store::open_on(beside.clone(), Path::new(ROOT), Access::Read, Duration::ZERO).unwrap();
        let report = reader.check(&Silent).unwrap();
        assert!(report.is_clean() && beside.is_done(), "after {dir}: {report:?}");
    }
}
