//! Checking everything the store can check by itself: every byte of every file of ours, read-only.

use super::closure::{Closure, Cost, Forms, NoSources};
use super::index::{Index, Location};
use super::layout::{GITIGNORE, hash_name};
use super::pack::{self, PackEntry};
use super::{ObjectCopy, Store, StoreError};
use crate::fsio::{FileKind, read_whole};
use crate::hash::Hash;
use crate::monitor::Monitor;
use rayon::prelude::*;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// What kind of file is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DamageKind {
    /// A pack has bytes that were not written.
    Pack,
    /// An object in a pack draws on one that cannot be read.
    Source,
    /// A pack that an index file knows is gone.
    PackMissing,
    /// An index file cannot be used or contradicts the packs. Harmless: it is made again from the packs.
    Index,
    /// A manifest does not have the hash that its name says.
    Manifest,
    /// A tag, pin or pointer cannot be understood, or a tag names a snapshot that is not there.
    Ref,
    /// The store's `.gitignore` is not ours: rows could get into version control.
    Gitignore,
}

/// One damaged file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// What kind of file.
    pub kind: DamageKind,
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
    /// The objects in it that cannot be read from it, sorted. They may have other copies: see [`CheckReport::lost`].
    pub objects: Vec<Hash>,
}

/// What a check has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Packs read.
    pub packs: u64,
    /// Copies of objects decoded.
    pub objects: u64,
    /// Bytes of packs read.
    pub pack_bytes: u64,
    /// Manifests read.
    pub manifests: u64,
    /// All damage, sorted by path.
    pub damage: Vec<Damage>,
    /// Copies of objects that are damaged.
    pub copies: Vec<ObjectCopy>,
    /// Objects that are known to have been there and have no whole copy any more, sorted.
    pub lost: Vec<Hash>,
}

impl CheckReport {
    /// Whether nothing at all is wrong.
    pub fn is_clean(&self) -> bool {
        self.damage.is_empty()
    }

    fn add(&mut self, kind: DamageKind, path: &Path, reason: impl Into<String>, mut objects: Vec<Hash>) {
        objects.sort_unstable();
        objects.dedup();
        self.damage.push(Damage { kind, path: path.to_path_buf(), reason: reason.into(), objects });
    }
}

/// What became of one pack.
struct PackCheck {
    at: u32,
    reason: Option<String>,
    objects: u64,
    /// Entries whose frames cannot be decoded.
    bad: Vec<PackEntry>,
    /// Objects that draw on others, and on which.
    drawn: Vec<(PackEntry, Vec<Hash>)>,
    /// Whether the index says of this pack what its directory says.
    indexed: bool,
}

impl Store {
    /// Reads everything: every pack is hashed and each of its frames decoded, the index is held against the packs'
    /// directories, manifests against their names, refs against their checksums. Writes nothing. Whether objects are
    /// the content that their ids name is for the layers above to check; so is what objects draw on, see
    /// [`Store::check_forms`].
    ///
    /// # Errors
    /// [`StoreError::Interrupted`]; [`StoreError::Io`] if a directory cannot be listed. Damage is not an error but the
    /// result.
    pub fn check(&self, monitor: &dyn Monitor) -> Result<CheckReport, StoreError> {
        self.check_forms(&NoSources, monitor)
    }

    /// As [`Store::check`], and that every copy of every object has all that it draws on, as `forms` tells it. Each is
    /// read once.
    ///
    /// # Errors
    /// As [`Store::check`].
    pub fn check_forms(&self, forms: &dyn Forms, monitor: &dyn Monitor) -> Result<CheckReport, StoreError> {
        let mut report = CheckReport::default();
        self.check_packs(&mut report, forms, monitor)?;
        self.check_rest(report)
    }

    /// As [`Store::check`], without reading packs: that those which the index knows are there, and everything else.
    ///
    /// # Errors
    /// As [`Store::check`].
    pub fn check_quickly(&self) -> Result<CheckReport, StoreError> {
        let mut report = CheckReport::default();
        let index = self.reload_index()?;
        self.check_index_files(&index, &mut report);
        self.check_rest(report)
    }

    fn check_rest(&self, mut report: CheckReport) -> Result<CheckReport, StoreError> {
        self.check_kinds(&mut report)?;
        self.check_manifests(&mut report)?;
        self.check_refs(&mut report)?;
        let gitignore = self.layout.gitignore();
        if read_whole(&*self.fs, &gitignore, 1 << 16).ok().as_deref() != Some(GITIGNORE) {
            report.add(DamageKind::Gitignore, &gitignore, "it is not the one that `init` writes", Vec::new());
        }
        report.damage.sort_by(|a, b| (&a.path, a.kind).cmp(&(&b.path, b.kind)));
        Ok(report)
    }

