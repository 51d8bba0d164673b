//! Files of the store damaged or gone, seen through the command line.

use super::world::{Kind, World, files, id_of, json};
use std::fs;
use std::path::{Path, PathBuf};

fn small_world() -> (World, String) {
    let mut world = World::new(Kind::Sqlite, 12);
    let id = world.snap();
    world.change(1);
    world.snap();
    world.change(2);
    (world, id)
}

/// Packs and manifests: what cannot be made again.
fn precious(world: &World) -> Vec<PathBuf> {
    ["packs", "snapshots"].iter().flat_map(|dir| files(&world.store().join(dir))).collect()
}

/// `verify` says that this file is damaged.
fn verify_names(world: &World, path: &Path, how: &str) {
    let run = world.dbsnap(["--json", "verify"]).run();
    assert_eq!(run.code(), Some(5), "{how} {}: {run}", path.display());
    let stem = path.file_stem().unwrap().to_str().unwrap();
    assert!(run.stdout().contains(&stem[..8]), "{how} {}: {run}", path.display());
}

#[test]
fn a_damaged_file_is_named_and_never_restored() {
    let (world, _) = small_world();
    let ids: Vec<String> = world.known.keys().cloned().collect();
    for path in precious(&world) {
        let whole = fs::read(&path).unwrap();
        for part in 0..8 {
            let at = part * (whole.len() - 1) / 7;
            let mut flipped = whole.clone();
            flipped[at] ^= 1 << part;
            fs::write(&path, &flipped).unwrap();
            verify_names(&world, &path, "flipped");
        }
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        verify_names(&world, &path, "cut off");
        let mut restored = 0;
        for id in &ids {
            let before = world.state();
            let run = world.restoring(id).run();
            if run.code() == Some(0) {
                restored += 1;
                assert_eq!(world.state(), world.known[id]);
                world.change(2);
            } else {
                assert_eq!(world.state(), before, "{run}");
            }
        }
        assert!(restored < ids.len(), "every snapshot restores without {}", path.display());
        fs::write(&path, &whole).unwrap();
        world.sql("UPDATE mods SET name = 'mod ' || id");
        world.change(1);
        world.change(2);
        world.verify();
    }
}

#[test]
fn rows_of_a_lost_pack_are_stored_again() {
    let mut world = World::new(Kind::Sqlite, 12);
    let lost = world.snap();
    for pack in files(&world.store().join("packs")) {
        fs::remove_file(pack).unwrap();
    }
    let run = world.snapping().run().success();
    let again = id_of(&run);
    let report = json(&world.dbsnap(["--json", "verify"]).run());
    assert!(report["damage"].as_array().is_some(), "{report}");
    assert_ne!(lost, again);
    let state = world.state();
    world.change(5);
    world.restoring(&again).run().success();
    assert_eq!(world.state(), state);
}

/// A leaf that is held may draw on one in a pack that is gone: then its rows are stored again.
#[test]
fn rows_that_draw_on_a_lost_pack_are_stored_again() {
    let mut world = World::new(Kind::Sqlite, 3000);
    world.snap();
    let first = files(&world.store().join("packs"));
    world.change(1);
    world.snap();
    for pack in first {
        fs::remove_file(pack).unwrap();
    }
    let listed = world.listed();
    let again = id_of(&world.snapping().run().success());
    let state = world.state();
    world.dbsnap(["verify", &again]).run().success();
    world.change(5);
    world.restoring(&again).run().success();
    assert_eq!(world.state(), state);
    // What the lost pack took along can be deleted, and the store is whole.
    for id in &listed {
        world.dbsnap(["delete", id]).run().success();
    }
    world.dbsnap(["gc", "--now"]).run().success();
    assert_eq!(world.dbsnap(["verify"]).run().code(), Some(0));
    world.change(5);
    world.restoring(&again).run().success();
    assert_eq!(world.state(), state);
}

