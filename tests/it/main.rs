//! The one integration test binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking; the exemption for tests does not reach their helper functions"
)]

mod conformance;
mod filter;
mod sqlite;
