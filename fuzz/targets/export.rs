#![no_main]

use dbsnap::prisma::ExportReader;
use libfuzzer_sys::fuzz_target;
use std::io::Cursor;

fuzz_target!(|bytes: &[u8]| {
    let _ = ExportReader::new(Cursor::new(bytes.to_vec())).and_then(ExportReader::check);
});
