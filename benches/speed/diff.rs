//! Diffs of a PostgreSQL table of which 1 % of the rows changed.

use crate::measure::{Lane, rounds, take};
use crate::postgres::{Arena, dbsnap};
use crate::report::Section;
use crate::rows::Ids;
use crate::{Outcome, Plan};

/// Two snapshots, and a snapshot and the live table, every changed row printed.
///
/// # Errors
/// If a process fails.
pub fn postgres(plan: &Plan) -> Outcome<Section> {
    let arena = Arena::new(plan, Ids::InOrder)?;
    let diff = |a: &str, b: &str| {
        take(&mut dbsnap(&arena.file("project"), &arena.server.url(), &["diff", a, b, "--", "mods"]))
    };
    if !plan.peers_only {
        arena.fresh_store()?;
        arena.snap()?;
    }
    let mut lanes: Vec<Lane<'_>> = vec![Box::new(|round| {
        arena.change(round)?;
        arena.copy()
    })];
    if !plan.peers_only {
        lanes.push(Box::new(|_| diff("latest", "live")));
        lanes.push(Box::new(|_| {
            arena.snap()?;
            diff("~1", "latest")
        }));
    }
    let taken = rounds(&mut lanes, plan.rounds)?;
    drop(lanes);
    let about = format!(
        "{} rows of `mods`; in each of {} rounds two columns of another 1 % of the rows, scattered, are changed first; every \
         changed row is printed, and thrown away.",
        plan.rows, plan.rounds
    );
    let (live, both) = (taken.get(1).map(Vec::as_slice), taken.get(2).map(Vec::as_slice));
    let copy = "`COPY mods TO STDOUT`, thrown away";
    let mut section = Section::new("PostgreSQL: diff, 1 % of the rows changed", "postgres-diff", about);
    section.time("time of `diff latest live`", live, copy, &taken[0], 1.3);
    section.time_beside("time of `diff ~1 latest`", both, copy, &taken[0], None);
    section.memory("peak memory of `diff latest live`", live);
    section.memory("peak memory of `diff ~1 latest`", both);
    Ok(section)
}
