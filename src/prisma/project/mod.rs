//! Where a project keeps its Prisma schema, and what of Prisma is installed.
//!
//! Looked at in Prisma's own order: the config file (`prisma.config.ts` and its like; read, never run), `prisma.schema`
//! in `package.json` (before 7), `schema.prisma`, `prisma/schema.prisma`, the folder `prisma/schema/`.

mod config_file;
mod package;
mod script_tokens;

pub use config_file::PrismaConfig;
pub use package::{Package, PrismaVersion};

use super::schema::{Datasource, Schema, SchemaError, Setting};
use crate::fsio::{LARGE_INPUT, read_input_text};
use std::path::{Path, PathBuf};

/// How deep folders of a schema may nest.
const MAX_DEPTH: usize = 16;

/// A project that uses Prisma.
#[derive(Debug, Clone)]
pub struct PrismaProject {
    /// The folder in which Prisma's commands are run.
    pub root: PathBuf,
    /// The config file, if there is one.
    pub config: Option<PrismaConfig>,
    /// `package.json`, if there is one.
    pub package: Option<Package>,
    /// The schema's file, or the folder of its files.
    pub schema_path: PathBuf,
    /// What named that place, if anything did.
    pub named_by: Option<String>,
    /// The schema's files, in order of name.
    pub files: Vec<PathBuf>,
    /// The schema. Of one that cannot be read only the datasource, if that can be.
    pub schema: Schema,
    /// Why the schema cannot be read, if it cannot.
    pub broken: Option<String>,
}

impl PrismaProject {
    /// Looks for a schema in `root`; `None` if there is none in any of the places. A schema that cannot be read, or is
    /// named and not there, is told by [`PrismaProject::broken`]: where it is still says where its database is.
    ///
    /// # Errors
    /// If `package.json` or the config file cannot be read, or a folder not be listed.
    pub fn find(root: &Path) -> Result<Option<PrismaProject>, SchemaError> {
        let config = PrismaConfig::find(root)?;
        let package = Package::read(root)?;
        let named = named_place(root, config.as_ref(), package.as_ref());
        // Prisma 7 no longer looks into package.json.
        let is_seven =
            package.as_ref().and_then(|package| package.prisma.as_ref()).is_some_and(|found| found.major >= 7);
        let has_config = config.as_ref().is_some_and(|config| config.schema.is_some());
        let named = named.filter(|_| has_config || !is_seven || usual_place(root).is_none());
        let (schema_path, named_by) = match named {
            Some((path, named_by)) => (path, Some(named_by)),
            None => match usual_place(root) {
                Some(path) => (path, None),
                None => return Ok(None),
            },
        };
        let mut files = Vec::new();
        if schema_path.exists() {
            collect(&schema_path, 0, &mut files)?;
        }
        files.sort();
        let read = match &named_by {
            Some(named_by) if files.is_empty() => {
                Err(SchemaError::Missing { path: schema_path.clone(), named_by: named_by.clone() })
            }
            _ => Schema::read(&files),
        };
        let (schema, broken) = match read {
            Ok(schema) => (schema, None),
            Err(error) => {
                (Schema { datasource: datasource_alone(&files), ..Schema::default() }, Some(error.to_string()))
            }
        };
        Ok(Some(PrismaProject { root: root.to_owned(), config, package, schema_path, named_by, files, schema, broken }))
    }

    /// The installed (else the wanted) version of Prisma, if it can be told.
    pub fn version(&self) -> Option<&PrismaVersion> {
        self.package.as_ref().and_then(|package| package.prisma.as_ref())
    }

    /// Whether it is Prisma 7 or later, which has the URL in its config file and takes SQLite paths from where it runs.
    pub fn is_seven(&self) -> bool {
        let has_url = self.schema.datasource.as_ref().is_some_and(|datasource| datasource.url.is_some());
        self.version().map_or(!has_url && self.config.is_some(), |version| version.major >= 7)
    }

    /// Where the database URL is to be had, best first, each with the file that says so.
    pub fn urls(&self) -> Vec<(&Setting, &Path)> {
        let from_config =
            self.config.iter().flat_map(|config| config.url.iter().map(|url| (url, config.file.as_path())));
        let direct = |datasource: &Datasource| {
            // A proxy cannot be read table by table; what stands behind it can.
            matches!(&datasource.url, Some(Setting::Literal(url)) if url.starts_with("prisma"))
        };
        let datasource = self.schema.datasource.iter();
        let from_schema = datasource.flat_map(|datasource| {
            let urls = [&datasource.url, &datasource.direct_url];
            let urls = if direct(datasource) { [urls[1], urls[0]] } else { urls };
            urls.into_iter().flatten().map(|url| (url, &*datasource.at.file))
        });
        from_config.chain(from_schema).collect()
    }

