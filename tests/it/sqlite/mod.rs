//! SQLite specifics.
