//! `repair`: makes of a damaged store what can be made of it. Nothing that can be read is dropped, and what is replaced
//! is set aside.

mod copies;
mod live;

use super::OpError;
use super::database::Database;
use super::repository::Repository;
use super::verify::Damage;
use crate::hash::Hash;
use crate::monitor::{Monitor, Step};
use crate::snapshot::{Deleted, Entry, History, Origin, TableEntry, read_schema};
use crate::store::{Access, DamageKind, Mended, Store};
use crate::tree::{LeafForms, gaps, reach};
use copies::Copies;
use live::Live;
use serde::Serialize;
use std::collections::HashSet;
use std::path::PathBuf;

/// Times that other copies are read: what is missing below a missing node is known only once that is back.
const MOST_READS: usize = 5;

/// A damaged pack.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RepairedPack {
    /// The file, in the store.
    pub path: String,
    /// What is wrong with it.
    pub reason: String,
    /// Objects that were taken over from it.
    pub saved: u64,
    /// Objects in it that cannot be read from it.
    pub lost: u64,
}

/// A table of a snapshot that lacked something when the packs had been mended.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RepairedTable {
    /// The table.
    pub table: String,
    /// Its rows.
    pub rows: u64,
    /// Rows that still cannot be read.
    pub lost: u64,
    /// Why, if any.
    pub reason: Option<String>,
}

/// A snapshot that lacked something.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RepairedSnapshot {
    /// The id.
    pub id: String,
    /// Its message.
    pub message: String,
    /// Whether it is deleted and can be brought back.
    pub deleted: bool,
    /// Whether it lacks nothing now.
    pub whole: bool,
    /// The tables that lacked something.
    pub tables: Vec<RepairedTable>,
}

/// What `repair` did, or would do.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RepairReport {
    /// Whether it was only said.
    pub dry_run: bool,
    /// Damaged packs.
    pub packs: Vec<RepairedPack>,
    /// Why the index was made anew.
    pub index: Vec<Damage>,
    /// Small files in which one bit was put right.
    pub mended: Vec<String>,
    /// Directories where a tag, a pin or a pointer belongs: they are set aside.
    pub directories: Vec<String>,
    /// Manifests that were taken again from other copies.
    pub manifests: Vec<String>,
    /// What was set aside.
    pub quarantined: Vec<String>,
    /// Objects that were taken again from packs: those in quarantine, and those that were named.
    pub from_packs: u64,
    /// Objects that were made again of exported rows.
    pub from_exports: u64,
    /// Exported files that could not be read to their end.
    pub unusable: Vec<Damage>,
    /// Objects that were taken again from the live database.
    pub from_live: u64,
    /// Why the database could not be asked, if it was needed.
    pub live: Option<String>,
    /// Snapshots that lacked something when the packs had been mended.
    pub snapshots: Vec<RepairedSnapshot>,
    /// What is wrong and stays as it is.
    pub left: Vec<Damage>,
}

impl RepairReport {
    /// Whether nothing was wrong.
    pub fn is_clean(&self) -> bool {
        self.packs.is_empty()
            && self.index.is_empty()
            && self.mended.is_empty()
            && self.directories.is_empty()
            && self.manifests.is_empty()
            && self.snapshots.is_empty()
            && self.left.is_empty()
    }

    /// Whether nothing is wrong any more.
    pub fn is_whole(&self) -> bool {
        self.left.is_empty() && self.snapshots.iter().all(|snapshot| snapshot.whole)
    }
}

/// Repairs the store. What is lost is taken again from quarantine, from exported files, from what is at the paths
/// `from`, and from the live database, where it has the same hash. `dry_run` only looks, and reads none of these.
///
/// # Errors
/// If there is no store, or it is in use; if there is nothing to use at one of the paths; if the disk refuses. What
/// could be read before can be read then too.
pub fn repair(
    repository: &Repository,
    database: &mut Database,
    from: &[PathBuf],
    dry_run: bool,
    monitor: &dyn Monitor,
) -> Result<RepairReport, OpError> {
    let mut copies = Copies::find(repository, from)?;
    let store = repository.open(if dry_run { Access::Read } else { Access::Exclusive })?;
    monitor.begin(&Step { verb: "Checking", subject: "packs", ..Step::default() });
    let mended = store.mend(&LeafForms, dry_run, monitor);
    monitor.end();
    let mut mended = mended?;
    let mut manifests = Vec::new();
    if !dry_run {
        let recalled = store.recall_manifests(copies.manifests())?;
        mended.quarantined.extend(recalled.quarantined);
        manifests = recalled.files;
    }
    let history = History::load(&store)?;
    let deleted = Deleted::load(&store)?;
    let listed = history.entries.iter().map(|entry| (entry, false));
    let entries: Vec<(&Entry, bool)> =
        listed.chain(deleted.snapshots.iter().map(|deleted| (&deleted.entry, true))).collect();
    let deleted_unread = deleted.unreadable.iter().map(|(aside, reason)| (&aside.id, reason));
    let unread: Vec<(&Hash, &String)> =
        history.unreadable.iter().map(|(id, reason)| (id, reason)).chain(deleted_unread).collect();
    let before = lacking(&store, &entries, monitor)?;
    let (mut live, mut after) = (Live::default(), before.clone());
    if !dry_run {
        for _ in 0..MOST_READS {
            let mut stored = 0;
            for way in [Way::Packs, Way::Exports, Way::Live] {
                if after.is_empty() {
                    break;
                }
                let taken = match way {
                    Way::Packs => copies.recall(&store, &after, monitor)?,
                    Way::Exports => copies.rebuild(repository, &store, &after, monitor)?,
                    Way::Live => live.fetch(repository, database, &store, &after, monitor)?,
                };
                if taken > 0 {
                    stored += taken;
                    after = lacking(&store, &entries, monitor)?;
                }
            }
            if stored == 0 {
                break;
            }
        }
    }
    Ok(RepairReport {
        dry_run,
        packs: packs(repository, &mended),
        index: mended.index.iter().map(|(path, reason)| damage(repository, path, reason)).collect(),
        mended: mended.files.iter().map(|path| shown(repository, path)).collect(),
        directories: mended.directories.iter().map(|path| shown(repository, path)).collect(),
        manifests: manifests.iter().map(|path| shown(repository, path)).collect(),
        quarantined: mended.quarantined.iter().map(|path| shown(repository, path)).collect(),
        from_packs: copies.from_packs,
        from_exports: copies.from_exports,
        unusable: if before.is_empty() { Vec::new() } else { copies.unusable },
        from_live: live.objects,
        live: live.failure,
        snapshots: told(&entries, &before, &after),
        left: left(repository, &store, &mended, &unread)?,
    })
}

