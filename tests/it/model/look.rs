//! What must hold after every step.

use super::packs::{Packed, packs};
use super::tables::{self, BAG};
use super::violation::{Kind, Violation};
use super::world::{ROOT, World, chain};
use super::writer::{Snapshot, Taken};
use crate::tree::model::Model;
use dbsnap::fsio::{Simulated, is_temp_name};
use dbsnap::hash::Hash;
use dbsnap::monitor::Silent;
use dbsnap::snapshot::{History, Refs, mark, read_schema};
use dbsnap::store::{Access, Objects, Store};
use dbsnap::tree::{Cursor, DELTA, LEAF, LeafReader, TreeError, reach};
use std::collections::HashSet;
use std::path::PathBuf;

/// Names and lengths of the files when they were last looked at: what has not changed is not looked at again.
#[derive(Debug, Default)]
pub struct Looked {
    operations: u64,
    files: Vec<(PathBuf, usize)>,
    /// Forms of leaves whose rows were held against their ids.
    verified: HashSet<Hash>,
}

impl Looked {
    /// The power was off: what a name holds may be another thing now.
    pub fn forget(&mut self) {
        self.files.clear();
    }

    fn is_the_same(&mut self, machine: &Simulated) -> bool {
        if self.operations == machine.operations() && !self.files.is_empty() {
            return true;
        }
        self.operations = machine.operations();
        let files: Vec<_> = machine
            .paths()
            .into_iter()
            .filter(|path| path.extension().is_none_or(|end| end != "tmp"))
            .map(|path| (path.clone(), machine.read(&path).map_or(0, |bytes| bytes.len())))
            .collect();
        let same = self.files == files;
        self.files = files;
        same
    }
}

impl World<'_> {
    pub fn look(&mut self) -> Result<(), Violation> {
        if self.looked.is_the_same(&self.machine) {
            return Ok(());
        }
        let store = self.reading()?;
        self.snapshots(&store)?;
        self.marks(&store)?;
        if !self.violations.iter().any(|violation| violation.kind == Kind::Open) {
            self.violations.extend(closed(&self.machine, &store, &mut self.looked.verified).err());
        }
        Ok(())
    }

    fn reading(&self) -> Result<Store, Violation> {
        let opened = self.open(Access::Read);
        opened.map(|(_, store)| store).map_err(|error| Violation::new(Kind::Refused, format!("opening: {error}")))
    }

    /// Every snapshot that was acknowledged is there, and every one that is there is whole.
    fn snapshots(&mut self, store: &Store) -> Result<(), Violation> {
        let lost = |what: String| Violation::new(Kind::Lost, what);
        let listed = store.manifest_ids().map_err(|error| lost(error.to_string()))?;
        if let Some(gone) = self.memory.snapshots.iter().find(|snapshot| !listed.contains(&snapshot.id)) {
            return Err(lost(format!("snapshot {} is gone", gone.id)));
        }
        let history = History::load(store).map_err(|error| lost(error.to_string()))?;
        if let Some((id, reason)) = history.unreadable.first() {
            return Err(lost(format!("snapshot {id} cannot be read: {reason}")));
        }
        let mut read = HashSet::new();
        for id in listed {
            let known = self.memory.get(&id).ok_or_else(|| lost(format!("snapshot {id} should not be there")))?;
            snapshot(store, known, &mut read)?;
        }
        Ok(())
    }

    fn marks(&self, store: &Store) -> Result<(), Violation> {
        let lost = |what: String| Violation::new(Kind::Lost, what);
        let refs = Refs::load(store).map_err(|error| lost(chain(&error)))?;
        let memory = &self.memory;
        let told = |id: &&Hash| !memory.unsure_pins.contains(id);
        if let Some(pin) = memory.pins.iter().filter(told).find(|pin| !refs.pins.contains_key(pin)) {
            return Err(lost(format!("the pin of {pin} is gone")));
        }
        match memory.tag {
            Some(tag) if !refs.tags.values().any(|named| *named == tag) => {
                Err(lost(format!("the tag of {tag} is gone")))
            }
            _ => Ok(()),
        }
    }

    /// The store's own check.
    pub fn check(&self) -> Result<(), Violation> {
        let report = self.reading()?.check(&Silent);
        let report = report.map_err(|error| Violation::new(Kind::Damaged, chain(&error)))?;
        match report.damage.first() {
            None => Ok(()),
            Some(damage) => Err(Violation::new(Kind::Damaged, format!("{}: {}", damage.path.display(), damage.reason))),
        }
    }
}

