//! Damaged stores: every flipped bit, every truncation, every lost file is noticed, and no wrong byte is ever given
//! out.

use super::shelf::{ROOT, bytes, id, init, machine, numbers, open, snap, verify};
use super::sweep::sweep;
use crate::support::sweep;
use dbsnap::fsio::Simulated;
use dbsnap::monitor::Silent;
use dbsnap::store::{Access, CheckReport, DamageKind, Objects, Store, StoreError};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

const OBJECTS: u64 = 24;

/// A small store with everything in it: packs in an index file and one that is in none, manifests, refs.
pub fn specimen() -> Simulated {
    let machine = machine();
    let store = open(&machine, Access::Exclusive).unwrap();
    let first = snap(&store, &(0..12).collect::<Vec<_>>()).unwrap();
    let doomed = snap(&store, &[500, 501]).unwrap();
    store.remove_manifest(&doomed).unwrap();
    drop(store);
    sweep(&machine).unwrap();
    let store = open(&machine, Access::Write).unwrap();
    let second = snap(&store, &(6..OBJECTS).collect::<Vec<_>>()).unwrap();
    store.set_tag("v1", &first).unwrap();
    store.pin(&second, Some("for the test")).unwrap();
    store.set_pointer("last-undo", b"anything").unwrap();
    drop(store);
    // Only the files that are left, so that the many forks are cheap.
    let copy = super::shelf::machine();
    machine.paths().iter().for_each(|path| copy.put(path, &machine.read(path).unwrap()));
    copy
}

fn path(name: &str) -> PathBuf {
    Path::new(ROOT).join(name)
}

fn check(machine: &Simulated) -> Result<CheckReport, StoreError> {
    open(machine, Access::Read)?.check(&Silent)
}

/// Whatever is read is right.
fn nothing_false_is_read(machine: &Simulated, story: &str) {
    let Ok(store) = open(machine, Access::Read) else { return };
    for number in 0..OBJECTS {
        if let Ok(object) = store.get(&id(number)) {
            assert!(object.bytes == bytes(number), "{story}: object {number} is read as something else");
        }
    }
    for manifest in store.manifest_ids().unwrap() {
        if store.read_manifest(&manifest).is_ok() {
            numbers(&store, &manifest);
        }
    }
}

fn must_notice(machine: &Simulated, story: &str) {
    nothing_false_is_read(machine, story);
    if let Ok(report) = check(machine) {
        assert!(!report.is_clean(), "{story}: nothing was noticed");
    }
}

#[test]
fn a_flipped_bit_in_any_byte_of_any_file_is_noticed() {
    let machine = specimen();
    assert!(check(&machine).unwrap().is_clean());
    for (nth, path) in machine.paths().into_iter().enumerate() {
        let whole = machine.read(&path).unwrap();
        for at in (nth % sweep::step()..whole.len()).step_by(sweep::step()) {
            let mut flipped = whole.clone();
            flipped[at] ^= 1 << (at % 8);
            let damaged = machine.fork();
            damaged.put(&path, &flipped);
            must_notice(&damaged, &format!("{} at {at}", path.display()));
        }
    }
}

#[test]
fn every_truncation_and_every_addition_is_noticed() {
    let machine = specimen();
    for (nth, path) in machine.paths().into_iter().filter(|p| *p != path("lock")).enumerate() {
        let whole = machine.read(&path).unwrap();
        for len in (nth % sweep::step()..whole.len()).step_by(sweep::step()).chain([whole.len()]) {
            let mut cut = whole.clone();
            cut.resize(if len == whole.len() { len + 1 } else { len }, 0);
            let damaged = machine.fork();
            damaged.put(&path, &cut);
            must_notice(&damaged, &format!("{} cut to {len}", path.display()));
        }
    }
}

#[test]
fn swapped_files_are_noticed() {
    let machine = specimen();
    let paths = machine.paths();
    for (one, two) in paths.iter().zip(&paths[1..]) {
        let damaged = machine.fork();
        damaged.put(one, &machine.read(two).unwrap());
        damaged.put(two, &machine.read(one).unwrap());
        must_notice(&damaged, &format!("{} and {}", one.display(), two.display()));
    }
}

