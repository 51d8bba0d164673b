#![no_main]

use dbsnap::db::DatabaseUrl;
use libfuzzer_sys::fuzz_target;
use std::path::Path;

fuzz_target!(|text: &str| {
    // A service is looked up in a file, which is no business of this target.
    if !text.contains("service") && !text.contains('%') {
        let _ = DatabaseUrl::parse(text, Path::new("/app"));
        let _ = DatabaseUrl::parse(&format!("postgres://{text}"), Path::new("/app"));
    }
});
