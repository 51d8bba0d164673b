//! `doctor`: is everything there that snapshots need?

use super::OpError;
use super::database::Connection;
use super::repository::{Place, Repository};
use crate::codec::Location;
use crate::db::Engine;
use crate::ops::wording::counted;
use crate::prisma::schema::Setting;
use crate::snapshot::History;
use crate::store::Access;
use serde::Serialize;
use std::path::Path;

/// Most warnings of a schema that are shown.
const WARNINGS: usize = 5;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// As it should be.
    Good,
    /// Works, but worth knowing.
    Note,
    /// Stands in the way.
    Bad,
}

/// One check.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "HealthCheck"))]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// How it is.
    pub health: Health,
    /// What was found.
    pub found: String,
    /// What to do about it.
    pub hints: Vec<String>,
}

/// All checks.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DoctorReport {
    /// In the order in which they were made.
    pub checks: Vec<Check>,
}

impl DoctorReport {
    /// Whether nothing stands in the way.
    pub fn is_well(&self) -> bool {
        self.checks.iter().all(|check| check.health != Health::Bad)
    }

    fn add(&mut self, name: &'static str, health: Health, found: impl Into<String>) {
        self.checks.push(Check { name, health, found: found.into(), hints: Vec::new() });
    }

    fn bad(&mut self, name: &'static str, error: &OpError) {
        let hints = match error {
            OpError::NoDatabase { variable } => vec![format!(
                "looked at --url, DBSNAP_URL, {variable} (in the environment, .env.local and .env), the Prisma schema and url in .dbsnap/config.toml"
            )],
            _ => error.hints(),
        };
        self.checks.push(Check { name, health: Health::Bad, found: error.to_string(), hints });
    }
}

/// Looks at the project, its store and its database. What is wrong is in the report, never an error.
pub fn doctor(place: &Place) -> DoctorReport {
    let mut report = DoctorReport::default();
    let project = match (Repository::find(place), Repository::find_or_here(place)) {
        (Ok(project), _) => {
            report.add("project", Health::Good, project.root.display().to_string());
            if let Err(error) = store(&project, &mut report) {
                report.bad("store", &error);
            }
            project
        }
        (Err(error), Ok(here)) => {
            report.bad("project", &error);
            here
        }
        (Err(error), Err(_)) => {
            report.bad("project", &error);
            return report;
        }
    };
    prisma(&project, &mut report);
    if let Err(error) = database(&project, &mut report) {
        report.bad("database", &error);
    }
    report
}

fn store(project: &Repository, report: &mut DoctorReport) -> Result<(), OpError> {
    let store = project.open(Access::Read)?;
    let history = History::load(&store)?;
    let usage = store.usage()?;
    report.add(
        "store",
        Health::Good,
        format!("{} in {}", counted(history.entries.len() as u64, "snapshot"), counted(usage.packs.files, "pack")),
    );
    if !history.unreadable.is_empty() {
        report.add("snapshots", Health::Bad, format!("{} cannot be read; run dbsnap verify", history.unreadable.len()));
    }
    if !project.store_dir.join(".gitignore").is_file() {
        report.add("version control", Health::Note, "the store has no .gitignore; dbsnap init writes it");
    }
    Ok(())
}

/// The Prisma schema, if there is one: none is fine, one that cannot be read or told is worth knowing.
fn prisma(project: &Repository, report: &mut DoctorReport) {
    let models = project.models();
    if let Some(broken) = &models.broken {
        report.add("prisma", Health::Note, format!("the schema cannot be read, so models are not known: {broken}"));
    }
    let Some(prisma) = models.prisma.as_ref().filter(|prisma| prisma.broken.is_none()) else { return };
    let shown = |path: &Path| path.strip_prefix(&project.root).unwrap_or(path).display().to_string();
    let schema = &prisma.schema;
    let tables = schema.models.iter().filter(|model| !model.view).count();
    let mut found = format!("{}: {}", shown(&prisma.schema_path), counted(tables as u64, "model"));
    if let Some(version) = prisma.version() {
        found.push_str(&format!(", Prisma {version}"));
    }
    let place = match prisma.urls().first() {
        Some((Setting::Variable(name), file)) => format!("; the URL is {name} ({})", shown(file)),
        Some((Setting::Literal(_), file)) => format!("; the URL stands in {}", shown(file)),
        None => String::new(),
    };
    found.push_str(&place);
    report.add("prisma", Health::Good, found);
    for warning in schema.warnings.iter().take(WARNINGS) {
        let line = warning.at.line;
        report.add("prisma", Health::Note, format!("{}:{line}: {}", shown(&warning.at.file), warning.what));
    }
    if schema.warnings.len() > WARNINGS {
        report.add("prisma", Health::Note, format!("and {} more like these", schema.warnings.len() - WARNINGS));
    }
    for name in prisma.config.iter().flat_map(|config| &config.untold) {
        let what =
            format!("{name} in the config file is not a literal; dbsnap cannot read it without running the file");
        report.add("prisma", Health::Note, what);
    }
}

fn database(project: &Repository, report: &mut DoctorReport) -> Result<(), OpError> {
    let mut database = project.database();
    let Connection { sink: source, name, origin } = database.connect()?;
    report.add("database", Health::Good, format!("{name} (from {origin})"));
    let identity = source.identity().clone();
    let engine = identity.engine.info();
    let provider = project.models().schema().and_then(|schema| schema.datasource.as_ref()).map(|found| &found.provider);
    // Prisma takes "postgres" as well
    let engine_of = |provider: &String| Engine::of_provider(provider).or_else(|_| Engine::named(provider));
    if let Some(provider) = provider.filter(|provider| engine_of(provider).is_ok_and(|one| one != identity.engine)) {
        report.add(
            "database",
            Health::Note,
            format!("the Prisma schema is for {provider}: is this the right database?"),
        );
    }
    report.add("server", Health::Good, format!("{} {}", engine.title, identity.version));
    if !identity.local {
        report.add("host", Health::Note, "not this machine: restore asks for --remote");
    }
    if engine.location == Location::Server && identity.cluster.is_none() {
        report.add(
            "identity",
            Health::Note,
            "the server's identifier may not be read; databases are told apart by name",
        );
    }
    let catalog = source.catalog()?;
    let refused = catalog.tables.iter().filter(|info| info.refusal.is_some()).count();
    report.add("tables", Health::Good, format!("{} can be snapshotted", catalog.tables.len() - refused));
    for info in &catalog.tables {
        if let Some(refusal) = &info.refusal {
            report.add("tables", Health::Note, refusal.clone());
        }
    }
    if !catalog.not_captured.is_empty() {
        report.add("not captured", Health::Note, catalog.not_captured.join(", "));
    }
    Ok(())
}
