//! How numbers, sizes, ages and names read.

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;

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
        _ => (seconds / 31_556_952, "years"),
    };
    format!("{number} {unit} ago")
}

/// Seconds as people say them.
pub(super) fn seconds(seconds: f64) -> String {
    match seconds {
        ..0.9995 => format!("{:.0} ms", (seconds * 1000.0).max(1.0)),
        ..59.95 => format!("{seconds:.1} s"),
        _ => format!("{:.0} min {:.0} s", (seconds / 60.0).floor(), seconds % 60.0),
    }
}

/// Text of unknown origin made safe for a terminal: control and direction-changing characters are escaped.
pub(super) fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        let hostile =
            c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if hostile {
            safe.extend(c.escape_default());
        } else {
            safe.push(c);
        }
    }
    safe
}

/// The counts of a change: `+3 ~1 -2`, or nothing if there was none.
pub(super) fn change(added: u64, changed: u64, removed: u64) -> String {
    let parts = [(GOOD, '+', added), (CHANGED, '~', changed), (BAD, '-', removed)];
    let shown: Vec<String> = parts
        .into_iter()
        .filter(|(_, _, number)| *number > 0)
        .map(|(style, sign, number)| paint(style, format_args!("{sign}{}", super::progress::count(number))))
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
    }

    #[test]
    fn hostile_text_cannot_move_the_cursor() {
        assert_eq!(printable("a\u{1b}[2Jb\r\u{202e}c"), "a\\u{1b}[2Jb\\r\\u{202e}c");
        assert_eq!(printable("Möbel 家具"), "Möbel 家具");
    }
}
