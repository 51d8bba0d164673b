//! Deleting objects that nothing needs. The caller says what is live; the store is held exclusively.

use super::index::{Index, Location};
use super::pack;
use super::pack_writer::{FinishedPack, PackWriter};
use super::recompress::{mark, marked};
use super::{Frame, PackPlan, Store, StoreError, SweepPlan};
use crate::fsio::write_durably;
use crate::hash::Hash;
use crate::monitor::Monitor;
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

/// What a sweep has done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// Packs deleted.
    pub packs_deleted: u64,
    /// Packs written.
    pub packs_written: u64,
    /// Bytes of deleted packs and temporary files.
    pub bytes_deleted: u64,
    /// Bytes of packs written.
    pub bytes_written: u64,
    /// Temporary files deleted.
    pub stale_deleted: u64,
    /// Files that could not be deleted; harmless, the next sweep tries again.
    pub not_deleted: Vec<PathBuf>,
    /// The disk was too full to write packs anew, so only packs without anything live were deleted, on which nothing
    /// that stays draws.
    pub out_of_space: bool,
}

impl Swept {
    /// Bytes by which packs and temporary files shrank.
    pub fn bytes_freed(&self) -> u64 {
        self.bytes_deleted.saturating_sub(self.bytes_written)
    }
}

impl Store {
    /// Carries out a plan: new packs first, then a new index, then the old index and the old packs go. Where the disk
    /// is too full for new packs, packs that hold nothing live and on which nothing draws go first, and then it is
    /// tried once more.
    ///
    /// Nothing else may be done with this store between planning and sweeping.
    ///
    /// # Errors
    /// [`StoreError::NotExclusive`]; [`StoreError::StalePlan`] if the store has changed since;
    /// [`StoreError::Interrupted`]; [`StoreError::Damaged`] if a live object cannot be copied, [`StoreError::Io`].
    /// Every live object is still there then.
    pub fn sweep(&self, plan: &SweepPlan, monitor: &dyn Monitor) -> Result<Swept, StoreError> {
        self.ready_to_delete()?;
        if !Arc::ptr_eq(&self.index()?, &plan.index) {
            return Err(StoreError::StalePlan);
        }
        // What the sweep goes by may be visible only: whoever removed a manifest or installed a pack may have died
        // before the sync.
        self.fs.sync_dir(&self.layout.manifests())?;
        self.sync_deleted()?;
        self.fs.sync_dir(&self.layout.packs())?;
        let mut swept = Swept::default();
        self.delete_stale(plan, &mut swept);
        let done = self.sweep_packs(plan, monitor, &mut swept);
        self.forget_index();
        self.distrusted().clear();
        done.map(|()| swept)
    }

    fn sweep_packs(&self, plan: &SweepPlan, monitor: &dyn Monitor, swept: &mut Swept) -> Result<(), StoreError> {
        let dropped = plan.dropped.iter().map(|pack| pack.name);
        let rewritten = plan.rewritten.iter().map(|pack| pack.name);
        let mut gone: HashSet<Hash> = dropped.collect();
        let new = match self.copy_live(plan, monitor, swept) {
            Err(error) if error.is_out_of_space() && !gone.is_empty() => {
                // Deleting needs no room, and makes some.
                let first = self.not_drawn_on(plan)?;
                if !first.is_empty() {
                    self.delete_packs(plan, &first, swept)?;
                }
                gone.retain(|pack| !first.contains(pack));
                self.copy_live(plan, monitor, swept)
            }
            done => done,
        };
        match new {
            // A new pack with the bytes of an old one has its name, and is not the old one any more.
            Ok(new) => {
                gone.extend(rewritten);
                gone.retain(|pack| !new.contains(pack));
            }
            // What stays may draw on what else would go.
            Err(error) if error.is_out_of_space() => {
                swept.out_of_space = true;
                gone.clear();
            }
            Err(error) => return Err(error),
        }
        if gone.is_empty() { Ok(()) } else { self.delete_packs(plan, &gone, swept) }
    }

    /// Temporary files of ours: with the store held exclusively no writer is alive who could own them.
    fn delete_stale(&self, plan: &SweepPlan, swept: &mut Swept) {
        for path in &plan.stale_paths {
            let len = self.fs.stat(path).ok().flatten().map_or(0, |stat| stat.len);
            if self.fs.remove(path).is_ok() {
                swept.stale_deleted += 1;
                swept.bytes_deleted += len;
            } else {
                swept.not_deleted.push(path.clone());
            }
        }
    }

    /// Writes the live objects of the packs that go into new packs, durably. Returns the names of those packs.
    fn copy_live(
        &self,
        plan: &SweepPlan,
        monitor: &dyn Monitor,
        swept: &mut Swept,
    ) -> Result<HashSet<Hash>, StoreError> {
        let hard = marked(&plan.index);
        let (hard, soft): (Vec<Location>, Vec<Location>) =
            plan.copies.iter().partition(|place| hard.contains(&place.pack));
        let mut finished = self.write_copies(plan, &soft, None, monitor)?;
        finished.extend(self.write_copies(plan, &hard, Some(mark()?), monitor)?);
        self.install_packs(&plan.index, finished, swept)
    }

