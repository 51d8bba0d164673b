//! Every decoder is fed with valid inputs that were damaged at random: flipped, cut, doubled, spliced, with numbers
//! that lie and words that mean something. It must end soon, within bounded memory, and without a panic.
//!
//! A round comes from a number, which a failure names. `DBSNAP_TEST_FUZZ_SECONDS` plays so many seconds for each
//! decoder from round `DBSNAP_TEST_FIRST_SEED` on; otherwise it is 400 rounds.

use crate::export::schema as exports;
use crate::store::{damage, shelf};
use crate::support::process::Project;
use crate::torture::world::Seed;
use crate::tree::memory::Memory;
use crate::tree::model::{self, Dice, keyed};
use dbsnap::codec::{Kind, RowReader, TableName, Value};
use dbsnap::db::{DatabaseUrl, Engine, Filter};
use dbsnap::fsio::Simulated;
use dbsnap::hash::Hash;
use dbsnap::monitor::Silent;
use dbsnap::ops::config::Config;
use dbsnap::prisma::env_file::EnvFile;
use dbsnap::prisma::project::PrismaConfig;
use dbsnap::prisma::schema::Schema;
use dbsnap::prisma::{BackupManifest, ExportReader};
use dbsnap::snapshot::Manifest;
use dbsnap::store::{Access, ObjectKind, Objects};
use dbsnap::tree::{Child, Cursor, DELTA, LEAF, LeafReader, NODE, Node, TreeCheck};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// What one input may take, in a build that is not optimized.
const PATIENCE: Duration = Duration::from_secs(10);
/// KiB that memory may grow by, whatever the inputs were: they are small.
const MEMORY: u64 = 256 << 10;
/// Bytes of the longest input.
const LONGEST: usize = 1 << 20;

const WORDS: [&str; 36] = [
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "\"",
    "'",
    "\\",
    "${",
    "$",
    "#",
    "--",
    "/*",
    "*/",
    ",",
    ":",
    "=",
    "\n",
    "\r\n",
    "\0",
    "null",
    "1e999",
    "-0",
    "18446744073709551616",
    "\\ud800",
    "\u{202e}",
    "@@map(\"x\")",
    "@db.",
    "enum ",
    "model ",
    "?host=",
    "%00",
    " OR ",
    "../",
    "\u{feff}",
];
const NUMBERS: [u64; 8] = [0, 1, 127, 128, 0xffff, 0x7fff_ffff, 0xffff_ffff, u64::MAX];

/// One of `inputs`, damaged.
#[expect(clippy::cast_possible_truncation, reason = "a roll is below what it is asked for")]
fn damaged(inputs: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let pick = |dice: &mut Dice| inputs[dice.roll(inputs.len() as u64) as usize].clone();
    let mut bytes = pick(dice);
    for _ in 0..=dice.roll(6) {
        let at = dice.roll(bytes.len() as u64 + 1) as usize;
        let end = (at + 1 + dice.roll(32) as usize).min(bytes.len());
        match dice.roll(9) {
            0 if at < bytes.len() => bytes[at] ^= 1 << dice.roll(8),
            1 if at < bytes.len() => bytes[at] = dice.roll(256) as u8,
            2 => drop(bytes.splice(at..end.max(at), [])),
            3 => bytes.truncate(at),
            4 => {
                let part = bytes[at.min(end)..end].to_vec();
                let most = if dice.roll(20) == 0 { 20_000 } else { 4 };
                let times = 1 + dice.roll(most) as usize;
                drop(bytes.splice(at..at, part.repeat(times)));
            }
            5 => {
                let number = NUMBERS[dice.roll(8) as usize].to_le_bytes();
                let number = &number[..1 << dice.roll(4)];
                let end = (at + number.len()).min(bytes.len());
                drop(bytes.splice(at..end.max(at), number.iter().copied()));
            }
            6 => {
                let other = pick(dice);
                bytes.truncate(at);
                bytes.extend_from_slice(&other[dice.roll(other.len() as u64 + 1) as usize..]);
            }
            _ => {
                let word = WORDS[dice.roll(WORDS.len() as u64) as usize];
                let times = if dice.roll(30) == 0 { 10_000 } else { 1 };
                drop(bytes.splice(at..at, word.repeat(times).into_bytes()));
            }
        }
    }
    bytes.truncate(LONGEST);
    bytes
}

fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Feeds `decode` with damaged `inputs`; it must take them as they are.
#[expect(clippy::print_stdout, reason = "the rounds are for whoever plays long")]
fn fuzz(inputs: &[Vec<u8>], decode: impl Fn(&[u8])) {
    let setting = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let (seconds, first) = (setting("DBSNAP_TEST_FUZZ_SECONDS"), setting("DBSNAP_TEST_FIRST_SEED").unwrap_or(0));
    inputs.iter().for_each(|input| decode(input));
    let (before, begun) = (peak(), Instant::now());
    let goes_on = |round: u64| match seconds {
        Some(seconds) => begun.elapsed() < Duration::from_secs(seconds),
        None => round < 400,
    };
    let mut round = 0;
    while goes_on(round) {
        let _seed = Seed(first + round);
        let input = damaged(inputs, &mut Dice(first + round));
        let started = Instant::now();
        decode(&input);
        assert!(started.elapsed() < PATIENCE, "{:?} for {} bytes", started.elapsed(), input.len());
        assert!(peak() < before + MEMORY, "{} KiB for {} bytes", peak() - before, input.len());
        round += 1;
    }
    println!("{round} rounds from {first}, {} KiB more memory", peak() - before);
}

/// As [`fuzz`], for text.
fn fuzz_text(inputs: &[&str], decode: impl Fn(&str)) {
    let inputs: Vec<Vec<u8>> = inputs.iter().map(|input| input.as_bytes().to_vec()).collect();
    fuzz(&inputs, |bytes| decode(&String::from_utf8_lossy(bytes)));
}

/// Packs, index files, manifests and refs as the store has them, under the name that their hash gives them.
fn store_files(below: &str) {
    let whole = damage::specimen();
    let dir = Path::new(shelf::ROOT).join(below);
    let paths: Vec<_> = whole.paths().into_iter().filter(|path| path.starts_with(&dir)).collect();
    let inputs: Vec<Vec<u8>> = paths.iter().map(|path| whole.read(path).unwrap()).collect();
    assert!(!inputs.is_empty());
    fuzz(&inputs, |bytes| {
        let machine: Simulated = whole.fork();
        paths.iter().for_each(|path| machine.lose(path));
        let name = match below {
            "refs" => paths[0].clone(),
            _ => dir.join(Hash::of(bytes).to_hex()).with_extension(paths[0].extension().unwrap_or_default()),
        };
        machine.put(&name, bytes);
        let Ok(store) = shelf::open(&machine, Access::Read) else { return };
        let _ = store.check(&Silent);
        let _ = (store.tags(), store.pins());
        // To the store an id is but a name: who forges an index can give it another object, and those who read know by
        // the hash.
        for number in 0..24 {
            let _ = store.get(&shelf::id(number));
        }
        for id in store.manifest_ids().unwrap() {
            let _ = store.read_manifest(&id);
        }
    });
}

#[test]
fn packs() {
    store_files("packs");
}

#[test]
fn index_files() {
    store_files("index");
}

#[test]
fn refs() {
    store_files("refs");
}

/// Feeds the readers of trees with damaged objects of that kind; what the others hold is there.
fn objects(kind: ObjectKind, store: &Memory, inputs: &[Vec<u8>]) {
    assert!(!inputs.is_empty(), "no object of kind {kind:?}");
    let spec = keyed();
    let whole: HashSet<Hash> = store.ids().into_iter().collect();
    fuzz(inputs, |bytes| {
        let id = if kind == NODE { Node::id_of(bytes) } else { Hash::of(bytes) };
        if whole.contains(&id) {
            return;
        }
        store.forge(id, kind, bytes);
        let _ = LeafReader::new(store, 1 << 20).load(&id);
        let _ = TreeCheck::new(store).tree(&spec, &id, &Silent);
        if let Ok(mut cursor) = Cursor::new(store, &spec, &id) {
            // A web of nodes may say that there are more rows than can be read.
            for _ in 0..20_000 {
                let Ok(Some(entry)) = cursor.next_entry() else { break };
                assert_eq!(entry.id, Hash::of(entry.row));
            }
        }
        store.remove(&id);
    });
}

