//! `package.json`: which Prisma, which adapters, which kind of modules.

use crate::fsio::{LARGE_INPUT, read_input_text};
use crate::prisma::schema::{Position, SchemaError};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a project's `package.json` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// The file.
    pub file: PathBuf,
    /// `"type": "module"`: its `.js` and `.ts` files are ECMAScript modules.
    pub is_module: bool,
    /// All dependencies, those for development included, with the versions wanted.
    pub dependencies: BTreeMap<String, String>,
    /// `prisma.schema`
    pub schema: Option<PathBuf>,
    /// The version of Prisma.
    pub prisma: Option<PrismaVersion>,
}

/// A version of Prisma.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrismaVersion {
    /// 7 of 7.10.1.
    pub major: u32,
    /// As found: `7.10.1` installed, `^7.0.0` wanted.
    pub text: String,
    /// Whether it is what is installed, or only what is wanted.
    pub installed: bool,
}

impl fmt::Display for PrismaVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        if self.installed { Ok(()) } else { f.write_str(" (not installed)") }
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Content {
    #[serde(rename = "type")]
    module: Option<String>,
    version: Option<String>,
    prisma: serde_json::Value,
    dependencies: BTreeMap<String, serde_json::Value>,
    #[serde(rename = "devDependencies")]
    dev_dependencies: BTreeMap<String, serde_json::Value>,
    #[serde(rename = "optionalDependencies")]
    optional_dependencies: BTreeMap<String, serde_json::Value>,
    #[serde(rename = "peerDependencies")]
    peer_dependencies: BTreeMap<String, serde_json::Value>,
}

impl Package {
    /// Reads `package.json` in `root`; `None` if there is none.
    ///
    /// # Errors
    /// If it cannot be read or is no JSON object.
    pub fn read(root: &Path) -> Result<Option<Package>, SchemaError> {
        let file = root.join("package.json");
        let text = match read_input_text(&file, LARGE_INPUT) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(SchemaError::Io { path: file, source }),
        };
        let content: Content = serde_json::from_str(&text).map_err(|error| SchemaError::Syntax {
            at: Position { file: Arc::from(file.as_path()), line: u32::try_from(error.line()).unwrap_or(1).max(1) },
            what: "this is not JSON, or not what a package.json holds".to_owned(),
        })?;
        let groups =
            [content.peer_dependencies, content.optional_dependencies, content.dev_dependencies, content.dependencies];
        let dependencies: BTreeMap<String, String> = groups
            .into_iter()
            .flatten()
            .filter_map(|(name, version)| Some((name, version.as_str()?.to_owned())))
            .collect();
        Ok(Some(Package {
            is_module: content.module.as_deref() == Some("module"),
            schema: content.prisma.get("schema").and_then(|schema| schema.as_str()).map(PathBuf::from),
            prisma: installed(root).or_else(|| wanted(&dependencies)),
            dependencies,
            file,
        }))
    }

    /// Whether it depends on that package.
    pub fn has(&self, name: &str) -> bool {
        self.dependencies.contains_key(name)
    }
}

/// What is in `node_modules`, here or in a folder above, where workspaces have it.
fn installed(root: &Path) -> Option<PrismaVersion> {
    for package in ["@prisma/client", "prisma"] {
        for dir in root.ancestors() {
            let file = dir.join("node_modules").join(package).join("package.json");
            let Ok(text) = read_input_text(&file, LARGE_INPUT) else { continue };
            let version = serde_json::from_str::<Content>(&text).ok().and_then(|content| content.version);
            if let Some((text, major)) = version.and_then(|text| major(&text).map(|major| (text, major))) {
                return Some(PrismaVersion { major, text, installed: true });
            }
        }
    }
    None
}

fn wanted(dependencies: &BTreeMap<String, String>) -> Option<PrismaVersion> {
    let text = ["@prisma/client", "prisma"].into_iter().find_map(|name| dependencies.get(name))?;
    Some(PrismaVersion { major: major(text)?, text: text.clone(), installed: false })
}

/// The first number of `^6.2.0`, `~7`, `>=5.1`, `npm:x@6.0.0`.
fn major(version: &str) -> Option<u32> {
    let version = version.rsplit('@').next().unwrap_or(version);
    let digits = version.trim_start_matches(|char: char| !char.is_ascii_digit());
    digits.split(|char: char| !char.is_ascii_digit()).next()?.parse().ok()
}
