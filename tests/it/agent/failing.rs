//! A disk that refuses, and others who write at the same time: then every file is as it was.

use super::{ALL, agent, read, tree, with};
use crate::support::process::{Project, Run};
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};

const FILES: [(&str, &str); 3] = [("AGENTS.md", "# Shop\n"), (".mcp.json", "{}\n"), (".claude/settings.json", "{}\n")];

/// `dbsnap agent` where a system call fails once.
fn under(project: &Project, words: &[&str], inject: &str) -> Run {
    let strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", inject, "--"];
    project.dbsnap(["agent"]).args(words).under(strace).run()
}

/// Each call of a kind fails in turn, until none is left to fail.
fn every_failure(calls: &str, error: &str, words: &[&str], prepare: impl Fn(&Project)) {
    for number in 1..60 {
        let project = with(&FILES);
        fs::set_permissions(project.path().join("AGENTS.md"), Permissions::from_mode(0o640)).unwrap();
        prepare(&project);
        let before = tree(project.path());
        let run = under(&project, words, &format!("inject={calls}:error={error}:when={number}"));
        if run.code() == Some(0) {
            assert!(number > 5, "{calls} is not called: {run}");
            return;
        }
        assert_eq!(tree(project.path()), before, "{calls} {number}: {run}");
    }
    panic!("{calls}: never without an error");
}

fn installed(project: &Project) {
    agent(project, &["install", "-y", "--for", ALL]).success();
}

#[test]
fn an_install_that_cannot_be_written_leaves_all_as_it_was() {
    for (calls, error) in [("fsync", "EIO"), ("rename,renameat,renameat2", "EACCES")] {
        every_failure(calls, error, &["install", "-y", "--for", ALL], |_| ());
    }
}

#[test]
fn an_uninstall_that_cannot_be_written_leaves_all_as_it_was() {
    for (calls, error) in [("unlink,unlinkat", "EPERM"), ("fsync", "EIO"), ("rename,renameat,renameat2", "EACCES")] {
        every_failure(calls, error, &["uninstall", "-y"], installed);
    }
}

/// Another program writes a file after it was read, before it is replaced.
#[test]
fn what_others_write_meanwhile_is_not_overwritten() {
    let project = with(&FILES);
    let before = tree(project.path());
    // the first rename waits, and so everything was read
    let inject = "inject=rename,renameat,renameat2:delay_enter=3000000:when=1";
    let mut child = project
        .dbsnap(["agent", "install", "-y", "--for", "claude"])
        .under(["strace", "-f", "-qq", "-o", "/dev/null", "-e", inject, "--"])
        .command()
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let staged = || {
        let names = fs::read_dir(project.path()).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name.to_string_lossy().starts_with(".dbsnap-")).count() == 2
    };
    while !staged() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    std::thread::sleep(std::time::Duration::from_millis(500));
    project.write(".mcp.json", "{ \"mine\": 1 }\n");
    assert_eq!(child.wait().unwrap().code(), Some(7));
    assert_eq!(read(&project, ".mcp.json"), "{ \"mine\": 1 }\n");
    project.write(".mcp.json", "{}\n");
    assert_eq!(tree(project.path()), before);
}

#[test]
fn new_files_are_made_by_the_umask_and_others_keep_mode_and_group() {
    let project = with(&FILES);
    let of = |name: &str| fs::metadata(project.path().join(name)).unwrap();
    let mode = |name: &str| of(name).permissions().mode() & 0o7777;
    for (name, bits) in [(".claude/settings.json", 0o600), ("AGENTS.md", 0o664)] {
        fs::set_permissions(project.path().join(name), Permissions::from_mode(bits)).unwrap();
    }
    let is_root = rustix::process::geteuid().is_root();
    if is_root {
        std::os::unix::fs::chown(project.path().join("AGENTS.md"), None, Some(12345)).unwrap();
    }
    let umask = ["sh", "-c", "umask 027; exec \"$@\"", "sh"];
    project.dbsnap(["agent", "install", "-y", "--for", "claude"]).under(umask).run().success();
    let new = ".claude/agents/db-backup.md";
    assert_eq!([mode(".claude/settings.json"), mode("AGENTS.md"), mode(new)], [0o600, 0o664, 0o640]);
    assert!(!is_root || of("AGENTS.md").gid() == 12345);
}
