//! A process on a simulated machine: it can be killed, and then what it held open does nothing any more.

use dbsnap::fsio::{Entry, FileSystem, FsError, FsResult, Lock, LockMode, OpenFile, Simulated, Stat};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// The machine as one process sees it.
#[derive(Debug, Clone)]
pub struct Process {
    machine: Simulated,
    alive: Arc<AtomicBool>,
    /// Its lock, which goes with the process, whatever still points to it.
    lock: Arc<Mutex<Option<Box<dyn Lock>>>>,
}

impl Process {
    pub fn new(machine: &Simulated) -> Process {
        Process { machine: machine.clone(), alive: Arc::new(AtomicBool::new(true)), lock: Arc::default() }
    }

    /// Ends it: it changes nothing from now on, and its lock is free.
    pub fn end(&self) {
        self.alive.store(false, Ordering::Relaxed);
        *self.lock.lock().unwrap() = None;
    }

    fn alive(&self, action: &'static str, path: &Path) -> FsResult<&Simulated> {
        if self.alive.load(Ordering::Relaxed) {
            Ok(&self.machine)
        } else {
            Err(FsError::new(action, path, io::Error::other("the process is gone")))
        }
    }
}

impl FileSystem for Process {
    fn open(&self, path: &Path) -> FsResult<Arc<dyn OpenFile>> {
        self.alive("open", path)?.open(path)
    }

    fn create(&self, path: &Path) -> FsResult<Arc<dyn OpenFile>> {
        self.alive("create", path)?.create(path)
    }

    fn stat(&self, path: &Path) -> FsResult<Option<Stat>> {
        self.alive("examine", path)?.stat(path)
    }

    fn list(&self, dir: &Path) -> FsResult<Vec<Entry>> {
        self.alive("list", dir)?.list(dir)
    }

    fn create_dir(&self, dir: &Path) -> FsResult<()> {
        self.alive("create directory", dir)?.create_dir(dir)
    }

    fn rename(&self, from: &Path, to: &Path) -> FsResult<()> {
        self.alive("rename to", to)?.rename(from, to)
    }

    fn remove(&self, path: &Path) -> FsResult<()> {
        self.alive("remove", path)?.remove(path)
    }

    fn sync_dir(&self, dir: &Path) -> FsResult<()> {
        self.alive("sync", dir)?.sync_dir(dir)
    }

    fn lock(&self, path: &Path, mode: LockMode) -> FsResult<Option<Box<dyn Lock>>> {
        let lock = self.alive("lock", path)?.lock(path, mode)?;
        Ok(lock.map(|lock| {
            *self.lock.lock().unwrap() = Some(lock);
            Box::new(Held(Arc::clone(&self.lock))) as Box<dyn Lock>
        }))
    }
}

#[derive(Debug)]
struct Held(Arc<Mutex<Option<Box<dyn Lock>>>>);

impl Lock for Held {
    fn holds(&self) -> FsResult<bool> {
        self.0.lock().unwrap().as_ref().map_or(Ok(false), |lock| lock.holds())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        *self.0.lock().unwrap() = None;
    }
}
