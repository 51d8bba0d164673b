//! Trees built, read back, compared and attacked, against a plain map and a store in memory.

#![expect(clippy::unwrap_used, reason = "what a test cannot go on without ends it")]
#![expect(clippy::cast_possible_truncation, reason = "numbers of tests are small")]

mod check;
mod damage;
mod history;
mod hostile;
mod load;
pub mod memory;
pub mod model;
mod noted;
mod reads;
mod roundtrip;