/// A lost manifest, ref or pack without index leaves no trace in the store itself; what needs it is told apart above.
#[test]
fn a_lost_file_takes_only_its_own_along() {
    let machine = specimen();
    for lost in machine.paths() {
        let damaged = machine.fork();
        damaged.lose(&lost);
        let story = lost.display();
        nothing_false_is_read(&damaged, &story.to_string());
        let name = lost.strip_prefix(ROOT).unwrap().to_str().unwrap();
        match check(&damaged) {
            Err(error) => assert!(matches!(name, "format" | "lock"), "{story}: {error}"),
            Ok(report) => match name.split('/').next().unwrap() {
                // The index is disposable, and manifests and refs are whole or not there.
                "index" | "refs" => assert!(report.is_clean(), "{story}: {:?}", report.damage),
                "snapshots" => assert!(report.damage.iter().all(|d| d.kind == DamageKind::Ref)),
                "packs" => {
                    let store = open(&damaged, Access::Read).unwrap();
                    let gone: HashSet<_> = (0..OBJECTS).map(id).filter(|id| store.get(id).is_err()).collect();
                    assert!(!gone.is_empty());
                    let listed: HashSet<_> = report.lost.into_iter().collect();
                    assert!(listed.is_empty() || listed == gone, "{story}");
                }
                _ => assert!(!report.is_clean(), "{story}"),
            },
        }
        // A lost lock is put back by `init`; of which format a store with snapshots is, it does not guess.
        if name == "format" {
            assert!(matches!(init(&damaged), Err(StoreError::NotAStore { .. })), "{story}");
            damaged.put(&path("format"), b"dbsnap store 1\n");
        }
        init(&damaged).unwrap();
        open(&damaged, Access::Write).unwrap();
    }
}

#[test]
fn damage_in_a_frame_names_its_object_and_no_other() {
    let machine = specimen();
    let pack = machine.paths().into_iter().find(|p| p.starts_with(path("packs"))).unwrap();
    let mut bytes = machine.read(&pack).unwrap();
    bytes[30] ^= 4;
    machine.put(&pack, &bytes);
    let report = check(&machine).unwrap();
    assert_eq!(report.damage.len(), 1);
    let damage = &report.damage[0];
    assert_eq!((damage.kind, &damage.path), (DamageKind::Pack, &pack));
    assert_eq!(damage.objects.len(), 1);
    assert_eq!(report.lost, damage.objects);
    let store = open(&machine, Access::Read).unwrap();
    assert!(matches!(store.get(&report.lost[0]), Err(StoreError::Damaged { path, .. }) if path == pack));
}

#[test]
fn a_second_copy_saves_an_object() {
    let machine = machine();
    let (one, two) = (open(&machine, Access::Write).unwrap(), open(&machine, Access::Write).unwrap());
    one.manifest_ids().unwrap();
    assert!(!one.contains(&id(1)) && !two.contains(&id(1)));
    let manifest = snap(&one, &[0, 1, 2]).unwrap();
    snap(&two, &[3, 2, 1, 0]).unwrap();
    drop((one, two));
    let packs: Vec<_> = machine.paths().into_iter().filter(|p| p.starts_with(path("packs"))).collect();
    assert!(packs.len() > 1);
    for pack in packs {
        let damaged = machine.fork();
        let mut bytes = damaged.read(&pack).unwrap();
        bytes[20..40].fill(0x55);
        damaged.put(&pack, &bytes);
        verify(&open(&damaged, Access::Read).unwrap(), &manifest);
        let report = check(&damaged).unwrap();
        assert!(!report.is_clean() && report.lost.iter().all(|lost| *lost == id(3)));
    }
}

