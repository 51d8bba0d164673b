//! `dbsnap schema`

use crate::cli::command_error::CliError;
use crate::cli::text::{BOLD, paint};
use crate::cli::ui::Ui;
use clap::ValueEnum;
use serde::Serialize;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// What it describes [default: list the schemas]
    #[arg(value_enum)]
    name: Option<Name>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Name {
    /// .dbsnap/config.toml
    Config,
    /// What commands print with --json
    Output,
    /// The JSON files of exports
    Backup,
    /// backup_manifest.json
    BackupManifest,
    /// The manifests of snapshots in the store
    Manifest,
}

impl Name {
    fn schema(self) -> &'static str {
        match self {
            Name::Config => include_str!("../../../docs/schema/config.schema.json"),
            Name::Output => include_str!("../../../docs/schema/output.schema.json"),
            Name::Backup => include_str!("../../../docs/schema/backup.schema.json"),
            Name::BackupManifest => include_str!("../../../docs/schema/backup-manifest.schema.json"),
            Name::Manifest => include_str!("../../../docs/schema/manifest.schema.json"),
        }
    }
}

/// The schemas that there are.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(in crate::cli) struct Schemas {
    schemas: Vec<Listed>,
}

/// One of them.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Listed {
    /// Its name.
    name: String,
    /// What it describes.
    describes: String,
}

pub(super) fn run(args: &Args, ui: &Ui) -> Result<ExitCode, CliError> {
    if let Some(name) = args.name {
        // JSON as it is: no object around it, whatever was asked for
        let mut out = ui.raw_stream();
        out.put(name.schema())?;
        out.end()?;
        return Ok(ExitCode::SUCCESS);
    }
    let listed = |name: &Name| {
        let value = name.to_possible_value()?;
        Some(Listed { name: value.get_name().to_owned(), describes: value.get_help()?.to_string() })
    };
    let report = Schemas { schemas: Name::value_variants().iter().filter_map(listed).collect() };
    ui.result("schema", &report, || {
        let line = |one: &Listed| format!("{}{}\n", paint(BOLD, format!("{:<17}", one.name)), one.describes);
        report.schemas.iter().map(line).collect()
    })?;
    Ok(ExitCode::SUCCESS)
}
