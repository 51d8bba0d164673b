//! Python and Ruby: their SQL texts, the commands that they run, and the calls of common libraries that change rows.
//!
//! The code is cut into [`pieces`], not understood: a text that is SQL counts wherever it stands.

mod calls;
mod models;
mod pieces;
mod undone;

use super::finding::one_line;
use super::{Effect, Files, Finding, shell, sql};
use pieces::{Piece, pieces};

/// Functions whose text is a command, or a list of its words.
const RUNS: [&str; 18] = [
    "system",
    "popen",
    "Popen",
    "run",
    "call",
    "check_call",
    "check_output",
    "exec",
    "spawn",
    "sh",
    "getoutput",
    "getstatusoutput",
    "capture2",
    "capture2e",
    "capture3",
    "create_subprocess_shell",
    "create_subprocess_exec",
    "execvp",
];

/// Functions that remove the file that they are given.
const REMOVES: [&str; 9] = ["remove", "unlink", "rmtree", "rm", "rm_f", "rm_rf", "rmdir", "removedirs", "safe_unlink"];

/// Functions that run the SQL that they are given.
const EXECUTES: [&str; 22] = [
    "execute",
    "executemany",
    "executescript",
    "exec_driver_sql",
    "execute_sql",
    "exec_query",
    "exec_params",
    "exec_update",
    "exec_delete",
    "execute_batch",
    "select_all",
    "select_value",
    "query",
    "raw",
    "raw_sql",
    "text",
    "sql",
    "fetch",
    "fetchval",
    "fetchrow",
    "read_sql",
    "run",
];

/// Of those, the ones that run nothing else.
const EXECUTES_ONLY: [&str; 9] = [
    "execute",
    "executemany",
    "executescript",
    "exec_driver_sql",
    "execute_sql",
    "exec_query",
    "exec_params",
    "exec",
    "async_exec",
];

/// What the texts and calls of a program do.
pub(super) fn findings(text: &str, files: &Files) -> Vec<Finding> {
    let pieces = pieces(text);
    let memory = undone::in_memory(&pieces);
    let mut found = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Text { .. } | Piece::Name { .. } if undone::is_on(&pieces, at, &memory) => {}
            Piece::Text { content, line } => extend(&mut found, of_text(&pieces, at, content, files), *line),
            Piece::Command { content, line } => extend(&mut found, shell::findings(content, files), *line),
            Piece::Name { name, line } => {
                let change = calls::change(&pieces, at, name).or_else(|| unknown(&pieces, at, name));
                found.extend(change.map(|change| {
                    let source = text.lines().nth(line - 1).unwrap_or_default();
                    let calls::Change { effect, tables, all_rows, reason, is_record } = change;
                    let table = |model: &String| match models::table(model, text, files) {
                        Some(table) => table,
                        None if is_record => models::by_convention(model),
                        None => model.clone(),
                    };
                    let tables = tables.iter().map(table).collect();
                    Finding { file: None, line: *line, text: one_line(source), effect, tables, all_rows, reason }
                }));
            }
            Piece::Sign(_) => {}
        }
    }
    undone::leave_out(&pieces, &mut found);
    found
}

/// What a text does, if it is SQL or a command.
fn of_text(pieces: &[Piece], at: usize, content: &str, files: &Files) -> Vec<Finding> {
    if is_further_word(pieces, at) {
        return Vec::new();
    }
    let function = function(pieces, at);
    if sql::is_statement(content) {
        let runs = function.is_some_and(|name| EXECUTES.contains(&name));
        let certain = |finding: &Finding| runs || finding.effect != Effect::Unknown;
        return sql::findings_following(content, files).into_iter().filter(certain).collect();
    }
    let is_removed =
        [(at + 1, ')'), (at + 2, '.')].iter().all(|(at, sign)| pieces.get(*at) == Some(&Piece::Sign(*sign)))
            && matches!(pieces.get(at + 3), Some(Piece::Name { name, .. }) if REMOVES.contains(&name.as_str()));
    match function {
        _ if is_removed => shell::findings(&format!("rm -rf {}", quoted(content)), files),
        Some(name) if REMOVES.contains(&name) || name == "delete" && is_of(pieces, at, "File") => {
            shell::findings(&format!("rm -rf {}", quoted(content)), files)
        }
        Some(name) if RUNS.contains(&name) => shell::findings(&command(pieces, at), files),
        Some("call_command") => shell::findings(&format!("./manage.py {}", command(pieces, at)), files),
        Some("open" | "read" | "read_text" | "Path" | "load")
            if content.ends_with(".sql") && files.is_file(content) =>
        {
            shell::findings(&format!("psql -f {}", quoted(content)), files)
        }
        None if is_of(pieces, at, "Task") => shell::findings(&format!("rake {}", quoted(content)), files),
        _ => Vec::new(),
    }
}

