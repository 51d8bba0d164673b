//! The one integration test binary.

mod store;
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, and so does what tests stand on"
)]

mod dependencies;
mod layers;
mod source;
mod support;
mod torments;
mod conformance;
mod sqlite;
