//! How soon `status`, and the hook of a coding agent, know that nothing has changed.

use crate::measure::{Lane, output, program, rounds, take};
use crate::postgres::{Arena, dbsnap, fresh_store, snap};
use crate::report::Section;
use crate::rows::Ids;
use crate::{Outcome, Plan, sqlite};
use serde_json::json;
use std::fs;
use std::path::Path;
use std::process::Command;

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
    fs::write(project.join(".dbsnap/config.toml"), "[hook]\ntables = [\"mods\"]\n")?;
    for (file, event) in [("before.json", "PreToolUse"), ("after.json", "PostToolUse")] {
        let input = json!({
            "session_id": "s", "hook_event_name": event, "tool_name": "Bash", "tool_use_id": "1",
            "tool_input": { "command": "npm test" },
        });
        fs::write(project.join(file), input.to_string())?;
    }
    let is_known = || -> Outcome<()> {
        let told = output(&mut dbsnap(project, url, &["status", "mods", "--json"]))?;
        if told.contains(r#""knownBy":"mark""#) { Ok(()) } else { Err(format!("the table was read: {told}").into()) }
    };
    is_known()?;
    let mut lanes: Vec<Lane<'_>> = vec![Box::new(|_| take(&mut dbsnap(project, url, &["diff", "latest", "live"])))];
    if !plan.peers_only {
        lanes.push(Box::new(|_| take(&mut dbsnap(project, url, &["status", "mods"]))));
        lanes.push(Box::new(|_| take(&mut hook(project, url, "exec \"$0\" hook pre-tool-use < before.json"))));
        let both = "\"$0\" hook pre-tool-use < before.json && exec \"$0\" hook post-tool-use < after.json";
        lanes.push(Box::new(move |_| take(&mut hook(project, url, both))));
    }
    let taken = rounds(&mut lanes, plan.rounds)?;
    drop(lanes);
    is_known()?;
    let is_alone = fs::read_dir(project.join(".dbsnap/snapshots"))?.count() == 1;
    if !is_alone {
        return Err("a hook took a snapshot: the table was read".into());
    }
    let ours = taken.get(1).map(Vec::as_slice);
    section.time_beside("time of `status`", ours, "`dbsnap diff latest live`, which reads the table", &taken[0], None);
    section.within("time of `status`", ours, limit);
    section.memory("peak memory of `status`", ours);
    section.within("time of `hook pre-tool-use`", taken.get(2).map(Vec::as_slice), limit);
    section.within("time of both halves of a call", taken.get(3).map(Vec::as_slice), 2.0 * limit);
    Ok(section)
}

/// A shell in the project, in which `$0` is dbsnap.
fn hook(project: &Path, url: &str, script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script, &program()]).current_dir(project).env("DBSNAP_URL", url);
    command
}
