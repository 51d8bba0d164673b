//! Where output goes: results to stdout, messages to stderr, one JSON object instead of text if asked for.

use super::args::Global;
use super::command_error::CliError;
use super::pager::Pager;
use super::progress::Bars;
#[cfg(feature = "mcp")]
use super::signals::Signals;
use super::text::{stderr_width, wrapped};
use crate::monitor::Monitor;
use crate::ops::json::{self, Envelope, Failure};
use crate::ops::{OpError, Operation, Plan};
use anstream::AutoStream;
use clap::ValueEnum;
use serde::Serialize;
use std::fmt;
use std::io::{BufWriter, IsTerminal, Write};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// How often a prompt looks whether it was interrupted.
const PROMPT_POLL: Duration = Duration::from_millis(50);

/// How this run talks.
pub(super) struct Ui {
    /// One JSON object instead of text.
    pub json: bool,
    /// No progress and no advice.
    pub quiet: bool,
    bars: Bars,
}

/// What was done, or planned.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Doing<'r, T: Serialize> {
    dry_run: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    applied: Option<bool>,
    #[serde(flatten)]
    report: &'r T,
}

impl Ui {
    /// What the arguments and the terminal say.
    pub fn new(global: &Global) -> Ui {
        let bars = Bars::new(!global.json && !global.quiet && std::io::stderr().is_terminal());
        Ui { json: global.json, quiet: global.quiet, bars }
    }

    /// The output format: the one that was asked for, `json` with `--json`, otherwise `default`.
    pub fn format<F: ValueEnum + PartialEq>(&self, asked: Option<F>, json: F, default: F) -> Result<F, CliError> {
        match asked {
            Some(other) if self.json && other != json => {
                let name = other.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
                Err(OpError::Usage(format!("--json and -o {name} are different formats: give one of them")).into())
            }
            None if self.json => Ok(json),
            asked => Ok(asked.unwrap_or(default)),
        }
    }

    /// Lets signals ask the work to stop.
    pub fn listen(&self) {
        self.bars.signals.listen();
    }

    /// Leaves signals to somebody else, until [`Ui::listen`] is called again.
    pub fn pause(&self) {
        self.bars.signals.pause();
    }

    /// The number of the signal that asked to stop, if one did.
    pub fn signal(&self) -> Option<u8> {
        self.bars.signals.number()
    }

    /// What signals set.
    #[cfg(feature = "mcp")]
    pub fn signals(&self) -> &Signals {
        &self.bars.signals
    }

    /// Whom the library tells of progress.
    pub fn monitor(&self) -> &Bars {
        &self.bars
    }

    /// Whether a person can be asked.
    pub fn can_ask(&self) -> bool {
        !self.json && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    /// Prints a result: as JSON, or as the text that `render` makes of it.
    pub fn result<T: Serialize>(
        &self,
        command: &str,
        report: &T,
        render: impl FnOnce() -> String,
    ) -> Result<(), CliError> {
        if self.json {
            let mut out = self.raw_stream();
            out.json(&Envelope::new(command, report))?;
            out.put("\n")?;
            return out.end();
        }
        self.bars.clear();
        print(&wrapped(&render(), self.width()))
    }

    /// As [`Ui::result`], of what was only planned.
    pub fn plan<O: Operation>(&self, plan: &Plan<O>, render: impl FnOnce() -> String) -> Result<(), CliError> {
        self.result(O::COMMAND, &Doing { dry_run: true, applied: Some(false), report: plan }, render)
    }

    /// As [`Ui::result`], of what could have been only planned.
    pub fn done<T: Serialize>(
        &self,
        command: &str,
        report: &T,
        render: impl FnOnce() -> String,
    ) -> Result<(), CliError> {
        self.result(command, &Doing { dry_run: false, applied: None, report }, render)
    }

    /// As [`Ui::result`]; text for a terminal goes through the pager.
    pub fn paged<T: Serialize>(
        &self,
        command: &str,
        report: &T,
        render: impl FnOnce() -> String,
    ) -> Result<(), CliError> {
        if self.json {
            return self.result(command, report, render);
        }
        let mut out = self.stream();
        out.put(&render())?;
        out.end()
    }

    /// Where a result goes that is made piece by piece: to the pager on a terminal. Colors are left out where stdout
    /// wants none.
    pub fn stream(&self) -> Stream {
        self.bars.clear();
        let choice = AutoStream::choice(&std::io::stdout());
        let out: Box<dyn Write> = match Pager::start() {
            Some(pager) => Box::new(pager),
            // Colors are left out piece by piece, and stdout would write every piece that ends a line.
            None => Box::new(BufWriter::new(std::io::stdout())),
        };
        Stream { out: BufWriter::with_capacity(64 * 1024, Box::new(AutoStream::new(out, choice))), wrap: None }
    }

    /// Columns of the terminal that stdout is; None if it is none.
    pub fn width(&self) -> Option<usize> {
        let columns = console::Term::stdout().size_checked().map(|(_, columns)| usize::from(columns));
        columns.filter(|_| std::io::stdout().is_terminal())
    }

    /// As [`Ui::stream`]; on a terminal lines end between words.
    pub fn text_stream(&self) -> Stream {
        let wrap = self.width().map(|width| Wrap { width, line: String::new(), is_long: false });
        Stream { wrap, ..self.stream() }
    }

    /// As [`Ui::stream`], byte for byte: for files that are not meant for a terminal.
    pub fn raw_stream(&self) -> Stream {
        self.bars.clear();
        Stream { out: BufWriter::with_capacity(64 * 1024, Box::new(std::io::stdout())), wrap: None }
    }

    /// Prints text to stdout unless JSON was asked for.
    pub fn say(&self, text: &str) -> Result<(), CliError> {
        if self.json || self.quiet {
            return Ok(());
        }
        self.bars.clear();
        print(&wrapped(text, self.width()))
    }

    /// Tells a person something on stderr, unless they want quiet.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.bars.clear();
            let _ = writeln!(anstream::stderr(), "{}", wrapped(text, stderr_width()));
        }
    }

    /// Prints a result to stderr, where stdout is somebody else's.
    pub fn tell(&self, text: &str) {
        self.bars.clear();
        let _ = write!(anstream::stderr(), "{}", wrapped(text, stderr_width()));
    }

    /// Tells of an error: on stderr for people, and as the JSON object if one was asked for.
    pub fn error(&self, text: &str, json: Option<&Envelope<'_, Failure>>) {
        self.bars.clear();
        if let Some(error) = json.filter(|_| self.json)
            && let Ok(text) = json::to_string(error)
        {
            let _ = print(&format!("{text}\n"));
        }
        let _ = writeln!(anstream::stderr(), "{}", wrapped(text, stderr_width()));
    }

    /// Asks on the terminal; only a yes is a yes.
    pub fn ask(&self, question: &str) -> Result<bool, CliError> {
        let answer = self.prompt(&format!("{question} [y/N] "))?;
        Ok(matches!(answer.to_lowercase().as_str(), "y" | "yes"))
    }

    /// Reads a line from the terminal, without the blanks around it. A signal such as Ctrl-C ends the wait.
    pub fn prompt(&self, text: &str) -> Result<String, CliError> {
        self.bars.clear();
        let mut stderr = anstream::stderr();
        stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush()).map_err(CliError::Output)?;
        let (sender, answer) = channel();
        // A blocked read cannot be ended, so it waits on a thread that may be left behind.
        let reader = std::thread::Builder::new().name("dbsnap-prompt".to_owned()).spawn(move || {
            let mut line = String::new();
            let read = std::io::stdin().read_line(&mut line).map(|_| line);
            // Nobody receives after an interrupt.
            let _ = sender.send(read);
        });
        reader.map_err(CliError::Output)?;
        loop {
            match answer.recv_timeout(PROMPT_POLL) {
                Ok(line) => return line.map(|line| line.trim().to_owned()).map_err(CliError::Output),
                Err(RecvTimeoutError::Timeout) if !self.bars.interrupted() => {}
                Err(_) => {
                    let _ = writeln!(stderr);
                    return Err(OpError::Interrupted.into());
                }
            }
        }
    }
}

