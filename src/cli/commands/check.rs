//! `dbsnap check`

use crate::cli::command_error::CliError;
use crate::cli::text::{BAD, BOLD, CHANGED, DIM, GOOD, paint, printable};
use crate::cli::ui::Ui;
use crate::ops::check::{CheckOptions, CheckReport, Effect, Finding, Language, Script, Verdict, check};
use crate::ops::{OpError, Repository};
use clap::ValueEnum;
use serde::Deserialize;
use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

/// The limit of a script that comes from standard input.
const MAX_STDIN: u64 = 4 << 20;

/// Columns that the text fits in.
const WIDTH: usize = 80;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// A script (TypeScript, JavaScript, SQL, shell, Python, Ruby), or '-' for one on standard input
    #[arg(value_name = "SCRIPT")]
    script: PathBuf,
    /// What the script is written in [default: by its name; on standard input SQL or a shell command]
    #[arg(short, long, value_enum, value_name = "LANGUAGE")]
    language: Option<Written>,
    /// Exit with status 1 if it is destructive, with 3 if that cannot be told
    #[arg(long)]
    exit_code: bool,
}

/// What a script is written in, as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::cli) enum Written {
    /// TypeScript or JavaScript
    #[value(alias = "js")]
    Ts,
    /// SQL
    Sql,
    /// Shell commands
    Sh,
    /// Python
    Py,
    /// Ruby
    Rb,
}

impl From<Written> for Language {
    fn from(written: Written) -> Language {
        match written {
            Written::Ts => Language::Script,
            Written::Sql => Language::Sql,
            Written::Sh => Language::Shell,
            Written::Py | Written::Rb => Language::Strings,
        }
    }
}

pub(super) fn run(args: &Args, repository: &Repository, ui: &Ui) -> Result<ExitCode, CliError> {
    let language = args.language.map(Language::from);
    let script =
        if args.script.as_os_str() == "-" { Script::Text(stdin()?) } else { Script::File(args.script.clone()) };
    let report = check(repository, &CheckOptions { script, language })?;
    ui.paged("check", &report, || render(&report, ui.quiet))?;
    Ok(match report.verdict {
        Verdict::Destructive if args.exit_code => ExitCode::from(1),
        Verdict::Unknown if args.exit_code => ExitCode::from(3),
        _ => ExitCode::SUCCESS,
    })
}

fn stdin() -> Result<String, OpError> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(MAX_STDIN + 1).read_to_end(&mut bytes);
    read.map_err(|error| OpError::io("read", "standard input", error))?;
    if bytes.len() as u64 > MAX_STDIN {
        return Err(OpError::Usage(format!("the script on standard input is larger than {} MB", MAX_STDIN >> 20)));
    }
    String::from_utf8(bytes).map_err(|_| OpError::Usage("the script on standard input is not valid UTF-8".to_owned()))
}

fn render(report: &CheckReport, quiet: bool) -> String {
    let tables = report.tables.iter().map(|table| printable(table)).collect::<Vec<_>>();
    let mut text = match report.verdict {
        Verdict::Destructive if tables.is_empty() => format!("{}\n", paint(BAD, "Destructive")),
        Verdict::Destructive => format!("{}: {}\n", paint(BAD, "Destructive"), tables.join(", ")),
        Verdict::Unknown => format!("{}: what it does cannot be told from its text\n", paint(CHANGED, "Unknown")),
        Verdict::Harmless => {
            format!("{}: nothing in it changes rows or tables that are there\n", paint(GOOD, "Harmless"))
        }
    };
    if !report.findings.is_empty() {
        text.push('\n');
    }
    for finding in &report.findings {
        text.push_str(&lines(finding));
    }
    if !quiet && report.verdict != Verdict::Harmless {
        // What names no table may reach any.
        let is_open = |finding: &Finding| finding.tables.is_empty() && finding.effect != Effect::Insert;
        let all = report.findings.iter().any(is_open);
        let names = if all { "--all".to_owned() } else { tables.join(" ") };
        text.push_str(&format!("\nBefore you run it: dbsnap snap {names} -m \"before the script\"\n"));
    }
    text
}

/// A finding: where, what it does, and its text below if that does not fit beside it.
fn lines(finding: &Finding) -> String {
    let place = match &finding.file {
        Some(file) => format!("{}:{}", printable(file), finding.line),
        None => format!("line {}", finding.line),
    };
    let what = what(finding);
    let shown = printable(&finding.text);
    let style = match finding.effect {
        Effect::Insert => DIM,
        Effect::Unknown => CHANGED,
        _ => BAD,
    };
    let used = place.chars().count() + what.chars().count() + 4;
    let head = format!("{}  {}", paint(BOLD, &place), paint(style, &what));
    if used + shown.chars().count() <= WIDTH {
        return format!("{head}  {}\n", paint(DIM, shown));
    }
    let room = WIDTH - 4;
    let cut = if shown.chars().count() > room {
        format!("{}...", shown.chars().take(room - 3).collect::<String>().trim_end())
    } else {
        shown
    };
    format!("{head}\n    {}\n", paint(DIM, cut))
}

fn what(finding: &Finding) -> String {
    let tables = finding.tables.iter().map(|table| printable(table)).collect::<Vec<_>>().join(", ");
    let tables = if tables.is_empty() { "a table that is not named here".to_owned() } else { tables };
    let rows = if finding.all_rows { "all rows" } else { "rows" };
    match finding.effect {
        Effect::Insert => format!("adds rows to {tables}"),
        Effect::Update => format!("changes {rows} of {tables}"),
        Effect::Upsert => format!("adds or changes rows of {tables}"),
        Effect::Delete => format!("deletes {rows} of {tables}"),
        Effect::Truncate => format!("empties {tables}"),
        Effect::Alter => format!("alters {tables}"),
        Effect::Drop => format!("drops {tables}"),
        Effect::Reset => "removes or resets the database".to_owned(),
        Effect::Unknown => {
            let reason = finding.reason.as_deref().map(printable).unwrap_or_default();
            format!("cannot be told: {reason}")
        }
    }
}
