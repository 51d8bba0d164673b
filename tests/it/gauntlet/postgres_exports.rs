//! Exports of every type: JSON to another program, and rows again to dbsnap.

use super::round::{Round, url};
use crate::postgres::rows::rows_of;
use crate::support::postgres::PgServer;
use dbsnap::codec::TableName;
use dbsnap::prisma::ExportReader;
use std::path::Path;

/// Reads each file as JSON, and computes the checksum of the bytes of its `data` by itself. Prints name, count and
/// verdict.
const CHECK: &str = r#"
const fs = require('node:fs'), crypto = require('node:crypto');
for (const file of fs.readFileSync('files.txt', 'utf8').trim().split('\n')) {
  const bytes = fs.readFileSync(file);
  const { metadata, data } = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  const start = bytes.indexOf('\n  "data": [') + '\n  "data": '.length;
  const end = bytes.lastIndexOf(']') + 1;
  const sum = 'sha256:' + crypto.createHash('sha256').update(bytes.subarray(start, end)).digest('hex');
  const complete = data.every(record => metadata.fields.every(field => field in record));
  console.log(metadata.table, data.length === metadata.recordCount && complete, sum === metadata.checksum);
}
"#;

#[test]
fn every_value_of_every_type_is_exported_and_read_back() {
    let db = PgServer::shared().database();
    db.sql(include_str!("samples.sql"));
    let round = Round::new(url(&db, &db.server.user));
    let snap = round.snap(&["--all"]);
    let report = round.json(&["export", &snap.id, "-o", "exported"]);
    let tables = report["tables"].as_array().unwrap();
    assert_eq!(tables.len(), snap.tables.len());

    let files: Vec<&str> = tables.iter().map(|table| table["json"].as_str().unwrap()).collect();
    round.project.write("files.txt", files.join("\n"));
    let script = round.project.write("check.cjs", CHECK);
    let seen = round.project.program("node", [script]).run().success();
    assert_eq!(seen.stdout().lines().count(), tables.len());
    for line in seen.stdout().lines() {
        assert!(line.ends_with(" true true"), "{line}");
    }

    let mut source = db.open();
    for table in tables {
        let name = table["table"].as_str().unwrap();
        let name = name
            .split_once('.')
            .map_or_else(|| TableName::qualified("public", name), |(schema, name)| TableName::qualified(schema, name));
        let mut reader = ExportReader::open(Path::new(table["json"].as_str().unwrap())).unwrap();
        let (mut rows, mut row) = (Vec::new(), Vec::new());
        while reader.next_row(&mut row).unwrap() {
            rows.push(row.clone());
        }
        rows.sort();
        assert!(rows == rows_of(&mut source, &name), "{name}");
    }
}
