//! A small blocking client of PostgreSQL's protocol, version 3.
//!
//! Authentication and the messages we send come from the `postgres-protocol` crate; encryption from rustls. Receiving is
//! ours, for three reasons: the rules ask for the server's own words (the tag of COMMIT, the row count that ends a COPY),
//! rows must reach the decoder without a copy or an allocation for each, and what a server may make us allocate is bounded.
//!
//! Only the simple query protocol is used, so that everything works through transaction-pooling proxies.

mod connection;
mod copy;
mod failure;
mod frames;
mod row;
mod socket;
mod startup;
mod tls;

pub use connection::Connection;
pub use failure::{Constraint, Failure, ServerError};
pub use row::Row;
