//! `dbsnap history`

use super::Shop;

#[test]
fn one_row_through_all_snapshots() {
    let shop = Shop::new();
    shop.snap(["mods", "-m", "one"]);
    shop.snap(["mods", "-m", "nothing changed"]);
    shop.sql("UPDATE mods SET price = 3, title = 'Cheap lamp' WHERE id = 2; DELETE FROM mods WHERE id = 1");
    shop.snap(["mods", "-m", "sale"]);
    shop.snap(["mods", "--where", "price IS NULL", "-m", "a part"]);
    shop.sql("DELETE FROM mods WHERE id = 2");
    shop.snap(["mods", "-m", "cleaned up"]);
    shop.sql("ALTER TABLE mods ADD COLUMN size TEXT; INSERT INTO mods VALUES (2, 'Lamp', 9, 'ann', 'L')");
    shop.snap(["mods", "-m", "back again"]);
    insta::assert_snapshot!(shop.run(["history", "mods:2"]), @r#"
    exit 0
    --- stdout
    mods 2  in 6 snapshots

    [ID] [AGO] created  back again
        id: 2
        title: "Lamp"
        price: 9.0
        author_id: "ann"
        size: "L"
    [ID] [AGO] deleted  cleaned up
        id: 2
        title: "Cheap lamp"
        price: 3.0
        author_id: "ann"
    [ID] [AGO] changed  sale
        title: "Lamp" → "Cheap lamp"
        price: 9.0 → 3.0
    [ID] [AGO] first seen  one
        id: 2
        title: "Lamp"
        price: 9.0
        author_id: "ann"
        the same in 1 later snapshot
    "#);
    insta::assert_snapshot!(shop.run(["history", "MODS:1", "-n", "1", "-q"]), @r#"
    exit 0
    --- stdout
    [ID] [AGO] deleted  sale
        id: 1
        title: "Oak table"
        price: 4.5
        author_id: "ann"
        not in 2 later snapshots either
    "#);
    insta::assert_snapshot!(shop.run(["history", "mods:3", "--json"]), @r#"
    exit 0
    --- stdout
    {"version":1,"command":"history","table":"mods","key":"3","columns":["id","title","price","author_id","size"],"steps":[{"id":"[HASH]","createdAt":"[TIME]","kind":"snapshot","message":"one","user":null,"agent":null,"git":null,"event":"first","cells":{"author_id":{"old":null,"new":"bob"},"id":{"old":null,"new":3},"price":{"old":null,"new":null},"title":{"old":null,"new":"Rug"}},"unchangedIn":5}],"snapshots":6}
    "#);
    insta::assert_snapshot!(shop.refused(["history", "mods:77"]), @r"
    exit 12
    --- stderr
    error: there is no row '77' in table mods of snapshot [ID]
    ");
    insta::assert_snapshot!(shop.refused(["history", "mods"]), @r"
    exit 2
    --- stderr
    error: 'mods' names no row: write TABLE:KEY, as in mods:cl123
    ");
    insta::assert_snapshot!(shop.refused(["history", "authors:ann"]), @r"
    exit 12
    --- stderr
    error: there is no table 'authors' in any snapshot
    hint: dbsnap tables lists the tables
    ");
}
