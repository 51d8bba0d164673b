//! The store, from outside: on a real disk and on a simulated machine.

mod objects;
mod shelf;
