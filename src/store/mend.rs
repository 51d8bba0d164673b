//! Putting a damaged store right, as far as its own bytes suffice: damaged packs are written anew from what can be read
//! of them, the index from the packs. Small files are in `mend_small`. What is replaced is set aside in `quarantine/`.

use super::check::describe;
use super::index::{Index, Location};
use super::layout::hash_name;
use super::open::dir_is_there;
use super::pack::{self, PackEntry};
use super::pack_writer::PackWriter;
use super::recompress::mark_id;
use super::salvage::{MOST_SALVAGED, frames, last_directory};
use super::{Forms, Store, StoreError};

use crate::fsio::{read_whole, write_durably};
use crate::hash::Hash;
use crate::monitor::Monitor;
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A damaged pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MendedPack {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
    /// Objects that were read from it and written into a new pack.
    pub saved: u64,
    /// Objects in it that cannot be read from it, if that can be told.
    pub lost: u64,
}

/// What [`Store::mend`] has found and done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mended {
    /// Damaged packs: the files are in quarantine.
    pub packs: Vec<MendedPack>,
    /// Why the index was made anew, for each file.
    pub index: Vec<(PathBuf, String)>,
    /// Manifests and refs in which one bit was wrong, and a `.gitignore` that was not ours.
    pub files: Vec<PathBuf>,
    /// Directories where a ref belongs. A pin is there again; what a tag or a pointer named is not known.
    pub directories: Vec<PathBuf>,
    /// What is in quarantine now.
    pub quarantined: Vec<PathBuf>,
}

impl Mended {
    /// Whether there was nothing to mend.
    pub fn is_empty(&self) -> bool {
        self.packs.is_empty() && self.index.is_empty() && self.files.is_empty() && self.directories.is_empty()
    }
}

/// All packs as they are, whatever the index says.
struct Look {
    index: Index,
    /// By pack: why its directory cannot be read, or that its bytes do not have its hash.
    reasons: BTreeMap<u32, String>,
    /// Copies that are not what their ids say, and why. One that only lacks what it draws on is none: that may come
    /// back.
    bad: HashMap<(u32, u64), String>,
}

impl Store {
    /// Reads everything, and mends what can be mended without any other source; `dry_run` only looks, and gives from
    /// then on what could be read of the store if it had been mended. Nothing is removed but the index, which is made
    /// anew, and temporary files.
    ///
    /// # Errors
    /// [`StoreError::NotExclusive`] unless it only looks; [`StoreError::Interrupted`], [`StoreError::Io`]. What can be
    /// read can be read then as well.
    pub fn mend(&self, forms: &dyn Forms, dry_run: bool, monitor: &dyn Monitor) -> Result<Mended, StoreError> {
        if !dry_run {
            self.ready_to_delete()?;
            self.sync_index()?;
            self.stale_temps()?.iter().for_each(|(path, _)| drop(self.fs.remove(path)));
        }
        let mut mended = Mended::default();
        let known = self.reload_index()?;
        let look = self.look(&known, forms, monitor)?;
        self.mend_small_files(dry_run, &mut mended)?;
        let damaged: Vec<u32> = (0..)
            .zip(&look.index.packs)
            .map(|(at, _)| at)
            .filter(|at| look.reasons.contains_key(at) || look.bad.keys().any(|(pack, _)| pack == at))
            .collect();
        mended.packs = damaged.iter().map(|at| self.told(&look, *at)).collect();
        mended.index = self.wrong_index(&known, &look);
        if !dry_run && (!damaged.is_empty() || !mended.index.is_empty()) {
            self.or_poison(self.replace(&look, &known, &damaged, &mut mended, monitor))?;
            self.forget_index();
        }
        if dry_run {
            // As it would be.
            let Look { index, bad, .. } = look;
            self.update_index(|_| Ok(Arc::new(index.without(bad.into_keys()))))?;
        } else {
            self.tell_damaged(&[])?;
        }
        Ok(mended)
    }

