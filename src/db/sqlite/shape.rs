//! One table as SQLite's schema tells it: the schema that snapshots keep, and what only this adapter needs.

use super::error::failed;
use super::foreign_keys::foreign_keys;
use super::kinds::{Affinity, affinity, kind};
use super::read::single;
use super::sql;
use crate::codec::{
    Column, Generated, GeneratedColumn, Identity, Key, KeyColumn, KeyOrder, KeySource, TableName, TableSchema,
    UniqueIndex,
};
use crate::db::DbError;
use rusqlite::Connection;

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    /// What snapshots keep.
    pub(super) schema: TableSchema,
    /// The column that is the rowid (`INTEGER PRIMARY KEY`), as a position in `schema.columns`.
    pub(super) alias: Option<usize>,
    /// A name that reaches the rowid; `None` in a WITHOUT ROWID table and where columns hide all three names.
    pub(super) rowid: Option<&'static str>,
    /// Whether the table is WITHOUT ROWID.
    pub(super) without_rowid: bool,
    /// Whether the alias is AUTOINCREMENT.
    pub(super) autoincrement: bool,
    /// Affinity of each column.
    affinities: Vec<Affinity>,
    /// A collation of an index that SQLite itself does not have, if there is one.
    pub(super) foreign_collation: Option<String>,
}

/// A column as `table_xinfo` tells it.
struct Told {
    name: String,
    declared: String,
    not_null: bool,
    default: Option<String>,
    /// Position in the primary key from 1; 0 if it is not part of it.
    primary: i64,
    /// 2 and 3: generated, virtual and stored.
    hidden: i64,
}

/// An index: its columns by name (`None` for an expression or the rowid) and their collations.
pub(super) struct Index {
    name: String,
    pub(super) unique: bool,
    primary: bool,
    pub(super) partial: bool,
    pub(super) columns: Vec<(Option<String>, String)>,
    /// What made it; empty for one that belongs to a constraint.
    pub(super) sql: String,
}

impl Shape {
    /// The table of that name; `None` if there is no ordinary table of exactly that name.
    pub(super) fn read(conn: &Connection, name: &str) -> Result<Option<Shape>, DbError> {
        let reading = |error| failed(&format!("reading the schema of {name}"), error);
        let Some(without_rowid) = ordinary_table(conn, name).map_err(reading)? else { return Ok(None) };
        let told = columns(conn, name).map_err(reading)?;
        let indexes = indexes(conn, name).map_err(reading)?;
        let primary_index = indexes.iter().find(|index| index.primary);
        let captured: Vec<&Told> = told.iter().filter(|column| column.hidden == 0).collect();
        let primaries = captured.iter().filter(|column| column.primary > 0).count();
        let alias = (!without_rowid && primaries == 1 && primary_index.is_none())
            .then(|| captured.iter().position(|column| column.primary > 0))
            .flatten();
        let mut schema = TableSchema {
            table: TableName::bare(name),
            columns: Vec::with_capacity(captured.len()),
            generated: told.iter().filter_map(generated).collect(),
            key: Key::Rows,
            foreign_keys: foreign_keys(conn, name).map_err(reading)?,
            unique: unique(&indexes, &captured, alias),
        };
        let mut autoincrement = false;
        for (at, column) in captured.iter().enumerate() {
            let (_, collation, _, _, counts) =
                conn.column_metadata(Some("main"), name, column.name.as_str()).map_err(reading)?;
            let collation = collation.map(|name| name.to_string_lossy().into_owned());
            let counts = counts && alias == Some(at);
            autoincrement |= counts;
            schema.columns.push(Column {
                name: column.name.clone(),
                sql_type: column.declared.clone(),
                kind: kind(&column.declared),
                array: false,
                nullable: !column.not_null && alias != Some(at),
                default: column.default.clone(),
                identity: counts.then_some(Identity::ByDefault),
                collation: collation.filter(|name| !name.eq_ignore_ascii_case("BINARY")),
            });
        }
        schema.key = choose_key(conn, &schema, &indexes, alias)?;
        let rowid = ["rowid", "_rowid_", "oid"]
            .into_iter()
            .find(|rowid| !without_rowid && !told.iter().any(|column| column.name.eq_ignore_ascii_case(rowid)));
        let foreign_collation = indexes
            .iter()
            .flat_map(|index| &index.columns)
            .map(|(_, name)| name)
            .find(|name| !is_built_in(name))
            .cloned();
        let affinities = captured.iter().map(|column| affinity(&column.declared)).collect();
        Ok(Some(Shape { schema, alias, rowid, without_rowid, autoincrement, affinities, foreign_collation }))
    }

