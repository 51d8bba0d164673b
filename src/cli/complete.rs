//! What a shell offers at the Tab key: snapshots, tags and tables. Nothing here fails; what cannot be found is not
//! offered.

use super::args::Global;
use super::text::{age, printable};
use crate::ops::Repository;
use crate::ops::json::is_hostile;
use crate::ops::log::{LogOptions, LogReport, LoggedSnapshot, log};
use crate::ops::tables;
use clap_complete::engine::{self, ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter};
use clap_complete::env::{Bash, CompleteEnv, Elvish, EnvCompleter, Fish, Powershell, Shells, Zsh};
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::Path;
use std::sync::mpsc::channel;
use std::time::Duration;

/// The variable by which a shell's script asks for completions.
const VARIABLE: &str = "DBSNAP_COMPLETE";

/// How long the database may take to name its tables before those of the snapshots are offered instead.
const PATIENCE: Duration = Duration::from_secs(2);

/// The shells that can ask.
const SHELLS: Shells<'static> = Shells(&[&BashWithColons, &Elvish, &Fish, &Powershell, &Zsh]);

/// Answers a shell that asks for completions of `command` and exits, or does nothing.
pub(super) fn answer(command: fn() -> clap::Command) {
    CompleteEnv::with_factory(command).shells(SHELLS).var(VARIABLE).completer("dbsnap").complete();
}

/// The script that makes a shell ask.
pub(super) fn script(shell: &str) -> io::Result<Vec<u8>> {
    let mut script = Vec::new();
    let shell = SHELLS.completer(shell).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
    shell.write_registration(VARIABLE, "dbsnap", "dbsnap", "dbsnap", &mut script)?;
    Ok(script)
}

/// Bash takes a colon for the end of a word: `latest:mods` comes as three, and only the last is replaced.
struct BashWithColons;

impl EnvCompleter for BashWithColons {
    fn name(&self) -> &'static str {
        Bash.name()
    }

    fn is(&self, name: &str) -> bool {
        Bash.is(name)
    }

    fn write_registration(
        &self,
        var: &str,
        name: &str,
        bin: &str,
        program: &str,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let mut script = Vec::new();
        Bash.write_registration(var, name, bin, program, &mut script)?;
        // Where the cursor is behind a colon, bash says that the word is empty.
        let (given, kept) = (r#"words[COMP_CWORD]="$2""#, r#"[[ "${words[COMP_CWORD]}" == ":" ]] || "#);
        let script = String::from_utf8_lossy(&script).replace(given, &format!("{kept}{given}"));
        out.write_all(script.as_bytes())
    }

    fn write_complete(
        &self,
        command: &mut clap::Command,
        mut words: Vec<OsString>,
        dir: Option<&Path>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let index = std::env::var("_CLAP_COMPLETE_INDEX").ok().and_then(|index| index.parse::<usize>().ok());
        let after = words.split_off(words.len().min(index.unwrap_or(0) + 1));
        let (mut whole, mut kept, mut joins): (Vec<OsString>, String, bool) = Default::default();
        for word in words {
            match whole.last_mut().filter(|_| joins || word == ":") {
                Some(before) => {
                    before.push(&word);
                    joins = word == ":";
                    if joins {
                        kept = before.to_string_lossy().into_owned();
                    }
                }
                None => {
                    kept.clear();
                    whole.push(word);
                }
            }
        }
        let at = whole.len().saturating_sub(1);
        whole.extend(after);
        let separator = std::env::var("_CLAP_IFS").unwrap_or_else(|_| "\n".to_owned());
        let candidates = engine::complete(command, whole, at, dir)?;
        let values = candidates.iter().map(|candidate| candidate.get_value().to_string_lossy());
        let values: Vec<String> = values.map(|value| value.strip_prefix(&kept).unwrap_or(&value).to_owned()).collect();
        out.write_all(values.join(&separator).as_bytes())
    }
}

/// Snapshots: ids, tags, `latest`, and after a colon the tables of one.
pub(super) fn snapshots() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| offered(typed, references))
}

/// Snapshots and `live`.
pub(super) fn sides() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        offered(typed, |typed| {
            references(typed).into_iter().chain([("live".to_owned(), "the live database".to_owned())]).collect()
        })
    })
}

