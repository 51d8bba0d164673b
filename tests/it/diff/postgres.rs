//! Patches run by psql.

use super::patched::{Patched, PostgresPatched};
use crate::gauntlet::postgres_types::{INSERT, UPDATE, each_table};
use crate::support::postgres::PgServer;

const TABLES: &str = "
    CREATE SCHEMA \"sh'op\";
    CREATE TABLE parent (id int PRIMARY KEY, code text UNIQUE NOT NULL);
    CREATE TABLE \"sh'op\".\"we\"\"ird $dbsnap$ :x \\ ;--\" (\"a b\" int PRIMARY KEY, \"select\" text, parent int REFERENCES parent ON DELETE CASCADE);
    CREATE TABLE tree (id int PRIMARY KEY, up int REFERENCES tree ON DELETE CASCADE, name text UNIQUE);
    CREATE TABLE ring_a (id int PRIMARY KEY, b int);
    CREATE TABLE ring_b (id int PRIMARY KEY, a int NOT NULL REFERENCES ring_a);
    ALTER TABLE ring_a ADD CONSTRAINT \"to b\" FOREIGN KEY (b) REFERENCES ring_b;
    CREATE TABLE made (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n int, twice int GENERATED ALWAYS AS (n * 2) STORED);
    CREATE TABLE counted (k text PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY);
    CREATE TABLE heap (a text, b float8, c json);
    CREATE TABLE said (what text);
    INSERT INTO parent VALUES (1, 'a'), (2, 'b'), (3, 'c');
    INSERT INTO \"sh'op\".\"we\"\"ird $dbsnap$ :x \\ ;--\" VALUES (1, E'\\n\\\\q\\n:x :''x''', 1), (2, '$dbsnap$', 2);
    INSERT INTO tree VALUES (1, NULL, 'r'), (2, 1, 's'), (3, 2, 't'), (4, 4, 'u');
    INSERT INTO ring_a VALUES (1, NULL), (2, NULL); INSERT INTO ring_b VALUES (1, 1), (2, 2); UPDATE ring_a SET b = id;
    INSERT INTO made (n) VALUES (1), (2); INSERT INTO counted (k) VALUES ('x'), ('y');
    INSERT INTO heap VALUES ('x', 'NaN', '{\"a\":1}'), ('x', 'NaN', '{\"a\":1}'), ('x', 'NaN', '{\"a\": 1}'), (NULL, '-0', NULL), (NULL, 0, NULL);
    CREATE FUNCTION noise() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.said VALUES (tg_op); RETURN NULL; END $$;
    CREATE TRIGGER eats BEFORE INSERT OR UPDATE OR DELETE ON parent FOR EACH ROW EXECUTE FUNCTION noise();
    CREATE TRIGGER noise AFTER INSERT OR UPDATE OR DELETE ON tree FOR EACH ROW EXECUTE FUNCTION noise();
    CREATE TRIGGER asleep AFTER INSERT OR UPDATE OR DELETE ON tree FOR EACH ROW EXECUTE FUNCTION noise();
    ALTER TABLE tree ENABLE ALWAYS TRIGGER noise; ALTER TABLE tree DISABLE TRIGGER asleep;";

const CHANGE: &str = "
    ALTER TABLE parent DISABLE TRIGGER USER; ALTER TABLE tree DISABLE TRIGGER USER;
    UPDATE parent SET code = 'tmp' WHERE id = 1; UPDATE parent SET code = 'a' WHERE id = 2; UPDATE parent SET code = 'b' WHERE id = 1;
    INSERT INTO parent VALUES (9, 'nine');
    UPDATE \"sh'op\".\"we\"\"ird $dbsnap$ :x \\ ;--\" SET parent = 9 WHERE \"a b\" = 2; UPDATE parent SET code = 'z' WHERE id = 3;
    INSERT INTO \"sh'op\".\"we\"\"ird $dbsnap$ :x \\ ;--\" VALUES (3, E'\\\\', 9);
    INSERT INTO tree VALUES (9, 3, 'n'), (7, 9, 'm'); UPDATE tree SET up = 7 WHERE id = 2; UPDATE tree SET up = 9 WHERE id = 3;
    DELETE FROM tree WHERE id IN (1, 4); UPDATE tree SET name = 'r' WHERE id = 3;
    UPDATE ring_a SET b = NULL; DELETE FROM ring_b WHERE id = 1; DELETE FROM ring_a WHERE id = 1;
    INSERT INTO ring_a VALUES (5, NULL); INSERT INTO ring_b VALUES (5, 5); UPDATE ring_a SET b = 5 WHERE id IN (2, 5);
    UPDATE made SET n = 7 WHERE id = 1; INSERT INTO made (n) VALUES (3); DELETE FROM made WHERE id = 2;
    UPDATE counted SET n = DEFAULT WHERE k = 'x';
    DELETE FROM heap WHERE ctid = '(0,1)'; DELETE FROM heap WHERE b::text = '-0'; INSERT INTO heap VALUES (NULL, 0, NULL), ('y', 1, '[1]');
    ALTER TABLE parent ENABLE TRIGGER eats; ALTER TABLE tree ENABLE ALWAYS TRIGGER noise;";

