//! Other copies of what is lost: packs and manifests in quarantine or in a copy of the store, and exported files.

use super::{Lack, wanted};
use crate::codec::Definition;
use crate::db::{Counter, DbError, RowSink, TableId, TableRead, TableReader};
use crate::fsio::{Disk, FileKind, FileSystem};
use crate::monitor::{Monitor, Step};
use crate::ops::capture::Capture;
use crate::ops::exported::{DEFINITION, FileRows, usable_schema};
use crate::ops::repository::{Repository, STORE_DIR};
use crate::ops::verify::Damage;
use crate::ops::wanted::Wanted;
use crate::ops::{ErrorKind, OpError};
use crate::prisma::ExportReader;
use crate::store::{Store, StoreError, names_manifest};
use crate::tree::{LeafForms, TreeError};
use std::fs;
use std::path::{Path, PathBuf};

/// Where packs, manifests and exported files are looked for in a folder that was named: it may be a store, or hold one.
const WITHIN: [&str; 5] = ["", "packs", "snapshots", "deleted", "quarantine"];

/// Files that may hold what is lost, and what was taken from them.
#[derive(Default)]
pub(super) struct Copies {
    packs: Vec<PathBuf>,
    manifests: Vec<PathBuf>,
    exports: Vec<PathBuf>,
    /// Objects taken from packs.
    pub from_packs: u64,
    /// Objects made of exported rows.
    pub from_exports: u64,
    /// Files that could not be read to their end.
    pub unusable: Vec<Damage>,
}

impl Copies {
    /// Those in the folder of exports, and those at the paths `named`. What is in quarantine comes later.
    ///
    /// # Errors
    /// If a path that was named leads to nothing that can be used.
    pub fn find(project: &Repository, named: &[PathBuf]) -> Result<Copies, OpError> {
        let mut copies = Copies::default();
        if let Ok(dir) = project.export_dir() {
            if let Err(error) = copies.add_folder(&dir) {
                copies.cannot_use(project, &dir, error.to_string());
            }
            copies.packs.clear();
            copies.manifests.clear();
        }
        for typed in named {
            let path = project.dir().join(typed);
            let before = copies.len();
            match fs::metadata(&path).map_err(|error| OpError::io("read", &path, error))?.is_dir() {
                true => {
                    for root in [path.clone(), path.join(STORE_DIR)] {
                        WITHIN.iter().try_for_each(|dir| copies.add_folder(&root.join(dir)))?;
                    }
                }
                false if names_manifest(&path).is_some() => copies.manifests.push(path),
                false if path.extension().is_some_and(|end| end == "json") => copies.exports.push(path),
                false if is_pack(&path) => copies.packs.push(path),
                false => {}
            }
            if copies.len() == before {
                let what = "holds no exported backup (.json), no pack (.pack) and no manifest";
                return Err(OpError::Usage(format!("{} {what}", typed.display())));
            }
        }
        for files in [&mut copies.packs, &mut copies.manifests, &mut copies.exports] {
            files.sort_unstable();
            files.dedup();
        }
        Ok(copies)
    }

    fn len(&self) -> usize {
        self.packs.len() + self.manifests.len() + self.exports.len()
    }

    /// Files that may be manifests.
    pub fn manifests(&self) -> &[PathBuf] {
        &self.manifests
    }

