//! Use cases: one file each, options in, report out. Nothing here prints, and nothing here knows the command line.

pub mod actor;
pub mod amend;
mod capture;
pub mod config;
pub mod delete;
pub mod demo;
pub mod diff;
mod difference;
pub mod doctor;
mod error;
pub mod export;
pub mod gc;
pub mod history;
pub mod import;
pub mod init;
pub mod log;
pub mod models;
mod names;
mod overlay;
pub mod project;
mod publish;
pub mod refs;
pub mod restore;
mod settings;
pub mod show;
pub mod snap;
pub mod sql;
pub mod tables;
pub mod verify;
pub(crate) mod wording;

pub use error::{ErrorKind, OpError};
pub use project::{Place, Project};
