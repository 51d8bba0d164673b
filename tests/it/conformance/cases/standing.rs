//! Where a database stands.

use crate::conformance::{Fixture, all, reads};
use dbsnap::db::Standing;
use dbsnap::monitor::Silent;

/// Whether two answers prove that nothing changed between them.
fn proven(one: &Standing, other: &Standing) -> bool {
    matches!((one, other), (Standing::Marked(one), Standing::Marked(other)) if one == other)
}

pub fn is_never_the_same_after_a_change(fixture: &mut dyn Fixture) {
    fixture.exec("CREATE TABLE a (id INTEGER NOT NULL PRIMARY KEY, w TEXT); INSERT INTO a VALUES (1, 'one');");
    let mut kept = fixture.open();
    for change in [
        "INSERT INTO a VALUES (2, 'two');",
        "UPDATE a SET w = 'six' WHERE id = 2;",
        "DELETE FROM a WHERE id = 1;",
        "ALTER TABLE a ADD COLUMN more INTEGER;",
        "CREATE TABLE b (id INTEGER NOT NULL PRIMARY KEY);",
        "DROP TABLE a;",
    ] {
        let before = kept.standing().unwrap();
        if let Standing::Unknown(why) = &before {
            assert!(!why.is_empty(), "an engine that cannot tell says why");
        }
        fixture.exec(change);
        assert!(!proven(&before, &kept.standing().unwrap()), "{change}");
        assert!(!proven(&before, &fixture.open().standing().unwrap()), "{change}");
    }
}

/// An instant stands where the database stood when it began.
pub fn of_an_instant_is_of_its_rows(fixture: &mut dyn Fixture) {
    fixture.exec("CREATE TABLE a (id INTEGER NOT NULL PRIMARY KEY);");
    let mut source = fixture.open();
    let reads = reads(fixture, source.as_mut(), &["a"]);
    for early in [true, false] {
        let mut snapshot = source.snapshot(&reads, &Silent).unwrap();
        let asked = early.then(|| snapshot.standing().unwrap());
        fixture.exec(&format!("INSERT INTO a VALUES ({});", u8::from(early)));
        let then = asked.unwrap_or_else(|| snapshot.standing().unwrap());
        assert_eq!(all(snapshot.as_mut(), 0).len(), usize::from(!early));
        assert!(!proven(&then, &fixture.open().standing().unwrap()));
    }
}

/// Asking leaves the connection as it was, and does not hold anybody up.
pub fn can_be_asked_between_transactions(fixture: &mut dyn Fixture) {
    fixture.exec("CREATE TABLE a (id INTEGER NOT NULL PRIMARY KEY);");
    let mut source = fixture.open();
    let reads = reads(fixture, source.as_mut(), &["a"]);
    for rows in 0..3 {
        source.standing().unwrap();
        assert_eq!(all(source.snapshot(&reads, &Silent).unwrap().as_mut(), 0).len(), rows);
        source.standing().unwrap();
        fixture.exec(&format!("INSERT INTO a VALUES ({rows});"));
    }
}
