//! `dbsnap snap`

use super::Shop;
use crate::support::postgres::PgServer;

#[test]
fn one_table() {
    let shop = Shop::new();
    insta::assert_snapshot!(shop.run(["snap", "mods", "-m", "before the clean-up"]), @r"
    exit 0
    --- stdout
    Request: before the clean-up
    [DIR]/dev.db (from DATABASE_URL in .env)

    Analyzing table: mods
    - Total records: 3
    - Estimated size: ~[SIZE] before compression
    - Backup strategy: Full (< 10K rows)

    Verification:
    - Source count: 3
    - Backup count: 3
    - Hash: blake3:bf74a06a5fe9...

    Backup complete! Snapshot [ID]: 3 rows ([SIZE]) in [DURATION]; the store grew by [SIZE].

    To restore this backup later:
    $ dbsnap restore [ID]

    Not in this snapshot, and deleted or changed by cascade: mod_tags.
    --- stderr
    warning: deleting these rows would cascade to mod_tags (ON DELETE CASCADE); --cascade includes them
    ");
    shop.sql("UPDATE mods SET price = 1 WHERE id = 1; DELETE FROM mods WHERE id = 3; INSERT INTO mods VALUES (9, 'x', 1, 'bob')");
    insta::assert_snapshot!(shop.run(["snap", "mods"]), @r"
    exit 0
    --- stdout
    [DIR]/dev.db (from DATABASE_URL in .env)

    Analyzing table: mods
    - Total records: 3
    - Estimated size: ~[SIZE] before compression
    - Backup strategy: Full (< 10K rows)

    Verification:
    - Source count: 3
    - Backup count: 3
    - Hash: blake3:7b32a64c5e7e...
    - Since [ID]: +1 ~1 -1

    Backup complete! Snapshot [ID]: 3 rows ([SIZE]) in [DURATION]; the store grew by [SIZE].

    To restore this backup later:
    $ dbsnap restore [ID]

    Not in this snapshot, and deleted or changed by cascade: mod_tags.
    --- stderr
    warning: deleting these rows would cascade to mod_tags (ON DELETE CASCADE); --cascade includes them
    ");
}

#[test]
fn several_tables_by_the_names_of_their_models() {
    let shop = Shop::new();
    shop.project.write("schema.prisma", super::names::MODELS);
    insta::assert_snapshot!(shop.run(["snap", "Author", "Mod", "ModTag", "FacetDefinition"]), @r"
    exit 0
    --- stdout
    [DIR]/dev.db (from DATABASE_URL in .env)

    Analyzing table: authors
    - Total records: 2
    - Estimated size: ~[SIZE] before compression
    - Backup strategy: Full (< 10K rows)

    Analyzing table: mods
    - Total records: 3
    - Estimated size: ~[SIZE] before compression
    - Backup strategy: Full (< 10K rows)

    Analyzing table: mod_tags
    - Total records: 3
    - Estimated size: ~[SIZE] before compression
    - Backup strategy: Full (< 10K rows)

    Analyzing table: facet_definitions
    - Total records: 2
    - Estimated size: ~[SIZE] before compression
    - Backup strategy: Full (< 10K rows)

    Verification:
    - authors            2 of 2  blake3:29088f8dea69...
    - mods               3 of 3  blake3:bf74a06a5fe9...
    - mod_tags           3 of 3  blake3:f16b0108fd00...
    - facet_definitions  2 of 2  blake3:4ee4ef909e27...

    Backup complete! Snapshot [ID]: 10 rows ([SIZE]) in [DURATION]; the store grew by [SIZE].

    To restore this backup later:
    $ dbsnap restore [ID]

    You can now safely run your destructive script.
    ");
    insta::assert_snapshot!(shop.run(["log", "--oneline"]), @r"
    exit 0
    --- stdout
    [ID] snapshot of authors and 3 more tables
    ");
}

#[test]
fn all_tables_and_their_files() {
    let shop = Shop::new();
    insta::assert_snapshot!(shop.run(["snap", "--all", "--export", "-m", "all"]), @r"
    exit 0
    --- stdout
    Request: all
    [DIR]/dev.db (from DATABASE_URL in .env)

    Analyzing table: authors
    - Total records: 2
    - Estimated size: ~[SIZE] before compression
    - Backup strategy: Full (< 10K rows)

    Analyzing table: facet_definitions
    - Total records: 2
    - Estimated size: ~[SIZE] before compression
    - Backup strategy: Full (< 10K rows)

    Analyzing table: mod_tags
    - Total records: 3
    - Estimated size: ~[SIZE] before compression
    - Backup strategy: Full (< 10K rows)

    Analyzing table: mods
    - Total records: 3
    - Estimated size: ~[SIZE] before compression
    - Backup strategy: Full (< 10K rows)

    Creating backup...
    - Fetching records: 2 / 2
    - Writing to: scripts/backups/backup_[TIME]_authors.json
    - Generating restore script: backup_[TIME]_authors_restore.ts
    - Fetching records: 2 / 2
    - Writing to: scripts/backups/backup_[TIME]_facet_definitions.json
    - Generating restore script: backup_[TIME]_facet_definitions_restore.ts
    - Fetching records: 3 / 3
    - Writing to: scripts/backups/backup_[TIME]_mod_tags.json
    - Generating restore script: backup_[TIME]_mod_tags_restore.ts
    - Fetching records: 3 / 3
    - Writing to: scripts/backups/backup_[TIME]_mods.json
    - Generating restore script: backup_[TIME]_mods_restore.ts

    Verification:
    - authors            2 of 2  blake3:29088f8dea69...  sha256:0941fe4d05b6...
    - facet_definitions  2 of 2  blake3:4ee4ef909e27...  sha256:4864e8e3b8a8...
    - mod_tags           3 of 3  blake3:f16b0108fd00...  sha256:048de4826d59...
    - mods               3 of 3  blake3:bf74a06a5fe9...  sha256:10b859569269...

    Backup complete! Snapshot [ID]: 10 rows ([SIZE]) in [DURATION]; the store grew by [SIZE].

    Files created:
    - scripts/backups/backup_[TIME]_authors.json ([SIZE])
    - scripts/backups/backup_[TIME]_authors_restore.ts
    - scripts/backups/backup_[TIME]_facet_definitions.json ([SIZE])
    - scripts/backups/backup_[TIME]_facet_definitions_restore.ts
    - scripts/backups/backup_[TIME]_mod_tags.json ([SIZE])
    - scripts/backups/backup_[TIME]_mod_tags_restore.ts
    - scripts/backups/backup_[TIME]_mods.json ([SIZE])
    - scripts/backups/backup_[TIME]_mods_restore.ts
    - scripts/backups/backup_manifest.json

    To restore this backup later:
    $ dbsnap restore [ID]

    You can now safely run your destructive script.
    ");
    assert_eq!(super::files(&shop.path().join("scripts/backups")).len(), 11);
}

#[test]
fn what_deletions_would_take_along() {
    let shop = Shop::new();
    insta::assert_snapshot!(shop.run(["snap", "authors", "--dry-run"]), @r"
    exit 0
    --- stdout
    [DIR]/dev.db (from DATABASE_URL in .env)

    Analyzing table: authors
    - Total records: 2
    - Estimated size: ~[SIZE] before compression
    - Backup strategy: Full (< 10K rows)

    [DRY RUN] Nothing was read or stored.
    --- stderr
    warning: deleting these rows would cascade to mods (ON DELETE CASCADE); --cascade includes them
    ");
    insta::assert_snapshot!(shop.run(["snap", "-q", "authors", "--cascade", "-m", "with children"]), @r"
    exit 0
    --- stdout
    [ID]
    ");
    insta::assert_snapshot!(shop.run(["log"]), @r"
    exit 0
    --- stdout
    [ID] [AGO] authors, mods +1  8  first  +[SIZE] with children
    ");
}

#[test]
fn a_dry_run_stores_nothing() {
    let shop = Shop::new();
    let before = shop.state();
    insta::assert_snapshot!(shop.run(["snap", "mods", "--where", "price > 5", "--dry-run"]), @r"
    exit 0
    --- stdout
    [DIR]/dev.db (from DATABASE_URL in .env)

    Analyzing table: mods
    - Filter: price > 5
    - Total records: 1
    - Estimated size: ~[SIZE] before compression
    - Backup strategy: Full (< 10K rows)

    [DRY RUN] Nothing was read or stored.
    --- stderr
    warning: deleting these rows would cascade to mod_tags (ON DELETE CASCADE); --cascade includes them
    ");
    assert_eq!(shop.state(), before);
}

#[test]
fn a_part_of_a_table() {
    let shop = Shop::new();
    shop.snap(["mods", "--where", "price > 5"]);
    insta::assert_snapshot!(shop.run(["log", "--stat"]), @r"
    exit 0
    --- stdout
    [ID] [AGO] mods*  1  first  +[SIZE] snapshot of mods
        dbsnap snap -q mods --where 'price > 5'
        mods  1 row [SIZE] first  where price > 5
    ");
}

#[test]
fn filters_that_are_refused() {
    let shop = Shop::new();
    insta::assert_snapshot!(shop.refused(["snap", "mods", "--where", "1 = 1; DROP TABLE mods"]), @r"
    exit 2
    --- stderr
    error: invalid filter: it contains a `;`: a filter is one expression, not a statement
    ");
    insta::assert_snapshot!(shop.refused(["snap", "mods", "--where", "id IN (SELECT mod_id FROM mod_tags)"]), @r"
    exit 2
    --- stderr
    error: invalid filter: it contains a subquery; a filter looks at one row of one table
    ");
    insta::assert_snapshot!(shop.refused(["snap", "mods", "--where", "prize > 3"]), @r"
    exit 2
    --- stderr
    error: invalid filter: table mods has no column prize; did you mean price?
    ");
    insta::assert_snapshot!(shop.refused(["snap", "mods", "--where", "random() > 0"]), @r"
    exit 2
    --- stderr
    error: invalid filter: random() is not one of the functions that give the same answer every time (coalesce, nullif, lower, upper, length, abs, substr, ltrim, rtrim, replace, round, octet_length, ...)
    ");
    insta::assert_snapshot!(shop.refused(["snap", "mods", "authors", "--where", "id = 1"]), @r"
    exit 2
    --- stderr
    error: --where goes with one table; 2 were named
    ");
}

#[test]
fn tables_that_are_not_there() {
    let shop = Shop::new();
    insta::assert_snapshot!(shop.refused(["snap", "mosd"]), @r"
    exit 12
    --- stderr
    error: there is no table 'mosd' in the database
    hint: did you mean mods?
    ");
    insta::assert_snapshot!(shop.refused(["snap", "nothing_like_it"]), @r"
    exit 12
    --- stderr
    error: there is no table 'nothing_like_it' in the database
    hint: dbsnap tables lists the tables
    ");
    insta::assert_snapshot!(shop.refused(["snap"]), @r"
    exit 2
    --- stderr
    error: name the tables to snapshot (dbsnap tables lists them), or give --all
    ");
    insta::assert_snapshot!(shop.refused(["snap", "--all", "mods"]), @r"
    exit 2
    --- stderr
    error: --all takes no table names
    ");
    // A view is none.
}

/// What has a name and is no table is called what it is.
#[test]
fn a_view_is_called_a_view() {
    let shop = Shop::new();
    insta::assert_snapshot!(shop.refused(["snap", "cheap"]), @r"
    exit 4
    --- stderr
    error: 'cheap' is a view: only tables can be snapshotted
    ");
    let db = PgServer::shared().database();
    db.sql(
        "CREATE TABLE t (id int PRIMARY KEY); CREATE VIEW vw AS SELECT * FROM t; CREATE MATERIALIZED VIEW mv AS SELECT * FROM t;
         CREATE SCHEMA other; CREATE VIEW other.far AS SELECT 1 AS x; CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;
         CREATE FOREIGN TABLE ft (id int) SERVER s",
    );
    let url = crate::gauntlet::round::url(&db, "postgres");
    for (name, kind) in
        [("vw", "view"), ("mv", "materialized view"), ("ft", "foreign table"), ("far", "view"), ("other.far", "view")]
    {
        let run = shop.dbsnap(["snap", name, "--url", &url]).run();
        let told = format!("'{name}' is a {kind}: only tables can be snapshotted");
        assert!(run.code() == Some(4) && run.stderr().contains(&told), "{run}");
    }
    assert_eq!(shop.dbsnap(["snap", "v", "--url", &url]).run().code(), Some(12));
}

/// A message that nobody gave says what is in the snapshot; a warning names each action of foreign keys once.
#[test]
fn what_is_said_of_several_tables() {
    let shop = Shop::new();
    shop.sql(
        "CREATE TABLE likes (mod INT REFERENCES mods ON DELETE CASCADE); CREATE TABLE drafts (mod INT REFERENCES mods ON DELETE SET NULL)",
    );
    let run = shop.dbsnap(["snap", "mods", "--dry-run"]).run().success();
    assert!(
        run.stderr()
            .contains("would cascade to drafts (ON DELETE SET NULL), likes, mod_tags (ON DELETE CASCADE); --cascade"),
        "{run}"
    );
    for (args, message) in [
        (&["--all"][..], "snapshot of all 6 tables"),
        (&["--all", "--exclude", "likes"], "snapshot of authors and 4 more tables"),
        (&["mods", "likes"], "snapshot of mods and likes"),
    ] {
        shop.dbsnap(["snap", "-q"].iter().chain(args)).run().success();
        let newest = shop.dbsnap(["log", "-1", "--format", "{message}"]).run().success();
        assert_eq!(newest.stdout().trim(), message);
    }
}