    fn add_folder(&mut self, dir: &Path) -> Result<(), OpError> {
        let entries = match Disk.list(dir) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            entries => entries.map_err(StoreError::from)?,
        };
        for entry in entries.iter().filter(|entry| entry.stat.kind == FileKind::File) {
            let path = dir.join(&entry.name);
            if is_pack(&path) {
                self.packs.push(path);
            } else if names_manifest(&path).is_some() {
                self.manifests.push(path);
            } else if is_export(&path) {
                self.exports.push(path);
            }
        }
        Ok(())
    }

    /// Takes what is missing from packs. Returns how many objects.
    pub fn recall(&mut self, store: &Store, lacks: &[Lack], monitor: &dyn Monitor) -> Result<u64, OpError> {
        let mut packs = store.quarantined_packs()?;
        packs.extend_from_slice(&self.packs);
        if packs.is_empty() {
            return Ok(0);
        }
        monitor.begin(&Step { verb: "Reading", subject: "other copies of packs", ..Step::default() });
        let objects = store.recall(&packs, &wanted(lacks), &LeafForms, monitor);
        monitor.end();
        let objects = objects?;
        self.from_packs += objects;
        Ok(objects)
    }

    /// Makes what is missing from exported rows of these tables. Returns how many objects.
    pub fn rebuild(
        &mut self,
        project: &Repository,
        store: &Store,
        lacks: &[Lack],
        monitor: &dyn Monitor,
    ) -> Result<u64, OpError> {
        if self.exports.is_empty() {
            return Ok(0);
        }
        let session = store.session()?;
        let objects = Wanted::new(&session, wanted(lacks));
        let capture =
            Capture { objects: &objects, scratch: store.scratch_dir(), storing: None, monitor, differences: false };
        for path in self.exports.clone() {
            match read(&path, lacks, &capture, monitor) {
                Ok(()) => {}
                Err(Reading::Stopped(error)) => return Err(error),
                Err(Reading::Unusable(reason)) => self.cannot_use(project, &path, reason),
            }
        }
        let objects = session.seal()?.objects;
        self.from_exports += objects;
        Ok(objects)
    }

    fn cannot_use(&mut self, project: &Repository, path: &Path, reason: String) {
        let what = path.strip_prefix(&project.root).unwrap_or(path).display().to_string();
        let damage = Damage { what, reason };
        if !self.unusable.contains(&damage) {
            self.unusable.push(damage);
        }
    }
}

/// Why a file was not read to its end.
enum Reading {
    Unusable(String),
    Stopped(OpError),
}

/// Captures the rows of a file, if they are of a table that lacks something. Rows before a flaw are captured too: what
/// was not as it is here has another hash.
fn read(path: &Path, lacks: &[Lack], capture: &Capture<'_>, monitor: &dyn Monitor) -> Result<(), Reading> {
    let unusable = |error: &dyn std::fmt::Display| Reading::Unusable(error.to_string());
    let metadata = ExportReader::open(path).map_err(|error| unusable(&error))?.metadata().clone();
    if lacks.iter().all(|lack| lack.table.table.to_string() != metadata.table) {
        return Ok(());
    }
    let schema = usable_schema(&metadata).map_err(|reason| unusable(&reason))?;
    let read = TableRead { schema, filter: None };
    let (path, records) = (path.to_path_buf(), metadata.record_count);
    let mut rows = AsFar(FileRows { path, metadata: &metadata, records, monitor, given: 0, failure: None });
    monitor.begin(&Step { verb: "Reading", subject: &metadata.table, rows: Some(records), ..Step::default() });
    let taken = capture.table(&mut rows, 0, &read.schema.key_spec(), &[]);
    monitor.end();
    let definition = rows.definition(TableId::at(0)).ok().flatten();
    let taken = taken.and_then(|_| capture.schema(&read.schema, None));
    let taken = taken.and_then(|_| capture.schema(&read.schema, definition.as_ref()));
    match (taken, rows.0.failure) {
        (Err(error @ (OpError::Store(_) | OpError::Tree(TreeError::Store(_)))), _) => Err(Reading::Stopped(error)),
        (Err(error), None) if error.kind() == ErrorKind::Interrupted => Err(Reading::Stopped(error)),
        (_, Some(error)) => Err(unusable(&error)),
        (Err(error), None) => Err(unusable(&error)),
        (Ok(_), None) => Ok(()),
    }
}

/// The rows of a file as far as it can be read.
struct AsFar<'m>(FileRows<'m>);

impl TableReader for AsFar<'_> {
    fn count(&mut self, table: TableId) -> Result<u64, DbError> {
        self.0.count(table)
    }

    fn read(&mut self, table: TableId, rows: &mut dyn RowSink) -> Result<u64, DbError> {
        match self.0.read(table, rows) {
            Err(DbError::Stopped) if self.0.failure.is_some() => Ok(self.0.given),
            read => read,
        }
    }

    fn counters(&mut self, table: TableId) -> Result<Vec<Counter>, DbError> {
        self.0.counters(table)
    }

    fn definition(&mut self, _table: TableId) -> Result<Option<Definition>, DbError> {
        // what is made of it counts only if its hash is one that the store has lost
        let told = self.0.metadata.extra.get(DEFINITION).cloned();
        Ok(told.and_then(|told| serde_json::from_value(told).ok()))
    }
}

fn is_pack(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().contains(".pack"))
}

fn is_export(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with("backup_") && name.ends_with(".json") && name != "backup_manifest.json"
}
