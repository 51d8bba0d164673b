//! The schemas that people have: damage in them is taken back, and that as well, and nothing else changes.

use super::place::{Place, on_postgres};

/// What no snapshot here names: it is the same after everything.
const BESIDE: &str = "CREATE TABLE beside (id serial PRIMARY KEY, what text, at timestamptz DEFAULT now());
    INSERT INTO beside (what) VALUES ('one'), ('two');
    CREATE FUNCTION noise() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN INSERT INTO public.beside (what) VALUES (tg_op || tg_table_name); RETURN NULL; END $$;
    CREATE FUNCTION eat() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    CREATE FUNCTION twist() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.w := 'twisted'; RETURN NEW; END $$;";

fn there_and_back(setup: &str, tables: &[&str], damage: &str) {
    on_postgres(|place| {
        place.sql(BESIDE);
        place.sql(setup);
        place.goes_there_and_back(tables, damage);
    });
}

#[test]
fn references_of_every_kind() {
    let damage = "UPDATE shop.item SET maker = 3 WHERE id = 1; DELETE FROM shop.item WHERE id = 2; DELETE FROM maker WHERE id = 2;
        UPDATE tree SET up = NULL; DELETE FROM tree WHERE id IN (1, 3);
        UPDATE ring_a SET b = NULL; DELETE FROM ring_b; DELETE FROM ring_a WHERE id = 1; INSERT INTO ring_a VALUES (7, NULL);
        BEGIN; DELETE FROM late_a; DELETE FROM late_b; COMMIT; DELETE FROM pair_child; DELETE FROM pair;
        INSERT INTO pair VALUES (1, 'z'); INSERT INTO pair_child VALUES (9, 'z', 1)";
    there_and_back(
        "CREATE SCHEMA shop; CREATE TABLE maker (id int PRIMARY KEY, w text);
         CREATE TABLE shop.item (id int PRIMARY KEY, maker int NOT NULL REFERENCES maker ON DELETE CASCADE, w text);
         CREATE TABLE tree (id int PRIMARY KEY, up int REFERENCES tree);
         CREATE TABLE ring_a (id int PRIMARY KEY, b int);
         CREATE TABLE ring_b (id int PRIMARY KEY, a int NOT NULL REFERENCES ring_a ON DELETE RESTRICT);
         ALTER TABLE ring_a ADD FOREIGN KEY (b) REFERENCES ring_b;
         CREATE TABLE late_a (id int PRIMARY KEY, b int NOT NULL);
         CREATE TABLE late_b (id int PRIMARY KEY, a int NOT NULL REFERENCES late_a DEFERRABLE INITIALLY DEFERRED);
         ALTER TABLE late_a ADD FOREIGN KEY (b) REFERENCES late_b DEFERRABLE INITIALLY DEFERRED;
         CREATE TABLE pair (x int, y text, PRIMARY KEY (x, y));
         CREATE TABLE pair_child (id int PRIMARY KEY, y text, x int, FOREIGN KEY (x, y) REFERENCES pair (x, y) ON DELETE SET NULL);
         INSERT INTO maker VALUES (1, 'a'), (2, 'b'), (3, 'c'); INSERT INTO shop.item VALUES (1, 1, 'x'), (2, 2, 'y'), (3, 3, 'z');
         INSERT INTO tree VALUES (1, NULL), (2, 1), (3, 2), (4, 4);
         INSERT INTO ring_a VALUES (1, NULL), (2, NULL); INSERT INTO ring_b VALUES (1, 1), (2, 2); UPDATE ring_a SET b = id;
         BEGIN; INSERT INTO late_a VALUES (1, 1); INSERT INTO late_b VALUES (1, 1); COMMIT;
         INSERT INTO pair VALUES (1, 'a'), (2, 'b'); INSERT INTO pair_child VALUES (1, 'a', 1), (2, NULL, NULL)",
        &["maker", "shop.item", "tree", "ring_a", "ring_b", "late_a", "late_b", "pair", "pair_child"],
        damage,
    );
}

