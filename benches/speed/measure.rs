//! Runs processes and takes their time and memory.

use crate::Outcome;
use std::fs;
use std::io::{Read, Seek};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The program that is measured: the one that was built with this, or `DBSNAP_TEST_BIN`.
pub fn program() -> String {
    std::env::var("DBSNAP_TEST_BIN").unwrap_or_else(|_| env!("CARGO_BIN_EXE_dbsnap").to_owned())
}

/// What one process took.
#[derive(Debug, Clone, Copy)]
pub struct Taken {
    /// From start to end, in seconds.
    pub seconds: f64,
    /// The highest resident set of it or of a process that it started, whichever is greater, in bytes, as the kernel
    /// noted it at most [`SAMPLE`] before the end.
    pub peak_memory: u64,
}

/// How often the kernel's high-water mark is read. Being a mark, it loses only what grows after the last reading.
const SAMPLE: Duration = Duration::from_millis(5);

/// Runs `command` to its end, its output thrown away unless the caller sent it somewhere.
///
/// # Errors
/// If it cannot be started or fails; the text holds what it said.
pub fn take(command: &mut Command) -> Outcome<Taken> {
    let shown = shown(command);
    let mut said = tempfile::tempfile()?;
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said.try_clone()?);
    let start = Instant::now();
    let mut child = command.spawn().map_err(|error| format!("cannot run {shown}: {error}"))?;
    let process = child.id().to_string();
    let ended = AtomicBool::new(false);
    let (status, seconds, peak_memory) = thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut peak = 0;
            while !ended.load(Ordering::Relaxed) {
                peak = high_water(&process).unwrap_or(peak).max(peak);
                thread::sleep(SAMPLE);
            }
            peak
        });
        let status = child.wait();
        let seconds = start.elapsed().as_secs_f64();
        ended.store(true, Ordering::Relaxed);
        (status, seconds, watch.join().unwrap_or(0))
    });
    let status = status?;
    if !status.success() {
        let mut text = String::new();
        said.rewind()?;
        said.read_to_string(&mut text)?;
        return Err(format!("{shown} failed ({status}): {}", text.trim()).into());
    }
    Ok(Taken { seconds, peak_memory })
}

/// The greatest `VmHWM` of a process and those below it (tsx runs Node.js in one of its own); `None` once it has ended.
fn high_water(process: &str) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let own = line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024;
    let below = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    Some(below.split_whitespace().filter_map(high_water).fold(own, u64::max))
}

/// Runs `command` and gives what it wrote to stdout.
///
/// # Errors
/// If it cannot be started or fails; the text holds what it said.
pub fn output(command: &mut Command) -> Outcome<String> {
    let shown = shown(command);
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("cannot run {shown}: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(format!("{shown} failed ({}): {said}", output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// The command's words without any that could hold a password.
fn shown(command: &Command) -> String {
    let words = [command.get_program()].into_iter().chain(command.get_args());
    let words = words.map(|word| word.to_string_lossy()).filter(|word| !word.contains("://"));
    words.collect::<Vec<_>>().join(" ")
}

/// One contestant of a benchmark; is told the number of the round, gets everything ready, and measures.
pub type Lane<'l> = Box<dyn FnMut(usize) -> Outcome<Taken> + 'l>;

/// Runs all lanes in turn, round after round, the first of which (number 0) does not count. Gives what each lane took
/// in each round.
///
/// # Errors
/// If a lane does.
pub fn rounds(lanes: &mut [Lane<'_>], rounds: usize) -> Outcome<Vec<Vec<Taken>>> {
    rounds_from(0, lanes, rounds)
}

/// As [`rounds`], but every round counts: for contestants that take minutes, beside which the first reading of a file
/// is nothing.
///
/// # Errors
/// If a lane does.
pub fn cold_rounds(lanes: &mut [Lane<'_>], rounds: usize) -> Outcome<Vec<Vec<Taken>>> {
    rounds_from(1, lanes, rounds)
}

fn rounds_from(first: usize, lanes: &mut [Lane<'_>], rounds: usize) -> Outcome<Vec<Vec<Taken>>> {
    let mut taken = vec![Vec::new(); lanes.len()];
    for round in first..=rounds {
        for (lane, taken) in lanes.iter_mut().zip(&mut taken) {
            let this = lane(round)?;
            if round > 0 {
                taken.push(this);
            }
        }
    }
    Ok(taken)
}

/// The middle of `values`, or the mean of the two in the middle.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => values[count / 2],
        count => f64::midpoint(values[count / 2 - 1], values[count / 2]),
    }
}

/// Bytes of all files below `path`.
///
/// # Errors
/// If a directory cannot be listed.
pub fn size_of(path: &Path) -> Outcome<u64> {
    let metadata = fs::symlink_metadata(path).map_err(|error| format!("{}: {error}", path.display()))?;
    if !metadata.is_dir() {
        return Ok(metadata.len());
    }
    fs::read_dir(path)?.try_fold(0, |sum, entry| Ok(sum + size_of(&entry?.path())?))
}
