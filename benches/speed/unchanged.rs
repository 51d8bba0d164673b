//! How soon `status` knows that nothing has changed.

use crate::measure::{Lane, output, rounds, take};
use crate::postgres::{Arena, dbsnap, fresh_store, snap};
use crate::report::Section;
use crate::rows::Ids;
use crate::{Outcome, Plan, sqlite};
use std::path::Path;

/// PostgreSQL.
///
/// # Errors
/// If a process fails, or it is not known.
pub fn postgres(plan: &Plan) -> Outcome<Section> {
    let arena = Arena::new(plan, Ids::InOrder)?;
    let section = Section::new("PostgreSQL: nothing has changed", "postgres-unchanged", about(plan));
    measured(plan, section, &arena.file("project"), &arena.server.url(), 0.150)
}

/// SQLite.
///
/// # Errors
/// If a process fails, or it is not known.
pub fn sqlite(plan: &Plan) -> Outcome<Section> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("shop.db");
    sqlite::fill(&file, plan.rows)?;
    let section = Section::new("SQLite: nothing has changed", "sqlite-unchanged", about(plan));
    measured(plan, section, &dir.path().join("project"), &format!("file:{}", file.display()), 0.050)
}

fn about(plan: &Plan) -> String {
    format!("{} rows of `mods`, {} rounds; the table is as in its snapshot.", plan.rows, plan.rounds)
}

fn measured(plan: &Plan, mut section: Section, project: &Path, url: &str, limit: f64) -> Outcome<Section> {
    fresh_store(project, url)?;
    snap(project, url)?;
    let is_known = || -> Outcome<()> {
        let told = output(&mut dbsnap(project, url, &["status", "mods", "--json"]))?;
        if told.contains(r#""knownBy":"mark""#) { Ok(()) } else { Err(format!("the table was read: {told}").into()) }
    };
    is_known()?;
    let mut lanes: Vec<Lane<'_>> = vec![Box::new(|_| take(&mut dbsnap(project, url, &["diff", "latest", "live"])))];
    if !plan.peers_only {
        lanes.push(Box::new(|_| take(&mut dbsnap(project, url, &["status", "mods"]))));
    }
    let taken = rounds(&mut lanes, plan.rounds)?;
    drop(lanes);
    is_known()?;
    let ours = taken.get(1).map(Vec::as_slice);
    section.time_beside("time of `status`", ours, "`dbsnap diff latest live`, which reads the table", &taken[0], None);
    section.within("time of `status`", ours, limit);
    section.memory("peak memory of `status`", ours);
    Ok(section)
}
