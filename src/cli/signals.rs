//! Signals: INT, TERM and HUP ask the work to stop; a second one ends the process at once.

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::flag;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

/// What a process that a signal ended exits with, less the signal's number.
const EXIT_BASE: i32 = 128;

/// The number of the signal that came; 0 if none did.
static CAME: LazyLock<Arc<AtomicUsize>> = LazyLock::new(Arc::default);

/// Starts to listen. Should the system refuse, signals keep their ordinary effect.
pub(super) fn listen() {
    let again = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        let number = usize::try_from(signal).unwrap_or_default();
        // In this order: the first signal finds the flag unset, sets it, and the second one ends the process.
        let _ = flag::register_conditional_shutdown(signal, EXIT_BASE + signal, Arc::clone(&again));
        let _ = flag::register(signal, Arc::clone(&again));
        let _ = flag::register_usize(signal, Arc::clone(&CAME), number);
    }
    // A file beyond the limit (ulimit -f) would end the process; with a handler the write fails with an error that is told.
    let _ = flag::register(SIGXFSZ, Arc::default());
}

/// The number of the signal that asked to stop, if one did.
pub(super) fn came() -> Option<u8> {
    match CAME.load(Ordering::Relaxed) {
        0 => None,
        signal => u8::try_from(signal).ok(),
    }
}
