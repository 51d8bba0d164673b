//! Little of what a process needs: file size, descriptors, threads.

use super::world::{Kind, World};
use crate::support::process::{Invocation, Run};

/// Runs it in a shell that has set a limit.
fn limited(invocation: Invocation, limit: &str) -> Run {
    let script = format!("{limit} && exec \"$@\"");
    invocation.under(["sh", "-c", &script, "sh"]).run()
}

/// Whether it did what it was asked for; if not, it said why in a message of its own.
fn is_done(run: &Run, story: &str) -> bool {
    assert!(!run.stderr().contains("panicked"), "{story}: {run}");
    match run.code() {
        Some(0) => true,
        Some(code) => {
            assert!(code == 1 && run.stderr().contains("error:"), "{story}: {run}");
            false
        }
        None => panic!("{story}: {run}"),
    }
}

/// A world in which rows have changed since its snapshot.
fn changed() -> (World, String) {
    let mut world = World::new(Kind::Sqlite, 300);
    let id = world.snap();
    world.change(5);
    (world, id)
}

/// Torment: D4
#[test]
fn a_file_beyond_the_limit_on_its_size_is_an_error_and_lists_nothing() {
    let (mut world, id) = changed();
    let mut refused = 0;
    for blocks in [0, 1, 4, 16, 64, 100_000] {
        let limit = format!("ulimit -f {blocks}");
        world.change(blocks);
        let state = world.state();
        let snapped = is_done(&limited(world.snapping(), &limit), &limit);
        assert_eq!(world.learn(state).len(), usize::from(snapped), "{limit}");
        let restored = is_done(&limited(world.restoring(&id), &limit), &limit);
        assert_eq!(world.state(), if restored { world.known[&id] } else { state }, "{limit}");
        world.verify();
        refused += u32::from(!snapped) + u32::from(!restored);
        // A safety snapshot is of the state before.
        world.learn(state);
    }
    assert!((2..12).contains(&refused), "{refused}");
    is_done(&limited(world.dbsnap(["gc"]), "ulimit -f 1"), "gc");
    world.verify();
}

/// Torment: D9
#[test]
fn too_few_descriptors_or_threads_are_an_error_and_list_nothing() {
    let (mut world, id) = changed();
    let mut refused = 0;
    let limits = (6..34).step_by(4).map(|descriptors| format!("ulimit -n {descriptors}"));
    for limit in limits {
        world.change(u64::from(refused) + 1);
        let state = world.state();
        let snapped = is_done(&limited(world.snapping(), &limit), &limit);
        assert_eq!(world.learn(state).len(), usize::from(snapped), "{limit}");
        refused += u32::from(!snapped);
        is_done(&limited(world.dbsnap(["verify"]), &limit), &limit);
    }
    assert!((1..7).contains(&refused), "{refused}");
    // The system has no thread from the nth on.
    for nth in 1..8 {
        let story = format!("no thread from number {nth} on");
        let inject = |call: &str| format!("inject={call}:error=EAGAIN:when={nth}+");
        let without = |invocation: Invocation| {
            let [old, new] = [inject("clone"), inject("clone3")];
            invocation.under(["strace", "-f", "-qq", "-o", "/dev/null", "-e", &old, "-e", &new, "--"]).run()
        };
        let state = world.state();
        let snapped = is_done(&without(world.snapping()), &story);
        assert_eq!(world.learn(state).len(), usize::from(snapped), "{story}");
        is_done(&without(world.dbsnap(["verify"])), &story);
        is_done(&without(world.dbsnap(["diff", &id])), &story);
        world.verify();
    }
}
