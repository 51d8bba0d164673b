//! Use cases: one file each, options in, report out.

pub mod demo;
