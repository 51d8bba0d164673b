//! A machine in memory whose power can be cut at any operation.
//!
//! Processes see every write at once, as they do through a page cache. What a power cut leaves is another matter: a
//! file's bytes are safe once the file was synced, a name once its directory was. Of everything else a crash keeps a
//! random part, chosen by a seed: any subset of writes, each torn at 512-byte sectors, and of the names any state each
//! went through.

mod handle;
mod machine;

use super::{Entry, FileKind, FileSystem, FsError, FsResult, Lock, LockMode, OpenFile, Stat};
use handle::{SimulatedFile, SimulatedLock};
use machine::{Content, Fate, Fault, Machine, Node, absent_or_odd, apply, finish, name_of, parent, room_for};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::UNIX_EPOCH;

/// A simulated file system. Clones share one machine; [`Simulated::fork`] makes another.
///
/// Operations that change something are counted, from 1; crashes and faults name such a number.
#[derive(Debug, Clone, Default)]
pub struct Simulated {
    machine: Arc<Mutex<Machine>>,
}

impl Simulated {
    /// A machine with an empty root directory `/`.
    pub fn new() -> Simulated {
        Simulated::default()
    }

    /// Another machine in the same state, without open files and locks.
    pub fn fork(&self) -> Simulated {
        let mut machine = self.machine().clone();
        machine.locks.clear();
        Simulated { machine: Arc::new(Mutex::new(machine)) }
    }

    /// How many operations have changed something.
    pub fn operations(&self) -> u64 {
        self.machine().operations
    }

    /// Cuts the power during operation number `operation`; everything fails from then until [`Simulated::reboot`].
    pub fn crash_at(&self, operation: u64) {
        self.machine().crash_at = Some(operation);
    }

    /// Whether the power is off.
    pub fn is_off(&self) -> bool {
        self.machine().off
    }

    /// Makes operation number `at` fail with `kind`, and all later ones too if `lasting`.
    pub fn fail_at(&self, at: u64, kind: io::ErrorKind, lasting: bool) {
        self.machine().fault = Some(Fault { at, kind, lasting });
    }

    /// Takes back what [`Simulated::fail_at`] asked for.
    pub fn heal(&self) {
        self.machine().fault = None;
    }