    /// Whether a column of a row is the same, bit for bit, in every row with the same key, so that updates by key can
    /// leave it out. True of the rowid and of text compared byte by byte; not of numbers, where 1 and 1.0 are one key.
    pub(super) fn is_fixed_by_key(&self, at: usize) -> bool {
        let Key::Columns { columns, .. } = &self.schema.key else { return false };
        columns.iter().any(|key| key.column as usize == at && key.order == KeyOrder::Storage)
            && (self.alias == Some(at) || self.affinities.get(at) == Some(&Affinity::Text))
    }

    /// The name of a rowid that no column shows.
    pub(super) fn hidden_rowid(&self) -> Option<&'static str> {
        self.rowid.filter(|_| self.alias.is_none())
    }
}

pub(super) fn is_built_in(collation: &str) -> bool {
    ["BINARY", "NOCASE", "RTRIM"].iter().any(|name| collation.eq_ignore_ascii_case(name))
}

fn key_order(collation: &str) -> KeyOrder {
    match collation.to_ascii_uppercase().as_str() {
        "NOCASE" => KeyOrder::NoCase,
        "RTRIM" => KeyOrder::Rtrim,
        _ => KeyOrder::Storage,
    }
}

/// Whether the table is WITHOUT ROWID; `None` if it is not an ordinary table.
fn ordinary_table(conn: &Connection, name: &str) -> rusqlite::Result<Option<bool>> {
    let mut statement =
        conn.prepare_cached("SELECT name, type, wr FROM pragma_table_list(?1) WHERE schema = 'main'")?;
    let mut rows = statement.query([name])?;
    while let Some(row) = rows.next()? {
        if row.get_ref(0)?.as_bytes()? == name.as_bytes() && row.get_ref(1)?.as_bytes()? == b"table" {
            return row.get(2).map(Some);
        }
    }
    Ok(None)
}

fn columns(conn: &Connection, name: &str) -> rusqlite::Result<Vec<Told>> {
    let sql = "SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo(?1, 'main') ORDER BY cid";
    let mut statement = conn.prepare_cached(sql)?;
    let told = statement.query_map([name], |row| {
        Ok(Told {
            name: row.get(0)?,
            declared: row.get(1)?,
            not_null: row.get(2)?,
            default: row.get(3)?,
            primary: row.get(4)?,
            hidden: row.get(5)?,
        })
    })?;
    told.collect()
}

/// The indexes of a table, by name.
pub(super) fn indexes(conn: &Connection, name: &str) -> rusqlite::Result<Vec<Index>> {
    let mut list = conn.prepare_cached(
        "SELECT name, \"unique\", origin = 'pk', partial, \
         (SELECT coalesce(sql, '') FROM main.sqlite_schema AS s WHERE s.type = 'index' AND s.name = l.name) \
         FROM pragma_index_list(?1, 'main') AS l ORDER BY name",
    )?;
    let mut parts =
        conn.prepare_cached("SELECT name, coll FROM pragma_index_xinfo(?1, 'main') WHERE key ORDER BY seqno")?;
    let mut indexes = Vec::new();
    let mut rows = list.query([name])?;
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        let columns = parts.query_map([&name], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let columns = columns.collect::<rusqlite::Result<_>>()?;
        let sql = row.get::<_, Option<String>>(4)?.unwrap_or_default();
        indexes.push(Index { name, unique: row.get(1)?, primary: row.get(2)?, partial: row.get(3)?, columns, sql });
    }
    Ok(indexes)
}

fn generated(column: &Told) -> Option<GeneratedColumn> {
    let generated = match column.hidden {
        2 => Generated::Virtual,
        3 => Generated::Stored,
        _ => return None,
    };
    let declared = column.declared.strip_suffix("GENERATED ALWAYS").unwrap_or(&column.declared).trim_end();
    Some(GeneratedColumn { name: column.name.clone(), sql_type: declared.to_owned(), generated, expression: None })
}

