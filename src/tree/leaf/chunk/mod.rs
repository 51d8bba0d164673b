//! Column chunks: the values of one column, stored by type. `docs/FORMAT.md`, section 4.5.

mod places;
mod read;
mod write;

pub(super) use read::ChunkReader;
pub(super) use write::{Column, put};

/// Chunk tag: tags differ and follow one by one.
const MIXED: u8 = 255;
/// Integers as they are.
const INTS_PLAIN: u8 = 0;
/// Integers as differences from the one before.
const INTS_DELTA: u8 = 1;

/// Strings one after the other.
const STRINGS_BY_ROW: u8 = 0;
/// The first bytes of all strings, then the second ones, and so on.
const STRINGS_BY_PLACE: u8 = 1;
/// Bytes of the longest string stored by place.
const LONGEST_BY_PLACE: usize = 64;
