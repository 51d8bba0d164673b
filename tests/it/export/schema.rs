//! Tables, rows and files for the tests of exports.

use crate::support::schema::fits;
use dbsnap::codec::{Column, Engine, Key, KeyColumn, KeyOrder, KeySource, Kind, TableName, TableSchema, Value, row};
use dbsnap::prisma::{ColumnNames, ExportError, ExportInfo, ExportReader, ExportWriter, FieldNames, Written};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A column without default or collation.
pub fn column(name: &str, sql_type: &str, kind: Kind) -> Column {
    let array = sql_type.ends_with("[]");
    Column {
        name: name.to_owned(),
        sql_type: sql_type.to_owned(),
        kind,
        array,
        nullable: true,
        default: None,
        identity: None,
        collation: None,
    }
}

/// A table keyed by its first column.
pub fn table(name: TableName, columns: Vec<Column>) -> TableSchema {
    let key =
        Key::Columns { source: KeySource::Primary, columns: vec![KeyColumn { column: 0, order: KeyOrder::Storage }] };
    TableSchema { table: name, columns, generated: Vec::new(), key, foreign_keys: Vec::new(), unique: Vec::new() }
}

/// Of a table of PostgreSQL.
pub fn info() -> ExportInfo {
    ExportInfo {
        engine: Engine::POSTGRES,
        created_at: "2026-01-24T10:30:00.25Z".parse().unwrap(),
        schema_version: None,
        filter_applied: None,
        records: 0,
        extra: serde_json::Map::new(),
    }
}

/// A directory with one exported table in it.
pub struct Exported {
    _dir: TempDir,
    pub path: PathBuf,
    pub written: Written,
}

impl Exported {
    pub fn text(&self) -> String {
        std::fs::read_to_string(&self.path).unwrap()
    }
}

pub fn export(schema: &TableSchema, rows: &[Vec<Value>]) -> Exported {
    let engine = if schema.table.schema.is_some() { Engine::POSTGRES } else { Engine::SQLITE };
    export_as(schema, &ColumnNames, ExportInfo { engine, ..info() }, rows)
}

pub fn export_as(schema: &TableSchema, names: &dyn FieldNames, info: ExportInfo, rows: &[Vec<Value>]) -> Exported {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("backup_20260124_103000_mods.json");
    let mut writer = ExportWriter::create(&path, schema, names, info).unwrap();
    for values in rows {
        writer.row(&row::encode(values)).unwrap();
    }
    let written = writer.finish().unwrap();
    // unless it has numbers that no Value holds
    if let Ok(value) = serde_json::from_slice(&std::fs::read(&path).unwrap()) {
        fits("backup", None, &value).unwrap();
    }
    Exported { _dir: dir, path, written }
}

/// All rows of a file, in canonical bytes.
pub fn read_all(path: &Path) -> Result<Vec<Vec<u8>>, ExportError> {
    let mut reader = ExportReader::open(path)?;
    let mut rows = Vec::new();
    let mut row = Vec::new();
    while reader.next_row(&mut row)? {
        rows.push(row.clone());
    }
    Ok(rows)
}

pub fn text(value: &str) -> Value {
    Value::Text(value.as_bytes().to_vec())
}
