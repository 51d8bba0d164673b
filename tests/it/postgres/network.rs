//! A network that is slow, or that is gone without a word.

use super::rows::{public, reads, rows_of};
use crate::gauntlet::round::Round;
use crate::support::liar::{Way, liar, liar_before};
use crate::support::postgres::PgServer;
use crate::support::process::Run;
use dbsnap::db::postgres::Postgres;
use dbsnap::db::{Host, OpenOptions, Sink, Source};
use dbsnap::monitor::Silent;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Torment: F17
#[test]
fn a_slow_network_is_waited_for() {
    let db = PgServer::shared().database();
    db.sql("CREATE TABLE t (id int PRIMARY KEY, w text); INSERT INTO t SELECT n, 'w' FROM generate_series(1, 300) n");
    let round = Round::new(db.url());
    let snap = round.snap(&["--all"]);
    let port = liar(db.server, |_, _, message| {
        std::thread::sleep(Duration::from_millis(2));
        message.bytes()
    });
    let round = round.with(db.url_by(port));
    assert_eq!(round.snap(&["--all"]).roots(), snap.roots());
    db.sql("DELETE FROM t");
    assert_eq!(round.restore(&snap), 300);
}

/// The other end falls silent in the middle of a restore, and the connection stays open: a signal ends it, and soon.
///
/// Torment: F17, C7
#[test]
fn a_silent_network_can_be_left() {
    let db = PgServer::shared().database();
    db.sql("CREATE TABLE t (id int PRIMARY KEY, w text); INSERT INTO t SELECT n, 'w' FROM generate_series(1, 300) n");
    let round = Round::new(db.url());
    let snap = round.snap(&["--all"]);
    db.sql("DELETE FROM t");
    let mute = Arc::new(AtomicBool::new(false));
    let muted = Arc::clone(&mute);
    // from then on new connections end where nobody takes them
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (server, nowhere, silent) = (db.server.port, nobody.local_addr().unwrap().port(), Arc::clone(&mute));
    let chosen = move || ("127.0.0.1".to_owned(), if silent.load(Ordering::Relaxed) { nowhere } else { server });
    let port = liar_before(chosen, move |query, way, message| {
        if way == Way::ToServer && query.starts_with("COPY pg_temp.") {
            muted.store(true, Ordering::Relaxed);
        }
        if muted.load(Ordering::Relaxed) { vec![] } else { message.bytes() }
    });
    let round = round.with(format!("{}&connect_timeout=1", db.url_by(port)));
    let invocation = round.plain(&["restore", &snap.id, "--mode", "exact", "-y"]);
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
    assert_eq!(db.sql("SET lock_timeout = '10s'; INSERT INTO t VALUES (0, 'free'); SELECT count(*) FROM t"), "1");
}

/// Nobody tells a server that the network is gone. It asks, within a minute, while a restore holds locks.
///
/// Torment: F17
#[test]
fn a_server_asks_for_a_client_that_holds_locks() {
    let db = PgServer::shared().database();
    db.sql("CREATE TABLE t (id int PRIMARY KEY)");
    let mut target = db.target();
    target.hosts = vec![(Host::Tcp("127.0.0.1".into()), db.server.port)];
    let mut sink = Postgres::open(&target, &OpenOptions::default()).unwrap();
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
}

/// The environment of other PostgreSQL programs names other servers and other settings.
///
/// Torment: X5
#[test]
fn the_environment_leads_nowhere_else() {
    let (db, other) = (PgServer::shared().database(), PgServer::shared().database());
    for db in [&db, &other] {
        db.sql("CREATE TABLE t (id int PRIMARY KEY, w text); INSERT INTO t VALUES (1, 'a'); CREATE SCHEMA evil; CREATE TABLE evil.t (id int PRIMARY KEY, w text)");
    }
    let round = Round::new(db.url());
    round.project.write(".pgpass", "*:*:*:*:wrong");
    round.project.write(".pg_service.conf", format!("[hostile]\nhost=127.0.0.1\nport=1\ndbname={}\n", other.name));
    let hostile = |args: &[&str]| {
        let home = round.project.path();
        let invocation = round.plain(args).env("PGHOST", "192.0.2.1").env("PGPORT", "1").env("PGHOSTADDR", "192.0.2.1");
        let invocation = invocation.env("PGDATABASE", &other.name).env("PGUSER", "nobody").env("PGSERVICE", "hostile");
        let invocation = invocation.env("PGOPTIONS", "-c search_path=evil -c default_transaction_read_only=on");
        let invocation = invocation.env("PGSSLMODE", "verify-full").env("PGSERVICEFILE", home.join(".pg_service.conf"));
        invocation.env("PGPASSFILE", home.join(".pgpass")).env("PGCLIENTENCODING", "LATIN1").env("PGTZ", "Asia/Kolkata")
    };
    hostile(&["snap", "public.t", "-m", "whole"]).run().success();
    for db in [&db, &other] {
        db.sql("DELETE FROM t");
    }
    hostile(&["restore", "latest", "-y"]).run().success();
    let counts = "SELECT (SELECT count(*) FROM public.t), (SELECT count(*) FROM evil.t)";
    assert_eq!((db.sql(counts), other.sql(counts)), ("1|0".to_owned(), "0|0".to_owned()));
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