#[test]
fn an_unreadable_pack_is_reported_and_never_deleted() {
    let machine = specimen();
    let pack = machine.paths().into_iter().find(|p| p.starts_with(path("packs"))).unwrap();
    machine.make_unreadable(&pack);
    let report = check(&machine).unwrap();
    assert!(report.damage.iter().any(|d| d.path == pack && d.reason.contains("read")));
    let store = open(&machine, Access::Exclusive).unwrap();
    let everything_else = (0..OBJECTS).map(id).filter(|id| store.get(id).is_ok()).collect();
    machine.lose(&machine.paths().into_iter().find(|p| p.starts_with(path("index"))).unwrap());
    let plan = store.plan_sweep(&everything_else, &Silent).unwrap();
    assert!(plan.unreadable.iter().eq([&pack]));
    store.sweep(&plan, &Silent).unwrap();
    assert!(machine.read(&pack).is_some());
}

#[test]
fn a_lost_or_false_index_is_made_again() {
    let machine = specimen();
    let store = open(&machine, Access::Read).unwrap();
    let manifests = store.manifest_ids().unwrap();
    drop(store);
    let index = machine.paths().into_iter().find(|p| p.starts_with(path("index"))).unwrap();
    for garbage in [None, Some(&b""[..]), Some(b"DBSNIDX1\xff\xff\xff\xff\xff\xff\xff\xff"), Some(&[7; 500])] {
        let damaged = machine.fork();
        damaged.lose(&index);
        if let Some(garbage) = garbage {
            damaged.put(&index, garbage);
            // A name that fits the bytes, so that only the content is wrong.
            let name = dbsnap::hash::Hash::of(garbage);
            damaged.put(&path(&format!("index/{name}.idx")), garbage);
        }
        let store: Store = open(&damaged, Access::Write).unwrap();
        manifests.iter().for_each(|manifest| verify(&store, manifest));
        for number in 1000..1040 {
            snap(&store, &[number]).unwrap();
        }
        manifests.iter().for_each(|manifest| verify(&store, manifest));
        drop(store);
        assert!(check(&damaged).unwrap().is_clean());
    }
}

#[test]
fn what_is_stored_again_after_its_pack_was_lost_is_whole() {
    let machine = specimen();
    for pack in machine.paths().into_iter().filter(|p| p.starts_with(path("packs"))) {
        machine.lose(&pack);
    }
    let store = open(&machine, Access::Write).unwrap();
    let manifest = snap(&store, &(0..OBJECTS).collect::<Vec<_>>()).unwrap();
    verify(&store, &manifest);
    verify(&open(&machine, Access::Read).unwrap(), &manifest);
}

#[test]
fn a_pack_with_a_damaged_directory_is_healed_by_the_same_objects() {
    let machine = machine();
    let numbers: Vec<u64> = (0..OBJECTS).collect();
    snap(&open(&machine, Access::Write).unwrap(), &numbers).unwrap();
    for pack in machine.paths().into_iter().filter(|p| p.starts_with(path("packs"))) {
        let mut bytes = machine.read(&pack).unwrap();
        let last = bytes.len() - 20;
        bytes[last] ^= 1;
        machine.put(&pack, &bytes);
    }
    let store = open(&machine, Access::Write).unwrap();
    assert!(matches!(store.get(&id(1)), Err(StoreError::Missing(_))));
    let manifest = snap(&store, &numbers).unwrap();
    verify(&store, &manifest);
    assert!(store.check(&Silent).unwrap().is_clean());
}

#[test]
fn a_file_swapped_after_the_check_gives_no_other_bytes() {
    let machine = specimen();
    let paths = machine.paths();
    for (one, other) in paths.iter().flat_map(|one| paths.iter().map(move |other| (one, other))) {
        if one == other {
            continue;
        }
        let swapped = machine.fork();
        let store = open(&swapped, Access::Read).unwrap();
        assert!(store.check(&Silent).unwrap().is_clean());
        let story = format!("{} in place of {}", other.display(), one.display());
        swapped.put(one, &machine.read(other).unwrap());
        for number in 0..OBJECTS {
            if let Ok(object) = store.get(&id(number)) {
                assert!(object.bytes == bytes(number), "{story}: object {number} is read as something else");
            }
        }
        for manifest in store.manifest_ids().unwrap() {
            if let Ok(bytes) = store.read_manifest(&manifest) {
                assert_eq!(dbsnap::hash::Hash::of(&bytes), manifest, "{story}");
            }
        }
    }
}
