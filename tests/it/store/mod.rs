//! The store, from outside: on a real disk and on a simulated machine.

mod crash;
mod damage;
mod objects;
mod shelf;
mod sweep;
