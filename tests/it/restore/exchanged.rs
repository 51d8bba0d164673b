//! Rows exchange what is unique of them while rows of other tables refer to them: the rows get their values, and
//! nothing else moves.

use super::place::{Place, on_both, on_postgres};

/// Makes a table, an outside table that refers to it, exchanges values and takes that back.
fn goes_back(table: &str, action: &str, rows: &str, exchange: &str) {
    on_postgres(|place| {
        place.may_make_again();
        place.sql(&format!(
            "{table}; CREATE TABLE outside (id int PRIMARY KEY, t int REFERENCES t {action});
             INSERT INTO t VALUES {rows}; INSERT INTO outside SELECT id * 10, id FROM t"
        ));
        place.goes_there_and_back(&["t"], exchange);
    });
}

#[test]
fn numbers_and_times() {
    goes_back(
        "CREATE TABLE t (id int PRIMARY KEY, at timestamptz NOT NULL, n numeric(2) NOT NULL CHECK (n > 0), CONSTRAINT \"a n\" UNIQUE (at, n) WITH (fillfactor = 60));
         COMMENT ON CONSTRAINT \"a n\" ON t IS 'it''s'; COMMENT ON INDEX \"a n\" IS 'an index'; ALTER TABLE t CLUSTER ON \"a n\"; ALTER TABLE t REPLICA IDENTITY USING INDEX \"a n\"",
        "ON DELETE CASCADE",
        "(1, '2026-01-01', 1), (2, '2026-01-01', 2), (3, '2026-01-01', 3)",
        "UPDATE t SET n = n + 10; UPDATE t SET n = CASE id WHEN 1 THEN 2 WHEN 2 THEN 3 ELSE 1 END",
    );
}

#[test]
fn expressions_and_conditions() {
    goes_back(
        "CREATE TABLE t (id int PRIMARY KEY, word text NOT NULL CHECK (word ~ '^[a-c]$'), live boolean NOT NULL);
         CREATE UNIQUE INDEX spoken ON t (upper(word), (live::int + 1)); ALTER INDEX spoken ALTER COLUMN 2 SET STATISTICS 77;
         CREATE UNIQUE INDEX one ON t (live) WHERE live",
        "ON DELETE RESTRICT ON UPDATE CASCADE",
        "(1, 'a', true), (2, 'b', false), (3, 'c', false)",
        "UPDATE t SET live = false; UPDATE t SET live = true WHERE id = 2;
         UPDATE t SET live = false WHERE id = 2; UPDATE t SET word = 'b', live = true WHERE id = 1; UPDATE t SET word = 'a' WHERE id = 2;
         UPDATE t SET live = false WHERE id = 1; UPDATE t SET live = true WHERE id = 3",
    );
}

#[test]
fn ranges_that_exclude_each_other() {
    goes_back(
        "CREATE TABLE t (id int PRIMARY KEY, r int4range NOT NULL CHECK (upper(r) <= 20), EXCLUDE USING gist (r WITH &&))",
        "ON DELETE SET NULL",
        "(1, '[1,5)'), (2, '[5,9)'), (3, '[9,12)')",
        "UPDATE t SET r = '[12,13)' WHERE id = 1; UPDATE t SET r = '[1,5)' WHERE id = 3; UPDATE t SET r = '[9,11)' WHERE id = 1",
    );
}

#[test]
fn within_partitions() {
    on_postgres(|place| {
        place.may_make_again();
        place.sql(
            "CREATE TYPE place AS ENUM ('top', 'left'); CREATE TABLE t (id int, place place NOT NULL, PRIMARY KEY (id)) PARTITION BY RANGE (id);
             CREATE TABLE low PARTITION OF t FOR VALUES FROM (0) TO (10); CREATE TABLE rest PARTITION OF t DEFAULT;
             ALTER TABLE t ADD CONSTRAINT each UNIQUE (place, id); CREATE UNIQUE INDEX alone ON low (place); COMMENT ON INDEX alone IS 'alone';
             CREATE TABLE outside (id int PRIMARY KEY, t int REFERENCES t ON DELETE CASCADE);
             INSERT INTO t VALUES (1, 'top'), (2, 'left'), (11, 'top'); INSERT INTO outside SELECT id * 10, id FROM t",
        );
        place.goes_there_and_back(
            &["t"],
            "DROP INDEX alone; UPDATE t SET place = CASE id WHEN 1 THEN 'left' ELSE 'top' END::place;
             CREATE UNIQUE INDEX alone ON low (place); COMMENT ON INDEX alone IS 'alone'",
        );
    });
}