#[test]
fn stale_temporary_files_are_passed_over_and_collected() {
    let (mut world, id) = small_world();
    let tmp = world.store().join("tmp");
    for number in 0..1000 {
        fs::write(tmp.join(format!("{number:016x}.tmp")), "stale").unwrap();
    }
    world.verify();
    world.restore(&id);
    fs::write(tmp.join("mine"), "not dbsnap's").unwrap();
    world.dbsnap(["gc"]).run().success();
    assert_eq!(files(&tmp), [tmp.join("mine")]);
}

#[test]
fn a_dry_run_writes_nothing_and_a_second_restore_neither() {
    let (mut world, id) = small_world();
    let database = world.project.path().join("dev.db");
    let bytes = fs::read(&database).unwrap();
    let before = files(&world.store());
    world.dbsnap(["restore", &id, "--mode", "exact", "--dry-run"]).run().success();
    assert_eq!(fs::read(&database).unwrap(), bytes);
    assert_eq!(files(&world.store()), before);
    world.restore(&id);
    let again = json(&world.restoring(&id).run().success());
    assert_eq!(again["applied"], false, "{again}");
    let snapped = json(&world.snapping().run().success());
    assert!(snapped["tables"].as_array().unwrap().iter().all(|table| table["newLeaves"] == 0), "{snapped}");
}

#[test]
fn gc_removes_no_directory() {
    let mut world = World::new(Kind::Sqlite, 12);
    let dirs = |world: &World| -> Vec<PathBuf> {
        let entries = fs::read_dir(world.store()).unwrap().map(|entry| entry.unwrap().path());
        let mut dirs: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
        dirs.extend(fs::read_dir(world.store().join("refs")).unwrap().map(|entry| entry.unwrap().path()));
        dirs.sort();
        dirs
    };
    let id = world.snap();
    let before = dirs(&world);
    world.dbsnap(["delete", &id, "--yes"]).run().success();
    world.known.clear();
    world.dbsnap(["gc", "--now"]).run().success();
    assert_eq!(files(&world.store().join("packs")), Vec::<PathBuf>::new());
    assert!(dirs(&world).iter().filter(|dir| before.contains(dir)).count() == before.len(), "a directory is gone");
    world.snap();
    world.finish();
}

/// What the server still has is stored again, down to the last row, and what it has not is told.
#[test]
fn postgres_rows_of_lost_and_damaged_packs_are_had_again() {
    let mut world = World::new(Kind::Postgres, 3000);
    world.snap();
    let old: Vec<PathBuf> = files(&world.store().join("packs"));
    world.change(1);
    let kept = world.snap();
    for pack in files(&world.store().join("packs")) {
        let mut bytes = fs::read(&pack).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        match old.contains(&pack) {
            true => fs::write(&pack, bytes).unwrap(),
            false => fs::remove_file(&pack).unwrap(),
        }
    }
    let run = world.dbsnap(["--json", "repair", "-y"]).run();
    let report = json(&run);
    assert!(report["fromLive"].as_u64().unwrap() > 0, "{report}");
    assert_eq!(report["packs"].as_array().unwrap().len(), old.len(), "{report}");
    world.dbsnap(["verify", &kept]).run().success();
    let state = world.state();
    world.change(5);
    world.restoring(&kept).run().success();
    assert_eq!(world.state(), state);
}

/// Exported rows of PostgreSQL are the snapshot's, whatever the database has become.
#[test]
fn postgres_rows_are_had_again_from_exported_files() {
    let mut world = World::new(Kind::Postgres, 3000);
    let id = world.snap();
    let state = world.state();
    world.dbsnap(["export", &id]).run().success();
    world.sql("UPDATE parts SET note = 'changed'; UPDATE mods SET body = NULL");
    for pack in files(&world.store().join("packs")) {
        fs::remove_file(pack).unwrap();
    }
    let report = json(&world.dbsnap(["--json", "repair", "-y"]).run().success());
    assert!(report["fromExports"].as_u64().unwrap() > 4, "{report}");
    world.verify();
    world.restoring(&id).run().success();
    assert_eq!(world.state(), state);
}
