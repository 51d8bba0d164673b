//! What is compared with what: two snapshots, or a snapshot and the live database, table by table.

use super::live::Live;
use super::{Depth, DiffOptions, DiffSide};
use crate::codec::{TableName, TableSchema};
use crate::db::Engine;
use crate::hash::Hash;
use crate::monitor::Monitor;
use crate::ops::database::Database;
use crate::ops::names::Tables;
use crate::ops::overlay::Overlay;
use crate::ops::repository::Repository;
use crate::ops::{OpError, names, refs};
use crate::snapshot::{Entry, History, ReferenceError, Refs, TableEntry, read_schema};
use crate::store::Objects;
use crate::tree::{Change, Differences};
use std::collections::BTreeMap;

/// How the live database is called where a snapshot can stand.
pub(super) const LIVE: &str = "live";
/// Stands for the latest snapshot of each table.
pub(super) const LATEST: &str = "latest";

/// One version of a table.
#[derive(Debug, Clone)]
pub(super) struct TableSide {
    pub schema: TableSchema,
    pub root: Hash,
    pub rows: u64,
    /// The engine that its rows are of.
    pub engine: Engine,
    /// A digest of its definition, where the database keeps it.
    pub definition: Option<String>,
    /// The filter within which it was captured.
    pub filter: Option<String>,
    /// The snapshot it is of; `None` for the live table.
    pub snapshot: Option<Hash>,
    /// If it is the latest of its table and of some rows only: the latest snapshot of all rows.
    pub last_full: Option<Hash>,
    /// Of live tables: that they were not read, because nothing has changed since the snapshot.
    pub known: bool,
    /// Of live tables: rows added, changed and removed since the root, as they were counted on the way.
    pub since: Option<(Hash, Change)>,
    /// Of live tables: these rows themselves, if they were wanted.
    pub noted: Option<Differences>,
}

/// Both versions of a table.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    pub table: TableName,
    pub old: Option<TableSide>,
    pub new: Option<TableSide>,
}

/// Everything that is compared.
pub(super) struct Sides<'d> {
    pub from: DiffSide,
    pub to: DiffSide,
    pub pairs: Vec<Pair>,
    /// The engines that the older and the newer side are of.
    pub engines: (Engine, Engine),
    /// The live database, if it is a side.
    pub live: Option<Live<'d>>,
    /// Every table of the live database, if it is a side, and why it cannot be read if it cannot.
    pub live_tables: Vec<(TableName, Option<String>)>,
}

impl Sides<'_> {
    /// The engine that both sides are of.
    ///
    /// # Errors
    /// [`OpError::Refused`] if there are two, with what that means.
    pub fn one_engine(&self, therefore: &str) -> Result<Engine, OpError> {
        let (old, new) = self.engines;
        if old == new {
            return Ok(old);
        }
        let what = format!("one side is {} and the other {}: {therefore}", old.info().title, new.info().title);
        Err(OpError::Refused { what, allow: None })
    }
}

/// A side as typed, found.
enum Found<'h> {
    /// The latest snapshot of each table.
    Latest,
    Snapshot {
        entry: &'h Entry,
        only: Vec<usize>,
    },
    Live,
}

/// What finding both sides needs.
pub(super) struct Finder<'f> {
    pub project: &'f Repository,
    pub history: &'f History,
    pub refs: &'f Refs,
    pub overlay: &'f Overlay<'f>,
    pub monitor: &'f dyn Monitor,
    /// Whether there may be no snapshots at all.
    pub none_is_fine: bool,
    /// Whether live tables of which nothing has changed need not be read.
    pub may_know: bool,
}

