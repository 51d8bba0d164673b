//! Tables of every shape, restored together: references, partitions, heirs, identities, sequences, odd names and sizes.

use super::round::contents;
use crate::support::place::on_postgres;

/// Empties everything, whatever refers to what. The session that does it fires no foreign keys.
const DELETE: &str = "SET session_replication_role = replica; DO $d$ DECLARE place regclass; BEGIN \
    FOR place IN SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
    WHERE c.relkind = 'r' AND n.nspname IN ('public', 'Other \"Place\"') LOOP EXECUTE 'DELETE FROM ONLY ' || place; END LOOP; END $d$";

#[test]
fn tables_of_every_shape_survive_together() {
    on_postgres(|place| {
        let db = place.db();
        place.sql(include_str!("tables.sql"));
        place.sql("ALTER TABLE parents ENABLE TRIGGER noted");
        let before = place.witness();
        let damage = || {
            drop(db.sql(&format!(
                "ALTER TABLE parents DISABLE TRIGGER noted; {}; ALTER TABLE parents ENABLE TRIGGER noted",
                include_str!("tables_damage.sql")
            )))
        };
        let snap = place.round.survives(&|| contents(db), &[&|| drop(db.sql(DELETE)), &damage]);
        before.same_but(&place.witness(), &snap.tables.into_keys().collect::<Vec<_>>());

        // the foreign keys hold, as the server itself finds when it checks them anew
        db.sql(
            "DO $d$ DECLARE k record; BEGIN FOR k IN SELECT conrelid::regclass AS place, conname, pg_get_constraintdef(oid) AS def FROM pg_constraint \
             WHERE contype = 'f' AND conparentid = 0 LOOP EXECUTE format('ALTER TABLE %s ADD CONSTRAINT again %s', k.place, k.def); \
             EXECUTE format('ALTER TABLE %s DROP CONSTRAINT again', k.place); END LOOP; END $d$",
        );
        // identities and sequences go on after the highest row, and never hand a value out twice: 501 and 11 were the
        // damage's
        assert_eq!(place.sql("INSERT INTO always (v) VALUES ('next') RETURNING id"), "502");
        assert_eq!(place.sql("INSERT INTO serials (v) VALUES ('next') RETURNING id, small"), "12|12");
        // partitions still take rows by the parent
        assert_eq!(
            place.sql("INSERT INTO by_range VALUES ('2031-05-05', 2, 'x') RETURNING tableoid::regclass"),
            "range_new_one"
        );
    });
}
