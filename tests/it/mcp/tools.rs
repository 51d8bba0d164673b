//! Each tool, on both engines.

use super::{Client, SHOP};
use crate::support::place::{Place, on_both};
use serde_json::json;

/// How many rows of the table there are.
fn count(place: &Place, table: &str) -> String {
    place.sql(&format!("SELECT count(*) FROM {table}"))
}

#[test]
fn an_agent_backs_up_looks_and_restores() {
    on_both(|place| {
        place.sql(SHOP);
        let mut client = Client::of(place);

        let tables = client.call("tables", json!({}));
        let listed: Vec<_> = tables["tables"].as_array().unwrap().iter().map(|table| &table["table"]).collect();
        assert_eq!(listed, ["facet_definitions", "favorites", "mods"]);
        assert_eq!(tables["tables"][2]["deletesReach"], json!(["favorites"]));

        place.round.project.write("clean.sql", "SELECT 1;\nDELETE FROM favorites;");
        let check = client.call("check", json!({ "script": "clean.sql" }));
        assert_eq!((&check["verdict"], &check["tables"]), (&json!("destructive"), &json!(["favorites"])));
        assert_eq!((&check["findings"][0]["line"], &check["findings"][0]["allRows"]), (&json!(2), &json!(true)));
        let check = client.call("check", json!({ "text": "echo 'DELETE FROM mods'", "language": "sh" }));
        assert_eq!(check["verdict"], "harmless");

        let estimate = client.call("estimate", json!({ "tables": ["mods"] }));
        assert_eq!(estimate["tables"][0]["strategy"], "full");
        assert_eq!(estimate["takenAlong"][0]["table"], "favorites");
        assert_eq!(client.call("log", json!({}))["total"], 0);

        let snap = client.call("snap", json!({ "tables": ["mods", "favorites"], "message": "before the cleanup" }));
        assert_eq!((&snap["tables"][0]["rows"], &snap["tables"][0]["sourceRows"]), (&json!(3), &json!(3)));
        assert_eq!(snap["takenAlong"], json!([]));
        let id = snap["id"].as_str().unwrap();

        let log = client.call("log", json!({ "table": "mods", "since": "1h", "actor": "test-agent" }));
        assert_eq!((&log["snapshots"][0]["id"], &log["total"]), (&json!(id), &json!(1)));

        let show = client.call("show", json!({}));
        assert_eq!(show["snapshot"]["message"], "before the cleanup");
        assert_eq!(show["total"], 2);
        assert_eq!(
            client.call("show", json!({ "reference": "latest:mods" }))["table"]["sample"][0]["title"],
            "Modern Lamp"
        );
        assert_eq!(client.call("show", json!({ "reference": "latest:mods:2" }))["row"]["title"], "Vintage Chair");
        assert_eq!(client.call("verify", json!({ "subject": "latest" }))["damage"], json!([]));

        place.sql("DELETE FROM favorites WHERE mod_id = 1; DELETE FROM mods WHERE id = 1");
        place.sql("UPDATE mods SET title = 'Top hat' WHERE id = 3");
        let diff = client.call("diff", json!({}));
        assert_eq!([&diff["added"], &diff["changed"], &diff["removed"]], [0, 1, 2]);
        let changed = diff["rows"].as_array().unwrap().iter().find(|row| row["op"] == "changed").unwrap();
        assert_eq!(changed["cells"]["title"], json!({ "old": "Hat", "new": "Top hat" }));
        let stat = client.call("diff", json!({ "stat": true, "tables": ["mods"] }));
        assert_eq!((&stat["rows"], &stat["removed"]), (&json!([]), &json!(1)));

        let history = client.call("history", json!({ "row": "mods:1" }));
        assert_eq!((&history["steps"][0]["event"], &history["live"]["is"]), (&json!("first"), &json!("gone")));

        let query = "SELECT id, title FROM mods WHERE content_type = 'furniture' ORDER BY id";
        let sql = client.call("sql", json!({ "reference": "latest", "query": query }));
        assert_eq!(sql["rows"], json!([[1, "Modern Lamp"], [2, "Vintage Chair"]]));

        let export = client.call("export", json!({ "reference": "latest", "tables": ["mods"] }));
        let file = export["tables"][0]["json"].as_str().unwrap();
        assert!(std::path::Path::new(file).is_file(), "{file}");
        assert_eq!(client.call("verify", json!({ "subject": file }))["files"], 1);

        let options = json!({ "reference": "latest" });
        let before = place.rows();
        let plan = client.call("restore_plan", options.clone());
        let writes = |table: &str| {
            let planned = plan["tables"].as_array().unwrap().iter().find(|planned| planned["table"] == table).unwrap();
            ["insert", "update", "delete"].map(|write| planned[write].as_u64().unwrap())
        };
        assert_eq!((writes("mods"), writes("favorites")), ([1, 1, 0], [1, 0, 0]));
        assert_eq!(place.rows(), before, "a plan writes nothing");
        let apply = json!({ "reference": "latest", "digest": plan["digest"] });
        let restored = client.call("restore_apply", apply.clone());
        assert_eq!(restored["applied"], true);
        assert_eq!((count(place, "mods"), count(place, "favorites")), ("3".to_owned(), "3".to_owned()));
        assert_eq!(client.fails("restore_apply", apply)["kind"], "plan_changed", "a second time does nothing");

        let plan = client.call("undo_plan", json!({}));
        assert_eq!(client.call("undo_apply", json!({ "digest": plan["digest"] }))["applied"], true);
        assert_eq!(place.rows(), before);

        let gc = client.call("gc_plan", json!({ "keep": 1 }));
        assert!(gc["snapshots"].as_array().unwrap().iter().any(|snapshot| snapshot["id"] == id), "{gc}");
        assert_eq!(place.listed(), 3, "the snapshot, and two that restores took");
    });
}

