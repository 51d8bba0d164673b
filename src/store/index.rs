//! The index in memory: which pack holds an object, and where. Disposable: the packs say it all.

use super::index_file::{self, Entries, PackRef, RawEntry};
use super::layout::{Layout, hash_name};
use super::pack::{self, PackEntry};
use super::{ObjectCopy, StoreError};
use crate::fsio::{FileKind, FileSystem, read_whole};
use crate::hash::Hash;
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

/// From so many packs on that no index file covers, the next writer makes a new index file over all.
pub(super) const MAX_UNCOVERED: usize = 32;
/// The longest index file that is read: 80 million objects.
const MAX_INDEX_FILE: u64 = 4 << 30;

/// Where one copy of an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Location {
    /// Position in [`Index::packs`].
    pub(super) pack: u32,
    pub(super) entry: PackEntry,
}

/// An index file that was read.
#[derive(Debug, Clone)]
pub(super) struct IndexFile {
    pub(super) path: PathBuf,
    /// Why it cannot be used, if it cannot.
    pub(super) unusable: Option<String>,
    /// Packs it names that are not there (or not with that size).
    pub(super) absent: Vec<PackRef>,
}

/// A run of sorted entries: of one index file, or of one pack that no index file covers.
#[derive(Debug)]
struct Segment {
    /// For each pack number in the entries, what became of the pack.
    packs: Vec<Site>,
    entries: Entries,
}

/// What an index file's pack is to the store as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Site {
    /// It is at this position of [`Index::packs`].
    At(u32),
    /// It is not there, or not with that size.
    Absent(Hash),
    /// It is there, and another segment has its objects.
    Repeated,
}

/// Stands for all copies in a pack; no object is at its beginning.
pub(super) const WHOLE_PACK: u64 = 0;

/// Copies that were found damaged: the pack and where in it.
pub(super) type Distrusted = HashSet<(Hash, u64)>;

/// Every object of the store.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// The packs that are there, whether their directories can be read or not.
    pub(super) packs: Vec<PackRef>,
    /// Packs whose directory was needed and cannot be read, with the reason: their objects are not in the index.
    pub(super) damaged: Vec<(u32, StoreError)>,
    /// All index files that are there.
    pub(super) files: Vec<IndexFile>,
    /// Packs that a sweep was about to remove, or has removed: an index file names them and gives none of their
    /// objects. If one is written again, an index file has to tell of it.
    pub(super) doomed: HashSet<Hash>,
    /// Copies that were found damaged: they are not given.
    distrusted: Distrusted,
    segments: Vec<Segment>,
    uncovered: usize,
}

impl Index {
    /// Reads `index/` and `packs/`. Copies in `distrusted` are not given.
    ///
    /// Index files come first: the packs that they name were there before them, so whatever is listed afterwards
    /// includes them. An index file that vanishes meanwhile has been replaced by a writer; then everything is read
    /// again.
    ///
    /// # Errors
    /// If a directory or a file cannot be read; damage is no error but kept in the result.
    pub(super) fn load(fs: &dyn FileSystem, layout: &Layout, distrusted: &Distrusted) -> Result<Index, StoreError> {
        let mut tries = 0;
        loop {
            tries += 1;
            match Index::try_load(fs, layout) {
                Err(error) if error.is_not_found() && tries < 4 => {}
                done => return done.map(|index| Index { distrusted: distrusted.clone(), ..index }),
            }
        }
    }

