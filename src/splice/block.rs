//! A block of lines between two comments, at the end of a text file.

use super::{Removed, Splice, SpliceError, State, checksum, line_end};
use similar::{ChangeTag, TextDiff};

/// How comments look in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comment {
    /// `<!-- text -->`, as in Markdown.
    Html,
    /// `# text`, as in TOML.
    Hash,
}

/// A block of lines.
#[derive(Debug, Clone)]
pub struct Block {
    /// How the lines around it are marked.
    pub comment: Comment,
    /// Its lines, each with its end (`\n`).
    pub body: &'static str,
    /// Whether a line is of use without the others, so that one that somebody added can stay alone.
    pub has_loose_lines: bool,
    /// Looks at the file without the block: what is wrong, or that it has of somebody else what the block would add.
    pub check: fn(&str) -> Result<State, SpliceError>,
}

/// Where a block stands.
struct Found<'t> {
    /// Its first byte, and the one behind its last.
    range: std::ops::Range<usize>,
    body: &'t str,
    /// Nobody has changed it since it was written.
    is_as_written: bool,
}

const BEGIN: &str = "dbsnap agent: begin";
const END: &str = "dbsnap agent: end";

impl Block {
    fn line(&self, text: &str) -> String {
        match self.comment {
            Comment::Html => format!("<!-- {text} -->"),
            Comment::Hash => format!("# {text}"),
        }
    }

    /// The block with this body, without the last line's end.
    fn render(&self, body: &str, end: &str) -> String {
        let begin = self.line(&format!("{BEGIN} {}", checksum(body)));
        let lines = [begin.as_str()].into_iter().chain(body.lines());
        lines.map(|line| format!("{line}{end}")).chain([self.line(END)]).collect()
    }

    fn find<'t>(&self, text: &'t str) -> Result<Option<Found<'t>>, SpliceError> {
        let (begin, end) = (self.line(&format!("{BEGIN} @")), self.line(END));
        let (before_sum, behind_sum) = begin.split_once('@').unwrap_or((&begin, ""));
        let quoted = if self.comment == Comment::Html { fenced(text) } else { Vec::new() };
        let (mut at, mut open) = (0, None);
        for line in text.split_inclusive('\n') {
            let (start, next, bare) = (at, at + line.len(), line.trim_end());
            at = next;
            if quoted.iter().any(|range| range.contains(&start)) {
                continue;
            }
            let sum = bare.strip_prefix(before_sum).and_then(|rest| rest.strip_suffix(behind_sum));
            if let (None, Some(sum)) = (open, sum) {
                open = Some((start, next, sum));
            } else if let (Some((begin, body, sum)), true) = (open, bare == end) {
                let body = &text[body..start];
                return Ok(Some(Found {
                    range: begin..start + bare.len(),
                    body,
                    is_as_written: checksum(body) == sum,
                }));
            }
        }
        match open {
            Some((start, ..)) => {
                Err(SpliceError::at(text, start, format!("the block that begins here has no end: {end}")))
            }
            None => Ok(None),
        }
    }

    /// The text with a block at its end, each from another text: as many line ends before and behind it as tell which.
    fn append(&self, body: &str, text: Option<&str>) -> String {
        match text {
            None => format!("{}\n", self.render(body, "\n")),
            Some("") => self.render(body, "\n"),
            Some(text) => {
                let end = line_end(text);
                let block = self.render(body, end);
                if text.ends_with('\n') {
                    format!("{text}{end}{block}{end}")
                } else {
                    format!("{text}{end}{end}{block}")
                }
            }
        }
    }

    fn without(&self, text: &str, found: &Found<'_>) -> Removed {
        let (before, after) = (&text[..found.range.start], &text[found.range.end..]);
        // as many as two line ends were put before it
        let one = shorter(before);
        let two = one.iter().flat_map(|text| shorter(text)).collect();
        let candidates = [vec![before], one, two].concat().into_iter().map(|text| Some(text.to_owned()));
        let candidates: Vec<Option<String>> = std::iter::once(None).chain(candidates).collect();
        if let Some(before) = candidates.iter().find(|before| self.append(found.body, before.as_deref()) == text) {
            return Removed::exact(before.clone());
        }
        // its line ends were converted
        let end = line_end(text);
        if text == format!("{}{end}", self.render(found.body, end)) {
            return Removed::exact(None);
        }
        // somebody wrote behind it: the empty line before it goes with it
        let (before, after) = (before.strip_suffix(end).unwrap_or(before), after.strip_prefix(end).unwrap_or(after));
        Removed { text: Some(format!("{before}{after}")), is_exact: false, keeps_edits: false }
    }
}

