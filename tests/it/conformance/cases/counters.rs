//! Counters behind columns that number themselves.

use crate::conformance::{Fixture, Given, all, find, reads};
use dbsnap::codec::Value;
use dbsnap::db::{Commit, TableId};
use dbsnap::monitor::Silent;

pub fn tells_and_keeps_counters(fixture: &mut dyn Fixture) {
    let id = fixture.counted_id();
    fixture.exec(&format!("CREATE TABLE t ({id}, word TEXT); INSERT INTO t (word) VALUES ('a'), ('b'), ('c');"));
    let mut sink = fixture.open();
    let reads = reads(fixture, sink.as_mut(), &["t"]);
    let rows = {
        let mut snapshot = sink.snapshot(&reads, &Silent).unwrap();
        let counters = snapshot.counters(TableId::at(0)).unwrap();
        assert_eq!(counters.len(), 1);
        assert_eq!((counters[0].column.as_str(), counters[0].last), ("id", Some(3)));
        all(snapshot.as_mut(), 0)
    };
    fixture.exec("DELETE FROM t WHERE id = 2;");
    let mut txn = sink.restore(&reads, &Silent).unwrap();
    let back = find(&reads[0].schema, &rows, "id", &Value::Int(2));
    assert_eq!(txn.insert(TableId::at(0), &mut Given::new(back)).unwrap(), 1);
    txn.advance_counters(TableId::at(0)).unwrap();
    assert_eq!(txn.commit().unwrap(), Commit::Done);
    fixture.exec("INSERT INTO t (word) VALUES ('d');");
    let mut snapshot = sink.snapshot(&reads, &Silent).unwrap();
    let now = all(snapshot.as_mut(), 0);
    assert_eq!(find(&reads[0].schema, &now, "id", &Value::Int(4)).len(), 1, "the counter did not move backward");
}
