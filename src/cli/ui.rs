//! Where output goes: results to stdout, messages to stderr, one JSON object instead of text if asked for.

use super::args::Global;
use super::command_error::CliError;
use super::progress::Bars;
use serde::Serialize;
use std::io::{BufWriter, IsTerminal, Write};

/// The version of the JSON object on stdout; fields are only ever added.
pub(super) const JSON_VERSION: u32 = 1;

/// How this run talks.
pub(super) struct Ui {
    /// One JSON object instead of text.
    pub json: bool,
    /// No progress and no advice.
    pub quiet: bool,
    bars: Bars,
}

#[derive(Serialize)]
struct Envelope<'e, T: Serialize> {
    version: u32,
    command: &'e str,
    #[serde(flatten)]
    result: T,
}

impl Ui {
    /// What the arguments and the terminal say.
    pub fn new(global: &Global) -> Ui {
        let bars = Bars::new(!global.json && !global.quiet && std::io::stderr().is_terminal());
        Ui { json: global.json, quiet: global.quiet, bars }
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
        self.bars.clear();
        let text = if self.json { self.envelope(command, report)? } else { render() };
        print(&text)
    }

    /// Where a result goes that is made piece by piece. Colours are left out where stdout wants none.
    pub fn stream(&self) -> Stream {
        self.bars.clear();
        Stream { out: BufWriter::with_capacity(64 * 1024, Box::new(anstream::stdout())) }
    }

    /// As [`Ui::stream`], byte for byte: for files that are not meant for a terminal.
    pub fn raw_stream(&self) -> Stream {
        self.bars.clear();
        Stream { out: BufWriter::with_capacity(64 * 1024, Box::new(std::io::stdout())) }
    }

    /// Prints text to stdout unless JSON was asked for.
    pub fn say(&self, text: &str) -> Result<(), CliError> {
        if self.json || self.quiet {
            return Ok(());
        }
        self.bars.clear();
        print(text)
    }

    /// Tells a person something on stderr, unless they want quiet.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.bars.clear();
            let _ = writeln!(anstream::stderr(), "{text}");
        }
    }

    /// Tells of an error: on stderr for people, and as the JSON object if one was asked for.
    pub fn error(&self, text: &str, json: &impl Serialize) {
        self.bars.clear();
        if self.json
            && let Ok(text) = self.envelope("error", json)
        {
            let _ = print(&text);
        }
        let _ = writeln!(anstream::stderr(), "{text}");
    }

    /// Asks on the terminal; only a yes is a yes.
    pub fn ask(&self, question: &str) -> Result<bool, CliError> {
        self.bars.clear();
        let mut stderr = anstream::stderr();
        let asked = write!(stderr, "{question} [y/N] ").and_then(|()| stderr.flush());
        asked.map_err(CliError::Output)?;
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).map_err(CliError::Output)?;
        Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
    }

    fn envelope<T: Serialize>(&self, command: &str, report: &T) -> Result<String, CliError> {
        let envelope = Envelope { version: JSON_VERSION, command, result: report };
        let mut text = serde_json::to_string(&envelope).map_err(|error| CliError::Output(error.into()))?;
        text.push('\n');
        Ok(text)
    }
}

/// A result on its way to stdout.
pub(super) struct Stream {
    out: BufWriter<Box<dyn Write>>,
}

impl Stream {
    /// Adds text.
    pub fn put(&mut self, text: &str) -> Result<(), CliError> {
        self.out.write_all(text.as_bytes()).map_err(CliError::Output)
    }

    /// Adds an object as JSON.
    pub fn json(&mut self, value: &impl Serialize) -> Result<(), CliError> {
        serde_json::to_writer(&mut self.out, value).map_err(|error| CliError::Output(error.into()))
    }

    /// Ends it: everything is written.
    pub fn end(mut self) -> Result<(), CliError> {
        self.out.flush().map_err(CliError::Output)
    }
}

fn print(text: &str) -> Result<(), CliError> {
    let mut stdout = anstream::stdout();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(CliError::Output)
}
