//! `verify`: the whole store, one snapshot, or an exported file. Nothing is changed, but for the status of exports in
//! `backup_manifest.json`.

use super::refs::resolve;
use super::repository::Repository;
use super::wording::{counted, grouped};
use super::{ErrorKind, OpError};
use crate::hash::Hash;
use crate::monitor::{Monitor, Step};
use crate::prisma::ExportReader;
use crate::snapshot::{Deleted, Entry, History, Refs, TableEntry, read_schema};
use crate::store::{Access, DamageKind, Forms, ObjectCopy, Objects, Store, StoreError};
use crate::tree::{LeafForms, TreeCheck, TreeError, gaps, reach};
use serde::Serialize;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Places of one table that are named; of more, only how many.
const NAMED_GAPS: usize = 5;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Damage {
    /// What is damaged: a file of the store, a snapshot's table, an exported file.
    pub what: String,
    /// How.
    pub reason: String,
}

/// What can be done about damage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Remedy {
    /// Nothing has to be done, or the reason says what.
    #[default]
    None,
    /// `export` writes the files again.
    Export,
    /// No snapshot needs what is damaged, and `gc` removes it.
    Collect,
    /// Snapshots contradict themselves: they can only be deleted.
    Delete,
    /// `repair` may put it right.
    Repair,
}

/// What `verify` looked at and found.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct VerifyReport {
    /// Packs read from end to end; none if only a snapshot or file was asked for.
    pub packs: u64,
    /// Snapshots read row by row.
    pub snapshots: u64,
    /// Rows read and hashed.
    pub rows: u64,
    /// Exported files checked.
    pub files: u64,
    /// Everything that is wrong.
    pub damage: Vec<Damage>,
    /// What can be done about it, or about the worst of it.
    pub remedy: Remedy,
}

/// Verifies an exported file. No store is needed.
///
/// # Errors
/// If the system refuses to read it.
pub fn file(path: &Path) -> Result<VerifyReport, OpError> {
    let mut report = VerifyReport::default();
    verify_file(path, &mut report)?;
    Ok(report)
}

/// Verifies the snapshot that `subject` names; without one the store and everything in it. If `quick`, packs are not
/// read from end to end and rows not hashed: everything that a snapshot needs must be there, and what is small is read.
///
/// # Errors
/// If there is no store or no such snapshot. Damage is not an error here but in the report.
pub fn verify(
    repository: &Repository,
    subject: Option<&str>,
    quick: bool,
    monitor: &dyn Monitor,
) -> Result<VerifyReport, OpError> {
    let report = VerifyReport::default();
    let store = repository.open(Access::Read)?;
    let history = History::load(&store)?;
    let (trees, seen) = (TreeCheck::new(&store), HashSet::new());
    let mut verifying = Verifying { store: &store, trees, quick, seen, copies: Vec::new(), monitor, report };
    match subject {
        Some(typed) => {
            let resolved = resolve(repository, &history, &Refs::load(&store)?, typed)?;
            verifying.snapshot(resolved.entry)?;
        }
        None => {
            verifying.store(&history)?;
            if !quick {
                verifying.tell(repository)?;
                verifying.exports(repository)?;
            }
        }
    }
    Ok(verifying.report)
}

struct Verifying<'v> {
    store: &'v Store,
    trees: TreeCheck<'v>,
    quick: bool,
    /// Objects that are there, if nothing more is asked.
    seen: HashSet<Hash>,
    /// Copies of objects that are damaged.
    copies: Vec<ObjectCopy>,
    monitor: &'v dyn Monitor,
    report: VerifyReport,
}