/// Whether it is a word of a command after the first one, which was read with it.
fn is_further_word(pieces: &[Piece], at: usize) -> bool {
    let mut before = at;
    while let Some(next) = before.checked_sub(1) {
        match &pieces[next] {
            Piece::Text { .. } | Piece::Name { .. } | Piece::Sign(',' | '.') => before = next,
            _ => break,
        }
    }
    let is_run = |name: &str| RUNS.contains(&name) || name == "call_command";
    before < at && matches!(pieces[before], Piece::Text { .. }) && function(pieces, before).is_some_and(is_run)
}

/// The function that the piece at `at` is the first argument of; lists and Ruby's calls without brackets count.
fn function(pieces: &[Piece], at: usize) -> Option<&str> {
    let mut before = at.checked_sub(1)?;
    if pieces[before] == Piece::Sign('[') {
        // Not what is taken out of a list.
        before = before.checked_sub(1).filter(|before| pieces[*before] == Piece::Sign('('))?;
    }
    if pieces[before] == Piece::Sign('(') {
        before = before.checked_sub(1)?;
    }
    match &pieces[before] {
        Piece::Name { name, .. } => Some(name),
        _ => None,
    }
}

/// Whether one of the four pieces before is that name.
fn is_of(pieces: &[Piece], at: usize, wanted: &str) -> bool {
    pieces[at.saturating_sub(4)..at].iter().any(|piece| matches!(piece, Piece::Name { name, .. } if name == wanted))
}

/// The command whose first word, or whole text, stands at `at`.
fn command(pieces: &[Piece], at: usize) -> String {
    let mut words = Vec::new();
    let mut depth = 0_usize;
    let mut has_word = false;
    for piece in &pieces[at..] {
        match piece {
            Piece::Text { content, .. } if depth == 0 && !has_word => {
                words.push(content.clone());
                has_word = true;
            }
            Piece::Name { .. } if depth == 0 && !has_word => {
                words.push(sql::UNKNOWN.to_owned());
                has_word = true;
            }
            // An argument by its name, such as shell=True, is no word of the command.
            Piece::Sign('=' | ':') if depth == 0 => {
                words.pop();
                break;
            }
            Piece::Sign(',') if depth == 0 => has_word = false,
            Piece::Sign('(' | '[' | '{') => depth += 1,
            Piece::Sign(')' | ']' | '}') if depth == 0 => break,
            Piece::Sign(')' | ']' | '}') => depth -= 1,
            Piece::Sign('\n')
                if depth == 0
                    && pieces.get(at.wrapping_sub(1)).is_some_and(|before| matches!(before, Piece::Name { .. })) =>
            {
                break;
            }
            _ => {}
        }
    }
    match words.as_slice() {
        [whole] => whole.clone(),
        words => words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "),
    }
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// `execute(sql)`, where `sql` is no text of this program.
fn unknown(pieces: &[Piece], at: usize, name: &str) -> Option<calls::Change> {
    const BUILDS: [&str; 9] = ["select", "insert", "update", "delete", "text", "open", "Path", "union", "SQL"];
    let is = |at: usize, sign: char| pieces.get(at) == Some(&Piece::Sign(sign));
    if !EXECUTES_ONLY.contains(&name) || at == 0 || !is(at - 1, '.') {
        return None;
    }
    // Ruby needs no brackets.
    let first = at + 1 + usize::from(is(at + 1, '('));
    let Some(Piece::Name { name: given, .. }) = pieces.get(first) else { return None };
    if BUILDS.contains(&given.as_str()) || is(first + 1, '.') {
        return None;
    }
    let is_told = pieces.windows(3).any(|three| {
        let is_set = matches!(&three[0], Piece::Name { name, .. } if name == given) && three[1] == Piece::Sign('=');
        is_set
            && match &three[2] {
                Piece::Text { .. } | Piece::Sign('(') => true,
                Piece::Name { name, .. } => BUILDS.contains(&name.as_str()),
                _ => false,
            }
    });
    (!is_told).then(|| calls::Change::unknown(format!("{name}({given}) runs SQL that is put together elsewhere")))
}

fn extend(found: &mut Vec<Finding>, more: Vec<Finding>, line: usize) {
    found.extend(more.into_iter().map(|mut finding| {
        if finding.file.is_none() {
            finding.line += line - 1;
        }
        finding
    }));
}

#[cfg(test)]
mod tests;
