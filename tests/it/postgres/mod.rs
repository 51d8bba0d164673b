//! The PostgreSQL adapter against a real server.

mod reading;
mod rows;