    fn check_packs(
        &self,
        report: &mut CheckReport,
        forms: &dyn Forms,
        monitor: &dyn Monitor,
    ) -> Result<(), StoreError> {
        let index = self.reload_index()?;
        let mut counts = vec![0u64; index.packs.len()];
        index.all().for_each(|place| counts[place.pack as usize] += 1);
        let inspect = |at: u32| {
            if monitor.interrupted() {
                return Err(StoreError::Interrupted);
            }
            let first = self.inspect(&index, at, counts[at as usize], forms);
            // A disk that could not read a sector sometimes can the second time.
            let check =
                if first.reason.is_some() { self.inspect(&index, at, counts[at as usize], forms) } else { first };
            monitor.advance(0, index.packs[at as usize].size);
            Ok(check)
        };
        let packs: Vec<u32> = (0..).take(index.packs.len()).collect();
        let checks = packs.into_par_iter().map(inspect).collect::<Result<Vec<_>, _>>()?;
        let mut bad: HashSet<(u32, u64)> = checks.iter().flat_map(|c| c.bad.iter().map(|e| (c.at, e.offset))).collect();
        let drawn = checks.iter().flat_map(|check| check.drawn.iter().map(|(entry, by)| (check.at, entry, by)));
        let unclosed = unclosed(drawn, &|id| {
            let is_whole = |place: &Location| !forms.may_draw(place.entry.kind);
            index.places(id).any(|place| is_whole(&place) && !bad.contains(&(place.pack, place.entry.offset)))
        });
        bad.extend(unclosed.iter().map(|(at, entry, _)| (*at, entry.offset)));
        let copy = |at: u32, entry: &PackEntry| index.copy(&Location { pack: at, entry: *entry });
        report.copies = checks.iter().flat_map(|c| c.bad.iter().map(move |entry| copy(c.at, entry))).collect();
        let mut suspects: Vec<Hash> = checks.iter().flat_map(|c| c.bad.iter().map(|e| e.id)).collect();
        suspects.extend(unclosed.iter().map(|(_, entry, _)| entry.id));
        for of_pack in unclosed.chunk_by(|a, b| a.0 == b.0) {
            let path = self.layout.pack(&index.packs[of_pack[0].0 as usize].name);
            let ids = of_pack.iter().map(|(_, entry, _)| entry.id).collect();
            report.add(DamageKind::Source, &path, &of_pack[0].2, ids);
        }
        for check in checks {
            let pack = &index.packs[check.at as usize];
            report.packs += 1;
            report.pack_bytes += pack.size;
            report.objects += check.objects;
            let path = self.layout.pack(&pack.name);
            if let Some(reason) = check.reason {
                report.add(DamageKind::Pack, &path, reason, check.bad.iter().map(|entry| entry.id).collect());
            } else if !check.indexed {
                report.add(DamageKind::Index, &path, "the index contradicts the pack's directory", Vec::new());
            }
        }
        self.check_index_files(&index, report);
        suspects.extend(index.lost_with_packs().map(|(_, id)| id));
        suspects.sort_unstable();
        suspects.dedup();
        let is_whole = |id: &Hash| index.places(id).any(|place| !bad.contains(&(place.pack, place.entry.offset)));
        report.lost = suspects.into_iter().filter(|id| !is_whole(id)).collect();
        Ok(())
    }

    fn check_index_files(&self, index: &Index, report: &mut CheckReport) {
        for file in &index.files {
            if let Some(reason) = &file.unusable {
                report.add(DamageKind::Index, &file.path, reason, Vec::new());
            }
            for pack in &file.absent {
                let path = self.layout.pack(&pack.name);
                let there = self.fs.stat(&path).ok().flatten().map(|stat| stat.len);
                let reason = match there {
                    None => "it is gone".to_owned(),
                    Some(len) => format!("it is {len} bytes long instead of {}", pack.size),
                };
                let lost = index.lost_with_packs().filter(|(name, _)| *name == pack.name).map(|(_, id)| id).collect();
                report.add(DamageKind::PackMissing, &path, reason, lost);
            }
        }
    }

