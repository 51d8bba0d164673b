//! The file, letter for letter.

use super::schema::{column, export, export_as, info, read_all, table, text};
use dbsnap::codec::{Kind, TableName, TableSchema, Value, row};
use dbsnap::prisma::{ExportInfo, ExportReader, ExportWriter, FieldNames, RecordEncoder};
use insta::assert_snapshot;
use std::process::Command;
use tempfile::TempDir;

/// Names as a Prisma schema gives them.
struct Mapped;

impl FieldNames for Mapped {
    fn field<'n>(&'n self, column: &'n str) -> &'n str {
        match column {
            "content_type" => "contentType",
            "created_at" => "createdAt",
            column => column,
        }
    }

    fn model(&self) -> Option<&str> {
        Some("mod")
    }
}

fn mods() -> TableSchema {
    let columns = vec![
        column("id", "text", Kind::Text),
        column("title", "text", Kind::Text),
        column("content_type", "text", Kind::Text),
        column("price", "numeric(12,2)", Kind::Numeric),
        column("downloads", "integer", Kind::Int),
        column("file_size", "bigint", Kind::BigInt),
        column("rating", "double precision", Kind::Float8),
        column("published", "boolean", Kind::Bool),
        column("tags", "text[]", Kind::Text),
        column("metadata", "jsonb", Kind::Jsonb),
        column("thumbnail", "bytea", Kind::Bytes),
        column("created_at", "timestamp(3) without time zone", Kind::Timestamp),
        column("seen", "timestamp with time zone", Kind::TimestampTz),
    ];
    table(TableName::qualified("public", "mods"), columns)
}

fn rows() -> Vec<Vec<Value>> {
    let lamp = vec![
        text("clx1"),
        text("Modern \"Walnut\" Lamp\n\u{2028}\u{1f4a1}"),
        text("furniture"),
        text("1.10"),
        Value::Int(42),
        Value::Int(9_007_199_254_740_993),
        Value::Real(4.5),
        text("t"),
        text("{modern,\"floor lamp\",NULL}"),
        text("{\"a\": 1.10}"),
        Value::Blob(vec![0, 255, 16]),
        text("2026-01-24 10:30:00.5"),
        text("2026-01-24 10:30:00.123456+00"),
    ];
    let mut chair = vec![Value::Null; 13];
    chair[0] = text("clx2");
    chair[3] = text("NaN");
    chair[6] = Value::Real(f64::NEG_INFINITY);
    chair[8] = text("[2:3]={a,b}");
    chair[9] = text("null");
    chair[11] = text("infinity");
    vec![lamp, chair]
}

