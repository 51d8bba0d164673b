//! Signals: INT, TERM and HUP ask the work to stop; a second one ends the process at once.

use crate::monitor::Interrupt;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::flag;
#[cfg(feature = "mcp")]
use signal_hook::low_level::pipe;
#[cfg(feature = "mcp")]
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a process that a signal ended exits with, less the signal's number.
const EXIT_BASE: i32 = 128;

/// What signals set.
#[derive(Default)]
pub(super) struct Signals {
    /// Set by the first one.
    pub interrupt: Interrupt,
    number: Arc<AtomicUsize>,
}

impl Signals {
    /// Starts to listen. Should the system refuse, signals keep their ordinary effect.
    pub fn listen(&self) {
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            let number = usize::try_from(signal).unwrap_or_default();
            // In this order: the first signal finds the flag unset, sets it, and the second one ends the process.
            let _ = flag::register_conditional_shutdown(signal, EXIT_BASE + signal, self.interrupt.flag());
            let _ = flag::register_usize(signal, Arc::clone(&self.number), number);
            let _ = flag::register(signal, self.interrupt.flag());
        }
        // A file beyond the limit (ulimit -f) would end the process; with a handler the write fails with an error that
        // is told.
        let _ = flag::register(SIGXFSZ, Arc::default());
    }

    /// What can be read from as soon as a signal has come.
    ///
    /// # Errors
    /// If the system refuses.
    #[cfg(feature = "mcp")]
    pub fn pipe(&self) -> std::io::Result<UnixStream> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            pipe::register(signal, theirs.try_clone()?)?;
        }
        Ok(ours)
    }

    /// The number of the signal that came, if one did.
    pub fn number(&self) -> Option<u8> {
        u8::try_from(self.number.load(Ordering::Relaxed)).ok().filter(|number| *number > 0)
    }
}
