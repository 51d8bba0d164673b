//! What tests stand on.

pub mod disk;
pub mod kill;
pub mod process;
pub mod redact;
