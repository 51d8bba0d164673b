//! All snapshots of a store, newest first.

use super::{Manifest, ManifestError, Origin, SnapshotKind, TableEntry};
use crate::codec::{KeySpec, TableName, TableSchema};
use crate::hash::Hash;
use crate::store::{Objects, Store, StoreError};

/// One snapshot: its id and its manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The id: the hash of the manifest's bytes.
    pub id: Hash,
    /// The manifest.
    pub manifest: Manifest,
}

/// All snapshots of a store, newest first, and the manifests that cannot be read.
#[derive(Debug, Default)]
pub struct History {
    /// Readable snapshots, newest first; among equal times by id.
    pub entries: Vec<Entry>,
    /// Manifests that are damaged or of a later format, with the reason.
    pub unreadable: Vec<(Hash, String)>,
}

impl History {
    /// Reads every manifest of `store`.
    ///
    /// # Errors
    /// If the directory cannot be listed. A manifest that cannot be read is not an error here; see [`History::unreadable`].
    pub fn load(store: &Store) -> Result<History, StoreError> {
        let mut history = History::default();
        for id in store.manifest_ids()? {
            let bytes = match store.read_manifest(&id) {
                Ok(bytes) => bytes,
                // Deleted by another process between listing and reading.
                Err(StoreError::Missing(_)) => continue,
                Err(error) => {
                    history.unreadable.push((id, error.to_string()));
                    continue;
                }
            };
            match Manifest::from_bytes(&bytes) {
                Ok(manifest) => history.entries.push(Entry { id, manifest }),
                Err(error @ (ManifestError::Malformed(_) | ManifestError::UnknownFormat(_))) => {
                    history.unreadable.push((id, error.to_string()));
                }
            }
        }
        history.entries.sort_by(|a, b| b.manifest.created_at.cmp(&a.manifest.created_at).then_with(|| a.id.cmp(&b.id)));
        Ok(history)
    }

    /// The snapshot of that id.
    pub fn get(&self, id: &Hash) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.id == *id)
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

    /// Roots of older trees of a table whose rows are keyed as `spec` says, newest first, each once: what a new tree of it is
    /// deduplicated against. Trees whose schema cannot be read are left out.
    pub fn kindred_roots(
        &self,
        objects: &dyn Objects,
        source: &Origin,
        table: &TableName,
        spec: &KeySpec,
    ) -> Vec<Hash> {
        let mut known_specs: Vec<(Hash, bool)> = Vec::new();
        let mut roots = Vec::new();
        for (_, entry) in self.of_table(source, table) {
            let kindred = match known_specs.iter().find(|(id, _)| *id == entry.schema_object) {
                Some((_, kindred)) => *kindred,
                None => {
                    let kindred =
                        read_schema(objects, &entry.schema_object).is_ok_and(|schema| schema.key_spec() == *spec);
                    known_specs.push((entry.schema_object, kindred));
                    kindred
                }
            };
            if kindred && !roots.contains(&entry.root) {
                roots.push(entry.root);
            }
        }
        roots
    }
}

/// Reads the table schema that the object `id` holds.
///
/// # Errors
/// If the object is missing, damaged or not a schema.
pub fn read_schema(objects: &dyn Objects, id: &Hash) -> Result<TableSchema, StoreError> {
    let object = objects.get(id)?;
    let damaged = |reason: String| StoreError::Damaged { path: format!("object {id}").into(), reason };
    if Hash::of(&object.bytes) != *id {
        return Err(damaged("its bytes do not have its hash".to_owned()));
    }
    serde_json::from_slice(&object.bytes).map_err(|error| damaged(format!("it is not a table schema: {error}")))
}
