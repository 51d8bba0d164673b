//! What tests stand on.

pub mod disk;
pub mod elsewhere;
pub mod fault;
pub mod files;
pub mod kill;
pub mod liar;
pub mod place;
pub mod postgres;
pub mod process;
pub mod proxy;
pub mod recording;
pub mod redact;
pub mod schema;
pub mod sweep;
pub mod watched;
pub mod witness;
