//! From what a person types to tables: exact names, models, patterns, partitioned tables, the search path.

use super::{Shop, shown};
use crate::support::place::{Place, on_postgres};
use crate::tree::model::Dice;
use dbsnap::monitor::Silent;
use dbsnap::ops::show::show;
use dbsnap::ops::snap::SnapOptions;
use dbsnap::ops::{OpError, Operation, Repository};
use serde_json::Value;
use std::collections::BTreeSet;

/// Models of the shop's tables.
pub(super) const MODELS: &str = "
    datasource db {
      provider = \"sqlite\"
      url      = env(\"DATABASE_URL\")
    }
    model Author {
      id String @id
      @@map(\"authors\")
    }
    model Mod {
      id Int @id
      @@map(\"mods\")
    }
    model ModTag {
      modId Int @map(\"mod_id\")
      tag String
      @@id([modId, tag])
      @@map(\"mod_tags\")
    }
    model FacetDefinition {
      id Int @id
      @@map(\"facet_definitions\")
    }";

/// The tables that `snap` would take.
fn taken(shop: &Shop, args: &[&str]) -> Vec<String> {
    let run = shop.dbsnap(["snap", "--dry-run", "--json"].iter().chain(args)).run().success();
    tables(&serde_json::from_str(run.stdout()).unwrap())
}

fn tables(report: &Value) -> Vec<String> {
    let tables = report["tables"].as_array().unwrap();
    tables.iter().map(|table| table["table"].as_str().unwrap().to_owned()).collect()
}

/// How a command is refused: its status and what it says.
pub(super) fn refused(place: &Place, args: &[&str]) -> (Option<i32>, String) {
    let run = place.unchanged(&place.round.plain(args));
    (run.code(), run.stderr().to_owned())
}

#[test]
fn an_exact_name_wins() {
    let shop = Shop::new();
    shop.sql(
        "CREATE TABLE mod (id INTEGER PRIMARY KEY); CREATE TABLE user (id INTEGER PRIMARY KEY);
         CREATE TABLE users (id INTEGER PRIMARY KEY); CREATE TABLE author (id INTEGER PRIMARY KEY);
         CREATE TABLE Item (id INTEGER PRIMARY KEY); CREATE TABLE \"a:b\" (id INTEGER PRIMARY KEY);
         CREATE TABLE \"100%*\" (id INTEGER PRIMARY KEY); CREATE TABLE \"100%x\" (id INTEGER PRIMARY KEY);",
    );
    let users = "\nmodel User {\n id Int @id\n @@map(\"users\")\n}\nmodel item {\n id Int @id\n @@map(\"user\")\n}\n";
    shop.project.write("schema.prisma", format!("{MODELS}{users}"));
    for (typed, wanted) in [
        ("user", "user"),
        ("User", "users"),
        ("users", "users"),
        ("USERS", "users"),
        ("mod", "mod"),
        ("mods", "mods"),
        ("Mod", "mods"),
        ("modTag", "mod_tags"),
        ("author", "author"),
        ("Author", "authors"),
        ("Item", "Item"),
        ("item", "user"),
        ("facetDefinition", "facet_definitions"),
        ("a:b", "a:b"),
        ("100%*", "100%*"),
    ] {
        assert_eq!(taken(&shop, &[typed]), [wanted], "{typed}");
    }
    let run = shop.dbsnap(["snap", "--dry-run", "ITEM"]).run();
    assert_eq!(run.code(), Some(12), "a table and a model go by it in another case: {run}");
    assert!(run.stderr().contains("Item") && run.stderr().contains("user"), "{run}");
    for typed in ["modss", "mod_", "mods?", "Facet", "facets", "user s", "mod-tags", ""] {
        let run = shop.dbsnap(["snap", "--dry-run", "--", typed]).run();
        assert_eq!(run.code(), Some(12), "{typed}: {run}");
    }
}

#[test]
fn patterns_take_all_tables_that_they_fit() {
    let shop = Shop::new();
    assert_eq!(taken(&shop, &["mod*"]), ["mod_tags", "mods"]);
    assert_eq!(taken(&shop, &["mod?", "[af]*"]), ["mods", "authors", "facet_definitions"]);
    assert_eq!(taken(&shop, &["MOD*"]), ["mod_tags", "mods"]);
    assert_eq!(taken(&shop, &["--all", "--exclude", "mod*"]), ["authors", "facet_definitions"]);
    assert_eq!(taken(&shop, &["--all", "--exclude", "mods", "--exclude", "*_*"]), ["authors"]);
    assert_eq!(taken(&shop, &["mod*", "--exclude", "mods"]), ["mod_tags"]);
    assert_eq!(taken(&shop, &["authors", "--cascade", "--exclude", "mod_tags"]), ["authors", "mods"]);
    insta::assert_snapshot!(shop.refused(["snap", "order*"]), @r"
    exit 12
    --- stderr
    error: no table in the database matches 'order*'
    hint: dbsnap tables lists the tables
    ");
    insta::assert_snapshot!(shop.refused(["snap", "--all", "--exclude", "order"]), @r"
    exit 12
    --- stderr
    error: there is no table 'order' in the database
    hint: dbsnap tables lists the tables
    ");
    insta::assert_snapshot!(shop.refused(["snap", "--all", "--exclude", "*"]), @r"
    exit 2
    --- stderr
    error: --exclude leaves no table to snapshot
    ");
    insta::assert_snapshot!(shop.refused(["snap", "[mods"]), @r"
    exit 2
    --- stderr
    error: '[mods' is not a pattern: invalid range pattern (at character 1)
    ");
    shop.snap(["--all"]);
    shop.sql("DELETE FROM mods; DELETE FROM mod_tags");
    let run = shop.dbsnap(["restore", "latest", "mod*", "-y", "--json"]).run().success();
    assert_eq!(tables(&serde_json::from_str(run.stdout()).unwrap()), ["mods", "mod_tags"]);
    let run = shop.dbsnap(["diff", "--json", "--stat", "--", "a*", "mods"]).run().success();
    assert_eq!(tables(&serde_json::from_str(run.stdout()).unwrap()), ["authors", "mods"]);
    shop.dbsnap(["export", "latest", "?ods", "-o", "out"]).run().success();
    let files = std::fs::read_dir(shop.path().join("out")).unwrap().map(|file| file.unwrap().file_name());
    assert_eq!(files.filter(|file| file.to_string_lossy().ends_with("_mods.json")).count(), 1);
}

/// The tables that a name or a pattern stands for.
fn planned(place: &Place, typed: &str) -> Result<BTreeSet<String>, OpError> {
    let options = SnapOptions { tables: vec![typed.to_owned()], ..SnapOptions::default() };
    let repository = repository(place);
    let plan = options.plan(&repository, &mut repository.database(), &Silent)?;
    Ok(plan.effect.tables.into_iter().map(|table| table.table).collect())
}

fn repository(place: &Place) -> Repository {
    let dir = place.round.project.path().to_owned();
    Repository::find(&dbsnap::ops::Place { dir, store: None, url: Some(place.round.url()) }).unwrap()
}

fn word(dice: &mut Dice, pieces: &[&str], most: u64) -> String {
    (0..=dice.roll(most)).map(|_| dice.pick(pieces)).collect()
}

#[test]
fn generated_patterns_take_what_glob_takes() {
    let place = Place::sqlite();
    let mut dice = Dice(31);
    let letters = ["a", "A", "b", "B", "c", "_", "1", " ", "é", "."];
    let mut names = BTreeSet::new();
    for _ in 0..40 {
        let name = word(&mut dice, &letters, 4);
        if names.insert(name.to_ascii_lowercase()) {
            place.sql(&format!("CREATE TABLE \"{name}\" (id INTEGER PRIMARY KEY)"));
        }
    }
    let (mut some, mut none) = (0, 0);
    for _ in 0..300 {
        let typed = word(&mut dice, &["*", "?", "?", "a", "A", "b", "C", "_", " ", "é", ".", "[a-c]", "[AB1]"], 4);
        if typed.contains("**") || !typed.contains(['*', '?', '[']) {
            continue;
        }
        let matching = |column: &str, pattern: &str| -> BTreeSet<String> {
            let sql =
                format!("SELECT name || '|' FROM sqlite_schema WHERE type = 'table' AND {column} GLOB '{pattern}'");
            place.sql(&sql).lines().map(|line| line.trim_end_matches('|').to_owned()).collect()
        };
        let mut wanted = matching("name", &typed);
        if wanted.is_empty() {
            wanted = matching("lower(name)", &typed.to_ascii_lowercase());
        }
        match planned(&place, &typed) {
            Ok(found) => assert_eq!(found, wanted, "{typed}"),
            Err(error) => {
                assert!(wanted.is_empty() && matches!(error, OpError::NoSuchTable { .. }), "{typed}: {error}")
            }
        }
        *(if wanted.is_empty() { &mut none } else { &mut some }) += 1;
    }
    assert!(some > 100 && none > 20, "{some} {none}");
}

/// A name as it is, with its schema or without, is the table that psql finds by the quoted name; and so it is before a
/// key.
#[test]
fn generated_names_are_the_tables_that_psql_finds() {
    let place = Place::superuser();
    let mut dice = Dice(37);
    let pieces = ["a", "A", "b", ".", "\"", "'", " ", "*", "?", "[", "]", "é", "$", "_", "-", "%", "\\", "@", "#", "="];
    place.sql(
        "CREATE SCHEMA \"S p\"; ALTER ROLE CURRENT_USER IN DATABASE \"DB\" SET search_path = public, \"S p\""
            .replace("DB", &place.sql("SELECT current_database()"))
            .as_str(),
    );
    let mut names = BTreeSet::new();
    for n in 0..50 {
        let name = word(&mut dice, &pieces, 4);
        let schema = dice.pick(&["public", "S p"]);
        if names.insert((schema, name.clone())) {
            let quoted = name.replace('"', "\"\"");
            place.sql(&format!("CREATE TABLE \"{schema}\".\"{quoted}\" AS SELECT 7 AS id, {n} AS n; ALTER TABLE \"{schema}\".\"{quoted}\" ADD PRIMARY KEY (id)"));
        }
    }
    place.snap();
    let here = repository(&place);
    for (schema, name) in &names {
        let full = format!("{schema}.{name}");
        let quoted = name.replace('"', "\"\"");
        for (typed, sql) in [(name, format!("\"{quoted}\"")), (&full, format!("\"{schema}\".\"{quoted}\""))] {
            let found = planned(&place, typed).unwrap_or_else(|error| panic!("{typed}: {error}"));
            assert_eq!(found.len(), 1, "{typed}: {found:?}");
            let report = show(&here, &format!("latest:{typed}:7")).unwrap_or_else(|error| panic!("{typed}: {error}"));
            let n = serde_json::to_value(&report.row).unwrap()["n"].to_string();
            assert_eq!(n, place.sql(&format!("SELECT n FROM {sql}")), "{typed}");
        }
    }
}

#[test]
fn a_table_in_the_place_of_a_snapshot() {
    let shop = Shop::new();
    shop.snap(["mods", "-m", "first"]);
    shop.snap(["authors"]);
    shop.sql("UPDATE mods SET price = 0 WHERE id = 1");
    let report = |args: &[&str]| -> Value { serde_json::from_str(shop.dbsnap(args).run().success().stdout()).unwrap() };
    for args in
        [&["diff", "--json", "mods"][..], &["diff", "--json", "mods", "latest:mods"], &["diff", "--json", "--", "mods"]]
    {
        let found = report(args);
        assert_eq!(tables(&found), ["mods"], "{args:?}");
        assert_eq!(found["tables"][0]["changed"], 1);
    }
    assert_eq!(tables(&report(&["restore", "--json", "--dry-run", "mods"])), ["mods"]);
    assert_eq!(tables(&report(&["export", "--json", "MODS"])), ["mods"]);
    assert_eq!(report(&["show", "--json", "mods:1"])["row"]["id"], 1);
    assert_eq!(report(&["sql", "--json", "mods", "SELECT count(*) FROM mods"])["rows"][0][0], 3);
    insta::assert_snapshot!(shop.refused(["delete", "mods"]), @r"
    exit 12
    --- stderr
    error: no snapshot is called 'mods'
    hint: did you mean latest:mods?
    ");
    insta::assert_snapshot!(shop.refused(["tag", "mods", "v1"]), @r"
    exit 12
    --- stderr
    error: no snapshot is called 'mods'
    hint: did you mean latest:mods?
    ");
    insta::assert_snapshot!(shop.refused(["restore", "modz"]), @r"
    exit 12
    --- stderr
    error: no snapshot is called 'modz'
    hint: dbsnap log lists the snapshots
    ");
    // A tag of that name is what is meant.
    shop.dbsnap(["tag", "latest", "mods"]).run().success();
    assert_eq!(tables(&report(&["restore", "--json", "--dry-run", "mods"])), ["authors"]);
}

#[test]
fn names_that_differ_in_case_in_queries_and_conditions() {
    let place = Place::superuser();
    place.sql(
        "CREATE TABLE \"Tag\" (id int PRIMARY KEY, \"key\" text, \"KEY\" text); CREATE TABLE tag (id int PRIMARY KEY, v text);
         CREATE TABLE \"TAG\" (id int PRIMARY KEY, tag text);
         INSERT INTO \"Tag\" VALUES (1, 'a', 'b'); INSERT INTO tag VALUES (1, 'x'), (2, 'y'); INSERT INTO \"TAG\" VALUES (7, 'z');",
    );
    place.snap();
    let answer = |query: &str| place.round.json(&["sql", "latest", query])["rows"].clone();
    assert_eq!(answer("SELECT \"key\", \"KEY\" FROM \"Tag\""), serde_json::json!([["a", "b"]]));
    assert_eq!(answer("SELECT count(*), max(v) FROM tag"), serde_json::json!([[2, "y"]]));
    assert_eq!(answer("SELECT tag FROM \"TAG\""), serde_json::json!([["z"]]));
    assert_eq!(
        answer("SELECT a.id, b.id FROM \"Tag\" a JOIN tag b USING (id) WHERE a.\"KEY\" = 'b' AND 'tag' = 'tag'"),
        serde_json::json!([[1, 1]])
    );
    let (code, said) = refused(&place, &["sql", "latest", "SELECT * FROM tAG"]);
    assert_eq!((code, said.contains("could be any of")), (Some(2), true), "{said}");
    let (code, said) = refused(&place, &["snap", "taG"]);
    assert_eq!((code, said.contains("public.TAG, public.Tag, public.tag")), (Some(12), true), "{said}");
    place.sql("UPDATE \"Tag\" SET \"key\" = 'q', \"KEY\" = 'q'");
    assert_eq!(place.restore(&["latest:Tag", "--where", "\"KEY\" = 'b'"]), [0, 1, 0, 0, 0]);
    let written = place.round.project.path().join("out.db");
    let run = place.round.plain(&["sql", "latest", "--out", "out.db"]).run().success();
    assert!(
        run.stderr().contains("Tag.KEY is called KEY_2 there")
            || run.stderr().contains("Tag.key is called key_2 there"),
        "{run}"
    );
    let written = rusqlite::Connection::open(written).unwrap();
    let rows = |sql: &str| written.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(
        (rows("SELECT count(*) FROM TAG"), rows("SELECT count(*) FROM Tag_2"), rows("SELECT count(*) FROM tag_3")),
        (1, 1, 2)
    );
}

#[test]
fn a_refused_table_can_be_left_out() {
    let place = Place::owner();
    place.sql("CREATE TABLE fine (id int PRIMARY KEY); CREATE TABLE also (id int PRIMARY KEY)");
    place.db().sql("CREATE TABLE secret (id int PRIMARY KEY)");
    let (code, said) = refused(&place, &["snap", "--all"]);
    assert_eq!((code, said.contains("--exclude secret")), (Some(4), true), "{said}");
    let taken = place.round.json(&["snap", "--all", "--exclude", "secret"]);
    assert_eq!(tables(&taken), ["also", "fine"]);
}

/// What a name means is what psql finds by the same URL, whoever set the path.
#[test]
fn the_search_path_decides() {
    let place = Place::superuser();
    let (db, user) = place.database();
    let schemas = ["tenant_a", "tenant_b", "Tenant C", "public"];
    for (nth, schema) in schemas.iter().enumerate() {
        place.sql(&format!("CREATE SCHEMA IF NOT EXISTS \"{schema}\""));
        for (at, table) in ["users", "posts", "tags"].iter().enumerate() {
            // each table is missing somewhere
            if (at + nth) % 3 != 2 {
                place.sql(&format!("CREATE TABLE \"{schema}\".{table} (id int PRIMARY KEY)"));
            }
        }
    }
    let paths = ["tenant_b,public", "\"Tenant C\", tenant_a", "tenant_a, public", "nowhere, tenant_b, tenant_a"];
    let set = [
        format!("ALTER ROLE {user} SET search_path = "),
        format!("ALTER DATABASE {} SET search_path = ", db.name),
        format!("ALTER ROLE {user} IN DATABASE {} SET search_path = ", db.name),
    ];
    for (nth, path) in paths.iter().enumerate() {
        db.sql(&format!("{}{path}", set[nth % set.len()]));
        check_path(&place, "");
        let options = path.replace('"', "%22").replace(' ', "%20").replace("%22Tenant%20C%22,%20", "");
        check_path(&place, &format!("&options=-c%20search_path%3D{options}").replace(",%20", ","));
    }
}

fn check_path(place: &Place, options: &str) {
    let (db, user) = place.database();
    let url = crate::gauntlet::round::url(db, user);
    let separator = if url.contains('?') { "" } else { "?" };
    let url = format!("{url}{separator}{options}");
    for table in ["users", "posts", "tags"] {
        let sql = format!(
            "SELECT coalesce((SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE c.oid = to_regclass('{table}')), '')"
        );
        let psql = place.round.project.program("psql", ["-X", "-A", "-t", "-q", &url, "-c", &sql]).run().success();
        let wanted = psql.stdout().trim();
        let run = place.round.project.dbsnap(["--url", &url, "snap", table, "--dry-run", "--json"]).run();
        if wanted.is_empty() {
            continue;
        }
        let wanted = if wanted == "public" { table.to_owned() } else { format!("{wanted}.{table}") };
        let report: Value = serde_json::from_str(run.success().stdout()).unwrap();
        assert_eq!(tables(&report), [wanted], "{url}");
    }
}

/// A snapshot remembers what was found, for commands that have no connection.
#[test]
fn a_snapshot_of_several_schemas_has_the_path_of_its_time() {
    let place = Place::superuser();
    let (db, user) = place.database();
    place.sql("CREATE SCHEMA b; CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE b.users (id int PRIMARY KEY, b int); INSERT INTO b.users VALUES (1, 2)");
    db.sql(&format!("ALTER ROLE {user} SET search_path = b, public"));
    place.snap();
    assert_eq!(place.round.json(&["show", "latest:users"])["table"]["rows"], 1);
    place.sql("DELETE FROM b.users");
    assert_eq!(place.done(&["restore", "latest", "users"])["tables"][0]["table"], "b.users");
    assert_eq!(place.round.json(&["diff", "--", "users"])["tables"][0]["table"], "b.users");
}

#[test]
fn a_partitioned_table_has_one_name() {
    on_postgres(|place| {
        place.sql(
            "CREATE TABLE m (id int, at date, v text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
             CREATE TABLE m_old PARTITION OF m FOR VALUES FROM (MINVALUE) TO ('2026-01-01');
             CREATE TABLE m_new PARTITION OF m FOR VALUES FROM ('2026-01-01') TO (MAXVALUE) PARTITION BY LIST (id);
             CREATE TABLE m_new_1 PARTITION OF m_new FOR VALUES IN (1, 2, 3);
             CREATE TABLE m_new_d PARTITION OF m_new DEFAULT;
             CREATE TABLE aside (id int PRIMARY KEY);
             INSERT INTO m VALUES (1, '2025-05-05', 'a'), (2, '2026-05-05', 'b'), (9, '2026-06-06', 'c');",
        );
        let json = |args: &[&str]| place.round.json(args);
        place.snap();
        let parts = ["m_new_1", "m_new_d", "m_old"];
        assert_eq!(tables(&json(&["snap", "m", "--dry-run"])), parts);
        assert_eq!(tables(&json(&["snap", "M_NEW", "--dry-run"])), parts[..2]);
        assert_eq!(tables(&json(&["snap", "--all", "--exclude", "m", "--dry-run"])), ["aside"]);
        assert_eq!(tables(&json(&["snap", "m", "--where", "v <> 'c'", "--dry-run"])), parts);
        place.sql("UPDATE m SET v = 'x'; DELETE FROM m WHERE id = 9");
        assert_eq!(tables(&json(&["diff", "--stat", "--", "m"])), parts);
        assert_eq!(tables(&json(&["diff", "--stat", "latest:m_new"])), parts[..2]);
        assert_eq!(tables(&json(&["status", "m"])), parts);
        assert_eq!(tables(&json(&["export", "latest", "m"])), parts);
        assert_eq!(json(&["log", "m"])["snapshots"].as_array().unwrap().len(), 1);
        let shown = json(&["show", "latest:m"]);
        assert_eq!(
            (&shown["table"]["rows"], shown["table"]["partitions"].as_array().unwrap().len()),
            (&Value::from(3), 3)
        );
        assert_eq!(json(&["show", "latest:m:9,2026-06-06"])["row"]["v"], "c");
        assert_eq!(
            json(&["sql", "latest", "SELECT group_concat(v, '') FROM (SELECT v FROM m ORDER BY id)"])["rows"][0][0],
            "abc"
        );
        assert_eq!(json(&["sql", "latest:m_new", "SELECT count(*) FROM m"])["rows"][0][0], 2);
        place.restore(&["latest:m:9,2026-06-06"]);
        assert_eq!(place.sql("SELECT v FROM m WHERE id = 9"), "c");
        let restored = place.done(&["restore", "latest", "m_new"]);
        assert_eq!(tables(&restored).len(), 2);
        place.snap();
        let followed = json(&["history", "m:1,2025-05-05"]);
        assert_eq!((&followed["table"], followed["steps"].as_array().unwrap().len()), (&Value::from("m"), 2));
    });
}

#[test]
fn tables_that_are_left_out() {
    let shop = Shop::new();
    shop.snap(["--all"]);
    shop.sql("DELETE FROM mod_tags; DELETE FROM mods; DELETE FROM facet_definitions");
    let diff = |args: &[&str]| shown(&shop.dbsnap(["diff", "--name-only"].iter().chain(args)).run());
    insta::assert_snapshot!(diff(&["--exclude", "mod*"]), @r"
    exit 0
    --- stdout
    facet_definitions
    ");
    insta::assert_snapshot!(diff(&["latest", "live", "--exclude", "mods", "--", "mods", "mod_tags"]), @r"
    exit 0
    --- stdout
    mod_tags
    ");
    insta::assert_snapshot!(diff(&["--exclude", "nothing"]), @r"
    exit 12
    --- stderr
    error: there is no table 'nothing' in these snapshots
    hint: dbsnap tables lists the tables
    ");
    insta::assert_snapshot!(shop.refused(["diff", "--exclude", "*"]), @r"
    exit 2
    --- stderr
    error: --exclude leaves no table
    ");
    insta::assert_snapshot!(shop.refused(["restore", "latest", "-y", "--exclude", "*"]), @r"
    exit 2
    --- stderr
    error: --exclude leaves no table
    ");
    let restored = shop.dbsnap(["restore", "latest", "-y", "--exclude", "facet_definitions"]).run().success();
    assert!(restored.stdout().contains("mods: 3 insert"), "{restored}");
    assert!(!shop.rows().iter().any(|row| row.starts_with("facet_definitions")), "{:?}", shop.rows());
    shop.dbsnap(["export", "latest", "--exclude", "mod*", "--exclude", "authors"]).run().success();
    let exported = std::fs::read_dir(shop.path().join("scripts/backups")).unwrap();
    let mut exported: Vec<String> = exported.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    exported.retain(|name| name.ends_with(".json") && name != "backup_manifest.json");
    assert!(matches!(&exported[..], [one] if one.ends_with("facet_definitions.json")), "{exported:?}");
}
