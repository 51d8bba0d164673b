use super::*;
use crate::check::Effect;

/// `line effect tables`, with `*` where all rows are meant.
fn shown(text: &str) -> Vec<String> {
    let show = |finding: &Finding| {
        assert_eq!(finding.effect == Effect::Unknown, finding.reason.is_some(), "{text}");
        let effect = format!("{:?}", finding.effect).to_lowercase();
        let tables = finding.tables.join(",");
        let all = if finding.all_rows { "*" } else { "" };
        format!("{} {effect}{all} {tables}", finding.line).trim_end().to_owned()
    };
    findings(text).iter().map(show).collect()
}

fn check(table: &[(&str, &[&str])]) {
    crate::check::tests::hold(table, shown);
}

#[test]
fn rows_are_deleted_and_changed() {
    check(&[
        ("DELETE FROM users", &["1 delete* users"]),
        ("delete from Users where id = 1;", &["1 delete users"]),
        ("\n\nDELETE FROM ONLY public.\"Users\" u\nUSING x WHERE u.id = x.id", &["3 delete Users"]),
        ("DELETE FROM shop.users WHERE true", &["1 delete* shop.users"]),
        ("DELETE FROM users WHERE 1=1", &["1 delete* users"]),
        ("DELETE FROM users WHERE (1 = 1 AND true) OR a = 2", &["1 delete* users"]),
        ("DELETE FROM users WHERE 1=1 AND a = 2", &["1 delete users"]),
        ("DELETE FROM users WHERE NOT false", &["1 delete* users"]),
        ("DELETE FROM users WHERE 1 = 2; UPDATE users SET a = 1 WHERE (false)", &[]),
        ("DELETE FROM users WHERE 1 = 2 OR a = 1", &["1 delete users"]),
        ("DELETE FROM users WHERE id = $1", &["1 delete users"]),
        ("DELETE FROM users WHERE ? = ?", &["1 delete users"]),
        ("DELETE FROM users WHERE id = ?", &["1 delete users"]),
        ("DELETE FROM users WHERE id = :id", &["1 delete users"]),
        ("DELETE FROM users WHERE id = @id", &["1 delete users"]),
        ("DELETE FROM users WHERE id = %s", &["1 delete users"]),
        ("DELETE FROM users WHERE id IN (%(ids)s)", &["1 delete users"]),
        ("DELETE FROM \"main\".[users]", &["1 delete* users"]),
        ("DELETE FROM `users` LIMIT 3", &["1 delete users"]),
        ("DELETE FROM db.public.users", &["1 delete* users"]),
        ("DELETE FROM users WHERE CURRENT OF c", &["1 delete users"]),
        ("UPDATE users SET a = 1", &["1 update* users"]),
        ("UPDATE users SET a = 1 WHERE id = 2", &["1 update users"]),
        ("UPDATE OR REPLACE users SET a = 1 WHERE true", &["1 update* users"]),
        ("UPDATE ONLY users AS u SET (a, b) = (SELECT 1, 2) FROM x WHERE x.id = u.id", &["1 update users"]),
        ("UPDATE users SET a = a + 1 WHERE a @> ? /* where */", &["1 update users"]),
        ("DELETE FROM users /* WHERE id = 1 */ -- WHERE id = 2", &["1 delete* users"]),
        ("WITH gone AS (DELETE FROM users RETURNING *) SELECT count(*) FROM gone", &["1 delete* users"]),
        ("WITH old AS (SELECT 1) DELETE FROM users WHERE id IN (SELECT * FROM old)", &["1 delete users"]),
        (
            "WITH a AS (UPDATE x SET y = 1 RETURNING *), b AS (INSERT INTO z SELECT * FROM a) SELECT 1",
            &["1 update* x", "1 insert z"],
        ),
        ("WITH a AS MATERIALIZED (DELETE FROM users WHERE f(%s) RETURNING id) SELECT 1", &["1 delete users"]),
        ("EXPLAIN ANALYZE DELETE FROM users", &["1 delete* users"]),
        ("EXPLAIN (ANALYZE, BUFFERS) DELETE FROM users", &["1 delete* users"]),
        ("COPY (DELETE FROM users RETURNING *) TO STDOUT", &["1 delete* users"]),
        ("delete all files", &["1 unknown"]),
        ("SELECT 1; oops oops; DELETE FROM users", &["1 unknown", "1 delete* users"]),
    ]);
}

