//! The one integration test binary.

mod tree;
