#![no_main]

use dbsnap::prisma::project::PrismaConfig;
use libfuzzer_sys::fuzz_target;
use std::path::Path;

fuzz_target!(|text: &str| {
    let _ = PrismaConfig::read(Path::new("/app/prisma.config.ts"), text);
});
