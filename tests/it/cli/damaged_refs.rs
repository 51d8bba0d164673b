//! A tag or pin that cannot be read, a manifest that cannot be read, and files of other programs: each stops only what
//! needs it.

use super::{Shop, files, shown};
use std::fs;

/// One byte of that file is another one.
fn damage(shop: &Shop, file: &str, at: usize) {
    let path = shop.store().join(file);
    let mut bytes = fs::read(&path).unwrap();
    bytes[at] ^= 1;
    fs::write(&path, bytes).unwrap();
}

/// Two snapshots of mods; the older one is tagged `v1` and pinned. Their ids.
fn shop() -> (Shop, [String; 2]) {
    let shop = Shop::new();
    let mut ids = Vec::new();
    for number in 1..=2 {
        shop.sql(&format!("UPDATE mods SET price = {number}"));
        shop.snap(["mods", "-m", &format!("number {number}")]);
        let run = shop.dbsnap(["show", "latest", "--json"]).run().success();
        let shown: serde_json::Value = serde_json::from_str(run.stdout()).unwrap();
        ids.push(shown["snapshot"]["id"].as_str().unwrap().to_owned());
    }
    let ids: [String; 2] = ids.try_into().unwrap();
    shop.dbsnap(["tag", &ids[0], "v1"]).run().success();
    shop.dbsnap(["pin", &ids[0]]).run().success();
    (shop, ids)
}

const PASSING: [&[&str]; 9] = [
    &["log"],
    &["show", "latest"],
    &["export", "latest"],
    &["diff", "~1", "latest"],
    &["diff", "--exit-code"],
    &["restore", "latest", "-y"],
    &["snap", "mods"],
    &["status"],
    &["sql", "latest", "SELECT count(*) FROM mods"],
];

