//! Files that were edited, cut short or damaged are told apart from good ones, with the line and the reason.

use super::schema::{Exported, column, export, read_all, table, text};
use dbsnap::codec::{Kind, TableName, Value};
use dbsnap::prisma::{ExportError, ExportReader};
use sha2::{Digest, Sha256};

fn good() -> Exported {
    let columns = vec![column("id", "integer", Kind::Int), column("title", "text", Kind::Text)];
    let rows: Vec<Vec<Value>> = (0..3).map(|n| vec![Value::Int(n), text("Lamp")]).collect();
    export(&table(TableName::qualified("public", "mods"), columns), &rows)
}

fn read_text(file: &str) -> Result<u64, ExportError> {
    ExportReader::new(file.as_bytes())?.check()
}

fn message(file: &str) -> String {
    read_text(file).unwrap_err().to_string()
}

/// The file with the checksum that its data now has: an edit by someone who knows the format.
fn resealed(file: &str) -> String {
    let start = file.find("\"data\": [").unwrap() + 8;
    let data = &file[start..=file.rfind(']').unwrap()];
    let hex: String = Sha256::digest(data.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let at = file.find("sha256:").unwrap() + 7;
    format!("{}{hex}{}", &file[..at], &file[at + 64..])
}

#[test]
fn every_cut_and_every_changed_byte_is_noticed() {
    let file = good().text();
    assert_eq!(read_text(&file).unwrap(), 3);
    for end in 0..file.len() {
        if file.is_char_boundary(end) {
            assert!(read_text(&file[..end]).is_err(), "cut at {end}");
        }
    }
    let start = file.find("\"data\": [").unwrap();
    for at in start..file.len() {
        for flip in [1u8, 0x20, 0x80] {
            let mut bytes = file.clone().into_bytes();
            bytes[at] ^= flip;
            let read = ExportReader::new(bytes.as_slice()).and_then(ExportReader::check);
            assert!(read.is_err(), "byte {at} of {:?}", &file[start..]);
        }
    }
}

#[test]
fn edits_are_named() {
    let file = good().text();
    let edit = |from: &str, to: &str| message(&file.replacen(from, to, 1));
    assert!(edit("Lamp", "Lump").contains("checksum does not match"));
    assert!(edit("\"recordCount\": 3", "\"recordCount\": 4").contains("says it holds 4 records, but it holds 3"));
    assert!(edit("\n", "\r\n").contains("line endings"));
    assert!(edit("    {\"id\":0", "{\"id\":0").contains("not one record on one line"));
    assert!(edit("},\n    {\"id\":1", "}\n    {\"id\":1").contains("a comma is missing"));
    assert!(edit("\"Lamp\"}\n  ]", "\"Lamp\"},\n  ]").contains("a record is missing"));
    assert!(edit("{\n  \"metadata\"", "{ \"metadata\"").contains("not a backup file"));
    assert!(edit("\"table\": ", "\"table\": \"x\",\n    \"table\": ").contains("duplicate field"));
    assert!(edit("\"format\": 1", "\"format\": 2").contains("format 2"));
    assert!(message("").contains("not a backup file"));
    assert!(message("[]").contains("not a backup file"));
    assert!(message(&format!("{file} ")).contains("after the data"));
}

#[test]
fn edits_with_a_right_checksum_are_named_too() {
    let file = good().text();
    let edit = |from: &str, to: &str| message(&resealed(&file.replacen(from, to, 1)));
    assert!(edit("{\"id\":0,", "{\"id\":0,\"id\":1,").contains("\"id\" stands twice"));
    assert!(edit("{\"id\":0,", "{\"id\":0,\"i\\u0064\":1,").contains("\"id\" stands twice"));
    assert!(edit("{\"id\":0,", "{").contains("\"id\" is missing"));
    assert!(edit("{\"id\":0,", "{\"id\":0,\"slug\":1,").contains("\"slug\" is none of the table's"));
    assert!(edit("\"id\":0", "\"id\":\"0\"").contains("the value of \"id\""));
    assert!(edit("\"id\":0", "\"id\":00").contains("not JSON"));
    assert!(edit("\"id\":0", "\"id\":1e999").contains("the value of \"id\""));
    assert!(edit("\"Lamp\"", "{\"$frobnicate\":1}").contains("the value of \"title\""));
    assert!(edit("\"Lamp\"", "\"\\ud800\"").contains("the value of \"title\""));
    // Another order of the fields and spaces between them change nothing.
    let moved = resealed(&file.replacen("{\"id\":0,\"title\":\"Lamp\"}", "{ \"title\": \"Lamp\", \"id\": 0 }", 1));
    assert_eq!(read_text(&moved).unwrap(), 3);
}

/// Metadata of a file whose checksum is right, since it is of the data alone; and values in another form than their own.
#[test]
fn edited_metadata_and_values_in_another_form_are_named() {
    let file = good().text();
    let edit = |from: &str, to: &str| {
        let edited = file.replacen(from, to, 1);
        assert_ne!(edited, file, "{from}");
        message(&resealed(&edited))
    };
    for (from, to, wanted) in [
        ("\"table\": \"mods\"", "\"table\": \"users\"", "`table`"),
        ("\"engine\": \"postgresql\"", "\"engine\": \"sqlite\"", "`engine`"),
        ("\"createdAt\": \"2026-01-24T10:30:00Z\"", "\"createdAt\": \"2026-01-24\"", "`createdAt`"),
        ("\"key\": [\"id\"]", "\"key\": [\"title\"]", "`key`"),
        ("\"fields\": [\"id\",\"title\"]", "\"fields\": [\"title\",\"id\"]", "`key`"),
        ("\"encodings\": {}", "\"encodings\": {\"id\":[\"real\"]}", "`encodings`"),
        ("\"encodings\"", "\"notInClient\": [\"gone\"],\n    \"encodings\"", "\"gone\""),
    ] {
        let said = edit(from, to);
        assert!(said.contains("the metadata was edited") && said.contains(wanted), "{from}: {said}");
    }
    for (from, to, field) in [
        ("\"Lamp\"", "\"\\u004camp\"", "title"),
        ("\"Lamp\"", "{\"$text\":\"Lamp\"}", "title"),
        ("\"id\":1", "\"id\":{\"$int\":\"1\"}", "id"),
        ("\"id\":1", "\"id\":-0", "id"),
    ] {
        let said = edit(from, to);
        assert!(said.contains(&format!("the value of {field:?} is not written")), "{from}: {said}");
    }
}

#[test]
fn no_message_holds_a_value() {
    let file = good().text().replace("Lamp", "s3cr3t");
    for (from, to) in [("\"id\":0", "\"id\":\"s3cr3t\""), ("s3cr3t\"}", "s3cr3t}"), ("\"id\":1", "\"id\":s3cr3t")] {
        assert!(!message(&resealed(&file.replacen(from, to, 1))).contains("s3cr3t"));
    }
}

/// Torment: H4
#[test]
fn hostile_documents_end_in_bounded_time() {
    let file = good().text();
    let deep = "[".repeat(1 << 20);
    let keys: String = (0..200_000).map(|n| format!("\"k{n}\":1,")).collect();
    assert!(read_text(&file.replacen("\"Lamp\"", &deep, 1)).is_err());
    assert!(read_text(&resealed(&file.replacen("{\"id\":0,", &format!("{{{keys}"), 1))).is_err());
    let long_head = format!("{{\n{}", " ".repeat(20 << 20));
    assert!(message(&long_head).contains("no `data` follows"));
    let deep_head = file.replacen("\"schemaVersion\": null", &format!("\"schemaVersion\": {deep}"), 1);
    assert!(message(&deep_head).contains("metadata"));
}

#[test]
fn a_file_without_types_is_checked_but_gives_no_rows() {
    let file = good().text();
    let plain: String = file
        .lines()
        .filter(|line| !line.starts_with("    \"schema\""))
        .fold(String::new(), |all, line| all + line + "\n");
    let plain = plain.replace("\"encodings\": {},", "\"encodings\": {}");
    assert_eq!(read_text(&plain).unwrap(), 3);
    let error = ExportReader::new(plain.as_bytes()).unwrap().next_row(&mut Vec::new()).unwrap_err();
    assert!(matches!(error, ExportError::NoSchema));
}

/// Torment: H2
#[cfg(unix)]
#[test]
fn links_and_pipes_are_not_read() {
    let exported = good();
    let link = exported.path.with_file_name("link.json");
    std::os::unix::fs::symlink(&exported.path, &link).unwrap();
    assert!(matches!(read_all(&link), Err(ExportError::Refused { .. })));
    assert!(matches!(read_all(exported.path.parent().unwrap()), Err(ExportError::Refused { .. })));
    let pipe = exported.path.with_file_name("pipe.json");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert!(matches!(read_all(&pipe), Err(ExportError::Refused { .. })));
}
