//! Which objects snapshots need: gc keeps them, publishing checks them.

use super::{Entry, History, Manifest};
use crate::hash::Hash;
use crate::store::{Live, Objects};
use crate::tree::{Marking, TreeError};

/// The objects a manifest names itself: the roots and schemas of its tables.
pub fn needs(manifest: &Manifest) -> Vec<Hash> {
    manifest.tables.iter().flat_map(|table| [table.root, table.schema_object]).collect()
}

/// Every object that some snapshot of `history` needs, found by walking its trees, and the forms in which they are to
/// be kept.
///
/// # Errors
/// If an object on the way is missing or damaged: then nothing may be deleted.
pub fn mark(history: &History, objects: &dyn Objects) -> Result<Live, TreeError> {
    let mut marking = Marking::new(objects);
    history.entries.iter().try_for_each(|entry| mark_one(entry, &mut marking))?;
    Ok(marking.finish())
}

/// Marks every object that one snapshot needs.
///
/// # Errors
/// As [`mark`]; what was marked must not be used then.
pub fn mark_one(entry: &Entry, marking: &mut Marking<'_>) -> Result<(), TreeError> {
    for table in &entry.manifest.tables {
        marking.object(table.schema_object);
        marking.tree(&table.root)?;
    }
    Ok(())
}
