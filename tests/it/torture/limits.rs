//! Little of what a process needs: file size, descriptors, threads.

use super::world::{Kind, World, files, id_of, json};
use crate::support::fault::Halves;
use crate::support::process::{Invocation, Run};
use crate::support::sweep;
use dbsnap::hash::Hash;
use std::fs;
use std::path::PathBuf;

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

#[test]
fn memory_stays_flat_on_a_slow_disk() {
    let halves = Halves::new();
    let [fast, slow] = [0, 20_000].map(|delay| {
        let world = World::new(Kind::Sqlite, 50_000);
        halves.with(&world.snapping(), "CALLS_DELAY", delay).run().success();
        let [_, writes, peak] = halves.counts();
        assert!(writes > 50, "{writes} writes tell nothing");
        peak
    });
    assert!(slow < fast + (24 << 10), "{fast} KiB, and {slow} KiB on a slow disk");
}

#[test]
fn no_temporary_file_is_left() {
    let mut world = World::new(Kind::Sqlite, 300);
    let temporary = world.project.path().join("temporary");
    fs::create_dir(&temporary).unwrap();
    let id = world.snap();
    world.change(1);
    let file = |world: &World| {
        let exported = json(&world.dbsnap(["--json", "export", &id]).run().success());
        exported["tables"][0]["json"].as_str().unwrap().to_owned()
    };
    let file = file(&world);
    for args in [
        &["snap", "mods", "parts"][..],
        &["diff", &id],
        &["diff", &id, "-o", "sql"],
        &["status"],
        &["history", "mods:1"],
        &["show", &id],
        &["sql", &id, "SELECT name, count(*) FROM mods GROUP BY name ORDER BY name"],
        &["sql", &id, "SELECT nothing FROM mods"],
        &["export", &id],
        &["import", &file],
        &["restore", &id, "--dry-run"],
        &["restore", &id, "--yes"],
        &["restore", "nothing", "--yes"],
        &["undo", "--yes"],
        &["verify"],
        &["delete", "latest", "--yes"],
        &["gc", "--now"],
    ] {
        let run = world.dbsnap(args.iter().copied()).env("TMPDIR", &temporary).env("SQLITE_TMPDIR", &temporary).run();
        assert!(run.code().is_some(), "{args:?}: {run}");
        for dir in [&temporary, &world.store().join("tmp")] {
            assert_eq!(files(dir), Vec::<PathBuf>::new(), "{args:?}: {run}");
        }
        let litter =
            files(world.project.path()).into_iter().filter(|path| path.extension().is_some_and(|end| end == "tmp"));
        assert_eq!(litter.collect::<Vec<_>>(), Vec::<PathBuf>::new(), "{args:?}");
    }
    world.known.clear();
}

/// How many calls of the system a command makes.
fn calls_of(world: &World, command: Invocation) -> (Run, u64) {
    let log = world.project.path().join("calls");
    let run = command.under(["strace", "-f", "-c", "-o", log.to_str().unwrap(), "--"]).run().success();
    let text = fs::read_to_string(log).unwrap();
    // % time, seconds, microseconds per call, calls
    (run, text.lines().last().unwrap().split_whitespace().nth(3).unwrap().parse().unwrap())
}

/// Each snapshot's leaf is a delta against the one before it, and those are known when it is read.
#[test]
fn history_reads_little_more_for_each_snapshot() {
    let mut world = World::new(Kind::Sqlite, 20);
    let mut calls_after = |snapshots: std::ops::Range<u64>| {
        for number in snapshots {
            world.sql(&format!("UPDATE mods SET name = 'name {number}' WHERE id = {}", number % 20 + 1));
            world.snap();
        }
        calls_of(&world, world.dbsnap(["--json", "history", "mods:3"])).1
    };
    let (few, many) = (calls_after(0..40), calls_after(40..80));
    assert!(many < few + 40 * 30, "{few} calls for 40 snapshots, {many} for 80");
}

