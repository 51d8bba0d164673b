//! A project that uses Prisma: its schema, and the export files (JSON, restore script, `backup_manifest.json`).
//!
//! [`schema`] reads which model stands for which table, [`project`] where that schema is kept; [`json`] turns canonical
//! rows into a backup file and back, bit for bit; [`script`] writes the restore script beside it; [`manifest`] keeps
//! the list of all backups; [`names`] gives them names that are safe on any file system. `docs/EXPORT.md` is the
//! reference for everything written here.

pub mod env_file;
mod error;
pub mod json;
pub mod manifest;
mod model_names;
pub mod names;
mod output_file;
pub mod project;
pub mod schema;
pub mod script;
mod setup;
pub use error::ExportError;
pub use json::{
    CellJson, ColumnNames, ExportInfo, ExportReader, ExportWriter, FieldNames, Metadata, Notes, RecordEncoder,
    RecordJson, Spare, Written, column_value,
};
#[cfg(feature = "schema")]
pub use manifest::WrittenManifest;
pub use manifest::{BackupEntry, BackupManifest, BackupStatus, Retention};
pub use model_names::ModelNames;
pub use names::BackupId;
pub use output_file::write_gitignore;
pub use script::{Adapter, ScriptOptions, restore_script, write_restore_script};
pub use setup::Surroundings;
