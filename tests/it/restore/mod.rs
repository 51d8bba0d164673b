//! What a restore can be asked for, on both engines, through the binary; the databases' own programs say what came of
//! it.

#![expect(clippy::unwrap_used, reason = "what a test cannot go on without ends it")]

mod create;
mod drift;
mod equal_keys;
mod exchanged;
mod faults;
mod generated_keys;
mod moved;
mod older;
mod parts;
mod plans;
mod privileges;
mod random;
mod rules;
mod schemas;
mod surroundings;
mod undo;

use crate::support::place;
