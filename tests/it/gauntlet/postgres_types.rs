//! Every type that a column of PostgreSQL can have, with its hostile values, alone and in arrays, as value and as key.

use super::round::{Round, contents, url};
use crate::support::postgres::{Db, PgServer};

const SAMPLES: &str = include_str!("samples.sql");

/// Types that the server lets columns have but whose values nobody can type in: they come from the server's own
/// catalogs, and their input functions refuse everything.
const WITHOUT_INPUT: &[&str] = &[
    "gtsvector",
    "pg_brin_bloom_summary",
    "pg_brin_minmax_multi_summary",
    "pg_dependencies",
    "pg_mcv_list",
    "pg_ndistinct",
    "pg_node_tree",
];

/// A role or database under which no type has its usual text form.
const HOSTILE: &[(&str, &str)] = &[
    ("extra_float_digits", "-5"),
    ("DateStyle", "'German, DMY'"),
    ("IntervalStyle", "iso_8601"),
    ("TimeZone", "'Asia/Kolkata'"),
    ("bytea_output", "escape"),
    ("xmloption", "document"),
    ("lc_monetary", "'C'"),
    ("array_nulls", "off"),
    ("quote_all_identifiers", "on"),
    ("standard_conforming_strings", "off"),
    ("backslash_quote", "off"),
    ("search_path", "lab, public"),
];

/// Empties every table.
const DELETE: &str = "EXECUTE format('DELETE FROM %s', place)";

/// Gives each row the values of the row before: where equal values that look different are neighbours, only the look
/// changes.
pub const UPDATE: &str = "IF starts_with(name, 'v_') THEN \
    EXECUTE format('UPDATE %s AS t SET v = o.v, a = o.a FROM %1$s AS o WHERE o.id = t.id - 1', place); \
    ELSIF starts_with(name, 'k_') THEN EXECUTE format('UPDATE %s SET a = NULL', place); \
    ELSE UPDATE everything SET \"text\" = '', \"numeric\" = NULL, json = NULL WHERE ctid::text LIKE '%1)'; END IF";

/// Adds rows: with new keys where there is one, and more copies of what is there where there is none.
pub const INSERT: &str = "IF starts_with(name, 'v_') THEN \
    EXECUTE format('INSERT INTO %s SELECT id + 1000, v, a FROM %1$s', place); \
    ELSIF name = 'everything' THEN INSERT INTO everything SELECT * FROM everything; END IF";

pub fn each_table(work: &str) -> String {
    format!(
        "DO $d$ DECLARE place text; name text; BEGIN \
         FOR place, name IN SELECT c.oid::regclass, c.relname FROM pg_class c \
         WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace LOOP {work}; END LOOP; END $d$"
    )
}

pub fn database() -> Db {
    let db = PgServer::shared().database();
    db.sql(SAMPLES);
    db
}

#[test]
fn no_type_of_the_server_is_left_out() {
    let db = database();
    let missing = db.sql(
        "SELECT t.typname FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid \
         WHERE t.typnamespace = 'pg_catalog'::regnamespace AND t.typtype IN ('b', 'r', 'm', 'e', 'd', 'c') \
         AND (t.typrelid = 0 OR c.relkind = 'c') AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid) \
         AND NOT EXISTS (SELECT FROM pg_attribute a JOIN pg_class r ON r.oid = a.attrelid \
         WHERE starts_with(r.relname, 'v_') AND a.attname = 'v' AND a.atttypid = t.oid)",
    );
    for name in missing.lines() {
        assert!(WITHOUT_INPUT.contains(&name), "no sample of {name}");
        let error = db.sql_as(&db.server.user, &format!("SELECT ''::pg_catalog.{name}")).unwrap_err();
        assert!(error.contains("cannot accept a value") || error.contains("not implemented"), "{name}: {error}");
    }
}

#[test]
fn every_value_of_every_type_survives() {
    let db = database();
    let round = Round::new(url(&db, &db.server.user));
    let run = |work: &str| drop(db.sql(&each_table(work)));
    let rewrite = || {
        run(UPDATE);
        run(INSERT);
    };
    round.survives(&|| contents(&db), &[&|| run(DELETE), &rewrite]);
}

#[test]
fn settings_of_role_and_database_change_no_row() {
    let db = database();
    let plain = Round::new(url(&db, &db.server.user));
    let roots = plain.snap(&["--all"]);
    let owner = db.role("owner", "");
    let mut sql = format!("GRANT USAGE ON SCHEMA lab TO {owner}; ");
    for (place, object) in [("DATABASE", &db.name), ("ROLE", &owner)] {
        for (name, value) in HOSTILE {
            sql.push_str(&format!("ALTER {place} {object} SET {name} = {value}; "));
        }
    }
    sql.push_str(&each_table(&format!("EXECUTE format('ALTER TABLE %s OWNER TO {owner}', place)")));
    db.sql(&format!("{sql}; ALTER TABLE lab.samples OWNER TO {owner}"));
    // what the settings do to a client that lets them
    let shown = db
        .sql_as(&owner, "SELECT 0.1::float8 + 0.2, DATE '2026-11-22', decode('5c', 'hex'), INTERVAL '1 day'")
        .unwrap();
    assert_eq!(shown, "0.3|22.11.2026|\\\\|P1D");
    let hostile = plain.with(url(&db, &owner));
    let damage = || drop(db.sql(&format!("{}; {}", each_table(UPDATE), each_table(INSERT))));
    let taken = hostile.survives(&|| contents(&db), &[&damage]);
    assert_eq!(taken.roots(), roots.roots());
    assert_eq!(taken.tables.values().map(|table| table.new_leaves).sum::<u64>(), 0);
}