#[test]
fn references_triggers_identities_and_swaps() {
    let db = PgServer::shared().database();
    db.sql(TABLES);
    let data = PostgresPatched::new(db);
    data.goes_back_and_forth(&|| drop(data.db.sql(CHANGE)));
}

#[test]
fn by_the_plain_owner() {
    let db = PgServer::shared().database();
    let owner = db.role("owner", "");
    db.sql(&format!("GRANT CREATE ON DATABASE {} TO {owner}", db.name));
    db.sql_as(&owner, TABLES).unwrap();
    db.sql(&format!(
        "ALTER ROLE {owner} SET DateStyle = 'German, DMY'; ALTER ROLE {owner} SET standard_conforming_strings = off"
    ));
    let data = PostgresPatched::by(db, owner);
    data.goes_back_and_forth(&|| drop(data.db.sql_as(&data.user, CHANGE).unwrap()));
}

const RULES: &str = "
    CREATE TABLE t (k int PRIMARY KEY, v text); CREATE TABLE said (what text); INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c');
    CREATE RULE \"keeps it\" AS ON UPDATE TO t DO INSTEAD NOTHING; CREATE RULE keeps AS ON DELETE TO t DO INSTEAD NOTHING;
    CREATE RULE tells AS ON INSERT TO t DO ALSO INSERT INTO said VALUES (new.v); ALTER TABLE t ENABLE ALWAYS RULE tells;
    CREATE RULE asleep AS ON INSERT TO t DO INSTEAD NOTHING; ALTER TABLE t DISABLE RULE asleep";

#[test]
fn rules_neither_swallow_nor_add() {
    let db = PgServer::shared().database();
    let owner = db.role("owner", "");
    db.sql(&format!("GRANT CREATE ON DATABASE {} TO {owner}", db.name));
    db.sql_as(&owner, RULES).unwrap();
    let data = PostgresPatched::by(db, owner);
    let rules = || data.db.sql("SELECT rulename, ev_enabled FROM pg_rewrite WHERE ev_class = 't'::regclass ORDER BY 1");
    let before = rules();
    data.goes_back_and_forth(&|| {
        let off = "ALTER TABLE t DISABLE RULE \"keeps it\"; ALTER TABLE t DISABLE RULE keeps; ALTER TABLE t DISABLE RULE tells";
        let on = "ALTER TABLE t ENABLE RULE \"keeps it\"; ALTER TABLE t ENABLE RULE keeps; ALTER TABLE t ENABLE ALWAYS RULE tells";
        let change = "DELETE FROM t WHERE k = 1; UPDATE t SET v = 'x' WHERE k = 2; INSERT INTO t VALUES (4, 'd')";
        data.db.sql_as(&data.user, &format!("{off}; {change}; {on}")).unwrap();
    });
    assert_eq!(rules(), before);
}

const EXCHANGED: &str = "
    CREATE TYPE place AS ENUM ('top', 'left', 'right');
    CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL CHECK (n BETWEEN 1 AND 3), code varchar(2) NOT NULL, at date NOT NULL, place place NOT NULL,
      live boolean NOT NULL, r int4range NOT NULL, CONSTRAINT \"each n\" UNIQUE (n) WITH (fillfactor = 60), UNIQUE (at), UNIQUE (place), EXCLUDE USING gist (r WITH &&));
    CREATE UNIQUE INDEX lowered ON t (lower(code)); CREATE UNIQUE INDEX one ON t (live) WHERE live; COMMENT ON INDEX one IS 'at most one';
    COMMENT ON CONSTRAINT \"each n\" ON t IS 'it''s';
    CREATE TABLE outside (id int PRIMARY KEY, t int NOT NULL REFERENCES t ON DELETE CASCADE);
    INSERT INTO t SELECT n, n, 'c' || n, date '2026-01-01' + n, (enum_range(NULL::place))[n], n = 1, int4range(n, n + 1) FROM generate_series(1, 3) n;
    INSERT INTO outside SELECT id * 10, id FROM t";

