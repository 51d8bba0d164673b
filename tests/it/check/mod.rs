//! What scripts do to tables, as `check` tells it.

mod corpus;
mod script;
