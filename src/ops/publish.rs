//! From captured tables to a published snapshot.

use super::OpError;
use super::capture::Capture;
use super::repository::Repository;
use crate::codec::{Definition, Location, Mark};
use crate::db::{Catalog, SourceIdentity, TableId, TableRead, TableReader};
use crate::fsio::slashed;
use crate::hash::Hash;
use crate::monitor::{Monitor, Step};
use crate::prisma::BackupId;
use crate::snapshot::{
    Actor, CounterState, Entry, FORMAT, History, Manifest, Origin, Restored, Run, SnapshotKind, Stored, TableChange,
    TableEntry, needs,
};
use crate::store::{Session, Store, StoreError};
use crate::tree::{Built, TreeError, reach};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// The database as manifests name it: a file below the project by its relative path, so that a project can move.
pub(super) fn origin(identity: &SourceIdentity, project: &Repository) -> Origin {
    let database = match identity.engine.info().location {
        Location::Server => identity.database.clone(),
        Location::File => {
            let path = std::path::Path::new(&identity.database);
            let root = dunce::canonicalize(&project.root).unwrap_or_else(|_| project.root.clone());
            slashed(path.strip_prefix(&root).unwrap_or(path))
        }
    };
    let engine = identity.engine.info().name.to_owned();
    Origin { engine, cluster: identity.cluster.clone(), database, version: identity.version.clone() }
}

/// One captured table, not yet in a manifest.
pub(super) struct Captured {
    read: TableRead,
    schema_object: Hash,
    /// What it takes to make the table again, if that is known.
    pub definition: Option<Definition>,
    /// The table's tree.
    pub built: Built,
    since: Option<Hash>,
    counters: Vec<CounterState>,
}

/// A tree that a captured table is compared with on the way.
pub(super) struct Compared {
    /// Its root.
    pub root: Hash,
    /// The snapshot it is of.
    pub snapshot: Hash,
    /// Whether that has all rows of the table, not those of a filter.
    pub whole: bool,
}

/// What capturing tables into a session needs to know.
pub(super) struct Taking<'t> {
    /// The store, for its scratch directory.
    pub store: &'t Store,
    /// What is there already.
    pub history: &'t History,
    /// Where new objects go.
    pub session: &'t Session<'t>,
    /// The database.
    pub origin: &'t Origin,
    /// Whom to tell.
    pub monitor: &'t dyn Monitor,
}

impl Taking<'_> {
    /// Captures every table of `reads` from one instant. `expected` are rows and bytes for the progress.
    ///
    /// # Errors
    /// If the database cannot be read or the store not be written.
    pub fn capture(
        &self,
        snapshot: &mut dyn TableReader,
        reads: &[TableRead],
        expected: &[(Option<u64>, Option<u64>)],
    ) -> Result<Vec<Captured>, OpError> {
        self.capture_noting(snapshot, reads, expected, &[])
    }

    /// As [`Taking::capture`]. Of a table that has a snapshot and a root in `compared`, the rows that differ from that
    /// one's are noted, if it is of this table of this database and keyed alike.
    ///
    /// # Errors
    /// As [`Taking::capture`].
    pub fn capture_noting(
        &self,
        snapshot: &mut dyn TableReader,
        reads: &[TableRead],
        expected: &[(Option<u64>, Option<u64>)],
        compared: &[Option<Compared>],
    ) -> Result<Vec<Captured>, OpError> {
        // of the instant of the rows, as far as the database can tell: before anybody has had time to change them
        let definitions: Vec<Option<Definition>> =
            (0..reads.len()).map(|index| snapshot.definition(TableId::at(index))).collect::<Result<_, _>>()?;
        let mut captured = Vec::with_capacity(reads.len());
        for ((index, read), definition) in reads.iter().enumerate().zip(definitions) {
            let table = &read.schema.table;
            let spec = read.schema.key_spec();
            let mut previous = self.history.compatible_roots(self.session, self.origin, table, &spec);
            let mut since = self.comparable(read, previous.first());
            let compared = compared.get(index).and_then(Option::as_ref);
            let compared = compared.filter(|compared| previous.contains(&compared.root));
            if let Some(compared) = compared.filter(|compared| previous.first() != Some(&compared.root)) {
                previous.retain(|root| *root != compared.root);
                previous.insert(0, compared.root);
                since = (compared.whole && read.filter.is_none()).then_some(compared.snapshot);
            }
            let subject = table.to_string();
            let capture = Capture {
                storing: Some(&subject),
                objects: self.session,
                scratch: self.store.scratch_dir(),
                monitor: self.monitor,
                differences: compared.is_some(),
            };
            let (rows, bytes) = expected.get(index).copied().unwrap_or_default();
            self.monitor.begin(&Step { verb: "Reading", subject: &subject, rows, bytes });
            let built = capture.table(snapshot, index, &spec, &previous)?;
            let counters = snapshot
                .counters(TableId::at(index))?
                .into_iter()
                .map(|counter| CounterState {
                    name: counter.name,
                    column: counter.column,
                    last: counter.last,
                    next: counter.next,
                })
                .collect();
            self.monitor.end();
            captured.push(Captured {
                schema_object: capture.schema(&read.schema, definition.as_ref())?,
                definition,
                read: read.clone(),
                built,
                since,
                counters,
            });
        }
        Ok(captured)
    }

    /// The snapshot that changes are counted against: the newest of the table, if its tree is the one compared with and
    /// its filter is the same.
    fn comparable(&self, read: &TableRead, compared_root: Option<&Hash>) -> Option<Hash> {
        let (entry, table) = self.history.of_table(self.origin, &read.schema.table).next()?;
        let same_filter = table.filter.as_deref() == read.filter.as_ref().map(|filter| filter.typed.as_str());
        (same_filter && Some(&table.root) == compared_root).then_some(entry.id)
    }
}