#[test]
fn what_is_unique_changes_places() {
    let db = PgServer::shared().database();
    let owner = db.role("owner", "");
    db.sql(&format!("GRANT CREATE ON DATABASE {} TO {owner}", db.name));
    db.sql_as(&owner, EXCHANGED).unwrap();
    let data = PostgresPatched::by(db, owner);
    let indexes = || {
        data.db.sql(
            "SELECT pg_get_indexdef(indexrelid), obj_description(indexrelid), reloptions FROM pg_index \
            JOIN pg_class c ON c.oid = indexrelid WHERE indrelid = 't'::regclass ORDER BY 1",
        )
    };
    let before = indexes();
    data.goes_back_and_forth(&|| {
        let rows = "CREATE TEMP TABLE o AS TABLE outside; CREATE TEMP TABLE old AS TABLE t; DELETE FROM t;
            INSERT INTO t SELECT a.id, b.n, b.code, b.at, b.place, b.live, b.r FROM old a JOIN old b ON b.id = a.id % 3 + 1;
            INSERT INTO outside TABLE o; INSERT INTO outside VALUES (99, 1)";
        data.db.sql_as(&data.user, rows).unwrap();
    });
    assert_eq!(indexes(), before);
}

const GENERATED: &str = "
    CREATE TABLE plain (k text NOT NULL UNIQUE, n int NOT NULL, id int GENERATED ALWAYS AS (n * 2) STORED, CONSTRAINT \"by n\" PRIMARY KEY (id) INCLUDE (k));
    COMMENT ON CONSTRAINT \"by n\" ON plain IS 'a key'; ALTER TABLE plain CLUSTER ON \"by n\";
    CREATE TABLE parted (k int NOT NULL, n int NOT NULL, id int GENERATED ALWAYS AS (n * 2) STORED, UNIQUE (k), PRIMARY KEY (id, k)) PARTITION BY LIST (k);
    CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1, 2); CREATE TABLE parted_2 PARTITION OF parted DEFAULT;
    CREATE TABLE outside (id int PRIMARY KEY, plain int REFERENCES plain ON DELETE CASCADE ON UPDATE CASCADE);
    SELECT CASE WHEN current_setting('server_version_num')::int >= 180000 THEN 'WITH (publish_generated_columns = stored)' ELSE '' END AS made \\gset
    CREATE PUBLICATION told FOR TABLE plain :made;
    INSERT INTO plain VALUES ('a', 1), ('b', 2), ('c', 3); INSERT INTO parted SELECT n, 5 FROM plain; INSERT INTO outside SELECT n, id FROM plain";

#[test]
fn generated_primary_keys_change_places() {
    let db = PgServer::shared().database();
    let owner = db.role("owner", "");
    db.sql(&format!("GRANT CREATE ON DATABASE {} TO {owner}", db.name));
    db.sql_as(&owner, GENERATED).unwrap();
    let data = PostgresPatched::by(db, owner);
    let keys = || {
        data.db.sql(
            "SELECT indexrelid::regclass::text, relreplident, indisprimary, indisclustered, obj_description(k.oid, 'pg_constraint') \
            FROM pg_index JOIN pg_class c ON c.oid = indrelid LEFT JOIN pg_constraint k ON conindid = indexrelid AND conrelid = indrelid \
            WHERE indrelid >= 16384 ORDER BY 1",
        )
    };
    let before = keys();
    data.goes_back_and_forth(&|| {
        let rows = "CREATE TEMP TABLE o AS TABLE outside; DELETE FROM outside; UPDATE plain SET n = n + 10; UPDATE plain SET n = (n - 10) % 3 + 1;
            INSERT INTO outside TABLE o; INSERT INTO outside VALUES (99, 2); UPDATE parted SET n = n + k";
        data.db.sql_as(&data.user, rows).unwrap();
    });
    assert_eq!(keys(), before);
}

