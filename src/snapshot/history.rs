//! All snapshots of a store, newest first.

use super::{Deleted, Manifest, ManifestError, Origin, SnapshotKind, TableEntry};
use crate::codec::{Definition, KeySpec, TableName, TableSchema};
use crate::hash::Hash;
use crate::store::{Objects, Store, StoreError};
use rayon::prelude::*;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::HashSet;

/// One snapshot: its id and its manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The id: the hash of the manifest's bytes.
    pub id: Hash,
    /// The manifest.
    pub manifest: Manifest,
    /// How many bytes that is in the store.
    pub len: u64,
}

impl Entry {
    /// Reads the bytes of the manifest that has this id.
    ///
    /// # Errors
    /// If they are not a manifest of a known format.
    pub fn from_bytes(id: Hash, bytes: &[u8]) -> Result<Entry, ManifestError> {
        Ok(Entry { id, manifest: Manifest::from_bytes(bytes)?, len: bytes.len() as u64 })
    }

    /// Whether that is its id, or was before its message was changed.
    pub fn is_or_was(&self, id: &Hash) -> bool {
        self.id == *id || self.manifest.replaces.contains(id)
    }

    /// Bytes by which the store grew: of packs, and of the manifest.
    pub fn added_bytes(&self) -> u64 {
        self.manifest.stored.bytes + self.len
    }
}

/// All snapshots of a store, newest first, and the manifests that cannot be read.
#[derive(Debug, Default)]
pub struct History {
    /// Readable snapshots, the one taken last first ([`Manifest::order`]); where that cannot be told by id.
    pub entries: Vec<Entry>,
    /// Manifests that are damaged or of a later format, with the reason.
    pub unreadable: Vec<(Hash, String)>,
}

impl History {
    /// Reads every manifest of `store`.
    ///
    /// # Errors
    /// If the directory cannot be listed. A manifest that cannot be read is not an error here; see
    /// [`History::unreadable`].
    pub fn load(store: &Store) -> Result<History, StoreError> {
        let read = |id| match store.read_manifest(&id) {
            // Deleted by another process between listing and reading.
            Err(StoreError::Missing(_)) => None,
            Err(error) => Some(Err((id, error.to_string()))),
            Ok(bytes) => Some(Entry::from_bytes(id, &bytes).map_err(|error| (id, error.to_string()))),
        };
        let mut history = History::default();
        for read in store.manifest_ids()?.into_par_iter().filter_map(read).collect::<Vec<_>>() {
            match read {
                Ok(entry) => history.entries.push(entry),
                Err(unreadable) => history.unreadable.push(unreadable),
            }
        }
        history.entries.sort_by(|a, b| b.manifest.order().cmp(&a.manifest.order()).then_with(|| a.id.cmp(&b.id)));
        Ok(history)
    }

    /// The sequence of the snapshot that is published next into `store`, from which this was read; snapshots that
    /// others have published since count too, and so do deleted ones, which may come back.
    ///
    /// # Errors
    /// If the directory cannot be listed.
    pub fn next_sequence(&self, store: &Store) -> Result<u64, StoreError> {
        let known: HashSet<Hash> = self.entries.iter().map(|entry| entry.id).collect();
        let newer = store.manifest_ids()?.into_iter().filter(|id| !known.contains(id));
        // What cannot be read has no sequence to be seen.
        let newer = newer.filter_map(|id| Manifest::from_bytes(&store.read_manifest(&id).ok()?).ok()?.sequence);
        let deleted = Deleted::load(store)?.snapshots;
        let deleted = deleted.iter().filter_map(|deleted| deleted.entry.manifest.sequence);
        let highest = self.entries.iter().filter_map(|entry| entry.manifest.sequence).chain(newer).chain(deleted).max();
        Ok(highest.unwrap_or(0).saturating_add(1))
    }

