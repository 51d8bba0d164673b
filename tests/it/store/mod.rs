//! The store, from outside: on a real disk and on a simulated machine.

mod crash;
mod damage;
mod disk;
mod format;
mod hostile;
mod model;
mod objects;
mod shelf;
mod sweep;
