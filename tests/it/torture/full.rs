//! A store on a disk without room, and on one that cannot be written.

use super::world::{Kind, World, files, id_of, json};
use crate::support::disk::Disk;
use crate::support::process::{Invocation, Run};
use std::collections::BTreeSet;
use std::path::PathBuf;

struct Cramped {
    world: World,
    disk: Disk,
}

impl Cramped {
    fn new() -> Cramped {
        let cramped = Cramped { world: World::new(Kind::Sqlite, 200), disk: Disk::new("size=4m") };
        cramped.run(&["init"]).success();
        cramped
    }

    fn invocation(&self, args: &[&str]) -> Invocation {
        let store = self.disk.path().join("store");
        self.disk.inside(&self.world.dbsnap(args.iter().copied()).arg("--store").arg(store))
    }

    fn run(&self, args: &[&str]) -> Run {
        self.invocation(args).run()
    }

    fn snap(&self) -> Run {
        self.run(&["--json", "snap", "mods", "parts"])
    }

    fn listed(&self) -> BTreeSet<String> {
        let log = json(&self.run(&["--json", "log"]).success());
        log["snapshots"].as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap().to_owned()).collect()
    }

    fn change_all(&self, seed: u64) {
        self.world.sql(&format!("UPDATE mods SET body = body || '{}'", blake3::hash(&seed.to_le_bytes())));
    }

    /// Kilobytes in use.
    fn used(&self) -> u64 {
        let output =
            self.disk.inside(&self.world.project.program("df", ["-k", "--output=used"]).arg(self.disk.path())).run();
        output.success().stdout().lines().nth(1).unwrap().trim().parse().unwrap()
    }
}

#[test]
fn disk_full_at_any_size_lists_whole_snapshots_only() {
    let cramped = Cramped::new();
    let first = id_of(&cramped.snap().success());
    cramped.change_all(1);
    let used = cramped.used();
    let mut refused = 0;
    for step in 0.. {
        cramped.disk.remount(&format!("size={}k", used + 4 * step));
        let run = cramped.snap();
        if run.code() == Some(0) {
            assert!(cramped.listed().contains(&id_of(&run)));
            break;
        }
        assert_eq!(run.code(), Some(1), "{run}");
        assert_eq!(cramped.listed(), BTreeSet::from([first.clone()]));
        assert_eq!(files(&cramped.disk.seen_from_outside().join("store/tmp")), Vec::<PathBuf>::new());
        refused += 1;
    }
    cramped.run(&["verify"]).success();
    assert!(refused > 3, "the disk was never full");
}

#[test]
fn disk_full_to_the_last_byte_deleting_still_frees_room() {
    let cramped = Cramped::new();
    let first = id_of(&cramped.snap().success());
    cramped.change_all(1);
    let second = id_of(&cramped.snap().success());
    cramped.disk.fill("filler");
    cramped.change_all(2);
    assert_eq!(cramped.snap().code(), Some(1));
    let used = cramped.used();
    cramped.run(&["delete", &first]).success();
    cramped.run(&["gc", "--now"]).success();
    assert!(cramped.used() < used, "nothing was freed");
    assert_eq!(cramped.listed(), BTreeSet::from([second]));
    cramped.run(&["verify"]).success();
}

#[test]
fn a_read_only_store_can_be_read_and_refuses_the_rest() {
    let cramped = Cramped::new();
    let id = id_of(&cramped.snap().success());
    cramped.disk.remount("ro");
    let out = cramped.world.project.path().join("out");
    for args in [
        vec!["log"],
        vec!["show", &id],
        vec!["verify"],
        vec!["export", &id, "-o", out.to_str().unwrap()],
        vec!["gc", "--dry-run"],
    ] {
        cramped.run(&args).success();
    }
    cramped.change_all(1);
    let state = cramped.world.state();
    for args in [
        vec!["snap", "mods"],
        vec!["restore", &id, "--yes"],
        vec!["gc"],
        vec!["delete", &id],
        vec!["pin", &id],
        vec!["tag", &id, "x"],
    ] {
        let run = cramped.run(&args);
        assert!(run.code().is_some_and(|code| code != 0) && run.stderr().contains("read"), "{args:?}: {run}");
    }
    assert_eq!(cramped.world.state(), state);
}
