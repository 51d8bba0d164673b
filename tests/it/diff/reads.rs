//! What two snapshots share is not read.

use crate::gauntlet::round::Round;
use crate::support::process::Project;

/// A hundredth of the rows, side by side, differ: of some dozens of leaves only those with them are read, once in each snapshot.
#[test]
fn a_diff_of_two_snapshots_reads_no_leaf_that_they_share() {
    let project = Project::new();
    project.write(
        "input.sql",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT);
         WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 20000)
         INSERT INTO t SELECT id, hex(randomblob(200)) FROM n;",
    );
    project.program("sqlite3", ["-bail", "data.db", ".read input.sql"]).run().success();
    let round = Round::within(project, "file:data.db".to_owned());
    let first = round.snap(&["t"]);
    let sql = "UPDATE t SET v = hex(randomblob(200)) WHERE id BETWEEN 9000 AND 9199";
    round.project.program("sqlite3", ["data.db", sql]).run().success();
    let second = round.snap(&["t"]);
    let (leaves, new) = (first.tables["t"].new_leaves, second.tables["t"].new_leaves);
    assert!(leaves >= 20 && (1..=3).contains(&new), "{leaves} leaves, {new} new");
    let packs = || {
        let dir = std::fs::read_dir(round.project.path().join(".dbsnap/packs")).unwrap();
        dir.map(|entry| entry.unwrap().metadata().unwrap().len()).sum::<u64>()
    };
    for args in [["--stat"].as_slice(), &["-o", "jsonl"], &["-o", "sql"]] {
        let words = [&["diff", &first.id, &second.id], args].concat();
        let traced = ["strace", "-f", "-y", "-qq", "-o", "calls", "-e", "trace=pread64,read"];
        let run = round.plain(&words).under(traced).run().success();
        assert!(args == ["--stat"] || run.stdout().lines().count() >= 200, "{run}");
        let calls = std::fs::read_to_string(round.project.path().join("calls")).unwrap();
        let read: u64 = calls
            .lines()
            .filter(|line| line.contains(".pack>"))
            .filter_map(|line| line.rsplit(" = ").next()?.trim().parse::<u64>().ok())
            .sum();
        // a pass over what differs reads both versions of those leaves, and the nodes above; -o sql makes three, --stat and text one or two
        assert!(read > 0 && read < packs() * new * 8 / leaves, "{args:?}: {read} of {} bytes", packs());
    }
}
