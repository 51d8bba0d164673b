//! Stores that are none, that cannot be written, that are in use, that belong to somebody else.

use super::{Shop, files, shown};
use crate::support::disk::Disk;
use crate::support::process::Project;
use std::fs;
use std::process::Stdio;

#[test]
fn no_store() {
    let shop = Shop::without_store();
    for words in [&["snap", "mods"][..], &["log"], &["verify"], &["gc"], &["restore", "latest"]] {
        let run = shop.dbsnap(words).run();
        assert_eq!(run.code(), Some(10), "{run}");
    }
    insta::assert_snapshot!(shop.refused(["snap", "mods"]), @r"
    exit 10
    --- stderr
    error: there is no .dbsnap store in [DIR] or any directory above it
    hint: to create one: dbsnap init
    ");
}

#[test]
fn something_that_is_no_store() {
    let shop = Shop::without_store();
    shop.project.write(".dbsnap/letter.txt", "Dear all");
    insta::assert_snapshot!(shop.refused(["log"]), @r"
    exit 1
    --- stderr
    error: [DIR]/.dbsnap is not a dbsnap store: it has no `format` file
    ");
    insta::assert_snapshot!(shop.refused(["init"]), @r"
    exit 1
    --- stderr
    error: [DIR]/.dbsnap is not a dbsnap store: it is a directory with other things in it
    ");
}

#[test]
fn a_link_to_a_store_is_not_followed_and_called_a_link() {
    let shop = Shop::new();
    fs::rename(shop.store(), shop.path().join("elsewhere")).unwrap();
    std::os::unix::fs::symlink("elsewhere", shop.store()).unwrap();
    let told = "it is a symbolic link or a special file; name the directory itself with --store";
    for command in ["log", "init"] {
        let run = shop.dbsnap([command]).run();
        assert!(run.code() == Some(1) && run.stderr().contains(told), "{run}");
    }
    shop.dbsnap(["log", "--store", "elsewhere"]).run().success();
}

#[test]
fn a_store_of_a_later_format() {
    let shop = Shop::new();
    fs::write(shop.store().join("format"), "dbsnap store 2\n").unwrap();
    insta::assert_snapshot!(shop.refused(["snap", "mods"]), @r"
    exit 1
    --- stdout
    [DIR]/dev.db (from DATABASE_URL in .env)

    Analyzing table: mods
    - Total records: 3
    - Estimated size: ~[SIZE] before compression
    - Backup strategy: Full (< 10K rows)
    --- stderr
    warning: deleting these rows would cascade to mod_tags (ON DELETE CASCADE); --cascade includes them
    error: the store has format 2; this dbsnap reads format 1
    hint: use a newer dbsnap
    ");
    insta::assert_snapshot!(shop.refused(["init"]), @r"
    exit 1
    --- stderr
    error: the store has format 2; this dbsnap reads format 1
    hint: use a newer dbsnap
    ");
}

#[test]
fn a_store_of_somebody_else() {
    let shop = Shop::new();
    // Root gives it away; anybody else looks at what is root's.
    let foreign = match std::os::unix::fs::chown(shop.store(), Some(12_345), None) {
        Ok(()) => shop.store(),
        Err(_) => "/etc".into(),
    };
    let run = shop.dbsnap(["log", "--store"]).arg(&foreign).run();
    assert_eq!(run.code(), Some(4), "{run}");
    assert!(run.stderr().contains("belongs to another user"), "{run}");
}

#[test]
fn a_store_that_another_process_has_for_itself() {
    let shop = Shop::new();
    shop.snap(["mods"]);
    let lock = fs::File::open(shop.store().join("lock")).unwrap();
    lock.lock().unwrap();
    let before = shop.state();
    let commands = [&["snap", "mods"][..], &["log"], &["gc"], &["delete", "latest"]];
    // Each of them waits ten seconds, side by side.
    let waiting: Vec<_> = commands
        .iter()
        .map(|words| shop.dbsnap(*words).command().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
        .collect();
    for child in waiting {
        let run = crate::support::process::Run::ended(child.wait_with_output().unwrap(), shop.path());
        assert_eq!(run.code(), Some(11), "{run}");
        assert!(run.stderr().ends_with("hint: try again when the other dbsnap has finished\n"), "{run}");
    }
    assert_eq!(shop.state(), before);
    drop(lock);
    shop.snap(["mods"]);
}

#[test]
fn a_store_that_is_read_only() {
    let shop = Shop::new();
    let disk = Disk::new("size=4m");
    let on_disk = |words: &[&str]| disk.inside(&shop.dbsnap(words).arg("--store").arg(disk.path().join("store")));
    on_disk(&["init"]).run().success();
    on_disk(&["snap", "mods", "-m", "one"])
        .env("DATABASE_URL", format!("file:{}/dev.db", shop.path().display()))
        .run()
        .success();
    disk.remount("ro");
    let before = files(&disk.seen_from_outside());
    for words in [&["log"][..], &["show", "latest:mods"], &["verify"]] {
        on_disk(words).run().success();
    }
    let out = shop.path().join("out");
    on_disk(&["export", "latest", "-o", out.to_str().unwrap()]).run().success();
    for words in [&["snap", "mods"][..], &["pin", "latest"], &["gc"], &["delete", "latest"]] {
        let url = format!("file:{}/dev.db", shop.path().display());
        let run = on_disk(words).env("DATABASE_URL", url).run();
        assert_eq!(run.code(), Some(1), "{run}");
        assert!(run.stderr().contains("the store is read-only"), "{run}");
    }
    assert_eq!(files(&disk.seen_from_outside()), before);
}

#[test]
fn disk_full_while_a_snapshot_is_taken() {
    let shop = Shop::new();
    let disk = Disk::new("size=1m");
    let url = format!("file:{}/dev.db", shop.path().display());
    let on_disk = |words: &[&str]| {
        let store = disk.path().join("store");
        disk.inside(&shop.dbsnap(words).arg("--store").arg(store)).env("DATABASE_URL", &url)
    };
    on_disk(&["init"]).run().success();
    on_disk(&["snap", "mods", "-m", "one"]).run().success();
    disk.fill("filler");
    shop.sql("UPDATE mods SET price = 77");
    let before = shop.rows();
    let run = on_disk(&["snap", "mods", "-m", "two"]).run();
    assert_eq!(run.code(), Some(1), "{run}");
    assert!(run.stderr().contains("No space left on device"), "{run}");
    assert_eq!(on_disk(&["restore", "latest", "-y"]).run().code(), Some(1));
    assert_eq!(shop.rows(), before);
    let log = on_disk(&["log", "--oneline"]).run().success();
    assert_eq!(log.stdout().lines().count(), 1, "{log}");
    on_disk(&["verify"]).run().success();
    fs::remove_file(disk.seen_from_outside().join("filler")).unwrap();
    on_disk(&["snap", "mods", "-m", "two"]).run().success();
}

#[test]
fn in_a_fresh_clone_there_are_only_the_settings() {
    let project = Project::new();
    project.write(".dbsnap/config.toml", "export_dir = \"backups\"\n");
    insta::assert_snapshot!(shown(&project.dbsnap(["log"]).run()), @r"
    exit 0
    --- stdout
    No snapshots yet. Take one: dbsnap snap TABLE -m MESSAGE
    ");
}
