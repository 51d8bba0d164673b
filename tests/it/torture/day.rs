//! Everything at once for a while: writers, readers and collectors beside each other, some of them killed, on a disk
//! that is full now and then. `DBSNAP_TEST_DAY_SECONDS` says how long (4 unless told; 86400 is the day).

use super::world::{Kind, World, files, json};
use crate::support::disk::Disk;
use crate::support::kill;
use crate::support::process::{Invocation, Run};
use crate::tree::model::Dice;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

/// Longest that a command runs before it is killed, if it is to be.
const LONGEST: Duration = Duration::from_millis(400);

/// A command that was not killed did its work or refused, with a reason: store in use, disk full, no such snapshot,
/// nothing to undo.
fn is_sane(run: &Run) {
    assert!(!run.stderr().contains("panicked"), "{run}");
    match run.code() {
        Some(0) => {}
        Some(1 | 2 | 4 | 11 | 12) => assert!(run.stderr().contains("error"), "{run}"),
        Some(6) => panic!("unknown outcome without a fault of the database: {run}"),
        Some(_) => panic!("{run}"),
        None => assert_eq!(run.signal(), Some(9), "{run}"),
    }
}

#[test]
fn torture_of_a_day_loses_nothing() {
    let seconds = std::env::var("DBSNAP_TEST_DAY_SECONDS").map_or(4, |seconds| seconds.parse().unwrap());
    let (world, disk) = (World::new(Kind::Sqlite, 200), Disk::new("size=3m"));
    let store = disk.path().join("store");
    let dbsnap =
        |args: &[&str]| -> Invocation { disk.inside(&world.dbsnap(args.iter().copied()).arg("--store").arg(&store)) };
    dbsnap(&["init"]).run().success();
    // Pinned, so that neither retention nor `delete` takes it.
    let pinned = json(&dbsnap(&["--json", "snap", "mods", "parts"]).run().success())["id"].as_str().unwrap().to_owned();
    dbsnap(&["pin", &pinned]).run().success();
    let first = world.state();
    let ends = Instant::now() + Duration::from_secs(seconds);
    let worker = |seed: u64| {
        let mut dice = Dice(seed);
        while Instant::now() < ends {
            let name = format!("{}", dice.roll(1 << 40));
            let args: &[&str] = match dice.roll(10) {
                0..4 => &["--json", "snap", "mods", "parts"],
                4 => &["gc", "--keep", "3"],
                5 => &["gc", "--now", "--keep", "3"],
                6 => &["delete", "latest", "--yes"],
                7 => &["restore", &pinned, "--mode", "exact", "--yes"],
                8 => &["tag", &pinned, &format!("t{name}")],
                _ => &["export", "latest"],
            };
            world.sql(&format!("UPDATE mods SET name = '{name}' WHERE id % 50 = {}", dice.roll(50)));
            let filler = disk.seen_from_outside().join(&name);
            let is_full = dice.roll(6) == 0 && fs::write(&filler, vec![1; 2 << 20]).is_err() || filler.exists();
            let run = match dice.roll(3) {
                0 => kill::at_moment(&dbsnap(args), LONGEST, dice.roll(u64::MAX)),
                _ => dbsnap(args).run(),
            };
            is_sane(&run);
            if is_full {
                let _ = fs::remove_file(&filler);
            }
        }
    };
    thread::scope(|scope| {
        for seed in 0..3 {
            scope.spawn(move || worker(seed));
        }
        scope.spawn(|| {
            while Instant::now() < ends {
                for args in [&["--json", "log"][..], &["--json", "verify"], &["diff", &pinned]] {
                    let run = dbsnap(args).run();
                    // A verify beside a gc may be told to wait; it must not see damage.
                    assert!(matches!(run.code(), Some(0 | 1 | 11)), "{args:?}: {run}");
                }
            }
        });
    });
    for path in files(&disk.seen_from_outside()).iter().filter(|path| !path.to_string_lossy().contains("/store/")) {
        fs::remove_file(path).unwrap();
    }
    dbsnap(&["verify"]).run().success();
    dbsnap(&["restore", &pinned, "--mode", "exact", "--yes"]).run().success();
    assert_eq!(world.state(), first);
    dbsnap(&["gc", "--now"]).run().success();
    dbsnap(&["verify"]).run().success();
    assert_eq!(files(&disk.seen_from_outside().join("store/tmp")), Vec::<std::path::PathBuf>::new());
}
