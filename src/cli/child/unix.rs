//! Linux and macOS: signals of the terminal reach the command by themselves, others are passed on.

use super::{Line, NOT_RUN, NotRun};
use crate::cli::command_error::CliError;
use crate::cli::signals::{ignored, is_in};
use crate::cli::ui::Ui;
use crate::ops::OpError;
use rustix::fs::{Access, access};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, getpgrp, kill_process, waitid};
use rustix::termios::tcgetpgrp;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::exfiltrator::WithRawSiginfo;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};

/// Where programs are looked for if `PATH` is not set.
const USUAL_PATH: &str = "/bin:/usr/bin";

/// The signals that come while the command runs.
type Signals = SignalsInfo<WithRawSiginfo>;

/// Finds the program, as it would be run in `dir`: the file of that name in `PATH`, or the path that was given.
///
/// # Errors
/// If there is none, or it cannot be run.
pub(in crate::cli) fn find(program: &OsStr, dir: &Path) -> Result<PathBuf, NotRun> {
    let path = std::env::var_os("PATH").unwrap_or_else(|| USUAL_PATH.into());
    let places = std::env::split_paths(&path).map(|place| dir.join(place).join(program));
    let places = places.filter(|_| !program.is_empty());
    let named = program.as_bytes().contains(&b'/').then(|| dir.join(program));
    let mut error = io::Error::from(io::ErrorKind::NotFound);
    for file in named.clone().into_iter().chain(places.filter(|_| named.is_none())) {
        match std::fs::metadata(&file).and_then(|found| Ok((found, access(&file, Access::EXEC_OK)?))) {
            Ok((found, ())) if found.is_file() => {
                return match named {
                    Some(_) => Ok(program.into()),
                    None => std::path::absolute(file).map_err(|error| NotRun::new(program, &error)),
                };
            }
            Ok(_) => error = io::Error::from(Errno::ACCESS),
            Err(other) if matches!(other.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
            Err(other) => error = other,
        }
    }
    Err(NotRun::new(program, &error))
}

/// Runs a command to its end. Signals are the command's until then: those of the terminal reach it by themselves, others
/// are passed on.
///
/// # Errors
/// If it was not run.
pub(in crate::cli) fn run(line: &Line<'_>, ui: &Ui) -> Result<ExitStatus, CliError> {
    let Some((program, arguments)) = line.words.split_first() else {
        return Err(OpError::Usage("there is no command to run".to_owned()).into());
    };
    let ignored = ignored();
    let passed = [SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2].into_iter();
    let passed = passed.filter(|signal| !is_in(*signal, ignored));
    // From here on no signal is lost: it asks to stop, or is passed on.
    let signals = Signals::new(passed).map_err(|error| NotRun { what: error.to_string(), code: NOT_RUN })?;
    ui.pause();
    if ui.signal().is_some() {
        return Err(OpError::Interrupted.into());
    }
    let (name, value) = line.variable;
    let spawn = |program: &OsStr, first: Option<&OsStr>| {
        let mut command = Command::new(program);
        command.args(first).args(arguments).current_dir(line.dir).env(name, value).spawn()
    };
    let spawned = match spawn(program, None) {
        // A script without an interpreter's line is the shell's, as everywhere.
        Err(error) if error.raw_os_error() == Some(Errno::NOEXEC.raw_os_error()) => {
            spawn(OsStr::new("/bin/sh"), Some(find(program, line.dir)?.as_os_str()))
        }
        spawned => spawned,
    };
    let status = match spawned {
        Ok(child) => Ok(wait(child, signals)),
        Err(error) => Err(NotRun::new(program, &error)),
    };
    ui.listen();
    Ok(status?)
}

/// Waits for the child, and for nothing that it leaves behind.
///
/// Who has sent a signal macOS does not tell: `si_code` is 0, whoever it was. There, what could be the terminal's is
/// taken for the terminal's.
fn wait(mut child: Child, mut signals: Signals) -> ExitStatus {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let handle = signals.handle();
    // SIGCHLD may be blocked by whoever started this process. The child stays a zombie, so that its id stays its own.
    let waiting = std::thread::spawn(move || {
        let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while pid.is_some_and(|pid| matches!(waitid(WaitId::Pid(pid), ended), Err(Errno::INTR))) {}
        handle.close();
    });
    for info in signals.forever() {
        // What the terminal sends the kernel sends, and to the child, too.
        let is_kernels = cfg!(target_os = "macos") || info.si_code > 0;
        let is_terminals = matches!(info.si_signo, SIGINT | SIGQUIT) && is_kernels && is_in_foreground();
        if let (false, Some(pid), Some(signal)) = (is_terminals, pid, Signal::from_named_raw(info.si_signo)) {
            // One that has just ended needs no signal.
            let _ = kill_process(pid, signal);
        }
    }
    let _ = waiting.join();
    // How it ended is not known, so it has not succeeded.
    child.wait().unwrap_or(ExitStatus::from_raw(0xff00))
}

/// The signal that ended a command, if one did.
pub(in crate::cli) fn signal_of(status: ExitStatus) -> Option<i32> {
    status.signal()
}

/// Whether this process belongs to those to which the terminal sends its signals.
fn is_in_foreground() -> bool {
    let group = File::open("/dev/tty").and_then(|terminal| Ok(tcgetpgrp(terminal)?));
    group.is_ok_and(|group| group == getpgrp())
}
