//! Definitions that somebody else wrote, and databases that change while they are read.

use crate::support::place::Place;
use dbsnap::codec::{Part, PartKind};
use dbsnap::db::{Making, Sink};
use dbsnap::monitor::Silent;

#[test]
fn a_part_is_one_statement_that_makes_it() {
    let place = Place::superuser();
    place.sql("CREATE TABLE there (id int); INSERT INTO there VALUES (1)");
    let mut database = place.open();
    for (kind, sql, then) in [
        (PartKind::Table, "CREATE TABLE made (id int); COMMIT; DROP TABLE there", None),
        (PartKind::Table, "CREATE TABLE made (id int); DELETE FROM there", None),
        (PartKind::Table, "COPY (SELECT 1) TO PROGRAM 'cat > /dev/null'", None),
        (PartKind::Type, "DROP TABLE there", None),
        (PartKind::Privilege, "GRANT pg_read_all_data TO PUBLIC", None),
        (PartKind::Setting, "ALTER ROLE CURRENT_USER SUPERUSER", None),
        (PartKind::Setting, "COMMENT ON TABLE there IS 'x'; COMMIT", None),
        (PartKind::Schema, "CREATE SCHEMA made", Some("DROP TABLE there")),
        (PartKind::Schema, "CREATE SCHEMA made", Some("COMMENT ON SCHEMA made IS 'x'; DROP TABLE there; COMMIT")),
    ] {
        let part = Part {
            kind,
            name: "made".to_owned(),
            table: None,
            references: None,
            sql: sql.to_owned(),
            then: then.map(str::to_owned).into_iter().collect(),
        };
        let making = Making { before: vec![part], ..Making::default() };
        let made = database.make(&[], &making, &Silent).map(drop);
        // what is beside rows is passed over
        let is_tolerated = sql.starts_with("COMMENT") || then.is_some_and(|then| then.starts_with("COMMENT"));
        assert_eq!(made.is_ok(), is_tolerated, "{sql} {then:?}: {made:?}");
        assert_eq!(place.sql("SELECT count(*), to_regclass('made'), to_regnamespace('made') FROM there"), "1||");
    }
}

#[test]
fn a_plan_shows_the_statements() {
    let place = Place::superuser();
    place.sql("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 41 + 1'; CREATE TABLE t (id int DEFAULT f())");
    let snap = place.snap();
    place.sql("DROP TABLE t; DROP FUNCTION f");
    let plan = place.round.json(&["restore", &snap, "--create", "--dry-run"]);
    assert!(plan["created"][0]["sql"][0].as_str().unwrap().contains("SELECT 41 + 1"), "{plan}");
    let shown = place.round.plain(&["restore", &snap, "--create", "--dry-run"]).run().success();
    assert!(shown.stdout().contains("SELECT 41 + 1") && shown.stdout().contains("CREATE TABLE public.t"), "{shown}");
}

#[test]
fn snapshots_are_taken_while_others_define() {
    let place = Place::superuser();
    place.sql(
        "CREATE TABLE t (id int PRIMARY KEY, a int, b int); CREATE TABLE u (id int PRIMARY KEY);
         CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; INSERT INTO t VALUES (1, 2, 3)",
    );
    let (db, user) = place.database();
    std::thread::scope(|scope| {
        let others = scope.spawn(|| {
            db.sql_as(
                user,
                "DO $$ BEGIN FOR i IN 1..100 LOOP CREATE STATISTICS st ON a, b FROM t; CREATE INDEX i ON t (a); COMMIT;
                 CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f(); COMMIT; PERFORM pg_sleep(0.003);
                 DROP STATISTICS st; COMMIT; DROP TRIGGER tr ON t; COMMIT; DROP INDEX i; COMMIT; END LOOP; END $$",
            )
        });
        let mut taken = 0;
        while !others.is_finished() || taken < 5 {
            let run = place.round.plain(&["snap", "--all"]).run();
            assert!(run.code() == Some(0) || run.stderr().contains("was changed again and again"), "{run}");
            taken += 1;
        }
        others.join().unwrap().unwrap();
    });
}
