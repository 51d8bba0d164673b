//! How fast files are written and read. Not run by default: `cargo test --release --test it export::speed -- --ignored --nocapture`.

use super::schema::{column, info, table};
use dbsnap::codec::{Kind, TableName, row};
use dbsnap::ops::demo::content::{MOD_COLUMNS, mod_rows};
use dbsnap::ops::demo::{create_database, run_cleanup};
use dbsnap::prisma::{ColumnNames, ExportReader, ExportWriter};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const ROWS: u64 = 400_000;

/// Time that this thread has spent on a processor: what counts where others use the machine too.
fn busy() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(stat.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0))
}

#[test]
#[ignore = "a measurement, of use in release builds only"]
fn mods_are_written_and_read() {
    let kinds = [
        Kind::Text,
        Kind::Text,
        Kind::Text,
        Kind::Text,
        Kind::Text,
        Kind::Numeric,
        Kind::Int,
        Kind::BigInt,
        Kind::Float8,
        Kind::Bool,
        Kind::Json,
        Kind::Json,
        Kind::Bytes,
        Kind::Timestamp,
        Kind::Timestamp,
        Kind::Timestamp,
        Kind::Text,
        Kind::Text,
    ];
    let columns = MOD_COLUMNS.iter().zip(kinds).map(|(name, kind)| column(name, "x", kind)).collect();
    let schema = table(TableName::bare("mods"), columns);
    let rows: Vec<Vec<u8>> = mod_rows(ROWS).map(|values| row::encode(&values)).collect();
    let dir = TempDir::new().unwrap();
    for round in 0..3 {
        let path = dir.path().join(format!("{round}.json"));
        let start = Instant::now();
        let mut writer = ExportWriter::create(&path, &schema, &ColumnNames, info()).unwrap();
        let mut alone = writer.encoder();
        rows.iter().for_each(|row| writer.row(row).unwrap());
        let encoded = start.elapsed();
        let written = writer.finish().unwrap();
        let finished = start.elapsed();
        let mut buffer = Vec::with_capacity(1 << 20);
        let start = busy();
        for row in &rows {
            buffer.clear();
            alone.encode(row, &mut buffer).unwrap();
        }
        let alone = busy() - start;
        let start = busy();
        let mut reader = ExportReader::open(&path).unwrap();
        let mut row = Vec::new();
        while reader.next_row(&mut row).unwrap() {}
        let read = busy() - start;
        let rate = |time: Duration| written.size_bytes as f64 / 1e6 / time.as_secs_f64();
        println!(
            "{:.0} MB: encode {:.0} and read {:.0} MB per second of processor; elapsed: encode and hand over {:.0} MB/s, with fsync and rename {:.0} MB/s",
            written.size_bytes as f64 / 1e6,
            rate(alone),
            rate(read),
            rate(encoded),
            rate(finished)
        );
    }
}

#[test]
#[ignore = "a measurement, of use in release builds only"]
fn the_demo_is_made_and_cleaned_up() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("demo.db");
    let start = Instant::now();
    create_database(&path).unwrap();
    let made = start.elapsed();
    let start = Instant::now();
    let report = run_cleanup(&path).unwrap();
    println!("made in {made:.2?}, cleaned up in {:.2?}: {report:?}", start.elapsed());
}