    /// Limits the bytes of all files together; writes beyond fail with `StorageFull`.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.machine().capacity = bytes;
    }

    /// Bytes of all files together.
    pub fn used(&self) -> u64 {
        self.machine().used()
    }

    /// Makes reads of one file fail with an I/O error.
    pub fn make_unreadable(&self, path: &Path) {
        self.machine().unreadable.insert(path.to_path_buf());
    }

    /// Power off and on again. What was not synced survives in part, as `seed` says; open files and locks are gone.
    pub fn reboot(&self, seed: u64) {
        self.machine().reboot(seed);
    }

    /// All paths of regular files, sorted.
    pub fn paths(&self) -> Vec<PathBuf> {
        let machine = self.machine();
        machine.names.iter().filter(|(_, node)| **node != Node::Dir).map(|(path, _)| path.clone()).collect()
    }

    /// The bytes of a file; `None` if there is none.
    pub fn read(&self, path: &Path) -> Option<Vec<u8>> {
        let machine = self.machine();
        let file = machine.file(path)?;
        Some(machine.files[file].seen.clone())
    }

    /// Puts a file there as if it had always been, durable; not counted as an operation.
    pub fn put(&self, path: &Path, bytes: &[u8]) {
        let mut machine = self.machine();
        let content = Content { seen: bytes.to_vec(), kept: bytes.to_vec(), log: Vec::new() };
        machine.files.push(content);
        let node = Node::File(machine.files.len() - 1);
        machine.names.insert(path.to_path_buf(), node);
        machine.kept_names.insert(path.to_path_buf(), node);
    }

    /// Takes a file away as if it had never been; not counted as an operation.
    pub fn lose(&self, path: &Path) {
        let mut machine = self.machine();
        machine.names.remove(path);
        machine.kept_names.remove(path);
    }

    fn machine(&self) -> MutexGuard<'_, Machine> {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FileSystem for Simulated {
    fn open(&self, path: &Path) -> FsResult<Arc<dyn OpenFile>> {
        let failed = |e| FsError::new("open", path, e);
        let machine = self.machine();
        machine.running(machine.epoch).map_err(failed)?;
        let file = machine.file(path).ok_or_else(|| failed(absent_or_odd(&machine, path)))?;
        Ok(self.handle(&machine, file, path))
    }

    fn create(&self, path: &Path) -> FsResult<Arc<dyn OpenFile>> {
        let failed = |e| FsError::new("create", path, e);
        let mut machine = self.machine();
        let epoch = machine.epoch;
        let fate = machine.fate(epoch);
        if let Fate::Refused(error) = fate {
            return Err(failed(error));
        }
        room_for(&machine, path).map_err(failed)?;
        machine.files.push(Content::default());
        let file = machine.files.len() - 1;
        machine.rename_entry(path, Some(Node::File(file)));
        finish(fate).map_err(failed)?;
        Ok(self.handle(&machine, file, path))
    }

    fn stat(&self, path: &Path) -> FsResult<Option<Stat>> {
        let machine = self.machine();
        machine.running(machine.epoch).map_err(|e| FsError::new("examine", path, e))?;
        if path == Path::new("/") {
            return Ok(Some(Stat { kind: FileKind::Dir, len: 0, modified: UNIX_EPOCH }));
        }
        Ok(machine.names.get(path).map(|node| machine.stat(*node)))
    }

    fn list(&self, dir: &Path) -> FsResult<Vec<Entry>> {
        let failed = |e| FsError::new("list", dir, e);
        let machine = self.machine();
        machine.running(machine.epoch).map_err(failed)?;
        if !machine.is_dir(dir) {
            return Err(failed(absent_or_odd(&machine, dir)));
        }
        let entries = machine.names.iter().filter(|(path, _)| path.parent() == Some(dir));
        Ok(entries.map(|(path, node)| Entry { name: name_of(path), stat: machine.stat(*node) }).collect())
    }

    fn create_dir(&self, dir: &Path) -> FsResult<()> {
        let failed = |e| FsError::new("create directory", dir, e);
        self.change(|machine| {
            room_for(machine, dir)?;
            machine.rename_entry(dir, Some(Node::Dir));
            Ok(())
        })
        .map_err(failed)
    }

    fn rename(&self, from: &Path, to: &Path) -> FsResult<()> {
        let failed = |e| FsError::new("rename to", to, e);
        self.change(|machine| {
            let file = machine.file(from).ok_or(io::ErrorKind::NotFound)?;
            if machine.is_dir(to) || !machine.is_dir(parent(to)) {
                return Err(absent_or_odd(machine, to));
            }
            machine.rename_entry(to, Some(Node::File(file)));
            machine.rename_entry(from, None);
            Ok(())
        })
        .map_err(failed)
    }

    fn remove(&self, path: &Path) -> FsResult<()> {
        let failed = |e| FsError::new("remove", path, e);
        self.change(|machine| {
            machine.file(path).ok_or_else(|| absent_or_odd(machine, path))?;
            machine.rename_entry(path, None);
            Ok(())
        })
        .map_err(failed)
    }

    fn sync_dir(&self, dir: &Path) -> FsResult<()> {
        let failed = |e| FsError::new("sync", dir, e);
        let mut machine = self.machine();
        let epoch = machine.epoch;
        match machine.fate(epoch) {
            Fate::Refused(error) | Fate::Cut(error) => return Err(failed(error)),
            Fate::Done if !machine.is_dir(dir) => return Err(failed(absent_or_odd(&machine, dir))),
            Fate::Done => {}
        }
        let (here, elsewhere): (Vec<_>, Vec<_>) =
            std::mem::take(&mut machine.name_log).into_iter().partition(|(path, _)| path.parent() == Some(dir));
        machine.name_log = elsewhere;
        for (path, node) in here {
            apply(&mut machine.kept_names, &path, node);
        }
        Ok(())
    }

    fn lock(&self, path: &Path, mode: LockMode) -> FsResult<Option<Box<dyn Lock>>> {
        let failed = |e| FsError::new("lock", path, e);
        let mut machine = self.machine();
        machine.running(machine.epoch).map_err(failed)?;
        let file = machine.file(path).ok_or_else(|| failed(absent_or_odd(&machine, path)))?;
        let exclusive = mode == LockMode::Exclusive;
        let holders = machine.locks.entry(file).or_default();
        if holders.exclusive || (exclusive && holders.shared > 0) {
            return Ok(None);
        }
        if exclusive {
            holders.exclusive = true;
        } else {
            holders.shared += 1;
        }
        let epoch = machine.epoch;
        Ok(Some(Box::new(SimulatedLock { host: self.clone(), epoch, file, exclusive, path: path.to_path_buf() })))
    }
}

impl Simulated {
    fn handle(&self, machine: &Machine, file: usize, path: &Path) -> Arc<dyn OpenFile> {
        Arc::new(SimulatedFile { host: self.clone(), epoch: machine.epoch, file, path: path.to_path_buf() })
    }

    fn change(&self, change: impl FnOnce(&mut Machine) -> io::Result<()>) -> io::Result<()> {
        let mut machine = self.machine();
        let epoch = machine.epoch;
        let fate = machine.fate(epoch);
        if let Fate::Refused(error) = fate {
            return Err(error);
        }
        change(&mut machine)?;
        finish(fate)
    }
}
