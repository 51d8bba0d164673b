//! The words by which a snapshot is named.

use super::Shop;
use dbsnap::hash::Hash;
use std::fs;

/// The full id that `reference` stands for.
fn id(shop: &Shop, reference: &str) -> String {
    let run = shop.dbsnap(["show", "--json", reference]).run().success();
    let shown: serde_json::Value = serde_json::from_str(run.stdout()).unwrap();
    shown["snapshot"]["id"].as_str().unwrap().to_owned()
}

#[test]
fn every_form_finds_its_snapshot() {
    let shop = Shop::new();
    let first = shop.snap(["mods", "--export", "-m", "first"]);
    let second = shop.snap(["authors", "-m", "second"]);
    let third = shop.snap(["mod_tags", "-m", "third"]);
    shop.dbsnap(["tag", &second, "v1"]).run().success();
    let backups = shop.path().join("scripts/backups");
    let mut names = fs::read_dir(&backups).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let json = names.find(|name| name.ends_with("_mods.json")).unwrap();
    let path = format!("scripts/backups/{json}");
    let script = json.replace(".json", "_restore.ts");
    let backup = json.trim_end_matches(".json");
    for (reference, wanted) in [
        ("latest", &third),
        ("latest~1", &second),
        ("~", &second),
        ("~2", &first),
        ("latest:mods", &first),
        ("v1", &second),
        (&first[..4], &first),
        (&first.to_uppercase(), &first),
        (backup, &first),
        (&json, &first),
        (&path, &first),
        (&script, &first),
    ] {
        assert!(id(&shop, reference).starts_with(wanted.as_str()), "{reference}");
    }
}

#[test]
fn what_names_no_snapshot() {
    let shop = Shop::new();
    shop.snap(["mods"]);
    shop.dbsnap(["tag", "latest", "before-v2"]).run().success();
    insta::assert_snapshot!(shop.refused(["show", "before-v3"]), @r"
    exit 12
    --- stderr
    error: no snapshot is called 'before-v3'
    hint: did you mean before-v2?
    ");
    insta::assert_snapshot!(shop.refused(["show", "~3"]), @r"
    exit 12
    --- stderr
    error: '~3' goes back further than the 1 snapshot there is
    hint: dbsnap log lists the snapshots and their tables
    ");
    insta::assert_snapshot!(shop.refused(["show", "latest:authors"]), @r"
    exit 12
    --- stderr
    error: no snapshot has a table 'authors'
    hint: dbsnap log lists the snapshots and their tables
    ");
    insta::assert_snapshot!(shop.refused(["show", "backup_20200101_000000_mods"]), @r"
    exit 12
    --- stderr
    error: no snapshot is called 'backup_[TIME]_mods'
    hint: dbsnap log lists the snapshots
    ");
    insta::assert_snapshot!(shop.refused(["show", ""]), @r"
    exit 12
    --- stderr
    error: no snapshot is called ''
    hint: did you mean before-v2?
    ");
}

/// Writes a copy of the only manifest with another message, such that both ids begin with the same four digits.
fn add_twin(shop: &Shop, message: &str) -> Hash {
    let manifest = fs::read_dir(shop.store().join("snapshots")).unwrap().next().unwrap().unwrap().path();
    let text = fs::read_to_string(&manifest).unwrap();
    let wanted = manifest.file_name().unwrap().to_str().unwrap()[..4].to_owned();
    let mut tries =
        (0..10_000_000).map(|number| text.replace(message, &format!("{number:0>width$}", width = message.len())));
    let twin = tries.find(|text| Hash::of(text.as_bytes()).to_hex().starts_with(&wanted)).unwrap();
    let id = Hash::of(twin.as_bytes());
    fs::write(manifest.with_file_name(format!("{}.json", id.to_hex())), twin).unwrap();
    id
}

#[test]
fn an_ambiguous_prefix_lists_candidates() {
    let shop = Shop::new();
    let first = shop.snap(["mods", "-m", "to be replaced"]);
    let twin = add_twin(&shop, "to be replaced").to_hex();
    let run = shop.dbsnap(["delete", &first[..4]]).run();
    assert_eq!(run.code(), Some(12), "{run}");
    assert!(run.stderr().contains("could be any of 2 snapshots"), "{run}");
    assert!(run.stderr().contains(&twin[..12]) && run.stderr().contains(&first), "{run}");
    shop.dbsnap(["delete", &twin[..12]]).run().success();
    assert!(id(&shop, &first[..4]).starts_with(&first));
}
