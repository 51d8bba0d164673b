//! Where exports go by settings that may be somebody else's, and lists of backups that name other files.

use super::Shop;
use std::fs;
use std::os::unix::fs::symlink;

fn with_dir(shop: &Shop, dir: &str) -> crate::support::process::Run {
    shop.project.write(".dbsnap/config.toml", format!("export_dir = \"{dir}\"\n"));
    shop.dbsnap(["export", "latest"]).run()
}

#[test]
fn settings_keep_exports_in_the_project() {
    let shop = Shop::new();
    shop.snap(["mods"]);
    let outside = tempfile::tempdir().unwrap();
    fs::create_dir_all(shop.path().join(".git/hooks")).unwrap();
    symlink(outside.path(), shop.path().join("away")).unwrap();
    symlink("nowhere", shop.path().join("dangling")).unwrap();
    symlink(".git", shop.path().join("hidden")).unwrap();
    for (dir, why) in [
        ("../x", "out of the project"),
        ("a/../../x", "out of the project"),
        (outside.path().to_str().unwrap(), "out of the project"),
        ("away/deep", "out of the project"),
        ("dangling", "a link to nowhere"),
        ("dangling/deep", "a link to nowhere"),
        (".git/hooks", "git or of the store"),
        ("sub/.GIT/hooks", "git or of the store"),
        ("hidden/hooks", "git or of the store"),
        (".dbsnap/packs", "git or of the store"),
        ("scripts/../.dbsnap", "git or of the store"),
    ] {
        let run = with_dir(&shop, dir);
        assert!(
            run.code() == Some(2) && run.stderr().contains(why) && run.stderr().contains("config.toml"),
            "{dir}: {run}"
        );
        // A snapshot itself is taken; only its export is not.
        assert_eq!(shop.dbsnap(["delete", "latest"]).run().code(), Some(2), "{dir}");
    }
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
    assert_eq!(fs::read_dir(shop.path().join(".git/hooks")).unwrap().count(), 0);
    for dir in ["backups", "a/./b", "a/../c", shop.path().join("absolute").to_str().unwrap()] {
        with_dir(&shop, dir).success();
    }
    // On the command line any folder is meant.
    let to = outside.path().join("mine");
    shop.dbsnap(["export", "latest", "-o"]).arg(&to).run().success();
    assert!(fs::read_dir(&to).unwrap().count() > 2);
    insta::assert_snapshot!(shop.run(["export", "latest", "-o", "dangling"]), @r"
    exit 2
    --- stderr
    error: [DIR]/dangling is a link to something that is not there
    ");
}

#[test]
fn a_list_of_backups_that_names_other_files_is_not_well() {
    let shop = Shop::new();
    shop.snap(["mods"]);
    shop.dbsnap(["export", "latest"]).run().success();
    shop.dbsnap(["verify"]).run().success();
    let list = shop.path().join("scripts/backups/backup_manifest.json");
    let good: serde_json::Value = serde_json::from_slice(&fs::read(&list).unwrap()).unwrap();
    for (field, value) in [
        ("filePath", "../../.env"),
        ("filePath", "/etc/passwd"),
        ("filePath", "backup_manifest.json"),
        ("restorePath", "../../../evil.ts"),
        ("restorePath", "evil.ts"),
        ("restorePath", "/tmp/evil.ts"),
    ] {
        let mut bad = good.clone();
        bad["backups"][0][field] = value.into();
        fs::write(&list, bad.to_string()).unwrap();
        let run = shop.dbsnap(["verify"]).run();
        assert!(
            run.code() == Some(5) && run.stderr().contains("names a file") | run.stdout().contains("names a file"),
            "{value}: {run}"
        );
        // What another program lists is its own business, as long as it stays here.
        bad["backups"][0]["id"] = "theirs".into();
        fs::write(&list, bad.to_string()).unwrap();
        let leaves = value.starts_with(['.', '/']);
        assert_eq!(shop.dbsnap(["verify"]).run().code(), Some(if leaves { 5 } else { 0 }), "{value}");
    }
}