#[test]
fn generated_primary_keys() {
    goes_back(
        "CREATE TABLE t (id int NOT NULL UNIQUE, n int NOT NULL CHECK (n < 4), made int GENERATED ALWAYS AS (n + 1) STORED, CONSTRAINT made PRIMARY KEY (made));
         COMMENT ON CONSTRAINT made ON t IS 'it''s'; ALTER TABLE t CLUSTER ON made;
         SELECT CASE WHEN current_setting('server_version_num')::int >= 180000 THEN 'WITH (publish_generated_columns = stored)' ELSE '' END AS made \\gset
         CREATE PUBLICATION told FOR TABLE t :made",
        "(id) ON DELETE CASCADE",
        "(1, 1), (2, 2), (3, 3)",
        "UPDATE t SET n = -n; UPDATE t SET n = -n % 3 + 1",
    );
}

/// What others refer to goes with a row and comes with another, although it must not go for a moment.
#[test]
fn what_must_not_go() {
    on_postgres(|place| {
        place.may_make_again();
        place.sql(
            "CREATE TABLE t (id int PRIMARY KEY, code text UNIQUE); CREATE TABLE outside (code text, n int);
             ALTER TABLE outside ADD CONSTRAINT held FOREIGN KEY (code) REFERENCES t (code) ON DELETE RESTRICT ON UPDATE RESTRICT;
             COMMENT ON CONSTRAINT held ON outside IS 'held'; INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c'); INSERT INTO outside VALUES ('a', 1), ('b', 2)",
        );
        place.goes_there_and_back(
            &["t"],
            "ALTER TABLE outside DROP CONSTRAINT held; UPDATE t SET id = 9 WHERE id = 1; UPDATE t SET code = 'd' WHERE id = 3;
             ALTER TABLE outside ADD CONSTRAINT held FOREIGN KEY (code) REFERENCES t (code) ON DELETE RESTRICT ON UPDATE RESTRICT;
             COMMENT ON CONSTRAINT held ON outside IS 'held'",
        );
        let snap = place.round.snap(&["t"]).id;
        place.sql("INSERT INTO t VALUES (5, 'e'); INSERT INTO outside VALUES ('e', 5)");
        let (code, error) = place.refused(&[&snap, "--mode", "exact"]);
        // since PostgreSQL 18 RESTRICT has a code of its own
        assert!(code == Some(1) && (error.contains("23503") || error.contains("23001")), "{code:?}: {error}");
    });
}

/// What others refer to goes from one row to another, and nobody refers to these rows.
#[test]
fn what_is_referred_to_by_nobody() {
    for action in ["ON UPDATE SET DEFAULT ON DELETE SET DEFAULT", "ON UPDATE CASCADE ON DELETE RESTRICT"] {
        on_postgres(|place| {
            place.sql(&format!(
                "CREATE TABLE t (id int PRIMARY KEY, n int, made text GENERATED ALWAYS AS (coalesce(n, -1) || 'x') STORED UNIQUE);
                 CREATE TABLE outside (made text REFERENCES t (made) {action});
                 INSERT INTO t VALUES (1, 1), (2, 2), (3, 3), (4, 4); INSERT INTO outside VALUES ('4x')"
            ));
            place.goes_there_and_back(
                &["t"],
                "UPDATE t SET n = -n WHERE id < 4; UPDATE t SET n = -n % 3 + 1 WHERE id < 4",
            );
        });
    }
}

