//! Rows in tests: gathered, sorted, given back.

use dbsnap::codec::{RowReader, TableName, Value};
use dbsnap::db::{Catalog, Commit, DbError, RowSink, RowStream, Sink, Snapshot, TableId, TableRead};
use dbsnap::monitor::Silent;

/// Rows as read, in order of arrival.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Rows(pub Vec<Vec<u8>>);

impl RowSink for Rows {
    fn row(&mut self, row: &[u8]) -> Result<(), DbError> {
        self.0.push(row.to_vec());
        Ok(())
    }
}

/// Gives rows back.
pub struct Given {
    rows: Vec<Vec<u8>>,
    next: usize,
}

impl Given {
    pub fn new(rows: &[Vec<u8>]) -> Given {
        Given { rows: rows.to_vec(), next: 0 }
    }

    pub fn values(rows: &[&[Value]]) -> Given {
        Given { rows: rows.iter().map(|row| dbsnap::codec::row::encode(row)).collect(), next: 0 }
    }
}

impl RowStream for Given {
    fn next_row(&mut self) -> Result<Option<&[u8]>, DbError> {
        self.next += 1;
        Ok(self.rows.get(self.next - 1).map(Vec::as_slice))
    }

    fn again(&mut self) -> Result<&[u8], DbError> {
        Ok(&self.rows[self.next - 1])
    }
}

/// A table of `public`.
pub fn public(name: &str) -> TableName {
    TableName::qualified("public", name)
}

/// Whole-table reads of these tables of `public`, as the catalog tells them.
pub fn reads(catalog: &Catalog, names: &[&str]) -> Vec<TableRead> {
    names.iter().map(|name| read_of(catalog, &public(name))).collect()
}

/// A whole-table read.
pub fn read_of(catalog: &Catalog, name: &TableName) -> TableRead {
    let info = catalog.table(name).unwrap_or_else(|| panic!("no table {name}"));
    TableRead { schema: info.schema.clone(), filter: None }
}

/// All rows of the table at `index`, sorted; checks that the counts agree.
pub fn gather(snapshot: &mut dyn Snapshot, index: usize) -> Vec<Vec<u8>> {
    let mut rows = Rows::default();
    let count = snapshot.count(TableId::at(index)).unwrap();
    assert_eq!(snapshot.read(TableId::at(index), &mut rows).unwrap(), count);
    assert_eq!(rows.0.len() as u64, count);
    rows.0.sort();
    rows.0
}

/// All rows of one table, sorted.
pub fn rows_of(source: &mut dyn Sink, table: &TableName) -> Vec<Vec<u8>> {
    let catalog = source.catalog().unwrap();
    let reads = [read_of(&catalog, table)];
    let mut snapshot = source.snapshot(&reads, &Silent).unwrap();
    gather(snapshot.as_mut(), 0)
}

/// One row's values.
pub fn values(row: &[u8]) -> Vec<Value> {
    RowReader::new(row).map(|value| value.unwrap().to_owned()).collect()
}

/// A text value.
pub fn text(text: &str) -> Value {
    Value::Text(text.as_bytes().to_vec())
}

/// What the server itself prints of a table, sorted.
pub fn dump(db: &crate::support::postgres::Db, table: &str) -> Vec<String> {
    db.sql(&format!("SELECT whole_row::text FROM ONLY {table} AS whole_row ORDER BY 1"))
        .lines()
        .map(str::to_owned)
        .collect()
}

/// Reads `tables` of `public`, empties them by `wipe`, inserts every row again through a restore, and checks that the
/// server prints what it printed and that the rows read are the rows read before.
pub fn round_trip(db: &crate::support::postgres::Db, sink: &mut dyn Sink, tables: &[&str], wipe: &str) {
    let before: Vec<_> = tables.iter().map(|table| dump(db, &format!("public.{}", quoted(table)))).collect();
    let catalog = sink.catalog().unwrap();
    let reads = reads(&catalog, tables);
    let rows: Vec<_> = {
        let mut snapshot = sink.snapshot(&reads, &Silent).unwrap();
        (0..tables.len()).map(|index| gather(snapshot.as_mut(), index)).collect()
    };
    db.sql(wipe);
    {
        let mut txn = sink.restore(&reads, &Silent).unwrap();
        for (index, rows) in rows.iter().enumerate() {
            assert_eq!(txn.insert(TableId::at(index), &mut Given::new(rows)).unwrap(), rows.len() as u64);
        }
        for index in 0..tables.len() {
            txn.advance_counters(TableId::at(index)).unwrap();
        }
        assert_eq!(txn.commit().unwrap(), Commit::Done);
    }
    let after: Vec<_> = tables.iter().map(|table| dump(db, &format!("public.{}", quoted(table)))).collect();
    assert_eq!(after, before);
    let mut snapshot = sink.snapshot(&reads, &Silent).unwrap();
    for (index, rows) in rows.iter().enumerate() {
        assert_eq!(gather(snapshot.as_mut(), index), *rows);
    }
}

/// A name as SQL.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
