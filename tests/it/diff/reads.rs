//! What a diff, or the plan of a restore, reads of the store.

use crate::gauntlet::round::Round;
use crate::support::process::{Project, Run};
use std::collections::HashSet;

/// A run of the binary and the bytes of packs that it read.
fn traced(round: &Round, words: &[&str]) -> (Run, u64) {
    let traced = ["strace", "-f", "-y", "-qq", "-o", "calls", "-e", "trace=pread64,read"];
    let run = round.plain(words).under(traced).run().success();
    let calls = std::fs::read_to_string(round.project.path().join("calls")).unwrap();
    let (mut read, mut begun) = (0, HashSet::new());
    for line in calls.lines() {
        let thread = line.split(' ').next().unwrap();
        // While a thread reads, another may call: its end is on a line of its own then, which does not name the file.
        let of_pack = line.contains(".pack>") || (line.contains(" resumed>") && begun.remove(thread));
        if of_pack && line.contains("<unfinished ...>") {
            begun.insert(thread);
        } else if of_pack {
            read += line.rsplit(" = ").next().unwrap().trim().parse::<u64>().unwrap_or(0);
        }
    }
    (run, read)
}

/// Bytes of all packs.
fn packs(round: &Round) -> u64 {
    let dir = std::fs::read_dir(round.project.path().join(".dbsnap/packs")).unwrap();
    dir.map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
}

/// A table `t` of some dozens of leaves, in `data.db`.
fn some_dozens_of_leaves() -> Round {
    let project = Project::new();
    project.write(
        "input.sql",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT);
         WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 20000)
         INSERT INTO t SELECT id, hex(randomblob(200)) FROM n;",
    );
    project.program("sqlite3", ["-bail", "data.db", ".read input.sql"]).run().success();
    Round::within(project, "file:data.db".to_owned())
}

/// A hundredth of the rows, side by side, differ: of some dozens of leaves only those with them are read, once in each
/// snapshot.
#[test]
fn a_diff_of_two_snapshots_reads_no_leaf_that_they_share() {
    let round = some_dozens_of_leaves();
    let first = round.snap(&["t"]);
    let sql = "UPDATE t SET v = hex(randomblob(200)) WHERE id BETWEEN 9000 AND 9199";
    round.project.program("sqlite3", ["data.db", sql]).run().success();
    let second = round.snap(&["t"]);
    let (leaves, new) = (first.tables["t"].new_leaves, second.tables["t"].new_leaves);
    assert!(leaves >= 20 && (1..=3).contains(&new), "{leaves} leaves, {new} new");
    let packs = || packs(&round);
    for args in [["--stat"].as_slice(), &["-o", "jsonl"], &["-o", "sql"]] {
        let words = [&["diff", &first.id, &second.id], args].concat();
        let (run, read) = traced(&round, &words);
        assert!(args == ["--stat"] || run.stdout().lines().count() >= 200, "{run}");
        // a pass over what differs reads both versions of those leaves, and the nodes above; -o sql makes three, --stat
        // and text one or two
        assert!(read > 0 && read < packs() * new * 8 / leaves, "{args:?}: {read} of {} bytes", packs());
    }
}

/// One row in a hundred, scattered, differs: every leaf of the snapshot is read, when the live table is captured, and
/// not once more for the rows that differ. A snapshot in between has other rows again.
#[test]
fn what_differs_from_the_live_table_is_found_while_that_is_read() {
    let round = some_dozens_of_leaves();
    let first = round.snap(&["t"]);
    let whole = packs(&round);
    let change = |remainder: u32| {
        let sql = format!("UPDATE t SET v = hex(randomblob(200)) WHERE id % 100 = {remainder}");
        round.project.program("sqlite3", ["data.db", sql.as_str()]).run().success();
    };
    change(1);
    round.snap(&["t"]);
    change(2);
    for (args, rows) in [
        (["diff", first.id.as_str(), "live", "-o", "jsonl"], 400),
        (["diff", "live", first.id.as_str(), "-o", "jsonl"], 400),
        (["diff", first.id.as_str(), "live", "-o", "sql"], 400),
        (["restore", first.id.as_str(), "--dry-run", "--mode", "exact"], 1),
    ] {
        let (run, read) = traced(&round, &args);
        assert!(run.stdout().lines().count() >= rows, "{run}");
        assert!(read > whole / 2 && read < whole * 3 / 2, "{args:?}: {read} of {whole} bytes");
    }
}
