#![no_main]

use dbsnap::prisma::schema::Schema;
use libfuzzer_sys::fuzz_target;
use std::path::Path;

fuzz_target!(|text: &str| {
    let _ = Schema::parse(Path::new("schema.prisma"), text);
});
