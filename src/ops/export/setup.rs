//! What an export takes from the project's use of Prisma.

use crate::codec::Engine;
use crate::ops::repository::Repository;
use crate::prisma::project::PrismaProject;
use crate::prisma::{ScriptOptions, Surroundings};
use std::path::{Path, PathBuf};

/// The packages that a script may need; where a project has two for one engine, the first is taken.
const ADAPTERS: [&str; 3] = ["@prisma/adapter-pg", "@prisma/adapter-better-sqlite3", "@prisma/adapter-libsql"];

/// The project's Prisma schema and what is installed; all of it may be missing.
pub(super) struct PrismaSide {
    root: PathBuf,
    project: Option<PrismaProject>,
    packages: Vec<String>,
    trouble: Option<String>,
}

impl PrismaSide {
    /// Looks for it. A schema that cannot be read is no reason not to export: the script says so in its first comment.
    pub(super) fn find(project: &Repository) -> PrismaSide {
        let root = project.root.clone();
        let (found, trouble) = (project.models().prisma.clone(), project.models().broken.clone());
        let named = |name: &str| {
            found.as_ref().and_then(|found| found.package.as_ref()).is_some_and(|package| package.has(name))
        };
        let installed = |name: &str| !named(name) && root.join("node_modules").join(name).is_dir();
        // What package.json names comes before what only lies there, brought by another package or left behind.
        let first = ADAPTERS.iter().filter(|name| named(name));
        let then = ADAPTERS.iter().filter(|name| installed(name));
        let packages = first.chain(then).map(|&name| name.to_owned()).collect();
        PrismaSide { root, project: found, packages, trouble }
    }

    /// What the script in `dir` needs.
    pub(super) fn script_options(&self, dir: &Path, engine: Engine) -> ScriptOptions {
        let sqlite_folders = self.project.as_ref().map(PrismaProject::sqlite_folders).unwrap_or_default();
        let urls = self.project.as_ref().map(PrismaProject::urls).unwrap_or_default();
        let urls: Vec<_> = urls.into_iter().map(|(setting, _)| setting.clone()).collect();
        let mut options = Surroundings {
            root: &self.root,
            script_dir: dir,
            engine: engine.info().provider,
            schema: self.project.as_ref().map(|project| &project.schema),
            sqlite_folders: &sqlite_folders,
            urls: &urls,
            major: self.project.as_ref().and_then(PrismaProject::version).map(|version| version.major),
            packages: &self.packages,
        }
        .script_options();
        options
            .found
            .extend(self.trouble.iter().map(|trouble| format!("The Prisma schema could not be read: {trouble}")));
        options
    }
}
