//! Names and values that are code elsewhere stay data: they are in the JSON file, and the script never holds them.

use super::schema::{column, export, read_all, table, text};
use dbsnap::codec::{Kind, TableName, Value, row};
use dbsnap::prisma::{Adapter, BackupId, ScriptOptions, restore_script, write_restore_script};
use insta::assert_snapshot;

const HOSTILE: [&str; 16] = [
    "'",
    "\"",
    "`",
    "${process.exit()}",
    "*/",
    "//",
    "\\",
    "\n",
    "\u{2028}",
    "\u{2029}",
    "</script>",
    "\u{202e}",
    "__proto__",
    "constructor",
    "\\ud800",
    "%CLIENT%",
];

fn all_adapters() -> [Adapter; 6] {
    [Adapter::None, Adapter::Pg, Adapter::LibSql, Adapter::LibSql6, Adapter::BetterSqlite3, Adapter::BetterSqlite36]
}

#[test]
fn names_and_values_round_trip() {
    for name in [TableName::qualified("public", HOSTILE.concat()), TableName::bare("../../x")] {
        let columns = HOSTILE.iter().map(|name| column(name, "text", Kind::Text)).collect();
        let values: Vec<Value> = HOSTILE.iter().map(|value| text(value)).collect();
        let reversed: Vec<Value> = values.iter().rev().cloned().collect();
        let exported = export(&table(name, columns), &[values.clone(), reversed.clone()]);
        assert_eq!(read_all(&exported.path).unwrap(), [row::encode(&values), row::encode(&reversed)]);
        let json: serde_json::Value = serde_json::from_str(&exported.text()).unwrap();
        assert_eq!(json["data"][0]["__proto__"], "__proto__");
    }
}

#[test]
fn two_columns_never_share_a_field() {
    let columns = vec![column("a", "text", Kind::Text), column("a", "text", Kind::Text)];
    let dir = tempfile::TempDir::new().unwrap();
    let writer = dbsnap::prisma::ExportWriter::create(
        &dir.path().join("a.json"),
        &table(TableName::bare("t"), columns),
        &dbsnap::prisma::ColumnNames,
        super::schema::info(),
    );
    assert!(writer.unwrap_err().to_string().contains("\"a\""));
}

#[test]
fn the_script_is_the_same_program_for_every_table() {
    let dir = tempfile::TempDir::new().unwrap();
    let time = "2026-01-24T10:30:00Z".parse().unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for name in HOSTILE.iter().chain(&["mods", "../../x", ""]) {
        let id = BackupId::choose(time, &TableName::bare(*name), |_| false).unwrap();
        let path = dir.path().join(id.script_file());
        write_restore_script(&path, &ScriptOptions::default()).unwrap();
        // Exported once more, it is the same script.
        write_restore_script(&path, &ScriptOptions::default()).unwrap();
        seen.insert(std::fs::read_to_string(&path).unwrap());
    }
    assert_eq!(seen.len(), 1);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), HOSTILE.len() + 4, "the scripts and what they share");
}

#[test]
fn every_variant_of_the_script_is_whole() {
    let program = restore_script(&ScriptOptions::default());
    let lines: Vec<&str> = program.lines().collect();
    let mut differing = Vec::new();
    for adapter in all_adapters() {
        let script = restore_script(&ScriptOptions { adapter, ..ScriptOptions::default() });
        assert!(!script.contains('%') && script.is_ascii(), "{adapter:?}");
        assert!(script.contains("process.argv[1]") && !script.contains("import.meta") && !script.contains("__dirname"));
        assert!(script.contains("[DRY RUN] Would restore records: ") && script.contains("Use --restore to apply."));
        differing.push(format!("{adapter:?}"));
        differing.extend(script.lines().filter(|line| !lines.contains(line)).map(str::to_owned));
    }
    assert_snapshot!(differing.join("\n"), @r##"
    None
    Pg
      const { PrismaPg } = await backup.load(() => import('@prisma/adapter-pg'), 'PrismaPg', '@prisma/adapter-pg');
      const prisma = backup.connect(() => new PrismaClient({ adapter: new PrismaPg({ connectionString: backup.url }, { schema: backup.schema }) }));
    LibSql
      const { PrismaLibSql } = await backup.load(() => import('@prisma/adapter-libsql'), 'PrismaLibSql', '@prisma/adapter-libsql');
      const prisma = backup.connect(() => new PrismaClient({ adapter: new PrismaLibSql({ url: backup.url }) }));
    LibSql6
      const { PrismaLibSQL } = await backup.load(() => import('@prisma/adapter-libsql'), 'PrismaLibSQL', '@prisma/adapter-libsql');
      const prisma = backup.connect(() => new PrismaClient({ adapter: new PrismaLibSQL({ url: backup.url }) }));
    BetterSqlite3
      const { PrismaBetterSqlite3 } = await backup.load(() => import('@prisma/adapter-better-sqlite3'), 'PrismaBetterSqlite3', '@prisma/adapter-better-sqlite3');
      const prisma = backup.connect(() => new PrismaClient({ adapter: new PrismaBetterSqlite3({ url: backup.url }) }));
    BetterSqlite36
      const { PrismaBetterSQLite3 } = await backup.load(() => import('@prisma/adapter-better-sqlite3'), 'PrismaBetterSQLite3', '@prisma/adapter-better-sqlite3');
      const prisma = backup.connect(() => new PrismaClient({ adapter: new PrismaBetterSQLite3({ url: backup.url }) }));
    "##);
}
