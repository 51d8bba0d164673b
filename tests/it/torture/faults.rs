//! Commands whose system calls fail, one at a time: the nth of a kind, with each error that the kernel has for it. In
//! `tests/run` some of them, by `DBSNAP_TEST_FAULTS=all` every one. And calls that are done by halves, or wrong.

use super::damaged::Damaged;
use super::world::{Kind, World, files, id_of, json};
use crate::support::fault::{self, Fault, Halves};
use crate::support::kill::{self, Point};
use crate::support::process::{Invocation, Run};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;

/// A command that met a fault did its work or said what failed; one that was only interrupted did its work.
fn is_told(run: &Run, fault: &Fault) {
    assert!(!run.stderr().contains("panicked"), "{fault:?}: {run}");
    match run.code() {
        Some(0) => {}
        Some(code) => {
            let is_said = run.stderr().contains("error") || run.stdout().contains("damaged");
            assert!(code != 101 && is_said, "{fault:?}: {run}");
            assert_ne!(fault.error, "EINTR", "{fault:?}: {run}");
        }
        None => panic!("{fault:?}: {run}"),
    }
}

/// Runs it with each of its faults, after `prepare`; `then` checks what it left.
fn with_each_fault(
    world: &mut World,
    command: impl Fn(&World) -> Invocation,
    mut prepare: impl FnMut(&mut World, u64),
    mut then: impl FnMut(&mut World, &Run, &Fault),
) {
    prepare(world, 0);
    let faults = fault::faults(&command(world));
    assert!(faults.len() > 8);
    for (seed, fault) in (1..).zip(faults) {
        prepare(world, seed);
        let Some(run) = fault::at_call(&command(world), &fault) else { continue };
        is_told(&run, &fault);
        assert_eq!(files(&world.store().join("tmp")), Vec::<std::path::PathBuf>::new(), "{fault:?}: {run}");
        then(world, &run, &fault);
        world.verify();
    }
}

/// Nothing was said on stdout, which failed too.
fn is_unheard(run: &Run) -> bool {
    run.stderr().contains("cannot write the output")
}

#[test]
fn a_snap_with_any_call_failing_is_listed_or_refused() {
    let mut world = World::new(Kind::Sqlite, 20);
    with_each_fault(
        &mut world,
        World::snapping,
        |world, seed| {
            let state = world.state();
            world.learn(state);
            world.change(seed);
        },
        |world, run, fault| {
            let state = world.state();
            let new = world.learn(state);
            match run.code() {
                Some(0) => assert_eq!(new, [id_of(run)], "{fault:?}"),
                // It was taken, and could not be told.
                _ if is_unheard(run) => assert!(new.len() <= 1, "{fault:?}: {run}"),
                _ => assert_eq!(new, Vec::<String>::new(), "{fault:?}: {run}"),
            }
            let id = id_of(&world.snapping().run().success());
            world.known.insert(id, state);
        },
    );
    world.finish();
}

#[test]
fn a_restore_with_any_call_failing_is_done_or_not() {
    let mut world = World::new(Kind::Sqlite, 20);
    let one = world.snap();
    world.change(3);
    let other = world.snap();
    for id in [&one, &other] {
        world.dbsnap(["pin", id]).run().success();
    }
    let (first, second) = (world.known[&one], world.known[&other]);
    with_each_fault(
        &mut world,
        |world| world.restoring(&one),
        |world, seed| {
            world.learn(second);
            if world.state() == first {
                world.restoring(&other).run().success();
                world.learn(first);
            }
            if seed % 8 == 7 {
                world.gc("1");
            }
        },
        |world, run, fault| {
            let found = world.state();
            match run.code() {
                Some(0) => assert_eq!(found, first, "{fault:?}: {run}"),
                Some(6) => assert!(found == first || found == second, "{fault:?}: {run}"),
                _ if is_unheard(run) => assert_eq!(found, first, "{fault:?}: {run}"),
                _ => assert_eq!(found, second, "{fault:?}: {run}"),
            }
            world.learn(second);
            world.restoring(&one).run().success();
            assert_eq!(world.state(), first);
        },
    );
    world.learn(second);
    world.finish();
}

#[test]
fn a_gc_with_any_call_failing_is_completed_by_the_next() {
    let mut world = World::new(Kind::Sqlite, 20);
    with_each_fault(
        &mut world,
        |world| world.dbsnap(["gc", "--keep", "1"]),
        |world, seed| {
            for step in 0..2 {
                world.change(seed * 2 + step);
                world.snap();
            }
        },
        |world, _, fault| {
            world.forget_dropped();
            world.gc("1");
            assert_eq!(world.known.len(), 1, "{fault:?}");
        },
    );
    world.finish();
}