    /// Reads one pack from end to end.
    fn inspect(&self, index: &Index, at: u32, indexed: u64, forms: &dyn Forms) -> PackCheck {
        let pack = index.packs[at as usize];
        let path = self.layout.pack(&pack.name);
        let mut check = PackCheck { at, reason: None, objects: 0, bad: Vec::new(), drawn: Vec::new(), indexed: true };
        let opened = pack::open(&*self.fs, &path, pack.size);
        let read = opened.and_then(|file| Ok((pack::hash_file(&*file, pack.size)?, file)));
        let (hash, file) = match read {
            Ok(read) => read,
            Err(error) => {
                check.reason = Some(describe(&error));
                check.bad = indexed_entries(index, at);
                return check;
            }
        };
        if hash != pack.name {
            check.reason = Some("its bytes do not have the hash that its name says".to_owned());
        }
        let entries = match pack::read_directory(&*file, &path, pack.size) {
            Ok(entries) => {
                check.indexed = index.doomed.contains(&pack.name) || agrees(index, at, &entries, indexed);
                entries
            }
            Err(error) => {
                check.reason = Some(describe(&error));
                indexed_entries(index, at)
            }
        };
        let decode = |room: &mut Vec<u8>, entry: &PackEntry| {
            let named = |reason: String| format!("object {}: {reason}", entry.id);
            let told = |error: StoreError| match &error {
                StoreError::Damaged { reason, .. } => reason.clone(),
                other => named(describe(other)),
            };
            if !forms.may_draw(entry.kind) {
                return pack::verify_object(&*file, &path, entry, room).map(|()| None).map_err(told);
            }
            pack::read_object(&*file, &path, entry, room).map_err(told)?;
            forms.sources(entry.kind, room).map(Some).map_err(named)
        };
        let decoded: Vec<_> = entries.par_iter().map_init(Vec::new, decode).collect();
        for (entry, sources) in entries.into_iter().zip(decoded) {
            check.objects += 1;
            match sources {
                // What is about to be removed is not given to anybody.
                Ok(Some(sources)) if !index.doomed.contains(&pack.name) => check.drawn.push((entry, sources)),
                Ok(_) => {}
                Err(reason) => {
                    check.reason.get_or_insert(reason);
                    check.bad.push(entry);
                }
            }
        }
        check
    }

    /// Names of ours must be regular files: a link or a pipe in the place of a pack is no pack.
    fn check_kinds(&self, report: &mut CheckReport) -> Result<(), StoreError> {
        let layout = &self.layout;
        for (dir, suffix, kind) in
            [(layout.packs(), ".pack", DamageKind::Pack), (layout.index(), ".idx", DamageKind::Index)]
        {
            for entry in self.entries_of(&dir)? {
                if hash_name(&entry.name, suffix).is_some() && entry.stat.kind != FileKind::File {
                    report.add(kind, &dir.join(&entry.name), "it is not a regular file", Vec::new());
                }
            }
        }
        Ok(())
    }

    fn check_manifests(&self, report: &mut CheckReport) -> Result<(), StoreError> {
        for id in self.manifest_ids()? {
            report.manifests += 1;
            if let Err(error) = self.read_manifest(&id) {
                report.add(DamageKind::Manifest, &self.layout.manifest(&id), describe(&error), Vec::new());
            }
        }
        for aside in self.set_aside_manifests()? {
            report.manifests += 1;
            if let Err(error) = self.read_set_aside(&aside) {
                report.add(DamageKind::Manifest, &self.set_aside_path(&aside), describe(&error), Vec::new());
            }
        }
        Ok(())
    }

    fn check_refs(&self, report: &mut CheckReport) -> Result<(), StoreError> {
        for damaged in self.damaged_refs()? {
            report.add(DamageKind::Ref, &damaged.0, damaged.1, Vec::new());
        }
        Ok(())
    }
}

/// The forms that cannot be read because of what they draw on: in which pack, which, and why.
fn unclosed<'c>(
    drawn: impl Iterator<Item = (u32, &'c PackEntry, &'c Vec<Hash>)>,
    is_held_whole: &dyn Fn(&Hash) -> bool,
) -> Vec<(u32, PackEntry, String)> {
    let mut closure = Closure::default();
    let mut forms: Vec<(u32, PackEntry)> = Vec::new();
    for (at, entry, sources) in drawn {
        for id in sources.iter().chain([&entry.id]).filter(|id| is_held_whole(id)) {
            closure.give(id, Cost::WHOLE);
        }
        closure.add(&entry.id, sources);
        forms.push((at, *entry));
    }
    closure.resolve();
    let broken = forms.into_iter().enumerate().filter(|(form, _)| closure.cost(*form).is_none());
    broken.map(|(form, (at, entry))| (at, entry, format!("object {} {}", entry.id, closure.complaint(form)))).collect()
}

/// The reason alone where the path is shown anyway; with the system's words, which the error keeps apart.
pub(super) fn describe(error: &StoreError) -> String {
    match error {
        StoreError::Damaged { reason, .. } => reason.clone(),
        StoreError::Io { action, source, .. } => format!("cannot {action} it: {source}"),
        other => other.to_string(),
    }
}

fn indexed_entries(index: &Index, at: u32) -> Vec<PackEntry> {
    index.all().filter(|place| place.pack == at).map(|place| place.entry).collect()
}

/// Whether the index has exactly the entries of a pack's directory.
fn agrees(index: &Index, at: u32, entries: &[PackEntry], indexed: u64) -> bool {
    let has = |entry: &PackEntry| index.places(&entry.id).any(|place| place.pack == at && place.entry == *entry);
    entries.len() as u64 == indexed && entries.iter().all(has)
}
