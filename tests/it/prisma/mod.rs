//! Projects that use Prisma: its schema as we read it, held against Prisma itself.

mod catalogue;
mod databases;
mod dmmf;
mod env_files;
mod filters;
mod hostile_schemas;
mod import;
mod integration;
mod mutants;
mod resolution;
mod schema_errors;
mod script_catalogue;
mod script_database;
mod script_everything;
mod script_faults;
mod script_keyless;
mod script_process;
mod script_project;
mod script_refusals;
mod script_setups;
mod script_target;
mod script_values;
mod session;

use crate::support::files::project;
use dbsnap::prisma::schema::{Schema, SchemaError};
use std::path::{Path, PathBuf};

/// Every schema of the fixtures: a file, or a folder of files.
fn fixtures() -> Vec<PathBuf> {
    let dir = project("tests/fixtures/prisma");
    let mut found: Vec<PathBuf> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

/// The files of a schema, those of sub-folders included, in order of name.
fn schema_files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() || path.extension().is_some_and(|extension| extension == "prisma") {
            found.extend(schema_files(&path));
        }
    }
    found.sort();
    found
}

fn parse(text: &str) -> Result<Schema, SchemaError> {
    Schema::parse(Path::new("schema.prisma"), text)
}
