//! Trees built, read back, compared and attacked, against a plain map and a store in memory.

mod memory;
mod model;
mod roundtrip;
