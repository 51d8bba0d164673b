//! The threads of this process: as many as there are processors, fewer where the system does not give as many.

use crate::ops::OpError;
use rayon::ThreadPoolBuilder;
use std::sync::mpsc::channel;
use std::thread::{Builder, available_parallelism};

/// Makes the pool that all parts share.
///
/// # Errors
/// If there is no thread to be had: a library that needs one would end the process.
pub(super) fn start() -> Result<(), OpError> {
    let wanted = available_parallelism().map_or(2, usize::from);
    let (held, error) = obtainable(wanted);
    // Where there is a limit, some are left for the threads that read, write and watch.
    let threads = if held == wanted { wanted } else { held / 2 };
    let none = |reason: String| Err(OpError::NoThreads(reason));
    if threads == 0 {
        return none(error.map_or_else(|| "there is only one".to_owned(), |error| error.to_string()));
    }
    match ThreadPoolBuilder::new().num_threads(threads).build_global() {
        Ok(()) => Ok(()),
        Err(error) => none(error.to_string()),
    }
}

/// How many threads can be had at once, at most `wanted`, and why not more.
fn obtainable(wanted: usize) -> (usize, Option<std::io::Error>) {
    let mut running = Vec::with_capacity(wanted);
    let mut failed = None;
    let (end, ended) = channel::<()>();
    let ended = std::sync::Arc::new(std::sync::Mutex::new(ended));
    for _ in 0..wanted {
        let ended = std::sync::Arc::clone(&ended);
        let spawned = Builder::new().spawn(move || {
            // Nothing is ever sent: this waits until the other end is gone.
            let _ = ended.lock().map(|ended| ended.recv());
        });
        match spawned {
            Ok(thread) => running.push(thread),
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
    }
    drop(end);
    let held = running.len();
    for thread in running {
        let _ = thread.join();
    }
    (held, failed)
}
