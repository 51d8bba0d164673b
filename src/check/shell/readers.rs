//! Commands that are known to read at most: programs that change nothing by the options that are listed here, and
//! dbsnap itself where it saves what it is about to change. A list of what is allowed, not of what is forbidden: options
//! can be shortened and combined.

use super::parse::{self, List, Node, Piece, Redirect, Simple, Word};

/// Programs that only read, or work on their output alone, whatever they are given.
const ALWAYS: &str = "ls cat head tail wc grep egrep fgrep pwd cd echo true false sleep stat du df whoami id uname uptime free \
    nproc ps basename dirname realpath readlink which type cut tr nl od md5sum sha1sum sha256sum cksum seq \
    column comm paste fold rev tac strings cmp jq :";

/// A program that only reads by these options.
struct Reader {
    name: &'static str,
    /// Options of one letter, which may be combined.
    flags: &'static str,
    /// Those that take a value, in the same word or the next one.
    valued: &'static str,
    /// Options of a word, without the dashes, parted by spaces.
    words: &'static str,
    /// The most operands.
    operands: usize,
}

const READERS: [Reader; 12] = [
    Reader { name: "printf", flags: "", valued: "", words: "", operands: usize::MAX },
    Reader {
        name: "test",
        flags: "abcdefghknoprstuwxzLONGS",
        valued: "",
        words: "eq ne lt le gt ge nt ot ef",
        operands: usize::MAX,
    },
    Reader {
        name: "[",
        flags: "abcdefghknoprstuwxzLONGS",
        valued: "",
        words: "eq ne lt le gt ge nt ot ef",
        operands: usize::MAX,
    },
    Reader { name: "date", flags: "uIR", valued: "dr", words: "date utc iso-8601", operands: 1 },
    Reader { name: "hostname", flags: "fisIdA", valued: "", words: "", operands: 0 },
    Reader { name: "printenv", flags: "0", valued: "", words: "", operands: usize::MAX },
    Reader { name: "file", flags: "biLkh", valued: "", words: "brief mime mime-type", operands: usize::MAX },
    Reader { name: "hexdump", flags: "Cbcdoxv", valued: "ns", words: "", operands: usize::MAX },
    Reader {
        name: "sort",
        flags: "bdfghiMnRrVuszcC",
        valued: "kt",
        words: "reverse numeric-sort unique key field-separator human-numeric-sort version-sort",
        operands: usize::MAX,
    },
    // its second file is written
    Reader { name: "uniq", flags: "cdDuiz", valued: "fsw", words: "count repeated unique", operands: 1 },
    Reader {
        name: "tree",
        flags: "adlfpshDugCnivrtcUFxJX",
        valued: "LIP",
        words: "dirsfirst gitignore noreport du prune filelimit",
        operands: usize::MAX,
    },
    Reader {
        name: "diff",
        flags: "uqrNwbBisacyptTd",
        valued: "UCIx",
        words: "brief color unified recursive side-by-side exclude ignore-all-space",
        operands: usize::MAX,
    },
];

/// By its file types and preprocessors it runs programs of its own; by these it does not.
const RG: Reader = Reader {
    name: "rg",
    flags: "nNilLcwvoFsSuUxHhpqPa0",
    valued: "gtTABCemMdj",
    words: "files hidden no-ignore no-heading line-number ignore-case count glob type json color files-with-matches \
    fixed-strings word-regexp context max-count multiline sort stats vimgrep",
    operands: usize::MAX,
};

/// What `find` only looks by.
const FIND: &str = "-name -iname -path -ipath -wholename -type -maxdepth -mindepth -size -mtime -mmin -ctime -cmin -atime \
    -amin -newer -not -o -or -a -and -print -print0 -printf -empty -regex -iregex -regextype -prune -perm \
    -user -group -ls -follow -xdev -depth -L -P";

/// What git only reads by.
const GIT: &str = "status diff log show blame grep rev-parse ls-files ls-tree describe shortlog cat-file merge-base";

