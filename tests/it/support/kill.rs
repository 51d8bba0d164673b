//! Kills programs with SIGKILL, at a system call or at a moment, both repeatable.
//!
//! System calls are counted by strace, separately for each thread and each kind of call. So a point is a kind of call
//! and a number, and the first thread to get there ends the whole process, before the call is carried out.

use super::process::{Invocation, Run};
use std::collections::BTreeMap;
use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

/// The calls by which a program changes a disk or talks to a server: between two of them nothing can be lost.
pub const CHANGING: &str = "openat,write,pwrite64,writev,pwritev,fsync,fdatasync,ftruncate,fallocate,rename,renameat,\
    renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir,chmod,fchmod,flock,sendto,sendmsg,close";

/// One place where a program can be killed: the `nth` call of that kind of one thread, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// The kind of call, as strace names it.
    pub call: String,
    /// Which of them.
    pub nth: u64,
}

/// How many calls of each kind of `calls` the busiest thread of an unharmed run makes. The run must succeed.
pub fn calls_made(invocation: &Invocation, calls: &str) -> BTreeMap<String, u64> {
    let log = tempfile::NamedTempFile::new().unwrap();
    let trace = format!("trace={calls}");
    let words = ["strace", "-f", "-qq", "-e", "signal=none", "-e", &trace, "-o"];
    let log_path = log.path().to_str().unwrap();
    invocation.clone().under(words.into_iter().chain([log_path, "--"])).run().success();
    busiest(&fs::read_to_string(log.path()).unwrap())
}

/// Counts the lines of a strace log, which read `4711 openat(AT_FDCWD, ...`.
fn busiest(log: &str) -> BTreeMap<String, u64> {
    let mut each: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for line in log.lines() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        // The second half of a call that another thread's interrupted: `<... write resumed>`.
        let Some((call, _)) = rest.trim_start().split_once('(').filter(|(call, _)| !call.starts_with('<')) else {
            continue;
        };
        *each.entry((thread, call)).or_default() += 1;
    }
    let mut most = BTreeMap::new();
    for ((_, call), count) in each {
        let most = most.entry(call.to_owned()).or_default();
        *most = count.max(*most);
    }
    most
}

/// All points of a run that makes these calls; if they are more than `limit`, as many of them, spread evenly, which
/// ones being decided by `seed`.
pub fn points(made: &BTreeMap<String, u64>, limit: usize, seed: u64) -> Vec<Point> {
    let all: Vec<Point> =
        made.iter().flat_map(|(call, count)| (1..=*count).map(|nth| Point { call: call.clone(), nth })).collect();
    if all.len() <= limit {
        return all;
    }
    let offset = usize::try_from(scrambled(seed) % all.len() as u64).unwrap();
    (0..limit).map(|step| all[(offset + step * all.len() / limit) % all.len()].clone()).collect()
}

/// Runs it and kills it at `point`; a run that does not get there ends by itself.
pub fn at_call(invocation: &Invocation, point: &Point) -> Run {
    let inject = format!("inject={}:signal=KILL:when={}", point.call, point.nth);
    let trace = format!("trace={}", point.call);
    invocation.clone().under(["strace", "-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject, "--"]).run()
}

/// Runs it and kills it at a moment before `longest` that `seed` decides; a run that is faster ends by itself.
pub fn at_moment(invocation: &Invocation, longest: Duration, seed: u64) -> Run {
    let mut command = invocation.command();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    thread::sleep(moment(longest, seed));
    // An error means that it has ended: what it said tells the caller.
    let _ = child.kill();
    Run::ended(child.wait_with_output().unwrap(), invocation.place())
}

fn moment(longest: Duration, seed: u64) -> Duration {
    let micros = u64::try_from(longest.as_micros()).unwrap().max(1);
    Duration::from_micros(scrambled(seed) % micros)
}

/// A well-mixed number from a seed (the finishing steps of SplitMix64, Steele, Lea and Flood 2014).
fn scrambled(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::super::process::Project;
    use super::*;

    const COUNT: &str = "i=0; while [ $i -lt 9 ]; do i=$((i+1)); echo $i; done";

    #[test]
    fn a_program_is_killed_before_its_nth_call() {
        let counting = Project::new().program("sh", ["-c", COUNT]).dir("/");
        assert_eq!(calls_made(&counting, CHANGING)["write"], 9);
        let run = at_call(&counting, &Point { call: "write".to_owned(), nth: 4 });
        assert_eq!((run.signal(), run.stdout()), (Some(9), "1\n2\n3\n"));
    }

    #[test]
    fn a_point_that_is_not_reached_harms_nothing() {
        let counting = Project::new().program("sh", ["-c", COUNT]).dir("/");
        let run = at_call(&counting, &Point { call: "write".to_owned(), nth: 10 }).success();
        assert_eq!(run.stdout().lines().count(), 9);
    }

    #[test]
    fn a_program_is_killed_at_a_moment() {
        let project = Project::new();
        let sleeping = project.program("sleep", ["30"]);
        assert_eq!(at_moment(&sleeping, Duration::from_millis(50), 7).signal(), Some(9));
        let longest = Duration::from_secs(1);
        assert_eq!(moment(longest, 7), moment(longest, 7));
        assert!((0..100).all(|seed| moment(longest, seed) < longest));
    }

    #[test]
    fn the_busiest_thread_counts() {
        let log = "7 write(1, \"a\", 1) = 1\n8 write(1, \"b\" <unfinished ...>\n7 write(1, \"c\", 1) = 1\n\
                   8 <... write resumed>) = 1\n8 fsync(3) = 0\n";
        assert_eq!(busiest(log), BTreeMap::from([("fsync".to_owned(), 1), ("write".to_owned(), 2)]));
    }

    #[test]
    fn points_are_all_or_an_even_choice() {
        let made = BTreeMap::from([("fsync".to_owned(), 2), ("write".to_owned(), 98)]);
        assert_eq!(points(&made, 100, 1).len(), 100);
        let some = points(&made, 10, 1);
        assert_eq!(some, points(&made, 10, 1));
        assert_ne!(some, points(&made, 10, 2));
        let distinct: std::collections::BTreeSet<String> = some.iter().map(|point| format!("{point:?}")).collect();
        assert_eq!(distinct.len(), 10);
    }
}