    fn told(&self, look: &Look, at: u32) -> MendedPack {
        let (bad, good): (Vec<Location>, Vec<Location>) = look.of_pack(at).partition(|place| look.is_bad(place));
        let first = bad.first().and_then(|place| look.bad.get(&(at, place.entry.offset)));
        let count = |places: &[Location]| places.iter().filter(|place| !is_mark(place)).count() as u64;
        let reason = look.reasons.get(&at).or(first).cloned().unwrap_or_default();
        let path = self.layout.pack(&look.index.packs[at as usize].name);
        MendedPack { path, reason, saved: count(&good), lost: count(&bad) }
    }

    /// Reads every pack, with or without its directory, and verifies every copy.
    fn look(&self, known: &Index, forms: &dyn Forms, monitor: &dyn Monitor) -> Result<Look, StoreError> {
        let mut index = Index::of_packs(&*self.fs, &self.layout)?;
        let mut reasons = BTreeMap::new();
        for at in 0..u32::try_from(index.packs.len()).unwrap_or(u32::MAX) {
            let pack = index.packs[at as usize];
            let path = self.layout.pack(&pack.name);
            let hash = pack::open(&*self.fs, &path, pack.size).and_then(|file| pack::hash_file(&*file, pack.size));
            match hash {
                Ok(hash) if hash == pack.name => {}
                Ok(_) => drop(reasons.insert(at, "its bytes do not have the hash that its name says".to_owned())),
                Err(error) if may_pass(&error) => return Err(error),
                Err(error) => drop(reasons.insert(at, describe(&error))),
            }
        }
        for (at, error) in std::mem::take(&mut index.damaged) {
            reasons.insert(at, describe(&error));
            let pack = index.packs[at as usize];
            let listed = known.entries_of(&pack);
            let entries = if listed.is_empty() { self.salvage(at, &mut index, forms)? } else { listed };
            index.give(at, &entries, &self.layout);
        }
        let index = self.update_index(|_| Ok(Arc::new(index)))?;
        let mut places: Vec<Location> = index.all().collect();
        places.sort_unstable_by_key(|place| (place.pack, place.entry.offset));
        let verifier = forms.verifier(self);
        let verify = |place: &Location| match monitor.interrupted() {
            true => Err(StoreError::Interrupted),
            false => {
                monitor.advance(0, u64::from(place.entry.stored_len));
                Ok(verifier.verify(&place.entry.id, &index.copy(place)).err())
            }
        };
        let checked: Vec<Option<String>> = places.par_iter().map(verify).collect::<Result<_, _>>()?;
        let good: HashSet<Hash> =
            places.iter().zip(&checked).filter(|(_, flaw)| flaw.is_none()).map(|(place, _)| place.entry.id).collect();
        let mut bad = HashMap::new();
        for (place, reason) in places.iter().zip(checked) {
            if let Some(reason) = reason
                && !self.lacks_sources(&index, place, forms, &good)
            {
                bad.insert((place.pack, place.entry.offset), reason);
            }
        }
        drop(verifier);
        self.forget_index();
        let index = Arc::try_unwrap(index).map_err(|_| StoreError::StalePlan)?;
        Ok(Look { index, reasons, bad })
    }

    /// Whether a copy that cannot be read is whole in itself, and draws on what cannot be read.
    fn lacks_sources(&self, index: &Index, place: &Location, forms: &dyn Forms, good: &HashSet<Hash>) -> bool {
        let mut bytes = Vec::new();
        forms.may_draw(place.entry.kind)
            && self.read_place(index, place, &mut bytes).is_ok()
            && forms
                .sources(place.entry.kind, &bytes)
                .is_ok_and(|sources| sources.iter().any(|source| !good.contains(source)))
    }

