//! The connection to a server: tokio-postgres behind blocking calls, for which each connection has a runtime of its
//! own.
//!
//! Only the simple query protocol is used, so that everything works through poolers in transaction mode. What
//! tokio-postgres does not tell (the server's words for what it did) or does not bound (the length of a message) is
//! seen to in [`watch`].

mod connection;
mod failure;
mod login;
mod long;
mod row;
mod tls;
mod watch;

pub use connection::Connection;
pub use failure::{Constraint, Failure, ServerError};
pub use row::{Cell, Row};
