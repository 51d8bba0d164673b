//! A store that is damaged in every way that `repair` knows, and can be put back into that state.

use super::world::{Kind, World, files, json};
use crate::support::process::{Invocation, Run};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The project, and its damaged store.
pub struct Damaged {
    pub world: World,
    store: BTreeMap<PathBuf, Vec<u8>>,
    /// What is wrong bytes and must be kept.
    wrong: Vec<Vec<u8>>,
    /// A snapshot that lacks nothing.
    whole: String,
}

fn flip(path: &Path, at: usize) -> Vec<u8> {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 4;
    fs::write(path, &bytes).unwrap();
    bytes
}

impl Damaged {
    /// Four snapshots that are had again each from somewhere else: from an exported file, what is left of a pack,
    /// quarantine, and the database.
    pub fn new() -> Damaged {
        let mut world = World::new(Kind::Sqlite, 20);
        let store = world.store();
        let packs = || -> Vec<PathBuf> { files(&store.join("packs")) };
        let snap_alone = |world: &mut World, seed| -> (String, PathBuf) {
            let before = packs();
            world.sql(&format!(
                "UPDATE mods SET name = 'name {seed}' || id; UPDATE parts SET note = 'note {seed}' || id"
            ));
            let id = world.snap();
            let [pack] =
                packs().into_iter().filter(|pack| !before.contains(pack)).collect::<Vec<_>>().try_into().unwrap();
            (id, pack)
        };
        // Whole, and with an index and a quarantine that an earlier repair has made.
        let (whole, pack) = snap_alone(&mut world, 1);
        let end = |pack: &Path| fs::read(pack).unwrap().len() - 1;
        flip(&pack, end(&pack));
        world.dbsnap(["repair", "-y"]).run().success();
        fs::remove_file(store.join("quarantine").join(pack.file_name().unwrap())).unwrap();
        let (exported, lost) = snap_alone(&mut world, 2);
        world.dbsnap(["export", &exported]).run().success();
        let (mended, cut) = snap_alone(&mut world, 3);
        let (_, aside) = snap_alone(&mut world, 4);
        let (_, live) = snap_alone(&mut world, 5);
        fs::remove_file(&lost).unwrap();
        fs::rename(&aside, store.join("quarantine").join(aside.file_name().unwrap())).unwrap();
        let wrong = vec![
            flip(&cut, end(&cut)),
            flip(&live, 40),
            flip(&store.join("snapshots").join(format!("{mended}.json")), 100),
            flip(&files(&store.join("index"))[0], 60),
        ];
        let store = files(&store).into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect();
        let damaged = Damaged { world, store, wrong, whole };
        assert_eq!(damaged.world.dbsnap(["verify"]).run().code(), Some(5));
        damaged.put_back();
        damaged
    }

    /// Makes the store what it was when it was damaged.
    pub fn put_back(&self) {
        for gone in files(&self.world.store()).iter().filter(|path| !self.store.contains_key(*path)) {
            fs::remove_file(gone).unwrap();
        }
        for (path, bytes) in &self.store {
            if fs::read(path).ok().as_ref() != Some(bytes) {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, bytes).unwrap();
            }
        }
    }

    /// `repair`, not yet run.
    pub fn repairing(&self) -> Invocation {
        self.world.dbsnap(["repair", "-y"])
    }

    /// After a repair that came to some end: what was whole is so, nothing is gone, and the next repair completes it.
    pub fn is_completed(&mut self, run: &Run, story: &str) {
        self.world.dbsnap(["verify", &self.whole]).run().success();
        if run.code() == Some(0) && run.stdout().contains("Every snapshot is whole.") {
            let verified = self.world.dbsnap(["verify"]).run();
            assert_eq!(verified.code(), Some(0), "{story}: {run}{verified}");
        }
        let again = self.repairing().run();
        assert_eq!(again.code(), Some(0), "{story}: {run}{again}");
        let verified = self.world.dbsnap(["verify"]).run();
        assert_eq!(verified.code(), Some(0), "{story}: {run}{again}{verified}");
        let listed = self.world.listed();
        assert!(self.world.known.keys().all(|id| listed.contains(id)), "{story}: {run}{again}");
        let kept: Vec<Vec<u8>> = files(&self.world.store()).iter().map(|path| fs::read(path).unwrap()).collect();
        assert!(self.wrong.iter().all(|wrong| kept.contains(wrong)), "{story}: {run}{again}");
    }
}

/// What is had again, and from where.
#[test]
fn every_way_is_needed() {
    let mut damaged = Damaged::new();
    let run = damaged.world.dbsnap(["--json", "repair", "-y"]).run().success();
    let report = json(&run);
    for way in ["fromPacks", "fromExports", "fromLive"] {
        assert!(report[way].as_u64().unwrap() > 0, "{way}: {report}");
    }
    for what in ["packs", "index", "mended"] {
        assert!(!report[what].as_array().unwrap().is_empty(), "{what}: {report}");
    }
    damaged.is_completed(&run, "unharmed");
    damaged.world.finish();
}
