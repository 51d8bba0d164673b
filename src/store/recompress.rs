//! Compressing harder what has been there for a while. A pack comes back as one with the same objects in the same
//! forms, so nothing that draws on them notices.

use super::index::{Index, Location};
use super::index_file::PackRef;
use super::pack::{self, MAX_OBJECTS};
use super::pack_writer::{FinishedPack, PackWriter};
use super::sweep_plan::count_objects;
use super::{Forms, Frame, ObjectKind, Store, StoreError, SweepPlan, Swept, Tally};
use crate::hash::Hash;
use crate::monitor::Monitor;
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::time::SystemTime;

/// What marks a pack all of whose objects are compressed hard: an object that is the same in all of them, and needed by
/// nothing.
const MARK: &[u8] = b"dbsnap hard pack 1\n";
const MARK_KIND: ObjectKind = ObjectKind(5);
/// A pack below this part of the full size stays as it is: the mark would take as much as is gained.
const TINY_SHARE: u64 = 1024;
/// Longer objects stay as they are: they would take memory, and time in which nothing can be interrupted.
const MOST_RAW: u32 = 16 << 20;
/// Bytes of objects that are compressed at the same time.
const MOST_AT_ONCE: u64 = 32 << 20;

/// A pack that can be compressed harder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColdPack {
    /// Its name.
    pub name: Hash,
    /// Length of the file in bytes.
    pub bytes: u64,
}

/// What [`Store::recompress`] has done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recompressed {
    /// Packs that went, and their bytes.
    pub before: Tally,
    /// Packs that came in their place, and their bytes.
    pub after: Tally,
    /// Packs that stay as they are because something in them cannot be read, with the reason.
    pub damaged: Vec<(PathBuf, String)>,
    /// The disk was too full to go on.
    pub out_of_space: bool,
}

/// The name of the object that marks packs.
pub(super) fn mark_id() -> Hash {
    Hash::of(MARK)
}

/// The object that marks packs.
pub(super) fn mark() -> Result<Frame, StoreError> {
    Frame::compress(mark_id(), MARK_KIND, MARK, Frame::LEVEL)
}

/// The packs of an index that are marked.
pub(super) fn marked(index: &Index) -> HashSet<u32> {
    index.all_places(&mark_id()).map(|place| place.pack).collect()
}

impl Store {
    /// The packs that are not compressed hard and not tiny, and were written before `before`; whenever, if it is
    /// `None`.
    ///
    /// # Errors
    /// If a directory cannot be listed.
    pub fn cold_packs(&self, before: Option<SystemTime>) -> Result<Vec<ColdPack>, StoreError> {
        let index = self.reload_index()?;
        let listed = self.entries_of(&self.layout.packs())?;
        let written: HashMap<&str, SystemTime> =
            listed.iter().map(|entry| (entry.name.as_str(), entry.stat.modified)).collect();
        let is_cold = |name: &Hash| {
            let file = format!("{}.pack", name.to_hex());
            before.is_none_or(|before| written.get(file.as_str()).is_some_and(|written| *written < before))
        };
        let mut passed = marked(&index);
        passed.extend(index.damaged.iter().map(|(at, _)| *at));
        let plans = count_objects(&index);
        // The mark must have room.
        let fits = |at: &u32| (1..MAX_OBJECTS as u64).contains(&plans[*at as usize].objects);
        let is_tiny = |pack: &PackRef| pack.size < self.pack_size / TINY_SHARE;
        let packs = (0..).zip(&index.packs).filter(|(at, pack)| {
            fits(at) && !is_tiny(pack) && !passed.contains(at) && !index.distrusts(*at) && is_cold(&pack.name)
        });
        Ok(packs.map(|(_, pack)| ColdPack { name: pack.name, bytes: pack.size }).collect())
    }

    /// Compresses packs harder. Those of `packs` that are not there are passed over. Every object is read and held
    /// against its id first; a pack in which one is damaged stays as it is. Where the disk is too full, or it is
    /// interrupted, what is done until then counts.
    ///
    /// # Errors
    /// [`StoreError::NotExclusive`], [`StoreError::Interrupted`], [`StoreError::Io`]. Every object is still there then.
    pub fn recompress(
        &self,
        packs: &[ColdPack],
        forms: &'static dyn Forms,
        monitor: &dyn Monitor,
    ) -> Result<Recompressed, StoreError> {
        self.ready_to_delete()?;
        let mut plan = self.recompress_plan(packs, forms)?;
        let mut done = Recompressed::default();
        let (mut finished, mut gone) = (Vec::new(), HashSet::new());
        let mut stopped = None;
        for places in plan.copies.chunk_by(|a, b| a.pack == b.pack) {
            let name = plan.index.packs[places[0].pack as usize].name;
            match self.compress_pack(&plan, places, monitor) {
                Ok(Ok(new)) => {
                    finished.push(new);
                    gone.insert(name);
                }
                Ok(Err(reason)) => done.damaged.push((self.layout.pack(&name), reason)),
                Err(error) if error.is_out_of_space() => {
                    done.out_of_space = true;
                    break;
                }
                Err(error) => {
                    stopped = Some(error);
                    break;
                }
            }
        }
        if !matches!(stopped, None | Some(StoreError::Interrupted)) {
            gone.clear();
        }
        plan.rewritten.retain(|pack| gone.contains(&pack.name));
        if !gone.is_empty() {
            self.exchange(&plan, finished, gone, &mut done)?;
        }
        stopped.map_or(Ok(done), Err)
    }

