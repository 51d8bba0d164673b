//! Queries without end, and systems that give little: no thread, no room for a file.

use super::{Shop, files};
use crate::support::disk::Disk;
use crate::support::process::Run;
use std::process::Stdio;
use std::time::{Duration, Instant};

const ENDLESS: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

#[test]
fn a_query_without_end_is_ended() {
    let shop = Shop::new();
    shop.snap(["mods"]);
    let started = Instant::now();
    insta::assert_snapshot!(shop.refused(["sql", "latest", ENDLESS, "--timeout", "1"]), @r"
    exit 1
    --- stderr
    error: the query did not end within [DURATION]
    hint: --timeout SECONDS gives it longer
    ");
    for query in [
        "SELECT count(*) FROM (WITH RECURSIVE n (i) AS (SELECT 1 UNION SELECT i + 1 FROM n) SELECT * FROM n ORDER BY i)",
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000) SELECT count(*) FROM n a, n b, n c",
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE i < 0",
    ] {
        let run = shop.dbsnap(["--json", "sql", "latest", query, "--timeout", "1"]).run();
        assert!(run.code() == Some(1) && run.stderr().contains("did not end within 1 s"), "{run}");
    }
    let run = shop.dbsnap(["sql", "latest", "SELECT length(randomblob(3000000000))"]).run();
    assert!(matches!(run.code(), Some(1 | 2)), "{run}");
    assert!(started.elapsed() < Duration::from_secs(50), "{:?}", started.elapsed());
    assert!(shop.dbsnap(["sql", "latest", "SELECT 1", "--timeout", "0"]).run().success().stdout().contains('1'));
}

#[test]
fn a_query_that_fills_the_disk_is_ended() {
    let disk = Disk::new("size=400m");
    let shop = Shop::new();
    shop.snap(["mods"]);
    let sorted = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 3000000) \
        SELECT max(length(x)) FROM (SELECT hex(randomblob(500)) AS x FROM n ORDER BY x LIMIT 1 OFFSET 2999999)";
    let query = |sql: &str| disk.inside(&shop.dbsnap(["sql", "latest", sql]).env("SQLITE_TMPDIR", disk.path())).run();
    let run = query(sorted);
    assert_eq!(run.code(), Some(1), "{run}");
    assert!(run.stderr().contains("of temporary disk space") && run.stderr().contains("SQLITE_TMPDIR"), "{run}");
    query(&sorted.replace("3000000", "30000").replace("2999999", "29999")).success();
}

#[test]
fn a_signal_ends_a_query_at_once() {
    let shop = Shop::new();
    shop.snap(["mods"]);
    for (name, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let mut command = shop.dbsnap(["sql", "latest", ENDLESS]).command();
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(1_500));
        let kill = std::process::Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
        assert!(kill.unwrap().success());
        let sent = Instant::now();
        let run = Run::ended(child.wait_with_output().unwrap(), shop.path());
        assert_eq!(run.code(), Some(code), "{name}: {run}");
        assert!(sent.elapsed() < Duration::from_secs(20), "{name}: {:?}", sent.elapsed());
    }
}

/// A process may be refused every thread: for lack of memory here, since the limit on processes does not bind root.
#[test]
fn without_threads_it_says_so() {
    let shop = Shop::new();
    shop.snap(["mods"]);
    let before = files(&shop.store());
    // Stacks of 4 TB are more than any address space holds, so no thread starts.
    let run = shop.dbsnap(["verify"]).env("RUST_MIN_STACK", "4398046511104000").run();
    assert_eq!(run.code(), Some(1), "{run}");
    assert!(run.stderr().contains("cannot start a thread") && run.stderr().contains("ulimit -u"), "{run}");
    assert_eq!(files(&shop.store()), before);
}

/// `ulimit -f` would end the process by SIGXFSZ in the middle of a write.
#[test]
fn a_file_that_may_not_grow_is_an_error() {
    let shop = Shop::new();
    shop.sql(
        "INSERT INTO mods WITH RECURSIVE n (i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 4000) \
         SELECT i, hex(randomblob(400)), 1, NULL FROM n",
    );
    for words in [&["snap", "mods"][..], &["snap", "mods", "--export"]] {
        let limited = ["sh", "-c", "ulimit -f 64; exec \"$@\"", "sh"];
        let run = shop.dbsnap(words).under(limited).run();
        assert_eq!(run.signal(), None, "{run}");
        assert_eq!(run.code(), Some(1), "{run}");
        assert!(run.stderr().contains("File too large"), "{run}");
    }
    assert_eq!(files(&shop.store().join("snapshots")).len(), 0);
    shop.snap(["mods"]);
    shop.dbsnap(["verify"]).run().success();
}