    /// The folder of the file that holds the `datasource` block.
    pub fn datasource_dir(&self) -> PathBuf {
        let file = self.schema.datasource.as_ref().map(|datasource| datasource.at.file.to_path_buf());
        let file = file.as_ref().or(self.files.first());
        file.and_then(|file| file.parent()).unwrap_or(&self.root).to_owned()
    }

    /// Where a relative SQLite path may start, best first: it depends on Prisma's version (5 and 6: the schema's
    /// folder; 7: the folder it runs in) and on the adapter. The folder of the file that holds the URL is one more.
    pub fn sqlite_folders(&self) -> Vec<PathBuf> {
        if !self.is_seven() {
            return vec![self.datasource_dir(), self.root.clone()];
        }
        let config = self.config.as_ref().and_then(|config| config.file.parent());
        vec![self.root.clone(), config.unwrap_or(&self.root).to_owned(), self.datasource_dir()]
    }

    /// Where migrations are: named by the config file, else `migrations` beside the schema.
    pub fn migrations(&self) -> PathBuf {
        if let Some(named) = self.config.as_ref().and_then(|config| config.migrations.clone()) {
            return named;
        }
        // Beside the folder of `prisma/schema/` as well as in it: both were right in some version.
        let dir = if self.schema_path.is_dir() { self.schema_path.clone() } else { self.datasource_dir() };
        let beside = dir.parent().map(|parent| parent.join("migrations"));
        let within = dir.join("migrations");
        match beside {
            Some(beside) if !within.is_dir() && self.schema_path.is_dir() && beside.is_dir() => beside,
            _ => within,
        }
    }
}

/// The datasource of a schema in which something else is wrong.
fn datasource_alone(files: &[PathBuf]) -> Option<Datasource> {
    files.iter().find_map(|file| {
        let text = read_input_text(file, LARGE_INPUT).ok()?;
        let first = text.lines().position(|line| line.trim_start().starts_with("datasource "))?;
        let block: Vec<&str> = text.lines().skip(first).take_while(|line| !line.starts_with('}')).collect();
        let text = format!("{}{}\n}}\n", "\n".repeat(first), block.join("\n"));
        Schema::parse(file, &text).ok()?.datasource
    })
}

fn named_place(root: &Path, config: Option<&PrismaConfig>, package: Option<&Package>) -> Option<(PathBuf, String)> {
    if let Some((config, schema)) = config.and_then(|config| Some((config, config.schema.clone()?))) {
        let name = config.file.strip_prefix(root).unwrap_or(&config.file);
        return Some((schema, name.display().to_string()));
    }
    let schema = package.and_then(|package| package.schema.as_ref())?;
    Some((root.join(schema), "package.json".to_owned()))
}

fn usual_place(root: &Path) -> Option<PathBuf> {
    let files = ["schema.prisma", "prisma/schema.prisma"].map(|name| root.join(name));
    if let Some(file) = files.into_iter().find(|path| path.is_file()) {
        return Some(file);
    }
    let dir = root.join("prisma/schema");
    let mut found = Vec::new();
    (dir.is_dir() && collect(&dir, 0, &mut found).is_ok() && !found.is_empty()).then_some(dir)
}

/// The `.prisma` files of a place, those of sub-folders included. Links to folders are not followed.
fn collect(path: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), SchemaError> {
    if !path.is_dir() {
        found.push(path.to_owned());
        return Ok(());
    }
    let io = |source| SchemaError::Io { path: path.to_owned(), source };
    for entry in std::fs::read_dir(path).map_err(io)? {
        let entry = entry.map_err(io)?;
        let path = entry.path();
        let is_dir = entry.file_type().is_ok_and(|found| found.is_dir());
        if is_dir && depth < MAX_DEPTH && entry.file_name() != "node_modules" {
            collect(&path, depth + 1, found)?;
        } else if !path.is_dir() && path.extension().is_some_and(|extension| extension == "prisma") {
            found.push(path);
        }
    }
    Ok(())
}