    fn recompress_plan(&self, packs: &[ColdPack], forms: &'static dyn Forms) -> Result<SweepPlan, StoreError> {
        let index = self.reload_index()?;
        let names: HashSet<Hash> = packs.iter().map(|pack| pack.name).collect();
        let chosen = |place: &Location| names.contains(&index.packs[place.pack as usize].name);
        let mut copies: Vec<Location> = index.all().filter(chosen).collect();
        copies.sort_unstable_by_key(|place| (place.pack, place.entry.offset));
        let rewritten = count_objects(&index).into_iter().filter(|pack| names.contains(&pack.name)).collect();
        Ok(SweepPlan { rewritten, copies, ..SweepPlan::nothing(index, forms) })
    }

    /// Writes one pack anew, under a temporary name; or gives the reason why an object in it cannot be read.
    fn compress_pack(
        &self,
        plan: &SweepPlan,
        places: &[Location],
        monitor: &dyn Monitor,
    ) -> Result<Result<FinishedPack, String>, StoreError> {
        let verifier = plan.forms.verifier(self);
        let verify = |place: &Location| match monitor.interrupted() {
            true => Err(StoreError::Interrupted),
            false => Ok(verifier.verify(&place.entry.id, &plan.index.copy(place)).err()),
        };
        let bad: Vec<Option<String>> = places.par_iter().map(verify).collect::<Result<_, _>>()?;
        if let Some(reason) = bad.into_iter().flatten().next() {
            return Ok(Err(reason));
        }
        let mut writer = PackWriter::create(&self.fs, &self.layout)?;
        writer.add(&mark()?)?;
        let mut rest = places;
        while !rest.is_empty() {
            let mut raw = 0;
            let count = rest.iter().take_while(|place| {
                raw += u64::from(place.entry.raw_len);
                raw <= MOST_AT_ONCE
            });
            let (now, later) = rest.split_at(count.count().max(1));
            let compressed: Result<Vec<Frame>, StoreError> =
                now.par_iter().map(|place| self.compress_place(plan, place, monitor)).collect();
            compressed?.iter().try_for_each(|frame| writer.add(frame).map(drop))?;
            rest = later;
        }
        writer.finish().map(Ok)
    }

    fn compress_place(&self, plan: &SweepPlan, place: &Location, monitor: &dyn Monitor) -> Result<Frame, StoreError> {
        if monitor.interrupted() {
            return Err(StoreError::Interrupted);
        }
        let pack = &plan.index.packs[place.pack as usize];
        let path = self.layout.pack(&pack.name);
        let file = self.files.get(&*self.fs, &self.layout, pack)?;
        let frame = pack::read_frame(&*file, &path, &place.entry)?;
        let frame = match place.entry.raw_len {
            0..=MOST_RAW => {
                let raw = frame.decompress().map_err(|reason| StoreError::damaged(&path, reason))?;
                frame.compress_hard(&raw)?
            }
            _ => frame,
        };
        monitor.advance(0, u64::from(place.entry.stored_len));
        Ok(frame)
    }

    /// Gives new packs their names, durably, then removes the old ones as a sweep does.
    fn exchange(
        &self,
        plan: &SweepPlan,
        finished: Vec<FinishedPack>,
        mut gone: HashSet<Hash>,
        done: &mut Recompressed,
    ) -> Result<(), StoreError> {
        let mut swept = Swept::default();
        let new = self.install_packs(&plan.index, finished, &mut swept)?;
        gone.retain(|pack| !new.contains(pack));
        let deleted = self.delete_packs(plan, &gone, &mut swept);
        self.forget_index();
        deleted?;
        done.before = Tally { files: swept.packs_deleted, bytes: swept.bytes_deleted };
        done.after = Tally { files: swept.packs_written, bytes: swept.bytes_written };
        Ok(())
    }
}
