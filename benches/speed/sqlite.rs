//! SQLite: the first snapshot beside a program that only reads.

use crate::measure::{Lane, rounds, size_of, take};
use crate::postgres::{fresh_store, snap};
use crate::report::Section;
use crate::rows::{Ids, Mod, Rows, iso};
use crate::{Outcome, Plan};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, params};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::hint::black_box;
use std::path::Path;
use std::process::Command;

/// The argument that makes this program the reader; a file follows.
pub const READER: &str = "--read-sqlite";

const TABLE: &str = r#"
CREATE TABLE "mods" (
    "id" TEXT NOT NULL PRIMARY KEY, "title" TEXT NOT NULL, "slug" TEXT NOT NULL, "description" TEXT,
    "content_type" TEXT NOT NULL DEFAULT 'mod', "price" DECIMAL, "download_count" INTEGER NOT NULL DEFAULT 0,
    "file_size" BIGINT, "rating" REAL, "is_published" BOOLEAN NOT NULL DEFAULT false, "tags" JSONB NOT NULL,
    "metadata" JSONB, "thumbnail" BLOB, "published_at" DATETIME,
    "created_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP, "updated_at" DATETIME NOT NULL,
    "source_id" TEXT, "creator_id" TEXT
);
"#;

const INDEXES: &str = r#"
CREATE UNIQUE INDEX "mods_slug_key" ON "mods"("slug");
CREATE INDEX "mods_content_type_idx" ON "mods"("content_type");
"#;

/// The first snapshot of a table.
///
/// # Errors
/// If a process fails.
pub fn first(plan: &Plan) -> Outcome<Section> {
    let dir = tempfile::tempdir()?;
    let (file, project) = (dir.path().join("shop.db"), dir.path().join("project"));
    fill(&file, plan.rows)?;
    let url = format!("file:{}", file.display());
    let mut lanes: Vec<Lane<'_>> =
        vec![Box::new(|_| take(Command::new(std::env::current_exe()?).arg(READER).arg(&file)))];
    if !plan.peers_only {
        lanes.push(Box::new(|_| {
            fresh_store(&project, &url)?;
            snap(&project, &url)
        }));
    }
    let taken = rounds(&mut lanes, plan.rounds)?;
    drop(lanes);
    let ours = taken.get(1).map(Vec::as_slice);
    let megabytes = size_of(&file)? / 1_000_000;
    let about = format!("{} rows of `mods`, a file of {megabytes} MB; {} rounds.", plan.rows, plan.rounds);
    let mut section = Section::new("SQLite: first snapshot", "sqlite-first", about);
    section.time("time", ours, "`SELECT *` through the same library, every column read", &taken[0], 1.5);
    section.memory("peak memory of `snap`", ours);
    Ok(section)
}

/// Steps through the table and looks at every value.
///
/// # Errors
/// If SQLite does not read it.
pub fn read_all(file: &str) -> Outcome<()> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut select = connection.prepare("SELECT * FROM mods")?;
    let columns = select.column_count();
    let mut rows = select.query([])?;
    let mut sum = 0u64;
    while let Some(row) = rows.next()? {
        for column in 0..columns {
            sum = sum.wrapping_add(match row.get_ref(column)? {
                ValueRef::Null => 0,
                ValueRef::Integer(value) => value.cast_unsigned(),
                ValueRef::Real(value) => value.to_bits(),
                ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                    bytes.iter().fold(bytes.len() as u64, |sum, byte| sum.wrapping_add(u64::from(*byte)))
                }
            });
        }
    }
    black_box(sum);
    Ok(())
}

/// Makes the file.
///
/// # Errors
/// If SQLite refuses.
pub fn fill(file: &Path, rows: u64) -> Outcome<()> {
    let mut connection = Connection::open(file)?;
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;")?;
    connection.execute_batch(TABLE)?;
    let transaction = connection.transaction()?;
    {
        let places = vec!["?"; 18].join(", ");
        let mut insert = transaction.prepare(&format!("INSERT INTO mods VALUES ({places})"))?;
        let source = Rows::new(Ids::InOrder);
        for number in 0..rows {
            insert_one(&mut insert, &source.row(number))?;
        }
    }
    transaction.commit()?;
    connection.execute_batch(INDEXES)?;
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(())
}

/// Deletes one scattered row in a hundred, other ones in each round.
///
/// # Errors
/// If SQLite refuses.
pub fn lose(file: &Path, round: usize) -> Outcome<()> {
    let connection = Connection::open(file)?;
    // SplitMix's multiplier: neighbours fall apart.
    let scattered = format!("abs(rowid * 0x9e3779b9) / 65536 % 100 = {}", round % 100);
    connection.execute_batch(&format!("DELETE FROM mods WHERE {scattered}; PRAGMA wal_checkpoint(TRUNCATE)"))?;
    Ok(())
}

/// Something that changes if any row does.
///
/// # Errors
/// If SQLite does not read the table.
pub fn contents(file: &Path) -> Outcome<String> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut select = connection.prepare("SELECT * FROM mods ORDER BY id")?;
    let columns = select.column_count();
    let mut rows = select.query([])?;
    let (mut hasher, mut count) = (DefaultHasher::new(), 0u64);
    while let Some(row) = rows.next()? {
        count += 1;
        for column in 0..columns {
            match row.get_ref(column)? {
                ValueRef::Null => 0u8.hash(&mut hasher),
                ValueRef::Integer(value) => value.hash(&mut hasher),
                ValueRef::Real(value) => value.to_bits().hash(&mut hasher),
                ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.hash(&mut hasher),
            }
        }
    }
    Ok(format!("{count} {:x}", hasher.finish()))
}

fn insert_one(insert: &mut rusqlite::Statement<'_>, row: &Mod) -> Outcome<()> {
    let prisma_time = |at: u64| iso(at).replace(' ', "T") + "+00:00";
    let tags: Vec<String> = row.tags.iter().map(|tag| format!("\"{tag}\"")).collect();
    #[expect(clippy::cast_precision_loss, reason = "cents are small")]
    let price = row.price.map(|cents| cents as f64 / 100.0);
    insert.execute(params![
        row.id,
        row.title,
        row.slug,
        row.description,
        row.content_type,
        price,
        row.download_count.cast_signed(),
        row.file_size.map(u64::cast_signed),
        row.rating,
        row.is_published,
        format!("[{}]", tags.join(",")),
        row.metadata,
        row.thumbnail,
        row.published_at.map(prisma_time),
        prisma_time(row.created_at),
        prisma_time(row.updated_at),
        row.source_id,
        row.creator_id,
    ])?;
    Ok(())
}
