//! `backup_manifest.json` is shared with the user: what is not ours stays.

use dbsnap::prisma::{BackupEntry, BackupManifest, BackupStatus, ExportError, Retention};
use insta::assert_snapshot;
use std::path::PathBuf;
use tempfile::TempDir;

fn entry(id: &str) -> BackupEntry {
    BackupEntry {
        id: id.to_owned(),
        table: "mods".to_owned(),
        created_at: "2026-01-24T10:30:00Z".parse().unwrap(),
        record_count: 5432,
        file_path: format!("{id}.json"),
        restore_path: format!("{id}_restore.ts"),
        size_bytes: 2_456_789,
        reason: "Before fc-002 gender cleanup script".to_owned(),
        status: BackupStatus::Valid,
    }
}

fn place(text: Option<&str>) -> (TempDir, PathBuf) {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("backup_manifest.json");
    if let Some(text) = text {
        std::fs::write(&path, text).unwrap();
    }
    (dir, path)
}

#[test]
fn a_new_manifest_is_the_plans() {
    let (dir, path) = place(None);
    let mut manifest = BackupManifest::load(&path).unwrap();
    manifest.put(&entry("backup_20260124_103000_mods"));
    manifest.save().unwrap();
    assert_snapshot!(std::fs::read_to_string(&path).unwrap(), @r##"
    {
      "version": 1,
      "backups": [
        {
          "id": "backup_20260124_103000_mods",
          "table": "mods",
          "createdAt": "2026-01-24T10:30:00Z",
          "recordCount": 5432,
          "filePath": "backup_20260124_103000_mods.json",
          "restorePath": "backup_20260124_103000_mods_restore.ts",
          "sizeBytes": 2456789,
          "reason": "Before fc-002 gender cleanup script",
          "status": "valid"
        }
      ],
      "retention": {
        "maxBackupsPerTable": 5,
        "maxAgeDays": 30
      }
    }
    "##);
    let read = BackupManifest::load(&path).unwrap();
    assert_eq!(read.entries().collect::<Vec<_>>(), [entry("backup_20260124_103000_mods")]);
    assert_eq!(read.retention(), Retention { max_backups_per_table: 5, max_age_days: 30 });
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn what_is_not_ours_stays_where_it_is() {
    let text = r#"{
  "note": "kept by hand",
  "backups": [
    { "id": "theirs", "kind": "pg_dump" },
    17,
    {
      "id": "a", "table": "mods", "createdAt": "2026-01-24T10:30:00Z", "recordCount": 1, "filePath": "a.json",
      "status": "valid", "owner": "Ada"
    }
  ],
  "retention": { "maxBackupsPerTable": 9, "keepWeekly": true }
}"#;
    let (_dir, path) = place(Some(text));
    let mut manifest = BackupManifest::load(&path).unwrap();
    assert_eq!(manifest.entries().count(), 1);
    assert_eq!(manifest.get("theirs"), None);
    assert!(manifest.set_status("a", BackupStatus::Missing));
    assert!(!manifest.set_status("b", BackupStatus::Missing));
    assert_eq!(manifest.retention(), Retention { max_backups_per_table: 9, max_age_days: 30 });
    manifest.put(&entry("b"));
    manifest.put(&BackupEntry { status: BackupStatus::Corrupt, ..entry("a") });
    manifest.set_retention(Retention { max_backups_per_table: 3, max_age_days: 7 });
    manifest.save().unwrap();
    let saved: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(saved["note"], "kept by hand");
    assert_eq!(saved["version"], 1);
    assert_eq!(saved["backups"][0], serde_json::json!({ "id": "theirs", "kind": "pg_dump" }));
    assert_eq!(saved["backups"][1], 17);
    assert_eq!(saved["backups"][2]["owner"], "Ada");
    assert_eq!(saved["backups"][2]["status"], "corrupt");
    assert_eq!(saved["backups"][2]["recordCount"], 5432);
    assert_eq!(saved["backups"][3]["id"], "b");
    assert_eq!(saved["retention"], serde_json::json!({ "maxBackupsPerTable": 3, "keepWeekly": true, "maxAgeDays": 7 }));
    let mut again = BackupManifest::load(&path).unwrap();
    assert!(again.remove("a") && !again.remove("a"));
    assert_eq!(again.entries().map(|entry| entry.id).collect::<Vec<_>>(), ["b"]);
}

#[test]
fn what_cannot_be_understood_is_never_overwritten() {
    let bad = [
        "",
        "{",
        "[]",
        "null",
        "{\"version\":2}",
        "{\"version\":\"1\"}",
        "{\"backups\":{}}",
        "{\"retention\":5}",
        "{} x",
    ];
    for text in bad {
        let (_dir, path) = place(Some(text));
        let error = BackupManifest::load(&path).unwrap_err();
        assert!(matches!(error, ExportError::Manifest { .. }), "{text}");
        assert!(error.to_string().contains("left as it is"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
}

#[cfg(unix)]
#[test]
fn links_are_neither_read_nor_replaced() {
    let (dir, path) = place(None);
    let elsewhere = dir.path().join("elsewhere.json");
    std::fs::write(&elsewhere, "{}").unwrap();
    let manifest = BackupManifest::load(&path).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
    assert!(matches!(BackupManifest::load(&path), Err(ExportError::Refused { .. })));
    assert!(matches!(manifest.save(), Err(ExportError::Refused { .. })));
    assert_eq!(std::fs::read_to_string(&elsewhere).unwrap(), "{}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
}