/// On a full disk, and on nothing else, a snapshot that cannot be set aside is removed for good.
#[test]
fn a_delete_with_any_call_failing_can_be_taken_back_or_was_not_begun() {
    let mut world = World::new(Kind::Sqlite, 20);
    world.snap();
    let old = RefCell::new(String::new());
    with_each_fault(
        &mut world,
        |world| world.dbsnap(["delete", &old.borrow(), "--yes"]),
        |world, seed| {
            world.change(seed);
            *old.borrow_mut() = id_of(&world.snapping().run().success());
        },
        |world, run, fault| {
            let old = old.borrow().clone();
            let is_there = world.listed().contains(&old);
            assert!(!(is_there && run.code() == Some(0)), "{fault:?}: {run}");
            if is_there {
                world.dbsnap(["delete", &old, "--yes"]).run().success();
            }
            let undelete = world.dbsnap(["undelete", &old]).run();
            let is_full = matches!(fault.error, "ENOSPC" | "EDQUOT");
            assert!(undelete.code() == Some(0) || is_full, "{fault:?}: {run}{undelete}");
            assert_eq!(world.listed().contains(&old), undelete.code() == Some(0), "{fault:?}");
        },
    );
    let state = world.state();
    world.learn(state);
    world.verify();
}

#[test]
fn a_tag_with_any_call_failing_is_there_or_not() {
    let mut world = World::new(Kind::Sqlite, 20);
    let id = world.snap();
    let tag = |world: &World| world.store().join("refs/tags/v1");
    with_each_fault(
        &mut world,
        |world| world.dbsnap(["tag", &id, "v1"]),
        |world, _| drop(fs::remove_file(tag(world))),
        |world, run, fault| {
            assert!(run.code() != Some(0) || tag(world).is_file(), "{fault:?}: {run}");
            world.dbsnap(["tag", &id, "v1"]).run().success();
            world.dbsnap(["show", "v1"]).run().success();
        },
    );
    world.finish();
}

/// Whatever fails while a tag takes the place of a directory, one of the two is there afterwards.
#[test]
fn a_directory_goes_only_when_the_tag_is_there() {
    let mut world = World::new(Kind::Sqlite, 20);
    let id = world.snap();
    let tag = world.store().join("refs/tags/v1");
    let tagging = world.dbsnap(["tag", &id, "v1", "--force"]);
    let misplace = || {
        drop(fs::remove_file(&tag));
        fs::create_dir_all(&tag).unwrap();
    };
    misplace();
    let points = kill::points(&kill::calls_made(&tagging, "openat,write,fsync,rename"), usize::MAX, 0);
    assert!(points.len() > 8);
    for point in points {
        misplace();
        let fault = Fault { point, error: "EIO" };
        let Some(run) = fault::at_call(&tagging, &fault) else { continue };
        is_told(&run, &fault);
        assert!(tag.exists(), "{fault:?}: {run}");
        assert!(run.code() != Some(0) || tag.is_file(), "{fault:?}: {run}");
        tagging.run().success();
        world.dbsnap(["show", "v1"]).run().success();
    }
    world.verify();
    world.finish();
}

#[test]
fn an_export_with_any_call_failing_leaves_no_partial_file() {
    let mut world = World::new(Kind::Sqlite, 20);
    let id = world.snap();
    let dir = world.project.path().join("scripts/backups");
    with_each_fault(
        &mut world,
        |world| world.dbsnap(["export", &id]),
        |_, _| drop(fs::remove_dir_all(&dir)),
        |world, run, fault| {
            for path in if dir.exists() { files(&dir) } else { Vec::new() } {
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                assert!(!name.ends_with(".tmp"), "{fault:?}: {name} was left: {run}");
                if name.ends_with(".json") && name.starts_with("backup_2") {
                    world.dbsnap(["verify", path.to_str().unwrap()]).run().success();
                }
            }
            world.dbsnap(["export", &id]).run().success();
        },
    );
    // What verify writes is the list of exports.
    let list = dir.join("backup_manifest.json");
    let before = fs::read(&list).unwrap();
    with_each_fault(
        &mut world,
        |world| world.dbsnap(["verify"]),
        |_, _| {},
        |world, _, fault| {
            world.verify();
            assert_eq!(fs::read(&list).unwrap(), before, "{fault:?}");
        },
    );
    world.finish();
}

