//! Commands killed by strace before a system call: which calls, a fixed seed decides.

use super::damaged::Damaged;
use super::world::{Kind, Seed, World, files, id_of};
use crate::support::kill::{self, CHANGING, Point};
use crate::support::process::{Invocation, Project};
use std::fs;
use std::path::PathBuf;

/// How many calls of each command are tried.
fn points(unharmed: &Invocation) -> Vec<Point> {
    let limit = std::env::var("DBSNAP_KILLS").map_or(40, |kills| kills.parse().unwrap()) / 5;
    kill::points(&kill::calls_made(unharmed, CHANGING), limit, 1)
}

#[test]
fn an_init_killed_at_any_call_is_completed_by_the_next() {
    let initialising = |project: &Project| project.dbsnap(["init"]);
    for (seed, point) in (0..).zip(points(&initialising(&Project::new()))) {
        let _seed = Seed(seed);
        let project = Project::new();
        kill::at_call(&initialising(&project), &point);
        initialising(&project).run().success();
        project.dbsnap(["verify"]).run().success();
    }
}

#[test]
fn a_snap_killed_at_any_call_is_there_or_not() {
    let mut world = World::new(Kind::Sqlite, 20);
    world.snap();
    world.change(0);
    let points = points(&world.snapping());
    let state = world.state();
    world.learn(state);
    for (seed, point) in (1..).zip(points) {
        let _seed = Seed(seed);
        world.change(seed);
        let state = world.state();
        let run = kill::at_call(&world.snapping(), &point);
        world.verify();
        let new = world.learn(state);
        match run.code() {
            Some(0) => assert_eq!(new, [id_of(&run)]),
            _ => assert!(run.signal() == Some(9) && new.len() <= 1, "{point:?}: {run}"),
        }
    }
    world.finish();
}

#[test]
fn a_restore_killed_at_any_call_is_done_or_not() {
    let mut world = World::new(Kind::Sqlite, 20);
    let one = world.snap();
    world.change(3);
    let other = world.snap();
    for id in [&one, &other] {
        world.dbsnap(["pin", id]).run().success();
    }
    let points = points(&world.restoring(&one));
    let (first, second) = (world.known[&one], world.known[&other]);
    world.learn(second);
    for (seed, point) in (0..).zip(points) {
        let _seed = Seed(seed);
        let before = world.state();
        let (wanted, after) = if before == first { (&other, second) } else { (&one, first) };
        let run = kill::at_call(&world.restoring(wanted), &point);
        let found = world.state();
        match run.code() {
            Some(0) => assert_eq!(found, after, "{point:?}"),
            _ => assert!(run.signal() == Some(9) && (found == before || found == after), "{point:?}: {run}"),
        }
        world.verify();
        assert!(world.learn(before).len() <= 1);
        if seed % 8 == 7 {
            world.gc("1");
        }
    }
    world.finish();
}

#[test]
fn a_gc_killed_at_any_call_is_completed_by_the_next() {
    let mut world = World::new(Kind::Sqlite, 20);
    let grow = |world: &mut World, seed| {
        for step in 0..3 {
            world.change(seed * 3 + step);
            world.snap();
        }
    };
    let collecting = |world: &World| world.dbsnap(["gc", "--keep", "1"]);
    grow(&mut world, 0);
    let points = points(&collecting(&world));
    world.forget_dropped();
    for (seed, point) in (1..).zip(points) {
        let _seed = Seed(seed);
        grow(&mut world, seed);
        kill::at_call(&collecting(&world), &point);
        world.verify();
        world.forget_dropped();
        world.gc("1");
        assert_eq!(world.known.len(), 1, "{point:?}");
    }
    world.finish();
}

#[test]
fn an_export_killed_at_any_call_leaves_no_partial_file() {
    let mut world = World::new(Kind::Sqlite, 20);
    let id = world.snap();
    let exporting = world.dbsnap(["export", &id]);
    let points = points(&exporting);
    let dir = world.project.path().join("scripts/backups");
    let exported = || -> Vec<_> {
        let is_ours =
            |path: &&PathBuf| path.extension().is_some_and(|extension| extension == "json" || extension == "ts");
        files(&dir).iter().filter(is_ours).map(|path| fs::read(path).unwrap()).collect()
    };
    let whole = exported();
    for (seed, point) in (0..).zip(points) {
        let _seed = Seed(seed);
        fs::remove_dir_all(&dir).unwrap();
        kill::at_call(&exporting, &point);
        for path in if dir.exists() { files(&dir) } else { Vec::new() } {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if name.ends_with(".json") && name.starts_with("backup_2") {
                world.dbsnap(["verify", path.to_str().unwrap()]).run().success();
            }
        }
        world.verify();
        exporting.run().success();
        world.verify();
        assert_eq!(exported(), whole, "{point:?}");
    }
}

#[test]
fn a_repair_killed_at_any_call_is_completed_by_the_next() {
    let mut damaged = Damaged::new();
    let points = points(&damaged.repairing());
    for (seed, point) in (0..).zip(points) {
        let _seed = Seed(seed);
        damaged.put_back();
        let run = kill::at_call(&damaged.repairing(), &point);
        assert!(run.code() == Some(0) || run.signal() == Some(9), "{point:?}: {run}");
        damaged.is_completed(&run, &format!("{point:?}"));
    }
    damaged.world.finish();
}
