//! Checking everything the store can check by itself: every byte of every file of ours, read-only.

use super::index::Index;
use super::layout::{GITIGNORE, hash_name};
use super::pack::{self, PackEntry};
use super::{Store, StoreError};
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
    /// Whether the index says of this pack what its directory says.
    indexed: bool,
}

impl Store {
    /// Reads everything: every pack is hashed and each of its frames decoded, the index is held against the packs'
    /// directories, manifests against their names, refs against their checksums. Writes nothing. Whether objects are the
    /// content that their ids name is for the layers above to check.
    ///
    /// # Errors
    /// [`StoreError::Interrupted`]; [`StoreError::Io`] if a directory cannot be listed. Damage is not an error but the result.
    pub fn check(&self, monitor: &dyn Monitor) -> Result<CheckReport, StoreError> {
        let mut report = CheckReport::default();
        self.check_packs(&mut report, monitor)?;
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

    fn check_packs(&self, report: &mut CheckReport, monitor: &dyn Monitor) -> Result<(), StoreError> {
        let index = self.reload_index()?;
        let mut counts = vec![0u64; index.packs.len()];
        index.all().for_each(|place| counts[place.pack as usize] += 1);
        let inspect = |at: u32| {
            if monitor.interrupted() {
                return Err(StoreError::Interrupted);
            }
            let first = self.inspect(&index, at, counts[at as usize]);
            // A disk that could not read a sector sometimes can the second time.
            let check = if first.reason.is_some() { self.inspect(&index, at, counts[at as usize]) } else { first };
            monitor.advance(0, index.packs[at as usize].size);
            Ok(check)
        };
        let packs: Vec<u32> = (0..).take(index.packs.len()).collect();
        let checks = packs.into_par_iter().map(inspect).collect::<Result<Vec<_>, _>>()?;
        let bad: HashSet<(u32, u64)> = checks.iter().flat_map(|c| c.bad.iter().map(|e| (c.at, e.offset))).collect();
        let mut suspects: Vec<Hash> = checks.iter().flat_map(|c| c.bad.iter().map(|e| e.id)).collect();
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
    fn inspect(&self, index: &Index, at: u32, indexed: u64) -> PackCheck {
        let pack = index.packs[at as usize];
        let path = self.layout.pack(&pack.name);
        let mut check = PackCheck { at, reason: None, objects: 0, bad: Vec::new(), indexed: true };
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
                check.indexed = agrees(index, at, &entries, indexed);
                entries
            }
            Err(error) => {
                check.reason = Some(describe(&error));
                indexed_entries(index, at)
            }
        };
        for entry in entries {
            let decoded =
                pack::read_frame(&*file, &path, &entry).map_err(|e| describe(&e)).and_then(|f| f.decompress());
            check.objects += 1;
            if let Err(reason) = decoded {
                check.reason.get_or_insert_with(|| format!("object {}: {reason}", entry.id));
                check.bad.push(entry);
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
        Ok(())
    }

    fn check_refs(&self, report: &mut CheckReport) -> Result<(), StoreError> {
        let manifests: HashSet<Hash> = self.manifest_ids()?.into_iter().collect();
        for damaged in self.damaged_refs(&manifests)? {
            report.add(DamageKind::Ref, &damaged.0, damaged.1, Vec::new());
        }
        Ok(())
    }
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
