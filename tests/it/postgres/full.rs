//! A server whose disk is full.

use super::rows::dump;
use crate::gauntlet::round::Round;
use crate::support::disk::Disk;
use crate::support::postgres::PgServer;
use std::fs::File;

const MB: u64 = 1 << 20;

/// Torment: F18
#[test]
fn a_restore_that_fills_the_servers_disk_changes_nothing() {
    let disk = Box::leak(Box::new(Disk::new("size=120m,mode=1777")));
    let settings = ["min_wal_size=2MB", "max_wal_size=4MB", "temp_buffers=800kB"];
    let server: &'static PgServer = Box::leak(Box::new(PgServer::start_on(disk, &settings)));
    let db = server.database();
    db.sql(
        "CREATE TABLE t (id int PRIMARY KEY, w text); ALTER TABLE t ALTER w SET STORAGE EXTERNAL; \
         INSERT INTO t SELECT n, repeat(md5(n::text), 60) FROM generate_series(1, 3000) n",
    );
    let round = Round::new(db.url());
    let snap = round.snap(&["--all"]);
    db.sql("DELETE FROM t WHERE id > 50");
    db.sql("VACUUM FULL t; CHECKPOINT; CHECKPOINT");
    let before = dump(&db, "t");
    let filler = disk.seen_from_outside().join("filler");
    disk.fill("filler");
    let full = File::options().write(true).open(&filler).unwrap();
    let size = full.metadata().unwrap().len();
    let mut refused = 0;
    let mut messages = String::new();
    // room for a part of the rows on their way; for all of them and not for the table; and for everything
    for room in [2, 5, 10, 40] {
        full.set_len(size - room * MB).unwrap();
        let run = round.plain(&["restore", &snap.id, "--mode", "exact", "-y"]).run();
        messages.push_str(run.stderr());
        full.set_len(0).unwrap();
        if run.code() == Some(0) {
            break;
        }
        refused += 1;
        assert!(matches!(run.code(), Some(1..=12)), "{room} MB: {run}");
        // without room for its log the server ends itself
        if db.sql_as(&server.user, "SELECT 1").is_err() {
            server.crash_and_restart();
        }
        assert_eq!(dump(&db, "t"), before, "{room} MB: {run}");
        assert_eq!(round.json(&["log"])["snapshots"].as_array().unwrap().len(), 1, "{room} MB: {run}");
        disk.fill("filler");
    }
    assert!(refused >= 2, "the disk was full");
    assert!(messages.contains("No space left on device"), "{messages}");
    round.restore(&snap);
    assert_eq!(dump(&db, "t").len(), 3000);
}
