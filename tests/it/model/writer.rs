//! A writer: what `snap` does with a store, one call after the other, so that others can come between.

use super::process::Process;
use super::tables::{self, NAMES};
use dbsnap::hash::Hash;
use dbsnap::snapshot::{Actor, FORMAT, History, Manifest, Origin, SnapshotKind, Stored, TableEntry, needs};
use dbsnap::store::{Frame, NewObjects, ObjectKind, Session, Store};
use dbsnap::tree::{Built, reach};
use jiff::Timestamp;
use std::collections::HashSet;
use std::error::Error;

pub type Outcome<T> = Result<T, Box<dyn Error>>;

/// The live states of all tables at one instant.
pub type Live = [usize; NAMES.len()];

/// What a snapshot must hold, as the model remembers it.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub id: Hash,
    pub tables: Vec<Taken>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Taken {
    pub table: usize,
    pub state: usize,
    pub filtered: bool,
}

pub struct Writer<'a> {
    pub process: Process,
    store: &'a Store,
    session: Option<Session<'a>>,
    history: History,
    tables: Vec<usize>,
    filtered: bool,
    /// The instant that is read, chosen with the first table.
    instant: Option<Live>,
    built: Vec<(Taken, Built)>,
    stored: Option<Stored>,
}

pub fn origin() -> Origin {
    Origin { engine: "sqlite".to_owned(), cluster: None, database: "dev.db".to_owned(), version: "3".to_owned() }
}

impl<'a> Writer<'a> {
    pub fn start(process: Process, store: &'a Store, tables: u64, filtered: bool) -> Outcome<Writer<'a>> {
        let mut tables: Vec<usize> = (0..NAMES.len()).filter(|table| tables >> table & 1 == 1).collect();
        if filtered {
            tables.truncate(1);
        }
        let history = History::load(store)?;
        let session = Some(store.session()?);
        Ok(Writer {
            process,
            store,
            session,
            history,
            tables,
            filtered,
            instant: None,
            built: Vec::new(),
            stored: None,
        })
    }

    /// Does the next thing. The snapshot, once all that is left is to publish its manifest.
    pub fn go(&mut self, live: Live, now: Timestamp) -> Outcome<Option<Manifest>> {
        let instant = *self.instant.get_or_insert(live);
        if let Some(table) = self.tables.get(self.built.len()) {
            let taken = Taken { table: *table, state: instant[*table], filtered: self.filtered };
            let built = self.capture(&taken)?;
            self.built.push((taken, built));
            return Ok(None);
        }
        if let Some(session) = self.session.take() {
            let sealed = session.seal()?;
            self.stored = Some(Stored { objects: sealed.objects, bytes: sealed.pack_bytes });
            return Ok(None);
        }
        let mut seen = HashSet::new();
        for (_, built) in &self.built {
            reach(self.store, &built.root, &mut seen, |_, _| {})?;
        }
        Ok(Some(self.manifest(now)))
    }

    fn capture(&self, taken: &Taken) -> Outcome<Built> {
        let session = self.session.as_ref().ok_or("the session is gone")?;
        let table = tables::table(taken.table);
        let previous = self.history.compatible_roots(session, &origin(), &table.name, &table.spec);
        let built = table.build(session, &previous, taken.state, taken.filtered)?;
        session.put(Frame::compress(Hash::of(&table.schema), ObjectKind(4), &table.schema, 3)?)?;
        Ok(built)
    }

    fn manifest(&self, now: Timestamp) -> Manifest {
        let tables = self.built.iter().map(|(taken, built)| {
            let table = tables::table(taken.table);
            TableEntry {
                table: table.name.clone(),
                backup: format!("backup_{}_{}", now.as_second(), table.name),
                rows: built.totals.rows,
                bytes: built.totals.row_bytes,
                root: built.root,
                schema_object: Hash::of(&table.schema),
                filter: taken.filtered.then(|| "id % 3 <> 0".to_owned()),
                change: None,
                counters: Vec::new(),
                part_of: Vec::new(),
                definition: None,
            }
        });
        Manifest {
            dbsnap: FORMAT,
            kind: SnapshotKind::Snapshot,
            created_at: now,
            message: String::new(),
            parent: self.history.entries.first().map(|entry| entry.id),
            sequence: None,
            replaces: Vec::new(),
            restored: None,
            imported: false,
            hook: false,
            run: None,
            actor: Actor::default(),
            source: origin(),
            schema_version: None,
            settings: std::collections::BTreeMap::new(),
            mark: None,
            search_path: Vec::new(),
            tables: tables.collect(),
            stored: self.stored.unwrap_or_default(),
        }
    }

    /// What the snapshot of `manifest` must hold.
    pub fn snapshot(&self, manifest: &Manifest) -> Snapshot {
        let id = Hash::of(&manifest.to_bytes());
        Snapshot { id, tables: self.built.iter().map(|(taken, _)| *taken).collect() }
    }

    pub fn publish(&self, manifest: &Manifest) -> Outcome<()> {
        self.store.publish(&manifest.to_bytes(), &needs(manifest))?;
        Ok(())
    }
}
