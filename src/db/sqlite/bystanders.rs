//! Which rows of other tables foreign-key actions would take along, if they acted.
//!
//! Rows that would go are gathered in temporary tables, one for each table, and followed from table to table until nothing is
//! added. Tables of the transaction itself are not followed: what happens to their rows is planned, not suffered.

use super::error::failed;
use super::interrupt::interruptible;
use super::shape::Shape;
use super::sql::{quote, table};
use super::text::TextForm;
use super::write::{RowStatement, each_row};
use crate::codec::{ForeignKey, Key, KeySource, ReferentialAction, TableName};
use crate::db::{DbError, RowStream};
use crate::monitor::Monitor;
use rusqlite::Connection;

/// A table on the way, and its temporary tables `dbsnap_gone_N` (identity and captured columns) and `dbsnap_changed_N` (identity).
struct Stop {
    shape: Shape,
    number: usize,
}

/// The walk from the rows given through the tables that reference them.
struct Walk<'c> {
    conn: &'c Connection,
    stops: Vec<Stop>,
}

/// Rows of tables outside `own` that would be deleted or changed with `rows` of the table at `index` of `own`.
pub(super) fn bystanders(
    conn: &Connection,
    own: &[Shape],
    index: usize,
    text: TextForm,
    monitor: &dyn Monitor,
    rows: &mut dyn RowStream,
) -> Result<Vec<(TableName, u64)>, DbError> {
    let Some(start) = own.get(index) else { return Ok(Vec::new()) };
    let mut walk = Walk { conn, stops: Vec::new() };
    walk.stop(start)?;
    walk.seed(text, monitor, rows)?;
    let others = others(conn, own)?;
    let told = interruptible(conn, monitor, || {
        walk.follow(&others)?;
        walk.count()
    });
    if told.is_ok() {
        walk.clean_up()?;
    }
    told
}

/// Tables outside `own` that have foreign keys.
fn others(conn: &Connection, own: &[Shape]) -> Result<Vec<Shape>, DbError> {
    let listing = |error| failed("listing tables", error);
    let sql = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' ORDER BY name";
    let mut statement = conn.prepare(sql).map_err(listing)?;
    let names = statement.query_map([], |row| row.get::<_, String>(0)).map_err(listing)?;
    let mut others = Vec::new();
    for name in names {
        let name = name.map_err(listing)?;
        if own.iter().any(|shape| shape.schema.table.name == name) {
            continue;
        }
        others.extend(Shape::read(conn, &name)?.filter(|shape| !shape.schema.foreign_keys.is_empty()));
    }
    Ok(others)
}