/// Two rows without a value are in each other's way.
#[test]
fn rows_without_values_change_places() {
    let db = PgServer::shared().database();
    if db.sql("SHOW server_version_num").trim() < "150000" {
        return;
    }
    db.sql(
        "CREATE TABLE t (id int PRIMARY KEY, n int, m int, UNIQUE NULLS NOT DISTINCT (n, m)); INSERT INTO t VALUES (1, NULL, 1), (2, NULL, 2), (3, 3, NULL), (4, 4, NULL);
         CREATE TABLE s (id int PRIMARY KEY, n int, w text); CREATE UNIQUE INDEX s_n ON s (n) NULLS NOT DISTINCT; INSERT INTO s VALUES (1, NULL, 'a'), (2, 2, 'b'), (3, 3, 'c')",
    );
    let data = PostgresPatched::new(db);
    data.goes_back_and_forth(&|| {
        data.db.sql(
            "UPDATE t SET n = id * 10; UPDATE t SET n = NULL, m = 3 - m WHERE id < 3; UPDATE t SET n = 7 - id WHERE id > 2;
             UPDATE s SET n = 9 WHERE id = 1; UPDATE s SET n = NULL WHERE id = 2; UPDATE s SET n = 2 WHERE id = 1",
        );
    });
}

/// What others refer to goes with one row and comes with another, while they are no part of the patch.
#[test]
fn what_is_referred_to_comes_with_another_row() {
    let db = PgServer::shared().database();
    let owner = db.role("owner", "");
    db.sql(&format!("GRANT CREATE ON DATABASE {} TO {owner}", db.name));
    let tables = "CREATE TABLE keyed (id int PRIMARY KEY, code text NOT NULL UNIQUE);
        CREATE TABLE heap (n int, twice int GENERATED ALWAYS AS (n * 2) STORED UNIQUE, word text);
        CREATE TABLE parted (id int PRIMARY KEY, code text, UNIQUE (id, code)) PARTITION BY RANGE (id); CREATE TABLE part PARTITION OF parted DEFAULT;
        CREATE TABLE outside (code text REFERENCES keyed (code), twice int REFERENCES heap (twice), id int, FOREIGN KEY (id, code) REFERENCES parted (id, code));
        INSERT INTO keyed VALUES (1, 'a'), (2, 'b'), (3, 'c'); INSERT INTO heap (n, word) VALUES (1, 'one'), (2, 'two');
        INSERT INTO parted VALUES (1, 'a'), (2, 'b'); INSERT INTO outside VALUES ('a', 2, 1), ('b', 4, 2)";
    db.sql_as(&owner, tables).unwrap();
    let data = PostgresPatched::by(db, owner);
    data.goes_back_and_forth(&|| {
        let change = "UPDATE keyed SET id = 9 WHERE id = 1; UPDATE keyed SET code = code || 'x' WHERE id = 3; UPDATE heap SET word = 'else' WHERE n = 2;
            DELETE FROM outside WHERE twice = 2";
        data.db.sql_as(&data.user, change).unwrap();
        data.db.sql_as(&data.user, "INSERT INTO outside VALUES ('a', 2, 1)").unwrap();
    });
}

const PARTITIONS: &str = "
    CREATE TABLE part (id int PRIMARY KEY, w text) PARTITION BY RANGE (id);
    CREATE TABLE part_low PARTITION OF part FOR VALUES FROM (0) TO (10); CREATE TABLE part_rest PARTITION OF part DEFAULT;
    CREATE TABLE refs (id int PRIMARY KEY, to_part int REFERENCES part ON DELETE CASCADE) PARTITION BY HASH (id);
    CREATE TABLE refs_0 PARTITION OF refs FOR VALUES WITH (MODULUS 2, REMAINDER 0);
    CREATE TABLE refs_1 PARTITION OF refs FOR VALUES WITH (MODULUS 2, REMAINDER 1);
    CREATE TABLE own (id int PRIMARY KEY, back int);
    ALTER TABLE refs_1 ADD FOREIGN KEY (id) REFERENCES own; ALTER TABLE refs_0 ADD FOREIGN KEY (id) REFERENCES own ON DELETE RESTRICT;
    INSERT INTO part SELECT n, 'w' || n FROM generate_series(1, 20) n; INSERT INTO own SELECT n, NULL FROM generate_series(1, 20) n;
    INSERT INTO refs SELECT n, n FROM generate_series(1, 20) n;
    ALTER TABLE own ADD FOREIGN KEY (back) REFERENCES refs; UPDATE own SET back = id;";

