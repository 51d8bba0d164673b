//! `dbsnap diff`

use crate::cli::command_error::CliError;
use crate::cli::complete;
use crate::cli::diff::{Ending, HtmlReceiver, JsonReceiver, LinesReceiver, TextReceiver};
use crate::cli::text::{printable, warning};
use crate::cli::ui::Ui;
use crate::ops::diff::{Depth, DiffOptions, diff, patch};
use crate::ops::{OpError, Repository};
use clap::ValueEnum;
use std::process::ExitCode;

/// Rows of each table on a page, unless another number is asked for.
const PAGE_ROWS: u64 = 1_000;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The older side: a snapshot or 'live' [default: the latest snapshot of each table]
    #[arg(value_name = "A", add = complete::sides())]
    from: Option<String>,
    /// The newer side: a snapshot or 'live' [default: live]
    #[arg(value_name = "B", add = complete::sides())]
    to: Option<String>,
    /// Only these tables
    #[arg(last = true, value_name = "TABLE", add = complete::stored_tables())]
    tables: Vec<String>,
    /// Leave out this table, or all that match a pattern
    #[arg(long, value_name = "TABLE", add = complete::stored_tables())]
    exclude: Vec<String>,
    /// Show only the number of rows that differ
    #[arg(long, conflicts_with = "name_only")]
    stat: bool,
    /// Show only the names of tables that differ
    #[arg(long)]
    name_only: bool,
    /// Show values in full
    #[arg(long)]
    full: bool,
    /// Only rows whose old or new version matches this SQL expression
    #[arg(long = "where", value_name = "EXPR")]
    filter: Option<String>,
    /// Show at most N rows of each table
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Swap A and B
    #[arg(short = 'R')]
    swap: bool,
    /// Exit with status 1 if anything differs
    #[arg(long)]
    exit_code: bool,
    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    output: Option<Output>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    /// Text for a terminal
    Text,
    /// One object
    Json,
    /// One object per line
    Jsonl,
    /// A patch for psql or sqlite3 that turns A into B
    Sql,
    /// A page for a browser
    Html,
}

pub(super) fn run(args: &Args, repository: &Repository, ui: &Ui) -> Result<ExitCode, CliError> {
    let output = ui.format(args.output, Output::Json, Output::Text)?;
    let mut options = DiffOptions {
        from: args.from.clone(),
        to: args.to.clone(),
        tables: args.tables.clone(),
        exclude: args.exclude.clone(),
        filter: args.filter.clone(),
        swap: args.swap,
        depth: match (args.name_only, args.stat) {
            (true, _) => Depth::Names,
            (_, true) => Depth::Counts,
            _ => Depth::Rows,
        },
        limit: args.limit,
    };
    let different = match output {
        Output::Text => show(repository, &options, TextReceiver::new(ui, options.depth, args.full), ui)?,
        Output::Json => {
            let rows = options.depth == Depth::Rows;
            show(repository, &options, JsonReceiver::new(ui.raw_stream(), rows), ui)?
        }
        Output::Jsonl => show(repository, &options, LinesReceiver::new(ui.raw_stream()), ui)?,
        Output::Html => {
            options.limit.get_or_insert(PAGE_ROWS);
            show(repository, &options, HtmlReceiver::new(ui.raw_stream(), args.full), ui)?
        }
        Output::Sql => return write_patch(args, repository, &options, ui),
    };
    Ok(if args.exit_code && different { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// Shows what differs between two snapshots, as text.
pub(super) fn between(repository: &Repository, from: &str, to: &str, ui: &Ui) -> Result<(), CliError> {
    let options = DiffOptions { from: Some(from.to_owned()), to: Some(to.to_owned()), ..DiffOptions::default() };
    show(repository, &options, TextReceiver::new(ui, options.depth, false), ui).map(drop)
}

fn show<R: Ending>(repository: &Repository, options: &DiffOptions, mut receiver: R, ui: &Ui) -> Result<bool, CliError> {
    let report = diff(repository, &mut repository.database(), options, &mut receiver, ui.monitor())?;
    receiver.end(&report)?;
    Ok(report.different)
}

fn write_patch(args: &Args, repository: &Repository, options: &DiffOptions, ui: &Ui) -> Result<ExitCode, CliError> {
    if args.limit.is_some() || args.stat || args.name_only {
        let what = "a patch holds every row: --limit, --stat and --name-only do not go with -o sql";
        return Err(OpError::Usage(what.to_owned()).into());
    }
    let mut out = ui.raw_stream();
    let report = patch(repository, &mut repository.database(), options, &mut |sql| out.put(sql), ui.monitor())?;
    out.end()?;
    for what in &report.left_out {
        ui.note(&warning(&format!("the patch leaves this out: {}", printable(what))));
    }
    Ok(match (report.left_out.is_empty(), report.tables.is_empty()) {
        (false, _) => ExitCode::from(3),
        (true, false) if args.exit_code => ExitCode::from(1),
        _ => ExitCode::SUCCESS,
    })
}
