//! A machine in memory whose power can be cut at any operation.
//!
//! Processes see every write at once, as they do through a page cache. What a power cut leaves is another matter: a file's
//! bytes are safe once the file was synced, a name once its directory was. Of everything else a crash keeps a random part,
//! chosen by a seed: any subset of writes, each torn at 512-byte sectors, and of the names any state each went through.

use super::{Entry, FileKind, FileSystem, FsError, FsResult, Lock, LockMode, OpenFile, Stat};
use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const SECTOR: usize = 512;

/// A simulated file system. Clones share one machine; [`Simulated::fork`] makes another.
///
/// Operations that change something are counted, from 1; crashes and faults name such a number.
#[derive(Debug, Clone, Default)]
pub struct Simulated {
    machine: Arc<Mutex<Machine>>,
}

#[derive(Debug, Clone, Default)]
struct Machine {
    /// Grows with each reboot; what was opened before is dead.
    epoch: u64,
    operations: u64,
    crash_at: Option<u64>,
    off: bool,
    fault: Option<Fault>,
    capacity: Option<u64>,
    unreadable: HashSet<PathBuf>,
    /// Names as processes see them; the root `/` is not listed.
    names: BTreeMap<PathBuf, Node>,
    /// Names as they are on the disk.
    kept_names: BTreeMap<PathBuf, Node>,
    /// Changes of names not yet on the disk, oldest first; `None` takes a name away.
    name_log: Vec<(PathBuf, Option<Node>)>,
    files: Vec<Content>,
    locks: BTreeMap<usize, Holders>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Node {
    Dir,
    File(usize),
}

#[derive(Debug, Clone, Default)]
struct Content {
    seen: Vec<u8>,
    kept: Vec<u8>,
    /// Writes not yet on the disk: where, and how long; the bytes are in `seen` at the time.
    log: Vec<(usize, Vec<u8>)>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Holders {
    shared: usize,
    exclusive: bool,
}

#[derive(Debug, Clone, Copy)]
struct Fault {
    at: u64,
    kind: io::ErrorKind,
    lasting: bool,
}

/// What happens to one operation.
enum Fate {
    Done,
    /// The power goes during the operation: it may or may not be on the disk, and nobody hears of it.
    Cut(io::Error),
    Refused(io::Error),
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

impl Machine {
    fn file(&self, path: &Path) -> Option<usize> {
        match self.names.get(path) {
            Some(Node::File(file)) => Some(*file),
            _ => None,
        }
    }

    fn is_dir(&self, path: &Path) -> bool {
        path == Path::new("/") || self.names.get(path) == Some(&Node::Dir)
    }

    fn used(&self) -> u64 {
        let files: HashSet<usize> =
            self.names.values().filter_map(|n| if let Node::File(f) = n { Some(*f) } else { None }).collect();
        files.iter().map(|f| self.files[*f].seen.len() as u64).sum()
    }

    /// Whether the machine runs at all.
    fn running(&self, epoch: u64) -> io::Result<()> {
        if self.off || self.epoch != epoch { Err(power_cut()) } else { Ok(()) }
    }

    /// Counts an operation and decides what becomes of it.
    fn fate(&mut self, epoch: u64) -> Fate {
        if let Err(error) = self.running(epoch) {
            return Fate::Refused(error);
        }
        self.operations += 1;
        if self.crash_at == Some(self.operations) {
            self.off = true;
            return Fate::Cut(power_cut());
        }
        match self.fault {
            Some(f) if f.at == self.operations || (f.lasting && f.at < self.operations) => Fate::Refused(f.kind.into()),
            _ => Fate::Done,
        }
    }

    fn rename_entry(&mut self, path: &Path, node: Option<Node>) {
        match node {
            Some(node) => self.names.insert(path.to_path_buf(), node),
            None => self.names.remove(path),
        };
        self.name_log.push((path.to_path_buf(), node));
    }

    fn write(&mut self, file: usize, offset: usize, bytes: &[u8]) {
        let content = &mut self.files[file];
        overwrite(&mut content.seen, offset, bytes);
        content.log.push((offset, bytes.to_vec()));
    }

