//! What dbsnap says to a server, by the server's own log.

use crate::support::place::on_server;
use crate::support::postgres::PgServer;

#[test]
fn nothing_is_truncated_cascaded_or_switched_off() {
    let server: &'static PgServer =
        Box::leak(Box::new(PgServer::start(&["log_statement=all", "log_line_prefix=%a: "], &[])));
    on_server(server, |place| {
        let logged = server.log().len();
        place.sql(
            "CREATE TABLE mods (id serial PRIMARY KEY, w text UNIQUE); CREATE TABLE tags (mod_id int REFERENCES mods ON DELETE CASCADE, t text); \
             CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; \
             CREATE TRIGGER f BEFORE INSERT ON mods FOR EACH ROW EXECUTE FUNCTION f(); \
             INSERT INTO mods (w) SELECT n FROM generate_series(1, 20) n; INSERT INTO tags SELECT n, 'a' FROM generate_series(1, 20) n",
        );
        let snap = place.snap();
        place.sql("DELETE FROM tags; DELETE FROM mods; INSERT INTO mods VALUES (90, 'new')");
        place.restore_exactly(&snap);
        place.undo(&[]);
        place.sql("INSERT INTO mods VALUES (91, 'newer')");
        place.done(&["restore", &snap, "mods", "--mode", "exact", "--cascade"]);
        place.done(&["restore", &snap, "mods", "--into", "mods_before"]);
        place.round.json(&["diff", &snap]);
        let log = server.log().split_off(logged);
        let ours: String =
            log.split("\ndbsnap: ").skip(1).map(|said| said.split("\ndbsnap-tests: ").next().unwrap()).collect();
        for said in ["INSERT INTO", "DELETE FROM ONLY", "dbsnap.rows_1", "DISABLE TRIGGER"] {
            assert!(ours.contains(said), "the log holds {said}");
        }
        let ours = ours.to_uppercase();
        for never in [
            "TRUNCATE",
            "CASCADE",
            "SESSION_REPLICATION_ROLE =",
            "TRIGGER ALL",
            "TRIGGER USER",
            "SETVAL",
            "SET SESSION",
        ] {
            assert!(!ours.contains(never), "{never} was said");
        }
    });
}