    fn try_load(fs: &dyn FileSystem, layout: &Layout) -> Result<Index, StoreError> {
        let mut parsed = Vec::new();
        for name in list_hashes(fs, &layout.index(), ".idx")? {
            parsed.push((layout.index_file(&name.name), read_index_file(fs, layout, &name)));
        }
        let mut index = Index { packs: list_hashes(fs, &layout.packs(), ".pack")?, ..Index::default() };
        let mut covered = vec![false; index.packs.len()];
        let positions: HashMap<Hash, u32> = index.packs.iter().zip(0..).map(|(pack, at)| (pack.name, at)).collect();
        let mut doomed = Vec::new();
        for (path, result) in parsed {
            let mut file = IndexFile { path, unusable: None, absent: Vec::new() };
            match result {
                Ok((refs, entries)) => {
                    let told = told_packs(&refs, &entries);
                    doomed.extend(refs.iter().zip(&told).filter(|(_, told)| !**told).map(|(pack, _)| *pack));
                    index.add_file(&mut file, &refs, &told, entries, &positions, &mut covered);
                }
                Err(error) if error.is_not_found() || error.is_out_of_descriptors() => return Err(error),
                Err(StoreError::Damaged { reason, .. }) => file.unusable = Some(reason),
                Err(error) => file.unusable = Some(error.to_string()),
            }
            index.files.push(file);
        }
        for pack in doomed {
            let is_hidden = match positions.get(&pack.name).copied() {
                Some(at) if index.packs[at as usize].size == pack.size => {
                    !std::mem::replace(&mut covered[at as usize], true)
                }
                Some(_) => false,
                None => true,
            };
            if is_hidden {
                index.doomed.insert(pack.name);
            }
        }
        let bare: Vec<u32> = (0..).zip(&covered).filter(|(_, covered)| !**covered).map(|(at, _)| at).collect();
        index.add_directories(fs, layout, &bare)?;
        Ok(index)
    }

    /// Reads `packs/` alone.
    ///
    /// # Errors
    /// As [`Index::load`].
    pub(super) fn of_packs(fs: &dyn FileSystem, layout: &Layout) -> Result<Index, StoreError> {
        let mut index = Index { packs: list_hashes(fs, &layout.packs(), ".pack")?, ..Index::default() };
        let all: Vec<u32> = (0..).zip(&index.packs).map(|(at, _)| at).collect();
        index.add_directories(fs, layout, &all)?;
        Ok(index)
    }

    /// Without the copies at these places: the pack's position and where in it.
    pub(super) fn without(mut self, bad: impl Iterator<Item = (u32, u64)>) -> Index {
        let names: Vec<Hash> = self.packs.iter().map(|pack| pack.name).collect();
        self.distrusted.extend(bad.map(|(at, offset)| (names[at as usize], offset)));
        self
    }

    /// The objects of a pack, if it is there with that size.
    pub(super) fn entries_of(&self, pack: &PackRef) -> Vec<PackEntry> {
        let at = (0..).zip(&self.packs).find(|(_, held)| *held == pack).map(|(at, _)| at);
        self.listed().filter(|place| Some(place.pack) == at).map(|place| place.entry).collect()
    }

    /// Takes these for the objects of the pack at that position, whose directory cannot be read.
    pub(super) fn give(&mut self, at: u32, entries: &[PackEntry], layout: &Layout) {
        self.segments.retain(|segment| segment.packs != [Site::At(at)]);
        self.add_segment(at, entries, layout);
    }

    fn add_file(
        &mut self,
        file: &mut IndexFile,
        refs: &[PackRef],
        told: &[bool],
        entries: Entries,
        positions: &HashMap<Hash, u32>,
        covered: &mut [bool],
    ) {
        let mut packs = Vec::with_capacity(refs.len());
        for (pack, told) in refs.iter().zip(told) {
            let at = positions.get(&pack.name).copied().filter(|at| self.packs[*at as usize].size == pack.size);
            packs.push(match at {
                _ if !told => Site::Repeated,
                Some(at) if covered[at as usize] => Site::Repeated,
                Some(at) => {
                    covered[at as usize] = true;
                    Site::At(at)
                }
                None => {
                    file.absent.push(*pack);
                    Site::Absent(pack.name)
                }
            });
        }
        self.segments.push(Segment { packs, entries });
    }

    fn add_directories(&mut self, fs: &dyn FileSystem, layout: &Layout, bare: &[u32]) -> Result<(), StoreError> {
        let read: Vec<_> = bare
            .par_iter()
            .map(|at| {
                let pack = &self.packs[*at as usize];
                (*at, read_pack_directory(fs, layout, pack))
            })
            .collect();
        for (at, result) in read {
            match result {
                Ok(entries) => self.add_segment(at, &entries, layout),
                Err(error) if error.is_not_found() || error.is_out_of_descriptors() => return Err(error),
                Err(error) => self.damaged.push((at, error)),
            }
        }
        Ok(())
    }