#[test]
fn triggers_and_rules_are_silent() {
    there_and_back(
        "CREATE TABLE t (id int PRIMARY KEY, w text); INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c');
         CREATE TRIGGER noise AFTER INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION noise();
         CREATE TRIGGER eat BEFORE DELETE ON t FOR EACH ROW EXECUTE FUNCTION eat();
         CREATE TRIGGER twist BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION twist();
         CREATE TRIGGER asleep BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION eat();
         ALTER TABLE t ENABLE ALWAYS TRIGGER twist; ALTER TABLE t DISABLE TRIGGER asleep;
         CREATE RULE keep AS ON DELETE TO t WHERE OLD.id = 3 DO INSTEAD NOTHING;
         CREATE RULE tell AS ON UPDATE TO t DO ALSO INSERT INTO beside (what) VALUES ('ruled')",
        &["t"],
        "ALTER TABLE t DISABLE TRIGGER USER; ALTER TABLE t DISABLE RULE keep; ALTER TABLE t DISABLE RULE tell;
         DELETE FROM t WHERE id IN (1, 3); UPDATE t SET w = 'x' WHERE id = 2; INSERT INTO t VALUES (9, 'new');
         ALTER TABLE t ENABLE TRIGGER USER; ALTER TABLE t DISABLE TRIGGER asleep; ALTER TABLE t ENABLE ALWAYS TRIGGER twist;
         ALTER TABLE t ENABLE RULE keep; ALTER TABLE t ENABLE RULE tell",
    );
}

#[test]
fn unique_values_change_places() {
    there_and_back(
        "CREATE TABLE t (id int PRIMARY KEY, slug text NOT NULL UNIQUE, pos int UNIQUE DEFERRABLE, r int4range, n int,
           EXCLUDE USING gist (r WITH &&));
         CREATE UNIQUE INDEX ON t (lower(slug)); CREATE UNIQUE INDEX ON t (n) WHERE n > 0;
         CREATE TABLE c (id int PRIMARY KEY, slug text REFERENCES t (slug));
         INSERT INTO t VALUES (1, 'a', 1, '[1,5)', 1), (2, 'b', 2, '[5,9)', 2), (3, 'c', 3, '[9,12)', 3); INSERT INTO c VALUES (1, 'c')",
        &["t", "c"],
        "UPDATE t SET slug = 'x', pos = 9, n = -1, r = '[90,99)' WHERE id = 1;
         UPDATE t SET slug = 'a', pos = 1, n = 1, r = '[1,5)' WHERE id = 2; UPDATE t SET slug = 'b', pos = 2, n = 2, r = '[5,9)' WHERE id = 1",
    );
}

#[test]
fn partitions_and_what_refers_to_them() {
    there_and_back(
        "CREATE TABLE part (id int, w text, PRIMARY KEY (id)) PARTITION BY RANGE (id);
         CREATE TABLE part_low PARTITION OF part FOR VALUES FROM (0) TO (10); CREATE TABLE part_rest PARTITION OF part DEFAULT;
         CREATE TABLE refs (id int, to_part int REFERENCES part ON DELETE CASCADE, PRIMARY KEY (id)) PARTITION BY HASH (id);
         CREATE TABLE refs_0 PARTITION OF refs FOR VALUES WITH (MODULUS 2, REMAINDER 0);
         CREATE TABLE refs_1 PARTITION OF refs FOR VALUES WITH (MODULUS 2, REMAINDER 1);
         CREATE TABLE own (id int PRIMARY KEY); INSERT INTO own VALUES (1), (2);
         ALTER TABLE refs_1 ADD FOREIGN KEY (id) REFERENCES own NOT VALID;
         INSERT INTO part SELECT n, 'w' || n FROM generate_series(1, 20) n; INSERT INTO own SELECT n FROM generate_series(3, 20) n;
         INSERT INTO refs SELECT n, n FROM generate_series(1, 20) n",
        &["part", "refs", "own"],
        "DELETE FROM part WHERE id IN (1, 2, 15, 16); UPDATE part SET w = 'x' WHERE id > 17; INSERT INTO part VALUES (30, 'new'), (0, 'new');
         INSERT INTO own VALUES (40), (41), (42); INSERT INTO refs VALUES (40, 30), (41, 0), (42, 3); UPDATE refs SET to_part = 4 WHERE id = 5",
    );
}

