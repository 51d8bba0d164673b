//! Rows on their way out of and into a database, in memory.

use super::Fixture;
use dbsnap::codec::{RowReader, TableSchema, Value};
use dbsnap::db::{DbError, Filter, RowSink, RowStream, Sink, Snapshot, TableId, TableRead};
use dbsnap::monitor::Silent;

/// Collects canonical rows; stops at `limit` if there is one.
#[derive(Default)]
pub struct Collected {
    /// The rows, in order of arrival.
    pub rows: Vec<Vec<u8>>,
    /// How many it takes before it stops the reader.
    pub limit: Option<usize>,
}

impl RowSink for Collected {
    fn row(&mut self, row: &[u8]) -> Result<(), DbError> {
        if self.limit.is_some_and(|limit| self.rows.len() >= limit) {
            return Err(DbError::Stopped);
        }
        self.rows.push(row.to_vec());
        Ok(())
    }
}

/// Gives canonical rows.
pub struct Given {
    rows: std::vec::IntoIter<Vec<u8>>,
    current: Vec<u8>,
}

impl Given {
    /// A stream of these rows.
    pub fn new(rows: impl IntoIterator<Item = Vec<u8>>) -> Given {
        Given { rows: rows.into_iter().collect::<Vec<_>>().into_iter(), current: Vec::new() }
    }
}

impl RowStream for Given {
    fn next_row(&mut self) -> Result<Option<&[u8]>, DbError> {
        match self.rows.next() {
            Some(row) => {
                self.current = row;
                Ok(Some(&self.current))
            }
            None => Ok(None),
        }
    }

    fn again(&mut self) -> Result<&[u8], DbError> {
        Ok(&self.current)
    }
}

/// How to read these tables of the fixture, whole.
pub fn reads(fixture: &dyn Fixture, source: &mut dyn Sink, tables: &[&str]) -> Vec<TableRead> {
    let catalog = source.catalog().unwrap();
    tables
        .iter()
        .map(|name| {
            let name = fixture.table(name);
            let info = catalog.table(&name).unwrap_or_else(|| panic!("no table {name} in the catalog"));
            TableRead { schema: info.schema.clone(), filter: None }
        })
        .collect()
}

/// All rows of the table at `index` of an open snapshot, sorted; the counts must agree.
pub fn all(snapshot: &mut (impl Snapshot + ?Sized), index: usize) -> Vec<Vec<u8>> {
    let counted = snapshot.count(TableId::at(index)).unwrap();
    let mut collected = Collected::default();
    let sent = snapshot.read(TableId::at(index), &mut collected).unwrap();
    assert_eq!(counted, sent, "count and read disagree");
    assert_eq!(sent, collected.rows.len() as u64, "rows were lost on the way");
    collected.rows.sort();
    collected.rows
}

/// All rows of one table now, sorted, with its schema.
pub fn read(fixture: &dyn Fixture, table: &str) -> (TableSchema, Vec<Vec<u8>>) {
    let mut source = fixture.open();
    let reads = reads(fixture, source.as_mut(), &[table]);
    let mut snapshot = source.snapshot(&reads, &Silent).unwrap();
    let rows = all(snapshot.as_mut(), 0);
    (reads[0].schema.clone(), rows)
}

/// The rows of one table for which `typed` holds, sorted.
pub fn rows_where(fixture: &dyn Fixture, table: &str, typed: &str) -> Vec<Vec<u8>> {
    let mut source = fixture.open();
    let mut reads = reads(fixture, source.as_mut(), &[table]);
    reads[0].filter = Some(Filter::parse(typed, fixture.engine(), &reads[0].schema, &|_| None).unwrap());
    let mut snapshot = source.snapshot(&reads, &Silent).unwrap();
    all(snapshot.as_mut(), 0)
}

/// The rows whose column `column` is `value`.
pub fn find(schema: &TableSchema, rows: &[Vec<u8>], column: &str, value: &Value) -> Vec<Vec<u8>> {
    let at = schema.columns.iter().position(|candidate| candidate.name == column).unwrap();
    rows.iter()
        .filter(|row| RowReader::values(row, schema.columns.len()).unwrap()[at] == value.as_ref())
        .cloned()
        .collect()
}