/// A result on its way to stdout.
pub(super) struct Stream {
    out: BufWriter<Box<dyn Write>>,
    /// Where lines end between words.
    wrap: Option<Wrap>,
}

impl Stream {
    /// Adds text.
    pub fn put(&mut self, text: &str) -> Result<(), CliError> {
        self.put_args(format_args!("{text}"))
    }

    /// Adds text that is written as it is made.
    pub fn put_args(&mut self, text: fmt::Arguments<'_>) -> Result<(), CliError> {
        let Some(wrap) = &mut self.wrap else { return self.out.write_fmt(text).map_err(CliError::Output) };
        let mut wrapping = Wrapping { out: &mut self.out, wrap, failure: None };
        let done = fmt::write(&mut wrapping, text);
        let failure = wrapping.failure.take();
        done.map_err(|_| CliError::Output(failure.unwrap_or_else(|| std::io::Error::other("text cannot be formatted"))))
    }

    /// Adds an object as JSON with a field on each line.
    pub fn pretty(&mut self, value: &impl Serialize) -> Result<(), CliError> {
        json::write_pretty(&mut self.out, value).map_err(CliError::Output)
    }

    /// Adds an object as JSON.
    pub fn json(&mut self, value: &impl Serialize) -> Result<(), CliError> {
        json::write(&mut self.out, value).map_err(CliError::Output)
    }

    /// Ends it: everything is written.
    pub fn end(mut self) -> Result<(), CliError> {
        if let Some(rest) = self.wrap.take() {
            self.put(&rest.line)?;
        }
        self.out.flush().map_err(CliError::Output)
    }
}

/// The line that is being written, and where it is to end.
struct Wrap {
    width: usize,
    line: String,
    /// The line is longer than what is kept, and goes out as it is.
    is_long: bool,
}

impl Wrap {
    /// Bytes of a line that are kept until its end. A longer one is not wrapped.
    const LONGEST: usize = 64 * 1024;

    fn add(&mut self, piece: &str, out: &mut impl Write) -> std::io::Result<()> {
        self.line.push_str(piece);
        if piece.ends_with('\n') {
            let width = (!self.is_long).then_some(self.width);
            out.write_all(wrapped(&self.line, width).as_bytes())?;
            self.is_long = false;
            self.line.clear();
        } else if self.is_long || self.line.len() > Wrap::LONGEST {
            out.write_all(self.line.as_bytes())?;
            self.is_long = true;
            self.line.clear();
        }
        Ok(())
    }
}

/// Text on its way into lines.
struct Wrapping<'s, W> {
    out: &'s mut W,
    wrap: &'s mut Wrap,
    failure: Option<std::io::Error>,
}

impl<W: Write> fmt::Write for Wrapping<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let added = text.split_inclusive('\n').try_for_each(|piece| self.wrap.add(piece, self.out));
        added.map_err(|error| {
            self.failure = Some(error);
            fmt::Error
        })
    }
}

fn print(text: &str) -> Result<(), CliError> {
    let mut stdout = anstream::stdout();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(CliError::Output)
}
