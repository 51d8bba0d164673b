//! Exports and restore scripts beside what Prisma's client does by itself: real Prisma, from `tests/prisma/7`.

use crate::measure::{Lane, Taken, cold_rounds, output, program, rounds, size_of, take};
use crate::postgres::{fresh_store, snap};
use crate::report::Section;
use crate::rows::Ids;
use crate::server::Server;
use crate::{Outcome, Plan};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Rows for what goes through Prisma's client: its own ways do not bear a million.
const MOST_ROWS: u64 = 100_000;

const MODEL: &str = r#"
generator client {
  provider = "prisma-client-js"
  output   = "../generated/client"
}
datasource db {
  provider = "postgresql"
}
model Mod {
  id            String    @id
  title         String
  slug          String    @unique
  description   String?
  contentType   String    @default("mod") @map("content_type")
  price         Decimal?  @db.Decimal(12, 2)
  downloadCount Int       @default(0) @map("download_count")
  fileSize      BigInt?   @map("file_size")
  rating        Float?
  isPublished   Boolean   @default(false) @map("is_published")
  tags          String[]
  metadata      Json?
  thumbnail     Bytes?
  publishedAt   DateTime? @map("published_at") @db.Timestamptz(6)
  createdAt     DateTime  @default(now()) @map("created_at")
  updatedAt     DateTime  @updatedAt @map("updated_at")
  sourceId      String?   @map("source_id")
  creatorId     String?   @map("creator_id")

  @@map("mods")
}
"#;

/// The plan's backup: everything by findMany, written as one JSON text.
const FIND_MANY: &str = r"
import { writeFileSync } from 'node:fs';
import { PrismaPg } from '@prisma/adapter-pg';
import client from './generated/client/index.js';
const prisma = new client.PrismaClient({ adapter: new PrismaPg({ connectionString: process.env.DATABASE_URL }) });
const data = await prisma.mod.findMany();
const plain = (key, value) => typeof value === 'bigint' ? value.toString() : value;
writeFileSync('plan.json', JSON.stringify({ metadata: { table: 'mods', recordCount: data.length }, data }, plain, 2));
await prisma.$disconnect();
";

/// The plan's restore: one upsert after the other.
const UPSERTS: &str = r"
import { readFileSync } from 'node:fs';
import { PrismaPg } from '@prisma/adapter-pg';
import client from './generated/client/index.js';
const prisma = new client.PrismaClient({ adapter: new PrismaPg({ connectionString: process.env.DATABASE_URL }) });
const { data } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
for (const record of data) {
  for (const [field, value] of Object.entries(record)) if (value === null) delete record[field];
  await prisma.mod.upsert({ where: { id: record.id }, update: record, create: record });
}
await prisma.$disconnect();
";

/// A server with the table, and a project with Prisma's client.
struct Shop {
    server: Server,
    dir: TempDir,
}

impl Shop {
    fn new(rows: u64) -> Outcome<Shop> {
        let shop = Shop { server: Server::with_mods(rows, Ids::InOrder)?, dir: tempfile::tempdir()? };
        let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/prisma/7/node_modules");
        if !packages.is_dir() {
            return Err("Prisma is missing: npm ci in tests/prisma/7".into());
        }
        shop.begin()?;
        Ok(shop)
    }

    /// An empty store in a project with everything else.
    fn begin(&self) -> Outcome<()> {
        let dir = self.path();
        fresh_store(&dir, &self.server.url())?;
        let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/prisma/7/node_modules");
        std::os::unix::fs::symlink(packages, dir.join("node_modules"))?;
        fs::create_dir(dir.join("prisma"))?;
        let dependencies = r#"{"dependencies":{"@prisma/client":"7.10.0","@prisma/adapter-pg":"7.10.0"}}"#;
        fs::write(dir.join("package.json"), dependencies)?;
        fs::write(dir.join("prisma/schema.prisma"), MODEL)?;
        fs::write(dir.join("prisma.config.ts"), "export default { schema: 'prisma/schema.prisma' };\n")?;
        fs::write(dir.join("find_many.mjs"), FIND_MANY)?;
        fs::write(dir.join("upserts.mjs"), UPSERTS)?;
        let mut generate = self.program("node_modules/.bin/prisma");
        output(generate.arg("generate").env("PRISMA_SCHEMA_ENGINE_BINARY", "/bin/false"))?;
        Ok(())
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("project")
    }

    fn program(&self, name: &str) -> Command {
        let name = if name.contains('/') { self.path().join(name) } else { PathBuf::from(name) };
        let mut command = Command::new(name);
        command.current_dir(self.path()).env("DATABASE_URL", self.server.url());
        command
    }

    fn export(&self) -> Outcome<Taken> {
        let mut command = Command::new(program());
        take(command.arg("-C").arg(self.path()).args(["export", "latest"]).env("DBSNAP_URL", self.server.url()))
    }

    /// What a round before has written: nobody is to replace a file where others make one.
    fn remove(&self, name: &str) -> Outcome<()> {
        let path = self.path().join(name);
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_dir() => Ok(fs::remove_dir_all(&path)?),
            Ok(_) => Ok(fs::remove_file(&path)?),
            Err(_) => Ok(()),
        }
    }

    /// The exported file that ends so.
    fn exported(&self, ending: &str) -> Outcome<PathBuf> {
        let files = fs::read_dir(self.path().join("scripts/backups"))?.flatten().map(|entry| entry.path());
        let mut files = files.filter(|path| path.to_string_lossy().ends_with(ending));
        files.next().ok_or_else(|| format!("no exported file ends in {ending}").into())
    }
}

