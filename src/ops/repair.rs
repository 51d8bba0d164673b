//! `repair`: makes of a damaged store what can be made of it. Nothing that can be read is dropped, and what is replaced is set aside.

use super::OpError;
use super::capture::Capture;
use super::project::{Place, Project};
use super::publish::origin;
use super::settings;
use super::verify::Damage;
use super::wanted::Wanted;
use crate::codec::TableName;
use crate::db::{Catalog, Filter, TableRead};
use crate::hash::Hash;
use crate::monitor::{Monitor, Step};
use crate::snapshot::{Deleted, Entry, History, Origin, TableEntry, read_schema};
use crate::store::{Access, DamageKind, Mended, Store};
use crate::tree::{LeafForms, TreeError, gaps, reach};
use serde::Serialize;
use std::collections::HashSet;

/// Times that the database is read: what is missing below a missing node is known only once that is back.
const MOST_READS: usize = 5;

/// A damaged pack.
#[derive(Debug, Clone, Serialize)]
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
    /// What was set aside.
    pub quarantined: Vec<String>,
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
            && self.snapshots.is_empty()
            && self.left.is_empty()
    }

    /// Whether nothing is wrong any more.
    pub fn is_whole(&self) -> bool {
        self.left.is_empty() && self.snapshots.iter().all(|snapshot| snapshot.whole)
    }
}

/// Repairs the store; `dry_run` only looks, and does not ask the database.
///
/// # Errors
/// If there is no store, or it is in use; if the disk refuses. What could be read before can be read then too.
pub fn repair(place: &Place, dry_run: bool, monitor: &dyn Monitor) -> Result<RepairReport, OpError> {
    let project = Project::find(place)?;
    let store = project.open(if dry_run { Access::Read } else { Access::Exclusive })?;
    monitor.begin(&Step { verb: "Checking", subject: "packs", ..Step::default() });
    let mended = store.mend(&LeafForms, dry_run, monitor);
    monitor.end();
    let mended = mended?;
    let history = History::load(&store)?;
    let deleted = Deleted::load(&store)?;
    let listed = history.entries.iter().map(|entry| (entry, false));
    let entries: Vec<(&Entry, bool)> =
        listed.chain(deleted.snapshots.iter().map(|deleted| (&deleted.entry, true))).collect();
    let before = lacking(&store, &entries, monitor)?;
    let mut fetched = Fetched::default();
    let mut after = before.clone();
    if !dry_run && !before.is_empty() {
        for _ in 0..MOST_READS {
            let stored = fetched.fetch(place, &project, &store, &after, monitor)?;
            if stored == 0 {
                break;
            }
            after = lacking(&store, &entries, monitor)?;
            if after.is_empty() {
                break;
            }
        }
    }
    Ok(RepairReport {
        dry_run,
        packs: packs(&project, &mended),
        index: mended.index.iter().map(|(path, reason)| damage(&project, path, reason)).collect(),
        mended: mended.files.iter().map(|path| shown(&project, path)).collect(),
        quarantined: mended.quarantined.iter().map(|path| shown(&project, path)).collect(),
        from_live: fetched.objects,
        live: fetched.failure,
        snapshots: told(&entries, &before, &after),
        left: left(&project, &store, &mended)?,
    })
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

/// What was taken from the live database.
#[derive(Default)]
struct Fetched {
    objects: u64,
    failure: Option<String>,
}

impl Fetched {
    /// Reads the tables that lack something, and stores of their objects those that are missing. Returns how many.
    fn fetch(
        &mut self,
        place: &Place,
        project: &Project,
        store: &Store,
        lacks: &[Lack],
        monitor: &dyn Monitor,
    ) -> Result<u64, OpError> {
        let (mut source, catalog) =
            match settings::connect(place, project).and_then(|(mut source, _)| Ok((source.catalog()?, source))) {
                Ok((catalog, source)) => (source, catalog),
                Err(error) => {
                    self.failure = Some(error.to_string());
                    return Ok(0);
                }
            };
        let here = origin(&source.identity().clone(), project);
        let mut reads: Vec<TableRead> = Vec::new();
        let mut asked: Vec<(&TableName, Option<&String>)> = Vec::new();
        for lack in lacks.iter().filter(|lack| lack.source.same_database(&here)) {
            let key = (&lack.table.table, lack.table.filter.as_ref());
            if !asked.contains(&key) {
                asked.push(key);
                match read(project, &catalog, &lack.table, source.identity().engine) {
                    Ok(read) => reads.extend(read),
                    Err(error) => self.failure = Some(error.to_string()),
                }
            }
        }
        if reads.is_empty() {
            let other = || "it is another database, or has these tables no more".to_owned();
            self.failure.get_or_insert_with(other);
            return Ok(0);
        }
        let session = store.session()?;
        let wanted = Wanted::new(&session, lacks.iter().flat_map(|lack| lack.objects.iter().copied()).collect());
        let capture =
            Capture { objects: &wanted, scratch: store.scratch_dir(), storing: None, monitor, differences: false };
        let mut snapshot = source.snapshot(&reads, monitor)?;
        for (index, read) in reads.iter().enumerate() {
            let table = read.schema.table.to_string();
            monitor.begin(&Step { verb: "Reading", subject: &table, ..Step::default() });
            let taken = capture.table(snapshot.as_mut(), index, &read.schema.key_spec(), &[]);
            monitor.end();
            match taken {
                Ok(_) => drop(capture.schema(&read.schema)?),
                Err(error @ (OpError::Interrupted | OpError::Store(_) | OpError::Tree(TreeError::Store(_)))) => {
                    return Err(error);
                }
                Err(error) => self.failure = Some(format!("{table}: {error}")),
            }
        }
        drop(snapshot);
        let sealed = session.seal()?;
        self.objects += sealed.objects;
        Ok(sealed.objects)
    }
}

/// How the rows of a table of a snapshot are read; `None` if the database has no such table.
fn read(
    project: &Project,
    catalog: &Catalog,
    table: &TableEntry,
    engine: crate::db::Engine,
) -> Result<Option<TableRead>, OpError> {
    let Some(info) = catalog.table(&table.table).filter(|info| info.refusal.is_none()) else { return Ok(None) };
    let filter = match &table.filter {
        Some(typed) => {
            Some(Filter::parse_named(typed, engine, &info.schema, &project.filter_names(&info.schema.table))?)
        }
        None => None,
    };
    Ok(Some(TableRead { schema: info.schema.clone(), filter }))
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

/// What no repair puts right: manifests and refs that cannot be read.
fn left(project: &Project, store: &Store, mended: &Mended) -> Result<Vec<Damage>, OpError> {
    let stays = |damage: &&crate::store::Damage| {
        !matches!(damage.kind, DamageKind::Index | DamageKind::PackMissing) && !mended.files.contains(&damage.path)
    };
    let found = store.check_quickly()?.damage;
    Ok(found.iter().filter(stays).map(|found| damage(project, &found.path, &found.reason)).collect())
}

fn packs(project: &Project, mended: &Mended) -> Vec<RepairedPack> {
    let told = |pack: &crate::store::MendedPack| RepairedPack {
        path: shown(project, &pack.path),
        reason: pack.reason.clone(),
        saved: pack.saved,
        lost: pack.lost,
    };
    mended.packs.iter().map(told).collect()
}

fn damage(project: &Project, path: &std::path::Path, reason: &str) -> Damage {
    Damage { what: shown(project, path), reason: reason.to_owned() }
}

/// A file of the store as it is called in the store.
fn shown(project: &Project, path: &std::path::Path) -> String {
    path.strip_prefix(&project.store_dir).unwrap_or(path).display().to_string()
}
