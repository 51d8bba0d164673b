//! What is compared with what: two snapshots, or a snapshot and the live database, table by table.

use super::live::Live;
use super::{Depth, DiffOptions, DiffSide};
use crate::codec::{TableName, TableSchema};
use crate::db::Engine;
use crate::hash::Hash;
use crate::monitor::Monitor;
use crate::ops::overlay::Overlay;
use crate::ops::project::{Place, Project};
use crate::ops::{OpError, names, refs};
use crate::snapshot::{Entry, History, Refs, TableEntry, read_schema};
use crate::store::Objects;
use crate::tree::{Change, Differences};

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
    /// The filter within which it was captured.
    pub filter: Option<String>,
    /// The snapshot it is of; `None` for the live table.
    pub snapshot: Option<Hash>,
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
pub(super) struct Sides {
    pub from: DiffSide,
    pub to: DiffSide,
    pub pairs: Vec<Pair>,
    /// The engine that the older side is of.
    pub engine: Engine,
    /// Whether both sides are of one engine.
    pub one_engine: bool,
    /// Every table of the live database, if it is a side, and why it cannot be read if it cannot.
    pub live_tables: Vec<(TableName, Option<String>)>,
}

/// A side as typed, found.
enum Found<'h> {
    /// The latest snapshot of each table.
    Latest,
    Snapshot {
        entry: &'h Entry,
        only: Option<usize>,
    },
    Live,
}

/// What finding both sides needs.
pub(super) struct Finder<'f> {
    pub place: &'f Place,
    pub project: &'f Project,
    pub history: &'f History,
    pub refs: &'f Refs,
    pub overlay: &'f Overlay<'f>,
    pub monitor: &'f dyn Monitor,
    /// Whether there may be no snapshots at all.
    pub none_is_fine: bool,
}

impl<'f> Finder<'f> {
    /// Finds both sides of `options` and captures live tables, all in one instant.
    ///
    /// # Errors
    /// If a reference or table is not found, or the database cannot be read.
    pub fn find(&self, options: &DiffOptions) -> Result<Sides, OpError> {
        let from = options.from.as_deref().unwrap_or(LATEST);
        let to = options.to.as_deref().unwrap_or(LIVE);
        let (from, to) = (self.side(from, options.from.is_none())?, self.side(to, false)?);
        if matches!((&from, &to), (Found::Live, Found::Live)) {
            return Err(OpError::Usage("the live database is compared with a snapshot, not with itself".to_owned()));
        }
        let mut live = match matches!(from, Found::Live) || matches!(to, Found::Live) {
            true => Some(Live::open(self)?),
            false => None,
        };
        let wanted = self.wanted(&from, &to, &options.tables, live.as_ref())?;
        if options.filter.is_some() && wanted.len() != 1 {
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
            (Found::Snapshot { entry, .. }, _) => match entry.manifest.source.engine.as_str() {
                "sqlite" => Engine::Sqlite,
                _ => Engine::Postgres,
            },
            (_, Some(live)) => live.engine(),
            (_, None) => Engine::Postgres,
        };
        let engines = (engine(&from), engine(&to));
        let mut sides = Sides {
            from: self.describe(&from, live.as_ref()),
            to: self.describe(&to, live.as_ref()),
            pairs,
            engine: engines.0,
            one_engine: engines.0 == engines.1,
            live_tables: live.as_ref().map(Live::tables).unwrap_or_default(),
        };
        if options.swap {
            sides.engine = engines.1;
            std::mem::swap(&mut sides.from, &mut sides.to);
            for pair in &mut sides.pairs {
                std::mem::swap(&mut pair.old, &mut pair.new);
            }
        }
        Ok(sides)
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
        let reference = self.project.reference(typed);
        if reference.key.is_some() {
            return Err(OpError::Usage(format!(
                "'{typed}' names a row; dbsnap history shows one row through all snapshots"
            )));
        }
        let resolved = refs::resolve(self.history, self.refs, &reference)?;
        let only = match &reference.table {
            Some(table) => Some(refs::find_entry_table(resolved.entry, table)?),
            None => resolved.table,
        };
        Ok(Found::Snapshot { entry: resolved.entry, only })
    }

