//! What the store's tests put on the shelf: small objects, stores in memory, stores on disk.

use dbsnap::fsio::{Entry, FileSystem, FsResult, Lock, LockMode, OpenFile, Simulated, Stat};
use dbsnap::hash::Hash;
use dbsnap::store::{Access, Frame, NewObjects, ObjectKind, Objects, Sealed, Store, StoreError};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Where stores in memory are.
pub const ROOT: &str = "/.dbsnap";

/// An object's bytes, distinct for each number; every third does not compress.
pub fn bytes(number: u64) -> Vec<u8> {
    let mut out = format!("object {number}: ").into_bytes();
    match number % 3 {
        0 => (0..8).for_each(|n| out.extend_from_slice(Hash::of(&[number.to_le_bytes(), [n; 8]].concat()).as_bytes())),
        1 => out.extend_from_slice(&b"the same again and again ".repeat(20)),
        _ => {}
    }
    out
}

/// The id of object `number`: here, the hash of its bytes.
pub fn id(number: u64) -> Hash {
    Hash::of(&bytes(number))
}

pub fn frame(number: u64) -> Frame {
    let raw = bytes(number);
    Frame::compress(Hash::of(&raw), ObjectKind((number % 4) as u8 + 1), &raw, 3).unwrap()
}

/// A store in memory, with packs of about 700 bytes.
pub fn open(machine: &Simulated, access: Access) -> Result<Store, StoreError> {
    let mut store = Store::open_on(Arc::new(machine.clone()), Path::new(ROOT), access, Duration::ZERO)?;
    store.set_pack_size(700);
    store.finish_packs_in_turn();
    Ok(store)
}

pub fn init(machine: &Simulated) -> Result<(), StoreError> {
    Store::init_on(machine, Path::new(ROOT)).map(drop)
}

/// A new store in memory.
pub fn machine() -> Simulated {
    let machine = Simulated::new();
    init(&machine).unwrap();
    machine
}

/// Puts objects and seals.
pub fn put(store: &Store, numbers: impl IntoIterator<Item = u64>) -> Result<Sealed, StoreError> {
    let session = store.session()?;
    for number in numbers {
        session.put(frame(number))?;
    }
    session.seal()
}

/// A manifest is its objects' numbers, so that a test can tell from it what must be there.
pub fn publish(store: &Store, numbers: &[u64]) -> Result<Hash, StoreError> {
    let text: Vec<String> = numbers.iter().map(u64::to_string).collect();
    let needs: Vec<Hash> = numbers.iter().map(|n| id(*n)).collect();
    store.publish(text.join(" ").as_bytes(), &needs)
}

/// Puts, seals, publishes: a whole snapshot.
pub fn snap(store: &Store, numbers: &[u64]) -> Result<Hash, StoreError> {
    put(store, numbers.iter().copied())?;
    publish(store, numbers)
}

/// The numbers of the objects that a manifest needs.
pub fn numbers(store: &Store, manifest: &Hash) -> Vec<u64> {
    let text = String::from_utf8(store.read_manifest(manifest).unwrap()).unwrap();
    text.split_whitespace().map(|n| n.parse().unwrap()).collect()
}

/// Fails unless every object of the manifest is there, byte for byte.
pub fn verify(store: &Store, manifest: &Hash) {
    for number in numbers(store, manifest) {
        let object = store.get(&id(number)).unwrap_or_else(|e| panic!("object {number} of {manifest:?}: {e}"));
        assert_eq!(object.bytes, bytes(number));
        assert_eq!(object.kind.0, (number % 4) as u8 + 1);
    }
}

/// A machine on which something happens once, right after a directory was listed.
pub struct Afterwards {
    machine: Simulated,
    dir: PathBuf,
    what: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Afterwards {
    pub fn new(machine: &Simulated, dir: &str, what: impl FnOnce() + Send + 'static) -> Arc<Afterwards> {
        let dir = Path::new(ROOT).join(dir);
        Arc::new(Afterwards { machine: machine.clone(), dir, what: Mutex::new(Some(Box::new(what))) })
    }

    /// Whether it has happened.
    pub fn is_done(&self) -> bool {
        self.what.lock().unwrap().is_none()
    }
}

impl fmt::Debug for Afterwards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "after {}", self.dir.display())
    }
}

impl FileSystem for Afterwards {
    fn open(&self, path: &Path) -> FsResult<Arc<dyn OpenFile>> {
        self.machine.open(path)
    }

    fn create(&self, path: &Path) -> FsResult<Arc<dyn OpenFile>> {
        self.machine.create(path)
    }

    fn stat(&self, path: &Path) -> FsResult<Option<Stat>> {
        self.machine.stat(path)
    }

    fn list(&self, dir: &Path) -> FsResult<Vec<Entry>> {
        let listed = self.machine.list(dir);
        let what = if dir == self.dir { self.what.lock().unwrap().take() } else { None };
        if let Some(what) = what {
            what();
        }
        listed
    }

    fn create_dir(&self, dir: &Path) -> FsResult<()> {
        self.machine.create_dir(dir)
    }

    fn rename(&self, from: &Path, to: &Path) -> FsResult<()> {
        self.machine.rename(from, to)
    }

    fn remove(&self, path: &Path) -> FsResult<()> {
        self.machine.remove(path)
    }

    fn sync_dir(&self, dir: &Path) -> FsResult<()> {
        self.machine.sync_dir(dir)
    }

    fn lock(&self, path: &Path, mode: LockMode) -> FsResult<Option<Box<dyn Lock>>> {
        self.machine.lock(path, mode)
    }
}
