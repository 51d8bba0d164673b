//! `--json`: one object on stdout, whose fields are a promise.

use super::Shop;
use crate::support::process::Invocation;
use serde_json::Value;
use std::collections::BTreeSet;

/// The one object on stdout; nothing else may be printed.
fn object(invocation: Invocation) -> Value {
    let run = invocation.arg("--json").run();
    assert_eq!(run.stdout().lines().count(), 1, "{run}");
    let value: Value = serde_json::from_str(run.stdout()).unwrap();
    assert_eq!(value["version"], 1, "{run}");
    if run.code() == Some(0) {
        assert_eq!(run.stderr(), "");
    } else {
        assert_eq!(value["error"]["exitCode"], run.code().unwrap(), "{run}");
    }
    value
}

/// The command and the paths of all its fields, `[]` for the members of a list.
fn fields(invocation: Invocation) -> String {
    let value = object(invocation);
    let mut paths = BTreeSet::new();
    walk(&value, "", &mut paths);
    let paths: Vec<String> = paths.into_iter().filter(|path| path != "version" && path != "command").collect();
    format!("{}: {}", value["command"].as_str().unwrap(), paths.join(" "))
}

fn walk(value: &Value, path: &str, paths: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                walk(field, &format!("{path}{}{name}", if path.is_empty() { "" } else { "." }), paths);
            }
        }
        Value::Array(list) if !list.is_empty() => list.iter().for_each(|member| walk(member, &format!("{path}[]"), paths)),
        _ => drop(paths.insert(path.to_owned())),
    }
}

#[test]
fn the_fields_of_every_report() {
    let shop = Shop::without_store();
    insta::assert_snapshot!(fields(shop.dbsnap(["init"])), @"");
    insta::assert_snapshot!(fields(shop.dbsnap(["tables"])), @"");
    insta::assert_snapshot!(fields(shop.dbsnap(["snap", "authors", "--dry-run"])), @"");
    insta::assert_snapshot!(fields(shop.dbsnap(["snap", "mods"])), @"");
    insta::assert_snapshot!(fields(shop.dbsnap(["snap", "mods", "--export"])), @"");
    insta::assert_snapshot!(fields(shop.dbsnap(["log"])), @"");
    insta::assert_snapshot!(fields(shop.dbsnap(["show", "latest:mods"])), @"");
    insta::assert_snapshot!(fields(shop.dbsnap(["show", "latest:mods:1"])), @"");
    insta::assert_snapshot!(fields(shop.dbsnap(["export", "latest"])), @"");
    insta::assert_snapshot!(fields(shop.dbsnap(["pin", "latest"])), @"");
    insta::assert_snapshot!(fields(shop.dbsnap(["unpin", "latest"])), @"");
    insta::assert_snapshot!(fields(shop.dbsnap(["tag", "latest", "v1"])), @"");
    insta::assert_snapshot!(fields(shop.dbsnap(["amend", "latest", "-m", "other"])), @"");
    shop.sql("DELETE FROM mods WHERE id = 3");
    insta::assert_snapshot!(fields(shop.dbsnap(["restore", "latest", "-y"])), @"");
    insta::assert_snapshot!(fields(shop.dbsnap(["delete", "~1"])), @"");
    insta::assert_snapshot!(fields(shop.dbsnap(["gc"])), @"");
    insta::assert_snapshot!(fields(shop.dbsnap(["verify"])), @"");
    insta::assert_snapshot!(fields(shop.dbsnap(["doctor"])), @"");
}

#[test]
fn errors_are_objects_too() {
    let shop = Shop::new();
    insta::assert_snapshot!(object(shop.dbsnap(["snap", "mosd"])), @"");
    insta::assert_snapshot!(object(shop.dbsnap(["show", "latest"])), @"");
    insta::assert_snapshot!(object(shop.dbsnap(["snap", "--wehre"])), @"");
    shop.snap(["mods"]);
    shop.sql("DELETE FROM mods WHERE id = 3");
    insta::assert_snapshot!(object(shop.dbsnap(["restore", "latest"])), @"");
}