#[test]
fn identities_generated_columns_and_counters() {
    on_postgres(|place| {
        place.sql(BESIDE);
        place.sql(
            "CREATE TABLE made (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n int, twice int GENERATED ALWAYS AS (n * 2) STORED);
             CREATE TABLE side (k text PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY, m serial, w text);
             CREATE SEQUENCE down INCREMENT -1 MINVALUE -100 MAXVALUE 100 START 50; CREATE TABLE falls (id int PRIMARY KEY DEFAULT nextval('down'), w text);
             INSERT INTO made (n) VALUES (1), (2), (3); INSERT INTO side (k) VALUES ('x'), ('y'); INSERT INTO falls (w) VALUES ('a'), ('b')",
        );
        if place.sql("SHOW server_version_num").parse::<u32>().unwrap() >= 180_000 {
            place.sql("ALTER TABLE made ADD thrice int GENERATED ALWAYS AS (n * 3) VIRTUAL");
        }
        place.goes_there_and_back(
            &["made", "side", "falls"],
            "DELETE FROM made WHERE id > 1; UPDATE made SET n = 9; UPDATE side SET n = DEFAULT, m = 77 WHERE k = 'x'; DELETE FROM falls;
             ALTER SEQUENCE made_id_seq RESTART; ALTER SEQUENCE side_m_seq RESTART; ALTER SEQUENCE down RESTART",
        );
        place.sql(
            "INSERT INTO made (n) VALUES (4); INSERT INTO side (k) VALUES ('z'); INSERT INTO falls (w) VALUES ('c')",
        );
        assert_eq!(place.sql("SELECT id FROM made ORDER BY id"), "1\n2\n3\n4");
        assert_eq!(place.sql("SELECT id FROM falls ORDER BY id"), "48\n49\n50");
        assert_eq!(place.sql("SELECT m FROM side WHERE k = 'z'"), "78");
    });
}

#[test]
fn constraints_that_are_not_valid() {
    on_postgres(|place| {
        place.sql(BESIDE);
        place.sql(
            "CREATE TABLE p (id int PRIMARY KEY, w text); CREATE TABLE c (id int PRIMARY KEY, p int, w text);
             INSERT INTO p VALUES (1, 'a'), (2, 'b'); INSERT INTO c VALUES (1, 1, 'x'), (2, 77, 'dangles'), (3, 2, 'z');
             ALTER TABLE c ADD CONSTRAINT to_p FOREIGN KEY (p) REFERENCES p NOT VALID;
             ALTER TABLE c ADD CONSTRAINT worded CHECK (w <> 'dangles') NOT VALID",
        );
        // what they would refuse is not touched
        place.goes_there_and_back(
            &["p", "c"],
            "DELETE FROM c WHERE id = 3; DELETE FROM p WHERE id = 2; UPDATE c SET w = 'new' WHERE id = 1",
        );
        // a row that is older than they are comes back under the same constraints, made again
        place.may_make_again();
        place.goes_there_and_back(&["c"], "DELETE FROM c WHERE id = 2");
        let state = "SELECT conname, convalidated FROM pg_constraint WHERE conrelid = 'c'::regclass AND contype IN ('c', 'f') ORDER BY 1";
        assert_eq!(place.sql(state), "to_p|f\nworded|f");
        assert!(place.db().sql_as(place.user(), "INSERT INTO c VALUES (4, 1, 'dangles')").is_err());
        assert!(place.db().sql_as(place.user(), "INSERT INTO c VALUES (4, 78, 'z')").is_err());
    });
}

#[test]
fn rows_that_are_hidden_refuse() {
    let setup = "CREATE TABLE t (id int PRIMARY KEY, w text); INSERT INTO t VALUES (1, 'a'), (2, 'b')";
    let hide = "ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY; CREATE POLICY a_few ON t USING (id = 1)";
    let owner = Place::owner();
    owner.sql(BESIDE);
    owner.sql(setup);
    let snap = owner.round.snap(&["t"]).id;
    owner.sql(&format!("DELETE FROM t; {hide}"));
    let (code, error) = owner.refused(&[&snap, "--mode", "exact"]);
    assert!(code == Some(4) && error.contains("row-level security") && error.contains('t'), "{code:?} {error}");
    // nothing is hidden from a superuser
    let superuser = Place::superuser();
    superuser.sql(&format!("{BESIDE}{setup}; {hide}"));
    superuser.goes_there_and_back(&["t"], "DELETE FROM t WHERE id = 2; UPDATE t SET w = 'x'");
}

