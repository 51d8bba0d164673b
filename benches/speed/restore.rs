//! Restores of 1 % of the rows, beside programs that bring a whole table or database back.

use crate::measure::{Lane, Taken, output, rounds, size_of, take};
use crate::postgres::{Arena, dbsnap, fresh_store, hundredth, snap};
use crate::report::Section;
use crate::rows::Ids;
use crate::{Outcome, Plan, sqlite};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The version of dslr that is installed from PyPI, and the driver it needs.
const DSLR: [&str; 2] = ["DSLR==0.6.0", "psycopg2-binary==2.9.13"];

/// What dbsnap is held against, by its place among the lanes.
const PEERS: [&str; 2] = ["`pg_restore --data-only` into the emptied table", "`dslr restore` of the whole database"];

fn restore(dir: &Path, url: &str) -> Outcome<Taken> {
    take(&mut dbsnap(dir, url, &["restore", "latest", "--mode", "exact", "-y"]))
}

/// Bringing back 1 % of the rows of a PostgreSQL table.
///
/// # Errors
/// If a process fails, or a restored table is not what it was.
pub fn postgres(plan: &Plan) -> Outcome<Section> {
    let arena = Arena::new(plan, Ids::InOrder)?;
    let wanted = arena.contents()?;
    let verified = |taken: Taken, by: &str| {
        if arena.contents()? == wanted { Ok(taken) } else { Err(format!("{by} did not bring the table back").into()) }
    };
    output(&mut arena.dump())?;
    let dslr = dslr(&arena);
    let project = arena.file("project");
    let lose = |round| {
        arena.server.sql(&format!("DELETE FROM mods WHERE {}; VACUUM ANALYZE mods; CHECKPOINT", hundredth(round)))
    };
    let mut lanes: Vec<Lane<'_>> = vec![Box::new(|_| {
        arena.server.sql("TRUNCATE mods; CHECKPOINT")?;
        let mut restore = arena.server.client("pg_restore");
        restore.args(["--data-only", "-d", "postgres"]).arg(arena.file("mods.dump"));
        let taken = take(&mut restore)?;
        arena.server.sql("VACUUM ANALYZE mods")?;
        verified(taken, "pg_restore")
    })];
    if let Ok(dslr) = &dslr {
        lanes.push(Box::new(|round| {
            let delete = format!("DELETE FROM mods WHERE {}", hundredth(round));
            arena.server.sql_in("shop", &format!("{delete}; VACUUM ANALYZE mods; CHECKPOINT"))?;
            let taken = take(&mut dslr_command(dslr, &arena, &["restore", "speed"]))?;
            let back = arena.server.sql_in("shop", crate::postgres::CONTENTS)?;
            if back == wanted { Ok(taken) } else { Err("dslr did not bring the table back".into()) }
        }));
    }
    let peers = lanes.len();
    if !plan.peers_only {
        arena.fresh_store()?;
        arena.snap()?;
        lanes.push(Box::new(|round| {
            lose(round)?;
            verified(restore(&project, &arena.server.url())?, "dbsnap restore")
        }));
        lanes.push(Box::new(|round| {
            arena.change(round + 50)?;
            verified(restore(&project, &arena.server.url())?, "dbsnap restore")
        }));
    }
    let taken = rounds(&mut lanes, plan.rounds)?;
    drop(lanes);
    let mut about = format!(
        "{} rows of `mods` with three indexes, {} rounds; dbsnap brings back another 1 % of the rows each time, after each the \
         whole table is held against what it was.",
        plan.rows, plan.rounds
    );
    if let Err(reason) = &dslr {
        about.push_str(&format!(" dslr could not be installed ({reason})."));
    }
    let mut section = Section::new("PostgreSQL: restore after 1 % of the rows were lost", "postgres-restore", about);
    for (at, (peer, theirs)) in PEERS.iter().zip(&taken[..peers]).enumerate() {
        let ours = |lane: usize| taken.get(peers + lane).map(Vec::as_slice);
        let goal = (at == 0).then_some(0.556);
        section.time_beside("time, 1 % lost", ours(0), peer, theirs, goal);
        section.time_beside("time, 1 % changed", ours(1), peer, theirs, goal);
    }
    for (what, ours) in ["peak memory, 1 % lost", "peak memory, 1 % changed"].iter().zip(&taken[peers..]) {
        section.memory(what, Some(ours));
    }
    Ok(section)
}

/// dslr in an environment of its own below `target/`, with a snapshot of a database `shop` that has the table. Its
/// program, or why there is none.
fn dslr(arena: &Arena) -> Result<PathBuf, String> {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/dslr");
    let program = place.join("bin/dslr");
    let install = || -> Outcome<()> {
        if !program.is_file() {
            output(Command::new("python3").args(["-m", "venv"]).arg(&place))?;
            output(Command::new(place.join("bin/pip")).args(["install", "--quiet"]).args(DSLR))?;
        }
        arena.server.sql("CREATE DATABASE shop TEMPLATE postgres")?;
        output(&mut dslr_command(&program, arena, &["snapshot", "speed"]))?;
        Ok(())
    };
    install().map_err(|error| error.to_string().lines().next().unwrap_or_default().to_owned())?;
    Ok(program)
}

fn dslr_command(program: &Path, arena: &Arena, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    // By the environment, so that the password is in no argument list.
    command.args(args).env("DATABASE_URL", arena.server.url_of("shop")).current_dir(arena.file(""));
    command
}

/// Bringing back 1 % of the rows of an SQLite table.
///
/// # Errors
/// If a process fails, or the file cannot be restored.
pub fn sqlite(plan: &Plan) -> Outcome<Section> {
    let dir = tempfile::tempdir()?;
    let (file, project, backup) =
        (dir.path().join("shop.db"), dir.path().join("project"), dir.path().join("backup.db"));
    sqlite::fill(&file, plan.rows)?;
    fs::copy(&file, &backup)?;
    let url = format!("file:{}", file.display());
    let wanted = sqlite::contents(&file)?;
    let verified = |taken: Taken, by: &str| {
        if sqlite::contents(&file)? == wanted {
            Ok(taken)
        } else {
            Err(format!("{by} did not bring the table back").into())
        }
    };
    let mut lanes: Vec<Lane<'_>> = vec![Box::new(|round| {
        sqlite::lose(&file, round)?;
        let restore = format!(".restore {}", backup.display());
        verified(take(Command::new("sqlite3").arg(&file).arg(restore))?, "sqlite3")
    })];
    if !plan.peers_only {
        fresh_store(&project, &url)?;
        snap(&project, &url)?;
        lanes.push(Box::new(|round| {
            sqlite::lose(&file, round)?;
            verified(restore(&project, &url)?, "dbsnap restore")
        }));
    }
    let taken = rounds(&mut lanes, plan.rounds)?;
    drop(lanes);
    let ours = taken.get(1).map(Vec::as_slice);
    let about = format!(
        "{} rows of `mods` with two indexes, a file of {} MB, {} rounds; dbsnap brings back another 1 % of the rows each time, \
         sqlite3 copies the whole file. After each the whole table is held against what it was.",
        plan.rows,
        size_of(&backup)? / 1_000_000,
        plan.rounds
    );
    let mut section = Section::new("SQLite: restore after 1 % of the rows were lost", "sqlite-restore", about);
    section.time_beside("time", ours, "`sqlite3 shop.db '.restore backup.db'`", &taken[0], None);
    section.memory("peak memory of `restore`", ours);
    Ok(section)
}