/// A snapshot about to be published.
pub(super) struct Draft<'d> {
    /// Why.
    pub kind: SnapshotKind,
    /// What for.
    pub message: String,
    /// Who.
    pub actor: Actor,
    /// Of which database.
    pub origin: Origin,
    /// What the database said of its tables, if it was asked.
    pub catalog: Option<&'d Catalog>,
    /// Its newest migration, if known.
    pub schema_version: Option<String>,
    /// Of a safety snapshot: the restore before which it is taken.
    pub restored: Option<Restored>,
    /// Whether the rows come from an exported file.
    pub imported: bool,
    /// Whether the hook of a coding agent takes it.
    pub hook: bool,
    /// The command that is run after it, or was before it.
    pub run: Option<Run>,
    /// Where the database stood before the tables were read, if they are to be held against it.
    pub mark: Option<Mark>,
    /// What the database was made with.
    pub settings: BTreeMap<String, String>,
    /// The tables.
    pub captured: Vec<Captured>,
}

/// A published snapshot.
pub(super) struct Published {
    /// Id and manifest.
    pub entry: Entry,
    /// The captured tables, in the order of the manifest.
    pub captured: Vec<Captured>,
}

/// Makes the session's objects durable, then publishes the manifest: the one commit point.
pub(super) fn publish(
    store: &Store,
    session: Session<'_>,
    history: &History,
    draft: Draft<'_>,
) -> Result<Published, OpError> {
    let sealed = session.seal()?;
    check_whole(store, &draft.captured)?;
    let created_at = now();
    let mut taken: BTreeSet<String> = history
        .entries
        .iter()
        .flat_map(|entry| entry.manifest.tables.iter().map(|t| t.backup.to_ascii_lowercase()))
        .collect();
    let mut tables = Vec::with_capacity(draft.captured.len());
    for captured in &draft.captured {
        let table = &captured.read.schema.table;
        let info = draft.catalog.and_then(|catalog| catalog.table(table));
        let backup = BackupId::choose(created_at, table, |id| taken.contains(id))?.to_string();
        taken.insert(backup.to_ascii_lowercase());
        tables.push(TableEntry {
            table: table.clone(),
            backup,
            part_of: info.map(|info| info.part_of.clone()).unwrap_or_default(),
            definition: info.and_then(|info| info.definition.clone()),
            rows: captured.built.totals.rows,
            bytes: captured.built.totals.row_bytes,
            root: captured.built.root,
            schema_object: captured.schema_object,
            filter: captured.read.filter.as_ref().map(|filter| filter.typed.clone()),
            change: captured.change(),
            counters: captured.counters.clone(),
        });
    }
    let manifest = Manifest {
        dbsnap: FORMAT,
        kind: draft.kind,
        created_at,
        message: draft.message,
        parent: history.entries.first().map(|entry| entry.id),
        sequence: Some(history.next_sequence(store)?),
        replaces: Vec::new(),
        restored: draft.restored,
        imported: draft.imported,
        hook: draft.hook,
        run: draft.run,
        actor: draft.actor,
        source: draft.origin,
        search_path: draft
            .catalog
            .map(|catalog| catalog.search_path.clone())
            .filter(|path| *path != ["public"])
            .unwrap_or_default(),
        schema_version: draft.schema_version,
        settings: draft.settings,
        mark: draft.mark,
        tables,
        stored: Stored { objects: sealed.objects, bytes: sealed.pack_bytes },
    };
    let bytes = manifest.to_bytes();
    let id = store.publish(&bytes, &needs(&manifest))?;
    Ok(Published { entry: Entry { id, manifest, len: bytes.len() as u64 }, captured: draft.captured })
}

/// Refuses trees that cannot be read: a leaf that the store held already may draw on one that was lost since.
fn check_whole(store: &Store, captured: &[Captured]) -> Result<(), OpError> {
    let mut seen = HashSet::new();
    for table in captured {
        match reach(store, &table.built.root, &mut seen, |_, _| {}) {
            Err(TreeError::Store(StoreError::Missing(id))) => {
                return Err(OpError::Verification(format!(
                    "the store has lost object {}, on which rows of {} draw; delete the snapshots that verify names, run gc --now, \
                     and take this snapshot again",
                    id.short(),
                    table.read.schema.table
                )));
            }
            result => result?,
        }
    }
    Ok(())
}

/// Now, to the microsecond: what manifests keep.
pub(super) fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
}

impl Captured {
    /// What differs from the snapshot that it was counted against.
    pub fn change(&self) -> Option<TableChange> {
        let change = self.built.change?;
        Some(TableChange { since: self.since?, added: change.added, changed: change.changed, removed: change.removed })
    }
}
