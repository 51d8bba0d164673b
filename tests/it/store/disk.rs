//! The store on a real disk: locks, modes, links and pipes.

use super::shelf::{bytes, frame, id, snap};
use dbsnap::fsio::{Disk, Ownership};
use dbsnap::monitor::Silent;
use dbsnap::store::{Access, Init, NewObjects, Objects, Store, StoreError};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

fn new_store() -> (TempDir, PathBuf) {
    let dir = TempDir::new().unwrap();
    let root = dir.path().join(".dbsnap");
    assert_eq!(Store::init(&root).unwrap(), Init::Created);
    (dir, root)
}

fn open_now(root: &Path, access: Access) -> Result<Store, StoreError> {
    Store::open_on(Arc::new(Disk), root, access, Duration::ZERO)
}

fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path));
        }
        found.push(path);
    }
    found
}

#[test]
fn init_is_told_apart_and_completed() {
    let (_dir, root) = new_store();
    assert_eq!(Store::init(&root).unwrap(), Init::Existing);
    fs::remove_dir(root.join("refs/tags")).unwrap();
    fs::remove_file(root.join("format")).unwrap();
    assert!(matches!(Store::open(&root, Access::Read), Err(StoreError::NotAStore { .. })));
    assert_eq!(Store::init(&root).unwrap(), Init::Completed);
    Store::open(&root, Access::Read).unwrap();
    fs::remove_file(root.join("format")).unwrap();
    fs::write(root.join("thesis.txt"), "irreplaceable").unwrap();
    assert!(matches!(Store::init(&root), Err(StoreError::NotAStore { .. })));
    assert!(matches!(Store::open(&root.join("nowhere"), Access::Read), Err(StoreError::NoStore(_))));
    assert!(matches!(Store::init(&root.join("thesis.txt")), Err(StoreError::NotAStore { .. })));
}

#[test]
fn nobody_else_can_read_a_store() {
    let old = rustix::process::umask(rustix::fs::Mode::empty());
    let (_dir, root) = new_store();
    let store = Store::open(&root, Access::Write).unwrap();
    let manifest = snap(&store, &[1, 2, 3]).unwrap();
    store.set_tag("here", &manifest).unwrap();
    rustix::process::umask(old);
    let mut all = files_below(&root);
    all.push(root.clone());
    for path in all {
        let meta = fs::symlink_metadata(&path).unwrap();
        let expected = if meta.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(meta.permissions().mode() & 0o777, expected, "{}", path.display());
    }
    let ownership = Ownership::of(&root).unwrap();
    assert!(ownership.ours && ownership.all_write == Some(false));
}

#[test]
fn locks_exclude_and_are_released() {
    let (_dir, root) = new_store();
    let reader = open_now(&root, Access::Read).unwrap();
    let writer = open_now(&root, Access::Write).unwrap();
    assert!(matches!(open_now(&root, Access::Exclusive), Err(StoreError::Locked)));
    let started = Instant::now();
    assert!(matches!(Store::exclusive(&root, Duration::from_millis(60)), Err(StoreError::Locked)));
    assert!(started.elapsed() >= Duration::from_millis(60));
    drop((reader, writer));
    let alone = open_now(&root, Access::Exclusive).unwrap();
    for access in [Access::Read, Access::Write, Access::Exclusive] {
        assert!(matches!(open_now(&root, access), Err(StoreError::Locked)));
    }
    let waiting = {
        let root = root.clone();
        std::thread::spawn(move || Store::open(&root, Access::Write).map(drop))
    };
    std::thread::sleep(Duration::from_millis(40));
    drop(alone);
    waiting.join().unwrap().unwrap();
}

