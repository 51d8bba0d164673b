//! Names and values that are code elsewhere stay data: they are in the JSON file, and the script never holds them.

use super::schema::{column, export, read_all, table, text};
use dbsnap::codec::{Kind, TableName, Value, row};
use dbsnap::prisma::{Adapter, BackupId, ScriptOptions, restore_script, write_restore_script};
use insta::assert_snapshot;
use std::process::Command;

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

/// Torment: H1
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

/// Torment: H12
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
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), HOSTILE.len() + 3);
}

/// Torment: H12
#[test]
fn every_variant_of_the_script_is_whole() {
    let program = restore_script(&ScriptOptions::default());
    let lines: Vec<&str> = program.lines().collect();
    let mut differing = Vec::new();
    for adapter in all_adapters() {
        let script = restore_script(&ScriptOptions { adapter, ..ScriptOptions::default() });
        assert!(!script.contains('%') && script.is_ascii(), "{adapter:?}");
        assert!(script.contains("process.argv[1]") && !script.contains("import.meta") && !script.contains("__dirname"));
        assert!(script.contains("[DRY RUN] Would restore records. Use --restore to apply."));
        differing.push(format!("{adapter:?}"));
        differing.extend(script.lines().filter(|line| !lines.contains(line)).map(str::to_owned));
    }
    assert_snapshot!(differing.join("\n"), @r##"
    None
    Pg
    import { PrismaPg } from '@prisma/adapter-pg';
      const prisma = new PrismaClient({
        adapter: new PrismaPg({ connectionString: url }, { schema: new URL(url).searchParams.get('schema') ?? 'public' }),
    LibSql
    import { PrismaLibSql } from '@prisma/adapter-libsql';
      const prisma = new PrismaClient({ adapter: new PrismaLibSql({ url }) });
    LibSql6
    import { PrismaLibSQL } from '@prisma/adapter-libsql';
      const prisma = new PrismaClient({ adapter: new PrismaLibSQL({ url }) });
    BetterSqlite3
    import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3';
      const prisma = new PrismaClient({ adapter: new PrismaBetterSqlite3({ url }) });
    BetterSqlite36
    import { PrismaBetterSQLite3 } from '@prisma/adapter-better-sqlite3';
      const prisma = new PrismaClient({ adapter: new PrismaBetterSQLite3({ url }) });
    "##);
}

/// What the plan's users run first: `npx tsx <script>`. Types are stripped with the TypeScript compiler of `tests/prisma`; the
/// stub stands for Prisma's client, so this shows what the program does and not yet what Prisma makes of it.
#[test]
fn the_program_runs_dry_and_for_real() {
    let typescript = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/prisma/7");
    let compiler = std::path::Path::new(typescript).join("node_modules/typescript");
    assert!(compiler.is_dir(), "the TypeScript compiler is missing: tests/run installs it (npm ci in tests/prisma/7)");
    let columns = vec![column("id", "text", Kind::Text), column("data", "jsonb", Kind::Jsonb)];
    let rows = [[text("a"), text("null")], [text("b"), Value::Null], [text("c"), text("{\"$json\":[1]}")]];
    let rows: Vec<Vec<Value>> = rows.into_iter().map(Vec::from).collect();
    struct Model;
    impl dbsnap::prisma::FieldNames for Model {
        fn model(&self) -> Option<&str> {
            Some("mod")
        }
    }
    let schema = table(TableName::qualified("public", "mods"), columns);
    let exported = super::schema::export_as(&schema, &Model, super::schema::info(), &rows);
    let dir = exported.path.parent().unwrap();
    let stub = dir.join("node_modules/@prisma/client");
    std::fs::create_dir_all(&stub).unwrap();
    std::fs::write(dir.join("package.json"), "{}").unwrap();
    std::fs::write(dir.join(".env"), "DATABASE_URL=\"postgresql://u:s3cr3t@localhost:5432/shop\"\n").unwrap();
    std::fs::write(stub.join("index.js"), include_str!("prisma_stub.js")).unwrap();
    let script = dir.join("backup_20260124_103000_mods_restore.js");
    let ts = dir.join("script.ts");
    std::fs::write(&ts, restore_script(&ScriptOptions::default())).unwrap();
    let strip = "const ts = require(process.argv[1] + '/node_modules/typescript'), fs = require('fs');
        const out = ts.transpileModule(fs.readFileSync(process.argv[2], 'utf8'), { reportDiagnostics: true, compilerOptions: { module: 'commonjs', target: 'es2022' } });
        if (out.diagnostics.length) throw new Error(JSON.stringify(out.diagnostics.map((d) => d.messageText)));
        fs.writeFileSync(process.argv[3], out.outputText);";
    let stripped = Command::new("node").args(["-e", strip, typescript]).args([&ts, &script]).output().unwrap();
    assert!(stripped.status.success(), "{}", String::from_utf8_lossy(&stripped.stderr));
    let run = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = Command::new("node");
        command
            .arg(&script)
            .args(arguments)
            .env_remove("DATABASE_URL")
            .env_remove("NODE_ENV")
            .envs(variables.iter().copied());
        let output = command.output().unwrap();
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        assert!(!text.contains("s3cr3t"), "{text}");
        (output.status.success(), text)
    };
    let (ok, dry) = run(&[], &[]);
    assert!(ok && dry.contains("Restoring 3 records to mods in localhost:5432/shop\n[DRY RUN]"), "{dry}");
    assert!(!dry.contains("upsert"), "{dry}");
    let (ok, real) = run(&["--restore"], &[]);
    assert!(ok && real.ends_with("Restore complete.\n"), "{real}");
    assert!(real.contains(r#"upsert {"where":{"id":"a"},"update":{"id":"a","data":"JsonNull"}"#), "{real}");
    assert!(real.contains(r#"upsert {"where":{"id":"b"},"update":{"id":"b","data":"DbNull"}"#), "{real}");
    assert!(real.contains(r#"upsert {"where":{"id":"c"},"update":{"id":"c","data":{"$json":[1]}}"#), "{real}");
    let (ok, remote) = run(&["--restore"], &[("DATABASE_URL", "postgresql://u:s3cr3t@db.example.com/shop")]);
    assert!(!ok && remote.contains("not on this machine") && !remote.contains("upsert"), "{remote}");
    let (ok, production) = run(&["--restore"], &[("NODE_ENV", "production")]);
    assert!(!ok && production.contains("NODE_ENV") && !production.contains("upsert"), "{production}");
    let damaged = exported.text().replacen("\"a\"", "\"A\"", 1);
    std::fs::write(&exported.path, damaged).unwrap();
    let (ok, damaged) = run(&["--restore"], &[]);
    assert!(!ok && damaged.contains("checksum") && !damaged.contains("upsert"), "{damaged}");
}
