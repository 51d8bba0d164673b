//! What a program does that no database keeps: in a transaction that it rolls back, in one in memory.

use super::pieces::Piece;
use crate::check::{Effect, Finding};
use std::collections::HashSet;

/// The variables that hold a database in memory, or a cursor of one.
pub(super) fn in_memory(pieces: &[Piece]) -> HashSet<String> {
    let mut found: HashSet<String> = HashSet::new();
    for (at, three) in pieces.windows(3).enumerate() {
        let [Piece::Name { name, .. }, Piece::Sign('='), Piece::Name { name: value, .. }] = three else { continue };
        let line = pieces[at + 2..].iter().take_while(|piece| **piece != Piece::Sign('\n'));
        let mut texts = line.filter(|piece| matches!(piece, Piece::Text { .. }));
        let is_memory = texts.any(|piece| matches!(piece, Piece::Text { content, .. } if content == ":memory:"));
        if is_memory || found.contains(value) && is_method(pieces, at + 2, "cursor") {
            found.insert(name.clone());
        } else {
            // It holds something else from here on.
            found.remove(name);
        }
    }
    found
}

fn is_method(pieces: &[Piece], at: usize, method: &str) -> bool {
    pieces.get(at + 1) == Some(&Piece::Sign('.'))
        && matches!(pieces.get(at + 2), Some(Piece::Name { name, .. }) if name == method)
}

/// Whether the method at `at`, or the one that is given the text at `at`, is one of these variables'.
pub(super) fn is_on(pieces: &[Piece], at: usize, variables: &HashSet<String>) -> bool {
    let mut method = at;
    if matches!(pieces[at], Piece::Text { .. }) {
        method = match at.checked_sub(1).map(|before| (before, &pieces[before])) {
            Some((before, Piece::Sign('('))) => before.saturating_sub(1),
            Some((before, Piece::Name { .. })) => before,
            _ => return false,
        };
    }
    method > 1
        && pieces[method - 1] == Piece::Sign('.')
        && matches!(&pieces[method - 2], Piece::Name { name, .. } if variables.contains(name))
}

/// Leaves out what is rolled back whatever happens.
pub(super) fn leave_out(pieces: &[Piece], found: &mut Vec<Finding>) {
    let is_undone = |finding: &Finding| finding.file.is_none() && finding.effect != Effect::Reset;
    if never_commits(pieces) {
        found.retain(|finding| !is_undone(finding));
    }
    for (at, five) in pieces.windows(5).enumerate() {
        let ends = matches!(
            five,
            [
                Piece::Name { name: raise, .. },
                Piece::Name { name: module, .. },
                Piece::Sign(':'),
                Piece::Sign(':'),
                Piece::Name { name: class, .. },
            ] if raise == "raise" && module == "ActiveRecord" && class == "Rollback"
        );
        let is_alone = pieces.get(at + 5).is_none_or(|next| *next == Piece::Sign('\n'));
        if !ends || !is_alone || is_conditional(pieces, at) {
            continue;
        }
        let Piece::Name { line: end, .. } = five[0] else { continue };
        let began = pieces[..at].iter().rev().find_map(|piece| match piece {
            Piece::Name { name, line } if name == "transaction" => Some(*line),
            _ => None,
        });
        let Some(began) = began else { continue };
        found.retain(|finding| !(is_undone(finding) && (began..=end).contains(&finding.line)));
    }
}

/// Whether a condition begins in the line at `at` or in the one before.
fn is_conditional(pieces: &[Piece], at: usize) -> bool {
    let is_end = |piece: &&Piece| **piece == Piece::Sign('\n');
    let mut lines = pieces[..at].rsplit(|piece| is_end(&piece)).filter(|line| !line.is_empty());
    lines.next().and_then(|line| line.first()).is_some_and(|first| {
        let words = ["if", "unless", "else", "elsif", "when", "rescue", "ensure", "case"];
        matches!(first, Piece::Name { name, .. } if words.contains(&name.as_str()))
    })
}

/// Whether a Python program rolls back, and nothing in it can commit: DB-API connections begin a transaction by
/// themselves.
fn never_commits(pieces: &[Piece]) -> bool {
    const COMMITS: [&str; 9] = [
        "commit",
        "autocommit",
        "set_session",
        "isolation_level",
        "set_isolation_level",
        "executescript",
        "begin",
        "atomic",
        "transaction",
    ];
    let called =
        |piece: &Piece, names: &[&str]| matches!(piece, Piece::Name { name, .. } if names.contains(&name.as_str()));
    let rolls_back = pieces
        .windows(3)
        .any(|three| three[0] == Piece::Sign('.') && called(&three[1], &["rollback"]) && three[2] == Piece::Sign('('));
    // `with conn:` commits at its end, `with conn.cursor():` does not.
    let with_commits = pieces.split(|piece| *piece == Piece::Sign('\n')).any(|line| {
        let from = line.iter().position(|piece| called(piece, &["with"]));
        from.is_some_and(|from| {
            let items = line[from..].split(|piece| *piece == Piece::Sign(','));
            !items.into_iter().all(|item| item.iter().any(|piece| called(piece, &["cursor", "open", "closing"])))
        })
    });
    let imports = pieces
        .windows(2)
        .any(|two| called(&two[0], &["import"]) && called(&two[1], &["psycopg2", "psycopg", "sqlite3", "pg8000"]));
    rolls_back && imports && !with_commits && !pieces.iter().any(|piece| called(piece, &COMMITS))
}
