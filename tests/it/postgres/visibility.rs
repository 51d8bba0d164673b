//! Rows that a role does not see, columns that it may not read, text that UTF-8 cannot hold.

use super::rows::{public, reads, round_trip, rows_of};
use crate::support::place::{Place, Role};
use crate::support::postgres::PgServer;
use dbsnap::db::{DbError, Sink, TableId};
use dbsnap::monitor::Silent;

#[test]
fn row_level_security_that_hides_rows_is_refused() {
    let place = Place::owner();
    let (db, owner) = place.database();
    let (reader, bypass) = (db.role("reader", ""), db.role("bypass", "BYPASSRLS"));
    place.sql(&format!(
        "CREATE TABLE t (id int PRIMARY KEY, who name); INSERT INTO t VALUES (1, '{reader}'), (2, 'x'), (3, 'x');
         ALTER TABLE t ENABLE ROW LEVEL SECURITY;
         CREATE POLICY p ON t USING (who = current_user); GRANT ALL ON t TO {reader}, {bypass}"
    ));
    let refused = |role: &str| {
        let mut sink = place.open_as(role);
        let catalog = sink.catalog().unwrap();
        let told = catalog.table(&public("t")).unwrap().refusal.clone();
        let reads = reads(&catalog, &["t"]);
        let snapshot = matches!(sink.snapshot(&reads, &Silent), Err(DbError::Denied { .. }));
        let restore = matches!(sink.restore(&reads, &Silent), Err(DbError::Denied { .. }));
        assert_eq!((told.is_some(), snapshot), (restore, restore), "{role}: {told:?}");
        restore
    };
    assert!(refused(&reader));
    assert!(!refused(owner), "an owner is not subject to it");
    assert!(!refused(&bypass));
    place.sql("ALTER TABLE t FORCE ROW LEVEL SECURITY");
    assert!(refused(owner), "unless it is forced");
    assert_eq!(rows_of(&mut db.open(), &public("t")).len(), 3, "a superuser sees all");
}

#[test]
fn a_column_that_may_not_be_read_refuses_the_table() {
    let db = PgServer::shared().database();
    let role = db.role("reader", "");
    db.sql(&format!(
        "CREATE TABLE t (id int PRIMARY KEY, secret text); GRANT SELECT (id) ON t TO {role};
                     CREATE SCHEMA closed; CREATE TABLE closed.t (id int)"
    ));
    let mut source = db.open_as(&role);
    let catalog = source.catalog().unwrap();
    assert!(catalog.table(&public("t")).unwrap().refusal.as_ref().unwrap().contains("SELECT"));
    assert!(
        catalog
            .tables
            .iter()
            .any(|info| info.schema.table.schema.as_deref() == Some("closed") && info.refusal.is_some())
    );
    assert!(matches!(source.snapshot(&reads(&catalog, &["t"]), &Silent), Err(DbError::Denied { .. })));
}

#[test]
fn encodings_are_lossless_or_refused() {
    let server = PgServer::shared();
    for role in Role::BOTH {
        let encoded = |encoding: &str, sql: &str| {
            let options = format!("TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'");
            let place = Place::on(server.database_with(&options), role);
            place.sql(sql);
            round_trip(place.db(), &mut place.open(), &["t"], "DELETE FROM t");
            place
        };
        encoded("LATIN1", "CREATE TABLE t (id int PRIMARY KEY, \"größe\" text); INSERT INTO t VALUES (1, 'äöü ÿ')");
        encoded("EUC_JP", "CREATE TABLE t (id int PRIMARY KEY, w text); INSERT INTO t VALUES (1, '日本語')");
        let raw =
            encoded("SQL_ASCII", "CREATE TABLE t (id int PRIMARY KEY, w text); INSERT INTO t VALUES (1, 'größe')");
        raw.sql("SET client_encoding = SQL_ASCII; INSERT INTO t VALUES (2, E'a\\xffb')");
        let mut source = raw.open();
        let catalog = source.catalog().unwrap();
        let reads = reads(&catalog, &["t"]);
        let mut snapshot = source.snapshot(&reads, &Silent).unwrap();
        let refused = snapshot.read(TableId::at(0), &mut super::rows::Rows::default()).unwrap_err();
        assert!(
            matches!(&refused, DbError::Unsupported(what) if what.contains("table t") && !what.contains("ff")),
            "{refused}"
        );
    }
}
