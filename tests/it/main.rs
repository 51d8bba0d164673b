//! The one integration test binary.

mod conformance;
mod filter;
mod sqlite;
