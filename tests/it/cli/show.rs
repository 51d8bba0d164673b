//! `dbsnap show`

use super::Shop;

#[test]
fn a_snapshot_a_table_and_rows() {
    let shop = Shop::new();
    shop.snap(["mods", "-m", "one"]);
    shop.snap(["mods", "mod_tags", "-m", "two"]);
    insta::assert_snapshot!(shop.run(["show", "latest"]), @r"
    exit 0
    --- stdout
    snapshot [HASH]
    taken     [TIME] ([AGO])
    database  sqlite [VERSION], dev.db
    command   dbsnap snap -q mods mod_tags -m two
    parent    [ID]
    stored [SIZE]

        two

    mods  3 rows [SIZE] =  backup_[TIME]_mods
    mod_tags  3 rows [SIZE] backup_[TIME]_mod_tags
    ");
    insta::assert_snapshot!(shop.run(["show", "latest:mods"]), @r#"
    exit 0
    --- stdout
    mods  hash [ID]

      id         INTEGER  not null  key
      title      TEXT     not null
      price      REAL
      author_id  TEXT

    3 rows:

    {"id":1,"title":"Oak table","price":4.5,"author_id":"ann"}
    {"id":2,"title":"Lamp","price":9.0,"author_id":"ann"}
    {"id":3,"title":"Rug","price":null,"author_id":"bob"}
    "#);
    insta::assert_snapshot!(shop.run(["show", "latest:MODS:2"]), @r#"
    exit 0
    --- stdout
    {
      "id": 2,
      "title": "Lamp",
      "price": 9.0,
      "author_id": "ann"
    }
    "#);
    insta::assert_snapshot!(shop.run(["show", "latest:mod_tags:1,wood"]), @r#"
    exit 0
    --- stdout
    {
      "mod_id": 1,
      "tag": "wood"
    }
    "#);
}

#[test]
fn what_is_not_there() {
    let shop = Shop::new();
    insta::assert_snapshot!(shop.refused(["show", "latest"]), @r"
    exit 12
    --- stderr
    error: there are no snapshots yet
    hint: to take one: dbsnap snap TABLE -m MESSAGE
    ");
    shop.snap(["mods", "mod_tags"]);
    insta::assert_snapshot!(shop.refused(["show", "latest:mods:7"]), @r"
    exit 12
    --- stderr
    error: there is no row '7' in table mods of snapshot [ID]
    hint: dbsnap history mods:7 lists the snapshots that have it, if any
    ");
    insta::assert_snapshot!(shop.refused(["show", "latest:mods:seven"]), @r"
    exit 12
    --- stderr
    error: there is no row 'seven' in table mods of snapshot [ID]
    hint: dbsnap history mods:seven lists the snapshots that have it, if any
    ");
    insta::assert_snapshot!(shop.refused(["show", "latest:mod_tags:1"]), @r#"
    exit 2
    --- stderr
    error: the key of mod_tags is (mod_id, tag): give 2 values between commas, or as JSON: ["a","b"]
    "#);
    insta::assert_snapshot!(shop.refused(["show", "latest:mdos"]), @r"
    exit 12
    --- stderr
    error: no snapshot has a table 'mdos'
    hint: dbsnap log lists the snapshots and their tables
    ");
    insta::assert_snapshot!(shop.refused(["show", "v1"]), @r"
    exit 12
    --- stderr
    error: no snapshot is called 'v1'
    hint: dbsnap log lists the snapshots
    ");
}

#[test]
fn rows_have_the_names_of_prisma_s_fields() {
    let shop = Shop::new();
    shop.project.write("schema.prisma", super::restore::PRISMA);
    shop.snap(["mods", "-m", "one"]);
    insta::assert_snapshot!(shop.run(["show", "latest:Mod"]), @r#"
    exit 0
    --- stdout
    mods  hash [ID]

      id         INTEGER  not null  key
      title      TEXT     not null
      price      REAL
      author_id  TEXT     as authorId

    3 rows:

    {"id":1,"title":"Oak table","price":4.5,"authorId":"ann"}
    {"id":2,"title":"Lamp","price":9.0,"authorId":"ann"}
    {"id":3,"title":"Rug","price":null,"authorId":"bob"}
    "#);
    shop.sql("UPDATE mods SET author_id = 'bob' WHERE id = 2");
    shop.snap(["mods", "-m", "two"]);
    insta::assert_snapshot!(shop.run(["history", "Mod:2"]), @r#"
    exit 0
    --- stdout
    mods 2  in 2 snapshots
    live: as in [ID]

    [ID] [AGO] changed  two
        authorId: ann → bob
    [ID] [AGO] first seen  one
        id: 2
        title: Lamp
        price: 9.0
        authorId: ann
    "#);
}