    fn add_segment(&mut self, at: u32, entries: &[PackEntry], layout: &Layout) {
        let raw: Result<Vec<RawEntry>, _> = entries.iter().map(|entry| index_file::raw_entry(0, entry)).collect();
        match raw {
            Ok(raw) => {
                self.segments.push(Segment { packs: vec![Site::At(at)], entries: Entries::from_list(raw) });
                self.uncovered += 1;
            }
            Err(_) => {
                let path = layout.pack(&self.packs[at as usize].name);
                self.damaged.push((at, StoreError::damaged(&path, "its objects begin beyond 4 GiB")));
            }
        }
    }

    /// Adds a pack that was just written, or written again. Returns whether an index file is wanted that tells of it:
    /// others say that it is about to be removed.
    pub(super) fn add_pack(&mut self, pack: PackRef, entries: &[PackEntry], layout: &Layout) -> bool {
        let was_doomed = self.doomed.remove(&pack.name);
        self.distrusted.retain(|(name, _)| *name != pack.name);
        self.insert_pack(pack, entries, layout);
        was_doomed
    }

    fn insert_pack(&mut self, pack: PackRef, entries: &[PackEntry], layout: &Layout) {
        let at = match self.packs.iter().position(|held| held.name == pack.name) {
            Some(at) => at,
            None => {
                self.packs.push(pack);
                self.packs.len() - 1
            }
        };
        let number = u32::try_from(at).unwrap_or(u32::MAX);
        let known = self.segments.iter().any(|segment| segment.packs.contains(&Site::At(number)));
        if known && self.packs[at] == pack {
            return;
        }
        self.packs[at] = pack;
        self.damaged.retain(|(damaged, _)| *damaged != number);
        self.add_segment(number, entries, layout);
    }

    /// All copies of an object.
    pub(super) fn places<'a>(&'a self, id: &'a Hash) -> impl Iterator<Item = Location> + 'a {
        self.all_places(id).filter(|place| self.trusts(place))
    }

    /// As [`Index::places`], with those that were found damaged.
    pub(super) fn all_places<'a>(&'a self, id: &'a Hash) -> impl Iterator<Item = Location> + 'a {
        self.segments.iter().flat_map(move |segment| segment.entries.of(id).filter_map(|raw| segment.place(raw)))
    }

    pub(super) fn trusts(&self, place: &Location) -> bool {
        self.distrusted.is_empty()
            || ![place.entry.offset, WHOLE_PACK]
                .into_iter()
                .any(|offset| self.distrusted.contains(&(self.packs[place.pack as usize].name, offset)))
    }

    /// Whether a pack has copies that were found damaged.
    pub(super) fn distrusts(&self, pack: u32) -> bool {
        self.distrusted.iter().any(|(name, _)| *name == self.packs[pack as usize].name)
    }

    /// All copies of an object in the order in which they are read: those of the lowest kind first, last those that
    /// were found damaged.
    pub(super) fn copies(&self, id: &Hash) -> Vec<Location> {
        let mut places: Vec<Location> = self.all_places(id).collect();
        places.sort_by_key(|place| (!self.trusts(place), place.entry.kind));
        places
    }

    /// A copy as the layers above name it.
    pub(super) fn copy(&self, place: &Location) -> ObjectCopy {
        let pack = self.packs[place.pack as usize].name;
        ObjectCopy { kind: place.entry.kind, pack, offset: place.entry.offset }
    }