#[test]
fn a_damaged_tag_stops_only_what_is_asked_of_it() {
    for at in [3, 70] {
        let (shop, ids) = shop();
        damage(&shop, "refs/tags/v1", at);
        for args in PASSING {
            shop.dbsnap(args).run().success();
        }
        for args in [&["log"][..], &["export", "latest"], &["restore", "latest", "-y"]] {
            let run = shop.dbsnap(args).run().success();
            assert!(run.stderr().contains("tag v1 cannot be read"), "{run}");
        }
        shop.dbsnap(["show", &ids[0]]).run().success();
        insta::allow_duplicates! {
            insta::assert_snapshot!(shop.refused(["show", "v1"]), @r"
            exit 5
            --- stderr
            error: tag v1 cannot be read: its checksum is wrong
            hint: dbsnap verify shows what is damaged
            ");
            insta::assert_snapshot!(shop.refused(["tag", "latest", "v1"]), @r"
            exit 4
            --- stderr
            error: what the tag 'v1' names now cannot be read: its checksum is wrong
            hint: --force allows it
            ");
        }
        assert_eq!(shop.dbsnap(["verify"]).run().code(), Some(5));
        // what it may be on stays
        shop.dbsnap(["unpin", &ids[0]]).run().success();
        shop.dbsnap(["gc", "--keep", "0", "--days", "0"]).run().success();
        shop.dbsnap(["show", &ids[0]]).run().success();
        if at == 3 {
            shop.dbsnap(["tag", "--delete", "v1"]).run().success();
        } else {
            shop.dbsnap(["tag", &ids[0], "v1", "--force"]).run().success();
            shop.dbsnap(["show", "v1"]).run().success();
        }
        shop.dbsnap(["verify"]).run().success();
    }
}

#[test]
fn a_damaged_pin_still_keeps_and_can_be_taken_off() {
    let (shop, ids) = shop();
    let pin = format!("refs/pins/{}", ids[0]);
    damage(&shop, &pin, 5);
    for args in PASSING {
        shop.dbsnap(args).run().success();
    }
    let log = shop.run(["log"]);
    assert!(log.contains("pinned") && log.contains("the pin of [ID] cannot be read"), "{log}");
    for args in [&["delete", &ids[0]][..], &["gc"], &["gc", "--now", "--keep", "0"]] {
        shop.unchanged(&shop.dbsnap(args));
    }
    shop.dbsnap(["pin", &ids[0], "-m", "again"]).run().success();
    shop.dbsnap(["verify"]).run().success();
    damage(&shop, &pin, 64);
    shop.dbsnap(["unpin", &ids[0]]).run().success();
    shop.dbsnap(["verify"]).run().success();
    shop.dbsnap(["gc"]).run().success();
}

#[test]
fn a_manifest_that_cannot_be_read_stops_only_what_needs_it() {
    let (shop, ids) = shop();
    damage(&shop, &format!("snapshots/{}.json", ids[0]), 20);
    for args in PASSING.iter().filter(|args| !args.contains(&"~1")) {
        shop.dbsnap(*args).run().success();
    }
    for name in [&ids[0], &ids[0][..8]] {
        let run = shop.dbsnap(["show", name]).run();
        assert_eq!(run.code(), Some(5), "{}", shown(&run));
    }
}

#[test]
fn a_store_that_lost_its_format_file_is_not_taken_for_a_new_one() {
    let (shop, _) = shop();
    fs::remove_file(shop.store().join("format")).unwrap();
    insta::assert_snapshot!(shop.refused(["init"]), @r"
    exit 1
    --- stderr
    error: [DIR]/.dbsnap is not a dbsnap store: it has lost its `format` file, and holds snapshots; if they were made by a dbsnap of this format, write it again: a line that says `dbsnap store 1`
    ");
    fs::write(shop.store().join("format"), "dbsnap store 1\n").unwrap();
    shop.dbsnap(["verify"]).run().success();
}

/// What file managers, synchronisers and editors leave everywhere.
#[test]
fn files_of_other_programs_are_neither_snapshots_nor_damage() {
    let (shop, ids) = shop();
    shop.dbsnap(["export", "latest"]).run().success();
    shop.dbsnap(["delete", "latest"]).run().success();
    for top in [shop.store(), shop.path().join("scripts/backups")] {
        for (path, bytes) in files(&top) {
            let name = path.file_name().unwrap().to_str().unwrap();
            if ["lock", "config.toml", ".gitignore"].contains(&name) {
                continue;
            }
            for copy in [
                format!("{name} 2"),
                format!("{name}.sync-conflict-20260124-103000-ABCDEFG"),
                format!("{name}-LAPTOP"),
                format!("{name}.orig"),
                format!("#{name}#"),
                format!("~${name}"),
                format!(".{name}.swp"),
            ] {
                fs::write(path.with_file_name(copy), &bytes).unwrap();
            }
            for other in ["Thumbs.db", "desktop.ini", ".DS_Store", ".directory", ".nfs0000000000000001", "Icon\r"] {
                fs::write(path.with_file_name(other), b"\0\0\0\x01Bud1").unwrap();
            }
        }
    }
    for args in PASSING.iter().filter(|args| !args.contains(&"~1") && !args.contains(&"--exit-code")) {
        shop.dbsnap(*args).run().success();
    }
    let run = shop.dbsnap(["log"]).run().success();
    assert_eq!(run.stderr(), "");
    shop.dbsnap(["undelete", "latest"]).run().success();
    for args in [&["verify"][..], &["show", "v1"], &["gc"], &["verify"], &["doctor"]] {
        shop.dbsnap(args).run().success();
    }
    assert_eq!(shop.dbsnap(["tag", "latest", "Desktop.ini"]).run().code(), Some(2));
    shop.dbsnap(["show", &ids[0]]).run().success();
}

/// A directory where a tag or a pin belongs, empty or not: every command that mends a ref mends it, and what it holds
/// is kept.
#[test]
fn a_directory_in_the_place_of_a_ref_is_moved_away() {
    for command in ["tag", "delete", "unpin", "repair"] {
        let (shop, ids) = shop();
        let paths = [shop.store().join("refs/tags/v1"), shop.store().join("refs/pins").join(&ids[0])];
        for path in &paths {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        }
        fs::write(paths[0].join("notes"), "mine").unwrap();
        shop.dbsnap(["log"]).run().success();
        assert_eq!(shop.dbsnap(["verify"]).run().code(), Some(5));
        shop.unchanged(&shop.dbsnap(["gc", "--keep", "0", "--days", "0"]));
        let pinned = match command {
            "repair" => {
                let dry = shop.dbsnap(["repair", "--dry-run"]).run().success();
                assert!(dry.stdout().contains("refs/tags/v1: it was a directory"), "{dry}");
                shop.dbsnap(["repair", "-y"]).run().success();
                assert_eq!(shop.dbsnap(["show", "v1"]).run().code(), Some(12));
                true
            }
            "tag" => {
                shop.dbsnap(["tag", &ids[0], "v1", "--force"]).run().success();
                shop.dbsnap(["show", "v1"]).run().success();
                shop.dbsnap(["pin", &ids[0], "-m", "again"]).run().success();
                true
            }
            "delete" => {
                shop.dbsnap(["tag", "--delete", "v1"]).run().success();
                shop.dbsnap(["pin", &ids[0]]).run().success();
                true
            }
            _ => {
                shop.dbsnap(["tag", "--delete", "v1"]).run().success();
                shop.dbsnap(["unpin", &ids[0]]).run().success();
                false
            }
        };
        shop.dbsnap(["verify"]).run().success();
        assert_eq!(shop.run(["log"]).contains("pinned"), pinned, "{command}");
        assert_eq!(fs::read(shop.store().join("quarantine/v1/notes")).unwrap(), b"mine");
        let run = shop.dbsnap(["repair", "-y"]).run().success();
        assert!(run.stdout().contains("nothing is damaged"), "{run}");
    }
}
