//! What the application has around its tables: functions that need its search path, event triggers, types of its own.

use super::place::{Place, as_each_role, on_postgres};

/// A schema of the application's own, in the role's search path, and functions that name what is in it without schema. (From
/// version 17 on an index is made without the search path, and functions in SQL are looked into at once.)
const APPLICATION: &str = "CREATE SCHEMA app; CREATE TABLE app.allowed (word text PRIMARY KEY); INSERT INTO app.allowed VALUES ('red'), ('blue');
    CREATE FUNCTION app.folded(t text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower(t)';
    CREATE FUNCTION app.handle(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $f$ BEGIN RETURN replace(folded(t), ' ', '_'); END $f$;
    CREATE FUNCTION app.twice(t text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT handle(t) || handle(t)';
    CREATE FUNCTION app.is_allowed(t text) RETURNS boolean LANGUAGE plpgsql STABLE AS
      $f$ BEGIN RETURN EXISTS (SELECT FROM allowed WHERE word = t); END $f$;
    CREATE FUNCTION app.span(a int, b int) RETURNS int4range LANGUAGE plpgsql IMMUTABLE AS
      $f$ BEGIN RETURN int4range(a, greatest(a, b)); END $f$;
    CREATE DOMAIN app.handled AS text CHECK (VALUE IS NULL OR VALUE = app.handle(VALUE));
    CREATE TYPE app.pair AS (a app.handled, b int);
    CREATE TABLE checked (id int PRIMARY KEY, v text CHECK (app.is_allowed(v)), n int);
    CREATE TABLE made (id int PRIMARY KEY, v text, n int, w text GENERATED ALWAYS AS (app.twice(v)) STORED);
    CREATE TABLE indexed (id int PRIMARY KEY, v text, n int);
    SELECT CASE WHEN current_setting('server_version_num')::int >= 170000 THEN 'app.handle' ELSE 'app.twice' END AS spelled \\gset
    CREATE UNIQUE INDEX ON indexed (:spelled(v)) WHERE app.handle(v) <> '';
    CREATE TABLE handles (id app.handled PRIMARY KEY, v app.handled[], n int);
    CREATE TABLE ranged (id int PRIMARY KEY, a int, b int, n int, EXCLUDE USING gist (app.span(a, b) WITH &&) DEFERRABLE INITIALLY DEFERRED);
    CREATE TABLE bag (v app.handled, n int);
    INSERT INTO checked SELECT n, CASE n % 2 WHEN 0 THEN 'red' ELSE 'blue' END, n FROM generate_series(1, 5) AS n;
    INSERT INTO made SELECT n, 'Some ''Words\\ \"' || n, n FROM generate_series(1, 5) AS n;
    INSERT INTO indexed SELECT n, 'Some Words ' || n, n FROM generate_series(1, 5) AS n;
    INSERT INTO handles SELECT 'h_' || n, ARRAY['x_' || n, NULL], n FROM generate_series(1, 5) AS n;
    INSERT INTO ranged SELECT n, n * 10, n * 10 + 5, n FROM generate_series(1, 5) AS n;
    INSERT INTO bag SELECT 'b_' || n % 2, n % 2 FROM generate_series(1, 5) AS n;";
const TABLES: [&str; 6] = ["checked", "made", "indexed", "handles", "ranged", "bag"];

fn application(place: &Place) {
    let (role, database) = (place.user(), place.sql("SELECT current_database()"));
    place.db().sql(&format!("ALTER ROLE {role} IN DATABASE \"{database}\" SET search_path = app, public"));
    place.db().sql(&format!("GRANT CREATE ON DATABASE \"{database}\" TO {role}"));
    place.sql(&APPLICATION.replace("CREATE TABLE ", "CREATE TABLE public.").replace("public.app.", "app."));
}

#[test]
fn functions_that_need_the_roles_search_path() {
    on_postgres(|place| {
        application(place);
        for table in TABLES {
            let snap = place.round.snap(&[table]).id;
            let whole = place.rows();
            place.sql(&format!("DELETE FROM {table} WHERE n IN (1, 4); UPDATE {table} SET n = -n WHERE n IN (0, 2)"));
            let damaged = place.rows();
            let patch = place.round.plain(&["diff", "-o", "sql", "live", &snap]).run().success().stdout().to_owned();
            place.restore_exactly(&snap);
            assert_eq!(place.rows(), whole, "{table}");
            place.undo(&[]);
            assert_eq!(place.rows(), damaged, "{table}");
            place.sql(&patch);
            assert_eq!(place.rows(), whole, "{table}, by a patch");
        }
        let snap = place.snap();
        let whole = place.rows();
        place.sql("TRUNCATE checked, made, indexed, handles, ranged, bag");
        place.restore_exactly(&snap);
        assert_eq!(place.rows(), whole);
    });
}

/// An operator of the application's own is the one thing in a filter that can need its search path.
#[test]
fn filters_that_need_the_roles_search_path() {
    on_postgres(|place| {
        application(place);
        place.sql(
            "CREATE FUNCTION app.same(a app.pair, b app.pair) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
               $f$ BEGIN RETURN twice(a.a) = twice(b.a); END $f$;
             CREATE OPERATOR app.= (LEFTARG = app.pair, RIGHTARG = app.pair, FUNCTION = app.same);
             CREATE TABLE public.pairs (id int PRIMARY KEY, p app.pair, n int);
             INSERT INTO pairs SELECT n, ROW(CASE WHEN n % 3 > 0 THEN 'red' ELSE 'blue' END, n)::app.pair, n FROM generate_series(1, 3600) AS n",
        );
        for filter in ["p = '(red,0)'", "NOT p = '(blue,1)' AND id > 5", "id = 3400 OR p = '(green,1)'"] {
            let count = |from: &str| -> u64 { place.sql(&format!("SELECT count(*) FROM {from}")).parse().unwrap() };
            let chosen = count(&format!("pairs WHERE {filter}"));
            let snap = place.round.snap(&["pairs", "--where", filter]);
            assert_eq!(snap.tables["pairs"].rows, chosen, "{filter}");
            place.sql(&format!(
                "UPDATE pairs SET n = -n WHERE id <> 3400 AND ({filter}); DELETE FROM pairs WHERE id = 3400"
            ));
            let whole = place.round.snap(&["pairs"]).id;
            let present = || count(&format!("pairs WHERE n >= 0 AND ({filter})"));
            place.restore(&[&snap.id, "pairs", "--mode", "exact"]);
            assert_eq!(present(), chosen, "{filter}");
            place.restore(&[&whole, "pairs", "--mode", "exact", "--where", filter]);
            assert_eq!(present(), 0, "{filter}");
            place.restore(&[&snap.id, "pairs"]);
            assert_eq!(present(), chosen, "{filter}");
        }
        place.sql("DROP FUNCTION app.folded(text)");
        let run = place.round.plain(&["snap", "pairs", "--where", "p = '(red,0)'"]).run();
        assert!(run.code() == Some(1) && run.stderr().contains("folded"), "{run}");
    });
}

#[test]
fn event_triggers_see_no_restore() {
    on_postgres(|place| {
        place.sql(
            "CREATE TABLE t (id int PRIMARY KEY, w text UNIQUE, up int REFERENCES t); CREATE TABLE bag (w text, n int);
            INSERT INTO t SELECT n, 'w' || n, nullif(n / 2, 0) FROM generate_series(1, 9) AS n;
            INSERT INTO bag SELECT 'b' || n % 3, 1 FROM generate_series(1, 9) AS n; CREATE TABLE seen (tag text)",
        );
        let db = place.db();
        db.sql("CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS
              $f$ BEGIN INSERT INTO public.seen VALUES (tg_tag); END $f$;
            CREATE FUNCTION forbid() RETURNS event_trigger LANGUAGE plpgsql AS $f$ BEGIN RAISE EXCEPTION 'not here'; END $f$;
            CREATE EVENT TRIGGER noted ON ddl_command_end EXECUTE FUNCTION note();
            CREATE EVENT TRIGGER dropped ON sql_drop EXECUTE FUNCTION note()");
        for forbidden in ["", "CREATE EVENT TRIGGER forbidden ON ddl_command_start EXECUTE FUNCTION forbid()"] {
            db.sql(&format!("SELECT 1; {forbidden}"));
            place.goes_there_and_back(
                &["t", "bag"],
                "DELETE FROM t WHERE id > 7; UPDATE t SET w = 'z' || id WHERE id < 3; UPDATE t SET up = 5 WHERE id = 6;
                 INSERT INTO t VALUES (20, 'new', 20); DELETE FROM bag WHERE w = 'b1'; INSERT INTO bag VALUES ('b2', 1), (NULL, 2)",
            );
            assert_eq!(place.sql("SELECT count(*) FROM seen"), "0");
        }
    });
}

/// A restore that needs ALTER TABLE where an event trigger notes such statements in a table: those rows are not taken
/// for strays.
fn is_noted(tables: &str, damage: &str) {
    on_postgres(|place| {
        place.sql(&format!("{tables}; CREATE TABLE seen (tag text)"));
        place.db().sql(
            "CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS
              $f$ BEGIN INSERT INTO public.seen VALUES (tg_tag); END $f$;
            CREATE EVENT TRIGGER noted ON ddl_command_end EXECUTE FUNCTION note()",
        );
        let snap = place.round.snap(&["t"]).id;
        let before = place.sql("SELECT * FROM t ORDER BY id");
        place.sql(damage);
        let report = place.round.json(&["restore", &snap, "--mode", "exact", "-y"]);
        assert_eq!(report["applied"], true, "{report}");
        assert_eq!(place.sql("SELECT * FROM t ORDER BY id"), before);
        assert_eq!(place.sql("SELECT DISTINCT tag FROM seen"), "ALTER TABLE");
    });
}

#[test]
fn what_is_noted_of_switching_triggers_off_is_no_stray_row() {
    is_noted(
        "CREATE TABLE t (id serial PRIMARY KEY, w text); INSERT INTO t (w) SELECT 'w' || n FROM generate_series(1, 9) AS n;
         CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
         CREATE TRIGGER stop BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION nothing()",
        "DELETE FROM t WHERE id IN (3, 9)",
    );
}

#[test]
fn what_is_noted_of_constraints_taken_off_is_no_stray_row() {
    is_noted(
        "CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE t (id int PRIMARY KEY, v int, parent int);
         INSERT INTO t VALUES (1, -1, 7), (2, 2, NULL); ALTER TABLE t ADD CHECK (v > 0) NOT VALID;
         ALTER TABLE t ADD FOREIGN KEY (parent) REFERENCES parent NOT VALID",
        "DELETE FROM t",
    );
}

/// More rows than the server is to keep in memory come back, whatever this SQL has changed.
fn many_rows_wait(sql: &str) {
    let place = Place::superuser();
    place.sql(
        "CREATE TABLE t (id int PRIMARY KEY, w text, a int[]); CREATE TABLE seen (tag text);
        INSERT INTO t SELECT n, repeat('it''s \"\\' || n, 5000), ARRAY[n, NULL] FROM generate_series(1, 1500) AS n",
    );
    let snap = place.round.snap(&["t"]).id;
    let sum = "SELECT count(*), sum(hashtext(t::text)) FROM t";
    let whole = place.sql(sum);
    place.sql(&format!("TRUNCATE t; INSERT INTO t VALUES (1, 'x', NULL); {sql}"));
    place.restore_exactly(&snap);
    assert_eq!(place.sql(sum), whole);
}

#[test]
fn many_rows_wait_in_temporary_tables() {
    many_rows_wait("");
}

/// Only in `tests/run --long`.
mod long {
    #[test]
    fn many_rows_wait_in_memory_where_no_table_may_be_made() {
        super::many_rows_wait(
            "CREATE FUNCTION forbid() RETURNS event_trigger LANGUAGE plpgsql AS $f$ BEGIN RAISE EXCEPTION 'not here'; END $f$;
             CREATE EVENT TRIGGER forbidden ON ddl_command_start EXECUTE FUNCTION forbid()",
        );
    }
}

/// Rows that are older than a constraint come back without DROP where a role may switch the constraint off; otherwise
/// the constraint and the event trigger in the way are named.
#[test]
fn what_forbids_to_drop_is_gone_round_or_named() {
    as_each_role(|place| {
        place.sql(
            "CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, -1), (2, 2);
             ALTER TABLE t ADD CONSTRAINT \"is pos\" CHECK (v > 0) NOT VALID;
             CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent VALUES (1);
             CREATE TABLE child (id int PRIMARY KEY, parent int); INSERT INTO child VALUES (1, 1), (2, 7);
             ALTER TABLE child ADD CONSTRAINT \"to parent\" FOREIGN KEY (parent) REFERENCES parent NOT VALID",
        );
        place.db().sql(
            "CREATE FUNCTION \"no drop\"() RETURNS event_trigger LANGUAGE plpgsql AS $f$ BEGIN RAISE EXCEPTION 'not here'; END $f$;
             CREATE EVENT TRIGGER \"forbids it\" ON sql_drop EXECUTE FUNCTION \"no drop\"()",
        );
        let forbidden = |error: &str, constraint: &str| {
            let told = format!(
                "break the constraint {constraint}, and the event trigger forbids it (public.\"no drop\"()) forbids taking it off for them"
            );
            assert!(error.contains(&told), "{error}");
        };
        let snap = place.round.snap(&["t"]).id;
        place.sql("DELETE FROM t WHERE id = 1");
        let (code, error) = place.refused(&[&snap]);
        assert_eq!(code, Some(4), "{error}");
        forbidden(&error, "is pos of t");

        if place.is_superuser() {
            place.goes_there_and_back(&["child", "parent"], "DELETE FROM child; DELETE FROM parent");
        }
        let snap = place.round.snap(&["child"]).id;
        place.sql("DELETE FROM child WHERE id = 2");
        if place.is_superuser() {
            place.restore_exactly(&snap);
        } else {
            let (code, error) = place.refused(&[&snap]);
            assert_eq!(code, Some(4), "{error}");
            forbidden(&error, "to parent of child");
        }
    });
}
