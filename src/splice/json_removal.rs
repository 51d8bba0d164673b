//! What a JSON file was before its parts were put in: found by taking them out and putting them in again.

use super::json::{Found, JsonFile, JsonPart, Slot, root};
use super::json_text::{Container, is_bare, parse, take, value};
use super::{Removed, SpliceError};
use jsonc_parser::common::Range;
use serde_json::Value;

impl JsonFile {
    /// What holds nothing else than the parts, as it may have been before: no file, blanks, or an empty object.
    fn empty_before(&self, text: &str) -> Result<Option<Removed>, SpliceError> {
        let parsed = parse(text)?;
        let Some(object) = root(text, &parsed)? else { return Ok(None) };
        let blanks = text[..object.range.start].to_owned();
        let last = object.properties.last().map_or(object.range.end - 1, |one| one.range.end);
        let braces = format!("{}{}", &text[..=object.range.start], &text[last..]);
        for before in [None, Some(blanks), Some(braces)] {
            if self.insert_all(before.as_deref()).is_ok_and(|again| again == text) {
                return Ok(Some(Removed::exact(before)));
            }
        }
        Ok(None)
    }

    /// What the text may have been before the part was put in: without it alone, or also without containers around it
    /// that are empty then. None if it is not there.
    fn candidates(text: &str, part: &JsonPart) -> Result<Vec<String>, SpliceError> {
        let parsed = parse(text)?;
        let Some(object) = root(text, &parsed)? else { return Ok(Vec::new()) };
        let found = part.find(text, object)?;
        let Some(Found { trail, .. }) = found.iter().find(|one| part.is_ours(one)) else { return Ok(Vec::new()) };
        let mut candidates = Vec::new();
        for (container, number) in trail.iter().rev() {
            let taken = take(text, container, *number);
            let shorter = text.len() - taken.len();
            let bare = Container {
                range: Range::new(container.range.start, container.range.end - shorter),
                items: Vec::new(),
            };
            let goes_on = container.items.len() == 1 && is_bare(&taken, &bare);
            candidates.push(taken);
            if !goes_on {
                break;
            }
        }
        Ok(candidates)
    }

    /// The text without the parts: each is taken out so that putting it in again gives what was there.
    pub(super) fn remove_all(&self, text: &str) -> Result<Removed, SpliceError> {
        if let Some(before) = self.empty_before(text)? {
            return Ok(before);
        }
        let (mut now, mut is_exact) = (text.to_owned(), true);
        loop {
            let mut fallback = None;
            let mut proved = None;
            for part in self.parts.iter().rev() {
                let candidates = JsonFile::candidates(&now, part)?;
                let is_before = |before: &&String| self.add(Some(before), part).is_ok_and(|again| again == now);
                proved = candidates.iter().find(is_before).cloned();
                if proved.is_some() {
                    break;
                }
                fallback = fallback.or(candidates.last().cloned());
            }
            match (proved, fallback) {
                (Some(before), _) => now = before,
                (None, Some(before)) => (now, is_exact) = (before, false),
                (None, None) => break,
            }
        }
        let is_ours_alone = !is_exact && self.is_left_over(&now)?;
        Ok(Removed { text: (!is_ours_alone).then_some(now), is_exact, keeps_edits: false })
    }

    /// Whether a file that was made for the parts holds nothing any more: its braces are on different lines.
    fn is_left_over(&self, text: &str) -> Result<bool, SpliceError> {
        let parsed = parse(text)?;
        let Some(object) = root(text, &parsed)? else { return Ok(false) };
        let is_required =
            |name: &str, is: Value| self.required.as_ref().is_some_and(|(one, value)| *one == name && *value == is);
        let rest_is_ours = object.properties.iter().all(|one| is_required(one.name.as_str(), value(&one.value)));
        let inside = &text[object.range.start + 1..object.range.end - 1];
        Ok(rest_is_ours && inside.trim_start_matches([' ', '\t', '\r']).starts_with('\n') && !inside.contains('/'))
    }
}

impl JsonPart {
    fn is_ours(&self, found: &Found) -> bool {
        matches!(self.slot, Slot::Element { .. }) || found.is == found.wanted
    }
}
