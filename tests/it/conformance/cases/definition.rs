//! Definitions: told, and made again.

use crate::conformance::{Fixture, Given, all, reads};
use dbsnap::codec::{Definition, PartKind};
use dbsnap::db::{Commit, Making, Sink, TableId, TableRead};
use dbsnap::monitor::Silent;

fn told(sink: &mut dyn Sink, reads: &[TableRead], at: usize) -> Definition {
    sink.snapshot(reads, &Silent).unwrap().definition(TableId::at(at)).unwrap().unwrap()
}

pub fn makes_a_table_again_or_nothing_of_it(fixture: &mut dyn Fixture) {
    let id = fixture.counted_id();
    fixture.exec(&format!("CREATE TABLE t ({id}, word TEXT); INSERT INTO t (word) VALUES ('a'), ('b'), ('c');"));
    let mut sink = fixture.open();
    let reads = reads(fixture, sink.as_mut(), &["t"]);
    let definition = told(sink.as_mut(), &reads, 0);
    assert_eq!(told(sink.as_mut(), &reads, 0), definition, "it is the same each time");
    let (rows, counters) = {
        let mut snapshot = sink.snapshot(&reads, &Silent).unwrap();
        (all(snapshot.as_mut(), 0), snapshot.counters(TableId::at(0)).unwrap())
    };
    let tables = |parts: &[dbsnap::codec::Part]| parts.iter().filter(|part| part.kind == PartKind::Table).count();
    assert_eq!(tables(&sink.existing(&definition.parts).unwrap()), 1);
    fixture.exec("DROP TABLE t;");
    let existing = sink.existing(&definition.parts).unwrap();
    assert_eq!(tables(&existing), 0);
    let before = definition.parts.iter().filter(|part| !existing.contains(part)).cloned().collect();
    let making = Making { before, after: Vec::new(), counters };
    drop(sink.make(&reads, &making, &Silent).unwrap());
    assert!(sink.catalog().unwrap().table(&reads[0].schema.table).is_none(), "it was not committed");
    let mut txn = sink.make(&reads, &making, &Silent).unwrap();
    assert_eq!(txn.definition(TableId::at(0)).unwrap(), Some(definition.clone()));
    assert_eq!(txn.insert(TableId::at(0), &mut Given::new(rows.clone())).unwrap(), 3);
    assert_eq!(txn.commit().unwrap(), Commit::Done);
    assert_eq!(sink.catalog().unwrap().table(&reads[0].schema.table).unwrap().schema, reads[0].schema);
    assert_eq!(told(sink.as_mut(), &reads, 0), definition);
    fixture.exec("INSERT INTO t (word) VALUES ('d');");
    let mut snapshot = sink.snapshot(&reads, &Silent).unwrap();
    assert_eq!(all(snapshot.as_mut(), 0).len(), 4, "the counter goes on");
}
