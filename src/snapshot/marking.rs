//! Which objects snapshots need: gc keeps them, publishing checks them.

use super::{History, Manifest};
use crate::hash::Hash;
use crate::store::Objects;
use crate::tree::{TreeError, reach};
use std::collections::HashSet;

/// The objects a manifest names itself: the roots and schemas of its tables.
pub fn needs(manifest: &Manifest) -> Vec<Hash> {
    manifest.tables.iter().flat_map(|table| [table.root, table.schema_object]).collect()
}

/// Every object that some snapshot of `history` needs, found by walking its trees.
///
/// # Errors
/// If an object on the way is missing or damaged: then nothing may be deleted.
pub fn mark(history: &History, objects: &dyn Objects) -> Result<HashSet<Hash>, TreeError> {
    let mut live = HashSet::new();
    for entry in &history.entries {
        for table in &entry.manifest.tables {
            live.insert(table.schema_object);
            reach(objects, &table.root, &mut live, |_, _| {})?;
        }
    }
    Ok(live)
}