impl Walk<'_> {
    fn run(&self, sql: &str) -> Result<usize, DbError> {
        self.conn.execute(sql, []).map_err(|error| failed("following foreign keys", error))
    }

    /// The stop for a table, with its temporary tables; makes it if it is new.
    fn stop(&mut self, shape: &Shape) -> Result<usize, DbError> {
        if let Some(known) = self.stops.iter().position(|stop| stop.shape.schema.table == shape.schema.table) {
            return Ok(known);
        }
        let number = self.stops.len();
        let ids = names("i", identity(shape).len());
        let columns = names("c", shape.schema.columns.len());
        self.run(&format!("DROP TABLE IF EXISTS temp.dbsnap_gone_{number}"))?;
        self.run(&format!("DROP TABLE IF EXISTS temp.dbsnap_changed_{number}"))?;
        self.run(&format!("CREATE TEMP TABLE dbsnap_gone_{number} ({ids}, {columns}, UNIQUE ({ids}))"))?;
        self.run(&format!("CREATE TEMP TABLE dbsnap_changed_{number} ({ids}, UNIQUE ({ids}))"))?;
        self.stops.push(Stop { shape: shape.clone(), number });
        Ok(number)
    }

    /// Puts the rows given into the first stop. Their identity is left NULL: they are not looked for again.
    fn seed(&self, text: TextForm, monitor: &dyn Monitor, rows: &mut dyn RowStream) -> Result<(), DbError> {
        let Some(stop) = self.stops.first() else { return Ok(()) };
        let schema = &stop.shape.schema;
        let parameters: Vec<usize> = (0..schema.columns.len()).collect();
        let places: Vec<String> = parameters.iter().map(|at| text.placeholder(at + 1)).collect();
        let into = format!("temp.dbsnap_gone_{} ({})", stop.number, names("c", parameters.len()));
        let sql = super::sql::RowSql { text: format!("INSERT INTO {into} VALUES ({})", places.join(", ")), parameters };
        let mut insert = RowStatement::prepare(self.conn, sql, text)?;
        each_row(schema, rows, monitor, |values, _| {
            let inserted = insert.run(values, None)?;
            inserted.map(|_| ()).map_err(|error| failed("gathering rows", error))
        })?;
        Ok(())
    }

    /// Follows every foreign key of `others` that leads to a stop, until no stop grows.
    fn follow(&mut self, others: &[Shape]) -> Result<(), DbError> {
        let mut waiting = vec![0];
        while let Some(at) = waiting.pop() {
            let Some(parent) = self.stops.get(at).map(|stop| stop.shape.clone()) else { continue };
            for child in others {
                for key in child.schema.foreign_keys.iter().filter(|key| key.table == parent.schema.table) {
                    if self.take_along(at, &parent, child, key)? {
                        waiting.push(self.stop(child)?);
                    }
                }
            }
        }
        Ok(())
    }

    /// Adds the rows of `child` that this foreign key takes along; whether more rows of it would be deleted than before.
    fn take_along(&mut self, from: usize, parent: &Shape, child: &Shape, key: &ForeignKey) -> Result<bool, DbError> {
        if matches!(key.on_delete, ReferentialAction::NoAction | ReferentialAction::Restrict) {
            return Ok(false);
        }
        let Some(condition) = references(from, parent, key) else { return Ok(false) };
        let to = self.stop(child)?;
        let name = table(&child.schema.table.name);
        let ids = identity(child).join(", ");
        if key.on_delete == ReferentialAction::Cascade {
            let columns: Vec<String> = child.schema.columns.iter().map(|column| quote(&column.name)).collect();
            let values = columns.join(", ");
            let sql = format!(
                "INSERT OR IGNORE INTO temp.dbsnap_gone_{to} SELECT {ids}, {values} FROM {name} WHERE {condition}"
            );
            return Ok(self.run(&sql)? > 0);
        }
        self.run(&format!(
            "INSERT OR IGNORE INTO temp.dbsnap_changed_{to} SELECT {ids} FROM {name} WHERE {condition}"
        ))?;
        Ok(false)
    }

    fn count(&self) -> Result<Vec<(TableName, u64)>, DbError> {
        let mut told = Vec::new();
        for stop in self.stops.iter().skip(1) {
            let (number, ids) = (stop.number, names("i", identity(&stop.shape).len()));
            let sql = format!(
                "SELECT count(*) FROM (SELECT {ids} FROM temp.dbsnap_gone_{number} UNION SELECT {ids} FROM temp.dbsnap_changed_{number})"
            );
            let rows: i64 = self
                .conn
                .query_row(&sql, [], |row| row.get(0))
                .map_err(|error| failed("counting rows that would be taken along", error))?;
            if rows > 0 {
                told.push((stop.shape.schema.table.clone(), rows.unsigned_abs()));
            }
        }
        told.sort();
        Ok(told)
    }

    fn clean_up(&self) -> Result<(), DbError> {
        for stop in &self.stops {
            self.run(&format!("DROP TABLE temp.dbsnap_gone_{}", stop.number))?;
            self.run(&format!("DROP TABLE temp.dbsnap_changed_{}", stop.number))?;
        }
        Ok(())
    }
}

/// What tells the rows of a table apart, as SQL: the rowid, else the primary key, else (columns hide the rowid) all columns.
fn identity(shape: &Shape) -> Vec<String> {
    if let Some(rowid) = shape.rowid {
        return vec![rowid.to_owned()];
    }
    let key = shape.schema.key_names();
    if key.is_empty() {
        return shape.schema.columns.iter().map(|column| quote(&column.name)).collect();
    }
    key.into_iter().map(quote).collect()
}

fn names(prefix: &str, count: usize) -> String {
    let names: Vec<String> = (0..count).map(|nth| format!("{prefix}{nth}")).collect();
    names.join(", ")
}

/// The condition that a row of the referencing table references a row gathered at stop `from`. `None` if the parent's key is
/// not among its captured columns (a generated column): the check of foreign keys at commit still sees such rows.
fn references(from: usize, parent: &Shape, key: &ForeignKey) -> Option<String> {
    let referenced: Vec<String> = if key.references.is_empty() {
        match &parent.schema.key {
            Key::Columns { source: KeySource::Primary, .. } => {
                parent.schema.key_names().into_iter().map(str::to_owned).collect()
            }
            _ => return None,
        }
    } else {
        key.references.clone()
    };
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for (column, references) in key.columns.iter().zip(&referenced) {
        let at = parent.schema.columns.iter().position(|candidate| candidate.name == *references)?;
        // The parent's collation decides, as it does for SQLite.
        let collation = parent.schema.columns[at].collation.as_deref();
        let collation = collation.map(|name| format!(" COLLATE {}", quote(name))).unwrap_or_default();
        left.push(format!("{}{collation}", quote(column)));
        right.push(format!("c{at}"));
    }
    (left.len() == key.columns.len())
        .then(|| format!("({}) IN (SELECT {} FROM temp.dbsnap_gone_{from})", left.join(", "), right.join(", ")))
}