/// A stored snapshot as JSON, beside the limit and beside Prisma's own way.
///
/// # Errors
/// If a process fails.
pub fn export(plan: &Plan) -> Outcome<Section> {
    let rows = plan.rows.min(MOST_ROWS);
    let shop = Shop::new(rows)?;
    snap(&shop.path(), &shop.server.url())?;
    shop.export()?;
    let bytes = size_of(&shop.exported("_mods.json")?)?;
    let mut lanes: Vec<Lane<'_>> = vec![Box::new(|_| {
        shop.remove("plan.json")?;
        take(shop.program("node").arg("find_many.mjs"))
    })];
    if !plan.peers_only {
        lanes.push(Box::new(|_| {
            shop.remove("scripts")?;
            shop.export()
        }));
    }
    let taken = rounds(&mut lanes, plan.rounds)?;
    drop(lanes);
    let ours = taken.get(1).map(Vec::as_slice);
    let about = format!(
        "{rows} rows of `mods`, already in a snapshot; {} MB of JSON; {} rounds.",
        bytes / 1_000_000,
        plan.rounds
    );
    let mut section = Section::new("Export to JSON", "prisma-export", about);
    section.time("export", ours, "findMany and JSON.stringify", &taken[0], 0.05);
    #[expect(clippy::cast_precision_loss, reason = "bytes of a file are far below 2^53")]
    let limit = vec![Taken { seconds: bytes as f64 / 300e6, peak_memory: 0 }; taken[0].len()];
    section.time("export", ours, "300 MB of JSON a second", &limit, 1.0);
    section.memory("peak memory of the export", ours);
    Ok(section)
}

/// The restore script's bulk way beside the plan's loop of upserts, after the table was emptied.
///
/// # Errors
/// If a process fails.
pub fn script(plan: &Plan) -> Outcome<Section> {
    let rows = plan.rows.min(MOST_ROWS);
    let shop = Shop::new(rows)?;
    snap(&shop.path(), &shop.server.url())?;
    shop.export()?;
    let (script, json) = (shop.exported("_mods_restore.ts")?, shop.exported("_mods.json")?);
    let empty = || shop.server.sql("TRUNCATE mods; CHECKPOINT");
    let mut lanes: Vec<Lane<'_>> = vec![Box::new(|_| {
        empty()?;
        take(shop.program("node").arg("upserts.mjs").arg(&json))
    })];
    if !plan.peers_only {
        lanes.push(Box::new(|_| {
            empty()?;
            take(shop.program("node_modules/.bin/tsx").arg(&script).args(["--restore", "--bulk"]))
        }));
    }
    let taken = cold_rounds(&mut lanes, plan.rounds)?;
    drop(lanes);
    let about = format!("{rows} rows of `mods`, the table emptied before each; {} round(s), none before.", plan.rounds);
    let mut section = Section::new("Restore script", "prisma-script", about);
    let ours = taken.get(1).map(Vec::as_slice);
    section.time("the script, in bulk", ours, "the plan's loop of upserts", &taken[0], 0.05);
    Ok(section)
}

/// Prisma's client under tsx, connected and nothing else: what no restore script can go below.
const CONNECT: &str = r"
import { PrismaPg } from '@prisma/adapter-pg';
import client from './generated/client/index.js';
const prisma = new client.PrismaClient({ adapter: new PrismaPg({ connectionString: process.env.DATABASE_URL }) });
await prisma.$queryRawUnsafe('SELECT 1');
await prisma.$disconnect();
";

/// The memory of the restore script on a large file: a dry run, then all rows brought back in bulk.
///
/// # Errors
/// If a process fails.
pub fn memory(plan: &Plan) -> Outcome<Section> {
    let rows = plan.rows;
    let shop = Shop::new(rows)?;
    snap(&shop.path(), &shop.server.url())?;
    shop.export()?;
    let (script, json) = (shop.exported("_mods_restore.ts")?, shop.exported("_mods.json")?);
    let connect = shop.path().join("connect.mts");
    fs::write(&connect, CONNECT)?;
    let run = |file: &Path, args: &[&str]| take(shop.program("node_modules/.bin/tsx").arg(file).args(args));
    // The first time tsx compiles; what it keeps is what every later run finds.
    let alone = [run(&connect, &[])?, run(&connect, &[])?];
    let dry = run(&script, &[])?;
    shop.server.sql("TRUNCATE mods; CHECKPOINT")?;
    let whole = run(&script, &["--restore", "--bulk"])?;
    let count = shop.server.sql("SELECT count(*) FROM mods")?;
    if count != rows.to_string() {
        return Err(format!("{count} rows came back, not {rows}").into());
    }
    let about = format!(
        "{rows} rows of `mods`, {} MB of JSON; the table emptied before the restore.",
        size_of(&json)? / 1_000_000
    );
    let mut section = Section::new("Restore script: memory", &format!("prisma-memory --rows {rows}"), about);
    let peaks = |taken: &[Taken]| taken.iter().map(|one| one.peak_memory).max().unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "bytes of memory are far below 2^53")]
    let peak = |taken: &[Taken]| peaks(taken) as f64;
    section.size("peak memory of the dry run", Some(peak(&[dry])), "limit", 200e6, 1.0);
    section.size("peak memory of `--restore --bulk`", Some(peak(&[whole])), "limit", 200e6, 1.0);
    section.size_beside(
        "peak memory of `--restore --bulk`",
        Some(peak(&[whole])),
        "Prisma's client that only connects",
        peak(&alone),
        None,
    );
    Ok(section)
}
