//! Reading tables.

use super::rows::{gather, public, reads, rows_of, text, values};
use crate::support::place::on_postgres;
use dbsnap::codec::Value;
use dbsnap::db::{DbError, Sink, TableId};
use dbsnap::monitor::Silent;

#[test]
fn a_table_is_read_as_it_is() {
    on_postgres(|place| {
        place.sql("CREATE TABLE mods (id int PRIMARY KEY, name text, size bigint, ratio real, data bytea);
            INSERT INTO mods VALUES (1, 'lamp', 9007199254740993, 0.1, '\\x00ff'), (2, E'a\\tb\\\\c\\nd', NULL, 'NaN', '')");
        let mut source = place.open();
        assert!(source.identity().local && source.identity().cluster.is_some());
        let rows = rows_of(&mut source, &public("mods"));
        assert_eq!(
            values(&rows[0]),
            [
                Value::Int(1),
                text("lamp"),
                Value::Int(9_007_199_254_740_993),
                Value::Real(f64::from(0.1f32)),
                Value::Blob(vec![0, 255])
            ]
        );
        assert_eq!(values(&rows[1])[1..3], [text("a\tb\\c\nd"), Value::Null]);
    });
}

#[test]
fn several_tables_are_one_instant() {
    on_postgres(|place| {
        place.sql("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY); INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)");
        let mut source = place.open();
        let catalog = source.catalog().unwrap();
        let mut snapshot = source.snapshot(&reads(&catalog, &["b", "a"]), &Silent).unwrap();
        assert_eq!(gather(snapshot.as_mut(), 0).len(), 1);
        place.sql("INSERT INTO a VALUES (2); INSERT INTO b VALUES (2)");
        assert_eq!(gather(snapshot.as_mut(), 1).len(), 1);
        assert!(matches!(
            snapshot.read(TableId::at(2), &mut super::rows::Rows::default()),
            Err(DbError::Unsupported(_))
        ));
    });
}
