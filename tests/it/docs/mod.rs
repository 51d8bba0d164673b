//! Documents whose sessions are run. `docs/record-session` writes them anew.

mod agents;
mod readme;
mod start;
