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

fn hex(bytes: &str) -> String {
    Sha256::digest(bytes.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The file with the checksums that its data and its metadata now have: an edit by someone who knows the format.
pub fn resealed(file: &str) -> String {
    let start = file.find("\"data\": [").unwrap() + 8;
    let data = hex(&file[start..=file.rfind(']').unwrap()]);
    let at = file.find("sha256:").unwrap() + 7;
    let file = format!("{}{data}{}", &file[..at], &file[at + 64..]);
    let Some(line) = file.find("    \"metadataChecksum\"") else { return file };
    let at = line + "    \"metadataChecksum\": \"sha256:".len();
    format!("{}{}{}", &file[..at], hex(&file[..line]), &file[at + 64..])
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
    for at in 0..file.len() {
        for flip in [1u8, 0x20, 0x80] {
            let mut bytes = file.clone().into_bytes();
            bytes[at] ^= flip;
            let read = ExportReader::new(bytes.as_slice()).and_then(ExportReader::check);
            assert!(read.is_err(), "byte {at} of {file:?}");
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

/// The metadata has a checksum of its own, in its last line.
#[test]
fn every_edit_of_the_metadata_is_noticed() {
    let file = good().text();
    let (start, end) = (file.find("    \"table\"").unwrap(), file.find("  },\n").unwrap());
    let lines: Vec<&str> = file[start..end].lines().collect();
    assert_eq!(lines.len(), 13, "{lines:?}");
    let with = |lines: &[String]| format!("{}{}\n{}", &file[..start], lines.join("\n"), &file[end..]);
    for at in 0..lines.len() - 1 {
        let (name, value) = lines[at].split_once(": ").unwrap();
        let value = value.trim_end_matches(',');
        let other = match value.parse::<serde_json::Value>().unwrap() {
            serde_json::Value::String(text) => format!("{:?}", format!("{text}0")),
            serde_json::Value::Number(number) => format!("{}", number.as_u64().unwrap() + 1),
            serde_json::Value::Null => "\"x\"".to_owned(),
            serde_json::Value::Array(_) => "[]".to_owned(),
            _ => "{\"x\":[]}".to_owned(),
        };
        let all = |line: Option<String>| -> Vec<String> {
            let mut all: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
            match line {
                Some(line) => all[at] = line,
                None => drop(all.remove(at)),
            }
            all
        };
        for edited in [all(Some(format!("{name}: {other},"))), all(None), all(Some(format!("{name}:  {value},")))] {
            assert!(read_text(&with(&edited)).is_err(), "{name} became {edited:?}");
        }
    }
    let said = |from: &str, to: &str| message(&file.replacen(from, to, 1));
    for (from, to) in [
        ("\"createdAt\": \"2026", "\"createdAt\": \"2025"),
        ("\"schemaVersion\": null", "\"schemaVersion\": \"20260101_x\""),
        ("\"filterApplied\": null", "\"filterApplied\": \"id > 5\""),
    ] {
        assert!(said(from, to).contains("the metadata was edited: it has another `metadataChecksum`"), "{from}");
    }
    assert!(said("    \"encodings\"", "    \"more\": 1,\n    \"encodings\"").contains("another `metadataChecksum`"));
    let (last, before) = lines.split_last().unwrap();
    let mut moved: Vec<String> = [format!("{last},")].into();
    moved.extend(before.iter().map(|line| (*line).to_owned()));
    *moved.last_mut().unwrap() = before.last().unwrap().trim_end_matches(',').to_owned();
    assert!(message(&with(&moved)).contains("not its last line"));
    assert!(said("\"metadataChecksum\"", "\"metadataCheckSum\"").contains("the name of its `metadataChecksum`"));
}

/// Metadata of a file whose checksum is right, since it is of the data alone; and values in another form than their
/// own.
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
        .filter(|line| !line.starts_with("    \"schema\"") && !line.starts_with("    \"metadataChecksum\""))
        .fold(String::new(), |all, line| all + line + "\n");
    let plain = plain.replace("\"encodings\": {},", "\"encodings\": {}");
    assert_eq!(read_text(&plain).unwrap(), 3);
    let error = ExportReader::new(plain.as_bytes()).unwrap().next_row(&mut Vec::new()).unwrap_err();
    assert!(matches!(error, ExportError::NoSchema));
}

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
