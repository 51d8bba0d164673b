//! PgBouncer between dbsnap and the server, in transaction mode: every transaction may run on another connection.

use super::rows::dump;
use crate::support::place::on_server;
use crate::support::postgres::{PgServer, Pooler};

#[test]
fn a_pooler_in_transaction_mode_is_as_good_as_the_server() {
    let server: &'static PgServer = Box::leak(Box::new(PgServer::start(&[], &[])));
    on_server(server, |place| {
        let db = place.db();
        place.sql(
            "CREATE TABLE mods (id serial PRIMARY KEY, w text UNIQUE CHECK (pg_sleep(0.003) IS NOT NULL)); CREATE TABLE tags (mod_id int REFERENCES mods, t text); \
             CREATE TABLE beside (id serial, w text); INSERT INTO beside (w) VALUES ('one'); \
             INSERT INTO mods (w) SELECT n FROM generate_series(1, 50) n; INSERT INTO tags SELECT n, 'a' FROM generate_series(1, 50) n",
        );
        let before = [dump(db, "mods"), dump(db, "tags")];
        let pooler = Pooler::start(server, place.user(), 2);
        place.by(pooler.port);
        // a session between ours leaves its settings and is given our connection, and we are given its
        let elsewhere = |sql: &str| server.psql_by(pooler.port, &db.name, sql);
        elsewhere("SET DateStyle = 'German'; SET search_path = 'nowhere'; SET default_transaction_read_only = on");
        let snap = place.round.snap(&["mods", "tags"]);
        assert_eq!(place.restore_exactly(&snap.id)["applied"], false);
        place.sql("DELETE FROM tags; UPDATE mods SET w = -id");
        // what is left to us must not end a statement that writes the rows of mods, which takes longer
        elsewhere("SET extra_float_digits = 0; SET statement_timeout = 60");
        assert_eq!(place.restore_exactly(&snap.id)["applied"], true);
        assert_eq!([dump(db, "mods"), dump(db, "tags")], before);
        place.undo(&[]);
        assert_eq!(dump(db, "tags").len(), 0);
        place.undo(&[]);
        assert_eq!([dump(db, "mods"), dump(db, "tags")], before);
        assert_eq!(place.round.snap(&["mods", "tags"]).roots(), snap.roots());
        // what we set is gone with our transactions
        assert_eq!(elsewhere("SHOW row_security; SHOW bytea_output; SHOW lock_timeout"), "on\nhex\n0");
        assert_eq!(
            db.sql("SELECT count(*) FROM pg_class WHERE relname LIKE 'dbsnap%' UNION ALL SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"),
            "0\n0"
        );
    });
}
