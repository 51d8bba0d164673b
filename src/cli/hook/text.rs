//! What agents are told, in plain lines.

use super::Reply;
use crate::cli::text::{printable, size};
use crate::ops::hook::{Loss, Open, Unseen, Watched};
use crate::ops::run::{NotCovered, Recovery, RecoveryKind, RunState, RunTable, in_a_line};
use crate::ops::wording::{counted, grouped};
use std::fmt::Write;
use std::path::Path;

/// Names that a line lists, and lines that a list has.
const LISTED: usize = 5;

/// That a call is not made.
pub(super) fn refused(why: &str, is_destructive: bool) -> String {
    let call = if is_destructive { "This call, which destroys data," } else { "This call" };
    format!("{call} was not made: dbsnap could not take a snapshot before it. {}", printable(why))
}

/// That a call is made without a snapshot.
pub(super) fn without(why: &str) -> String {
    format!("dbsnap took no snapshot before this call: what it changes cannot be taken back. {}", printable(why))
}

/// That a call is not made that would take the snapshots away.
pub(super) fn removes_store(store: &Path) -> String {
    format!(
        "This call was not made: it would remove {}, and with it dbsnap's snapshots of the database. \
         Leave that directory out (git clean -e .dbsnap). A person can remove it.",
        printable(&store.display().to_string())
    )
}

/// What is not protected of a call that destroys something, and what was lost since the last one.
pub(super) fn snapshot(
    id: &str,
    (not_covered, not_watched): (&[NotCovered], &[String]),
    unseen: Option<&Unseen>,
) -> Reply {
    let mut parts = Vec::new();
    if let Some(unseen) = unseen {
        parts.push(lost_between(unseen));
    }
    if !not_covered.is_empty() {
        let what = format!("dbsnap: snapshot {} does not have {}.", &id[..8], sizes(not_covered));
        parts.push(format!("{what} What this call changes there cannot be taken back."));
    }
    if !not_watched.is_empty() {
        let what = format!("dbsnap: {} not watched (tables in [hook] of config.toml).", verb(not_watched));
        parts.push(format!("{what} What this call changes there cannot be taken back."));
    }
    match parts.is_empty() {
        true => Reply::Silent,
        false => Reply::Inform(parts.join("\n")),
    }
}

fn verb(tables: &[String]) -> String {
    format!("{} {}", names(tables), if tables.len() == 1 { "is" } else { "are" })
}

/// What was lost after the last call of a session had ended.
fn lost_between(unseen: &Unseen) -> String {
    let mut text =
        "dbsnap: since the last call of this session had ended, rows were lost: by what it left running, or by \
                    somebody else.\n"
            .to_owned();
    text.push_str(&tables(&unseen.tables));
    text.push_str(&commands(&unseen.recovery));
    let _ = write!(text, "The rows from before are in snapshot {}, which is pinned.", &unseen.before[..8]);
    text
}

/// That nothing is watched, and why.
pub(super) fn not_watching(why: &str) -> String {
    format!("dbsnap cannot watch the database: {}", printable(why))
}

/// What was lost, and how it is taken back.
pub(super) fn loss(loss: &Loss) -> String {
    let before = &loss.report.before[..8];
    let mut text = match &loss.unreachable {
        Some(why) => format!(
            "dbsnap: after this call the database cannot be reached any more, since it is gone: {}\n",
            printable(why)
        ),
        None if loss.is_gone => "dbsnap: this call lost rows.\n".to_owned(),
        None => "dbsnap: this call changed most rows of a table.\n".to_owned(),
    };
    text.push_str(&tables(&loss.tables));
    if loss.is_shared {
        text.push_str(
            "Other calls were under way meanwhile: what they did may be among this. \
             Bring it back when they have ended.\n",
        );
    }
    if let Some(unsettled) = &loss.report.unsettled {
        let _ = writeln!(text, "{}: what it writes is not known yet.", printable(unsettled));
    }
    text.push_str(&commands(&loss.recovery));
    match &loss.not_pinned {
        None => {
            let _ = write!(text, "The rows from before are in snapshot {before}, which is pinned. ");
        }
        Some(why) => {
            let _ = write!(text, "The rows from before are in snapshot {before}, not pinned: {}. ", printable(why));
        }
    }
    let what = if loss.is_gone { "the loss" } else { "it" };
    let _ = write!(text, "If {what} was intended, there is nothing to do.");
    text
}

/// What became of tables, a line for each, and of no more than some.
fn tables(all: &[RunTable]) -> String {
    let mut text = String::new();
    for table in all.iter().take(LISTED) {
        for what in became(table) {
            let _ = writeln!(text, "  {}: {what}", printable(&table.table));
        }
    }
    if let more @ 1.. = all.len().saturating_sub(LISTED) {
        let _ = writeln!(text, "  and {}", counted(more as u64, "more table"));
    }
    text
}

