//! What tests stand on.

pub mod postgres;
pub mod disk;
pub mod kill;
pub mod process;
pub mod redact;
