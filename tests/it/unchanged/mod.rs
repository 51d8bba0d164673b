//! What is known at once: that nothing has changed since a snapshot. It is said where it is so, and never where a row
//! is another one.

mod known;
mod postgres;
mod random;
mod sqlite;

use dbsnap::codec::Mark;
use dbsnap::db::{Sink, Standing};

trait MaybeMarked {
    /// The mark that the database gives, if it gives one.
    fn marked(&mut self) -> Option<Mark>;
}

impl<S: Sink + ?Sized> MaybeMarked for S {
    fn marked(&mut self) -> Option<Mark> {
        match self.standing().unwrap() {
            Standing::Marked(mark) => Some(mark),
            Standing::Unknown(_) => None,
        }
    }
}

/// The mark that the database gives.
fn mark(sink: &mut dyn Sink) -> Mark {
    match sink.standing().unwrap() {
        Standing::Marked(mark) => mark,
        Standing::Unknown(why) => panic!("no mark: {why}"),
    }
}

/// Why the database gives none.
fn refusal(sink: &mut dyn Sink) -> String {
    match sink.standing().unwrap() {
        Standing::Unknown(why) => why,
        Standing::Marked(mark) => panic!("a mark: {mark:?}"),
    }
}