/// What others refer to goes from one row to another, and they stay with the value.
#[test]
fn what_is_referred_to() {
    on_postgres(|place| {
        place.may_make_again();
        place.sql(
            "CREATE TABLE t (id int PRIMARY KEY, code uuid NOT NULL UNIQUE);
             CREATE TABLE outside (id int PRIMARY KEY, code uuid REFERENCES t (code) ON DELETE CASCADE);
             COMMENT ON CONSTRAINT outside_code_fkey ON outside IS 'by code';
             INSERT INTO t SELECT n, ('00000000-0000-0000-0000-00000000000' || n)::uuid FROM generate_series(1, 3) n;
             INSERT INTO outside SELECT id * 10, code FROM t",
        );
        place.goes_there_and_back(
            &["t"],
            "ALTER TABLE outside DROP CONSTRAINT outside_code_fkey; UPDATE t SET code = gen_random_uuid();
             UPDATE t SET code = ('00000000-0000-0000-0000-00000000000' || id % 3 + 1)::uuid;
             ALTER TABLE outside ADD FOREIGN KEY (code) REFERENCES t (code) ON DELETE CASCADE;
             COMMENT ON CONSTRAINT outside_code_fkey ON outside IS 'by code'",
        );
    });
}

/// A row that is referred to goes, another comes with what it was referred to by, and a third gets another number.
fn another_row_brings_it(actions: [&str; 2]) {
    for action in actions {
        on_postgres(|place| {
            place.sql(&format!(
                "CREATE TABLE t (id int PRIMARY KEY, code text NOT NULL UNIQUE, n int GENERATED ALWAYS AS IDENTITY);
                 CREATE TABLE outside (code text REFERENCES t (code) {action});
                 INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c'); INSERT INTO outside VALUES ('b'), ('c')"
            ));
            place.goes_there_and_back(
                &["t"],
                "UPDATE t SET n = DEFAULT WHERE id = 1; UPDATE t SET id = 9 WHERE id = 2; UPDATE t SET n = DEFAULT WHERE id = 3",
            );
        });
    }
}

#[test]
fn what_another_row_brings() {
    another_row_brings_it(["", "DEFERRABLE"]);
}

#[test]
fn what_another_row_brings_by_the_end() {
    another_row_brings_it(["DEFERRABLE INITIALLY DEFERRED", "ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED"]);
}

/// A value that another row has for good is refused as before, and every index is still there.
#[test]
fn what_another_row_keeps() {
    on_postgres(|place| {
        place.sql(
            "CREATE TABLE t (id int PRIMARY KEY, day date NOT NULL UNIQUE);
             CREATE TABLE outside (id int PRIMARY KEY, t int REFERENCES t ON DELETE CASCADE);
             INSERT INTO t VALUES (1, '2026-01-01'), (2, '2026-01-02'); INSERT INTO outside SELECT id, id FROM t",
        );
        let snap = place.round.snap(&["t"]).id;
        place.sql("UPDATE t SET day = '2026-02-01' WHERE id = 1; INSERT INTO t VALUES (3, '2026-01-01')");
        let (code, error) = place.refused(&[&snap]);
        assert!(code == Some(1) && error.contains("23505"), "{code:?}: {error}");
    });
}

#[test]
fn on_both_engines() {
    on_both(|place| {
        place.may_make_again();
        place.sql(
            "CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL CHECK (n BETWEEN 1 AND 3), live boolean NOT NULL);
             CREATE UNIQUE INDEX of_n ON t (n); CREATE UNIQUE INDEX one ON t (live) WHERE live;
             CREATE TABLE outside (id int PRIMARY KEY, t int REFERENCES t ON DELETE CASCADE);
             INSERT INTO t VALUES (1, 1, true), (2, 2, false), (3, 3, false); INSERT INTO outside SELECT id * 10, id FROM t",
        );
        place.goes_there_and_back(
            &["t"],
            "DROP INDEX of_n; UPDATE t SET n = n % 3 + 1; CREATE UNIQUE INDEX of_n ON t (n);
             UPDATE t SET live = false; UPDATE t SET live = true WHERE id = 3",
        );
    });
}

/// What a patch does with an exchange that it has to see in the values' bytes.
fn patch_goes_back(setup: &str, exchange: &str) {
    on_postgres(|place| patch_of_goes_back(place, setup, exchange));
}

