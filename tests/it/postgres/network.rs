//! A network that is slow, or that is gone without a word.

use super::rows::{public, reads, rows_of};
use crate::gauntlet::round::url_by;
use crate::support::liar::{Way, liar, liar_before};
use crate::support::place::{Place, Role, on_postgres};
use crate::support::postgres::PgServer;
use crate::support::process::Run;
use dbsnap::db::Sink;
use dbsnap::monitor::Silent;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

#[test]
fn a_slow_network_is_waited_for() {
    on_postgres(|place| {
        let db = place.db();
        place.sql(
            "CREATE TABLE t (id int PRIMARY KEY, w text); INSERT INTO t SELECT n, 'w' FROM generate_series(1, 300) n",
        );
        let snap = place.round.snap(&["--all"]);
        let port = liar(db.server, |_, _, message| {
            std::thread::sleep(Duration::from_millis(2));
            message.bytes()
        });
        place.by(port);
        assert_eq!(place.round.snap(&["--all"]).roots(), snap.roots());
        place.sql("DELETE FROM t");
        assert_eq!(place.restore(&[&snap.id]), [300, 0, 0, 0, 0]);
    });
}

/// A snapshot that takes long says what it holds up, once, while it does.
#[test]
fn a_long_snapshot_tells_what_it_holds_up() {
    on_postgres(|place| {
        let db = place.db();
        place.sql(
            "CREATE TABLE t (id int PRIMARY KEY, w text); INSERT INTO t SELECT n, 'w' FROM generate_series(1, 1000) n",
        );
        let port = liar(db.server, |query, _, message| {
            if query.contains("FROM ONLY") {
                std::thread::sleep(Duration::from_millis(4));
            }
            message.bytes()
        });
        let url = url_by(db, place.user(), "127.0.0.1", port);
        let snapping = place.round.plain(&["snap", "t", "-m", "long", "--url", &url]);
        let quiet = snapping.run().success();
        assert!(!quiet.stderr().contains("warning"), "{quiet}");
        place.round.project.write(".dbsnap/config.toml", "long_snapshot_seconds = 1\n");
        let begun = Instant::now();
        let mut child = snapping.command().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains("warning") && stderr.read_line(&mut said).unwrap() > 0 {}
        assert!(begun.elapsed() >= Duration::from_secs(1), "{said}");
        let held = "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
            WHERE relation = 't'::regclass AND mode = 'AccessShareLock' AND application_name = 'dbsnap'";
        assert_eq!(place.sql(held), "1", "{said}");
        assert!(said.contains("has kept a transaction open for 1 second;") || said.contains("for 2 seconds"), "{said}");
        assert!(said.contains("VACUUM") && said.contains("ALTER TABLE") && said.contains("Ctrl-C"), "{said}");
        stderr.read_to_string(&mut said).unwrap();
        assert!(child.wait().unwrap().success(), "{said}");
        assert_eq!(said.matches("warning").count(), 1, "{said}");
        let diff = place.round.plain(&["diff", "latest", "--url", &url]).run().success();
        assert_eq!(diff.stderr().matches("has kept a transaction open for").count(), 1, "{diff}");
    });
}

/// The other end falls silent in the middle of a restore, and the connection stays open: a signal ends it, and soon.
#[test]
fn a_silent_network_can_be_left() {
    on_postgres(|place| {
        let db = place.db();
        place.sql(
            "CREATE TABLE t (id int PRIMARY KEY, w text); INSERT INTO t SELECT n, 'w' FROM generate_series(1, 300) n",
        );
        let snap = place.snap();
        place.sql("DELETE FROM t");
        let before = place.witness();
        let mute = Arc::new(AtomicBool::new(false));
        let muted = Arc::clone(&mute);
        // from then on new connections end where nobody takes them
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let (server, nowhere, silent) = (db.server.port, nobody.local_addr().unwrap().port(), Arc::clone(&mute));
        let chosen = move || ("127.0.0.1".to_owned(), if silent.load(Ordering::Relaxed) { nowhere } else { server });
        let port = liar_before(chosen, move |query, way, message| {
            if way == Way::ToServer && query.starts_with("SELECT pg_catalog.set_config('dbsnap.rows_") {
                muted.store(true, Ordering::Relaxed);
            }
            if muted.load(Ordering::Relaxed) { vec![] } else { message.bytes() }
        });
        let url = format!("{}&connect_timeout=1", url_by(db, place.user(), "127.0.0.1", port));
        let invocation = place.round.plain(&["restore", &snap, "--mode", "exact", "-y", "--url", &url]);
        let child = invocation.command().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        while !mute.load(Ordering::Relaxed) {
            assert!(Instant::now() < deadline, "the restore does not begin");
            std::thread::sleep(Duration::from_millis(10));
        }
        std::thread::sleep(Duration::from_millis(300));
        let begun = Instant::now();
        Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        let run = Run::ended(child.wait_with_output().unwrap(), invocation.place());
        assert_eq!(run.code(), Some(130), "{run}");
        assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
        before.same(&place.witness());
        assert_eq!(
            place.sql("SET lock_timeout = '10s'; INSERT INTO t VALUES (0, 'free'); SELECT count(*) FROM t"),
            "1"
        );
    });
}