/// Unique indexes, by name; an `INTEGER PRIMARY KEY`, which has no index, as `PRIMARY KEY`.
fn unique(indexes: &[Index], captured: &[&Told], alias: Option<usize>) -> Vec<UniqueIndex> {
    let rowid = alias.and_then(|at| captured.get(at));
    let rowid = rowid.map(|column| UniqueIndex {
        name: "PRIMARY KEY".to_owned(),
        columns: vec![column.name.clone()],
        conditional: false,
    });
    let others = indexes.iter().filter(|index| index.unique).map(|index| {
        let columns: Option<Vec<String>> = index.columns.iter().map(|(name, _)| name.clone()).collect();
        let is_captured = |name: &String| captured.iter().any(|column| column.name == *name);
        match columns.filter(|columns| !index.partial && columns.iter().all(is_captured)) {
            Some(columns) => UniqueIndex { name: index.name.clone(), columns, conditional: false },
            None => {
                // what it depends on is not told; a generated column may stand for any
                let named = captured.iter().filter(|column| mentions(&index.sql, &column.name));
                let named: Vec<String> = named.map(|column| column.name.clone()).collect();
                let all = || captured.iter().map(|column| column.name.clone()).collect();
                let by_generated =
                    index.columns.iter().filter_map(|(name, _)| name.as_ref()).any(|name| !is_captured(name));
                let columns = if by_generated { all() } else { named };
                UniqueIndex { name: index.name.clone(), columns, conditional: true }
            }
        }
    });
    rowid.into_iter().chain(others).collect()
}

/// Whether a name may be among those that stand in `sql`.
fn mentions(sql: &str, name: &str) -> bool {
    let (sql, name) = (sql.to_lowercase(), name.to_lowercase());
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    match name.chars().all(is_part) {
        true => sql.split(|c| !is_part(c)).any(|word| word == name),
        false => sql.contains(&name) || sql.contains(&name.replace('"', "\"\"")),
    }
}

/// The primary key, unless a NULL stands in it; else the smallest unique index over columns that are all NOT NULL; else
/// none.
fn choose_key(
    conn: &Connection,
    schema: &TableSchema,
    indexes: &[Index],
    alias: Option<usize>,
) -> Result<Key, DbError> {
    let position = |name: &str| schema.columns.iter().position(|column| column.name == name);
    let key_columns = |index: &Index| -> Option<Vec<KeyColumn>> {
        let column = |(name, collation): &(Option<String>, String)| {
            let column = u32::try_from(position(name.as_deref()?)?).ok()?;
            Some(KeyColumn { column, order: key_order(collation) })
        };
        index.columns.iter().map(column).collect()
    };
    if let Some(column) = alias.and_then(|at| u32::try_from(at).ok()) {
        let columns = vec![KeyColumn { column, order: KeyOrder::Storage }];
        return Ok(Key::Columns { source: KeySource::Primary, columns });
    }
    if let Some(columns) = indexes.iter().find(|index| index.primary).and_then(&key_columns)
        && !holds_null(conn, schema, &columns)?
    {
        return Ok(Key::Columns { source: KeySource::Primary, columns });
    }
    let is_set = |columns: &[KeyColumn]| {
        columns.iter().all(|key| schema.columns.get(key.column as usize).is_some_and(|column| !column.nullable))
    };
    let smallest = indexes
        .iter()
        .filter(|index| index.unique && !index.partial && !index.primary)
        .filter_map(|index| Some((index, key_columns(index)?)))
        .filter(|(_, columns)| is_set(columns))
        .min_by_key(|(index, columns)| (columns.len(), &index.name));
    Ok(match smallest {
        Some((index, columns)) => Key::Columns { source: KeySource::Unique(index.name.clone()), columns },
        None => Key::Rows,
    })
}

/// Whether a NULL stands in one of these columns: SQLite lets it stand in most primary keys.
fn holds_null(conn: &Connection, schema: &TableSchema, columns: &[KeyColumn]) -> Result<bool, DbError> {
    for key in columns {
        let Some(column) = schema.columns.get(key.column as usize).filter(|column| column.nullable) else { continue };
        let table = sql::table(&schema.table.name);
        let column = sql::quote(&column.name);
        let found = single(conn, |hint| format!("SELECT EXISTS (SELECT 1 FROM {table}{hint} WHERE {column} IS NULL)"))
            .map_err(|error| failed(&format!("looking for NULL in the key of {}", schema.table), error))?;
        if found != 0 {
            return Ok(true);
        }
    }
    Ok(false)
}
