//! Commands beside each other on one store.

use super::world::{Kind, World, id_of, json};
use crate::support::process::Run;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Rounds of the one that sets the pace.
const ROUNDS: u64 = 12;

/// Done, or refused because the store was in use.
fn done_or_busy(run: &Run) -> bool {
    assert!(matches!(run.code(), Some(0 | 11)), "{run}");
    run.code() == Some(0)
}

/// Runs `beside` over and over until `paced` has ended.
fn while_running(paced: impl FnOnce() + Send, beside: &[&(dyn Fn() + Sync)]) {
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        for work in beside {
            scope.spawn(|| {
                while !ended.load(Ordering::Relaxed) {
                    work();
                }
            });
        }
        let paced = scope.spawn(paced);
        let result = paced.join();
        ended.store(true, Ordering::Relaxed);
        result.unwrap();
    });
}

#[test]
fn snaps_beside_each_other_and_gc_are_whole() {
    let mut world = World::new(Kind::Sqlite, 100);
    // The database goes to and fro between two states, so that rows come back whose packs gc has condemned.
    world.sql("UPDATE mods SET body = 'b'");
    let second = world.state();
    world.sql("UPDATE mods SET body = 'a'");
    let first = world.state();
    let snap = || {
        done_or_busy(&world.snapping().run());
    };
    let gc = || {
        done_or_busy(&world.dbsnap(["gc", "--keep", "1"]).run());
    };
    let look = || {
        for command in ["log", "verify"] {
            done_or_busy(&world.dbsnap(["--json", command]).run());
        }
    };
    while_running(
        || {
            for round in 0..ROUNDS {
                world.sql(if round % 2 == 0 { "UPDATE mods SET body = 'b'" } else { "UPDATE mods SET body = 'a'" });
                let run = world.snapping().run();
                if done_or_busy(&run) {
                    // Retention keeps the newest, which this may no longer be: then it is gone, but never broken.
                    let check = world.dbsnap(["--json", "verify", &id_of(&run)]).run();
                    assert!(matches!(check.code(), Some(0 | 11 | 12)), "{check}");
                }
            }
        },
        &[&snap, &gc, &look],
    );
    world.verify();
    for id in world.listed() {
        world.restoring(&id).run().success();
        let found = world.state();
        assert!(found == first || found == second, "{id} restores a state that never was");
    }
    let now = world.state();
    world.learn(now);
}

#[test]
fn gc_beside_gc_pins_exports_and_restores_takes_nothing_from_them() {
    let mut world = World::new(Kind::Sqlite, 100);
    let old = world.snap();
    world.change(1);
    world.snap();
    let expected = world.known[&old];
    world.dbsnap(["pin", &old]).run().success();
    let gc = || {
        done_or_busy(&world.dbsnap(["gc", "--keep", "1"]).run());
    };
    while_running(
        || {
            for round in 0..ROUNDS {
                let id = id_of(&world.snapping().run().success());
                if world.dbsnap(["pin", &id]).run().code() == Some(0) {
                    assert!(world.listed().contains(&id), "pinned and gone");
                    done_or_busy(&world.dbsnap(["--json", "export", &id]).run());
                    if done_or_busy(&world.restoring(&old).run()) {
                        assert_eq!(world.state(), expected);
                    }
                    world.dbsnap(["unpin", &id]).run().success();
                }
                world.change(round);
            }
        },
        &[&gc, &gc],
    );
    world.verify();
    let log = json(&world.dbsnap(["--json", "log"]).run().success());
    assert!(log["snapshots"].as_array().unwrap().iter().any(|entry| entry["id"] == old.as_str()));
}
