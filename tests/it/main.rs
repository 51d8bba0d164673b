//! The one integration test binary.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, and so does what tests stand on"
)]

mod postgres;
mod support;
mod conformance;
mod filter;
mod sqlite;
mod dependencies;
mod layers;
mod source;
mod support;
mod torments;