/// Leaves and deltas: the second state of a table draws on the first.
fn leaves_of(kind: ObjectKind) {
    let (spec, store, mut dice) = (keyed(), Memory::default(), Dice(1));
    let mut rows = model::table(1_000, &mut dice);
    let old = model::build(&store, &spec, &[], &rows);
    for (at, (row, _)) in (0..).zip(rows.values_mut()).step_by(50) {
        *row = model::some_row(at * 7, &mut dice);
    }
    model::build(&store, &spec, &[old.root], &rows);
    let all = store.ids().into_iter().map(|id| store.get(&id).unwrap());
    let inputs: Vec<Vec<u8>> = all.filter(|object| object.kind == kind).map(|object| object.bytes).collect();
    objects(kind, &store, &inputs);
}

#[test]
fn leaves() {
    leaves_of(LEAF);
}

#[test]
fn nodes() {
    let (spec, store) = (keyed(), Memory::default());
    let rows = model::table(100, &mut Dice(1));
    let keys: Vec<&Vec<u8>> = rows.keys().collect();
    let children = (0..5).map(|part| {
        let within = rows.iter().skip(part * 20).take(20).map(|(key, row)| (key.clone(), row.clone())).collect();
        let built = model::build(&store, &spec, &[], &within);
        let upper = keys.get((part + 1) * 20).map_or(Vec::new(), |key| (*key).clone());
        Child { id: built.root, totals: built.totals, upper }
    });
    let low = Node { level: 1, multiset: false, children: children.collect() }.encode();
    store.forge(Node::id_of(&low), NODE, &low);
    let mut total = Node::decode(&low).unwrap();
    let child = Child { id: Node::id_of(&low), totals: total.totals().unwrap(), upper: Vec::new() };
    (total.level, total.children) = (2, vec![child]);
    objects(NODE, &store, &[low, total.encode()]);
}

#[test]
fn deltas() {
    leaves_of(DELTA);
}

#[test]
fn rows() {
    let inputs: Vec<Vec<u8>> = (0..20).map(|id| model::some_row(id, &mut Dice(id))).collect();
    fuzz(&inputs, |bytes| {
        let _ = RowReader::values(bytes, 3);
        let mut reader = RowReader::new(bytes);
        while let Ok(Some(_)) = reader.next_value() {}
        let mut key = Vec::new();
        let _ = keyed().key_of(bytes, &mut key);
    });
}

#[test]
fn manifests() {
    let project = Project::new();
    project
        .program(
            "sqlite3",
            ["dev.db", "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 'a')"],
        )
        .run()
        .success();
    let dbsnap = |args: &[&str]| drop(project.dbsnap(args).env("DBSNAP_URL", "file:./dev.db").run().success());
    dbsnap(&["init"]);
    dbsnap(&["snap", "t", "--where", "id > 0", "-m", "one"]);
    dbsnap(&["snap", "t", "-m", "two"]);
    dbsnap(&["restore", "latest", "-y"]);
    let files = fs::read_dir(project.path().join(".dbsnap/snapshots")).unwrap();
    let inputs: Vec<Vec<u8>> = files.map(|file| fs::read(file.unwrap().path()).unwrap()).collect();
    fuzz(&inputs, |bytes| {
        if let Ok(manifest) = Manifest::from_bytes(bytes) {
            let again = Manifest::from_bytes(&manifest.to_bytes()).unwrap();
            assert_eq!(again, manifest);
        }
    });
}

/// The checksum that the data now has: otherwise nothing behind it would be looked at.
fn resealed(bytes: &[u8]) -> Option<Vec<u8>> {
    let find = |wanted: &[u8]| bytes.windows(wanted.len()).position(|part| part == wanted);
    let (start, at) = (find(b"\"data\": [")? + 8, find(b"sha256:")? + 7);
    let end = bytes.iter().rposition(|byte| *byte == b']')?;
    let hex: String = Sha256::digest(bytes.get(start..=end)?).iter().map(|byte| format!("{byte:02x}")).collect();
    Some([bytes.get(..at)?, hex.as_bytes(), bytes.get(at + 64..)?].concat())
}