/// Nobody tells a server that the network is gone. It asks, within a minute, while a restore holds locks.
#[test]
fn a_server_asks_for_a_client_that_holds_locks() {
    on_postgres(|place| {
        let db = place.db();
        place.sql("CREATE TABLE t (id int PRIMARY KEY)");
        let mut sink = place.open_by(db.server.port);
        let catalog = sink.catalog().unwrap();
        let port: u16 = db
        .sql("SELECT client_port FROM pg_stat_activity WHERE application_name = 'dbsnap' AND datname = current_database()")
        .parse()
        .unwrap();
        assert!(keepalive(db.server.port, port) > Duration::from_secs(3600));
        let txn = sink.restore(&reads(&catalog, &["t"]), &Silent).unwrap();
        assert!(keepalive(db.server.port, port) <= Duration::from_secs(30));
        drop(txn);
        assert!(rows_of(&mut sink, &public("t")).is_empty());
    });
}

/// The environment of other PostgreSQL programs names other servers and other settings.
#[test]
fn the_environment_leads_nowhere_else() {
    on_postgres(|place| {
        let other = Place::on(PgServer::shared().database(), Role::Owner);
        for place in [place, &other] {
            place.sql("CREATE TABLE t (id int PRIMARY KEY, w text); INSERT INTO t VALUES (1, 'a'); CREATE SCHEMA evil; CREATE TABLE evil.t (id int PRIMARY KEY, w text)");
        }
        let round = &place.round;
        round.project.write(".pgpass", "*:*:*:*:wrong");
        let service = format!("[hostile]\nhost=127.0.0.1\nport=1\ndbname={}\n", other.db().name);
        round.project.write(".pg_service.conf", service);
        let hostile = |args: &[&str]| {
            let home = round.project.path();
            let invocation = round.plain(args).env("PGHOST", "192.0.2.1").env("PGPORT", "1");
            let invocation = invocation.env("PGHOSTADDR", "192.0.2.1").env("PGDATABASE", &other.db().name);
            let invocation = invocation.env("PGUSER", "nobody").env("PGSERVICE", "hostile").env("PGTZ", "Asia/Kolkata");
            let invocation = invocation.env("PGOPTIONS", "-c search_path=evil -c default_transaction_read_only=on");
            let invocation = invocation.env("PGSSLMODE", "verify-full").env("PGCLIENTENCODING", "LATIN1");
            invocation.env("PGSERVICEFILE", home.join(".pg_service.conf")).env("PGPASSFILE", home.join(".pgpass"))
        };
        hostile(&["snap", "public.t", "-m", "whole"]).run().success();
        for place in [place, &other] {
            place.sql("DELETE FROM t");
        }
        let (before, beside) = (place.witness(), other.witness());
        hostile(&["restore", "latest", "-y"]).run().success();
        before.same_but(&place.witness(), &["t".to_owned()]);
        beside.same(&other.witness());
        assert_eq!(place.sql("SELECT count(*) FROM public.t"), "1");
    });
}

/// How long until the server's side of a connection asks whether the other is still there.
fn keepalive(server: u16, client: u16) -> Duration {
    let ends = (format!(":{server:04X}"), format!(":{client:04X}"));
    let deadline = Instant::now() + Duration::from_secs(10);
    while Instant::now() < deadline {
        let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
        for line in table.lines() {
            let cells: Vec<&str> = line.split_whitespace().collect();
            // 01 and 04 are timers of what was just sent
            if let (true, true, Some(when)) =
                (cells[1].ends_with(&ends.0), cells[2].ends_with(&ends.1), cells[5].strip_prefix("02:"))
            {
                return Duration::from_millis(10 * u64::from_str_radix(when, 16).unwrap());
            }
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("the connection from {client} to {server} is never idle")
}
