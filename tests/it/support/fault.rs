//! System calls that fail: one of them by strace, or all of them by halves with a preloaded library.

use super::kill::{self, Point};
use super::process::{Invocation, Run};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// The calls that are let fail.
const FAILING: &str = "openat,read,pread64,write,pwrite64,fsync,fdatasync,ftruncate,rename,renameat2,unlink,mkdir,fchmod,chmod,flock,\
    fcntl,statx,getdents64,close";

/// One call that fails.
#[derive(Debug, Clone)]
pub struct Fault {
    /// Which.
    pub point: Point,
    /// With what, as errno calls it.
    pub error: &'static str,
}

/// What the kernel may say of a call.
fn errors_of(call: &str) -> &'static [&'static str] {
    match call {
        "openat" => &["EIO", "ENOSPC", "EMFILE", "EACCES", "EINTR"],
        "read" | "pread64" => &["EIO", "EINTR"],
        "write" | "pwrite64" | "ftruncate" => &["EIO", "ENOSPC", "EDQUOT", "EINTR"],
        "flock" => &["EIO", "ENOLCK", "EINTR"],
        "fcntl" => &["EIO", "ENOLCK"],
        "statx" | "getdents64" => &["EIO"],
        "close" => &["EIO", "EDQUOT", "EINTR"],
        _ => &["EIO", "ENOSPC", "EDQUOT"],
    }
}

/// The faults that a run of `unharmed` can have, which must succeed: `DBSNAP_TEST_FAULTS` of them, spread evenly, or
/// `all`.
pub fn faults(unharmed: &Invocation) -> Vec<Fault> {
    let limit = match std::env::var("DBSNAP_TEST_FAULTS").as_deref() {
        Ok("all") => usize::MAX,
        Ok(number) => number.parse().expect("DBSNAP_TEST_FAULTS: a number, or `all`"),
        Err(_) => 10,
    };
    chosen(&kill::calls_made(unharmed, FAILING), limit)
}

fn chosen(made: &BTreeMap<String, u64>, limit: usize) -> Vec<Fault> {
    let all: Vec<Fault> = kill::points(made, usize::MAX, 0)
        .into_iter()
        .flat_map(|point| errors_of(&point.call).iter().map(move |error| Fault { point: point.clone(), error }))
        .collect();
    if all.len() <= limit {
        return all;
    }
    (0..limit).map(|step| all[step * all.len() / limit].clone()).collect()
}

/// Runs it and lets that call fail. None if the program did not even start: its loader has calls of its own.
pub fn at_call(invocation: &Invocation, fault: &Fault) -> Option<Run> {
    at_call_of(invocation, fault, None)
}

/// The same, where only calls that have to do with the file `of` are counted, if one is given.
pub fn at_call_of(invocation: &Invocation, fault: &Fault, of: Option<&Path>) -> Option<Run> {
    let Fault { point: Point { call, nth }, error } = fault;
    let (inject, trace) = (format!("inject={call}:error={error}:when={nth}"), format!("trace={call}"));
    let mut words = vec!["strace", "-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject];
    if let Some(of) = of {
        words.extend(["-P", of.to_str().unwrap()]);
    }
    words.push("--");
    let run = invocation.clone().under(words).run();
    (run.code() != Some(127)).then_some(run)
}

/// The library that does calls by halves.
pub struct Halves {
    dir: TempDir,
}

impl Halves {
    /// Compiles it.
    pub fn new() -> Halves {
        let dir = tempfile::Builder::new().prefix("dbsnap-calls-").tempdir().unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/support/calls.c");
        let mut compiler = Command::new("cc");
        compiler
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Wno-unused-result", "-o"])
            .arg(dir.path().join("calls.so"));
        assert!(compiler.arg(source).status().unwrap().success(), "cc failed");
        Halves { dir }
    }

    fn report(&self) -> PathBuf {
        self.dir.path().join("report")
    }

    /// The same program with the library, and one setting of it.
    pub fn with(&self, invocation: &Invocation, name: &str, number: u64) -> Invocation {
        let preloaded = invocation.clone().env("LD_PRELOAD", self.dir.path().join("calls.so"));
        preloaded.env(name, number.to_string()).env("CALLS_REPORT", self.report())
    }

    /// How many calls of the last program were cut short, how many times it called `pwrite`, and its peak of memory in
    /// KiB.
    pub fn counts(&self) -> [u64; 3] {
        let text = std::fs::read_to_string(self.report()).unwrap();
        let numbers: Vec<u64> = text.split(' ').map(|number| number.parse().unwrap()).collect();
        numbers.try_into().unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::super::process::Project;
    use super::*;

    #[test]
    fn a_call_fails() {
        let writing = Project::new().program("sh", ["-c", "echo a; echo b; echo c"]).dir("/");
        let fault = Fault { point: Point { call: "write".to_owned(), nth: 2 }, error: "ENOSPC" };
        let run = at_call(&writing, &fault).unwrap();
        assert!(run.stdout().starts_with("a\n") && run.stderr().contains("error"), "{run}");
    }

    #[test]
    fn faults_are_all_or_an_even_choice() {
        let made = BTreeMap::from([("fsync".to_owned(), 3), ("read".to_owned(), 2)]);
        assert_eq!(chosen(&made, 100).len(), 3 * 3 + 2 * 2);
        assert_eq!(chosen(&made, 5).len(), 5);
    }

    #[test]
    fn calls_are_done_by_halves() {
        let (project, halves) = (Project::new(), Halves::new());
        let reading = project.program("dd", ["if=file", "bs=1000", "count=1", "status=none"]);
        project.write("file", "x".repeat(1000));
        let run = halves.with(&reading, "CALLS_SHORT", 1).run().success();
        assert!((1..1000).contains(&run.stdout().len()), "{run}");
        assert!(halves.counts()[0] > 0);
    }
}