#[test]
fn what_looks_like_a_change_is_none() {
    check(&[
        ("SELECT * FROM users WHERE note = 'DELETE FROM users'", &[]),
        ("SELECT 'it''s; DROP TABLE users;'", &[]),
        ("-- DELETE FROM users\nSELECT 1 -- ; DROP TABLE users", &[]),
        ("/* DROP TABLE users; */ SELECT \"delete from users\" FROM t", &[]),
        ("SELECT $$ DELETE FROM users $$", &[]),
        ("SELECT * FROM deleted WHERE updated_at > now() FOR UPDATE", &[]),
        ("SELECT * FROM users WHERE id = %s ORDER BY %s", &[]),
        ("SELECT a.b FROM t WHERE x = ANY($1) AND f ->> 'delete' = ?", &[]),
        ("EXPLAIN DELETE FROM users", &[]),
        ("EXPLAIN (ANALYZE false, VERBOSE) DELETE FROM users", &[]),
        ("EXPLAIN QUERY PLAN DELETE FROM users", &[]),
        ("PREPARE p AS DELETE FROM users", &[]),
        ("CREATE FUNCTION f() RETURNS void AS $$ DELETE FROM users; $$ LANGUAGE sql", &[]),
        ("CREATE OR REPLACE FUNCTION f() RETURNS void LANGUAGE sql BEGIN ATOMIC DELETE FROM users; END; SELECT 1", &[]),
        ("CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM users; UPDATE x SET y = 1; END; SELECT 1", &[]),
        ("CREATE RULE r AS ON INSERT TO a DO (DELETE FROM users; DELETE FROM b)", &[]),
        ("CREATE TABLE a (id int REFERENCES b ON DELETE CASCADE ON UPDATE SET NULL)", &[]),
        ("CREATE TABLE a AS SELECT * FROM b; SELECT * INTO c FROM b", &[]),
        ("CREATE TABLE a (id uuid DEFAULT my_uuid(), CHECK (f(id)))", &[]),
        ("CREATE INDEX i ON a (f(b)); CREATE VIEW v AS SELECT f(1); CREATE SCHEMA s; CREATE DATABASE d", &[]),
        ("GRANT DELETE ON users TO x; REVOKE TRUNCATE ON users FROM x", &[]),
        ("COMMENT ON TABLE users IS 'DROP TABLE'; VACUUM FULL users; ANALYZE; REINDEX TABLE users", &[]),
        ("REFRESH MATERIALIZED VIEW v; CLUSTER users; LOCK TABLE users; SET search_path TO x; SHOW all", &[]),
        ("SECURITY LABEL ON TABLE a IS 'x'; IMPORT FOREIGN SCHEMA x FROM SERVER y INTO z; SELECT date(a) FROM b", &[]),
        ("DISCARD PLANS; DISCARD ALL; LISTEN x; NOTIFY x, 'drop table'", &[]),
        ("PRAGMA foreign_keys = OFF; PRAGMA table_info(users); PRAGMA writable_schema", &[]),
        ("ATTACH 'x.db' AS x; DETACH x; TABLE users; VALUES (1), (2)", &[]),
        ("SELECT nextval('s'), setval('s', 1), gen_random_uuid(), json_agg(x), pg_catalog.now() FROM t", &[]),
        ("SELECT pg_advisory_lock(1), ST_Distance(a, b), x::numeric(10,2) FROM generate_series(1, 2) g", &[]),
        ("\\if false\nDELETE FROM a;\n\\if :x\nDROP TABLE b;\n\\endif\n\\endif\nSELECT 1", &[]),
        ("COPY (SELECT 1) TO STDOUT WITH (FORMAT csv, HEADER, FORCE_QUOTE *); COPY a TO 'x' (FORCE_QUOTE *)", &[]),
        ("COPY users TO STDOUT; COPY (SELECT * FROM users) TO '/tmp/x'; \\copy users to x", &[]),
        ("", &[]),
        (" ;; -- nothing", &[]),
    ]);
}

