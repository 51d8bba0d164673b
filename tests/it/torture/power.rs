//! A file system that is shut down under a command: ext4 on a loop device loses what was never synced, as in a power
//! cut.
//!
//! Needs root and a loop device, so it runs on demand only; `store::crash` and `model` do the same on a simulated
//! machine:
//!
//!     cargo test --test it -- torture::power --include-ignored

use super::world::{Kind, World, id_of, json};
use crate::support::kill::{self, CHANGING};
use crate::support::process::Invocation;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

struct Ext4 {
    dir: TempDir,
}

impl Ext4 {
    fn new() -> Ext4 {
        let disk = Ext4 { dir: tempfile::Builder::new().prefix("dbsnap-ext4-").tempdir().unwrap() };
        std::fs::create_dir(disk.place()).unwrap();
        disk.sh("truncate -s 24M \"$1/image\" && mkfs.ext4 -q \"$1/image\"");
        disk.mount();
        disk
    }

    fn place(&self) -> PathBuf {
        self.dir.path().join("disk")
    }

    fn sh(&self, script: &str) {
        let status = Command::new("sh").args(["-c", script, "sh"]).arg(self.dir.path()).status().unwrap();
        assert!(status.success(), "{script}");
    }

    fn mount(&self) {
        self.sh("mount -o loop \"$1/image\" \"$1/disk\"");
    }

    /// EXT4_IOC_SHUTDOWN without flushing the journal, and a mount that finds what is left.
    fn cut(&self) {
        let call = "import fcntl,os,struct,sys; fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587d, struct.pack('I', 2))";
        self.sh(&format!("python3 -c \"{call}\" \"$1/disk\" && umount \"$1/disk\""));
        self.mount();
    }
}

impl Drop for Ext4 {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.place()).status();
    }
}

#[test]
#[ignore = "needs root and a loop device"]
fn a_power_cut_at_any_call_loses_nothing_acknowledged() {
    let (world, disk) = (World::new(Kind::Sqlite, 40), Ext4::new());
    let store = disk.place().join("store");
    let dbsnap = |args: &[&str]| -> Invocation { world.dbsnap(args.iter().copied()).arg("--store").arg(&store) };
    let snapping = || dbsnap(&["--json", "snap", "mods", "parts"]);
    dbsnap(&["init"]).run().success();
    let mut acknowledged = BTreeSet::from([id_of(&snapping().run().success())]);
    world.change(0);
    let points = kill::points(&kill::calls_made(&snapping(), CHANGING), 60, 1);
    let listed = || -> BTreeSet<String> {
        let log = json(&dbsnap(&["--json", "log"]).run().success());
        assert_eq!(log["unreadable"], serde_json::json!([]), "{log}");
        log["snapshots"].as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap().to_owned()).collect()
    };
    acknowledged.extend(listed());
    for (seed, point) in (1..).zip(points) {
        world.change(seed);
        // Every other time right after exit 0.
        let run = if seed % 2 == 0 { kill::at_call(&snapping(), &point) } else { snapping().run() };
        if run.code() == Some(0) {
            acknowledged.insert(id_of(&run));
        }
        disk.cut();
        let found = listed();
        assert!(found.is_superset(&acknowledged), "{point:?}: lost {:?}", acknowledged.difference(&found));
        dbsnap(&["verify"]).run().success();
        acknowledged = found;
    }
}
