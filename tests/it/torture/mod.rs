//! The real binary against real databases, hurt in every way: killed, signalled, run beside itself, out of room,
//! damaged.

mod asleep;
mod beside;
mod calls;
mod damaged;
mod day;
mod faults;
mod full;
mod held;
mod kills;
mod limits;
mod lost;
mod made;
mod power;
mod secrets;
mod syncs;
pub mod world;
