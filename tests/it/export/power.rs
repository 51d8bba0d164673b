//! Power cuts and disk errors at every operation of an export, on a simulated machine.

use super::schema::{column, info, table, text};
use dbsnap::codec::{Kind, TableName, Value, row};
use dbsnap::fsio::{FileSystem, Simulated};
use dbsnap::prisma::{ColumnNames, ExportError, ExportWriter};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

const PATH: &str = "/out/backup.json";

/// Writes a file of rows of that many bytes each.
fn export(machine: &Simulated, rows: usize, bytes: usize) -> Result<(), ExportError> {
    let columns = vec![column("id", "integer", Kind::Int), column("body", "text", Kind::Text)];
    let mods = table(TableName::qualified("public", "mods"), columns);
    let fs = Arc::new(machine.clone());
    let mut writer = ExportWriter::create_on(fs, Path::new(PATH), &mods, &ColumnNames, info())?;
    for id in 0..rows as i64 {
        writer.row(&row::encode(&[Value::Int(id), text(&"x".repeat(bytes))]))?;
    }
    writer.finish().map(drop)
}

/// A machine with an export, which another is to replace.
fn machine() -> Simulated {
    let machine = Simulated::new();
    machine.create_dir(Path::new("/out")).unwrap();
    machine.sync_dir(Path::new("/")).unwrap();
    export(&machine, 1, 1).unwrap();
    machine
}

/// The old file, or the new one, and nothing else.
fn must_hold(machine: &Simulated, old: &[u8], new: &[u8], is_done: bool, story: &str) {
    let found = machine.read(Path::new(PATH)).unwrap_or_else(|| panic!("{story}: there is no file"));
    assert!(found == new || (!is_done && found == old), "{story}: {} bytes, done: {is_done}", found.len());
}

/// Small files are written whole, long ones while more is made; a long one that was guessed wrong is copied.
#[test]
fn an_export_is_whole_or_absent_whenever_the_power_goes_or_the_disk_fails() {
    for (rows, bytes) in [(3, 10), (30, 100_000)] {
        let whole = machine();
        let (before, old) = (whole.operations(), whole.read(Path::new(PATH)).unwrap());
        export(&whole, rows, bytes).unwrap();
        let (operations, new) = (whole.operations() - before, whole.read(Path::new(PATH)).unwrap());
        assert!(operations >= 5 && new.len() > rows * bytes);
        for at in 1..=operations {
            let machine = machine();
            machine.crash_at(before + at);
            let done = export(&machine, rows, bytes).is_ok();
            machine.reboot(at);
            must_hold(&machine, &old, &new, done, &format!("{rows} rows, power cut at {at}"));
            for lasting in [false, true] {
                let machine = self::machine();
                machine.fail_at(before + at, ErrorKind::StorageFull, lasting);
                let done = export(&machine, rows, bytes).is_ok();
                let story = format!("{rows} rows, disk full at {at}, lasting: {lasting}");
                machine.heal();
                must_hold(&machine, &old, &new, done, &story);
                // A removal may be what failed: then the file is whole, and a temporary one stays.
                let litter = machine.paths().len() - 1;
                assert!(lasting || done || litter == 0, "{story}: {:?}", machine.paths());
            }
        }
    }
}