#[test]
fn exported_files_and_their_metadata() {
    let columns = [
        ("id", "integer", Kind::Int),
        ("title", "text", Kind::Text),
        ("data", "jsonb", Kind::Jsonb),
        ("tags", "text[]", Kind::Text),
    ];
    let columns = columns.into_iter().map(|(name, sql, kind)| exports::column(name, sql, kind)).collect();
    let schema = exports::table(TableName::qualified("public", "mods"), columns);
    let rows: Vec<Vec<Value>> = (0..4)
        .map(|n| {
            vec![
                Value::Int(n),
                exports::text("Lamp"),
                exports::text("{\"a\": [1, 2.50]}"),
                exports::text("{a,NULL,\"b c\"}"),
            ]
        })
        .collect();
    let inputs =
        [exports::export(&schema, &rows).text().into_bytes(), exports::export(&schema, &[]).text().into_bytes()];
    fuzz(&inputs, |bytes| {
        for bytes in [Some(bytes.to_vec()), resealed(bytes)].into_iter().flatten() {
            let _ = ExportReader::new(bytes.as_slice()).and_then(ExportReader::check);
            if let Ok(mut reader) = ExportReader::new(bytes.as_slice()) {
                let mut row = Vec::new();
                while let Ok(true) = reader.next_row(&mut row) {}
            }
        }
    });
}

#[test]
fn the_list_of_exports() {
    let project = Project::new();
    let text = r#"{"version":1,"backups":[{"id":"backup_20260124_103000_mods","table":"mods","createdAt":"2026-01-24T10:30:00Z",
        "recordCount":3,"filePath":"backup_20260124_103000_mods.json","restorePath":"x.ts","sizeBytes":9,"reason":"r","status":"valid"}],
        "retentionPolicy":{"maxBackupsPerTable":5,"maxAgeDays":30}}"#;
    fuzz_text(&[text], |text| {
        let path = project.write("backup_manifest.json", text);
        if let Ok(list) = BackupManifest::load(&path) {
            let _ = (list.entries().count(), list.retention());
        }
    });
}

#[test]
fn configs() {
    let project = Project::new();
    let text = "url = \"${DATABASE_URL}\"\nexport = \"always\"\nexport_dir = \"scripts/backups\"\n\n[retention]\nper_table = 5\ndays = 30\n";
    fuzz_text(&[text], |text| drop(Config::load(&project.write("config.toml", text))));
}

#[test]
fn prisma_schemas() {
    let inputs = [
        include_str!("../fixtures/prisma/catalogue-sqlite.prisma"),
        include_str!("../fixtures/prisma/everything-postgresql.prisma"),
    ];
    fuzz_text(&inputs, |text| drop(Schema::parse(Path::new("schema.prisma"), text)));
}

#[test]
fn prisma_configs() {
    let text = "import { defineConfig, env } from 'prisma/config'\nexport default defineConfig({ schema: 'prisma', // x\n migrations: \
        { path: \"m\" }, datasource: { url: env('DATABASE_URL') ?? `file:./dev.db` } })\n";
    fuzz_text(&[text], |text| drop(PrismaConfig::read(Path::new("/p/prisma.config.ts"), text)));
}

#[test]
fn env_files() {
    let text =
        "# comment\nexport A=1\nB='two $A'\nC=\"${A}:${B:-x}\\n\"\nDATABASE_URL=\"postgres://u:p@h/${A}\" # end\n";
    fuzz_text(&[text], |text| {
        let file = EnvFile::parse(text);
        for name in ["A", "B", "C", "DATABASE_URL"] {
            let _ = file.value(name, &|_| Some("${C}".to_owned()));
        }
    });
}

#[test]
fn urls() {
    let inputs = [
        "postgres://user:pa%3Ass@[::1]:5432,db2:5433/shop?sslmode=verify-full&host=/run&options=-c%20a%3Db&connect_timeout=3",
        "file:./dev.db?mode=ro&connection_limit=1",
        "postgresql:///x?service=s&passfile=/p",
    ];
    fuzz_text(&inputs, |text| {
        if let Ok(url) = DatabaseUrl::parse(text, Path::new("/p")) {
            let _ = url.display();
        }
    });
}

#[test]
fn filters() {
    let columns = vec![exports::column("id", "integer", Kind::Int), exports::column("title", "text", Kind::Text)];
    let inputs = [
        "id IN (1, 2) AND NOT (title LIKE '%x' OR title IS NULL)",
        "CASE WHEN id > 3 THEN lower(title) = 'a' ELSE true END",
        "id BETWEEN -1 AND 1e3",
    ];
    let tables = [
        (Engine::POSTGRES, exports::table(TableName::qualified("public", "mods"), columns.clone())),
        (Engine::SQLITE, exports::table(TableName { schema: None, name: "mods".to_owned() }, columns)),
    ];
    fuzz_text(&inputs, |text| {
        for (engine, schema) in &tables {
            let _ = Filter::parse(text, *engine, schema, &|_| None);
        }
    });
}
