//! The real binary against real databases, hurt in every way: killed, signalled, run beside itself, out of room, damaged.

mod calls;
mod kills;
mod world;