#[test]
fn rows_are_added_or_replaced() {
    check(&[
        ("INSERT INTO users (a) VALUES (1)", &["1 insert users"]),
        ("INSERT INTO users SELECT * FROM other", &["1 insert users"]),
        ("INSERT INTO users VALUES (1) ON CONFLICT DO NOTHING", &["1 insert users"]),
        ("INSERT OR IGNORE INTO users VALUES (1)", &["1 insert users"]),
        ("INSERT INTO users VALUES (%s) ON CONFLICT (id) DO NOTHING", &["1 insert users"]),
        ("INSERT INTO users VALUES (1) ON CONFLICT (id) DO UPDATE SET a = excluded.a", &["1 upsert users"]),
        ("INSERT INTO users VALUES (%s) ON CONFLICT (id) DO UPDATE SET a = 1", &["1 upsert users"]),
        ("INSERT INTO users VALUES (1) ON DUPLICATE KEY UPDATE a = 1", &["1 upsert users"]),
        ("INSERT OR REPLACE INTO users VALUES (1)", &["1 upsert users"]),
        ("REPLACE INTO users VALUES (1)", &["1 upsert users"]),
        (
            "MERGE INTO users u USING x ON u.id = x.id WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (1)",
            &["1 upsert users"],
        ),
        ("COPY users (a, b) FROM STDIN;\n1\tDROP TABLE x;\n\\.\nDELETE FROM a", &["1 insert users", "4 delete* a"]),
        ("\\if false\nSELECT 1;\n\\else\nDELETE FROM a;\n\\endif", &["4 delete* a"]),
        ("\\if 1\nDELETE FROM a;\n\\endif", &["2 delete* a"]),
        ("COPY (SELECT 1) TO PROGRAM 'rm x'", &["1 unknown"]),
        ("COPY users FROM '/tmp/x' WITH (FORMAT csv)", &["1 insert users"]),
        ("COPY users FROM PROGRAM 'cat x'", &["1 unknown", "1 insert users"]),
        ("\\copy users from 'x.csv' csv", &["1 insert users"]),
        (".import --csv x.csv users", &["1 insert users"]),
    ]);
}

#[test]
fn tables_are_emptied_changed_and_dropped() {
    check(&[
        ("TRUNCATE users", &["1 truncate* users"]),
        ("TRUNCATE TABLE ONLY a, public.b, s.\"C\" RESTART IDENTITY CASCADE", &["1 truncate* a,b,s.C"]),
        ("truncate the file", &["1 unknown"]),
        ("TRUNCATE a, a", &["1 truncate* a"]),
        ("DROP TABLE IF EXISTS a, b CASCADE", &["1 drop* a,b"]),
        ("DROP SCHEMA public CASCADE", &["1 drop*"]),
        ("DROP OWNED BY x", &["1 drop*"]),
        ("DROP DATABASE shop WITH (FORCE)", &["1 reset*"]),
        ("DROP TYPE mood CASCADE", &["1 alter*"]),
        (
            "DROP VIEW v; DROP INDEX i; DROP MATERIALIZED VIEW m; DROP FUNCTION f(); DROP TYPE t; DROP TRIGGER t ON a",
            &[],
        ),
        ("ALTER TABLE users DROP COLUMN a", &["1 alter* users"]),
        ("ALTER TABLE users DROP a", &["1 alter* users"]),
        ("ALTER TABLE IF EXISTS ONLY users ADD COLUMN b int, DROP COLUMN a", &["1 alter* users"]),
        ("ALTER TABLE users ALTER COLUMN a TYPE int USING a::int", &["1 alter* users"]),
        ("ALTER TABLE users ALTER a SET DATA TYPE int", &["1 alter* users"]),
        ("ALTER TABLE users RENAME TO people", &["1 alter* users"]),
        ("ALTER TABLE users RENAME COLUMN a TO b", &["1 alter* users"]),
        ("ALTER TABLE users SET SCHEMA old", &["1 alter* users"]),
        ("ALTER TABLE users DETACH PARTITION old", &["1 alter* users"]),
        ("ALTER SCHEMA a RENAME TO b", &["1 alter*"]),
        ("ALTER TABLE users ADD COLUMN a numeric(10, 2) DEFAULT 0, ADD CONSTRAINT c CHECK (a > 0)", &[]),
        ("ALTER TABLE users ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES b (c) ON DELETE CASCADE", &[]),
        ("ALTER TABLE users ALTER COLUMN a SET DEFAULT 1, ALTER b DROP NOT NULL, ALTER c DROP DEFAULT", &[]),
        ("ALTER TABLE users DROP CONSTRAINT c; ALTER TABLE users RENAME CONSTRAINT c TO d", &[]),
        ("ALTER TABLE users ENABLE ROW LEVEL SECURITY; ALTER TABLE users OWNER TO x", &[]),
        ("ALTER TABLE users ATTACH PARTITION p FOR VALUES IN (1); ALTER TABLE users SET (fillfactor = 70)", &[]),
        ("ALTER ROLE x SET y = z; ALTER INDEX i RENAME TO j; ALTER SEQUENCE s RESTART", &[]),
    ]);
}