/// Reads a snapshot in full: its rows are those that the model remembers. Trees in `read` were read just now.
pub fn snapshot(store: &Store, snapshot: &Snapshot, read: &mut HashSet<(Hash, Taken)>) -> Result<(), Violation> {
    let lost = |what: String| Violation::new(Kind::Lost, format!("snapshot {}: {what}", snapshot.id.short()));
    let bytes = store.read_manifest(&snapshot.id).map_err(|error| lost(chain(&error)))?;
    let manifest = dbsnap::snapshot::Manifest::from_bytes(&bytes).map_err(|error| lost(chain(&error)))?;
    for taken in &snapshot.tables {
        let table = tables::table(taken.table);
        let entry = manifest.table(&table.name).ok_or_else(|| lost(format!("{} is gone", table.name)))?;
        read_schema(store, &entry.schema_object).map_err(|error| lost(chain(&error)))?;
        if !read.insert((entry.root, *taken)) {
            continue;
        }
        let rows = rows(store, taken.table, &entry.root).map_err(|error| lost(chain(&error)))?;
        if rows != *table.rows(taken.state, taken.filtered) {
            return Err(lost(format!("{} has other rows", table.name)));
        }
    }
    Ok(())
}

fn rows(store: &Store, table: usize, root: &Hash) -> Result<Model, TreeError> {
    let mut cursor = Cursor::new(store, &tables::table(table).spec, root)?;
    let mut rows = Model::new();
    while let Some(entry) = cursor.next_entry()? {
        rows.insert(entry.key.to_vec(), (entry.row.to_vec(), entry.count));
    }
    Ok(rows)
}

/// Every object that the index gives can be read as it is given: the leaf that its id names, from sources that are all
/// there.
fn closed(machine: &Simulated, store: &Store, verified: &mut HashSet<Hash>) -> Result<(), Violation> {
    let leaves = LeafReader::new(store, 1 << 20);
    let mut seen = HashSet::new();
    for object in packs(machine).iter().flat_map(|pack| &pack.objects) {
        let open = |what: String| Violation::new(Kind::Open, format!("object {}: {what}", object.id.short()));
        if !store.contains(&object.id) {
            continue;
        }
        let given = store.get(&object.id).map_err(|error| open(chain(&error)))?;
        if given.kind != LEAF && given.kind != DELTA {
            continue;
        }
        reach(store, &object.id, &mut seen, |_, _| {}).map_err(|error| open(chain(&error)))?;
        // What a form says does not change as long as its sources are there.
        if verified.insert(Hash::of(&[object.id.as_bytes(), &given.bytes[..]].concat())) {
            let leaf = leaves.load(&object.id).map_err(|error| open(chain(&error)))?;
            let spec = &tables::table(if leaf.is_multiset() { BAG } else { 0 }).spec;
            leaves.read(&object.id, spec).map_err(|error| open(chain(&error)))?;
        }
    }
    Ok(())
}

/// After two sweeps nothing is left that a third would take, no file of a dead writer, and no pack a fifth of which is
/// not needed.
pub fn unneeded(world: &World<'_>) -> Result<(), Violation> {
    let unneeded = |what: String| Violation::new(Kind::Unneeded, what);
    let store = world.reading()?;
    let history = History::load(&store).map_err(|error| unneeded(chain(&error)))?;
    let live = mark(&history, &store).map_err(|error| Violation::new(Kind::Lost, chain(&error)))?;
    let plan = store.plan_sweep(&live, &Silent).map_err(|error| unneeded(chain(&error)))?;
    if !plan.is_empty() {
        return Err(unneeded(format!("a third sweep would free {} bytes", plan.bytes_freed())));
    }
    if let Some(left) =
        world.machine.paths().iter().find(|path| is_temp_name(&path.file_name().unwrap().to_string_lossy()))
    {
        return Err(unneeded(format!("{} is still there", left.display())));
    }
    let mark = Hash::of(b"dbsnap hard pack 1\n");
    let is_dead = |object: &&Packed| object.id != mark && !live.contains(&object.id);
    for pack in packs(&world.machine) {
        let dead: u64 = pack.objects.iter().filter(is_dead).map(|object| object.len).sum();
        let all: u64 = pack.objects.iter().map(|object: &Packed| object.len).sum();
        if dead > 0 && dead * 5 >= all {
            return Err(unneeded(format!("{dead} of {all} bytes in {}/{}", ROOT, pack.path.display())));
        }
    }
    Ok(())
}
