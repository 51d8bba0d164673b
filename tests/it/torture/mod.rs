//! The real binary against real databases, hurt in every way: killed, signalled, run beside itself, out of room, damaged.

mod beside;
mod calls;
mod full;
mod held;
mod kills;
mod limits;
mod lost;
mod secrets;
mod world;