    /// All copies of all objects, in no order.
    pub(super) fn all(&self) -> impl Iterator<Item = Location> + '_ {
        self.listed().filter(|place| self.trusts(place))
    }

    /// As [`Index::all`], with those that were found damaged.
    fn listed(&self) -> impl Iterator<Item = Location> + '_ {
        self.segments.iter().flat_map(|segment| segment.entries.all().iter().filter_map(|raw| segment.place(raw)))
    }

    /// What the index files say of packs that are not there: the pack's name and the object's id.
    pub(super) fn lost_with_packs(&self) -> impl Iterator<Item = (Hash, Hash)> + '_ {
        self.segments.iter().flat_map(|segment| {
            let entries = segment.entries.all().iter().map(index_file::parse_entry);
            entries.filter_map(|(number, entry)| match segment.packs.get(number as usize)? {
                Site::Absent(name) => Some((*name, entry.id)),
                Site::At(_) | Site::Repeated => None,
            })
        })
    }

    /// Whether it is time for a new index file.
    pub(super) fn is_fragmented(&self) -> bool {
        self.uncovered > MAX_UNCOVERED
    }

    /// The bytes of one index file over every pack whose directory can be read. Packs in `doomed` and those that are
    /// doomed already are named in it, and none of their objects: whoever reads it takes them for empty.
    pub(super) fn encode(&self, doomed: &HashSet<Hash>) -> Vec<u8> {
        let mut entries: Vec<RawEntry> = Vec::new();
        let mut numbers: Vec<Option<u32>> = vec![None; self.packs.len()];
        let mut packs = Vec::new();
        for place in self.listed() {
            let pack = self.packs[place.pack as usize];
            if doomed.contains(&pack.name) {
                continue;
            }
            let number = *numbers[place.pack as usize].get_or_insert_with(|| {
                packs.push(pack);
                u32::try_from(packs.len() - 1).unwrap_or(u32::MAX)
            });
            // The entry came from a segment, so its offset fits.
            entries.extend(index_file::raw_entry(number, &place.entry).ok());
        }
        let is_doomed = |pack: &&PackRef| doomed.contains(&pack.name) || self.doomed.contains(&pack.name);
        packs.extend(self.packs.iter().filter(is_doomed));
        index_file::encode(&packs, &Entries::from_list(entries))
    }
}

/// For each pack of an index file, whether the file has objects of it.
fn told_packs(refs: &[PackRef], entries: &Entries) -> Vec<bool> {
    let mut told = vec![false; refs.len()];
    for raw in entries.all() {
        if let Some(told) = told.get_mut(index_file::parse_entry(raw).0 as usize) {
            *told = true;
        }
    }
    told
}

impl Segment {
    fn place(&self, raw: &RawEntry) -> Option<Location> {
        let (number, entry) = index_file::parse_entry(raw);
        match self.packs.get(number as usize)? {
            Site::At(pack) => Some(Location { pack: *pack, entry }),
            Site::Absent(_) | Site::Repeated => None,
        }
    }
}

/// The regular files of a directory named `<hash><suffix>`. A directory that is not there is empty.
pub(super) fn list_hashes(fs: &dyn FileSystem, dir: &Path, suffix: &str) -> Result<Vec<PackRef>, StoreError> {
    let listed = match fs.list(dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed?,
    };
    let files = listed.iter().filter(|entry| entry.stat.kind == FileKind::File);
    let mut named: Vec<PackRef> = files
        .filter_map(|entry| Some(PackRef { name: hash_name(&entry.name, suffix)?, size: entry.stat.len }))
        .collect();
    named.sort_unstable_by_key(|file| file.name);
    Ok(named)
}

fn read_index_file(
    fs: &dyn FileSystem,
    layout: &Layout,
    file: &PackRef,
) -> Result<(Vec<PackRef>, Entries), StoreError> {
    let path = layout.index_file(&file.name);
    let bytes = read_whole(fs, &path, MAX_INDEX_FILE)?;
    if Hash::of(&bytes) != file.name {
        return Err(StoreError::damaged(&path, "its bytes do not have the hash that its name says"));
    }
    index_file::parse(bytes).map_err(|reason| StoreError::damaged(&path, reason))
}

fn read_pack_directory(fs: &dyn FileSystem, layout: &Layout, pack: &PackRef) -> Result<Vec<PackEntry>, StoreError> {
    let path = layout.pack(&pack.name);
    let file = pack::open(fs, &path, pack.size)?;
    pack::read_directory(&*file, &path, pack.size)
}