    /// Writes copies into new packs, each of which begins with `mark`.
    fn write_copies(
        &self,
        plan: &SweepPlan,
        copies: &[Location],
        mark: Option<Frame>,
        monitor: &dyn Monitor,
    ) -> Result<Vec<FinishedPack>, StoreError> {
        let mut finished: Vec<FinishedPack> = Vec::new();
        let mut current: Option<PackWriter> = None;
        for place in copies {
            if monitor.interrupted() {
                return Err(StoreError::Interrupted);
            }
            let pack = &plan.index.packs[place.pack as usize];
            let file = self.files.get(&*self.fs, &self.layout, pack)?;
            let frame = pack::read_frame(&*file, &self.layout.pack(&pack.name), &place.entry)?;
            let mut writer = match current.take() {
                Some(writer) => writer,
                None => {
                    let mut writer = PackWriter::create(&self.fs, &self.layout)?;
                    mark.iter().try_for_each(|mark| writer.add(mark).map(drop))?;
                    writer
                }
            };
            writer.add(&frame)?;
            monitor.advance(0, u64::from(place.entry.stored_len));
            if writer.is_full(self.pack_size) {
                finished.push(writer.finish()?);
            } else {
                current = Some(writer);
            }
        }
        finished.extend(current.map(PackWriter::finish).transpose()?);
        Ok(finished)
    }

    /// Gives packs their final names, durably. Returns these.
    pub(super) fn install_packs(
        &self,
        index: &Index,
        finished: Vec<FinishedPack>,
        swept: &mut Swept,
    ) -> Result<HashSet<Hash>, StoreError> {
        let mut names = HashSet::new();
        let (mut packs, mut bytes) = (0, 0);
        let mut revived = Vec::new();
        for pack in finished {
            let (pack, entries) = pack.install(&self.layout)?;
            names.insert(pack.name);
            packs += 1;
            bytes += pack.size;
            if index.doomed.contains(&pack.name) {
                revived.push((pack, entries));
            }
        }
        if packs > 0 {
            self.fs.sync_dir(&self.layout.packs())?;
        }
        if !revived.is_empty() {
            // An index file says that they are empty.
            self.index_packs(&revived)?;
        }
        swept.packs_written = packs;
        swept.bytes_written = bytes;
        Ok(names)
    }

    /// Writes an index in which the packs in `doomed` are empty, then deletes all older index files. Returns false if
    /// the disk is too full for it: then there is no index file, and readers take the packs' word.
    fn replace_index(&self, doomed: &HashSet<Hash>) -> Result<bool, StoreError> {
        let index = Index::load(&*self.fs, &self.layout, &HashSet::new())?;
        let bytes = index.encode(doomed);
        let path = self.layout.index_file(&Hash::of(&bytes));
        let written = match write_durably(&*self.fs, &self.layout.temp(), &path, &bytes).map_err(StoreError::from) {
            Err(error) if !error.is_out_of_space() => return Err(error),
            written => written.is_ok(),
        };
        for old in index.files.iter().filter(|file| file.path != path) {
            self.fs.remove(&old.path)?;
        }
        self.fs.sync_dir(&self.layout.index())?;
        Ok(written)
    }

    /// Takes packs out of the index, then deletes them. In between, what is left of them is in no index: an object
    /// whose source is deleted before it is never given, whenever the power fails. Without room for an index, what
    /// draws on others goes before these.
    pub(super) fn delete_packs(
        &self,
        plan: &SweepPlan,
        gone: &HashSet<Hash>,
        swept: &mut Swept,
    ) -> Result<(), StoreError> {
        self.ready_to_delete()?;
        let doomed = self.replace_index(gone)?;
        self.files.clear();
        let mut packs: Vec<&PackPlan> =
            plan.dropped.iter().chain(&plan.rewritten).filter(|pack| gone.contains(&pack.name)).collect();
        if !doomed {
            packs = self.drawers_first(plan, packs)?;
        }
        for pack in packs {
            let path = self.layout.pack(&pack.name);
            if self.fs.remove(&path).is_ok() {
                swept.packs_deleted += 1;
                swept.bytes_deleted += pack.bytes;
            } else {
                swept.not_deleted.push(path);
            }
            if !doomed {
                self.fs.sync_dir(&self.layout.packs())?;
            }
        }
        self.fs.sync_dir(&self.layout.packs())?;
        // The names of packs that are not there any more need not stay in it.
        if doomed {
            self.replace_index(&HashSet::new())?;
        }
        Ok(())
    }
}