#[test]
fn what_a_function_writes_elsewhere_rolls_back() {
    on_postgres(|place| {
        place.sql(BESIDE);
        place.sql(
            "CREATE FUNCTION says(w text) RETURNS bool LANGUAGE plpgsql AS
               $$ BEGIN INSERT INTO public.beside (what) VALUES (w); RETURN true; END $$;
             CREATE TABLE t (id int PRIMARY KEY, w text CHECK (says(w))); INSERT INTO t VALUES (1, 'a'), (2, 'b')",
        );
        let snap = place.round.snap(&["t"]).id;
        place.sql("DELETE FROM t WHERE id = 1");
        let before = place.rows();
        let run = place.round.plain(&["restore", &snap, "-y"]).run();
        assert_eq!(run.code(), Some(5), "{run}");
        assert!(run.stderr().contains("rows of beside were written too"), "{run}");
        assert_eq!(place.rows(), before);
    });
}

#[test]
fn of_sqlite() {
    let place = Place::sqlite();
    place.sql(
        "CREATE TABLE beside (what TEXT); INSERT INTO beside VALUES ('one');
         CREATE TABLE maker (id INTEGER PRIMARY KEY AUTOINCREMENT, slug TEXT UNIQUE COLLATE NOCASE);
         CREATE TABLE item (id INTEGER PRIMARY KEY, maker INTEGER NOT NULL REFERENCES maker ON DELETE CASCADE ON UPDATE CASCADE, \
           n INTEGER, twice INTEGER GENERATED ALWAYS AS (n * 2) VIRTUAL, thrice INTEGER AS (n * 3) STORED);
         CREATE TABLE pair (x INTEGER, y TEXT, w, PRIMARY KEY (x, y)) WITHOUT ROWID;
         CREATE TABLE heap (a, b); CREATE TABLE strict (id INTEGER PRIMARY KEY, v ANY) STRICT;
         INSERT INTO maker (slug) VALUES ('a'), ('b'), ('c'); INSERT INTO item (id, maker, n) VALUES (1, 1, 1), (2, 2, 2);
         INSERT INTO pair VALUES (1, 'a', 1.5), (2, 'b', x'00ff'); INSERT INTO heap VALUES (1, NULL), (1, NULL), ('1', 1.0);
         INSERT INTO strict VALUES (1, 'text'), (2, x'00'), (3, 3.0);
         CREATE TRIGGER noise AFTER DELETE ON maker BEGIN INSERT INTO beside VALUES ('deleted'); END;
         CREATE TRIGGER noise2 AFTER INSERT ON item BEGIN INSERT INTO beside VALUES ('inserted'); END;
         CREATE TRIGGER eat BEFORE INSERT ON pair BEGIN SELECT RAISE(IGNORE); END;",
    );
    place.goes_there_and_back(
        &["maker", "item", "pair", "heap", "strict"],
        "DROP TRIGGER noise; PRAGMA foreign_keys = ON; DELETE FROM maker WHERE id = 2; UPDATE maker SET slug = 'x' WHERE id = 1;
         UPDATE maker SET slug = 'A' WHERE id = 3; INSERT INTO maker (slug) VALUES ('new'); DELETE FROM pair WHERE x = 1; UPDATE pair SET w = NULL;
         DELETE FROM heap WHERE rowid = 1; INSERT INTO heap VALUES (9, 9); UPDATE strict SET v = 1;
         CREATE TRIGGER noise AFTER DELETE ON maker BEGIN INSERT INTO beside VALUES ('deleted'); END;",
    );
    place.sql("INSERT INTO maker (slug) VALUES ('next')");
    assert_eq!(place.sql("SELECT max(id) FROM maker"), "5");
}