#[test]
fn an_import_with_any_call_failing_is_whole_or_absent() {
    let mut world = World::new(Kind::Sqlite, 20);
    let id = world.snap();
    let exported = json(&world.dbsnap(["--json", "export", &id]).run().success());
    let file = exported["tables"][0]["json"].as_str().unwrap().to_owned();
    let listed = RefCell::new(BTreeSet::new());
    with_each_fault(
        &mut world,
        |world| world.dbsnap(["--json", "import", &file]),
        |world, _| *listed.borrow_mut() = world.listed(),
        |world, run, fault| {
            let now = world.listed();
            let listed = listed.borrow();
            assert!(now.is_superset(&listed) && now.len() <= listed.len() + 1, "{fault:?}: {run}");
            if run.code() == Some(0) {
                assert!(now.contains(&id_of(run)), "{fault:?}");
            }
            let again = id_of(&world.dbsnap(["--json", "import", &file]).run().success());
            assert!(world.listed().contains(&again) && world.listed().contains(&id));
        },
    );
    world.verify();
}

#[test]
fn a_repair_with_any_call_failing_is_completed_by_the_next() {
    let mut damaged = Damaged::new();
    let faults = fault::faults(&damaged.repairing());
    assert!(faults.len() > 8);
    for fault in faults {
        damaged.put_back();
        let Some(run) = fault::at_call(&damaged.repairing(), &fault) else { continue };
        is_told(&run, &fault);
        assert_eq!(files(&damaged.world.store().join("tmp")), Vec::<std::path::PathBuf>::new(), "{fault:?}: {run}");
        damaged.is_completed(&run, &format!("{fault:?}"));
    }
    damaged.world.finish();
}

/// A snapshot whose manifest could not be read for a moment was not looked at, and is not called whole.
#[test]
fn what_a_repair_could_not_read_for_a_moment_is_not_called_whole() {
    let mut damaged = Damaged::new();
    let mut told = 0;
    for manifest in files(&damaged.world.store().join("snapshots")) {
        for nth in 1..=6 {
            damaged.put_back();
            let fault = Fault { point: Point { call: "pread64".to_owned(), nth }, error: "EIO" };
            let run = fault::at_call_of(&damaged.repairing(), &fault, Some(&manifest)).unwrap();
            is_told(&run, &fault);
            told += u32::from(run.code() != Some(0));
            damaged.is_completed(&run, &format!("{fault:?}"));
        }
    }
    assert!(told > 4, "{told}");
    damaged.world.finish();
}

/// A system that cannot tell whether a file is there has not said that it is not.
#[test]
fn a_call_that_fails_is_not_taken_for_absence() {
    let mut world = World::new(Kind::Sqlite, 20);
    world.snap();
    let state = world.state();
    let format = fs::read(world.store().join("format")).unwrap();
    for nth in 1..60 {
        let fault = Fault { point: Point { call: "statx".to_owned(), nth }, error: "EIO" };
        let Some(run) = fault::at_call(&world.dbsnap(["--json", "log"]), &fault) else { continue };
        is_told(&run, &fault);
        assert!(!run.stderr().contains("there is no .dbsnap") && !run.stderr().contains("is missing"), "{nth}: {run}");
        assert_eq!(fs::read(world.store().join("format")).unwrap(), format);
    }
    assert_eq!(world.learn(state), Vec::<String>::new());
}

/// The index lacks what could not be read for a moment; the older trees that can be read again have it.
#[test]
fn a_leaf_that_cannot_be_found_for_a_moment_is_not_stored_as_a_delta_of_itself() {
    let mut world = World::new(Kind::Sqlite, 20);
    for id in 1..=20 {
        world.sql(&format!("UPDATE mods SET name = 'changed' WHERE id = {id}"));
        world.snap();
    }
    let state = world.state();
    for error in ["EMFILE", "EIO"] {
        for nth in 1..8 {
            let fault = Fault { point: Point { call: "openat".to_owned(), nth }, error };
            let Some(run) = fault::at_call(&world.snapping(), &fault) else { continue };
            is_told(&run, &fault);
            world.verify();
            assert!(world.learn(state).len() <= 1, "{fault:?}: {run}");
        }
    }
    world.finish();
}

