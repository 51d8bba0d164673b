//! What an export takes from the project's use of Prisma.

use crate::codec::TableSchema;
use crate::ops::project::Project;
use crate::prisma::schema::Schema;
use crate::prisma::{ModelNames, ScriptOptions, Surroundings};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The packages that a script may need.
const ADAPTERS: [&str; 3] = ["@prisma/adapter-pg", "@prisma/adapter-libsql", "@prisma/adapter-better-sqlite3"];

/// The project's Prisma schema and what is installed; all of it may be missing.
pub(super) struct PrismaSide {
    root: PathBuf,
    schema: Option<Schema>,
    schema_dir: PathBuf,
    major: Option<u32>,
    packages: Vec<String>,
}

impl PrismaSide {
    /// Looks for it.
    pub(super) fn find(project: &Project) -> PrismaSide {
        let root = project.root.clone();
        let files = ["prisma/schema.prisma", "schema.prisma"].map(|name| root.join(name));
        let file = files.into_iter().find(|file| file.is_file());
        let schema = file.as_ref().and_then(|file| Schema::read(std::slice::from_ref(file)).ok());
        let schema_dir = file.and_then(|file| file.parent().map(Path::to_path_buf)).unwrap_or_else(|| root.clone());
        let json = |path: &str| -> Option<Value> { serde_json::from_slice(&std::fs::read(root.join(path)).ok()?).ok() };
        let version = json("node_modules/@prisma/client/package.json")
            .or_else(|| json("node_modules/prisma/package.json"))
            .and_then(|package| package["version"].as_str().map(str::to_owned));
        let package = json("package.json").unwrap_or_default();
        let wanted = |name: &str| {
            ["dependencies", "devDependencies"].iter().find_map(|part| package[part][name].as_str().map(str::to_owned))
        };
        let version = version.or_else(|| wanted("@prisma/client")).or_else(|| wanted("prisma"));
        let major = version.and_then(|version| {
            version.trim_start_matches(|c: char| !c.is_ascii_digit()).split('.').next()?.parse().ok()
        });
        let installed = |name: &&str| wanted(name).is_some() || root.join("node_modules").join(name).is_dir();
        let packages = ADAPTERS.iter().filter(|name| installed(name)).map(|&name| name.to_owned()).collect();
        PrismaSide { root, schema, schema_dir, major, packages }
    }

    /// What the schema calls a table's columns; `None` if it does not know the table.
    pub(super) fn names(&self, table: &TableSchema) -> Option<ModelNames> {
        ModelNames::find(self.schema.as_ref()?, table, "public")
    }

    /// What the script in `dir` needs.
    pub(super) fn script_options(&self, dir: &Path, engine: &str) -> ScriptOptions {
        Surroundings {
            root: &self.root,
            script_dir: dir,
            schema: self.schema.as_ref(),
            schema_dir: &self.schema_dir,
            config_variable: None,
            engine: if engine == "postgres" { "postgresql" } else { engine },
            major: self.major,
            packages: &self.packages,
        }
        .script_options()
    }
}
