//! The store, from outside: on a real disk and on a simulated machine.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::cast_possible_truncation, reason = "tests")]

mod copies;
mod crash;
pub mod damage;
mod disk;
mod files;
mod format;
mod forms;
mod hostile;
mod mend;
mod model;
mod objects;
mod recompress;
mod refs;
pub mod shelf;
mod sweep;
