#![no_main]

use dbsnap::prisma::env_file::EnvFile;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let file = EnvFile::parse(text);
    for name in ["A", "DATABASE_URL"] {
        if let Ok(Some(value)) = file.value(name, &|name| (name == "HOME").then(|| "/home/x".to_owned())) {
            assert!(value.len() <= 64 << 10);
        }
    }
});
