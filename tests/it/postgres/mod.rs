//! The PostgreSQL adapter against a real server.

mod faults;
mod full;
mod lies;
mod locks;
mod login;
mod names;
mod network;
mod outcome;
mod partitions;
mod pglite;
mod pooler;
mod reading;
mod references;
mod restoring;
pub mod rows;
mod sequences;
mod shapes;
mod standby;
mod statements;
mod types;
mod verification;
mod visibility;
