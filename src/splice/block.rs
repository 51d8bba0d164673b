//! A block of lines between two comments, at the end of a text file.

use super::{Removed, Splice, SpliceError, State, checksum, line_end};

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
        let (mut at, mut open) = (0, None);
        for line in text.split_inclusive('\n') {
            let bare = line.trim_end();
            let sum = bare.strip_prefix(before_sum).and_then(|rest| rest.strip_suffix(behind_sum));
            if let (None, Some(sum)) = (open, sum) {
                open = Some((at, at + line.len(), sum));
            } else if let (Some((start, body, sum)), true) = (open, bare == end) {
                let body = &text[body..at];
                return Ok(Some(Found { range: start..at + bare.len(), body, is_as_written: checksum(body) == sum }));
            }
            at += line.len();
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
        // somebody wrote behind it: the empty line before it goes with it
        let end = line_end(text);
        let (before, after) = (before.strip_suffix(end).unwrap_or(before), after.strip_prefix(end).unwrap_or(after));
        Removed { text: Some(format!("{before}{after}")), is_exact: false, keeps_edits: false }
    }
}

/// The text without a line end, of either kind.
fn shorter(text: &str) -> Vec<&str> {
    ["\n", "\r\n"].into_iter().filter_map(|end| text.strip_suffix(end)).collect()
}

impl Splice for Block {
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
                (self.check)(&added)?;
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
        let is_ours = |line: &&str| line.trim().is_empty() || self.body.lines().any(|ours| ours == line.trim_end());
        let edits: String = found.body.split_inclusive('\n').filter(|line| !is_ours(line)).collect();
        let (before, after) = (&text[..found.range.start], &text[found.range.end..]);
        let after = if edits.is_empty() { after } else { after.strip_prefix(line_end(text)).unwrap_or(after) };
        let keeps_edits = !edits.is_empty();
        Ok(Removed { text: Some(format!("{before}{edits}{after}")), is_exact: false, keeps_edits })
    }
}
