//! The real binary against real databases, hurt in every way: killed, signalled, run beside itself, out of room, damaged.

mod asleep;
mod beside;
mod calls;
mod day;
mod faults;
mod full;
mod held;
mod kills;
mod limits;
mod lost;
mod power;
mod secrets;
pub mod world;
mod syncs;
