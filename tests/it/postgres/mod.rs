//! The PostgreSQL adapter against a real server.

mod faults;
mod locks;
mod login;
mod names;
mod outcome;
mod reading;
mod references;
mod restoring;
pub mod rows;
mod sequences;
mod shapes;
mod types;
mod visibility;
