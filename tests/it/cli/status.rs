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