#[test]
fn a_file_of_postgresql() {
    let info = ExportInfo {
        schema_version: Some("20260120_migration".to_owned()),
        filter_applied: Some("contentType = 'furniture'".to_owned()),
        records: 2,
        extra: [("snapshot".to_owned(), "3f1c".repeat(16).into()), ("table".to_owned(), "another".into())]
            .into_iter()
            .collect(),
        ..info()
    };
    let exported = export_as(&mods(), &Mapped, info, &rows());
    let file = exported.text();
    // The schema is one long line of which the test only needs to know that it is there.
    let shown: Vec<&str> =
        file.lines().map(|line| if line.starts_with("    \"schema\":") { "    \"schema\": …" } else { line }).collect();
    assert_snapshot!(shown.join("\n"), @r##"
    {
      "metadata": {
        "table": "mods",
        "createdAt": "2026-01-24T10:30:00Z",
        "recordCount": 2,
        "schemaVersion": "20260120_migration",
        "filterApplied": "contentType = 'furniture'",
        "checksum": "sha256:754decdd5f9b719a7a08382d5d9793b34cf85b80a32656c3f96b53390ab280b7",
        "format": 1,
        "engine": "postgresql",
        "model": "mod",
        "key": ["id"],
        "fields": ["id","title","contentType","price","downloads","file_size","rating","published","tags","metadata","thumbnail","createdAt","seen"],
        "encodings": {"price":["nonFinite"],"rating":["nonFinite"],"tags":["nullElements","listText"],"metadata":["jsonNull","jsonNumbers"],"createdAt":["special"],"seen":["microseconds"]},
        "schema": …
        "snapshot": "3f1c3f1c3f1c3f1c3f1c3f1c3f1c3f1c3f1c3f1c3f1c3f1c3f1c3f1c3f1c3f1c",
        "metadataChecksum": "sha256:f7745003cb6e641b40bd07c0f415a32c7da3f8b3512380c06e6103b3aa44580b"
      },
      "data": [
        {"id":"clx1","title":"Modern \"Walnut\" Lamp\n 💡","contentType":"furniture","price":"1.10","downloads":42,"file_size":"9007199254740993","rating":4.5,"published":true,"tags":["modern","floor lamp",null],"metadata":{"a": 1.10},"thumbnail":"AP8Q","createdAt":"2026-01-24T10:30:00.500Z","seen":"2026-01-24T10:30:00.123456Z"},
        {"id":"clx2","title":null,"contentType":null,"price":"NaN","downloads":null,"file_size":null,"rating":"-Infinity","published":null,"tags":"[2:3]={a,b}","metadata":{"$json":null},"thumbnail":null,"createdAt":"infinity","seen":null}
      ]
    }
    "##);
    assert_eq!(file.len() as u64, exported.written.size_bytes);
    let json: serde_json::Value = serde_json::from_str(&file).unwrap();
    let keys: Vec<&String> = json["metadata"].as_object().unwrap().keys().take(6).collect();
    assert_eq!(keys, ["table", "createdAt", "recordCount", "schemaVersion", "filterApplied", "checksum"]);
}

#[test]
fn a_file_of_sqlite() {
    let columns = vec![
        column("id", "INTEGER", Kind::Int),
        column("flag", "BOOLEAN", Kind::Bool),
        column("price", "DECIMAL", Kind::Numeric),
        column("at", "DATETIME", Kind::Timestamp),
        column("data", "JSONB", Kind::Json),
        column("any", "", Kind::Other),
    ];
    let rows = vec![
        vec![
            Value::Int(1),
            Value::Int(1),
            Value::Real(19.99),
            text("2026-01-24T10:30:00.000+00:00"),
            text("{\"a\":1}"),
            Value::Null,
        ],
        vec![
            Value::Int(1 << 60),
            Value::Int(2),
            Value::Int(20),
            Value::Int(1_769_250_600_000),
            text("{\"a\": 1}"),
            Value::Int(5),
        ],
        vec![text("five"), text("t"), text("20"), text("2026-01-24 10:30:00"), text("no json"), Value::Real(0.5)],
        vec![
            Value::Blob(vec![1]),
            Value::Null,
            Value::Real(-0.0),
            Value::Real(1.5),
            text("{\"$int\":1}"),
            Value::Text(b"a\0b".to_vec()),
        ],
    ];
    let file = export(&table(TableName::bare("things"), columns), &rows).text();
    let shown: Vec<&str> =
        file.lines().filter(|line| line.starts_with("    {") || line.contains("encodings")).collect();
    assert_snapshot!(shown.join("\n"), @r##"
    "encodings": {"id":["int","text","blob"],"flag":["int","text"],"price":["real","text"],"at":["real","epoch","dateText"],"data":["text","jsonWrapped","jsonForm"],"any":["int","real","textBytes"]},
    {"id":1,"flag":true,"price":19.99,"at":"2026-01-24T10:30:00.000+00:00","data":{"a":1},"any":null},
    {"id":{"$int":"1152921504606846976"},"flag":{"$int":"2"},"price":20,"at":1769250600000,"data":{"a": 1},"any":{"$int":"5"}},
    {"id":{"$text":"five"},"flag":{"$text":"t"},"price":{"$text":"20"},"at":"2026-01-24 10:30:00","data":{"$text":"no json"},"any":{"$real":"0.5"}},
    {"id":{"$blob":"AQ=="},"flag":null,"price":{"$real":"-0"},"at":{"$real":"1.5"},"data":{"$json":{"$int":1}},"any":{"$text64":"YQBi"}}
    "##);
}

#[test]
fn an_empty_table_and_one_without_columns() {
    let exported = export(&mods(), &[]);
    assert!(exported.text().ends_with("\n  \"data\": []\n}\n"));
    assert!(read_all(&exported.path).unwrap().is_empty());
    let none = TableSchema { columns: Vec::new(), key: dbsnap::codec::Key::Rows, ..mods() };
    let exported = export(&none, &[Vec::new(), Vec::new()]);
    assert!(exported.text().ends_with("\n  \"data\": [\n    {},\n    {}\n  ]\n}\n"));
    assert_eq!(read_all(&exported.path).unwrap(), [Vec::<u8>::new(), Vec::new()]);
}

/// A file that does not fit in memory's share begins with room for the longest head; it must be as good as a small one.
#[test]
fn a_large_file_is_padded_and_reads_the_same() {
    let schema =
        table(TableName::bare("mods"), vec![column("id", "INTEGER", Kind::Int), column("t", "TEXT", Kind::Text)]);
    let rows: Vec<Vec<Value>> = (0..30_000).map(|n| vec![Value::Int(n), text(&"lamp ".repeat(20))]).collect();
    let exported = export(&schema, &rows);
    assert!(exported.written.size_bytes > 3 << 20);
    let file = exported.text();
    assert_eq!(file.len() as u64, exported.written.size_bytes);
    serde_json::from_str::<serde::de::IgnoredAny>(&file).unwrap();
    let read = read_all(&exported.path).unwrap();
    assert_eq!(read.len(), rows.len());
    assert!(read.iter().zip(&rows).all(|(read, written)| *read == row::encode(written)));
    assert_eq!(ExportReader::open(&exported.path).unwrap().check().unwrap(), 30_000);
}

#[test]
fn parts_encoded_elsewhere_make_the_same_file() {
    let whole = export(&mods(), &rows());
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("parts.json");
    let mut writer = ExportWriter::create(&path, &mods(), &dbsnap::prisma::ColumnNames, info()).unwrap();
    writer.append(Vec::new(), 0, writer.encoder().notes()).unwrap();
    for values in rows() {
        let mut encoder: RecordEncoder = writer.encoder();
        let mut part = Vec::new();
        encoder.encode(&row::encode(&values), &mut part).unwrap();
        writer.append(part, 1, encoder.notes()).unwrap();
    }
    let written = writer.finish().unwrap();
    assert_eq!(written, whole.written);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), whole.text());
}

