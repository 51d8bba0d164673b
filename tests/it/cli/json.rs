//! `--json`: one object on stdout, whose fields are a promise.

use super::Shop;
use crate::support::process::Invocation;
use serde_json::Value;
use std::collections::BTreeSet;

/// The one object on stdout; nothing else may be printed.
fn object(invocation: Invocation) -> Value {
    let run = invocation.arg("--json").arg("-q").run();
    // the report of a run begins a line, whatever the command has left unfinished
    let ended = run.stdout().strip_prefix('\n').filter(|rest| rest.starts_with(r#"{"version":1,"command":"run","#));
    let stdout = ended.unwrap_or(run.stdout());
    assert_eq!(stdout.lines().count(), 1, "{run}");
    let value: Value = serde_json::from_str(stdout).unwrap();
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
        Value::Array(list) if !list.is_empty() => {
            list.iter().for_each(|member| walk(member, &format!("{path}[]"), paths))
        }
        _ => drop(paths.insert(path.to_owned())),
    }
}

#[test]
fn the_fields_of_every_report() {
    let shop = Shop::without_store();
    insta::assert_snapshot!(fields(shop.dbsnap(["init"])), @"init: existed store");
    insta::assert_snapshot!(fields(shop.dbsnap(["tables"])), @"tables: database notCaptured[] tables[].bytes tables[].deletesReach tables[].deletesReach[] tables[].generated tables[].keySource tables[].key[] tables[].model tables[].note tables[].partitionOf tables[].refersTo tables[].refersTo[] tables[].refusal tables[].rows tables[].table");
    insta::assert_snapshot!(fields(shop.dbsnap(["snap", "authors", "--dry-run"])), @"snap: applied database digest dryRun estimatedSeconds options.all options.cascade options.exclude options.export options.filter options.message options.tables[] tables[].bytes tables[].counted tables[].filter tables[].rows tables[].strategy tables[].table takenAlong[].onDelete takenAlong[].refersTo takenAlong[].table urlOrigin");
    insta::assert_snapshot!(fields(shop.dbsnap(["snap", "mods"])), @"snap: addedBytes createdAt export id message seconds tables[].backup tables[].bytes tables[].change tables[].leaves tables[].newLeaves tables[].root tables[].rows tables[].sourceRows tables[].table");
    insta::assert_snapshot!(fields(shop.dbsnap(["snap", "mods", "--export"])), @"snap: addedBytes createdAt export.id export.manifest export.tables[].backup export.tables[].bytes export.tables[].checksum export.tables[].json export.tables[].records export.tables[].script export.tables[].table id message seconds tables[].backup tables[].bytes tables[].change.added tables[].change.changed tables[].change.removed tables[].change.since tables[].leaves tables[].newLeaves tables[].root tables[].rows tables[].sourceRows tables[].table");
    insta::assert_snapshot!(fields(shop.dbsnap(["log"])), @"log: snapshots[].addedBytes snapshots[].agent snapshots[].command[] snapshots[].createdAt snapshots[].database snapshots[].git snapshots[].id snapshots[].kind snapshots[].message snapshots[].pinned snapshots[].rows snapshots[].tables[].backup snapshots[].tables[].bytes snapshots[].tables[].change snapshots[].tables[].change.added snapshots[].tables[].change.changed snapshots[].tables[].change.removed snapshots[].tables[].change.since snapshots[].tables[].filter snapshots[].tables[].rows snapshots[].tables[].table snapshots[].tags snapshots[].user total unreadable");
    insta::assert_snapshot!(fields(shop.dbsnap(["show", "latest:mods"])), @"show: parent row snapshot.addedBytes snapshot.agent snapshot.command[] snapshot.createdAt snapshot.database snapshot.git snapshot.id snapshot.kind snapshot.message snapshot.pinned snapshot.rows snapshot.tables[].backup snapshot.tables[].bytes snapshot.tables[].change.added snapshot.tables[].change.changed snapshot.tables[].change.removed snapshot.tables[].change.since snapshot.tables[].filter snapshot.tables[].rows snapshot.tables[].table snapshot.tags snapshot.user source table.fields[] table.root table.rows table.sample[].author_id table.sample[].id table.sample[].price table.sample[].title table.schema.columns[].kind table.schema.columns[].name table.schema.columns[].nullable table.schema.columns[].type table.schema.foreign_keys[].columns[] table.schema.foreign_keys[].on_delete table.schema.foreign_keys[].on_update table.schema.foreign_keys[].references[] table.schema.foreign_keys[].table.name table.schema.key.columns.columns[].column table.schema.key.columns.columns[].order table.schema.key.columns.source table.schema.table.name table.schema.unique[].columns[] table.schema.unique[].name");
    insta::assert_snapshot!(fields(shop.dbsnap(["show", "latest:mods:1"])), @"show: parent row.author_id row.id row.price row.title snapshot.addedBytes snapshot.agent snapshot.command[] snapshot.createdAt snapshot.database snapshot.git snapshot.id snapshot.kind snapshot.message snapshot.pinned snapshot.rows snapshot.tables[].backup snapshot.tables[].bytes snapshot.tables[].change.added snapshot.tables[].change.changed snapshot.tables[].change.removed snapshot.tables[].change.since snapshot.tables[].filter snapshot.tables[].rows snapshot.tables[].table snapshot.tags snapshot.user source table");
    insta::assert_snapshot!(fields(shop.dbsnap(["export", "latest"])), @"export: id manifest tables[].backup tables[].bytes tables[].checksum tables[].json tables[].records tables[].script tables[].table");
    insta::assert_snapshot!(fields(shop.dbsnap(["pin", "latest"])), @"pin: changed id message movedFrom tag");
    insta::assert_snapshot!(fields(shop.dbsnap(["unpin", "latest"])), @"unpin: changed id message movedFrom tag");
    insta::assert_snapshot!(fields(shop.dbsnap(["tag", "latest", "v1"])), @"tag: changed id message movedFrom tag");
    insta::assert_snapshot!(fields(shop.dbsnap(["amend", "latest", "-m", "other"])), @"amend: from id message");
    shop.sql("DELETE FROM mods WHERE id = 3");
    insta::assert_snapshot!(fields(shop.dbsnap(["restore", "latest", "-y"])), @"restore: applied cascaded createdAt dryRun id message mode partial safety seconds tables[].delete tables[].insert tables[].left tables[].liveRows tables[].notes tables[].snapshotRows tables[].table tables[].unchanged tables[].update target");
    insta::assert_snapshot!(fields(shop.dbsnap(["delete", "~1"])), @"delete: deleted[].exports deleted[].id deleted[].message deleted[].until");
    insta::assert_snapshot!(fields(shop.dbsnap(["gc"])), @"gc: dryRun exports freedBytes heldBack keptDeleted objects outOfSpace recompressed.bytes recompressed.bytesAfter recompressed.bytesLeft recompressed.packs removed snapshots[].id snapshots[].keep snapshots[].message snapshots[].reason");
    insta::assert_snapshot!(fields(shop.dbsnap(["verify"])), @"verify: damage files packs remedy rows snapshots");
    insta::assert_snapshot!(fields(shop.dbsnap(["doctor"])), @"doctor: checks[].found checks[].health checks[].hints checks[].name");
    insta::assert_snapshot!(fields(shop.dbsnap(["run", "mods", "--json", "--", "true"])), @"run: after argv[] before created endedAt exitCode leftOut recovery signal startedAt tables[].change.added tables[].change.changed tables[].change.removed tables[].change.since tables[].rowsAfter tables[].rowsBefore tables[].schemaChanges tables[].state tables[].table tooManyDeleted undoable");
}

#[test]
fn errors_are_objects_too() {
    let shop = Shop::new();
    insta::assert_snapshot!(object(shop.dbsnap(["snap", "mosd"])), @r#"{"version":1,"command":"error","error":{"kind":"not_found","exitCode":12,"message":"there is no table 'mosd' in the database","hints":["did you mean mods?"]}}"#);
    insta::assert_snapshot!(object(shop.dbsnap(["show", "latest"])), @r#"{"version":1,"command":"error","error":{"kind":"not_found","exitCode":12,"message":"there are no snapshots yet","hints":["to take one: dbsnap snap TABLE -m MESSAGE"]}}"#);
    insta::assert_snapshot!(object(shop.dbsnap(["snap", "--wehre"])), @r#"{"version":1,"command":"error","error":{"kind":"usage","exitCode":2,"message":"unexpected argument '--wehre' found","hints":[]}}"#);
    shop.snap(["mods"]);
    shop.sql("DELETE FROM mods WHERE id = 3");
    insta::assert_snapshot!(object(shop.dbsnap(["restore", "latest"])), @r#"{"version":1,"command":"error","error":{"kind":"refused","exitCode":4,"message":"confirmation needed, but stdin is not a terminal","hints":["use --dry-run to see the plan, then -y to apply it"]}}"#);
}