/// And the options that it has then. `-O` of `git grep` runs a program, `--output` writes a file.
const GIT_OPTIONS: Reader = Reader {
    name: "git",
    flags: "npusbzMwlicrEFvhetqaodm",
    valued: "LSGUABCn",
    words: "stat numstat shortstat name-only name-status oneline cached staged short porcelain graph all decorate \
    patch no-patch format pretty since until after before author grep follow reverse abbrev-ref \
    abbrev-commit verify show-toplevel is-inside-work-tree git-dir color no-color diff-filter merges no-merges \
    first-parent date max-count others exclude-standard modified deleted untracked-files branch branches \
    tags remotes ignored word-diff check summary unified ignore-all-space line-number count ignore-case \
    always dirty long show-current name-rev no-renames no-index",
    operands: usize::MAX,
};

/// What may stand behind a `>`, if the word ends there.
const HARMLESS_TARGETS: [&str; 6] = ["2>&1", "1>&2", ">&2", "2>/dev/null", "1>/dev/null", ">/dev/null"];

/// Whether the commands of `text` are known to change nothing but what dbsnap saves itself. What is not plain is not
/// known.
pub(in crate::check) fn only_reads(text: &str) -> bool {
    // conditions, sums and patterns are not among what is parsed
    if writes_file(text) || ["[[", "((", "$[", "case"].iter().any(|word| text.contains(word)) {
        return false;
    }
    parse::parse(text, 1).is_some_and(|list| !list.is_empty() && all_read(&list))
}

/// Whether there is a `>`, wherever it stands, that is not known to write nothing.
fn writes_file(text: &str) -> bool {
    let mut rest = text.replace("> ", ">");
    for target in HARMLESS_TARGETS {
        let mut kept = String::new();
        let mut parts = rest.split(target).peekable();
        while let Some(part) = parts.next() {
            kept.push_str(part);
            let ends =
                |next: &str| next.is_empty() || next.starts_with(|c: char| c.is_whitespace() || ";|&)`".contains(c));
            if parts.peek().is_some_and(|next| !ends(next)) {
                kept.push_str(target);
            }
        }
        rest = kept;
    }
    rest.contains('>')
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
    match name {
        "dbsnap" => saves_itself(arguments),
        "git" => git_reads(arguments),
        "rg" => RG.takes(arguments),
        "find" => arguments.iter().all(|word| !word.starts_with('-') || is_among(word, FIND)),
        "exit" => arguments.len() < 2,
        name => is_among(name, ALWAYS) || READERS.iter().any(|reader| reader.name == name && reader.takes(arguments)),
    }
}

/// Whether a list of words, parted by spaces, has this one.
fn is_among(word: &str, list: &str) -> bool {
    !word.is_empty() && list.split(' ').any(|one| one == word)
}

impl Reader {
    /// Whether it only reads by these arguments.
    fn takes(&self, arguments: &[String]) -> bool {
        let mut operands = 0;
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let letters = match argument.strip_prefix('-') {
                None | Some("") => {
                    operands += 1;
                    continue;
                }
                Some("-") => continue,
                Some(letters) => letters,
            };
            let name = letters.strip_prefix('-').unwrap_or(letters);
            if is_among(name.split('=').next().unwrap_or_default(), self.words) {
                continue;
            }
            let mut rest = letters.trim_start_matches(|c: char| c.is_ascii_digit() || self.flags.contains(c)).chars();
            let Some(letter) = rest.next() else { continue };
            if !self.valued.contains(letter) {
                return false;
            }
            if rest.next().is_none() {
                arguments.next();
            }
        }
        operands <= self.operands
    }
}

fn git_reads(arguments: &[String]) -> bool {
    let arguments = match arguments {
        [option, _, rest @ ..] if option == "-C" => rest,
        arguments => arguments,
    };
    let arguments = match arguments {
        [option, rest @ ..] if option == "--no-pager" => rest,
        arguments => arguments,
    };
    arguments.split_first().is_some_and(|(name, rest)| is_among(name, GIT) && GIT_OPTIONS.takes(rest))
}