#[test]
fn what_cannot_be_told_is_named() {
    for (text, reason) in [
        ("DO $$ BEGIN DELETE FROM users; END $$", "a DO block runs code"),
        ("CALL cleanup(1)", "it calls the procedure cleanup"),
        ("SELECT purge_old_users(30)", "it calls purge_old_users(), whose effect is not known"),
        ("SELECT * FROM shop.purge(30)", "it calls shop.purge(), whose effect is not known"),
        ("INSERT INTO a SELECT my_function(1)", "it calls my_function(), whose effect is not known"),
        ("SELECT x FROM t WHERE a = %s AND wipe(b)", "it calls wipe(), whose effect is not known"),
        ("SELECT lo_unlink(1)", "it calls lo_unlink(), which removes a large object"),
        (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity",
            "it calls pg_terminate_backend(), which ends other sessions",
        ),
        ("SELECT dblink_exec('x', 'DROP TABLE y')", "it calls dblink_exec(), which runs SQL in another database"),
        ("EXECUTE p", "p is not prepared in this text"),
        ("PRAGMA writable_schema = ON", "PRAGMA writable_schema lets statements change the schema's text"),
        ("SELECT format('DROP TABLE %I', t) FROM x \\gexec", "\\gexec runs what the query returns"),
        ("\\i cleanup.sql", "it runs cleanup.sql"),
        (".read cleanup.sql", "it runs cleanup.sql"),
        ("\\! rm dev.db", "it runs rm dev.db"),
        ("__dbsnap_unknown__", "the statement is put together when it runs"),
        ("__dbsnap_unknown__ FROM users", "the statement is put together when it runs"),
        ("DROP __dbsnap_unknown__ users", "what is dropped is put together when it runs"),
        ("set -e\nrm dev.db", "the statement that begins with set cannot be read"),
        ("reset && rm dev.db", "the statement that begins with reset cannot be read"),
        ("frobnicate users", "the statement that begins with frobnicate cannot be read"),
    ] {
        let found = findings(text).into_iter().rfind(|finding| finding.effect != Effect::Insert);
        let found = found.unwrap_or_else(|| panic!("{text}: nothing"));
        assert_eq!((found.effect, found.reason.as_deref()), (Effect::Unknown, Some(reason)), "{text}");
    }
}

#[test]
fn names_that_are_put_together_are_unknown_tables() {
    check(&[
        ("DELETE FROM __dbsnap_unknown__ WHERE id = 1", &["1 delete"]),
        ("DELETE FROM \"__dbsnap_unknown__\"", &["1 delete*"]),
        ("TRUNCATE a, tmp___dbsnap_unknown__", &["1 truncate* a"]),
        ("DROP TABLE __dbsnap_unknown__", &["1 drop*"]),
        ("DELETE FROM users WHERE __dbsnap_unknown__", &["1 delete users"]),
        ("DELETE FROM users __dbsnap_unknown__ x y", &["1 delete* users"]),
        ("DELETE FROM :\"table\"", &["1 delete*"]),
        ("DROP TABLE :table", &["1 drop*"]),
        ("SELECT __dbsnap_unknown__ FROM __dbsnap_unknown__ WHERE id = __dbsnap_unknown__", &[]),
    ]);
}

