//! The Prisma schema of a project.
//!
//! Everything works without a schema. One that cannot be read counts as none, and why is told where it matters.

use crate::prisma::project::PrismaProject;
use crate::prisma::schema::Schema;
use std::path::Path;
use std::sync::OnceLock;

/// The Prisma schema of a project, if it has one.
#[derive(Debug, Default)]
pub struct Models {
    /// The project as Prisma sees it.
    pub prisma: Option<PrismaProject>,
    /// Why the schema cannot be read, if there is one that cannot.
    pub broken: Option<String>,
    /// The database schema that the URL names.
    pub(super) default_schema: OnceLock<Option<String>>,
}

impl Models {
    /// Looks for a schema in `root`, then in the folders between it and `dir`, the nearest to `dir` first; or in `dir`
    /// itself where that is not below `root`.
    pub(super) fn find(root: &Path, dir: &Path) -> Models {
        // What stands in a folder `prisma` is found from the folder around it, where package.json and env files are.
        let below = dir.ancestors().take_while(|dir| dir.starts_with(root) && *dir != root);
        let below = below.filter(|dir| dir.file_name().is_none_or(|name| name != "prisma"));
        // A store that was named by a flag may lie anywhere.
        let elsewhere = (!dir.starts_with(root)).then_some(dir);
        for place in std::iter::once(root).chain(below).chain(elsewhere) {
            match PrismaProject::find(place) {
                Ok(None) => {}
                Ok(prisma) => {
                    let broken = prisma.as_ref().and_then(|prisma| prisma.broken.clone());
                    return Models { prisma, broken, ..Models::default() };
                }
                Err(error) => return Models { broken: Some(error.to_string()), ..Models::default() },
            }
        }
        Models::default()
    }

    /// The schema.
    pub fn schema(&self) -> Option<&Schema> {
        self.prisma.as_ref().map(|prisma| &prisma.schema)
    }
}