    /// The snapshot of that id.
    pub fn get(&self, id: &Hash) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.id == *id)
    }

    /// The snapshot of that id, or the one that has another id since its message was changed.
    pub fn now_called(&self, id: &Hash) -> Option<&Entry> {
        self.get(id).or_else(|| self.entries.iter().find(|entry| entry.is_or_was(id)))
    }

    /// Snapshots that somebody asked for, newest first: what `latest` and `~N` count.
    pub fn asked_for(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.manifest.kind == SnapshotKind::Snapshot)
    }

    /// Snapshots of a table of a database (safety snapshots included), newest first, with the table's entry.
    pub fn of_table<'h>(
        &'h self,
        source: &'h Origin,
        table: &'h TableName,
    ) -> impl Iterator<Item = (&'h Entry, &'h TableEntry)> {
        self.entries
            .iter()
            .filter(|entry| entry.manifest.source.same_database(source))
            .filter_map(|entry| entry.manifest.table(table).map(|found| (entry, found)))
    }

    /// Roots of older trees of a table whose rows are keyed as `spec` says, newest first, each once: what a new tree of
    /// it is deduplicated against. Trees whose schema cannot be read are left out.
    pub fn compatible_roots(
        &self,
        objects: &dyn Objects,
        source: &Origin,
        table: &TableName,
        spec: &KeySpec,
    ) -> Vec<Hash> {
        let mut known_specs: Vec<(Hash, bool)> = Vec::new();
        let (mut roots, mut seen) = (Vec::new(), HashSet::new());
        for (_, entry) in self.of_table(source, table) {
            let compatible = match known_specs.iter().find(|(id, _)| *id == entry.schema_object) {
                Some((_, compatible)) => *compatible,
                None => {
                    let compatible =
                        read_schema(objects, &entry.schema_object).is_ok_and(|schema| schema.key_spec() == *spec);
                    known_specs.push((entry.schema_object, compatible));
                    compatible
                }
            };
            if compatible && seen.insert(entry.root) {
                roots.push(entry.root);
            }
        }
        roots
    }
}

/// Reads the table schema that the object `id` holds, from the first of its copies that is what its id says.
///
/// # Errors
/// If the object is missing, or damaged or not a schema in all copies: what is wrong with the first.
pub fn read_schema(objects: &dyn Objects, id: &Hash) -> Result<TableSchema, StoreError> {
    read_object(objects, id, |bytes| parse(id, bytes))
}

/// Reads the definition that stands with the schema in the object `id`; `None` if there is none: the snapshot was taken
/// by a dbsnap that kept none, or of an exported file.
///
/// # Errors
/// As [`read_schema`], or if the definition has parts that only a later dbsnap knows.
pub fn read_definition(objects: &dyn Objects, id: &Hash) -> Result<Option<Definition>, StoreError> {
    #[derive(Deserialize)]
    struct Defined {
        #[serde(default)]
        definition: Option<Definition>,
    }
    read_object(objects, id, |bytes| parse(id, bytes).map(|Defined { definition }| definition))
}

/// Reads the object `id` from the first of its copies that `parse` takes.
fn read_object<T>(
    objects: &dyn Objects,
    id: &Hash,
    parse: impl Fn(&[u8]) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let first = match objects.get(id).and_then(|object| parse(&object.bytes)) {
        Ok(parsed) => return Ok(parsed),
        Err(error) => error,
    };
    let mut bytes = Vec::new();
    for copy in objects.copies(id) {
        let read = objects.get_copy(id, &copy, &mut bytes);
        if let Ok(parsed) = read.and_then(|()| parse(&bytes)) {
            return Ok(parsed);
        }
    }
    Err(first)
}

fn parse<T: DeserializeOwned>(id: &Hash, bytes: &[u8]) -> Result<T, StoreError> {
    let damaged = |reason: String| StoreError::Damaged { path: format!("object {id}").into(), reason };
    if Hash::of(bytes) != *id {
        return Err(damaged("its bytes do not have its hash".to_owned()));
    }
    serde_json::from_slice(bytes).map_err(|error| damaged(format!("it is not a table schema: {error}")))
}
