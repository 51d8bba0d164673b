//! How soon `--version` and `log` answer, beside git.

use crate::measure::{Lane, output, program, rounds, take};
use crate::postgres::{dbsnap, fresh_store, snap};
use crate::report::Section;
use crate::{Outcome, Plan, sqlite};
use rusqlite::Connection;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Snapshots and commits.
const LONG: u32 = 1000;

/// Processes that take milliseconds are run that many times in each round that is planned.
const OFTEN: usize = 20;

/// A store and a repository of git with the same number of entries: in each a table, or a file, was changed before.
///
/// # Errors
/// If a process fails.
pub fn startup(plan: &Plan) -> Outcome<Section> {
    let dir = tempfile::tempdir()?;
    let (project, commits, packed) =
        (dir.path().join("project"), dir.path().join("commits"), dir.path().join("packed"));
    let file = dir.path().join("shop.db");
    let url = format!("file:{}", file.display());
    commit(&commits)?;
    output(Command::new("cp").arg("-r").args([&commits, &packed]))?;
    output(git(&packed).args(["gc", "--quiet"]))?;
    let mut lanes: Vec<Lane<'_>> = vec![
        Box::new(|_| take(Command::new("git").arg("--version"))),
        Box::new(|_| take(git(&commits).arg("log"))),
        Box::new(|_| take(git(&packed).arg("log"))),
    ];
    if !plan.peers_only {
        sqlite::fill(&file, 100)?;
        fresh_store(&project, &url)?;
        for number in 0..LONG {
            let change = "UPDATE mods SET download_count = -?1 WHERE rowid = 1 + ?1 % 100";
            Connection::open(&file)?.execute(change, [number])?;
            snap(&project, &url)?;
        }
        lanes.push(Box::new(|_| take(Command::new(program()).arg("--version"))));
        lanes.push(Box::new(|_| take(&mut dbsnap(&project, &url, &["log"]))));
    }
    let taken = rounds(&mut lanes, plan.rounds * OFTEN)?;
    drop(lanes);
    let about = format!(
        "{LONG} snapshots of a table of 100 rows, of which one was changed before each; {LONG} commits of a file, \
         as they were made and packed by `git gc`; {} rounds. Output is thrown away.",
        plan.rounds * OFTEN
    );
    let ours = |lane: usize| taken.get(lane).map(Vec::as_slice);
    let mut section = Section::new("Start-up", "startup", about);
    section.time("time of `--version`", ours(3), "`git --version`", &taken[0], 1.0);
    section.time("time of `log`", ours(4), "`git log`", &taken[1], 1.0);
    section.time_beside("time of `log`", ours(4), "`git log`, packed", &taken[2], None);
    section.memory("peak memory of `log`", ours(4));
    Ok(section)
}

/// Makes a repository with [`LONG`] commits.
fn commit(dir: &Path) -> Outcome<()> {
    fs::create_dir(dir)?;
    output(git(dir).args(["init", "--quiet"]))?;
    for number in 0..LONG {
        fs::write(dir.join("file.txt"), format!("{number}\n"))?;
        output(git(dir).args(["add", "file.txt"]))?;
        output(git(dir).args(["commit", "--quiet", "--message", "speed"]))?;
    }
    Ok(())
}

/// git in a directory, without anybody's settings.
fn git(dir: &Path) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(dir).env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "speed").env(format!("GIT_{who}_EMAIL"), "speed@example.com");
    }
    command
}
