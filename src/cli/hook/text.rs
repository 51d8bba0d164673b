//! What agents are told, in plain lines.

use super::Reply;
use crate::cli::text::{printable, size};
use crate::ops::hook::{Loss, Open, Watched};
use crate::ops::run::{NotCovered, Recovery, RecoveryKind, RunState, RunTable, in_a_line};
use crate::ops::wording::counted;
use std::fmt::Write;

/// Names that a line lists.
const LISTED: usize = 8;

/// That a call is not made.
pub(super) fn refused(why: &str, is_destructive: bool) -> String {
    let call = if is_destructive { "This call, which destroys data," } else { "This call" };
    format!("{call} was not made: dbsnap could not take a snapshot before it. {}", printable(why))
}

/// That a call is made without a snapshot.
pub(super) fn without(why: &str) -> String {
    format!("dbsnap took no snapshot before this call: what it changes cannot be taken back. {}", printable(why))
}

/// What is not protected of a call that destroys something.
pub(super) fn snapshot(id: &str, not_covered: &[NotCovered]) -> Reply {
    if not_covered.is_empty() {
        return Reply::Silent;
    }
    let what = format!("dbsnap: snapshot {} does not have {}.", &id[..8], sizes(not_covered));
    Reply::Inform(format!("{what} What this call changes there cannot be taken back."))
}

/// That nothing is watched, and why.
pub(super) fn not_watching(why: &str) -> String {
    format!("dbsnap cannot watch the database: {}", printable(why))
}

/// What was lost, and how it is taken back.
pub(super) fn loss(loss: &Loss) -> String {
    let before = &loss.report.before[..8];
    let mut text = match &loss.unreachable {
        Some(why) => format!("dbsnap: after this call the database cannot be reached any more: {}\n", printable(why)),
        None => "dbsnap: this call lost rows.\n".to_owned(),
    };
    for table in loss.tables.iter().take(LISTED) {
        let _ = writeln!(text, "  {}: {}", printable(&table.table), lost(table));
    }
    if let more @ 1.. = loss.tables.len().saturating_sub(LISTED) {
        let _ = writeln!(text, "  and {}", counted(more as u64, "more table"));
    }
    if loss.is_shared {
        text.push_str(
            "Other calls were under way meanwhile: what they did may be among this. \
             Bring it back when they have ended.\n",
        );
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
    text.push_str("If the loss was intended, there is nothing to do.");
    text
}

fn lost(table: &RunTable) -> String {
    let rows = counted(table.rows_before, "row");
    match (table.state, table.deleted()) {
        (RunState::Dropped, _) => format!("gone, with {rows}"),
        (_, Some(deleted)) => format!("{} of {rows} deleted", crate::ops::wording::grouped(deleted)),
        (_, None) => format!("its columns or key changed, and what became of its {rows} cannot be told"),
    }
}

/// That it is not known what a call did.
pub(super) fn unknown(why: &str, before: &str) -> String {
    let mut text = format!("dbsnap: what this call changed cannot be told: {}\n", printable(why));
    if let Some(id) = before.get(..8) {
        let _ = write!(text, "Snapshot {id} has the rows from before it. To bring them back: dbsnap restore {id} -y");
    }
    text
}

/// What takes something back, a line for each command.
fn commands(recovery: &[Recovery]) -> String {
    let mut text = String::new();
    for one in recovery {
        let purpose = match one.kind {
            RecoveryKind::Undo => "To take it back".to_owned(),
            RecoveryKind::Dropped => format!("To get {} back", names(&one.tables)),
            RecoveryKind::Rows => format!("To bring back the rows of {}", names(&one.tables)),
            RecoveryKind::Look => format!("To see the rows of {} from before", names(&one.tables)),
        };
        let _ = writeln!(text, "{purpose}: {}", printable(&one.line()));
    }
    text
}

/// What is watched, when a session begins.
pub(super) fn watched(watched: &Watched) -> String {
    let mut text = format!("dbsnap watches {} of {}", names(&watched.tables), printable(&watched.database));
    if !watched.not_covered.is_empty() {
        let _ = write!(text, " (not {})", sizes(&watched.not_covered));
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