    /// The objects of a pack whose directory cannot be read where it should be: frames stand one after the other, and
    /// the last of them is the directory. Where that is damaged itself, an object tells its own id.
    fn salvage(&self, at: u32, index: &mut Index, forms: &dyn Forms) -> Result<Vec<PackEntry>, StoreError> {
        let pack = index.packs[at as usize];
        let Ok(bytes) = read_whole(&*self.fs, &self.layout.pack(&pack.name), MOST_SALVAGED) else {
            return Ok(Vec::new());
        };
        let frames = frames(&bytes);
        if let Some(entries) = last_directory(&bytes, &frames) {
            return Ok(entries);
        }
        let mut entries: Vec<PackEntry> = Vec::new();
        loop {
            // What draws on others is told once these are known.
            let before = entries.len();
            index.give(at, &entries, &self.layout);
            let own = std::mem::take(index);
            let shared = self.update_index(|_| Ok(Arc::new(own)))?;
            let verifier = forms.verifier(self);
            for frame in &frames {
                let offset = frame.offset;
                if entries.iter().all(|entry| entry.offset != offset)
                    && let Some((id, kind)) = frame.raw(&bytes).and_then(|raw| verifier.identify(raw))
                {
                    entries.push(frame.entry(id, kind));
                }
            }
            drop(verifier);
            self.forget_index();
            *index = Arc::try_unwrap(shared).map_err(|_| StoreError::StalePlan)?;
            if entries.len() == before {
                return Ok(entries);
            }
        }
    }

    /// Index files that cannot be used, that name packs which are gone, or do not say what packs say.
    fn wrong_index(&self, known: &Index, look: &Look) -> Vec<(PathBuf, String)> {
        let mut wrong = Vec::new();
        for file in &known.files {
            if let Some(reason) = &file.unusable {
                wrong.push((file.path.clone(), reason.clone()));
            }
            for absent in &file.absent {
                wrong.push((file.path.clone(), format!("it names pack {}, which is gone", absent.name.short())));
            }
        }
        for (at, pack) in (0..).zip(&look.index.packs) {
            let mut told = known.entries_of(pack);
            let mut there: Vec<PackEntry> = look.of_pack(at).map(|place| place.entry).collect();
            told.sort_unstable_by_key(|entry| entry.offset);
            there.sort_unstable_by_key(|entry| entry.offset);
            if !look.reasons.contains_key(&at) && !known.doomed.contains(&pack.name) && told != there {
                wrong.push((self.layout.pack(&pack.name), "the index contradicts the pack's directory".to_owned()));
            }
        }
        wrong
    }

    /// Writes what can be read of damaged packs into new ones, then the index, and sets aside what is damaged.
    fn replace(
        &self,
        look: &Look,
        known: &Index,
        damaged: &[u32],
        mended: &mut Mended,
        monitor: &dyn Monitor,
    ) -> Result<(), StoreError> {
        let mut finished = Vec::new();
        for at in damaged {
            let pack = look.index.packs[*at as usize];
            let mut current: Option<PackWriter> = None;
            let mut places: Vec<Location> =
                look.of_pack(*at).filter(|place| !look.is_bad(place) && !is_mark(place)).collect();
            places.sort_unstable_by_key(|place| place.entry.offset);
            for place in places {
                if monitor.interrupted() {
                    return Err(StoreError::Interrupted);
                }
                let file = self.files.get(&*self.fs, &self.layout, &pack)?;
                let frame = pack::read_frame(&*file, &self.layout.pack(&pack.name), &place.entry)?;
                let mut writer = match current.take() {
                    Some(writer) => writer,
                    None => PackWriter::create(&self.fs, &self.layout)?,
                };
                writer.add(&frame)?;
                match writer.is_full(self.pack_size) {
                    true => finished.push(writer.finish()?),
                    false => current = Some(writer),
                }
            }
            finished.extend(current.map(PackWriter::finish).transpose()?);
        }
        self.files.clear();
        let names: HashSet<Hash> = damaged.iter().map(|at| look.index.packs[*at as usize].name).collect();
        let mut gone = names.clone();
        for pack in finished {
            // What a damaged pack should have been has its name: the bytes that are there are copied away first.
            if gone.remove(&pack.pack.name) {
                mended.quarantined.push(self.copy_away(&self.layout.pack(&pack.pack.name))?);
            }
            pack.install(&self.layout)?;
        }
        self.fs.sync_dir(&self.layout.packs())?;
        for file in known.files.iter().filter(|file| file.unusable.is_some()) {
            mended.quarantined.push(self.set_apart(&file.path)?);
        }
        self.rebuild_index(&gone)?;
        for name in &gone {
            mended.quarantined.push(self.set_apart(&self.layout.pack(name))?);
        }
        self.rebuild_index(&HashSet::new())
    }

