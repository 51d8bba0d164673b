//! How numbers, sizes, ages and names read.

use crate::ops::json::next_hostile;
use crate::ops::wording::grouped;
use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use std::borrow::Cow;
use std::fmt;
use std::io::IsTerminal;

/// The most and the fewest columns for a name in a list.
const NAME: [usize; 2] = [32, 16];

/// Bold.
pub(super) const BOLD: Style = Style::new().bold();
/// For what matters less.
pub(super) const DIM: Style = Style::new().dimmed();
/// For ids.
pub(super) const ID: Style = AnsiColor::Yellow.on_default();
/// For what was added or is well.
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
/// For what was removed or is wrong.
pub(super) const BAD: Style = AnsiColor::Red.on_default();
/// For what was changed or wants attention.
pub(super) const CHANGED: Style = AnsiColor::Cyan.on_default();

/// As [`paint`] of something that is not nothing, written as it is made.
pub(super) struct Painted<T>(pub Style, pub T);

impl<T: fmt::Display> fmt::Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Painted(style, text) = self;
        write!(f, "{style}{text}{style:#}")
    }
}

/// `text` in `style`; nothing stays nothing, so that a line's end can be trimmed.
pub(super) fn paint(style: Style, text: impl std::fmt::Display) -> String {
    match text.to_string() {
        text if text.is_empty() => text,
        text => format!("{style}{text}{style:#}"),
    }
}

/// A warning's line.
pub(super) fn warning(text: &str) -> String {
    format!("{}: {text}", paint(AnsiColor::Yellow.on_default().bold(), "warning"))
}

/// A size in the decimal units that file managers show: `2.4 MB`.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KB", "MB", "GB", "TB"];
    #[expect(clippy::cast_precision_loss, reason = "shown with two digits")]
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    match unit {
        0 => format!("{bytes} B"),
        _ if value >= 99.95 => format!("{value:.0} {}", UNITS[unit]),
        _ => format!("{value:.1} {}", UNITS[unit]),
    }
}

/// How long ago: `3 min ago`.
pub(super) fn age(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(then).as_secs();
    let (number, unit) = match seconds {
        ..0 => return "in the future".to_owned(),
        0..=9 => return "just now".to_owned(),
        10..=89 => (seconds, "s"),
        90..=5_399 => ((seconds + 30) / 60, "min"),
        5_400..=129_599 => ((seconds + 1_800) / 3_600, "h"),
        129_600..=5_183_999 => ((seconds + 43_200) / 86_400, "days"),
        5_184_000..=63_071_999 => (seconds / 2_629_746, "months"),
        63_072_000..=3_155_759_999 => (seconds / 31_556_952, "years"),
        // A clock that was far off, or a file that somebody made.
        _ => return "more than 100 years ago".to_owned(),
    };
    format!("{number} {unit} ago")
}

/// A moment to come, to the minute: `2026-01-24 10:30 UTC`.
pub(super) fn moment(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// Seconds as people say them.
pub(super) fn seconds(seconds: f64) -> String {
    match seconds {
        ..0.9995 => format!("{:.0} ms", (seconds * 1000.0).max(1.0)),
        ..59.95 => format!("{seconds:.1} s"),
        _ => format!("{:.0} min {:.0} s", (seconds / 60.0).floor(), seconds % 60.0),
    }
}

/// Text of unknown origin made safe for a terminal.
pub(super) fn printable(text: &str) -> String {
    Printable(text).to_string()
}

/// As [`printable`], written as it is made.
pub(super) struct Printable<'t>(pub &'t str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some((at, hostile)) = next_hostile(rest) {
            write!(f, "{}{}", &rest[..at], hostile.escape_default())?;
            rest = &rest[at + hostile.len_utf8()..];
        }
        f.write_str(rest)
    }
}

/// The lines of a table without the blanks around them, cut to the terminal's width if there is one.
pub(super) fn lines(table: &str, width: Option<usize>) -> String {
    table.lines().map(|line| format!("{}\n", fit(line.trim(), width))).collect()
}

/// A line that fits the terminal, if there is one.
pub(super) fn fit(line: &str, width: Option<usize>) -> Cow<'_, str> {
    width.map_or(Cow::Borrowed(line), |width| console::truncate_str(line, width, "…"))
}

/// No line is filled up to where a wider cell of another one ends.
const ALIGNED: usize = 200;

/// Rows as lines, the cells below each other; those of the columns in `right` end there. For lists of any length: to lay
/// out a thousand rows as a general table took nearly a third of the time of `log`.
pub(super) fn in_columns<const N: usize>(rows: &[[String; N]], right: &[usize]) -> Vec<String> {
    let widths = rows.iter().map(|row| row.each_ref().map(|cell| console::measure_text_width(cell)));
    let widths: Vec<[usize; N]> = widths.collect();
    let mut widest = [0; N];
    for row in &widths {
        widest = std::array::from_fn(|at| widest[at].max(row[at].min(ALIGNED)));
    }
    let line = |(row, widths): (&[String; N], &[usize; N])| {
        let mut line = String::new();
        for (at, cell) in row.iter().enumerate() {
            // not by a width in the format, which ends at 65,535
            let gap = " ".repeat(widest[at].saturating_sub(widths[at]));
            let (before, after) = if right.contains(&at) { (&*gap, "") } else { ("", &*gap) };
            line.extend([before, cell, after, "  "]);
        }
        line.trim().to_owned()
    };
    rows.iter().zip(&widths).map(line).collect()
}