#[test]
fn foreign_keys_of_partitions() {
    let db = PgServer::shared().database();
    let owner = db.role("owner", "");
    db.sql_as(&owner, PARTITIONS).unwrap();
    let data = PostgresPatched::by(db, owner);
    data.goes_back_and_forth(&|| {
        let change = "UPDATE own SET back = NULL; DELETE FROM part WHERE id IN (1, 2, 9, 15, 16); DELETE FROM own WHERE id IN (1, 2, 15);
            INSERT INTO own VALUES (40, NULL); INSERT INTO part VALUES (30, 'n'); INSERT INTO refs VALUES (40, 30); UPDATE own SET back = 40";
        data.db.sql_as(&data.user, change).unwrap();
    });
}

const OLDER: &str = "
    CREATE DOMAIN code AS text; CREATE TABLE parent (id int PRIMARY KEY);
    CREATE TABLE t (id int PRIMARY KEY, n int, c code, up int); CREATE TABLE part (id int, n int) PARTITION BY LIST (id);
    CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1); CREATE TABLE part_2 PARTITION OF part DEFAULT;
    INSERT INTO t VALUES (1, -1, 'long one', 7), (2, 2, 'b', NULL), (3, -3, 'x', NULL); INSERT INTO part VALUES (1, -1), (2, -2);
    ALTER TABLE t ADD CONSTRAINT \"is pos\" CHECK (n > 0) NOT VALID, ADD CONSTRAINT up FOREIGN KEY (up) REFERENCES parent ON DELETE CASCADE NOT VALID;
    ALTER TABLE part ADD CONSTRAINT pos CHECK (n > 0) NOT VALID; ALTER DOMAIN code ADD CONSTRAINT short CHECK (length(VALUE) < 5) NOT VALID;
    COMMENT ON CONSTRAINT \"is pos\" ON t IS 'new rows'; COMMENT ON CONSTRAINT short ON DOMAIN code IS 'from now on'";

#[test]
fn rows_older_than_their_constraints() {
    let db = PgServer::shared().database();
    let owner = db.role("owner", "");
    db.sql(&format!("GRANT CREATE ON DATABASE {} TO {owner}", db.name));
    db.sql_as(&owner, OLDER).unwrap();
    let data = PostgresPatched::by(db, owner);
    let constraints = || {
        data.db.sql(
            "SELECT conname, conrelid::regclass, contypid::regtype, convalidated, coninhcount, pg_get_constraintdef(oid), \
             obj_description(oid) FROM pg_constraint WHERE oid >= 16384 ORDER BY 1, 2",
        )
    };
    let before = constraints();
    data.goes_back_and_forth(&|| {
        let change = "DELETE FROM t WHERE id IN (1, 3); UPDATE t SET n = 5 WHERE id = 2; DELETE FROM part; INSERT INTO parent VALUES (9)";
        data.db.sql_as(&data.user, change).unwrap();
    });
    assert_eq!(constraints(), before);
}

