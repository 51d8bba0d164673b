//! What somebody else may have put where dbsnap reads: pipes and devices, settings of another user, folders outside.

use super::Shop;
use crate::support::process::Run;
use rustix::fs::{CWD, FileType, mknodat};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::{Duration, Instant};

/// Runs it, and fails if it does not end by itself soon.
fn soon(shop: &Shop, words: &[&str]) -> Run {
    let started = Instant::now();
    let run = shop.dbsnap(words).under(["timeout", "10"]).run();
    assert!(run.code() != Some(124) && started.elapsed() < Duration::from_secs(9), "{words:?} hangs: {run}");
    run
}

/// Puts something that is not a file where a file is expected.
fn odd(path: &Path, kind: &str) {
    let _ = fs::remove_file(path);
    match kind {
        "pipe" => mknodat(CWD, path, FileType::Fifo, 0o600.into(), 0).unwrap(),
        "socket" => drop(UnixListener::bind(path).unwrap()),
        "folder" => fs::create_dir(path).unwrap(),
        "zeroes" => symlink("/dev/zero", path).unwrap(),
        "huge" => fs::File::create(path).unwrap().set_len(1 << 40).unwrap(),
        other => panic!("{other}"),
    }
}

/// Each file that is read, in the place of which something stands that would hang or fill memory.
#[test]
fn what_is_not_a_file_of_a_sane_size_is_refused_at_once() {
    for kind in ["pipe", "socket", "folder", "zeroes", "huge"] {
        let cases = [
            (".dbsnap/config.toml", "tables"),
            (".env.local", "tables"),
            (".env", "tables"),
            ("package.json", "doctor"),
            ("prisma.config.ts", "doctor"),
            ("prisma/schema.prisma", "doctor"),
            (".git/HEAD", "snap"),
        ];
        for (name, command) in cases {
            let shop = Shop::new();
            let path = shop.project.write(name, "");
            odd(&path, kind);
            let words = if command == "snap" { vec!["snap", "mods"] } else { vec![command] };
            let run = soon(&shop, &words);
            // A device belongs to root and everybody may write to it: as settings it is not even looked at.
            if command == "tables" && (kind, name) != ("zeroes", ".dbsnap/config.toml") {
                assert_eq!(run.code(), Some(1), "{kind} {name}: {run}");
                let why = if kind == "huge" { "larger than" } else { "not a regular file" };
                assert!(run.stderr().contains(name) && run.stderr().contains(why), "{kind} {name}: {run}");
            }
            assert!(run.signal().is_none() && run.code() != Some(101), "{kind} {name}: {run}");
        }
        let shop = Shop::new();
        odd(&shop.path().join("input.json"), kind);
        for command in ["import", "verify"] {
            let run = soon(&shop, &[command, "input.json"]);
            assert!(matches!(run.code(), Some(1..=12)), "{kind} {command}: {run}");
        }
    }
}

#[test]
fn certificates_that_are_no_file_are_refused_at_once() {
    let shop = Shop::new();
    odd(&shop.path().join("ca.pem"), "pipe");
    let url = "postgres://u:p@127.0.0.1:1/x?sslmode=verify-full&sslrootcert=ca.pem";
    let run = soon(&shop, &["tables", "--url", url]);
    assert_eq!(run.code(), Some(1), "{run}");
}

/// Settings that every user can change, and a link to another's.
#[test]
fn settings_that_others_can_change_are_not_obeyed() {
    let shop = Shop::new();
    let config = shop.project.write(".dbsnap/config.toml", "url = \"file:./elsewhere.db\"\n");
    fs::set_permissions(&config, fs::Permissions::from_mode(0o666)).unwrap();
    let run = shop.dbsnap(["tables"]).run();
    assert_eq!(run.code(), Some(4), "{run}");
    assert!(run.stderr().contains("can be changed by every user"), "{run}");
    assert!(run.stderr().contains("DBSNAP_SAFE_DIRECTORY="), "{run}");
    let trusted = shop.dbsnap(["tables"]).env("DBSNAP_SAFE_DIRECTORY", shop.path()).run();
    assert!(trusted.stderr().contains("elsewhere.db"), "{trusted}");
    let other = shop.dbsnap(["tables"]).env("DBSNAP_SAFE_DIRECTORY", "/tmp:/nowhere").run();
    assert_eq!(other.code(), Some(4), "{other}");
    fs::set_permissions(&config, fs::Permissions::from_mode(0o664)).unwrap();
    assert!(shop.dbsnap(["tables"]).run().stderr().contains("elsewhere.db"));

    // Only root can make a file of somebody else.
    if std::os::unix::fs::chown(&config, Some(12_345), None).is_ok() {
        let run = shop.dbsnap(["restore", "latest"]).run();
        assert_eq!(run.code(), Some(4), "{run}");
        assert!(run.stderr().contains("config.toml belongs to another user"), "{run}");
        fs::rename(&config, shop.path().join("theirs.toml")).unwrap();
        symlink("../theirs.toml", &config).unwrap();
        assert_eq!(shop.dbsnap(["log"]).run().code(), Some(4));
    }
}