/// How many calls of the system gc makes in a store of so many snapshots, which share what they hold, if it keeps them
/// all or few.
fn calls_of_gc(snapshots: u64, keep: &str) -> u64 {
    let world = World::new(Kind::Sqlite, 20);
    let id = id_of(&world.snapping().run().success());
    let dir = world.store().join("snapshots");
    let one: serde_json::Value = serde_json::from_slice(&fs::read(dir.join(format!("{id}.json"))).unwrap()).unwrap();
    for number in 2..=snapshots {
        let mut manifest = one.clone();
        manifest["sequence"] = number.into();
        manifest["message"] = format!("number {number}").into();
        let bytes = serde_json::to_vec(&manifest).unwrap();
        fs::write(dir.join(format!("{}.json", Hash::of(&bytes))), bytes).unwrap();
    }
    let (run, calls) = calls_of(&world, world.dbsnap(["--json", "gc", "--keep", keep]));
    let kept = fs::read_dir(&dir).unwrap().count() as u64;
    assert_eq!(kept, snapshots.min(keep.parse().unwrap()), "{run}");
    calls
}

#[test]
fn gc_of_ten_thousand_snapshots_is_ten_times_that_of_a_thousand() {
    for keep in ["100000", "5"] {
        let (thousand, ten_thousand) = (calls_of_gc(1_000, keep), calls_of_gc(10_000, keep));
        assert!(
            ten_thousand < thousand * 12,
            "{thousand} calls, and {ten_thousand} of ten times as many (keeping {keep})"
        );
    }
}

/// What is in the cells that are large.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Large {
    Text,
    Bytes,
}

/// Runs every command that reads or writes rows on a table with one value of so many bytes; what each takes at its
/// peak, in bytes.
fn peaks(kind: Kind, large: Large, bytes: u64) -> Vec<(String, u64)> {
    let (world, halves) = (World::new(kind, 20), Halves::new());
    world.sql(if kind == Kind::Postgres {
        // the server need not try to compress what is random
        "ALTER TABLE mods ADD COLUMN data bytea; ALTER TABLE mods ALTER data SET STORAGE EXTERNAL, ALTER body SET STORAGE EXTERNAL"
    } else {
        "ALTER TABLE mods ADD COLUMN data blob"
    });
    let fill = |which: &str| {
        let pieces = |piece: &str, pieces: u64| {
            format!("(SELECT string_agg({piece}, '') FROM generate_series(1, {pieces}) AS n)")
        };
        let (column, value) = match (kind, large) {
            (Kind::Postgres, Large::Text) => {
                ("body", pieces(&format!("encode(sha256((n || '{which}')::bytea), 'hex')"), bytes / 64))
            }
            (Kind::Postgres, Large::Bytes) => ("data", pieces(&format!("sha256((n || '{which}')::bytea)"), bytes / 32)),
            (_, Large::Text) => ("body", format!("'{which}' || hex(randomblob({}))", bytes / 2)),
            (_, Large::Bytes) => ("data", format!("randomblob({bytes})")),
        };
        world.sql(&format!("UPDATE mods SET {column} = {value} WHERE id = 1"));
    };
    let mut peaks = Vec::new();
    let mut measured = |args: &[&str]| {
        // glibc's malloc raises its threshold as it goes, and then keeps by chance what was freed: held fixed, what is
        // measured is what the program holds
        let command = world.dbsnap(args.iter().copied()).env("MALLOC_MMAP_THRESHOLD_", "131072");
        let run = halves.with(&command, "CALLS_DELAY", 0).run();
        assert!(matches!(run.code(), Some(0 | 1)) && !run.stderr().contains("error"), "{args:?}: {}", run.stderr());
        let [.., peak] = halves.counts();
        let words = args.iter().map(|word| if word.len() < 60 { word } else { "..." });
        peaks.push((words.collect::<Vec<_>>().join(" "), peak * 1024));
        run
    };
    // the second is one that means the same without the database
    let [filter, stored] = match large {
        Large::Text => ["length(body) > 1000", "body <> 'none'"],
        Large::Bytes => ["length(data) > 1000", "name <> 'none'"],
    };
    fill("a");
    let one = id_of(&measured(&["--json", "snap", "mods"]));
    fill("b");
    measured(&["status"]);
    measured(&["diff", &one]);
    measured(&["diff", &one, "--where", filter]);
    measured(&["diff", &one, "-osql"]);
    measured(&["snap", "mods", "--where", filter]);
    let two = id_of(&measured(&["--json", "snap", "mods"]));
    // what is stored is the same of either engine, and what is printed is much the same of any value
    if kind == Kind::Sqlite {
        measured(&["diff", &one, &two]);
        measured(&["diff", &one, &two, "--where", stored]);
        let exported = json(&measured(&["--json", "export", &two]));
        let file = exported["tables"][0]["json"].as_str().unwrap().to_owned();
        measured(&["verify", &file]);
        measured(&["import", &file]);
        measured(&["sql", &two, "SELECT length(body), length(data) FROM mods"]);
        measured(&["verify"]);
        measured(&["gc", "--now"]);
    }
    // what differs in how it is printed only in `tests/run --long`
    if (kind, large) == (Kind::Sqlite, Large::Text) && sweep::step() == 1 {
        for more in ["--full", "-ojson", "-ojsonl", "-ohtml"] {
            measured(&["diff", &one, &two, more]);
        }
        measured(&["show", &format!("{two}:mods")]);
        measured(&["show", &format!("{two}:mods:1")]);
        measured(&["--json", "history", "mods:1"]);
        for output in ["-otable", "-ojson", "-ocsv"] {
            measured(&["sql", &two, "SELECT body, data FROM mods WHERE id = 1", output]);
        }
    }
    measured(&["restore", &one, "--dry-run"]);
    measured(&["restore", &one, "--yes"]);
    measured(&["undo", "--yes"]);
    measured(&["restore", &one, "mods", "--key", "id=1", "--yes"]);
    measured(&["restore", &two, "mods", "--where", filter, "--yes"]);
    measured(&["repair", "--dry-run"]);
    peaks
}