#[test]
fn statements_before_make_others_harmless() {
    check(&[
        ("BEGIN; DELETE FROM users; ROLLBACK", &[]),
        ("BEGIN; DELETE FROM users; COMMIT; ROLLBACK", &["1 delete* users"]),
        ("DELETE FROM a; START TRANSACTION; DROP TABLE b; ABORT; DELETE FROM c", &["1 delete* a", "1 delete* c"]),
        ("DELETE FROM users; ROLLBACK", &["1 delete* users"]),
        ("BEGIN; SAVEPOINT s; DELETE FROM a; ROLLBACK TO SAVEPOINT s; DELETE FROM b; COMMIT", &["1 delete* b"]),
        ("BEGIN; DELETE FROM a; ROLLBACK AND CHAIN; DELETE FROM b; ROLLBACK; DELETE FROM c", &["1 delete* c"]),
        ("BEGIN; DELETE FROM a; ROLLBACK AND NO CHAIN; DELETE FROM b; ROLLBACK", &["1 delete* b"]),
        ("BEGIN; SELECT wipe(); ROLLBACK", &["1 unknown"]),
        ("BEGIN; DELETE FROM users;\n\\if :dry_run\nROLLBACK;\n\\else\nCOMMIT;\n\\endif", &["1 delete* users"]),
        ("CREATE TEMP TABLE t (id int); INSERT INTO t VALUES (1); DELETE FROM t; DROP TABLE t", &[]),
        ("CREATE TEMPORARY TABLE t AS SELECT 1; TRUNCATE t, users", &["1 truncate* users"]),
        ("SELECT 1 AS a INTO TEMP t; DROP TABLE t", &[]),
        ("CREATE TEMP TABLE users (id int); DROP TABLE users; DROP TABLE users", &["1 drop* users"]),
        ("CREATE TEMP TABLE users (id int); DELETE FROM public.users", &["1 delete* users"]),
        ("CREATE TEMP TABLE t (id int); DISCARD ALL; DELETE FROM t", &["1 delete* t"]),
        ("BEGIN; CREATE TEMP TABLE t (id int) ON COMMIT DROP; DELETE FROM t; COMMIT; DELETE FROM t", &["1 delete* t"]),
        ("BEGIN; CREATE TEMP TABLE t (id int); ROLLBACK; DELETE FROM t", &["1 delete* t"]),
        ("DELETE FROM pg_temp.t; DROP TABLE temp.t", &[]),
        ("CREATE TABLE t (id int); DROP TABLE t", &["1 drop* t"]),
        ("PREPARE p (int) AS DELETE FROM users WHERE id = $1;\nEXECUTE p(1)", &["2 delete users"]),
    ]);
}

#[test]
fn long_and_deep_statements_are_read() {
    let conditions = vec!["id = 1"; 20_000].join(" OR ");
    check(&[(format!("DELETE FROM users WHERE {conditions}").as_str(), &["1 delete users"])]);
    let rows = vec!["(1, 'DELETE FROM users', -1)"; 20_000].join(", ");
    check(&[(format!("INSERT INTO users VALUES {rows}").as_str(), &["1 insert users"])]);
    let deep = format!("SELECT {}1{}", "(".repeat(5_000), ")".repeat(5_000));
    check(&[(deep.as_str(), &[])]);
    let wide = vec!["1"; super::rows::MOST_OPERATORS].join(" + ");
    check(&[(format!("DELETE FROM users WHERE {wide} > 1").as_str(), &["1 delete users"])]);
}

#[test]
fn the_text_of_a_finding_is_one_line() {
    let long = format!("DELETE\n  FROM users\tWHERE a IN ({})", "1, ".repeat(100));
    let text = &findings(&long)[0].text;
    assert!(
        text.starts_with("DELETE FROM users WHERE a IN (1, 1") && text.ends_with("...") && text.len() == 123,
        "{text}"
    );
}

#[test]
fn texts_that_are_sql_throughout() {
    for text in [
        "DELETE FROM x; SELECT 1",
        "DO $$ x $$",
        "SELECT wipe()",
        "\\i x.sql",
        ".read x",
        "-- a\nDROP TABLE x",
        "SET a = 1",
    ] {
        assert!(is_text(text), "{text}");
    }
    for text in [
        "",
        "set -e\nrm dev.db",
        "rm dev.db",
        "psql -c 'DROP TABLE x'",
        "select 1; rm dev.db",
        "create-app x && rm dev.db",
        "start server\nrm dev.db",
        "update-x; ls",
        "./x.sh",
    ] {
        assert!(!is_text(text), "{text}");
    }
}

#[test]
fn texts_that_begin_as_statements_do() {
    for text in ["DELETE FROM x", "  select 1", "-- note\nwith x as (select 1) select", "__dbsnap_unknown__ FROM x"] {
        assert!(is_statement(text), "{text}");
    }
    for text in ["npm test", "Deleted users", "", "\\d users", "-- delete"] {
        assert!(!is_statement(text), "{text}");
    }
}