impl Verifying<'_> {
    fn store(&mut self, history: &History) -> Result<(), OpError> {
        self.monitor.begin(&Step { verb: "Verifying", subject: "packs", ..Step::default() });
        let checked = match self.quick {
            true => self.store.check_quickly()?,
            false => self.store.check_forms(&LeafForms, self.monitor)?,
        };
        self.monitor.end();
        self.report.packs = checked.packs;
        self.copies = checked.copies;
        for damage in checked.damage {
            // What snapshots need is found once more with them.
            let remedy = if damage.kind == DamageKind::Source { Remedy::Collect } else { Remedy::Repair };
            self.found(remedy, damage.path.display().to_string(), damage.reason);
        }
        // What is wrong with a manifest's bytes has been found already; here it is about what they say.
        let known: Vec<String> = self.report.damage.iter().map(|damage| damage.what.clone()).collect();
        let unknown = |id: &Hash| !known.iter().any(|what| what.contains(&id.to_hex()));
        for (id, reason) in history.unreadable.iter().filter(|(id, _)| unknown(id)) {
            self.found(Remedy::Delete, format!("snapshot {}", id.short()), reason.clone());
        }
        for entry in &history.entries {
            self.snapshot(entry)?;
        }
        let deleted = Deleted::load(self.store)?;
        for (aside, reason) in deleted.unreadable.iter().filter(|(aside, _)| unknown(&aside.id)) {
            self.found(Remedy::Repair, format!("deleted snapshot {}", aside.id.short()), reason.clone());
        }
        for deleted in &deleted.snapshots {
            self.snapshot(&deleted.entry)?;
        }
        let deleted: Vec<Hash> = self.store.set_aside_manifests()?.iter().map(|aside| aside.id).collect();
        for (name, id) in &Refs::load(self.store)?.tags {
            if history.get(id).is_none() && !deleted.contains(id) {
                let reason = format!("its snapshot {} is gone; dbsnap tag --delete {name} removes the tag", id.short());
                self.found(Remedy::None, format!("tag {name}"), reason);
            }
        }
        Ok(())
    }

    fn snapshot(&mut self, entry: &Entry) -> Result<(), OpError> {
        self.report.snapshots += 1;
        for table in &entry.manifest.tables {
            if self.monitor.interrupted() {
                return Err(OpError::Interrupted);
            }
            let subject = format!("{} {}", entry.id.short(), table.table);
            self.monitor.begin(&Step {
                verb: "Verifying",
                subject: &subject,
                rows: Some(table.rows),
                bytes: Some(table.bytes),
            });
            let result = match self.quick {
                true => self.is_there(table),
                false => self.table(&table.schema_object, &table.root),
            };
            self.monitor.end();
            match result {
                Ok(rows) if rows == table.rows => {}
                Ok(rows) => self.found(
                    Remedy::Delete,
                    format!("snapshot {}, table {}", entry.id.short(), table.table),
                    format!("the manifest says {} rows, the tree holds {rows}", table.rows),
                ),
                Err(error) if error.kind() == ErrorKind::Interrupted => return Err(error),
                Err(error) => {
                    let reason = self.rows_lost(table, &error)?;
                    let what = format!("snapshot {}, table {}", entry.id.short(), table.table);
                    self.found(Remedy::Repair, what, reason);
                }
            }
        }
        Ok(())
    }

    /// Tells the snapshots to come what not to rely on. Where the store cannot be written there are none.
    fn tell(&self, project: &Repository) -> Result<(), OpError> {
        match Store::open(&project.store_dir, Access::Write).and_then(|store| store.tell_damaged(&self.copies)) {
            Err(StoreError::ReadOnly) => Ok(()),
            told => Ok(told?),
        }
    }

    /// The copies of an object that are not what its id says.
    fn suspect(&mut self, error: &TreeError) {
        if let TreeError::Corrupt { id, .. } = error {
            let verifier = LeafForms.verifier(self.store);
            self.copies.extend(self.store.copies(id).into_iter().filter(|copy| verifier.verify(id, copy).is_err()));
        }
    }

    /// That every object of the table is in the store; the rows that its manifest says.
    fn is_there(&mut self, table: &TableEntry) -> Result<u64, OpError> {
        read_schema(self.store, &table.schema_object)?;
        reach(self.store, &table.root, &mut self.seen, |_, _| {}).inspect_err(|_| self.seen.clear())?;
        Ok(table.rows)
    }

    /// What is wrong with a table, and which of its rows that concerns.
    fn rows_lost(&mut self, table: &TableEntry, error: &OpError) -> Result<String, OpError> {
        let Ok(schema) = read_schema(self.store, &table.schema_object) else {
            return Ok(format!("{error}; none of its {} can be told", counted(table.rows, "row")));
        };
        let found = gaps(self.store, &schema.key_spec(), &table.root, table.rows, &|| self.monitor.interrupted())?;
        if found.is_empty() {
            return Ok(error.to_string());
        }
        found.iter().for_each(|gap| self.suspect(&gap.error));
        let lost = found.iter().map(|gap| gap.rows).sum();
        let named = found.iter().take(NAMED_GAPS).map(|gap| {
            let last = gap.first.saturating_add(gap.rows);
            format!("rows {} to {} ({})", grouped(gap.first + 1), grouped(last), gap.error)
        });
        let mut text = format!("{} of {} cannot be read", grouped(lost), counted(table.rows, "row"));
        text.push_str(&format!(": {}", named.collect::<Vec<_>>().join(", ")));
        if found.len() > NAMED_GAPS {
            text.push_str(&format!(" and {} more places", found.len() - NAMED_GAPS));
        }
        Ok(text)
    }

    /// Reads a tree row by row, and holds it against everything that the format says of trees.
    fn table(&mut self, schema: &Hash, root: &Hash) -> Result<u64, OpError> {
        let schema = read_schema(self.store, schema)?;
        let totals = self.trees.tree(&schema.key_spec(), root, self.monitor);
        let rows =
            totals.map_err(|error| if self.monitor.interrupted() { OpError::Interrupted } else { error.into() })?.rows;
        self.report.rows += rows;
        Ok(rows)
    }

    /// Checks every export that the list names and writes what was found into the list.
    fn exports(&mut self, project: &Repository) -> Result<(), OpError> {
        let mut checked = VerifyReport::default();
        let wrong = super::export::check_all(project, &mut |path| verify_file(path, &mut checked), self.monitor)?;
        for (what, reason) in wrong {
            self.found(Remedy::None, what, reason);
        }
        self.report.files += checked.files;
        if !checked.damage.is_empty() {
            self.report.remedy = self.report.remedy.max(Remedy::Export);
        }
        self.report.damage.extend(checked.damage);
        Ok(())
    }

    fn found(&mut self, remedy: Remedy, what: String, reason: String) {
        self.report.remedy = self.report.remedy.max(remedy);
        self.report.damage.push(Damage { what, reason });
    }
}

/// Checks one exported file: checksum, record count, and that every record can be read back. Returns whether it is
/// whole.
fn verify_file(path: &Path, report: &mut VerifyReport) -> Result<bool, OpError> {
    report.files += 1;
    let name = PathBuf::from(path.file_name().unwrap_or(path.as_os_str()));
    match ExportReader::open(path).and_then(ExportReader::check) {
        Ok(rows) => {
            report.rows += rows;
            Ok(true)
        }
        Err(error) => {
            report.damage.push(Damage { what: name.display().to_string(), reason: error.to_string() });
            Ok(false)
        }
    }
}