#[test]
fn a_store_whose_lock_file_was_taken_away_publishes_nothing() {
    let (_dir, root) = new_store();
    let store = open_now(&root, Access::Exclusive).unwrap();
    snap(&store, &[1]).unwrap();
    fs::remove_file(root.join("lock")).unwrap();
    // Nobody gets in while there is no lock file.
    assert!(matches!(open_now(&root, Access::Write), Err(StoreError::NotAStore { .. })));
    // Someone puts it back and works; the first holder finds out before it writes or deletes.
    assert_eq!(Store::init(&root).unwrap(), Init::Completed);
    let second = open_now(&root, Access::Write).unwrap();
    snap(&second, &[2]).unwrap();
    assert!(matches!(store.publish(b"x", &[]), Err(StoreError::Locked)));
    assert!(matches!(store.session(), Err(StoreError::Locked)));
    let plan = store.plan_sweep(&[id(1), id(2)].into(), &Silent).unwrap();
    assert!(matches!(store.sweep(&plan, &Silent), Err(StoreError::Locked)));
}

#[test]
fn a_read_only_store_can_be_read() {
    let (_dir, root) = new_store();
    let manifest = snap(&Store::open(&root, Access::Write).unwrap(), &[1, 2, 3]).unwrap();
    for path in files_below(&root).iter().chain([&root]) {
        let mode = if path.is_dir() { 0o500 } else { 0o400 };
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    let store = open_now(&root, Access::Read).unwrap();
    super::shelf::verify(&store, &manifest);
    assert!(store.check(&Silent).unwrap().is_clean());
    assert!(matches!(store.session(), Err(StoreError::ReadOnly)));
    assert!(matches!(store.publish(b"x", &[]), Err(StoreError::ReadOnly)));
    assert!(matches!(store.set_tag("x", &manifest), Err(StoreError::ReadOnly)));
    drop(store);
    // Root may write what it likes, so this can only be seen as somebody else.
    if !rustix::process::geteuid().is_root() {
        assert!(matches!(open_now(&root, Access::Write), Err(StoreError::ReadOnly)));
    }
    for path in files_below(&root).iter().chain([&root]) {
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
    }
}

/// Puts something in the place of a file: a link to it elsewhere, a pipe, a directory.
fn displace(path: &Path, how: usize) {
    let aside = path.with_extension("aside");
    fs::rename(path, &aside).unwrap();
    match how {
        0 => symlink(&aside, path).unwrap(),
        1 => rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap(),
        _ => fs::create_dir(path).unwrap(),
    }
}

#[test]
fn links_pipes_and_directories_in_place_of_files_are_refused() {
    for how in 0..3 {
        let (_dir, root) = new_store();
        let store = Store::open(&root, Access::Write).unwrap();
        let manifest = snap(&store, &[1, 2, 3]).unwrap();
        store.pin(&manifest, None).unwrap();
        store.set_tag("t", &manifest).unwrap();
        drop(store);
        let pack = files_below(&root.join("packs")).remove(0);
        displace(&pack, how);
        let store = Store::open(&root, Access::Read).unwrap();
        assert!(matches!(store.get(&id(1)), Err(StoreError::Missing(_))));
        assert!(!store.check(&Silent).unwrap().is_clean());
        assert!(matches!(store.plan_sweep(&[id(1)].into(), &Silent), Err(StoreError::LiveMissing(_))));
        displace(&root.join(format!("snapshots/{manifest}.json")), how);
        assert_eq!(store.manifest_ids().unwrap(), [manifest]);
        assert!(matches!(store.read_manifest(&manifest), Err(StoreError::Damaged { .. })));
        displace(&root.join(format!("refs/pins/{manifest}")), how);
        assert!(matches!(store.pins(), Err(StoreError::Damaged { .. })));
        displace(&root.join("refs/tags/t"), how);
        assert!(matches!(store.tags(), Err(StoreError::Damaged { .. })));
        drop(store);
        displace(&root.join("lock"), how);
        assert!(Store::open(&root, Access::Read).is_err());
        displace(&root.join("format"), how);
        assert!(matches!(Store::open(&root, Access::Read), Err(StoreError::UnknownFormat { .. })));
    }
}

#[test]
fn directories_that_are_links_are_refused() {
    for name in ["packs", "refs/tags", "tmp", "."] {
        let (dir, root) = new_store();
        let path = root.join(name);
        let path = if name == "." { root.clone() } else { path };
        let aside = dir.path().join("aside");
        fs::rename(&path, &aside).unwrap();
        symlink(&aside, &path).unwrap();
        for access in [Access::Read, Access::Write] {
            assert!(matches!(Store::open(&root, access), Err(StoreError::NotAStore { .. })), "{name}");
        }
        assert!(matches!(Store::init(&root), Err(StoreError::NotAStore { .. })), "{name}");
    }
}

#[test]
fn two_writers_with_many_threads_store_the_same_objects() {
    let (_dir, root) = new_store();
    let mut stores = [Store::open(&root, Access::Write).unwrap(), Store::open(&root, Access::Write).unwrap()];
    stores.iter_mut().for_each(|store| store.set_pack_size(10_000));
    std::thread::scope(|scope| {
        for store in &stores {
            scope.spawn(move || {
                let session = store.session().unwrap();
                std::thread::scope(|inner| {
                    for _ in 0..3 {
                        inner.spawn(|| {
                            for number in 0..300 {
                                session.put(frame(number)).unwrap();
                                assert_eq!(session.get(&id(number)).unwrap().bytes, bytes(number));
                            }
                        });
                    }
                });
                assert_eq!(session.seal().unwrap().objects, 300);
                super::shelf::publish(store, &(0..300).collect::<Vec<_>>()).unwrap();
            });
        }
    });
    let store = Store::open(&root, Access::Read).unwrap();
    store.manifest_ids().unwrap().iter().for_each(|manifest| super::shelf::verify(&store, manifest));
    assert!(store.check(&Silent).unwrap().is_clean());
    assert_eq!(store.usage().unwrap().temporary.files, 0);
}

#[test]
fn junk_is_passed_over_and_left_alone() {
    let (_dir, root) = new_store();
    let store = Store::open(&root, Access::Exclusive).unwrap();
    let manifest = snap(&store, &[1, 2, 3]).unwrap();
    let upper = manifest.to_hex().to_uppercase();
    let junk = ["packs/x.pack", "snapshots/notes.json", "index/README", "tmp/mine", "refs/tags/-x", "packs/sub"];
    junk.iter().for_each(|name| fs::write(root.join(name), "junk").unwrap());
    fs::write(root.join(format!("snapshots/{upper}.json")), "junk").unwrap();
    let plan = store.plan_sweep(&[id(1), id(2), id(3)].into(), &Silent).unwrap();
    store.sweep(&plan, &Silent).unwrap();
    assert!(junk.iter().all(|name| root.join(name).exists()));
    assert_eq!(store.manifest_ids().unwrap(), [manifest]);
    assert!(store.check(&Silent).unwrap().is_clean());
    super::shelf::verify(&store, &manifest);
}

#[test]
fn no_descriptor_stays_open() {
    let descriptors = || fs::read_dir("/proc/self/fd").unwrap().count();
    let (_dir, root) = new_store();
    let before = descriptors();
    let mut store = Store::open(&root, Access::Write).unwrap();
    store.set_pack_size(1);
    let numbers: Vec<u64> = (0..200).collect();
    let manifest = snap(&store, &numbers).unwrap();
    assert_eq!(fs::read_dir(root.join("packs")).unwrap().count(), numbers.len());
    let mut most = 0;
    for number in numbers.iter().chain(numbers.iter().rev()) {
        assert_eq!(store.get(&id(*number)).unwrap().bytes, bytes(*number));
        most = most.max(descriptors());
    }
    assert!(store.check(&Silent).unwrap().is_clean());
    // As many packs as a leaf can draw on, the lock, and a few for those who are at work.
    assert!(most < before + 80, "{most} are open, {before} before");
    store.read_manifest(&manifest).unwrap();
    drop(store);
    assert_eq!(descriptors(), before);
}