impl<'f> Finder<'f> {
    /// Finds both sides of `options` and captures live tables, all in one instant.
    ///
    /// # Errors
    /// If a reference or table is not found, or the database cannot be read.
    pub fn find<'d>(&self, options: &DiffOptions, database: &'d mut Database) -> Result<Sides<'d>, OpError> {
        let (sides, tables) = self.sides_and_tables(options);
        let from = self.side(sides.first().copied().unwrap_or(LATEST), sides.is_empty())?;
        let to = self.side(sides.get(1).copied().unwrap_or(LIVE), false)?;
        if matches!((&from, &to), (Found::Live, Found::Live)) {
            return Err(OpError::Usage("the live database is compared with a snapshot, not with itself".to_owned()));
        }
        let mut live = match matches!(from, Found::Live) || matches!(to, Found::Live) {
            true => Some(Live::open(self.project, database)?),
            false => None,
        };
        let wanted = self.wanted(&from, &to, &tables, &options.exclude, live.as_ref())?;
        if options.filter.is_some() && !self.is_one(&wanted) {
            let what = format!("--where goes with one table; {} are compared: name one after --", wanted.len());
            return Err(OpError::Usage(what));
        }
        let mut pairs = Vec::with_capacity(wanted.len());
        for table in wanted {
            let old = self.table(&from, &table, live.as_ref())?;
            let new = self.table(&to, &table, live.as_ref())?;
            pairs.push(Pair { table, old, new });
        }
        if let Some(live) = &mut live {
            let wants_rows = options.depth == Depth::Rows || options.filter.is_some();
            live.capture(self, &mut pairs, matches!(from, Found::Live), wants_rows)?;
        }
        let engine = |found: &Found<'_>| match (found, &live) {
            (Found::Snapshot { entry, .. }, _) => entry.manifest.source.engine().map(Some),
            (Found::Live | Found::Latest, live) => Ok(live.as_ref().map(Live::engine)),
        };
        let engines = engine(&from)?.zip(engine(&to)?);
        let engines = engines.ok_or_else(|| OpError::Usage("no database was opened to compare with".to_owned()))?;
        let mut sides = Sides {
            from: self.describe(&from, live.as_ref(), &pairs),
            to: self.describe(&to, live.as_ref(), &pairs),
            pairs,
            engines,
            live_tables: live.as_ref().map(Live::tables).unwrap_or_default(),
            live,
        };
        if options.swap {
            sides.engines = (engines.1, engines.0);
            std::mem::swap(&mut sides.from, &mut sides.to);
            for pair in &mut sides.pairs {
                std::mem::swap(&mut pair.old, &mut pair.new);
            }
        }
        Ok(sides)
    }

    /// Whether these are one table or the partitions of one.
    fn is_one(&self, tables: &[TableName]) -> bool {
        let held = |table| self.history.entries.iter().find_map(|entry| entry.manifest.table(table));
        let part_of = |table| held(table).map_or(&[][..], |held| &held.part_of);
        names::whole(&tables.iter().map(|table| (table, part_of(table))).collect::<Vec<_>>()).is_some()
    }

    /// The sides as typed, and the tables: what is no snapshot but a table is meant as if it stood after `--`.
    fn sides_and_tables<'o>(&self, options: &'o DiffOptions) -> (Vec<&'o str>, Vec<String>) {
        let is_table = |typed: &&str| {
            let unknown = |error| matches!(error, OpError::Reference(ReferenceError::Unknown { .. }));
            *typed != LIVE
                && refs::resolve(self.project, self.history, self.refs, typed).is_err_and(unknown)
                && !typed.contains(':')
                && refs::names_table(self.project, self.history, typed)
        };
        let (tables, sides): (Vec<&str>, Vec<&str>) =
            [&options.from, &options.to].into_iter().filter_map(Option::as_deref).partition(is_table);
        (sides, tables.into_iter().map(str::to_owned).chain(options.tables.iter().cloned()).collect())
    }

    fn side(&self, typed: &str, default: bool) -> Result<Found<'f>, OpError> {
        if typed == LIVE {
            return Ok(Found::Live);
        }
        if default {
            return match self.history.asked_for().next() {
                Some(_) => Ok(Found::Latest),
                None if self.none_is_fine => Ok(Found::Latest),
                None => Err(crate::snapshot::ReferenceError::Empty.into()),
            };
        }
        let resolved = refs::resolve(self.project, self.history, self.refs, typed)?;
        if resolved.key.is_some() {
            return Err(OpError::Usage(format!(
                "'{typed}' names a row; dbsnap history shows one row through all snapshots"
            )));
        }
        Ok(Found::Snapshot { entry: resolved.entry, only: resolved.tables })
    }

    /// The tables to compare: those typed, else those that a side is limited to, else all that the snapshots have;
    /// without those that are excluded.
    fn wanted(
        &self,
        from: &Found<'_>,
        to: &Found<'_>,
        typed: &[String],
        excluded: &[String],
        live: Option<&Live<'_>>,
    ) -> Result<Vec<TableName>, OpError> {
        let mut all: BTreeMap<&TableName, &[TableName]> = BTreeMap::new();
        for side in [from, to] {
            match side {
                Found::Latest => {
                    let source = live.map(Live::origin);
                    let ours = |entry: &&Entry| source.is_none_or(|live| entry.manifest.source.same_database(live));
                    let tables = self.history.asked_for().filter(ours).flat_map(|entry| &entry.manifest.tables);
                    // the newest snapshot's word counts
                    for table in tables {
                        all.entry(&table.table).or_insert(&table.part_of);
                    }
                }
                Found::Snapshot { entry, .. } => {
                    all.extend(entry.manifest.tables.iter().map(|table| (&table.table, &table.part_of[..])));
                }
                Found::Live => {}
            }
        }
        if all.is_empty() && !self.none_is_fine {
            let database = live.map_or_else(String::new, |live| format!(" of {}", live.origin().database));
            return Err(OpError::Usage(format!("there are no snapshots{database}")));
        }
        let excluded = self.typed(all.clone(), excluded, live)?;
        let only = [from, to].into_iter().map(limited).find(|only| !only.is_empty());
        let mut wanted = match (typed, only) {
            ([], Some(only)) => only,
            ([], None) => all.into_keys().cloned().collect(),
            (typed, _) => self.typed(all, typed, live)?,
        };
        wanted.retain(|table| !excluded.contains(table));
        if wanted.is_empty() && !excluded.is_empty() {
            return Err(OpError::Usage("--exclude leaves no table".to_owned()));
        }
        Ok(wanted)
    }

    /// Tables of the snapshots or of the live database.
    fn typed<'t>(
        &'t self,
        mut all: BTreeMap<&'t TableName, &'t [TableName]>,
        typed: &[String],
        live: Option<&'t Live<'_>>,
    ) -> Result<Vec<TableName>, OpError> {
        for info in live.iter().flat_map(|live| &live.catalog().tables) {
            all.insert(&info.schema.table, &info.part_of);
        }
        let newest = self.history.entries.first().map_or(&[][..], |entry| &entry.manifest.search_path);
        let path = live.map_or(newest, |live| &live.catalog().search_path);
        let names: Vec<&TableName> = all.keys().copied().collect();
        let known = Tables::new(self.project, all, path, "these snapshots".to_owned());
        Ok(known.find_all(typed)?.into_iter().map(|at| names[at].clone()).collect())
    }

    /// That side's version of a table; a live one is told by its schema, and captured later.
    fn table(
        &self,
        found: &Found<'_>,
        table: &TableName,
        live: Option<&Live<'_>>,
    ) -> Result<Option<TableSide>, OpError> {
        match found {
            Found::Live => live.map_or(Ok(None), |live| live.table(table)),
            Found::Snapshot { entry, .. } => {
                entry.manifest.table(table).map(|held| snapshot_side(self.overlay, entry, held)).transpose()
            }
            Found::Latest => {
                let source = live.map(Live::origin);
                let mut versions = self.history.asked_for().filter_map(|entry| {
                    let ours = source.is_none_or(|live| entry.manifest.source.same_database(live));
                    entry.manifest.table(table).filter(|_| ours).map(|held| (entry, held))
                });
                let Some((entry, held)) = versions.next() else { return Ok(None) };
                let mut side = snapshot_side(self.overlay, entry, held)?;
                if side.filter.is_some() {
                    side.last_full = versions.find(|(_, held)| held.filter.is_none()).map(|(entry, _)| entry.id);
                }
                Ok(Some(side))
            }
        }
    }

    fn describe(&self, found: &Found<'_>, live: Option<&Live<'_>>, pairs: &[Pair]) -> DiffSide {
        let snapshot = |entry: &Entry, name: String| DiffSide {
            name,
            id: Some(entry.id.to_hex()),
            message: Some(entry.manifest.message.clone()),
            created_at: Some(entry.manifest.created_at),
            database: Some(entry.manifest.source.database.clone()),
        };
        match (found, live) {
            (Found::Latest, _) => {
                // Each table may have its latest version in another snapshot; named is the one that has them all.
                let mut ids = pairs.iter().filter_map(|pair| pair.old.as_ref().and_then(|side| side.snapshot));
                let first = ids.next().filter(|first| ids.all(|id| id == *first));
                let entry = first.and_then(|id| self.history.get(&id));
                let none = || DiffSide { name: LATEST.to_owned(), ..DiffSide::default() };
                entry.map_or_else(none, |entry| snapshot(entry, LATEST.to_owned()))
            }
            (Found::Snapshot { entry, .. }, _) => snapshot(entry, entry.id.short()),
            (Found::Live, live) => {
                DiffSide { name: LIVE.to_owned(), database: live.map(Live::display), ..DiffSide::default() }
            }
        }
    }
}

/// The tables that a reference is limited to.
fn limited(found: &Found<'_>) -> Vec<TableName> {
    match found {
        Found::Snapshot { entry, only } => only.iter().map(|at| entry.manifest.tables[*at].table.clone()).collect(),
        _ => Vec::new(),
    }
}

/// A snapshot's version of a table.
pub(super) fn snapshot_side(objects: &dyn Objects, entry: &Entry, held: &TableEntry) -> Result<TableSide, OpError> {
    Ok(TableSide {
        schema: read_schema(objects, &held.schema_object)?,
        root: held.root,
        rows: held.rows,
        engine: entry.manifest.source.engine()?,
        definition: held.definition.clone(),
        filter: held.filter.clone(),
        snapshot: Some(entry.id),
        last_full: None,
        known: false,
        since: None,
        noted: None,
    })
}