    /// The tables to compare: those typed, else those that a side is limited to, else all that the snapshots have.
    fn wanted(
        &self,
        from: &Found<'_>,
        to: &Found<'_>,
        typed: &[String],
        live: Option<&Live>,
    ) -> Result<Vec<TableName>, OpError> {
        let mut all: Vec<TableName> = Vec::new();
        for side in [from, to] {
            match side {
                Found::Latest => {
                    let source = live.map(Live::origin);
                    let ours = |entry: &&Entry| source.is_none_or(|live| entry.manifest.source.same_database(live));
                    let tables = self.history.asked_for().filter(ours).flat_map(|entry| &entry.manifest.tables);
                    all.extend(tables.map(|table| table.table.clone()));
                }
                Found::Snapshot { entry, .. } => {
                    all.extend(entry.manifest.tables.iter().map(|table| table.table.clone()));
                }
                Found::Live => {}
            }
        }
        if all.is_empty() && !self.none_is_fine {
            let database = live.map_or_else(String::new, |live| format!(" of {}", live.origin().database));
            return Err(OpError::Usage(format!("there are no snapshots{database}")));
        }
        all.sort();
        all.dedup();
        if !typed.is_empty() {
            return self.typed(&all, typed, live);
        }
        let only: Vec<TableName> = [from, to].into_iter().filter_map(limited).collect();
        Ok(if only.is_empty() { all } else { only.into_iter().take(1).collect() })
    }

    fn typed(&self, all: &[TableName], typed: &[String], live: Option<&Live>) -> Result<Vec<TableName>, OpError> {
        let known: Vec<&TableName> = all.iter().collect();
        let mut chosen: Vec<TableName> = Vec::new();
        for name in typed {
            let name = &self.project.table_typed(name);
            let found = match names::find(&known, name, "these snapshots") {
                Ok(position) => vec![known[position].clone()],
                Err(error @ OpError::NoSuchTable { .. }) => match live.and_then(|live| live.find(name)) {
                    Some(tables) => tables,
                    None => return Err(error),
                },
                Err(error) => return Err(error),
            };
            chosen.extend(found.into_iter().filter(|table| !chosen.contains(table)).collect::<Vec<_>>());
        }
        Ok(chosen)
    }

    /// That side's version of a table; a live one is told by its schema, and captured later.
    fn table(&self, found: &Found<'_>, table: &TableName, live: Option<&Live>) -> Result<Option<TableSide>, OpError> {
        match found {
            Found::Live => live.map_or(Ok(None), |live| live.table(table)),
            Found::Snapshot { entry, .. } => {
                entry.manifest.table(table).map(|held| snapshot_side(self.overlay, entry, held)).transpose()
            }
            Found::Latest => {
                let source = live.map(Live::origin);
                let latest = self.history.asked_for().find_map(|entry| {
                    let ours = source.is_none_or(|live| entry.manifest.source.same_database(live));
                    entry.manifest.table(table).filter(|_| ours).map(|held| (entry, held))
                });
                latest.map(|(entry, held)| snapshot_side(self.overlay, entry, held)).transpose()
            }
        }
    }

    fn describe(&self, found: &Found<'_>, live: Option<&Live>) -> DiffSide {
        match (found, live) {
            (Found::Latest, _) => DiffSide { name: LATEST.to_owned(), ..DiffSide::default() },
            (Found::Snapshot { entry, .. }, _) => DiffSide {
                name: entry.id.short(),
                id: Some(entry.id.to_hex()),
                message: Some(entry.manifest.message.clone()),
                created_at: Some(entry.manifest.created_at),
                database: Some(entry.manifest.source.database.clone()),
            },
            (Found::Live, live) => {
                DiffSide { name: LIVE.to_owned(), database: live.map(Live::display), ..DiffSide::default() }
            }
        }
    }
}

/// The one table that a reference is limited to.
fn limited(found: &Found<'_>) -> Option<TableName> {
    match found {
        Found::Snapshot { entry, only: Some(only) } => {
            entry.manifest.tables.get(*only).map(|table| table.table.clone())
        }
        _ => None,
    }
}

/// A snapshot's version of a table.
pub(super) fn snapshot_side(objects: &dyn Objects, entry: &Entry, held: &TableEntry) -> Result<TableSide, OpError> {
    Ok(TableSide {
        schema: read_schema(objects, &held.schema_object)?,
        root: held.root,
        rows: held.rows,
        filter: held.filter.clone(),
        snapshot: Some(entry.id),
        since: None,
        noted: None,
    })
}
