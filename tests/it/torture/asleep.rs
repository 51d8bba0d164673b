//! A writer that the system has put to sleep while it holds the store's lock, and gc beside it.

use super::world::{Kind, World, files, id_of};
use crate::support::process::{Invocation, Run};
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);

/// A program under strace, which stops it before it syncs its first file: what it will publish is not durable yet.
struct Asleep {
    wrapper: Option<Child>,
    invocation: Invocation,
    pid: u32,
}

impl Asleep {
    /// Runs it under `apart`, and under strace there, until it sleeps.
    fn new(invocation: &Invocation, apart: &[&str]) -> Asleep {
        let inject = "inject=fsync:signal=STOP:when=1";
        let stop = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", inject, "--"];
        let invocation = invocation.clone().under(stop).under(apart);
        let wrapper = Some(invocation.command().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
        let mut asleep = Asleep { wrapper, invocation, pid: 0 };
        let top = asleep.wrapper.as_ref().unwrap().id();
        let deadline = Instant::now() + PATIENCE;
        while asleep.pid == 0 {
            assert!(Instant::now() < deadline, "it does not fall asleep");
            thread::sleep(Duration::from_millis(20));
            asleep.pid = descendants(top).into_iter().find(|pid| is_stopped(*pid)).unwrap_or(0);
        }
        asleep
    }

    fn signal(&self, name: &str) {
        let pid = self.pid.to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    fn wake(mut self) -> Run {
        self.signal("-CONT");
        Run::ended(self.wrapper.take().unwrap().wait_with_output().unwrap(), self.invocation.place())
    }

    fn kill(self) {
        self.signal("-KILL");
    }
}

impl Drop for Asleep {
    fn drop(&mut self) {
        if let Some(mut wrapper) = self.wrapper.take() {
            let _ = wrapper.kill();
            let _ = wrapper.wait();
        }
    }
}

fn descendants(pid: u32) -> Vec<u32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let children: Vec<u32> = children.split_whitespace().map(|pid| pid.parse().unwrap()).collect();
    let below: Vec<u32> = children.iter().flat_map(|pid| descendants(*pid)).collect();
    [children, below].concat()
}

/// Whether it is dbsnap, and stopped: by a signal, or, for longer than a traced call takes, by whoever traces it.
fn is_stopped(pid: u32) -> bool {
    let status = || fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let is_traced = || status().contains("State:\tt (tracing stop)");
    status().starts_with("Name:\tdbsnap")
        && (status().contains("State:\tT (stopped)")
            || is_traced() && {
                thread::sleep(Duration::from_millis(300));
                is_traced()
            })
}

/// The kernel's lock is neither lost by sleeping nor by the other side's clock: gc waits in vain for who sleeps.
/// Whoever takes the lock's file away instead takes the writer's right to publish with it.
#[test]
fn a_writer_asleep_past_the_grace_period_keeps_its_lock_or_publishes_nothing() {
    let mut world = World::new(Kind::Sqlite, 20);
    world.snap();
    for replaced in [true, false] {
        world.change(u64::from(replaced) + 1);
        let state = world.state();
        let asleep = Asleep::new(&world.snapping(), &[]);
        let gc = world.dbsnap(["gc", "--now"]).run();
        assert_eq!(gc.code(), Some(11), "{gc}");
        if replaced {
            fs::remove_file(world.store().join("lock")).unwrap();
            world.dbsnap(["init"]).run().success();
            world.dbsnap(["gc", "--now"]).run().success();
        }
        let run = asleep.wake();
        let new = world.learn(state);
        if replaced {
            assert!(matches!(run.code(), Some(1 | 11)) && new.is_empty(), "{run}");
        } else {
            assert_eq!(new, [id_of(&run.success())]);
        }
        world.verify();
    }
    world.finish();
}

/// Numbers of processes mean nothing to a lock: each side may have its own.
#[test]
fn a_lock_holds_across_process_id_namespaces() {
    let mut world = World::new(Kind::Sqlite, 20);
    world.snap();
    let words = |more: &[&'static str]| [&["unshare", "--kill-child", "-p", "-f"], more, &["--"]].concat();
    let works = |words: &[&str]| world.project.program(words[0], &words[1..]).arg("true").run().code() == Some(0);
    let apart = [words(&[]), words(&["-U", "-r"])].into_iter().find(|words| works(words));
    let apart = apart.expect("no process-id namespace for the test: needs root, or user namespaces");
    for killed in [true, false] {
        world.change(u64::from(killed) + 1);
        let state = world.state();
        let asleep = Asleep::new(&world.snapping(), &apart);
        let gc = world.dbsnap(["gc", "--now"]).run();
        assert_eq!(gc.code(), Some(11), "{gc}");
        if killed {
            asleep.kill();
            world.dbsnap(["gc", "--now"]).run().success();
            assert_eq!(files(&world.store().join("tmp")), Vec::<PathBuf>::new());
            assert_eq!(world.learn(state), Vec::<String>::new());
        } else {
            let id = id_of(&asleep.wake().success());
            assert_eq!(world.learn(state), [id]);
        }
        world.verify();
    }
    world.finish();
}