#[test]
fn a_run_is_taken_back_but_for_what_changed_since() {
    on_both(|place| {
        place.sql(SHOP);
        let ran = place.run_sql(&[], "DELETE FROM favorites WHERE id < 3");
        place.sql("INSERT INTO favorites VALUES (2, 3)");
        let mut client = Client::of(place);
        let plan = client.call("undo_plan", json!({}));
        assert_eq!((&plan["run"]["after"], plan["conflicts"].as_array().unwrap().len()), (&ran["after"], 1), "{plan}");
        assert_eq!(
            (&plan["conflicts"][0]["key"], &plan["conflicts"][0]["live"]["mod_id"]),
            (&json!("2"), &json!(3)),
            "{plan}"
        );
        let apply = json!({ "digest": plan["digest"] });
        assert_eq!(client.call("undo_apply", apply)["applied"], true);
        assert_eq!(place.sql("SELECT id, mod_id FROM favorites ORDER BY id"), "1|1\n2|3\n3|3");
    });
}

/// What the plan of the agent says a person may ask for.
#[test]
fn the_five_requests_that_a_person_makes_can_be_done() {
    on_both(|place| {
        place.sql(SHOP);
        let mut client = Client::of(place);
        // "Backup the mods table before running the cleanup script"
        let first = client.call("snap", json!({ "tables": ["mods"], "message": "before the cleanup script" }));
        assert_eq!(first["takenAlong"][0], json!({ "table": "favorites", "refersTo": "mods", "onDelete": "cascade" }));
        let exported = client.call("export", json!({ "reference": first["id"] }));
        // "Backup all mods where contentType = 'furniture'"
        let filtered = client.call("snap", json!({ "tables": ["mods"], "filter": "content_type = 'furniture'" }));
        assert_eq!(
            (&filtered["tables"][0]["rows"], &filtered["tables"][0]["filter"]),
            (&json!(2), &json!("content_type = 'furniture'"))
        );
        // "Backup mods and facet_definitions tables"
        let both = client.call("snap", json!({ "tables": ["mods", "facet_definitions"] }));
        assert_eq!(both["tables"].as_array().unwrap().len(), 2);
        // "List all available backups"
        let log = client.call("log", json!({}));
        let ids: Vec<_> = log["snapshots"].as_array().unwrap().iter().map(|snapshot| &snapshot["id"]).collect();
        assert_eq!(ids, [&both["id"], &filtered["id"], &first["id"]]);
        // "Restore mods from backup_20260124_103000_mods.json"
        place.sql("DELETE FROM favorites; DELETE FROM mods");
        let options = json!({ "reference": exported["tables"][0]["json"] });
        let plan = client.call("restore_plan", options);
        let apply = json!({ "reference": exported["tables"][0]["json"], "digest": plan["digest"] });
        assert_eq!(client.call("restore_apply", apply)["tables"][0]["insert"], 3);
        assert_eq!(count(place, "mods"), "3");
    });
}

#[test]
fn a_plan_is_not_applied_after_a_change_or_to_something_else() {
    on_both(|place| {
        place.sql(SHOP);
        let mut client = Client::of(place);
        client.call("snap", json!({ "all": true }));
        place.sql("DELETE FROM favorites WHERE id = 1");
        let plan = client.call("restore_plan", json!({ "reference": "latest" }));
        place.sql("DELETE FROM favorites WHERE id = 2");
        let before = place.witness();
        let error = client.fails("restore_apply", json!({ "reference": "latest", "digest": plan["digest"] }));
        assert_eq!((&error["kind"], &error["exitCode"]), (&json!("plan_changed"), &json!(7)));
        let plan = client.call("restore_plan", json!({ "reference": "latest" }));
        let other = json!({ "reference": "latest", "mode": "exact", "digest": plan["digest"] });
        assert_eq!(client.fails("restore_apply", other)["kind"], "plan_changed");
        assert_eq!(
            client.fails("undo_apply", json!({ "digest": plan["digest"] }))["kind"],
            "usage",
            "there is no restore"
        );
        before.same(&place.witness());
    });
}
