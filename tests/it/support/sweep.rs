//! How much of what a test could try it tries: a part of it in `tests/run`, all of it in `tests/run --long`.

/// Seeds of random trials: so many, or as many as `DBSNAP_TEST_SEEDS` says.
pub fn seeds(number: u64) -> u64 {
    std::env::var("DBSNAP_TEST_SEEDS").map_or(number, |text| text.parse().expect("DBSNAP_TEST_SEEDS: a number"))
}

/// Each how many cases of a sweep are tried: four, or as many as `DBSNAP_TEST_STEP` says (1 is all).
pub fn step() -> usize {
    std::env::var("DBSNAP_TEST_STEP").map_or(4, |text| text.parse().expect("DBSNAP_TEST_STEP: a number"))
}
