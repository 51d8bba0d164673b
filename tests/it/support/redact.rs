//! Takes out of a program's output what differs from run to run, so that the rest can be held against a snapshot.

use std::path::Path;

/// `text` with volatile parts replaced: `dir` by `[DIR]`, hashes and short ids by `[HASH]` and `[ID]`, times by
/// `[TIME]`, ages by `[AGO]`, durations by `[DURATION]` and sizes by `[SIZE]`.
///
/// Runs of spaces around a replaced size, duration or age become one: their number depends on the width of the value.
pub fn redact(text: &str, dir: &Path) -> String {
    // A run in the root directory has no directory to hide.
    let text = match dir.file_name() {
        Some(_) => text.replace(&*dir.to_string_lossy(), "[DIR]"),
        None => text.to_owned(),
    };
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(next) = rest.chars().next() {
        // A value starts where a word starts: `v2 s` and `x12ms` are none.
        let at_start = !out.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '.' || c == '[');
        match if at_start { volatile(rest) } else { None } {
            Some((length, shown, floating)) => {
                rest = &rest[length..];
                if floating {
                    trim_to_one_space(&mut out);
                    rest = rest.strip_prefix(' ').map_or(rest, |after| skip_spaces(after, rest));
                }
                out.push_str(shown);
            }
            None => {
                out.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
    }
    out
}

/// `rest` without the spaces at its start but one.
fn skip_spaces<'t>(after: &'t str, rest: &'t str) -> &'t str {
    let spaces = after.len() - after.trim_start_matches(' ').len();
    &rest[spaces..]
}

fn trim_to_one_space(out: &mut String) {
    while out.ends_with("  ") {
        out.pop();
    }
}

/// The volatile value that `text` starts with: its length, what is shown for it, and whether its width varies.
fn volatile(text: &str) -> Option<(usize, &'static str, bool)> {
    if let Some(length) = time(text) {
        return Some((length, "[TIME]", false));
    }
    if text.starts_with("just now") {
        return Some(("just now".len(), "[AGO]", true));
    }
    let hex = run(text, |c| matches!(c, '0'..='9' | 'a'..='f'));
    if ends_word(text, hex) {
        match hex {
            64 => return Some((64, "[HASH]", false)),
            8 => return Some((8, "[ID]", false)),
            _ => {}
        }
    }
    let number = decimal(text)?;
    let gap = run(&text[number..], |c| c == ' ').min(1);
    let unit = &text[number + gap..];
    let word = run(unit, |c| c.is_alphabetic());
    let whole = number + gap + word;
    match &unit[..word] {
        "s" | "min" | "h" | "days" | "months" | "years" if unit[word..].starts_with(" ago") => {
            Some((whole + " ago".len(), "[AGO]", true))
        }
        "ns" | "us" | "µs" | "ms" | "s" => Some((whole, "[DURATION]", true)),
        "B" | "kB" | "KB" | "MB" | "GB" | "TB" | "KiB" | "MiB" | "GiB" | "TiB" | "byte" | "bytes" => {
            Some((whole, "[SIZE]", true))
        }
        _ => None,
    }
}

/// The length of a point in time at the start of `text`: `2026-01-24T10:30:00.123Z`, with a space for the `T`, without
/// the fraction, with ` UTC` or nothing for the `Z`; or `20260124_103000`.
fn time(text: &str) -> Option<usize> {
    if shape(text, "dddddddd_dddddd") {
        return Some(15);
    }
    if !shape(text, "dddd-dd-ddTdd:dd") && !shape(text, "dddd-dd-dd dd:dd") {
        return None;
    }
    let mut length = 16;
    if shape(&text[length..], ":dd") {
        length += 3;
    }
    if shape(&text[length..], ".d") {
        length += 1 + run(&text[length + 1..], |c| c.is_ascii_digit());
    }
    let zone = ["Z", " UTC", "+00:00"].iter().find(|zone| text[length..].starts_with(**zone));
    Some(length + zone.map_or(0, |zone| zone.len()))
}

/// Whether `text` starts as `pattern` says, in which `d` stands for any digit.
fn shape(text: &str, pattern: &str) -> bool {
    let mut chars = text.chars();
    pattern.chars().all(|wanted| {
        chars.next().is_some_and(|found| if wanted == 'd' { found.is_ascii_digit() } else { found == wanted })
    })
}

/// The length of a number such as `1`, `1,234` or `1.5` at the start of `text`.
fn decimal(text: &str) -> Option<usize> {
    let length = run(text, |c| c.is_ascii_digit() || c == ',' || c == '.');
    (length > 0 && text.starts_with(|c: char| c.is_ascii_digit())).then_some(length)
}

/// The length in bytes of the characters at the start of `text` that `keep` holds for.
fn run(text: &str, keep: impl Fn(char) -> bool) -> usize {
    text.find(|c| !keep(c)).unwrap_or(text.len())
}

fn ends_word(text: &str, length: usize) -> bool {
    !text[length..].starts_with(|c: char| c.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn becomes(text: &str, wanted: &str) {
        assert_eq!(redact(text, Path::new("/tmp/dbsnap-test-x")), wanted);
    }

    #[test]
    fn ids_and_hashes() {
        becomes("snapshot 1a2b3c4d of 12345678.", "snapshot [ID] of [ID].");
        becomes(&format!("packs/{}.pack", "0f".repeat(32)), "packs/[HASH].pack");
        becomes("1a2b3c4 1a2b3c4d5 deadbeefs", "1a2b3c4 1a2b3c4d5 deadbeefs");
    }

    #[test]
    fn times() {
        becomes("at 2026-01-24T10:30:00.123Z, 2026-01-24 10:30 UTC", "at [TIME], [TIME]");
        becomes("backup_20260124_103000_mods.json", "backup_[TIME]_mods.json");
        becomes("on 2026-01-24 itself", "on 2026-01-24 itself");
        becomes(
            "id  just now  mods, id  12 s ago  mods, id  3 min ago  mods",
            "id [AGO] mods, id [AGO] mods, id [AGO] mods",
        );
    }

    #[test]
    fn durations_and_sizes_with_the_spaces_around_them() {
        becomes("in 1.25 s, 30ms", "in [DURATION], [DURATION]");
        becomes("mods      12.5 kB   3 rows", "mods [SIZE] 3 rows");
        becomes("1,234 bytes", "[SIZE]");
    }

    #[test]
    fn everything_else_stays() {
        becomes("12 rows, 3 sources, v2 s, x12ms, 1.", "12 rows, 3 sources, v2 s, x12ms, 1.");
        becomes("made /tmp/dbsnap-test-x/.dbsnap ✓", "made [DIR]/.dbsnap ✓");
    }
}
