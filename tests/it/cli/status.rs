//! `dbsnap status`

use super::Shop;

#[test]
fn live_tables_against_their_latest_snapshots() {
    let shop = Shop::new();
    insta::assert_snapshot!(shop.run(["status"]), @r"
    exit 0
    --- stdout
    [DIR]/dev.db

    authors            no snapshot
    facet_definitions  no snapshot
    mod_tags           no snapshot
    mods               no snapshot
    ");
    shop.snap(["authors", "-m", "people"]);
    shop.snap(["mods", "mod_tags", "-m", "shop"]);
    shop.sql("UPDATE mods SET price = 1; DELETE FROM mods WHERE id = 1; ALTER TABLE authors ADD COLUMN born DATE");
    insta::assert_snapshot!(shop.run(["status"]), @r"
    exit 0
    --- stdout
    [DIR]/dev.db

    authors            schema changed  2 rows  [ID] [AGO] people
      schema: column born added (DATE)
    facet_definitions  no snapshot
    mod_tags           -2               1 row  [ID] [AGO] shop
    mods               ~2 -1           2 rows  [ID] [AGO] shop

    To see the rows: dbsnap diff
    ");
    insta::assert_snapshot!(shop.run(["status", "-q", "mods"]), @r"
    exit 0
    --- stdout
    mods  ~2 -1  2 rows  [ID] [AGO] shop
    ");
    insta::assert_snapshot!(shop.run(["status", "--json", "--exit-code", "Mods"]), @r#"
    exit 1
    --- stdout
    {"version":1,"command":"status","database":"[DIR]/dev.db","tables":[{"table":"mods","status":"changed","added":0,"changed":2,"removed":1,"rows":2,"schemaChanges":[],"snapshot":"[HASH]","createdAt":"[TIME]","message":"shop","notes":[]}],"different":true}
    "#);
    shop.sql("DROP VIEW cheap; DROP TABLE mod_tags");
    insta::assert_snapshot!(shop.run(["status"]), @r"
    exit 0
    --- stdout
    [DIR]/dev.db

    authors            schema changed  2 rows  [ID] [AGO] people
      schema: column born added (DATE)
    facet_definitions  no snapshot
    mod_tags           table is gone           [ID] [AGO] shop
    mods               ~2 -1           2 rows  [ID] [AGO] shop

    To see the rows: dbsnap diff
    ");
    assert_eq!(shop.dbsnap(["status", "--exit-code", "facet_definitions"]).run().code(), Some(0));
    insta::assert_snapshot!(shop.refused(["status", "nothing"]), @r"
    exit 12
    --- stderr
    error: there is no table 'nothing' in these snapshots
    hint: dbsnap tables lists the tables
    ");
}

/// The latest snapshot of a table need not be that of the next one, and may have some of its rows only: both are said.
#[test]
fn latest_snapshots_that_are_not_one() {
    let shop = Shop::new();
    let run = shop.dbsnap(["snap", "mods", "authors", "-m", "all", "--json"]).run().success();
    let all: serde_json::Value = serde_json::from_str(run.stdout()).unwrap();
    let all = &all["id"].as_str().unwrap()[..8];
    shop.sql("UPDATE mods SET price = 7 WHERE id = 1");
    shop.snap(["mods", "--where", "price > 8", "-m", "dear ones"]);
    shop.sql("UPDATE authors SET name = 'X'");
    let full = format!("note: the last snapshot of all rows is {all}: dbsnap diff {all} -- mods");
    let run = shop.dbsnap(["status"]).run().success();
    assert!(run.stdout().contains("mods (part)") && run.stdout().contains(&full), "{run}");
    assert!(run.stdout().contains("note: only rows where price > 8"), "{run}");
    let run = shop.dbsnap(["diff"]).run().success();
    assert!(run.stdout().starts_with("each table's latest snapshot → live ("), "{run}");
    assert!(run.stdout().contains("mods (part)  unchanged") && run.stdout().contains(&full), "{run}");
    let since = run.stdout().lines().find(|line| line.starts_with("authors")).unwrap();
    assert!(since.ends_with(&format!("since {all}")), "{run}");
    let page = shop.dbsnap(["diff", "-o", "html"]).run().success();
    assert!(page.stdout().contains("each table&#39;s latest snapshot") && page.stdout().contains(all), "{page}");
    for command in ["status", "diff"] {
        let run = shop.dbsnap([command, "--json"]).run().success();
        let told: serde_json::Value = serde_json::from_str(run.stdout()).unwrap();
        for table in told["tables"].as_array().unwrap() {
            let is_part = table["table"] == "mods";
            assert_eq!(table.get("filter").is_some(), is_part, "{table}");
            assert_eq!(table["lastFull"].as_str().is_some_and(|id| id.starts_with(all)), is_part, "{table}");
        }
    }
    // what is named compares all rows
    let run = shop.dbsnap(["diff", all, "--", "mods"]).run().success();
    assert!(run.stdout().contains("mods  ~1") && !run.stdout().contains("(part)"), "{run}");
    // a snapshot of all is one again
    shop.snap(["mods", "authors", "-m", "again"]);
    let run = shop.dbsnap(["diff"]).run().success();
    assert!(run.stdout().starts_with("latest ") && !run.stdout().contains("since"), "{run}");
}
