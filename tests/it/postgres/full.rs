//! A server whose disk is full.

use super::rows::dump;
use crate::support::disk::Disk;
use crate::support::place::{Place, on_server};
use crate::support::postgres::PgServer;
use std::fs::File;

const MB: u64 = 1 << 20;

#[test]
fn a_restore_that_fills_the_servers_disk_changes_nothing() {
    let disk = Box::leak(Box::new(Disk::new("size=120m,mode=1777")));
    let settings = ["min_wal_size=2MB", "max_wal_size=4MB", "temp_buffers=800kB"];
    let server: &'static PgServer = Box::leak(Box::new(PgServer::start_on(disk, &settings)));
    on_server(server, |place| fill(place, disk));
}

fn fill(place: &Place, disk: &Disk) {
    let db = place.db();
    place.sql(
        "CREATE TABLE beside (id serial, w text); INSERT INTO beside (w) VALUES ('one'); \
         CREATE TABLE t (id int PRIMARY KEY, w text); ALTER TABLE t ALTER w SET STORAGE EXTERNAL; \
         INSERT INTO t SELECT n, repeat(md5(n::text), 60) FROM generate_series(1, 3000) n",
    );
    let snap = place.round.snap(&["t"]).id;
    place.sql("DELETE FROM t WHERE id > 50");
    db.sql("VACUUM FULL t; CHECKPOINT; CHECKPOINT");
    let before = place.witness();
    disk.fill("filler");
    let full = File::options().write(true).open(disk.seen_from_outside().join("filler")).unwrap();
    let size = full.metadata().unwrap().len();
    let mut refused = 0;
    let mut messages = String::new();
    // room for a part of the rows on their way; for all of them and not for the table; and for everything
    for room in [2, 5, 10, 40] {
        full.set_len(size - room * MB).unwrap();
        let run = place.round.plain(&["restore", &snap, "--mode", "exact", "-y"]).run();
        messages.push_str(run.stderr());
        full.set_len(0).unwrap();
        if run.code() == Some(0) {
            break;
        }
        refused += 1;
        assert!(matches!(run.code(), Some(1..=12)), "{room} MB: {run}");
        // without room for its log the server ends itself
        if db.sql_as(&db.server.user, "SELECT 1").is_err() {
            db.server.crash_and_restart();
        }
        before.same(&place.witness());
        assert_eq!(place.listed(), 1, "{room} MB: {run}");
        disk.fill("filler");
    }
    full.set_len(0).unwrap();
    assert!(refused >= 2, "the disk was full");
    assert!(messages.contains("No space left on device"), "{messages}");
    place.restore_exactly(&snap);
    assert_eq!(dump(db, "t").len(), 3000);
}
