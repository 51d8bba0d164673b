#![no_main]

use dbsnap::ops::config::Config;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = toml::from_str::<Config>(text);
});
