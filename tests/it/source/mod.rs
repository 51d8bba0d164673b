//! Reads Rust source far enough to hold the project's own rules against it: tokens, paths, module files.
//!
//! A parser of the whole language would be a heavy dependency for a few rules about names. Tokens are enough, as long as
//! comments and literals are told apart from code.

pub mod files;
pub mod paths;
pub mod tokens;
