//! Trees built, read back, compared and attacked, against a plain map and a store in memory.

mod history;
mod memory;
mod model;
mod reads;
mod roundtrip;