/// Snapshots that were deleted and can be brought back.
pub(super) fn deleted() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        offered(typed, |_| listed(true).iter().flat_map(|report| &report.snapshots).map(described).collect())
    })
}

/// Snapshots and files.
pub(super) fn snapshots_and_files() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let mut all = offered(typed, references);
        all.extend(PathCompleter::any().complete(typed));
        all
    })
}

/// Tags.
pub(super) fn tags() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| offered(typed, |_| listed(false).iter().flat_map(tags_of).collect()))
}

/// Tables that the snapshots have.
pub(super) fn stored_tables() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| offered(typed, |_| bare(stored())))
}

/// Tables of the database.
pub(super) fn live_tables() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        offered(typed, |_| {
            let (sender, found) = channel();
            // A server that does not answer must not hold up the shell: the thread ends with the process.
            std::thread::spawn(move || {
                let repository = repository()?;
                sender.send(tables::names(&repository, &mut repository.database()).ok()?).ok()
            });
            bare(found.recv_timeout(PATIENCE).map_or_else(|_| stored(), BTreeSet::from_iter))
        })
    })
}

/// Tables that the snapshots have, with the colon before a row's key.
pub(super) fn rows() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        offered(typed, |_| bare(stored().into_iter().map(|table| format!("{table}:")).collect()))
    })
}

/// A value, and what it is.
type Offer = (String, String);

/// Those of `all` that begin with what was typed, and that a shell takes as one word without quotes.
fn offered(typed: &OsStr, all: impl FnOnce(&str) -> Vec<Offer>) -> Vec<CompletionCandidate> {
    let Some(typed) = typed.to_str() else { return Vec::new() };
    let is_plain = |c: char| c.is_alphanumeric() || "_-.:/~+@%".contains(c) || (!c.is_ascii() && !is_hostile(c));
    let fits = |(value, _): &Offer| value.starts_with(typed) && value.chars().all(is_plain);
    let candidate = |(value, help): Offer| {
        let help = (!help.is_empty()).then(|| printable(&help).into());
        CompletionCandidate::new(value).help(help)
    };
    all(typed).into_iter().filter(fits).map(candidate).collect()
}

fn repository() -> Option<Repository> {
    Repository::find(&Global::default().place().ok()?).ok()
}

fn listed(deleted: bool) -> Option<LogReport> {
    log(&repository()?, &LogOptions { deleted, ..LogOptions::default() }).ok()
}

fn references(typed: &str) -> Vec<Offer> {
    let Some(report) = listed(false) else { return Vec::new() };
    if let Some((snapshot, _)) = typed.split_once(':') {
        let is_meant = |one: &&LoggedSnapshot| {
            snapshot == "latest" || one.id.starts_with(snapshot) || one.tags.iter().any(|tag| tag == snapshot)
        };
        let tables = report.snapshots.iter().filter(is_meant).flat_map(|one| &one.tables);
        return bare(tables.map(|table| format!("{snapshot}:{}", table.table)).collect());
    }
    let latest = report.snapshots.iter().find(|one| !one.is_safety());
    let latest = latest.map(|one| ("latest".to_owned(), one.message.clone()));
    latest.into_iter().chain(tags_of(&report)).chain(report.snapshots.iter().map(described)).collect()
}

fn described(snapshot: &LoggedSnapshot) -> Offer {
    let age = age(snapshot.created_at, jiff::Timestamp::now());
    (snapshot.id[..8].to_owned(), format!("{age}  {}", snapshot.message))
}

fn tags_of(report: &LogReport) -> Vec<Offer> {
    let tags = report.snapshots.iter().flat_map(|one| one.tags.iter().map(|tag| (tag.clone(), one.message.clone())));
    tags.collect()
}

fn stored() -> BTreeSet<String> {
    let report = listed(false);
    let tables = report.iter().flat_map(|report| &report.snapshots).flat_map(|one| &one.tables);
    tables.map(|table| table.table.clone()).collect()
}

fn bare(names: BTreeSet<String>) -> Vec<Offer> {
    names.into_iter().map(|name| (name, String::new())).collect()
}