/// Whether dbsnap keeps what it changes in the store that is here: not what another program does for it, nor what it does
/// to another database or with another store.
fn saves_itself(arguments: &[String]) -> bool {
    let elsewhere = |word: &String| {
        word.starts_with("--store")
            || word.starts_with("--url")
            || word.starts_with('-') && !word.starts_with("--") && word.contains('C')
    };
    !arguments.iter().any(|word| word == "run" || elsewhere(word))
}

/// A word without commands in it, nor what the shell makes several words of.
fn is_plain(word: &Word) -> bool {
    is_plain_text(&word.text) && word.pieces.iter().all(is_plain_piece)
}

/// As it is written: without braces that are several words, and without variables that are more than a name.
fn is_plain_text(text: &str) -> bool {
    let is_name = |rest: &str| {
        let end = rest.find('}').unwrap_or(0);
        end > 0 && rest[..end].chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let is_quoted = ['\'', '"'].iter().any(|quote| {
        let inner = text.strip_prefix(*quote).and_then(|text| text.strip_suffix(*quote));
        inner.is_some_and(|inner| !inner.contains(*quote))
    });
    let has_braces = text.contains('{') && (text.contains(',') || text.contains(".."));
    let is_literal = is_quoted && text.starts_with('\'');
    (is_literal || text.split("${").skip(1).all(is_name)) && (is_quoted || !has_braces)
}

fn is_plain_redirect(redirect: &Redirect) -> bool {
    match redirect {
        Redirect::From(word) | Redirect::To(word) | Redirect::Text(word) => is_plain(word),
        // its text has no braces that are words
        Redirect::Here(cell) => cell.get().is_some_and(|here| match &here.text.pieces[..] {
            [Piece::Text(_)] | [] => true,
            _ => here.text.text.split("${").count() == 1 && here.text.pieces.iter().all(is_plain_piece),
        }),
    }
}

fn is_plain_piece(piece: &Piece) -> bool {
    match piece {
        Piece::Text(_) => true,
        Piece::Variable { default, is_changed, .. } => default.is_none() && !is_changed,
        Piece::Output { list, .. } | Piece::Process(list) => all_read(list),
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
            "git log -5 --oneline | head -20 >/dev/null 2>&1",
            "git diff --stat HEAD~3 && git show HEAD@{1}",
            "jq '{a: .b, c: .d}' package.json",
            "echo \"${HOME}\"",
            "sort -t, -k2 -rn a | uniq -c",
            "tree -a -L 2 src",
            "rg -n --hidden -g '*.ts' DELETE src",
            "test -f dev.db && echo yes",
            "dbsnap restore 1a2b3c4d --mode missing mods -y",
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
            "git grep --open-files-in-pager='rm dev.db' x",
            "git grep -O'rm dev.db' x",
            "git grep -nO x",
            "git --exec-path=. status",
            "git diff --outpu=dev.db",
            "sort -uo dev.db a",
            "sort --outpu=dev.db a",
            "sort --compress-prog=./x a",
            "uniq - dev.db",
            "tree -ao dev.db",
            "file -C -m x",
            "find . {-delete,x}",
            "cat {a,b}",
            "printf -v PATH .",
            "printf x >&2.db",
            "echo x 2>/dev/nullx",
            "echo \"${a[$(rm dev.db)]}\"",
            "echo ${a:+$(rm dev.db)}",
            "echo $((a[$(rm dev.db)]))",
            "test -v 'a[$(rm dev.db)]'",
            "cat <<END\n${a[$(rm dev.db)]}\nEND",
            "rg --hostname-bin ./x a",
            "find . -fprintf dev.db x",
            "dbsnap run --exclude mods -- psql -c 'DELETE FROM mods'",
            "dbsnap --store elsewhere restore 1a2b3c4d -y",
            "dbsnap -qC elsewhere undo -y",
        ] {
            assert!(!only_reads(text), "{text}");
        }
    }
}