/// The roots of the tables, and the names of the packs: hashes of all that is stored.
fn stored(world: &World, snap: &Run) -> (Vec<serde_json::Value>, Vec<std::ffi::OsString>) {
    let tables = json(snap)["tables"].as_array().unwrap().iter().map(|table| table["root"].clone()).collect();
    let packs = files(&world.store().join("packs"));
    (tables, packs.iter().map(|pack| pack.file_name().unwrap().to_owned()).collect())
}

#[test]
fn calls_done_by_halves_make_the_same_bytes() {
    let halves = Halves::new();
    let [whole, cut] = [false, true].map(|by_halves| {
        let mut world = World::new(Kind::Sqlite, 200);
        let run = |invocation: &Invocation| {
            if !by_halves {
                return invocation.run().success();
            }
            let run = halves.with(invocation, "CALLS_SHORT", 1).run().success();
            assert!(halves.counts()[0] > 20, "few calls were cut short: {:?}", halves.counts());
            run
        };
        let first = world.state();
        let snap = run(&world.snapping());
        let id = id_of(&snap);
        let bytes = stored(&world, &snap);
        world.known.insert(id.clone(), first);
        world.change(4);
        let changed = world.state();
        run(&world.restoring(&id));
        assert_eq!(world.state(), first);
        world.learn(changed);
        let exported = json(&run(&world.dbsnap(["--json", "export", &id])));
        let checksums: Vec<_> = exported["tables"].as_array().unwrap().iter().map(|t| t["checksum"].clone()).collect();
        run(&world.dbsnap(["import", exported["tables"][0]["json"].as_str().unwrap()]));
        run(&world.dbsnap(["verify"]));
        run(&world.dbsnap(["gc", "--now"]));
        world.verify();
        (bytes, checksums)
    });
    assert_eq!(whole, cut);
}

#[test]
fn bytes_that_change_on_their_way_to_the_disk_are_noticed() {
    let halves = Halves::new();
    let mut world = World::new(Kind::Sqlite, 100);
    world.snap();
    for (what, writes) in [("snap", 2), ("tag", 1)] {
        for nth in 1.. {
            world.change(nth);
            let state = world.state();
            let command = if what == "snap" { world.snapping() } else { world.dbsnap(["tag", "latest", "v1"]) };
            let run = halves.with(&command, "CALLS_FLIP", nth).run();
            let new = world.learn(state);
            world.verify();
            if halves.counts()[1] < nth {
                assert!(nth > writes, "only {nth} writes");
                run.success();
                break;
            }
            assert!(matches!(run.code(), Some(1 | 5)), "{what}, write {nth}: {run}");
            assert!(run.stderr().contains("read back"), "{what}, write {nth}: {run}");
            assert_eq!(new, Vec::<String>::new(), "{what}, write {nth}");
        }
    }
    world.finish();
}

#[test]
fn a_file_system_without_locks_or_syncs_is_refused() {
    let mut world = World::new(Kind::Sqlite, 20);
    let id = world.snap();
    world.change(1);
    let state = world.state();
    let failing = |args: &[&str], call: &str, error: &str| {
        let (inject, trace) = (format!("inject={call}:error={error}"), format!("trace={call}"));
        let under = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject, "--"];
        world.dbsnap(args.iter().copied()).under(under).run()
    };
    for error in ["ENOLCK", "ENOSYS", "EOPNOTSUPP"] {
        for args in [&["snap", "mods"][..], &["restore", &id, "-y"], &["gc"], &["log"], &["verify"], &["export", &id]] {
            let run = failing(args, "flock", error);
            assert_eq!(run.code(), Some(1), "{args:?}, {error}: {run}");
            assert!(run.stderr().contains("its file system has no locks"), "{run}");
            assert!(run.stderr().contains("hint: without locks gc"), "{run}");
        }
    }
    for error in ["EINVAL", "ENOSYS", "EOPNOTSUPP"] {
        for args in [&["snap", "mods"][..], &["restore", &id, "-y"], &["tag", &id, "v1"], &["export", &id]] {
            let run = failing(args, "fsync", error);
            assert_eq!(run.code(), Some(1), "{args:?}, {error}: {run}");
            assert!(
                run.stderr().contains("cannot sync") || run.stderr().contains("scripts/backups/"),
                "{args:?}: {run}"
            );
            assert!(run.stderr().contains("os error"), "{args:?}: {run}");
        }
    }
    assert_eq!(world.state(), state);
    assert_eq!(world.learn(state), Vec::<String>::new());
    world.finish();
}
