//! The one integration test binary.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and so does what tests stand on"
)]

mod agent;
mod check;
mod chosen;
mod cli;
mod conformance;
mod dependencies;
mod diff;
mod docs;
mod export;
mod filter;
mod fuzz;
mod gauntlet;
mod hook;
mod layers;
mod mcp;
mod memory;
mod model;
mod postgres;
mod prisma;
mod restore;
mod run;
mod scenarios;
mod snapshot;
mod sqlite;
mod store;
mod support;
mod torture;
mod tree;
mod unchanged;
