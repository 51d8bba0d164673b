//! What is SQLite's alone: storage classes, odd keys, odd names, files and locks.

mod classes;
mod files;
mod hostile;
mod keys;
mod locks;
mod references;
mod schemas;

use crate::conformance::sqlite::SqliteFixture;
use crate::conformance::{Fixture, Given, all, read, reads};
use dbsnap::db::{Commit, TableId};
use dbsnap::monitor::Silent;

/// Empties the table and brings all its rows back; the database must then print it as before.
fn empty_and_restore(fixture: &mut SqliteFixture, table: &str) {
    let before = fixture.dump(table);
    assert!(!before.is_empty());
    let (_, then) = read(fixture, table);
    assert_eq!(then.len(), before.len());
    fixture.exec(&format!("DELETE FROM \"{}\"", table.replace('"', "\"\"")));
    let mut sink = fixture.open();
    let reads = reads(fixture, sink.as_mut(), &[table]);
    let mut txn = sink.restore(&reads, &Silent).unwrap();
    assert_eq!(txn.insert(TableId::at(0), &mut Given::new(then.clone())).unwrap(), then.len() as u64);
    assert_eq!(all(txn.as_mut(), 0), then);
    assert_eq!(txn.commit().unwrap(), Commit::Done);
    assert_eq!(fixture.dump(table), before);
}