/// The lines that somebody added to ours, with the blank ones among them.
fn added(ours: &str, now: &str) -> String {
    let lines: Vec<&str> = now.split_inclusive('\n').collect();
    let (old, new): (Vec<&str>, Vec<&str>) = (ours.lines().collect(), now.lines().map(str::trim_end).collect());
    let diff = TextDiff::from_slices(&old, &new);
    let changes = diff.iter_all_changes().filter(|change| change.tag() == ChangeTag::Insert);
    let added: String = changes.filter_map(|change| lines.get(change.new_index()?)).copied().collect();
    if added.trim().is_empty() { String::new() } else { added }
}

/// Where a Markdown text has code between fences, which stands for itself.
fn fenced(text: &str) -> Vec<std::ops::Range<usize>> {
    let (mut at, mut open, mut found) = (0, None, Vec::new());
    for line in text.split_inclusive('\n') {
        let bare = line.trim();
        let mark = bare.chars().next().filter(|first| matches!(first, '`' | '~'));
        let length = mark.map_or(0, |mark| bare.len() - bare.trim_start_matches(mark).len());
        let is_fence = length >= 3 && !line.starts_with("    ");
        match (open, mark) {
            (None, Some(mark)) if is_fence => open = Some((at, mark, length)),
            (Some((start, mark, least)), Some(other)) if mark == other && length >= least && length == bare.len() => {
                found.push(start..at + line.len());
                open = None;
            }
            _ => {}
        }
        at += line.len();
    }
    found
}

/// The text without a line end, of either kind.
fn shorter(text: &str) -> Vec<&str> {
    ["\n", "\r\n"].into_iter().filter_map(|end| text.strip_suffix(end)).collect()
}

impl Splice for Block {
    fn is_marked(&self) -> bool {
        true
    }

    fn states(&self, text: &str) -> Result<Vec<State>, SpliceError> {
        let Some(found) = self.find(text)? else { return Ok(vec![(self.check)(text)?]) };
        (self.check)(text)?;
        let is_same = found.is_as_written && checksum(found.body) == checksum(self.body);
        Ok(vec![if is_same { State::Same } else { State::Changed }])
    }

    fn insert(&self, text: Option<&str>) -> Result<String, SpliceError> {
        let Some(text) = text else { return Ok(self.append(self.body, None)) };
        let state = (self.check)(text)?;
        match self.find(text)? {
            None if state == State::Foreign => Ok(text.to_owned()),
            None => {
                let added = self.append(self.body, Some(text));
                (self.check)(&added).map_err(|error| {
                    let what = "nothing can be added at its end; a table written as { ... } or with dots is closed";
                    SpliceError::new(format!("{what}: write it as [table] ({})", error.reason))
                })?;
                Ok(added)
            }
            Some(found) if found.is_as_written && checksum(found.body) != checksum(self.body) => {
                let block = self.render(self.body, line_end(text));
                Ok(format!("{}{block}{}", &text[..found.range.start], &text[found.range.end..]))
            }
            // it is there, or somebody changed it
            Some(_) => Ok(text.to_owned()),
        }
    }

    fn remove(&self, text: &str) -> Result<Removed, SpliceError> {
        let Some(found) = self.find(text)? else { return Ok(Removed::exact(Some(text.to_owned()))) };
        if found.is_as_written {
            return Ok(self.without(text, &found));
        }
        if !self.has_loose_lines {
            return Ok(Removed { text: Some(text.to_owned()), is_exact: false, keeps_edits: true });
        }
        let edits = added(self.body, found.body);
        let (before, after) = (&text[..found.range.start], &text[found.range.end..]);
        let after = if edits.is_empty() { after } else { after.strip_prefix(line_end(text)).unwrap_or(after) };
        let keeps_edits = !edits.is_empty();
        Ok(Removed { text: Some(format!("{before}{edits}{after}")), is_exact: false, keeps_edits })
    }
}
