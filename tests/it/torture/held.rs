//! Restores held in a known phase by the server, and what is done to them there; a snapshot held up by its disk.

use super::world::{Kind, World};
use crate::support::process::{Invocation, Run};
use rusqlite::Connection;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(10);

/// A command that runs.
struct Started {
    child: Option<Child>,
    invocation: Invocation,
}

impl Started {
    fn new(invocation: Invocation) -> Started {
        let child = invocation.command().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        Started { child: Some(child), invocation }
    }

    fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    fn signal(&self, name: &str) {
        let script = format!("kill -{name} {}", self.pid());
        assert!(Command::new("sh").args(["-c", &script]).status().unwrap().success());
    }

    fn end(mut self) -> Run {
        Run::ended(self.child.take().unwrap().wait_with_output().unwrap(), self.invocation.place())
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Waits until the server says that a dbsnap is in that phase.
fn wait_for(world: &World, phase: &str) {
    let sql = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'dbsnap' AND {phase}"
    );
    let deadline = Instant::now() + PATIENCE;
    while world.sql(&sql) == "0" {
        assert!(Instant::now() < deadline, "never: {phase}");
        thread::sleep(Duration::from_millis(10));
    }
}

const WAITING: &str = "wait_event_type = 'Lock'";
const WRITING: &str = "wait_event = 'PgSleep'";

/// A snapshot whose restore writes rows at a crawl, since the server looks at each for a while.
fn slow_world() -> (World, String) {
    let mut world = World::new(Kind::Postgres, 100);
    world.sql(
        "CREATE FUNCTION slow(integer) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_catalog.pg_sleep(0.02); \
         RETURN true; END $$; ALTER TABLE mods ADD CONSTRAINT slow CHECK (slow(id)) NOT VALID",
    );
    let id = world.snap();
    world.sql("DELETE FROM parts; DELETE FROM mods");
    (world, id)
}

#[test]
fn a_signal_in_any_phase_of_a_restore_changes_nothing() {
    let (mut world, id) = slow_world();
    let before = world.state();
    for (name, number) in [("INT", 2), ("TERM", 15), ("HUP", 1)] {
        for phase in [WAITING, WRITING] {
            let mut holder = world.postgres().session();
            if phase == WAITING {
                holder.run("BEGIN; LOCK TABLE mods IN ACCESS EXCLUSIVE MODE");
            }
            let restore = Started::new(world.restoring(&id));
            wait_for(&world, phase);
            restore.signal(name);
            let run = restore.end();
            assert_eq!(run.code(), Some(128 + number), "{name}, {phase}: {run}");
            drop(holder);
            world.settle();
            assert_eq!(world.state(), before);
            assert_eq!(world.learn(before), Vec::<String>::new(), "{name}, {phase}: a snapshot stayed");
        }
    }
    world.restore(&id);
}

#[test]
fn a_signal_while_a_snap_waits_lists_nothing() {
    let mut world = World::new(Kind::Postgres, 10);
    let state = world.state();
    for (name, number) in [("INT", 2), ("TERM", 15), ("HUP", 1)] {
        let mut holder = world.postgres().session();
        holder.run("BEGIN; LOCK TABLE mods IN ACCESS EXCLUSIVE MODE");
        let snap = Started::new(world.snapping());
        wait_for(&world, WAITING);
        snap.signal(name);
        let run = snap.end();
        assert_eq!(run.code(), Some(128 + number), "{run}");
        world.settle();
        drop(holder);
        assert_eq!(world.learn(state), Vec::<String>::new());
    }
    world.snap();
}

#[test]
fn a_writer_waits_for_a_restore_and_not_for_a_dead_one() {
    let (mut world, id) = slow_world();
    let before = world.state();
    let insert = "SET lock_timeout = '300ms'; INSERT INTO mods VALUES (77777, 'other', NULL)";
    let restore = Started::new(world.restoring(&id));
    wait_for(&world, WRITING);
    let user = world.postgres().server.user.clone();
    let refused = world.postgres().sql_as(&user, insert).unwrap_err();
    assert!(refused.contains("lock timeout"), "{refused}");
    assert_eq!(world.state(), before, "rows are seen before they are committed");
    restore.signal("KILL");
    assert_eq!(restore.end().signal(), Some(9));
    let killed = Instant::now();
    world.settle();
    assert!(killed.elapsed() < Duration::from_secs(5), "the server noticed after {:?}", killed.elapsed());
    assert_eq!(world.state(), before);
    world.learn(before);
    world.restore(&id);
}

#[test]
fn the_lock_of_a_store_holds_as_long_as_its_holder() {
    let (mut world, id) = slow_world();
    let before = world.state();
    let lock = world.store().join("lock");
    for replaced in [false, true] {
        let mut holder = world.postgres().session();
        holder.run("BEGIN; LOCK TABLE mods IN ACCESS EXCLUSIVE MODE");
        let restore = Started::new(world.restoring(&id));
        wait_for(&world, WAITING);
        let open = format!("/proc/{}/fd", restore.pid());
        let held =
            fs::read_dir(open).unwrap().map(|fd| fd.unwrap()).find(|fd| fs::read_link(fd.path()).unwrap() == lock);
        let number = held.expect("an open lock file").file_name().into_string().unwrap();
        let flags = fs::read_to_string(format!("/proc/{}/fdinfo/{number}", restore.pid())).unwrap();
        let flags = flags.lines().find_map(|line| line.strip_prefix("flags:")).unwrap().trim().to_owned();
        assert_ne!(u32::from_str_radix(&flags, 8).unwrap() & 0o2_000_000, 0, "a child would inherit the lock");
        if replaced {
            fs::remove_file(&lock).unwrap();
            world.dbsnap(["init"]).run().success();
            world.dbsnap(["gc"]).run().success();
            drop(holder);
            let run = restore.end();
            assert_eq!(run.code(), Some(11), "{run}");
        } else {
            restore.signal("KILL");
            restore.end();
            let started = Instant::now();
            world.dbsnap(["gc"]).run().success();
            assert!(started.elapsed() < Duration::from_secs(5), "somebody still had the lock");
            drop(holder);
        }
        world.settle();
        assert_eq!(world.state(), before);
        assert_eq!(world.learn(before), Vec::<String>::new());
    }
}

/// Pages that come slowly: the snapshot says what it holds up while it does, once.
#[test]
fn a_long_snapshot_of_sqlite_tells_what_it_holds_up() {
    // More pages than SQLite keeps: they are not those that were read for the plan.
    let world = World::new(Kind::SqliteWal, 12_000);
    let slow = [
        "strace",
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        "trace=pread64",
        "-e",
        "inject=pread64:delay_enter=3000",
        "--",
    ];
    let snapping = world.snapping().under(slow);
    let quiet = snapping.run().success();
    assert!(!quiet.stderr().contains("warning"), "{quiet}");
    world.project.write(".dbsnap/config.toml", "long_snapshot_seconds = 1\n");
    let mut child = snapping.command().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("warning") && stderr.read_line(&mut said).unwrap() > 0 {}
    let is_held = || -> bool {
        let connection = Connection::open(world.project.path().join("dev.db")).unwrap();
        connection.execute("UPDATE untouched SET mark = 'there' WHERE id = 1", []).unwrap();
        // A checkpoint waits for readers.
        connection.busy_timeout(Duration::ZERO).unwrap();
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).unwrap()
    };
    assert!(said.contains("the write-ahead log cannot be reset") && said.contains("Ctrl-C"), "{said}");
    assert!(is_held(), "{said}");
    stderr.read_to_string(&mut said).unwrap();
    assert!(child.wait().unwrap().success(), "{said}");
    assert_eq!(said.matches("warning").count(), 1, "{said}");
    assert!(!is_held());
}
