//! Commands that are known to read at most: programs that change nothing whatever they are given, and dbsnap itself,
//! which saves what it is about to change.

use super::parse::{self, List, Node, Piece, Redirect, Simple, Word};

/// Programs that only read, or work on their output alone.
const READERS: [&str; 66] = [
    "ls",
    "cat",
    "head",
    "tail",
    "wc",
    "grep",
    "egrep",
    "fgrep",
    "rg",
    "pwd",
    "cd",
    "echo",
    "printf",
    "true",
    "false",
    "test",
    "[",
    "sleep",
    "stat",
    "file",
    "du",
    "df",
    "date",
    "whoami",
    "id",
    "hostname",
    "uname",
    "uptime",
    "free",
    "nproc",
    "ps",
    "basename",
    "dirname",
    "realpath",
    "readlink",
    "which",
    "type",
    "tree",
    "find",
    "sort",
    "uniq",
    "cut",
    "tr",
    "nl",
    "od",
    "md5sum",
    "sha1sum",
    "sha256sum",
    "cksum",
    "seq",
    "column",
    "comm",
    "paste",
    "fold",
    "rev",
    "tac",
    "strings",
    "diff",
    "cmp",
    "jq",
    "printenv",
    "hexdump",
    "git",
    "dbsnap",
    ":",
    "exit",
];

/// What git only reads by.
const GIT: [&str; 13] = [
    "status",
    "diff",
    "log",
    "show",
    "blame",
    "grep",
    "rev-parse",
    "ls-files",
    "ls-tree",
    "describe",
    "shortlog",
    "cat-file",
    "merge-base",
];

/// Options by which one of these writes a file or runs something.
const WRITES: [&str; 17] = [
    "-delete",
    "-exec",
    "-execdir",
    "-ok",
    "-okdir",
    "-fprint",
    "-fprint0",
    "-fprintf",
    "-fls",
    "-o",
    "--output",
    "--pre",
    "--hostname-bin",
    "-c",
    "--ext-diff",
    "--textconv",
    "--compress-program",
];

/// What may stand behind a `>`.
const HARMLESS_TARGETS: [&str; 6] = ["2>&1", "1>&2", ">&2", "2>/dev/null", "1>/dev/null", ">/dev/null"];

/// Whether the commands of `text` are known to change nothing but what dbsnap saves itself. What is not plain is not
/// known.
pub(in crate::check) fn only_reads(text: &str) -> bool {
    let mut rest = text.replace("> ", ">");
    HARMLESS_TARGETS.iter().for_each(|target| rest = rest.replace(target, ""));
    // conditions and patterns are not among what is parsed
    if rest.contains('>') || ["[[", "((", "case"].iter().any(|word| rest.contains(word)) {
        return false;
    }
    parse::parse(text, 1).is_some_and(|list| !list.is_empty() && all_read(&list))
}

fn all_read(list: &List) -> bool {
    list.iter().flatten().all(|node| match node {
        Node::Simple(simple) => reads(simple),
        Node::Group { list, redirects, .. } => all_read(list) && redirects.iter().all(is_plain_redirect),
        Node::For { words, list, redirects, .. } => {
            all_read(list) && words.iter().all(is_plain) && redirects.iter().all(is_plain_redirect)
        }
        Node::Function { .. } => false,
    })
}

fn reads(simple: &Simple) -> bool {
    // a variable can make a program run another one, or be what the next one is found by
    simple.assignments.is_empty()
        && simple.arrays.is_empty()
        && simple.words.iter().all(is_plain)
        && simple.redirects.iter().all(is_plain_redirect)
        && is_reader(&simple.words)
}

