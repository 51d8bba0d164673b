//! `diff -o sql` against the databases' own programs: a patch is run by psql or sqlite3, and the database says what it
//! led to.

mod keys;
mod patched;
mod postgres;
mod random;
mod reads;
mod sqlite;
