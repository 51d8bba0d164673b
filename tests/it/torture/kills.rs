//! Every command that writes, killed at random moments from its first to after its last: as often as `DBSNAP_KILLS`
//! says.

use super::world::{Kind, Seed, World, id_of};
use crate::support::kill;
use std::ops::Range;
use std::thread;

/// Rows of the larger table: several leaves.
const ROWS: u32 = 1500;
/// After how many kills the length of an unharmed run is measured again.
const MEASURE: u64 = 25;

/// How often each command is killed.
fn kills() -> u64 {
    std::env::var("DBSNAP_KILLS").map_or(40, |kills| kills.parse().unwrap())
}

/// Half of the kills go to SQLite, in both journal modes, half to PostgreSQL; the two at the same time.
fn everywhere(sweep: impl Fn(World, Range<u64>) + Sync) {
    let all = kills();
    thread::scope(|scope| {
        scope.spawn(|| {
            sweep(World::new(Kind::Sqlite, ROWS), 0..all / 4);
            sweep(World::new(Kind::SqliteWal, ROWS), all / 4..all / 2);
        });
        scope.spawn(|| sweep(World::new(Kind::Postgres, ROWS), all / 2..all));
    });
}

#[test]
fn a_snap_killed_at_any_moment_is_there_or_not() {
    everywhere(|mut world, seeds| {
        let (mut longest, mut killed, count) = (Default::default(), 0, seeds.end - seeds.start);
        world.snap();
        for seed in seeds {
            let _seed = Seed(seed);
            world.change(seed);
            if seed % MEASURE == 0 || killed == 0 {
                longest = world.time(|world| drop(world.snap()));
                world.change(seed + 1);
            }
            let state = world.state();
            let run = kill::at_moment(&world.snapping(), longest, seed);
            world.settle();
            assert_eq!(world.state(), state, "a snapshot changed the database");
            world.verify();
            let new = world.learn(state);
            match run.code() {
                Some(0) => assert_eq!(new, [id_of(&run)]),
                _ => assert!(run.signal() == Some(9) && new.len() <= 1, "{run}"),
            }
            killed += u64::from(run.signal().is_some());
            if seed % 8 == 7 {
                let oldest = world.known.keys().next().unwrap().clone();
                world.restore(&oldest);
                world.gc("3");
            }
        }
        assert!(killed * 3 > count, "only {killed} of {count} were killed");
        world.finish();
    });
}

#[test]
fn a_restore_killed_at_any_moment_is_done_or_not() {
    everywhere(|mut world, seeds| {
        let (mut longest, mut killed, count) = (Default::default(), 0, seeds.end - seeds.start);
        let (one, other) = two_states(&mut world);
        let (first, second) = (world.known[&one], world.known[&other]);
        for seed in seeds {
            let _seed = Seed(seed);
            if seed % MEASURE == 0 || killed == 0 {
                world.restore(&one);
                longest = world.time(|world| world.restore(&other));
            }
            let before = world.state();
            let (wanted, after) = if before == first { (&other, second) } else { (&one, first) };
            let run = kill::at_moment(&world.restoring(wanted), longest, seed);
            world.settle();
            let found = world.state();
            match run.code() {
                Some(0) => assert_eq!(found, after, "acknowledged and not restored"),
                _ => assert!(
                    run.signal() == Some(9) && (found == before || found == after),
                    "neither old nor new: {run}"
                ),
            }
            killed += u64::from(run.signal().is_some());
            world.verify();
            assert!(world.learn(before).len() <= 1);
            if seed % 8 == 7 {
                world.gc("1");
            }
        }
        assert!(killed * 3 > count, "only {killed} of {count} were killed");
        world.finish();
    });
}

#[test]
fn a_gc_killed_at_any_moment_takes_nothing_that_is_needed() {
    everywhere(|mut world, seeds| {
        let (mut longest, mut killed, count) = (Default::default(), 0, seeds.end - seeds.start);
        let first = world.snap();
        world.dbsnap(["pin", &first]).run().success();
        for seed in seeds {
            let _seed = Seed(seed);
            if seed % MEASURE == 0 || killed == 0 {
                longest = world.time(|world| world.gc("2")) / 2;
            }
            world.change(seed);
            let newest = world.snap();
            let run = kill::at_moment(&world.dbsnap(["gc", "--keep", "2"]), longest, seed);
            assert!(run.code() == Some(0) || run.signal() == Some(9), "{run}");
            killed += u64::from(run.signal().is_some());
            world.verify();
            world.forget_dropped();
            for kept in [&first, &newest] {
                assert!(world.known.contains_key(kept), "{kept} is gone");
            }
            if seed % 8 == 7 {
                world.restore(&first);
            }
        }
        assert!(killed * 3 > count, "only {killed} of {count} were killed");
        world.finish();
    });
}

/// Two snapshots that differ in rows deleted, changed and added in both tables; the database is as the second.
fn two_states(world: &mut World) -> (String, String) {
    let one = world.snap();
    world.sql(
        "DELETE FROM parts WHERE id % 10 = 3; DELETE FROM mods WHERE id % 20 = 6; \
         UPDATE mods SET body = upper(body) WHERE id % 15 = 1; \
         INSERT INTO mods VALUES (100001, 'new', NULL), (100002, 'new', 'too'); \
         INSERT INTO parts VALUES (100001, 100002, 'new')",
    );
    let other = world.snap();
    for (id, name) in [(&one, "one"), (&other, "other")] {
        world.dbsnap(["tag", id, name]).run().success();
    }
    (one, other)
}