/// Where what is lost can be taken from, what is cheapest first.
enum Way {
    Packs,
    Exports,
    Live,
}

/// The objects that are missing.
fn wanted(lacks: &[Lack]) -> HashSet<Hash> {
    lacks.iter().flat_map(|lack| lack.objects.iter().copied()).collect()
}

/// A table of a snapshot that lacks something.
#[derive(Clone)]
struct Lack {
    /// Which snapshot, by position.
    entry: usize,
    table: TableEntry,
    source: Origin,
    /// Objects that are missing, as far as it can be told.
    objects: Vec<Hash>,
    rows: u64,
    reason: String,
}

fn lacking(store: &Store, entries: &[(&Entry, bool)], monitor: &dyn Monitor) -> Result<Vec<Lack>, OpError> {
    let mut seen = HashSet::new();
    let mut lacks = Vec::new();
    for (number, (entry, _)) in entries.iter().enumerate() {
        for table in &entry.manifest.tables {
            if monitor.interrupted() {
                return Err(OpError::Interrupted);
            }
            let lack = |objects, rows, reason| Lack {
                entry: number,
                table: table.clone(),
                source: entry.manifest.source.clone(),
                objects,
                rows,
                reason,
            };
            let schema = match read_schema(store, &table.schema_object) {
                Ok(schema) => schema,
                Err(error) => {
                    lacks.push(lack(vec![table.schema_object, table.root], table.rows, error.to_string()));
                    continue;
                }
            };
            match reach(store, &table.root, &mut seen, |_, _| {}) {
                Ok(()) => {}
                Err(error) if error.is_damage() => {
                    let spec = schema.key_spec();
                    let gaps = gaps(store, &spec, &table.root, table.rows, &|| monitor.interrupted())?;
                    let rows = gaps.iter().map(|gap| gap.rows).sum();
                    lacks.push(lack(gaps.iter().map(|gap| gap.id).collect(), rows, error.to_string()));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(lacks)
}

fn told(entries: &[(&Entry, bool)], before: &[Lack], after: &[Lack]) -> Vec<RepairedSnapshot> {
    let mut snapshots = Vec::new();
    for (number, (entry, deleted)) in entries.iter().enumerate() {
        let lacked: Vec<&Lack> = before.iter().filter(|lack| lack.entry == number).collect();
        if lacked.is_empty() {
            continue;
        }
        let still =
            |lack: &&Lack| after.iter().find(|left| left.entry == number && left.table.table == lack.table.table);
        let tables: Vec<RepairedTable> = lacked
            .iter()
            .map(|lack| RepairedTable {
                table: lack.table.table.to_string(),
                rows: lack.table.rows,
                lost: still(lack).map_or(0, |left| left.rows),
                reason: still(lack).map(|left| left.reason.clone()),
            })
            .collect();
        snapshots.push(RepairedSnapshot {
            id: entry.id.to_hex(),
            message: entry.manifest.message.clone(),
            deleted: *deleted,
            whole: tables.iter().all(|table| table.reason.is_none()),
            tables,
        });
    }
    snapshots
}

/// What no repair puts right: manifests and refs that cannot be read, and what was `unread`, even if it can be read now.
fn left(
    project: &Repository,
    store: &Store,
    mended: &Mended,
    unread: &[(&Hash, &String)],
) -> Result<Vec<Damage>, OpError> {
    let stays = |damage: &&crate::store::Damage| {
        !matches!(damage.kind, DamageKind::Index | DamageKind::PackMissing)
            && !mended.files.contains(&damage.path)
            && !mended.directories.contains(&damage.path)
    };
    let found = store.check_quickly()?.damage;
    let mut left: Vec<Damage> =
        found.iter().filter(stays).map(|found| damage(project, &found.path, &found.reason)).collect();
    for (id, reason) in unread {
        if !left.iter().any(|left| left.what.contains(&id.to_hex())) {
            left.push(Damage { what: format!("snapshot {}", id.short()), reason: (*reason).clone() });
        }
    }
    Ok(left)
}

fn packs(project: &Repository, mended: &Mended) -> Vec<RepairedPack> {
    let told = |pack: &crate::store::MendedPack| RepairedPack {
        path: shown(project, &pack.path),
        reason: pack.reason.clone(),
        saved: pack.saved,
        lost: pack.lost,
    };
    mended.packs.iter().map(told).collect()
}

fn damage(project: &Repository, path: &std::path::Path, reason: &str) -> Damage {
    Damage { what: shown(project, path), reason: reason.to_owned() }
}

/// A file of the store as it is called in the store.
fn shown(project: &Repository, path: &std::path::Path) -> String {
    path.strip_prefix(&project.store_dir).unwrap_or(path).display().to_string()
}
