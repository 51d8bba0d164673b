//! Syncs that fail, each in turn. The last of a command is that of a directory: then what it did can be seen, but may
//! not survive a power cut. A snapshot is taken back; everything else is said to be so.

use super::world::{Kind, World, id_of};
use crate::support::fault::{self, Fault};
use crate::support::kill::{self, Point};
use crate::support::process::{Invocation, Run};

const NOT_DURABLE: &str = "the change is there, but a power cut may undo it";

/// Runs `command` once for each of its syncs, each time after `prepare`, and lets that one fail.
fn with_each_sync_failing(
    world: &mut World,
    command: impl Fn(&World) -> Invocation,
    mut prepare: impl FnMut(&mut World),
    mut then: impl FnMut(&mut World, &Run, &str),
) {
    prepare(world);
    let syncs = kill::calls_made(&command(world), "fsync")["fsync"];
    for nth in 1..=syncs {
        for error in ["ENOSPC", "EIO"] {
            prepare(world);
            let fault = Fault { point: Point { call: "fsync".to_owned(), nth }, error };
            let run = fault::at_call(&command(world), &fault).unwrap();
            then(world, &run, &format!("{fault:?}"));
            world.verify();
        }
    }
}

#[test]
fn a_snapshot_that_cannot_be_made_durable_is_taken_back() {
    let mut world = World::new(Kind::Sqlite, 20);
    world.snap();
    let (mut seed, mut last) = (0, 0);
    with_each_sync_failing(
        &mut world,
        World::snapping,
        |world| {
            let state = world.state();
            world.learn(state);
            seed += 1;
            world.change(seed);
        },
        |world, run, story| {
            let state = world.state();
            let new = world.learn(state);
            match run.code() {
                Some(0) => assert_eq!(new, [id_of(run)], "{story}: {run}"),
                _ => assert!(new.is_empty() && run.stderr().contains("cannot sync"), "{story}: {run}"),
            }
            last += u64::from(run.stderr().contains("/snapshots: "));
        },
    );
    assert_eq!(last, 2, "the sync of `snapshots/` was not met");
    world.finish();
}

#[test]
fn a_restore_whose_safety_snapshot_cannot_be_made_durable_changes_nothing() {
    let mut world = World::new(Kind::Sqlite, 20);
    let old = world.snap();
    let mut seed = 0;
    with_each_sync_failing(
        &mut world,
        |world| world.restoring(&old),
        |world| {
            let state = world.state();
            world.learn(state);
            seed += 1;
            world.change(seed);
        },
        |world, run, story| {
            let (state, wanted) = (world.state(), world.known[&old]);
            // What came before the commit can be listed only if it was durable.
            match run.stderr().contains("/snapshots: ") {
                true => assert!(state != wanted && world.learn(state).is_empty(), "{story}: {run}"),
                false if run.code() == Some(0) => assert_eq!(state, wanted, "{story}: {run}"),
                false => assert!(!run.stderr().contains(NOT_DURABLE) || state != wanted, "{story}: {run}"),
            }
        },
    );
}

#[test]
fn a_ref_or_deletion_that_may_not_be_durable_is_told() {
    let mut world = World::new(Kind::Sqlite, 20);
    let id = world.snap();
    world.change(1);
    world.snap();
    let tags = |world: &World| world.dbsnap(["log"]).run().stdout().contains("v1");
    let pins = |world: &World| world.store().join("refs/pins").join(&id).is_file();
    let deleted = |world: &World| !world.listed().contains(&id);
    type Look<'l> = &'l dyn Fn(&World) -> bool;
    let (yes, no): (&[&str], &[&str]) = (&["tag", &id, "v1"], &["tag", "--delete", "v1"]);
    let cases: [(&[&str], &[&str], Look<'_>, bool); 6] = [
        (yes, no, &tags, true),
        (no, yes, &tags, false),
        (&["pin", &id], &["unpin", &id], &pins, true),
        (&["unpin", &id], &["pin", &id], &pins, false),
        (&["delete", &id, "-y"], &["undelete", &id], &deleted, true),
        (&["undelete", &id], &["delete", &id, "-y"], &deleted, false),
    ];
    for (does, undoes, look, is) in cases {
        let mut told = 0;
        with_each_sync_failing(
            &mut world,
            |world| world.dbsnap(does.iter().copied()),
            |world| {
                if look(world) == is {
                    world.dbsnap(undoes.iter().copied()).run().success();
                }
                assert_ne!(look(world), is, "{undoes:?}");
            },
            |world, run, story| {
                let is_told = run.stderr().contains(NOT_DURABLE);
                let is_done = run.code() == Some(0) || is_told;
                assert_eq!(look(world) == is, is_done, "{does:?}, {story}: {run}");
                told += u64::from(is_told);
            },
        );
        assert!(told > 0, "{does:?}");
    }
}
