//! Models, fields and values of enums in place of tables, columns and labels.

use crate::support::postgres::{Db, PgServer};
use crate::support::process::{Invocation, Project, Run};
use rusqlite::Connection;

const SCHEMA: &str = r#"
datasource db {
  provider = "sqlite"
  url      = env("DATABASE_URL")
}

/// Main content table
/// with a second line.
model Mod {
  id          Int        @id
  contentType String     @map("content_type")
  label       String     @map("the_title")
  kind        Kind       @default(FREE)
  categories  Category[]

  @@map("mods")
}

/// Category tree
model Category {
  id   Int    @id
  name String
  mods Mod[]

  @@map("taxonomy")
}

model FacetDefinition {
  id Int @id
}

model Old {
  id Int

  @@ignore
  @@map("old_things")
}

enum Kind {
  FREE @map("free-of-charge")
  PAID
}
"#;

const TABLES: &str = "
    CREATE TABLE mods (id INTEGER PRIMARY KEY, content_type TEXT NOT NULL, the_title TEXT NOT NULL, kind TEXT NOT NULL);
    CREATE TABLE taxonomy (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE FacetDefinition (id INTEGER PRIMARY KEY);
    CREATE TABLE old_things (id INTEGER);
    CREATE TABLE elsewhere (id INTEGER PRIMARY KEY);
    CREATE TABLE _prisma_migrations (id TEXT PRIMARY KEY, migration_name TEXT NOT NULL);
    CREATE TABLE _CategoryToMod (A INTEGER NOT NULL REFERENCES taxonomy (id) ON DELETE CASCADE,
        B INTEGER NOT NULL REFERENCES mods (id) ON DELETE CASCADE, UNIQUE (A, B));
    INSERT INTO mods VALUES (1, 'furniture', 'Oak table', 'free-of-charge'), (2, 'furniture', 'Lamp', 'PAID'), (3, 'house', 'Hut', 'PAID');
    INSERT INTO taxonomy VALUES (1, 'Light');
    INSERT INTO _CategoryToMod VALUES (1, 2);";

/// A project with a schema in `prisma/` and its database beside the schema, as Prisma 5 and 6 have it.
fn shop() -> Project {
    let project = Project::new();
    project.write("prisma/schema.prisma", SCHEMA);
    project.write(".env", "DATABASE_URL=\"file:./dev.db\"\n");
    project.write("package.json", r#"{ "dependencies": { "@prisma/client": "^6.19.0" } }"#);
    Connection::open(project.path().join("prisma/dev.db")).unwrap().execute_batch(TABLES).unwrap();
    project.dbsnap(["init"]).run().success();
    project
}

/// What `snap` says it would read: `mods 3`.
fn planned(invocation: &Invocation) -> String {
    let run = invocation.clone().args(["--dry-run", "--json"]).run();
    let said: serde_json::Value = serde_json::from_str(run.stdout()).unwrap();
    match said["tables"].as_array() {
        Some(tables) => {
            let shown: Vec<String> =
                tables.iter().map(|table| format!("{} {}", table["table"].as_str().unwrap(), table["rows"])).collect();
            shown.join(", ")
        }
        None => said["error"]["message"].as_str().unwrap().to_owned(),
    }
}

fn shown(run: &Run) -> String {
    run.to_string().replace(rusqlite::version(), "[VERSION]")
}

#[test]
fn a_table_goes_by_its_models_name_in_any_case() {
    let shop = shop();
    for typed in ["Mod", "mod", "MOD", "mods", "Mods"] {
        assert_eq!(planned(&shop.dbsnap(["snap", typed])), "mods 3", "{typed}");
    }
    for typed in ["Category", "category", "taxonomy", "TAXONOMY"] {
        assert_eq!(planned(&shop.dbsnap(["snap", typed])), "taxonomy 1", "{typed}");
    }
    for typed in ["_CategoryToMod", "CategoryToMod"] {
        assert_eq!(planned(&shop.dbsnap(["snap", typed])), "_CategoryToMod 1", "{typed}");
    }
    assert_eq!(planned(&shop.dbsnap(["snap", "facetDefinition", "old"])), "FacetDefinition 0, old_things 0");
    insta::assert_snapshot!(shop.dbsnap(["snap", "Categry"]).run(), @"
    exit 12
    --- stderr
    error: there is no table 'Categry' in the database
    hint: did you mean Category?
    ");
}

#[test]
fn filters_take_fields_and_values_of_enums() {
    let shop = shop();
    let filtered = |filter: &str| planned(&shop.dbsnap(["snap", "Mod", "--where", filter]));
    assert_eq!(filtered("contentType = 'furniture'"), "mods 2");
    assert_eq!(filtered("content_type = 'furniture' AND label = 'Lamp'"), "mods 1");
    assert_eq!(filtered("the_title LIKE 'L%'"), "mods 1");
    assert_eq!(filtered("kind = 'FREE'"), "mods 1");
    assert_eq!(filtered("kind = 'free-of-charge'"), "mods 1");
    assert_eq!(filtered("'FREE' <> kind"), "mods 2");
    assert_eq!(filtered("mods.kind IN ('FREE', 'PAID')"), "mods 3");
    // In SQLite an enum is text, in the order of its labels.
    for (filter, rows) in [
        ("kind > 'FREE'", 0),
        ("kind >= 'FREE'", 1),
        ("kind BETWEEN 'FREE' AND 'z'", 1),
        ("'FREE' NOT BETWEEN kind AND kind", 2),
        ("'FREE' IN (kind, 'x')", 1),
        ("kind IN (label, 'FREE')", 1),
        ("label = 'FREE' OR NOT (kind <> 'FREE')", 1),
        ("coalesce(kind = 'FREE', label = 'FREE')", 1),
        ("lower(kind) = 'free-of-charge'", 1),
        ("kind LIKE 'free%'", 1),
    ] {
        assert_eq!(filtered(filter), format!("mods {rows}"), "{filter}");
    }
    // Elsewhere, and beside what is no enum or one with other values, the database would see the name.
    for filter in [
        "lower(kind) = 'FREE'",
        "kind || '' > 'FREE'",
        "kind LIKE '%FREE%'",
        "kind GLOB '*FREE'",
        "instr(kind, 'FREE') > 0",
        "'FREE' IN (kind, label)",
        "'FREE' BETWEEN kind AND label",
        "coalesce(kind, label) = 'FREE'",
        "kind = coalesce(label, 'FREE')",
        "kind = iif(id > 0, 'FREE', 'x')",
        "kind = CAST('FREE' AS TEXT)",
        "CAST(kind AS TEXT) = 'FREE'",
        "nullif(kind, 'FREE') IS NULL",
    ] {
        let told = format!(
            "'FREE' is Prisma's name of a value of kind, and counts only where it is compared with the column itself: write 'free-of-charge' in `{filter}`"
        );
        assert!(filtered(&format!("label = 'x' OR ({filter})")).contains(&told), "{filter}: {}", filtered(filter));
    }
    assert!(filtered("CASE kind WHEN 'FREE' THEN true END").contains("CASE (`CASE kind WHEN"));
    // Only beside the enum's own column.
    assert_eq!(filtered("label = 'FREE'"), "mods 0");
    assert!(filtered("contnetType = 1").contains("no column contnetType"), "{}", filtered("contnetType = 1"));
}

/// A query compares with what the database has, and Prisma's name of a value is not that.
#[test]
fn a_query_with_prismas_name_of_a_value_is_warned_of() {
    let shop = shop();
    shop.dbsnap(["snap", "mods", "-m", "all"]).run().success();
    let told = "warning: column kind of mods has 'free-of-charge' for Prisma's FREE";
    for (value, rows, warns) in [("FREE", "0", true), ("free-of-charge", "1", false), ("PAID", "2", false)] {
        let query = format!("SELECT count(*) FROM Mod WHERE kind = '{value}'");
        let run = shop.dbsnap(["sql", "latest", &query]).run().success();
        assert!(run.stdout().trim_end().ends_with(rows) && run.stderr().contains(told) == warns, "{run}");
    }
}

/// A filter is kept with the labels that the database was asked for, whatever the schema calls them later.
#[test]
fn a_filter_keeps_the_labels_it_was_taken_with() {
    let shop = shop();
    let filter = "label <> 'é''FREE'\n  AND kind = 'FREE' OR (kind IN ('x', 'FREE') AND label = 'FREE')";
    let labels =
        "label <> 'é''FREE'\n  AND kind = 'free-of-charge' OR (kind IN ('x', 'free-of-charge') AND label = 'FREE')";
    shop.dbsnap(["snap", "Mod", "--where", filter]).run().success();
    let log = shop.dbsnap(["log", "--json"]).run().success();
    assert!(log.stdout().contains(&serde_json::to_string(labels).unwrap()), "{log}");
    let database = Connection::open(shop.path().join("prisma/dev.db")).unwrap();
    database.execute_batch("INSERT INTO mods VALUES (4, 'x', 'New', 'FREE'), (5, 'x', 'New', 'free')").unwrap();
    shop.write("prisma/schema.prisma", SCHEMA.replace("free-of-charge", "free"));
    let exact = ["restore", "latest", "--mode", "exact", "--dry-run"];
    let run = shop.dbsnap(exact).run().success();
    assert!(run.stdout().contains("mods: 0 insert, 0 update, 0 delete"), "{run}");
}

/// Which rows a filter meant that was taken when names counted elsewhere, or did not, nobody can tell.
#[test]
fn an_older_filter_with_a_name_is_not_read_anew() {
    let shop = shop();
    std::fs::remove_file(shop.path().join("prisma/schema.prisma")).unwrap();
    let snap = |filter: &str| {
        let snap = shop.dbsnap(["snap", "mods", "--where", filter]);
        snap.env("DATABASE_URL", "file:./prisma/dev.db").run().success();
    };
    let filters = ["kind > 'FREE'", "coalesce(kind, the_title) = 'FREE'", "'FREE' IN (kind)", "kind = 'FREE'"];
    filters.iter().for_each(|filter| snap(filter));
    shop.write("prisma/schema.prisma", SCHEMA);
    for (nth, filter) in filters.iter().rev().enumerate() {
        let run = shop.dbsnap(["restore", &format!("latest~{nth}"), "--mode", "exact", "--dry-run"]).run();
        let told = match *filter {
            "kind = 'FREE'" => "they may stand for others today",
            _ => "the snapshot does not tell whether",
        };
        assert!(run.stderr().contains(told) && run.stderr().contains(filter), "{run}");
        assert_eq!(run.code(), Some(if told.starts_with("they") { 4 } else { 2 }), "{run}");
    }
}

#[test]
fn a_filter_in_prismas_names_holds_later() {
    let shop = shop();
    shop.dbsnap(["snap", "Mod", "--where", "kind = 'PAID' AND contentType = 'furniture'"]).run().success();
    let database = Connection::open(shop.path().join("prisma/dev.db")).unwrap();
    database
        .execute_batch("INSERT INTO mods VALUES (4, 'furniture', 'New', 'PAID'), (5, 'x', 'Other', 'PAID')")
        .unwrap();
    let diff = shop.dbsnap(["diff", "--json"]).run().success();
    assert!(diff.stdout().contains("New") && !diff.stdout().contains("Other"), "{diff}");
    let none = shop.dbsnap(["diff", "--where", "kind = 'FREE'", "--", "Mod"]).run().success();
    assert!(!none.stdout().contains("New"), "{none}");
    shop.dbsnap(["restore", "latest", "--mode", "exact", "-y", "--cascade"]).run().success();
    let count: i64 = database.query_row("SELECT count(*) FROM mods", [], |row| row.get(0)).unwrap();
    assert_eq!(count, 4);
}

#[test]
fn a_restore_of_a_part_takes_fields_and_values_of_enums() {
    let shop = shop();
    shop.dbsnap(["snap", "Mod"]).run().success();
    let database = Connection::open(shop.path().join("prisma/dev.db")).unwrap();
    database.execute_batch("UPDATE mods SET content_type = 'x', the_title = 'x'").unwrap();
    let part = ["restore", "latest", "Mod", "--where", "kind = 'FREE'", "--columns", "contentType", "-y"];
    shop.dbsnap(part).run().success();
    let rows = "SELECT group_concat(content_type || ' ' || the_title, ', ' ORDER BY id) FROM mods";
    let rows: String = database.query_row(rows, [], |row| row.get(0)).unwrap();
    assert_eq!(rows, "furniture x, x x, x x");
}

#[test]
fn models_point_into_snapshots_too() {
    let shop = shop();
    shop.dbsnap(["snap", "Mod", "Category", "-m", "first"]).run().success();
    insta::assert_snapshot!(shop.dbsnap(["show", "latest:Mod:2"]).run(), @r#"
    exit 0
    --- stdout
    {
      "id": 2,
      "contentType": "furniture",
      "label": "Lamp",
      "kind": "PAID"
    }
    "#);
    insta::assert_snapshot!(shop.dbsnap(["log", "Category", "--oneline"]).run(), @"
    exit 0
    --- stdout
    [ID] first
    ");
    let history = shop.dbsnap(["history", "Mod:2"]).run().success();
    assert!(history.stdout().contains("Lamp"), "{history}");
    let exported = shop.dbsnap(["export", "latest:Category"]).run().success();
    assert!(exported.stdout().contains("_taxonomy.json") && !exported.stdout().contains("_mods.json"), "{exported}");
    let database = Connection::open(shop.path().join("prisma/dev.db")).unwrap();
    database.execute_batch("DELETE FROM taxonomy").unwrap();
    for args in [&["diff", "latest:Category", "live", "--stat"][..], &["diff", "--stat", "--", "Category"]] {
        let run = shop.dbsnap(args).run().success();
        assert!(run.stdout().contains("taxonomy") && !run.stdout().contains("mods"), "{run}");
    }
    shop.dbsnap(["restore", "latest", "Category", "-y"]).run().success();
    let count: i64 = database.query_row("SELECT count(*) FROM taxonomy", [], |row| row.get(0)).unwrap();
    assert_eq!(count, 1);
}

#[test]
fn the_list_of_tables_shows_models_and_notes() {
    let shop = shop();
    insta::assert_snapshot!(shop.dbsnap(["tables"]).run(), @"
    exit 0
    --- stdout
    [DIR]/prisma/dev.db

    MODEL            TABLE               ROWS  SIZE  KEY            REFERS TO       CASCADES TO     NOTE
    FacetDefinition  FacetDefinition        0 [SIZE] id
                     _CategoryToMod         1 [SIZE] A, B (unique)  mods, taxonomy                  which Category belongs to which Mod
                     _prisma_migrations     0 [SIZE] id                                             Prisma's list of migrations: not part of --all
                     elsewhere              0 [SIZE] id
    Mod              mods                   3 [SIZE] id                             _CategoryToMod  Main content table
    Old              old_things             0 [SIZE] none                                           @@ignore: not in Prisma's client
    Category         taxonomy               1 [SIZE] id                             _CategoryToMod  Category tree
    ");
}

#[test]
fn doctor_tells_schema_version_and_where_the_url_is() {
    let shop = shop();
    insta::assert_snapshot!(shown(&shop.dbsnap(["doctor"]).run()), @"
    exit 0
    --- stdout
    ok   project          [DIR]
    ok   store            0 snapshots in 0 packs
    ok   prisma           prisma/schema.prisma: 4 models, Prisma ^6.19.0 (not installed); the URL is DATABASE_URL (prisma/schema.prisma)
    ok   database         [DIR]/prisma/dev.db (from DATABASE_URL in .env)
    ok   server           SQLite [VERSION]
    ok   tables           7 can be snapshotted
    ");
    shop.write("prisma/schema.prisma", "model Mod {\n  id Int @id\n");
    insta::assert_snapshot!(shown(&shop.dbsnap(["doctor"]).run()), @"
    exit 0
    --- stdout
    ok   project          [DIR]
    ok   store            0 snapshots in 0 packs
    note prisma           the schema cannot be read, so models are not known: [DIR]/prisma/schema.prisma:1: the model Mod is not closed: its } is missing
    ok   database         [DIR]/prisma/dev.db (from DATABASE_URL in .env)
    ok   server           SQLite [VERSION]
    ok   tables           7 can be snapshotted
    ");
    // Models are not known then; everything else works.
    assert_eq!(planned(&shop.dbsnap(["snap", "mods"])), "mods 3");
}

/// A project on PostgreSQL with the same names in two schemas.
struct Market {
    project: Project,
    db: Db,
}

impl Market {
    fn new() -> Market {
        let market = Market { project: Project::new(), db: PgServer::shared().database() };
        market.db.sql(
            "CREATE SCHEMA shop; CREATE TYPE shop.role AS ENUM ('user', 'admin-role');
             CREATE TABLE public.people (id int PRIMARY KEY);
             CREATE TABLE shop.people (id int PRIMARY KEY, the_role shop.role NOT NULL);
             CREATE TABLE public.others (id int PRIMARY KEY, x int); CREATE TABLE shop.others (id int PRIMARY KEY);
             INSERT INTO shop.people VALUES (1, 'user'), (2, 'admin-role');",
        );
        market.project.dbsnap(["init"]).run().success();
        market
    }

    fn dbsnap<const N: usize>(&self, args: [&str; N]) -> Invocation {
        self.project.dbsnap(args).env("DATABASE_URL", self.db.url())
    }
}

const PEOPLE: &str = "
enum Role {
  USER  @map(\"user\")
  ADMIN @map(\"admin-role\")
  SCHEMA
}

model Person {
  id   Int  @id
  role Role @map(\"the_role\")

  @@map(\"people\")
  SCHEMA
}
";

#[test]
fn a_model_is_looked_for_in_its_own_schema() {
    let market = Market::new();
    let datasource = "datasource db {\n  provider = \"postgresql\"\n  schemas = [\"public\", \"shop\"]\n}\n";
    market.project.write("schema.prisma", format!("{datasource}{}", PEOPLE.replace("SCHEMA", "@@schema(\"shop\")")));
    assert_eq!(planned(&market.dbsnap(["snap", "Person"])), "shop.people 2");
    assert_eq!(planned(&market.dbsnap(["snap", "public.people"])), "people 0");
    let filtered = market.dbsnap(["snap", "Person", "--where", "role = 'ADMIN'"]);
    assert_eq!(planned(&filtered), "shop.people 1");
    filtered.run().success();
    market.dbsnap(["show", "latest:Person:2"]).run().success();
    market.db.sql("UPDATE shop.people SET the_role = 'user'");
    market.dbsnap(["restore", "latest", "Person", "--mode", "exact", "-y"]).run().success();
    assert_eq!(market.db.sql("SELECT the_role FROM shop.people WHERE id = 2"), "admin-role");
}

/// Enums of PostgreSQL have an order of their own, and there are arrays of them.
#[test]
fn filters_take_values_of_enums_in_every_comparison() {
    let project = Project::new();
    let db = PgServer::shared().database();
    db.sql(
        "CREATE TYPE \"Role\" AS ENUM ('user', 'admin-role', 'OWNER');
         CREATE TABLE people (id int PRIMARY KEY, role \"Role\" NOT NULL, roles \"Role\"[] NOT NULL);
         INSERT INTO people VALUES (1, 'user', '{}'), (2, 'admin-role', '{user}'), (3, 'OWNER', '{user,admin-role,OWNER}'), (4, 'user', '{user,NULL}')",
    );
    let schema = "datasource db {\n  provider = \"postgresql\"\n}\n\
        enum Role {\n  USER @map(\"user\")\n  ADMIN @map(\"admin-role\")\n  OWNER\n}\n\
        model Person {\n  id Int @id\n  role Role\n  roles Role[]\n  @@map(\"people\")\n}\n";
    project.write("schema.prisma", schema);
    let dbsnap = |filter: &str| {
        let snap = project.dbsnap(["snap", "Person", "--where", filter]).env("DATABASE_URL", db.url());
        planned(&snap)
    };
    project.dbsnap(["init"]).run().success();
    for (filter, rows) in [
        ("role > 'USER'", 2),
        ("role BETWEEN 'ADMIN' AND 'OWNER'", 2),
        ("role IN ('USER', 'OWNER')", 3),
        ("role = ANY('{USER, \"ADMIN\"}')", 3),
        ("'ADMIN' = ANY(roles)", 1),
        ("'USER' <> ALL(roles)", 1),
        ("roles @> '{ADMIN,USER}'", 1),
        ("roles = '{USER}'", 1),
        ("roles = '{USER, NULL}'", 1),
        ("role = ANY('{NULL,USER}')", 2),
        ("role = 'admin-role'", 1),
        ("roles @> '{admin-role}'", 1),
        ("roles::text = '{user}'", 1),
    ] {
        assert_eq!(dbsnap(filter), format!("people {rows}"), "{filter}");
    }
    for filter in [
        "role::text LIKE 'ADMIN'",
        "role::text ~ '^ADMIN$'",
        "upper(role::text) = 'ADMIN'",
        "starts_with(role::text, 'ADMIN')",
        "role::text = 'ADMIN'",
        "role::text = 'ADMIN'::text",
        "coalesce(role, 'ADMIN') <> 'OWNER'",
        "role::text = ANY('{ADMIN}'::text[])",
        "roles::text = '{ADMIN}'",
        "roles::text[] = '{ADMIN,NULL}'",
        "roles::text[] && ARRAY['ADMIN', 'x']",
    ] {
        let (told, refused) = (dbsnap(filter), "'ADMIN' is Prisma's name of a value of role");
        assert!(told.contains(refused) && told.contains("compared with the column itself"), "{filter}: {told}");
    }
}

#[test]
fn the_urls_schema_is_where_models_without_one_are() {
    let market = Market::new();
    let datasource = "datasource db {\n  provider = \"postgresql\"\n}\n";
    market.project.write("schema.prisma", format!("{datasource}{}", PEOPLE.replace("  SCHEMA\n", "")));
    assert_eq!(planned(&market.dbsnap(["snap", "person"])), "people 0");
    let url = format!("{}&schema=shop", market.db.url());
    let snap = |typed: &str| planned(&market.project.dbsnap(["snap", typed]).env("DATABASE_URL", &url));
    assert_eq!(snap("Person"), "shop.people 2");
    assert_eq!(snap("people"), "shop.people 2");
    assert_eq!(snap("public.people"), "people 0");
    // A table without a model is looked for in it first, too.
    assert_eq!(snap("others"), "shop.others 0");
    assert_eq!(snap("public.others"), "others 0");
}