/// What a command takes at most beside the value and beside what it takes with a small one: less than a copy of it would
/// be.
const BESIDE: u64 = 16_000_000;

/// No command takes more than twice the value, and what does not grow with it: what the same command takes with a value
/// of a few thousand bytes. `DBSNAP_TEST_VALUE` says of how many MB the large one is.
#[expect(clippy::print_stdout, reason = "docs/TESTING.md has these figures")]
fn takes_twice_its_memory(kind: Kind, large: Large) {
    let megabytes: u64 = std::env::var("DBSNAP_TEST_VALUE").map_or(24, |text| text.parse().expect("a number"));
    let value = megabytes * 1_000_000;
    let with_small = peaks(kind, large, 6_400);
    let mut over = Vec::new();
    for ((story, peak), (_, small)) in peaks(kind, large, value).into_iter().zip(with_small) {
        let grown = peak.saturating_sub(small);
        println!("{:.2} {story} ({} MB with a small one)", grown as f64 / value as f64, small / 1_000_000);
        if grown > 2 * value + BESIDE {
            over.push((story, grown));
        }
    }
    assert!(over.is_empty(), "more than twice {megabytes} MB: {over:#?}");
}

#[test]
fn one_large_value_takes_twice_its_memory() {
    takes_twice_its_memory(Kind::Sqlite, Large::Text);
}

/// Only in `tests/run --long`.
mod long {
    use super::*;

    #[test]
    fn one_large_value_of_postgres_takes_twice_its_memory() {
        takes_twice_its_memory(Kind::Postgres, Large::Text);
    }

    #[test]
    fn one_large_blob_takes_twice_its_memory() {
        takes_twice_its_memory(Kind::Sqlite, Large::Bytes);
    }

    #[test]
    fn one_large_bytea_takes_twice_its_memory() {
        takes_twice_its_memory(Kind::Postgres, Large::Bytes);
    }
}