#[test]
fn the_file_is_private_and_whole_or_absent() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("a.json");
    let mut writer = ExportWriter::create(&path, &mods(), &Mapped, info()).unwrap();
    writer.row(&row::encode(&rows()[0])).unwrap();
    assert!(!path.exists());
    drop(writer);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    ExportWriter::create(&path, &mods(), &Mapped, info()).unwrap().finish().unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    let before = std::fs::read(&path).unwrap();
    let mut second = ExportWriter::create(&path, &mods(), &Mapped, info()).unwrap();
    second.row(&row::encode(&rows()[0])).unwrap();
    // The one before stands until the new one is whole; then that takes its place.
    assert_eq!(std::fs::read(&path).unwrap(), before);
    second.finish().unwrap();
    assert_ne!(std::fs::read(&path).unwrap(), before);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    let mut wrong = ExportWriter::create(&dir.path().join("b.json"), &mods(), &Mapped, info()).unwrap();
    assert!(wrong.row(&row::encode(&[Value::Null])).is_err());
    assert!(wrong.row(&[9]).is_err());
    // A row that was refused leaves nothing behind.
    assert_eq!(wrong.finish().unwrap().records, 0);
    assert!(read_all(&dir.path().join("b.json")).unwrap().is_empty());
}

/// The checksum is what a few lines of another language find between the brackets, and the records are what it parses.
#[test]
fn node_finds_the_same_checksum() {
    const PROGRAM: &str = r#"
        const { readFileSync } = require('fs');
        const file = readFileSync(process.argv[1]);
        const start = file.indexOf('"data": [') + 8;
        const data = file.subarray(start, file.lastIndexOf(']') + 1);
        const whole = JSON.parse(file.toString('utf8'));
        const found = 'sha256:' + require('crypto').createHash('sha256').update(data).digest('hex');
        console.log(found === whole.metadata.checksum, whole.data.length === whole.metadata.recordCount, whole.data[0].title);
    "#;
    let exported = export(&mods(), &rows());
    let Ok(output) = Command::new("node").args(["-e", PROGRAM]).arg(&exported.path).output() else {
        println!("node is not installed: not checked");
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "true true Modern \"Walnut\" Lamp\n\u{2028}\u{1f4a1}\n");
}