    fn reboot(&mut self, seed: u64) {
        let mut dice = Dice(seed);
        // A third of all crashes loses or keeps everything, since those are the cases that mixtures rarely reach.
        let chance = match dice.roll(6) {
            0 => 0,
            1 => 8,
            _ => 1 + dice.roll(7),
        };
        let mut stopped = HashSet::new();
        for (path, node) in std::mem::take(&mut self.name_log) {
            if stopped.contains(&path) || dice.roll(8) >= chance {
                stopped.insert(path);
            } else {
                apply(&mut self.kept_names, &path, node);
            }
        }
        let kept = self.kept_names.clone();
        self.kept_names.retain(|path, _| {
            path.ancestors().skip(1).all(|up| up == Path::new("/") || kept.get(up) == Some(&Node::Dir))
        });
        for content in &mut self.files {
            for (offset, bytes) in std::mem::take(&mut content.log) {
                for (index, sector) in bytes.chunks(SECTOR).enumerate() {
                    if dice.roll(8) < chance {
                        overwrite(&mut content.kept, offset + index * SECTOR, sector);
                    }
                }
            }
            content.seen.clone_from(&content.kept);
        }
        self.names.clone_from(&self.kept_names);
        self.locks.clear();
        self.epoch += 1;
        self.off = false;
        self.crash_at = None;
        self.fault = None;
    }
}

fn apply(names: &mut BTreeMap<PathBuf, Node>, path: &Path, node: Option<Node>) {
    match node {
        Some(node) => names.insert(path.to_path_buf(), node),
        None => names.remove(path),
    };
}

fn overwrite(content: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[offset..end].copy_from_slice(bytes);
}

fn power_cut() -> io::Error {
    io::Error::other("the power is off")
}

/// A small generator (SplitMix64), so that one seed is one crash.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
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
            return Ok(Some(Stat { kind: FileKind::Dir, len: 0 }));
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

impl Machine {
    fn stat(&self, node: Node) -> Stat {
        match node {
            Node::Dir => Stat { kind: FileKind::Dir, len: 0 },
            Node::File(file) => Stat { kind: FileKind::File, len: self.files[file].seen.len() as u64 },
        }
    }
}

fn finish(fate: Fate) -> io::Result<()> {
    match fate {
        Fate::Done => Ok(()),
        Fate::Cut(error) | Fate::Refused(error) => Err(error),
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("/"))
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn room_for(machine: &Machine, path: &Path) -> io::Result<()> {
    if machine.names.contains_key(path) {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    if machine.is_dir(parent(path)) { Ok(()) } else { Err(io::ErrorKind::NotFound.into()) }
}

fn absent_or_odd(machine: &Machine, path: &Path) -> io::Error {
    if machine.names.contains_key(path) { io::ErrorKind::InvalidInput.into() } else { io::ErrorKind::NotFound.into() }
}

#[derive(Debug)]
struct SimulatedFile {
    host: Simulated,
    epoch: u64,
    file: usize,
    path: PathBuf,
}

impl OpenFile for SimulatedFile {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> FsResult<()> {
        let failed = |e| FsError::new("read", &self.path, e);
        let machine = self.host.machine();
        machine.running(self.epoch).map_err(failed)?;
        if machine.unreadable.contains(&self.path) {
            return Err(failed(io::Error::other("the disk cannot read this sector")));
        }
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let end = start.saturating_add(buf.len());
        let bytes = machine.files[self.file].seen.get(start..end);
        buf.copy_from_slice(bytes.ok_or_else(|| failed(io::ErrorKind::UnexpectedEof.into()))?);
        Ok(())
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> FsResult<()> {
        let failed = |e| FsError::new("write", &self.path, e);
        let mut machine = self.host.machine();
        let fate = machine.fate(self.epoch);
        if let Fate::Refused(error) = fate {
            return Err(failed(error));
        }
        let start = usize::try_from(offset).map_err(|_| failed(io::ErrorKind::FileTooLarge.into()))?;
        let grown = (start + bytes.len()).saturating_sub(machine.files[self.file].seen.len()) as u64;
        if machine.capacity.is_some_and(|capacity| machine.used() + grown > capacity) {
            return Err(failed(io::ErrorKind::StorageFull.into()));
        }
        machine.write(self.file, start, bytes);
        finish(fate).map_err(failed)
    }

    fn sync(&self) -> FsResult<()> {
        let failed = |e| FsError::new("sync", &self.path, e);
        let mut machine = self.host.machine();
        match machine.fate(self.epoch) {
            Fate::Cut(error) => return Err(failed(error)),
            Fate::Refused(error) => {
                // As Linux does it: pages that could not be written are marked clean and will not be tried again.
                machine.files[self.file].log.clear();
                return Err(failed(error));
            }
            Fate::Done => {}
        }
        let content = &mut machine.files[self.file];
        for (offset, bytes) in std::mem::take(&mut content.log) {
            overwrite(&mut content.kept, offset, &bytes);
        }
        Ok(())
    }

    fn len(&self) -> FsResult<u64> {
        let machine = self.host.machine();
        machine.running(self.epoch).map_err(|e| FsError::new("examine", &self.path, e))?;
        Ok(machine.files[self.file].seen.len() as u64)
    }
}

#[derive(Debug)]
struct SimulatedLock {
    host: Simulated,
    epoch: u64,
    file: usize,
    exclusive: bool,
    path: PathBuf,
}

impl Lock for SimulatedLock {
    fn holds(&self) -> FsResult<bool> {
        let machine = self.host.machine();
        machine.running(self.epoch).map_err(|e| FsError::new("examine", &self.path, e))?;
        Ok(machine.file(&self.path) == Some(self.file))
    }
}

impl Drop for SimulatedLock {
    fn drop(&mut self) {
        let mut machine = self.host.machine();
        if machine.epoch != self.epoch {
            return;
        }
        if let Some(holders) = machine.locks.get_mut(&self.file) {
            if self.exclusive {
                holders.exclusive = false;
            } else {
                holders.shared = holders.shared.saturating_sub(1);
            }
        }
    }
}