fn is_reader(words: &[Word]) -> bool {
    let Some(words) = words.iter().map(known).collect::<Option<Vec<String>>>() else { return false };
    let Some((program, arguments)) = words.split_first() else { return true };
    let name = ["/bin/", "/usr/bin/"].iter().find_map(|dir| program.strip_prefix(dir)).unwrap_or(program);
    let writes = |word: &String| {
        WRITES.iter().any(|option| {
            let behind = word.strip_prefix(option);
            behind.is_some_and(|rest| rest.is_empty() || rest.starts_with('=') || *option == "-o" && name == "sort")
        })
    };
    let elsewhere = if name == "git" && arguments.first().is_some_and(|word| word == "-C") { 2 } else { 0 };
    let subcommand = arguments.iter().skip(elsewhere).find(|word| !word.starts_with('-')).map(String::as_str);
    READERS.contains(&name)
        && match name {
            "dbsnap" => true,
            "git" => !arguments.iter().any(writes) && subcommand.is_some_and(|word| GIT.contains(&word)),
            // its second file is written
            "uniq" => arguments.iter().filter(|word| !word.starts_with('-')).count() < 2,
            // there these mean something else
            "grep" | "egrep" | "fgrep" | "wc" | "head" | "tail" | "cut" | "tr" | "stat" | "ps" | "du" | "ls"
            | "echo" | "jq" => true,
            _ => !arguments.iter().any(writes),
        }
}

/// A word without commands in it.
fn is_plain(word: &Word) -> bool {
    word.pieces.iter().all(|piece| match piece {
        Piece::Text(_) => true,
        Piece::Variable { default, .. } => default.as_deref().is_none_or(is_plain),
        Piece::Output { list, .. } | Piece::Process(list) => all_read(list),
    })
}

fn is_plain_redirect(redirect: &Redirect) -> bool {
    match redirect {
        Redirect::From(word) | Redirect::To(word) | Redirect::Text(word) => is_plain(word),
        Redirect::Here(cell) => cell.get().is_some_and(|here| is_plain(&here.text)),
    }
}

/// The text of a word, with nothing for what is not known; of the program itself everything must be.
fn known(word: &Word) -> Option<String> {
    let mut text = String::new();
    for piece in &word.pieces {
        match piece {
            Piece::Text(piece) => text.push_str(piece),
            // what it holds may be an option
            Piece::Variable { is_quoted: false, .. } | Piece::Output { is_quoted: false, .. } if text.is_empty() => {
                return None;
            }
            _ => text.push('?'),
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::only_reads;

    #[test]
    fn what_only_reads_is_known() {
        for text in [
            "ls -la src | head -20",
            "git status && git log --oneline -5",
            "git -C sub diff HEAD~1 -- a.rs",
            "cat package.json | jq .scripts 2>/dev/null",
            "grep -rn 'DELETE FROM' src || true",
            "find . -name '*.ts' | sort | uniq -c",
            "for f in a b; do cat \"$f\"; done",
            "cd sub && (pwd; ls) 2>&1",
            "echo \"$(git rev-parse HEAD)\"",
            "cat <<END\nrm dev.db\nEND",
            "dbsnap undo 1a2b3c4d -y",
            "/usr/bin/ls",
        ] {
            assert!(only_reads(text), "{text}");
        }
    }

    #[test]
    fn what_may_write_is_not_taken_for_it() {
        for text in [
            "",
            "rm dev.db",
            "./ls",
            "/tmp/ls",
            "ls; rm dev.db",
            "ls $(rm dev.db)",
            "cat < <(rm dev.db)",
            "echo `rm dev.db`",
            "cat <<END\n$(rm dev.db)\nEND",
            "echo hi > dev.db",
            "ls 2> dev.db",
            "ls 2>dev.db",
            "ls >> dev.db",
            "ls >| dev.db",
            "ls &> dev.db",
            "find . -delete",
            "find . -name '*.db' -exec rm {} +",
            "sort -o dev.db a",
            "sort -odev.db a",
            "sort --output=dev.db a",
            "uniq a dev.db",
            "git checkout dev.db",
            "git diff --output=dev.db",
            "git -c core.pager='rm dev.db' log",
            "GIT_PAGER='rm dev.db' git log",
            "PATH=.; ls",
            "ls() { rm dev.db; }; ls",
            "xargs rm",
            "sudo ls",
            "find . $FLAGS",
            "$CMD",
            "[[ $(rm dev.db) ]]",
            "case $(rm dev.db) in x) ls;; esac",
            "for f in $(rm dev.db); do ls; done",
            "node -e 1",
            "psql -c 'SELECT 1'",
            "rg --pre 'rm' x",
            "tree -o dev.db",
            "alias ls=rm; ls dev.db",
        ] {
            assert!(!only_reads(text), "{text}");
        }
    }
}