fn became(table: &RunTable) -> Vec<String> {
    let rows = counted(table.rows_before, "row");
    let changed = table.change.filter(|_| table.state == RunState::Changed).map_or(0, |change| change.changed);
    let mut what = Vec::new();
    match (table.state, table.deleted()) {
        (RunState::Dropped, _) => what.push(format!("gone, with {rows}")),
        (_, Some(0)) => {}
        (_, Some(deleted)) => what.push(format!("{} of {rows} deleted", grouped(deleted))),
        (_, None) if table.lost_columns.is_empty() => {
            what.push(format!("its columns or key changed, and what became of its {rows} cannot be told"));
        }
        (_, None) => {}
    }
    if !table.lost_columns.is_empty() {
        let columns = names(&table.lost_columns);
        what.push(format!("values of {columns} are gone from {rows}: dropped, or of another type"));
    }
    if changed > 0 {
        what.push(format!("{} of {rows} changed", grouped(changed)));
    }
    what
}

/// That it is not known what a call did.
pub(super) fn unknown(why: &str, before: &str, recovery: &[Recovery]) -> String {
    let mut text = format!("dbsnap: what this call changed cannot be told: {}\n", printable(why));
    if let Some(id) = before.get(..8) {
        let _ = writeln!(text, "Snapshot {id} has the rows from before it.");
    }
    text.push_str(&commands(recovery));
    text.trim_end().to_owned()
}

/// What takes something back, a line for each command, and no more than some.
fn commands(recovery: &[Recovery]) -> String {
    let mut text = String::new();
    for one in recovery.iter().take(LISTED) {
        let purpose = match one.kind {
            RecoveryKind::Undo => "To take it back".to_owned(),
            RecoveryKind::Dropped => format!("To get {} back", names(&one.tables)),
            RecoveryKind::Rows if one.tables.is_empty() => "To bring back the rows that are gone".to_owned(),
            RecoveryKind::Rows => format!("To bring back the rows of {}", names(&one.tables)),
            RecoveryKind::Beside => format!("To put the rows of {} from before in a new table", names(&one.tables)),
            RecoveryKind::Look if one.tables.is_empty() => "To see what differs".to_owned(),
            RecoveryKind::Look => format!("To see the rows of {} from before", names(&one.tables)),
        };
        let _ = writeln!(text, "{purpose}: {}", printable(&one.line()));
    }
    if let more @ 1.. = recovery.len().saturating_sub(LISTED) {
        let _ = writeln!(text, "{} in the same way, each by its own name.", counted(more as u64, "more table"));
    }
    text
}

/// What is watched, when a session begins.
pub(super) fn watched(watched: &Watched) -> String {
    let mut text = format!("dbsnap watches {} of {}", names(&watched.tables), printable(&watched.database));
    if !watched.not_covered.is_empty() {
        let _ = write!(text, " (not {})", sizes(&watched.not_covered));
    }
    if !watched.unknown.is_empty() {
        let _ = write!(text, " (no table is called {}: see [hook] in config.toml)", names(&watched.unknown));
    }
    text.push_str(
        ": before a command that may write it takes a snapshot, and says what was lost and how to take it back.\n\
         dbsnap log lists the snapshots, dbsnap undo -y takes the last change back, dbsnap diff shows what changed.",
    );
    text
}

/// The losses of a session that were not taken back.
pub(super) fn open(open: &[Open]) -> String {
    let mut text = "dbsnap: rows that were lost in this session have not been brought back.\n".to_owned();
    for one in open.iter().take(LISTED) {
        let rows = counted(one.rows, "row");
        let _ = writeln!(text, "{} ({rows}) by {}", names(&one.tables), printable(&in_a_line(&one.command)));
        text.push_str(&commands(&one.recovery));
    }
    if let more @ 1.. = open.len().saturating_sub(LISTED) {
        let _ = writeln!(text, "{} lost rows too: dbsnap pin lists the snapshots.", counted(more as u64, "more call"));
    }
    text.push_str("If the loss was intended, there is nothing to do.");
    text
}

fn names(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(LISTED).map(|name| printable(name)).collect();
    match names.len().saturating_sub(LISTED) {
        0 => shown.join(", "),
        more => format!("{} and {}", shown.join(", "), counted(more as u64, "more table")),
    }
}

fn sizes(tables: &[NotCovered]) -> String {
    names(&tables.iter().map(|one| format!("{} ({})", one.table, size(one.bytes))).collect::<Vec<_>>())
}