fn patch_of_goes_back(place: &Place, setup: &str, exchange: &str) {
    place.may_make_again();
    place.db().sql("CREATE EXTENSION citext SCHEMA public");
    place.sql(setup);
    let (snap, whole) = (place.round.snap(&["t"]).id, place.rows());
    let indexes =
        "SELECT string_agg(pg_get_indexdef(indexrelid), ';' ORDER BY indexrelid::regclass::text) FROM pg_index
        WHERE indrelid = 't'::regclass";
    let made = place.sql(indexes);
    place.sql(exchange);
    assert_ne!(place.rows(), whole, "{exchange}: it does nothing");
    let patch = place.round.plain(&["diff", "-o", "sql", "live", &snap]).run().success().stdout().to_owned();
    place.sql(&patch);
    assert_eq!(place.rows(), whole, "{exchange}");
    assert_eq!(place.sql(indexes), made);
}

#[test]
fn values_that_only_the_database_takes_for_equal() {
    for (kind, one, two, one_again, two_again) in [
        ("citext", "Ann", "Bob", "ANN", "bob"),
        ("numeric", "1.0", "2.0", "1.00", "2"),
        ("interval", "1 day", "2 days", "24:00", "48:00"),
        ("jsonb", "{\"a\":1.0}", "{\"a\":2}", "{\"a\":1.00}", "{\"a\":2.0}"),
        ("numrange", "[1.0,2.0)", "[3,4)", "[1,2)", "[3.0,4.0)"),
        ("numeric[]", "{1.0}", "{2}", "{1}", "{2.0}"),
    ] {
        patch_goes_back(
            &format!(
                "CREATE TABLE t (id int PRIMARY KEY, v {kind} NOT NULL UNIQUE); INSERT INTO t VALUES (1, '{one}'), (2, '{two}')"
            ),
            &format!("DELETE FROM t; INSERT INTO t VALUES (1, '{two_again}'), (2, '{one_again}')"),
        );
    }
}

#[test]
fn nulls_that_are_one_value() {
    // before version 15 there is no such thing
    patch_goes_back(
        "SELECT CASE WHEN current_setting('server_version_num')::int >= 150000 THEN 'NULLS NOT DISTINCT' ELSE '' END AS nulls \\gset
         CREATE TABLE t (id int PRIMARY KEY, v int, UNIQUE :nulls (v)); INSERT INTO t VALUES (1, NULL), (2, 5)",
        "UPDATE t SET v = 6 WHERE id = 2; UPDATE t SET v = 5 WHERE id = 1; UPDATE t SET v = NULL WHERE id = 2",
    );
}

/// From version 17 on the database makes no index whose functions need the search path: a patch that has to make one again
/// fails as a whole, as `REINDEX` does, and a restore, which makes none, brings the rows back.
#[test]
fn indexes_of_functions_that_need_the_search_path() {
    let setup = "CREATE FUNCTION plain(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT lower($1)';
         CREATE FUNCTION slug(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN replace(plain($1), '' '', ''-''); END';
         CREATE TABLE t (id int PRIMARY KEY, label text NOT NULL); CREATE UNIQUE INDEX spoken ON t (slug(label));
         INSERT INTO t VALUES (1, 'One A'), (2, 'Two B')";
    let exchange = "UPDATE t SET label = 'x' WHERE id = 1; UPDATE t SET label = 'One A' WHERE id = 2; UPDATE t SET label = 'Two B' WHERE id = 1";
    on_postgres(|place| {
        if place.sql("SHOW server_version_num").parse::<u32>().unwrap() < 170_000 {
            return patch_of_goes_back(place, setup, exchange);
        }
        place.may_make_again();
        place.sql(setup);
        let (snap, whole) = (place.round.snap(&["t"]).id, place.rows());
        place.sql(exchange);
        let damaged = place.rows();
        let patch = place.round.plain(&["diff", "-o", "sql", "live", &snap]).run().success().stdout().to_owned();
        let (db, user) = place.database();
        for refused in ["REINDEX INDEX spoken", &patch] {
            let error = db.sql_as(user, refused).unwrap_err();
            assert!(error.contains("function plain(text) does not exist"), "{refused}: {error}");
            assert_eq!(place.rows(), damaged);
        }
        place.restore_exactly(&snap);
        assert_eq!(place.rows(), whole);
    });
}
