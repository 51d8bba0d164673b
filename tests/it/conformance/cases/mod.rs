//! The cases, by what they are about. Each gets a fixture over an empty database.

pub mod catalog;
pub mod counters;
pub mod definition;
pub mod instant;
pub mod keys;
pub mod read;
pub mod restore;
pub mod standing;
