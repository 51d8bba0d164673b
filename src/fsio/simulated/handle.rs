//! Open files and locks of a simulated machine.

use super::Simulated;
use super::machine::{Fate, finish, overwrite};
use crate::fsio::{FsError, FsResult, Lock, OpenFile};
use std::io;
use std::path::PathBuf;

#[derive(Debug)]
pub(super) struct SimulatedFile {
    pub(super) host: Simulated,
    pub(super) epoch: u64,
    pub(super) file: usize,
    pub(super) path: PathBuf,
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
pub(super) struct SimulatedLock {
    pub(super) host: Simulated,
    pub(super) epoch: u64,
    pub(super) file: usize,
    pub(super) exclusive: bool,
    pub(super) path: PathBuf,
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
