//! Long output on a terminal goes through a pager, as git's does.

use std::ffi::OsStr;
use std::io::{self, IsTerminal, Write};
use std::process::{Child, Command, Stdio};

/// The pager where no variable names one: it ends by itself if everything fits on the screen.
const DEFAULT: &str = "less";
/// What `less` is told unless `LESS` says otherwise: quit if one screen is enough, keep colors, leave the text on the
/// screen.
const LESS: &str = "FRX";

/// A pager that is running. It is waited for when this is dropped.
pub(super) struct Pager(Child);

impl Pager {
    /// Starts the pager that `DBSNAP_PAGER` or `PAGER` names. None if stdout is not a terminal, the name is empty or
    /// `cat`, or it cannot be started: then output goes straight to stdout.
    pub fn start() -> Option<Pager> {
        if !io::stdout().is_terminal() {
            return None;
        }
        let named = ["DBSNAP_PAGER", "PAGER"].into_iter().find_map(|name| std::env::var(name).ok());
        let command = named.unwrap_or_else(|| DEFAULT.to_owned());
        if matches!(command.trim(), "" | "cat") {
            return None;
        }
        let mut pager = Command::new("sh");
        pager.arg("-c").arg(&command).stdin(Stdio::piped());
        // What it shows it gets from us; how to get into the database is none of its business.
        for (name, _) in std::env::vars_os().filter(|(name, value)| holds_password(name, value)) {
            pager.env_remove(name);
        }
        if std::env::var_os("LESS").is_none() {
            pager.env("LESS", LESS);
        }
        pager.spawn().ok().map(Pager)
    }
}

/// Whether a variable is a password, or a URL that may hold one.
fn holds_password(name: &OsStr, value: &OsStr) -> bool {
    let value = value.to_string_lossy();
    name == "PGPASSWORD" || value.contains("://") && (value.contains('@') || value.contains("password="))
}

impl Write for Pager {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.stdin.as_mut().map_or(Ok(bytes.len()), |stdin| stdin.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.stdin.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for Pager {
    fn drop(&mut self) {
        // The pager reads to the end of its input, which comes only when this is closed.
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}
