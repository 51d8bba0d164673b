//! `verify`: the whole store, one snapshot, or an exported file. Nothing is changed, but for the status of exports in
//! `backup_manifest.json`.

use super::OpError;
use super::project::{Place, Project};
use super::refs::resolve;
use crate::monitor::{Monitor, Step};
use crate::prisma::ExportReader;
use crate::snapshot::{Entry, History, Refs, read_schema};
use crate::store::{Access, Objects, Store};
use crate::tree::Cursor;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Damage {
    /// What is damaged: a file of the store, a snapshot's table, an exported file.
    pub what: String,
    /// How.
    pub reason: String,
}

/// What `verify` looked at and found.
#[derive(Debug, Clone, Default, Serialize)]
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
}

/// Verifies what `subject` names: a snapshot or an exported file; without one the store and everything in it.
///
/// # Errors
/// If there is no store or no such snapshot. Damage is not an error here but in the report.
pub fn verify(place: &Place, subject: Option<&str>, monitor: &dyn Monitor) -> Result<VerifyReport, OpError> {
    let mut report = VerifyReport::default();
    if let Some(path) = subject.map(|typed| place.dir.join(typed)).filter(|path| path.is_file()) {
        verify_file(&path, &mut report)?;
        return Ok(report);
    }
    let project = Project::find(place)?;
    let store = project.open(Access::Read)?;
    let history = History::load(&store)?;
    let mut verifying = Verifying { store: &store, monitor, report };
    match subject {
        Some(typed) => {
            let resolved = resolve(&history, &Refs::load(&store)?, &project.reference(typed))?;
            verifying.snapshot(resolved.entry)?;
        }
        None => {
            verifying.store(&history)?;
            verifying.exports(&project)?;
        }
    }
    Ok(verifying.report)
}

struct Verifying<'v> {
    store: &'v Store,
    monitor: &'v dyn Monitor,
    report: VerifyReport,
}

impl Verifying<'_> {
    fn store(&mut self, history: &History) -> Result<(), OpError> {
        self.monitor.begin(&Step { verb: "Verifying", subject: "packs", ..Step::default() });
        let checked = self.store.check(self.monitor)?;
        self.monitor.end();
        self.report.packs = checked.packs;
        for damage in checked.damage {
            self.found(damage.path.display().to_string(), damage.reason);
        }
        // What is wrong with a manifest's bytes has been found already; here it is about what they say.
        let known: Vec<String> = self.report.damage.iter().map(|damage| damage.what.clone()).collect();
        let unknown = |id: &crate::hash::Hash| !known.iter().any(|what| what.contains(&id.to_hex()));
        for (id, reason) in history.unreadable.iter().filter(|(id, _)| unknown(id)) {
            self.found(format!("snapshot {}", id.short()), reason.clone());
        }
        for entry in &history.entries {
            self.snapshot(entry)?;
        }
        for (name, id) in &Refs::load(self.store)?.tags {
            if history.get(id).is_none() {
                self.found(format!("tag {name}"), format!("its snapshot {} is gone", id.short()));
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
            let result = self.table(&table.schema_object, &table.root);
            self.monitor.end();
            match result {
                Ok(rows) if rows == table.rows => {}
                Ok(rows) => self.found(
                    format!("snapshot {}, table {}", entry.id.short(), table.table),
                    format!("the manifest says {} rows, the tree holds {rows}", table.rows),
                ),
                Err(OpError::Interrupted) => return Err(OpError::Interrupted),
                Err(error) => {
                    self.found(format!("snapshot {}, table {}", entry.id.short(), table.table), error.to_string());
                }
            }
        }
        Ok(())
    }

    /// Reads a tree row by row; every leaf proves its rows by its id. Keys must ascend, or a seek would miss rows.
    fn table(&mut self, schema: &crate::hash::Hash, root: &crate::hash::Hash) -> Result<u64, OpError> {
        let objects: &dyn Objects = self.store;
        let schema = read_schema(objects, schema)?;
        let mut cursor = Cursor::new(objects, &schema.key_spec(), root)?;
        let mut rows = 0;
        let mut last: Vec<u8> = Vec::new();
        let mut unreported = (0, 0);
        while let Some(entry) = cursor.next_entry()? {
            if rows > 0 && entry.key <= &last[..] {
                return Err(OpError::Verification("keys do not ascend".to_owned()));
            }
            last.clear();
            last.extend_from_slice(entry.key);
            rows += entry.count;
            unreported = (unreported.0 + entry.count, unreported.1 + entry.row.len() as u64);
            if unreported.1 > 1 << 20 {
                self.monitor.advance(unreported.0, unreported.1);
                unreported = (0, 0);
                if self.monitor.interrupted() {
                    return Err(OpError::Interrupted);
                }
            }
        }
        self.report.rows += rows;
        Ok(rows)
    }

    /// Checks every export that the list names and writes what was found into the list.
    fn exports(&mut self, project: &Project) -> Result<(), OpError> {
        let mut checked = VerifyReport::default();
        let missing = super::export::check_all(project, &mut |path| verify_file(path, &mut checked), self.monitor)?;
        for file in missing {
            self.found(
                file,
                "the file is gone; export its snapshot again, or let `dbsnap delete` take its entry".to_owned(),
            );
        }
        self.report.files += checked.files;
        self.report.damage.extend(checked.damage);
        Ok(())
    }

    fn found(&mut self, what: String, reason: String) {
        self.report.damage.push(Damage { what, reason });
    }
}

/// Checks one exported file: checksum, record count, and that every record can be read back. Returns whether it is whole.
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
