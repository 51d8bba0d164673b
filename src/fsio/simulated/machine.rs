//! The state of a simulated machine, and what a power cut leaves of it.

use crate::fsio::{FileKind, Stat};
use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

const SECTOR: usize = 512;

#[derive(Debug, Clone, Default)]
pub(super) struct Machine {
    /// Grows with each reboot; what was opened before is dead.
    pub(super) epoch: u64,
    pub(super) operations: u64,
    pub(super) crash_at: Option<u64>,
    pub(super) off: bool,
    pub(super) fault: Option<Fault>,
    pub(super) capacity: Option<u64>,
    pub(super) unreadable: HashSet<PathBuf>,
    /// Names as processes see them; the root `/` is not listed.
    pub(super) names: BTreeMap<PathBuf, Node>,
    /// Names as they are on the disk.
    pub(super) kept_names: BTreeMap<PathBuf, Node>,
    /// Changes of names not yet on the disk, oldest first; `None` takes a name away.
    pub(super) name_log: Vec<(PathBuf, Option<Node>)>,
    pub(super) files: Vec<Content>,
    pub(super) locks: BTreeMap<usize, Holders>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Node {
    Dir,
    File(usize),
}

#[derive(Debug, Clone, Default)]
pub(super) struct Content {
    pub(super) seen: Vec<u8>,
    pub(super) kept: Vec<u8>,
    /// Writes not yet on the disk: where, and how long; the bytes are in `seen` at the time.
    pub(super) log: Vec<(usize, Vec<u8>)>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Holders {
    pub(super) shared: usize,
    pub(super) exclusive: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Fault {
    pub(super) at: u64,
    pub(super) kind: io::ErrorKind,
    pub(super) lasting: bool,
}

/// What happens to one operation.
pub(super) enum Fate {
    Done,
    /// The power goes during the operation: it may or may not be on the disk, and nobody hears of it.
    Cut(io::Error),
    Refused(io::Error),
}

impl Machine {
    pub(super) fn stat(&self, node: Node) -> Stat {
        match node {
            Node::Dir => Stat { kind: FileKind::Dir, len: 0, modified: UNIX_EPOCH },
            Node::File(file) => {
                Stat { kind: FileKind::File, len: self.files[file].seen.len() as u64, modified: UNIX_EPOCH }
            }
        }
    }

    pub(super) fn file(&self, path: &Path) -> Option<usize> {
        match self.names.get(path) {
            Some(Node::File(file)) => Some(*file),
            _ => None,
        }
    }

    pub(super) fn is_dir(&self, path: &Path) -> bool {
        path == Path::new("/") || self.names.get(path) == Some(&Node::Dir)
    }

    pub(super) fn used(&self) -> u64 {
        let files: HashSet<usize> =
            self.names.values().filter_map(|n| if let Node::File(f) = n { Some(*f) } else { None }).collect();
        files.iter().map(|f| self.files[*f].seen.len() as u64).sum()
    }

    /// Whether the machine runs at all.
    pub(super) fn running(&self, epoch: u64) -> io::Result<()> {
        if self.off || self.epoch != epoch { Err(power_cut()) } else { Ok(()) }
    }

    /// Counts an operation and decides what becomes of it.
    pub(super) fn fate(&mut self, epoch: u64) -> Fate {
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

    pub(super) fn rename_entry(&mut self, path: &Path, node: Option<Node>) {
        match node {
            Some(node) => self.names.insert(path.to_path_buf(), node),
            None => self.names.remove(path),
        };
        self.name_log.push((path.to_path_buf(), node));
    }

    pub(super) fn write(&mut self, file: usize, offset: usize, bytes: &[u8]) {
        let content = &mut self.files[file];
        overwrite(&mut content.seen, offset, bytes);
        content.log.push((offset, bytes.to_vec()));
    }

    pub(super) fn reboot(&mut self, seed: u64) {
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

pub(super) fn apply(names: &mut BTreeMap<PathBuf, Node>, path: &Path, node: Option<Node>) {
    match node {
        Some(node) => names.insert(path.to_path_buf(), node),
        None => names.remove(path),
    };
}

pub(super) fn overwrite(content: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
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

pub(super) fn finish(fate: Fate) -> io::Result<()> {
    match fate {
        Fate::Done => Ok(()),
        Fate::Cut(error) | Fate::Refused(error) => Err(error),
    }
}

pub(super) fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("/"))
}

pub(super) fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

pub(super) fn room_for(machine: &Machine, path: &Path) -> io::Result<()> {
    if machine.names.contains_key(path) {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    if machine.is_dir(parent(path)) { Ok(()) } else { Err(io::ErrorKind::NotFound.into()) }
}

pub(super) fn absent_or_odd(machine: &Machine, path: &Path) -> io::Error {
    if machine.names.contains_key(path) { io::ErrorKind::InvalidInput.into() } else { io::ErrorKind::NotFound.into() }
}
