//! The export files: what is written, that it comes back bit for bit, and that nothing in it becomes code.

pub mod damage;
mod definitions;
mod golden;
mod hostile;
mod manifest;
mod power;
mod roundtrip;
pub mod schema;
mod usual;