    /// Writes an index over all packs by their own directories, in which those in `doomed` are empty; removes all
    /// others.
    fn rebuild_index(&self, doomed: &HashSet<Hash>) -> Result<(), StoreError> {
        let index = Index::of_packs(&*self.fs, &self.layout)?;
        let bytes = index.encode(doomed);
        let path = self.layout.index_file(&Hash::of(&bytes));
        write_durably(&*self.fs, &self.layout.temp(), &path, &bytes)?;
        for entry in self.entries_of(&self.layout.index())? {
            let old = self.layout.index().join(&entry.name);
            if hash_name(&entry.name, ".idx").is_some() && old != path {
                self.fs.remove(&old)?;
            }
        }
        Ok(self.fs.sync_dir(&self.layout.index())?)
    }

    /// Moves a file or a directory into quarantine, durably.
    pub(super) fn set_apart(&self, path: &Path) -> Result<PathBuf, StoreError> {
        let target = self.quarantine_for(path)?;
        self.fs.rename(path, &target)?;
        self.fs.sync_dir(&self.layout.quarantine())?;
        self.fs.sync_dir(path.parent().unwrap_or(self.layout.root()))?;
        Ok(target)
    }

    /// Moves the directory at `path` into quarantine and writes a file there; if that cannot be done, the directory goes
    /// back, so that gc still sees that something is there. Returns where it is now.
    pub(super) fn replace_directory(&self, path: &Path, bytes: &[u8]) -> Result<PathBuf, StoreError> {
        let aside = self.quarantine_for(path)?;
        self.fs.rename(path, &aside)?;
        let synced = self.fs.sync_dir(&self.layout.quarantine()).map_err(StoreError::from);
        if let Err(error) = synced.and_then(|()| self.write_file(path, bytes)) {
            // what failed is the error, and not that a file that was written is in the way
            let _ = self.fs.rename(&aside, path);
            return Err(error);
        }
        Ok(aside)
    }

    /// Copies a file into quarantine, durably.
    pub(super) fn copy_away(&self, path: &Path) -> Result<PathBuf, StoreError> {
        let target = self.quarantine_for(path)?;
        let bytes = read_whole(&*self.fs, path, u64::MAX)?;
        write_durably(&*self.fs, &self.layout.temp(), &target, &bytes)?;
        Ok(target)
    }

    /// A name in quarantine that is free.
    fn quarantine_for(&self, path: &Path) -> Result<PathBuf, StoreError> {
        let dir = self.layout.quarantine();
        if !dir_is_there(&*self.fs, &self.layout, &dir)? {
            self.fs.create_dir(&dir)?;
            self.fs.sync_dir(self.layout.root())?;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let names = std::iter::once(name.clone()).chain((2..).map(|number| format!("{name}.{number}")));
        for name in names {
            if self.fs.stat(&dir.join(&name))?.is_none() {
                return Ok(dir.join(name));
            }
        }
        Err(StoreError::StalePlan)
    }
}

/// Whether it is not the file that is to blame: no right to read it, too many open files.
pub(super) fn may_pass(error: &StoreError) -> bool {
    const TOO_MANY_FILES: [i32; 2] = [23, 24];
    let StoreError::Io { source, .. } = error else { return false };
    source.kind() == std::io::ErrorKind::PermissionDenied
        || source.raw_os_error().is_some_and(|code| TOO_MANY_FILES.contains(&code))
}

/// A pack that is mended is not marked: some of it may be compressed hard and some not.
fn is_mark(place: &Location) -> bool {
    place.entry.id == mark_id()
}

impl Look {
    fn of_pack(&self, at: u32) -> impl Iterator<Item = Location> + '_ {
        self.index.all().filter(move |place| place.pack == at)
    }

    fn is_bad(&self, place: &Location) -> bool {
        self.bad.contains_key(&(place.pack, place.entry.offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn a_pack_that_may_be_read_later_is_not_damaged() {
        let error = |source| StoreError::Io { action: "open", path: PathBuf::new(), source };
        assert!(may_pass(&error(io::ErrorKind::PermissionDenied.into())));
        assert!(may_pass(&error(io::Error::from_raw_os_error(24))));
        assert!(!may_pass(&error(io::Error::from_raw_os_error(5))));
        assert!(!may_pass(&StoreError::damaged(Path::new("pack"), "it is cut short")));
    }
}
