//! Every type of PostgreSQL with its hostile values, and tables that Prisma's client cannot write, restored in bulk.

use super::script_project::{Generator, PG, PrismaWorld, Setup};
use crate::support::files::{project, text};
use crate::support::postgres::{Db, PgServer};

/// A table with a list of each type, from the tables that the samples make.
const LISTS: &str = "
    ALTER TABLE everything ADD COLUMN place serial PRIMARY KEY;
    CREATE TABLE lists (id int PRIMARY KEY);
    INSERT INTO lists SELECT generate_series(1, 60);
    DO $d$ DECLARE name text; kind text; BEGIN
      FOR name, kind IN SELECT c.relname, format_type(a.atttypid, a.atttypmod) FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'a' WHERE c.relname LIKE 'v\\_%' AND c.relkind = 'r' LOOP
        EXECUTE format('ALTER TABLE lists ADD COLUMN %I %s', name, kind);
        EXECUTE format('UPDATE lists SET %I = x.a FROM (SELECT a, row_number() OVER (ORDER BY id) AS n FROM %1$I) AS x WHERE x.n = lists.id', name);
      END LOOP;
    END $d$;";

/// Tables that upsert cannot write, and how each is damaged.
const ODD: &str = "
    CREATE SCHEMA \"Other \"\"Place\"\"\";
    CREATE TABLE always (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text, up text GENERATED ALWAYS AS (upper(v)) STORED);
    INSERT INTO always (v) SELECT 'v' || n FROM generate_series(1, 10) AS n;
    CREATE TABLE \"Other \"\"Place\"\"\".\"Quo\"\"te\" (\"a b\" int, \"select\" text, \"it's\" numeric, PRIMARY KEY (\"select\", \"a b\"));
    INSERT INTO \"Other \"\"Place\"\"\".\"Quo\"\"te\" SELECT n, 'k' || n % 3, n / 7.0 FROM generate_series(1, 9) AS n;
    CREATE TABLE moments (at timestamptz PRIMARY KEY, n int UNIQUE);
    INSERT INTO moments SELECT '2026-01-24 10:30:00.123456+00'::timestamptz + i * interval '1 microsecond', i FROM generate_series(1, 5) AS i;
    CREATE TABLE noted (id int PRIMARY KEY, v text, changed timestamptz);
    INSERT INTO noted SELECT n, 'v', '2026-01-01' FROM generate_series(1, 3) AS n;
    CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN NEW.changed := now(); RETURN NEW; END $f$;
    CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON noted FOR EACH ROW EXECUTE FUNCTION touch();";

const DAMAGE: &str = "
    DELETE FROM everything WHERE place % 2 = 0; DELETE FROM lists WHERE id % 2 = 0;
    DO $d$ DECLARE t text; c text; BEGIN
      FOR t, c IN SELECT r.relname, quote_ident(a.attname) FROM pg_class r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0
        WHERE r.relname IN ('everything', 'lists') AND a.attname NOT IN ('id', 'place') AND NOT a.attnotnull AND NOT a.attisdropped LOOP
        EXECUTE format('UPDATE %I SET %s = NULL', t, c);
      END LOOP;
    END $d$;
    DELETE FROM always WHERE id > 5; UPDATE always SET v = 'x' WHERE id < 3; ALTER SEQUENCE always_id_seq RESTART WITH 1;
    DELETE FROM \"Other \"\"Place\"\"\".\"Quo\"\"te\" WHERE \"a b\" < 4; UPDATE \"Other \"\"Place\"\"\".\"Quo\"\"te\" SET \"it's\" = 1.0;
    UPDATE moments SET n = -n; UPDATE moments SET n = 6 + n; DELETE FROM moments WHERE n = 1;
    DELETE FROM noted WHERE id = 2; UPDATE noted SET v = 'w';";

const TABLES: [&str; 6] =
    ["everything", "lists", "always", "\"Other \"\"Place\"\"\".\"Quo\"\"te\"", "moments", "noted"];

fn state(db: &Db) -> String {
    TABLES.map(|table| db.sql(&format!("SELECT t::text FROM {table} AS t ORDER BY 1"))).join("\n")
}

#[test]
fn every_value_and_every_odd_table_comes_back() {
    let db = PgServer::shared().database();
    db.sql(include_str!("../gauntlet/samples.sql"));
    db.sql(LISTS);
    db.sql(ODD);
    let before = state(&db);
    let models = text(&project("tests/fixtures/prisma/catalogue-postgresql.prisma"));
    let setup = Setup { major: 7, generator: Generator::New, adapter: PG };
    let world = PrismaWorld::new(setup, &models, &db.url());
    world.export(&["everything", "lists", "always", "Other \"Place\".Quo\"te", "moments", "noted"]);
    db.sql(DAMAGE);
    assert_ne!(state(&db), before);
    let odd: Vec<String> = std::fs::read_dir(world.path().join("scripts/backups"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| Some(name.strip_suffix("_restore.ts")?["backup_20260124_103000_".len()..].to_owned()))
        .collect();
    world.run_all(&odd.iter().map(String::as_str).collect::<Vec<_>>(), &["--restore"]);
    let now = state(&db);
    let differing: Vec<_> = now.lines().zip(before.lines()).filter(|(now, before)| now != before).collect();
    assert!(differing.is_empty() && now.len() == before.len(), "{differing:#?}");
    // The trigger is on again, and the identity goes on behind the restored rows.
    assert_eq!(db.sql("INSERT INTO always (v) VALUES ('next') RETURNING id"), "11");
    assert_eq!(db.sql("UPDATE noted SET v = 'z' WHERE id = 1 RETURNING changed > '2026-02-01'"), "t");
}