#[test]
fn a_patch_whose_counts_are_right_all_the_same() {
    let db = PgServer::shared().database();
    db.sql(
        "CREATE TABLE t (k int PRIMARY KEY, v text, w json, x float4, y inet, z char(4), kind regtype); CREATE TABLE heap (a text, n numeric);
         INSERT INTO t SELECT n, 'a' || n, '{\"a\": 1}', n / 3.0, '10.0.0.1', 'z', 'int' FROM generate_series(1, 4) AS n;
         INSERT INTO heap VALUES ('a', 3), ('a', 3), ('b', 2.5)",
    );
    let data = PostgresPatched::new(db);
    let first = data.round().snap(&["--all"]);
    let change = "UPDATE t SET v = 'new', w = '[1]', x = 0.1 WHERE k = 1; DELETE FROM t WHERE k = 2; INSERT INTO t VALUES (9, 'nine'); DELETE FROM heap WHERE a = 'b'; INSERT INTO heap VALUES ('c', 3)";
    data.db.sql(change);
    let back = data.patch(&["live", &first.id]);
    let damaged = data.state();
    for meanwhile in [
        "UPDATE t SET w = '{\"a\":1}' WHERE k = 9",
        "UPDATE t SET v = 'else' WHERE k = 1",
        "UPDATE t SET z = 'zz' WHERE k = 1",
        "UPDATE t SET x = '0.10000001' WHERE k = 1",
        "UPDATE t SET y = NULL WHERE k = 1",
        "UPDATE t SET kind = 'text' WHERE k = 1",
        "UPDATE heap SET n = 4 WHERE a = 'c'",
        "ALTER TABLE heap ALTER n TYPE numeric(6, 0) USING 3",
        "ALTER TABLE t ALTER v TYPE varchar(9), ALTER v SET DEFAULT 'x'; UPDATE t SET v = 'NEW' WHERE k = 1",
    ] {
        data.db.sql(meanwhile);
        let before = data.state();
        let error = data.run(&back).expect_err(meanwhile);
        assert!(error.contains("rows that this patch"), "{meanwhile}: {error}");
        assert_eq!(data.state(), before, "{meanwhile}");
        data.db.sql("ALTER TABLE heap ALTER n TYPE numeric; ALTER TABLE t ALTER v DROP DEFAULT, ALTER v TYPE text; TRUNCATE t, heap");
        data.db.sql(&format!(
            "INSERT INTO t SELECT n, 'a' || n, '{{\"a\": 1}}', n / 3.0, '10.0.0.1', 'z', 'int' FROM generate_series(1, 4) AS n;
             INSERT INTO heap VALUES ('a', 3), ('a', 3), ('b', 2.5); {change}"
        ));
        assert_eq!(data.state(), damaged);
    }
    data.run(&back).unwrap();
    let whole = data.state();
    let error = data.run(&back).unwrap_err();
    assert!(error.contains("ERROR") && data.state() == whole, "{error}");
    // only one of several rows, so that nothing is known of how many there are
    data.db.sql("UPDATE t SET v = v || '!'");
    let one = data.patch(&["live", &first.id, "--where", "k = 1", "--", "t"]);
    data.db.sql("UPDATE t SET v = 'x' WHERE k = 4");
    data.run(&one).unwrap();
    assert_eq!(data.db.sql("SELECT k, v FROM t ORDER BY k").trim(), "1|a1\n2|a2!\n3|a3!\n4|x");
    let error = data.run(&one).unwrap_err();
    assert!(error.contains("rows that this patch"), "{error}");
}

/// A row of a table that the patch is not for would go along: that is no state that the patch leads to, but no harm to
/// its own tables.
#[test]
fn a_patch_of_another_state_changes_nothing() {
    let db = PgServer::shared().database();
    db.sql("CREATE TABLE t (k int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 1), (2, 2)");
    let data = PostgresPatched::new(db);
    let first = data.round().snap(&["t"]);
    data.db.sql("DELETE FROM t WHERE k = 1; INSERT INTO t VALUES (5, 5), (6, 6)");
    let patch = data.patch(&[&first.id, "live"]);
    let before = data.state();
    let error = data.run(&patch).unwrap_err();
    assert!(error.contains("table t does not have the rows that this patch starts from (2)"), "{error}");
    assert_eq!(data.state(), before);
}

/// A database may forbid to make tables, temporary ones too.
#[test]
fn where_no_table_may_be_made() {
    let db = PgServer::shared().database();
    db.sql(
        "CREATE TABLE t (id int PRIMARY KEY, code text UNIQUE, n int); INSERT INTO t VALUES (1, 'a', -1), (2, 'b', 2), (3, 'c', 3);
         ALTER TABLE t ADD CHECK (n > 0) NOT VALID;
         CREATE FUNCTION never() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no table'; END $$",
    );
    let data = PostgresPatched::new(db);
    let first = data.round().snap(&["--all"]);
    data.db.sql(
        "DELETE FROM t WHERE id = 1; UPDATE t SET code = 'x' || code; UPDATE t SET code = chr(97 + id % 3);
         CREATE EVENT TRIGGER never ON ddl_command_start WHEN TAG IN ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO') EXECUTE FUNCTION never()",
    );
    let back = data.patch(&["live", &first.id]);
    data.run(&back).unwrap();
    assert_eq!(data.db.sql("SELECT * FROM t ORDER BY id").trim(), "1|a|-1\n2|b|2\n3|c|3");
}

/// Only in `tests/run --long`.
mod long {
    use super::*;

    #[test]
    fn whole_tables_go_and_come_back() {
        let data = PostgresPatched::new(crate::gauntlet::postgres_types::database());
        data.goes_back_and_forth(&|| drop(data.db.sql(&each_table("EXECUTE format('DELETE FROM %s', place)"))));
    }

    #[test]
    fn every_value_of_every_type_is_patched() {
        let db = crate::gauntlet::postgres_types::database();
        let data = PostgresPatched::new(db);
        data.goes_back_and_forth(&|| {
            data.db.sql(&format!("{}; {}", each_table(UPDATE), each_table(INSERT)));
        });
    }
}