/// Text for a terminal of that width: lines end between words, and what continues a line is indented. Commands to copy
/// (`$ ...`) stay in one line.
pub(super) fn wrapped(text: &str, width: Option<usize>) -> Cow<'_, str> {
    let Some(width) = width.filter(|width| text.lines().any(|line| console::measure_text_width(line) > *width)) else {
        return Cow::Borrowed(text);
    };
    let wrap = |line: &str| {
        if console::strip_ansi_codes(line).starts_with("$ ") {
            return line.to_owned();
        }
        let indent = match line.len() - line.trim_start_matches(' ').len() {
            0 if line.starts_with("- ") => 2,
            0 => 0,
            indented => indented + 4,
        };
        let (mut lines, mut column, mut begun) = (String::new(), 0, false);
        for (nth, word) in line.split(' ').enumerate() {
            let length = console::measure_text_width(word);
            if length == 0 && begun && column == indent {
                continue;
            }
            if begun && column + 1 + length > width && indent < width / 2 {
                lines.push('\n');
                lines.push_str(&" ".repeat(indent));
                column = indent;
            } else if nth > 0 {
                lines.push(' ');
                column += 1;
            }
            lines.push_str(word);
            column += length;
            begun |= length > 0;
        }
        lines
    };
    Cow::Owned(text.split('\n').map(wrap).collect::<Vec<_>>().join("\n"))
}

/// A name that does not push everything beside it off the screen: it takes one `share`-th of the terminal at most.
pub(super) fn short_name(name: &str, width: Option<usize>, share: usize) -> String {
    let [most, fewest] = NAME;
    let longest = width.map_or(most, |width| (width / share).clamp(fewest, most));
    console::truncate_str(&printable(name), longest, "…").into_owned()
}

/// Columns of the terminal that stderr is; None if it is none.
pub(super) fn stderr_width() -> Option<usize> {
    let columns = console::Term::stderr().size_checked().map(|(_, columns)| usize::from(columns));
    columns.filter(|_| std::io::stderr().is_terminal())
}

/// The counts of a change: `+3 ~1 -2`, or nothing if there was none.
pub(super) fn change(added: u64, changed: u64, removed: u64) -> String {
    let parts = [(GOOD, '+', added), (CHANGED, '~', changed), (BAD, '-', removed)];
    let shown: Vec<String> = parts
        .into_iter()
        .filter(|(_, _, number)| *number > 0)
        .map(|(style, sign, number)| paint(style, format_args!("{sign}{}", grouped(number))))
        .collect();
    if shown.is_empty() { "=".to_owned() } else { shown.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_ages() {
        assert_eq!(size(0), "0 B");
        assert_eq!(size(999), "999 B");
        assert_eq!(size(2_456_789), "2.5 MB");
        assert_eq!(size(999_960), "1.0 MB");
        assert_eq!(size(137_000_000), "137 MB");
        let now = Timestamp::from_second(1_000_000_000).unwrap();
        let ago = |seconds: i64| age(Timestamp::from_second(1_000_000_000 - seconds).unwrap(), now);
        assert_eq!(ago(3), "just now");
        assert_eq!(ago(45), "45 s ago");
        assert_eq!(ago(120), "2 min ago");
        assert_eq!(ago(7_200), "2 h ago");
        assert_eq!(ago(86_400 * 12), "12 days ago");
        assert_eq!(ago(-5), "in the future");
        assert_eq!(ago(86_400 * 365 * 20), "19 years ago");
        assert_eq!(age(Timestamp::MIN, now), "more than 100 years ago");
        assert_eq!(age(now, Timestamp::MIN), "in the future");
        assert_eq!(age(Timestamp::MIN, Timestamp::MAX), "more than 100 years ago");
    }

    #[test]
    fn messages_are_wrapped_between_words() {
        let text = "warning: deleting these rows\n  would cascade to 家具";
        assert_eq!(wrapped(text, None), text);
        assert_eq!(wrapped(text, Some(80)), text);
        assert_eq!(wrapped(text, Some(18)), "warning: deleting\nthese rows\n  would cascade to\n      家具");
        assert_eq!(wrapped("averyveryverylongword", Some(5)), "averyveryverylongword");
        assert_eq!(wrapped("- one two\n\n$ three four five\n", Some(8)), "- one\n  two\n\n$ three four five\n");
        let painted = paint(BAD, "one two");
        assert_eq!(wrapped(&painted, Some(7)), painted);
    }

    #[test]
    fn hostile_text_cannot_move_the_cursor() {
        assert_eq!(printable("a\u{1b}[2Jb\r\u{202e}c"), "a\\u{1b}[2Jb\\r\\u{202e}c");
        assert_eq!(printable("Möbel 家具 🛋\u{fe0f} e\u{301}"), "Möbel 家具 🛋\u{fe0f} e\u{301}");
        for hidden in
            "\u{7f}\u{9b}\u{85}\u{ad}\u{200b}\u{200d}\u{2028}\u{2029}\u{2060}\u{feff}\u{61c}\u{3164}\u{e0041}".chars()
        {
            let shown = printable(&format!("a{hidden}b"));
            assert_eq!(shown, format!("a\\u{{{:x}}}b", u32::from(hidden)));
        }
    }
}
