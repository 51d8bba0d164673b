//! Signals: INT, TERM and HUP ask the work to stop; a second one ends the process at once.

use crate::monitor::Interrupt;
#[cfg(windows)]
use signal_hook::consts::{SIGBREAK, SIGINT};
#[cfg(unix)]
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{SigId, flag, low_level};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The signals that ask to stop.
#[cfg(unix)]
const STOPPING: [i32; 3] = [SIGINT, SIGTERM, SIGHUP];
/// What the console tells. When it is closed the system ends its processes whatever they say, so that is as good as a
/// kill.
#[cfg(windows)]
const STOPPING: [i32; 2] = [SIGINT, SIGBREAK];

/// What a process that a signal ended exits with, less the signal's number.
const EXIT_BASE: i32 = 128;

/// What signals set.
#[derive(Default)]
pub(super) struct Signals {
    /// Set by the first one.
    pub interrupt: Interrupt,
    number: Arc<AtomicUsize>,
    /// What is registered for those that ask to stop.
    stopping: Mutex<Vec<SigId>>,
}

impl Signals {
    /// Starts to listen. Should the system refuse, signals keep their ordinary effect; those that this process was
    /// started to ignore (`nohup`) stay ignored.
    pub fn listen(&self) {
        let ignored = ignored();
        let mut stopping = self.stopping.lock().unwrap_or_else(PoisonError::into_inner);
        for signal in STOPPING.into_iter().filter(|signal| !is_in(*signal, ignored)) {
            let number = usize::try_from(signal).unwrap_or_default();
            // In this order: the first signal finds the flag unset, sets it, and the second one ends the process.
            stopping.extend(flag::register_conditional_shutdown(signal, EXIT_BASE + signal, self.interrupt.flag()));
            stopping.extend(flag::register_usize(signal, Arc::clone(&self.number), number));
            stopping.extend(flag::register(signal, self.interrupt.flag()));
        }
        // A file beyond the limit (ulimit -f) would end the process; with a handler the write fails with an error that
        // is told.
        #[cfg(unix)]
        let _ = flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
    }

    /// Ends as soon as a signal has come. To be called by what runs on tokio.
    ///
    /// # Errors
    /// If the system refuses.
    #[cfg(all(feature = "mcp", unix))]
    pub fn came(&self) -> std::io::Result<impl Future<Output = ()> + use<>> {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        for signal in STOPPING {
            low_level::pipe::register(signal, theirs.try_clone()?)?;
        }
        let mut ours = tokio::net::UnixStream::from_std(ours)?;
        Ok(async move { drop(tokio::io::AsyncReadExt::read(&mut ours, &mut [0]).await) })
    }

    /// Ends soon after a signal has come.
    ///
    /// # Errors
    /// None.
    #[cfg(all(feature = "mcp", windows))]
    pub fn came(&self) -> std::io::Result<impl Future<Output = ()> + use<>> {
        const POLL: std::time::Duration = std::time::Duration::from_millis(50);
        let came = self.interrupt.flag();
        Ok(async move {
            while !came.load(Ordering::Relaxed) {
                tokio::time::sleep(POLL).await;
            }
        })
    }

    /// Signals no longer ask to stop, until [`Signals::listen`] is called again.
    pub fn pause(&self) {
        let mut stopping = self.stopping.lock().unwrap_or_else(PoisonError::into_inner);
        for id in stopping.drain(..) {
            low_level::unregister(id);
        }
    }

    /// The number of the signal that came, if one did.
    pub fn number(&self) -> Option<u8> {
        u8::try_from(self.number.load(Ordering::Relaxed)).ok().filter(|number| *number > 0)
    }
}

/// The signals that this process ignores, a bit for each; where the system does not tell, none.
pub(super) fn ignored() -> u64 {
    if !cfg!(target_os = "linux") {
        return 0;
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}

/// Whether the signal is one of those.
pub(super) fn is_in(signal: i32, mask: u64) -> bool {
    u32::try_from(signal - 1).is_ok_and(|bit| mask.checked_shr(bit).is_some_and(|rest| rest & 1 == 1))
}
