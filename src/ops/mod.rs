//! Use cases: one file each, options in, report out.
