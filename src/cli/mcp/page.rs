//! Answers of bounded size: lists come in parts.

use super::record::{shorten, untellable};
use crate::hash::Hash;
use crate::ops::{OpError, json};
use rmcp::model::JsonObject;
use serde::Serialize;
use serde_json::{Value, json};

/// Bytes of JSON after which a list goes on in the next part.
const PART: usize = 24 << 10;
/// Bytes of JSON that an answer has at most.
const LARGEST: usize = 64 << 10;
/// Hex digits of what a cursor stands on.
const DIGITS: usize = 16;

/// A part of one or several lists, which are counted as one.
pub(super) struct Page {
    /// The first item of the part, and what the cursor that said so stands on.
    from: u64,
    stood_on: Option<String>,
    /// The hash of what is asked.
    question: Hash,
    limit: u64,
    seen: u64,
    bytes: usize,
    next: Option<u64>,
    items: Vec<(&'static str, Value)>,
}

impl Page {
    /// The part that `cursor` names, of at most `limit` items.
    ///
    /// # Errors
    /// Why the cursor or the limit is none.
    pub fn new(cursor: Option<&str>, limit: Option<u64>, question: Hash) -> Result<Page, &'static str> {
        if limit == Some(0) {
            return Err("limit must be at least 1");
        }
        let cursor = cursor.map(|cursor| {
            let (from, stood_on) = cursor.split_once('.')?;
            Some((from.parse::<u64>().ok()?, stood_on.to_owned()))
        });
        let (from, stood_on) = match cursor {
            None => (0, None),
            Some(Some((from, stood_on))) => (from, Some(stood_on)),
            Some(None) => return Err("cursor must be the nextCursor of an earlier answer"),
        };
        let limit = limit.unwrap_or(u64::MAX);
        Ok(Page { from, stood_on, question, limit, seen: 0, bytes: 0, next: None, items: Vec::new() })
    }

    /// The next item of a list. It is only made if it belongs to the part.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn offer(&mut self, list: &'static str, item: impl FnOnce() -> Result<Value, OpError>) -> Result<(), OpError> {
        let nth = self.seen;
        self.seen += 1;
        if nth < self.from || self.next.is_some() {
            return Ok(());
        }
        if self.items.len() as u64 >= self.limit {
            self.next = Some(nth);
            return Ok(());
        }
        let mut item = item()?;
        shorten(&mut item);
        let bytes = length(&item);
        if !self.items.is_empty() && self.bytes + bytes > PART {
            self.next = Some(nth);
            return Ok(());
        }
        self.bytes += bytes;
        self.items.push((list, item));
        Ok(())
    }

    /// The items of a list that a report has.
    ///
    /// # Errors
    /// As [`Page::offer`].
    pub fn offer_all(&mut self, report: &mut JsonObject, list: &'static str) -> Result<(), OpError> {
        if let Some(Value::Array(items)) = report.shift_remove(list) {
            items.into_iter().try_for_each(|item| self.offer(list, || Ok(item)))?;
        }
        Ok(())
    }

    /// The report with its lists, as far as they belong to the part, and the cursor of the next part, which stands on
    /// `basis`.
    ///
    /// # Errors
    /// If this part's cursor stood on something else, or one item alone is too large.
    pub fn finish(
        self,
        report: JsonObject,
        lists: &[&'static str],
        basis: &impl Serialize,
    ) -> Result<JsonObject, OpError> {
        let basis = serde_json::to_vec(&(self.question.to_hex(), basis)).map_err(untellable)?;
        let stands_on = Hash::of(&basis).to_hex()[..DIGITS].to_owned();
        if self.stood_on.as_ref().is_some_and(|stood_on| *stood_on != stands_on) {
            let what = "the cursor does not hold any more: the arguments or the data are not those of the answer \
                        that it came with; ask again without it";
            return Err(OpError::Usage(what.to_owned()));
        }
        let next = self.next.map(|next| format!("{next}.{stands_on}"));
        let mut answer = self.gathered(report, lists);
        if let Some(next) = next {
            answer.insert("nextCursor".to_owned(), next.into());
        }
        match length(&Value::Object(answer.clone())) {
            bytes if bytes > LARGEST => Err(OpError::Usage(format!(
                "the answer has {bytes} bytes and at most {LARGEST} are told: ask for fewer columns or a part, with \
                 sql"
            ))),
            _ => Ok(answer),
        }
    }

    /// The report with the beginning of its lists: what was done cannot be asked for again.
    pub fn finish_without_cursor(self, report: JsonObject, lists: &[&'static str]) -> JsonObject {
        self.gathered(report, lists)
    }

    fn gathered(self, report: JsonObject, lists: &[&'static str]) -> JsonObject {
        let mut report = Value::Object(report);
        shorten(&mut report);
        let Value::Object(mut answer) = report else { return JsonObject::new() };
        for list in lists {
            answer.insert((*list).to_owned(), json!([]));
        }
        for (list, item) in self.items {
            if let Some(Value::Array(items)) = answer.get_mut(list) {
                items.push(item);
            }
        }
        answer.insert("total".to_owned(), self.seen.into());
        answer
    }
}

/// A report as an object.
///
/// # Errors
/// If it has no form in JSON.
pub(super) fn object(report: &impl Serialize) -> Result<JsonObject, OpError> {
    match serde_json::to_value(report).map_err(untellable)? {
        Value::Object(report) => Ok(report),
        _ => Err(OpError::Verification("a report is no object".to_owned())),
    }
}

fn length(value: &Value) -> usize {
    json::to_string(value).map_or(usize::MAX, |text| text.len())
}

#[cfg(test)]
mod tests {
    use super::Page;
    use crate::hash::Hash;
    use rmcp::model::JsonObject;
    use serde_json::{Value, json};

    /// All items of a list of that many texts, part by part, each within the bound.
    fn parts(count: usize, length: usize, limit: Option<u64>) -> Vec<Vec<Value>> {
        let (mut cursor, mut parts) = (None::<String>, Vec::new());
        loop {
            let mut page = Page::new(cursor.as_deref(), limit, Hash::of(b"question")).unwrap();
            for nth in 0..count {
                page.offer("items", || Ok(json!({ "nth": nth, "text": "x".repeat(length) }))).unwrap();
            }
            let mut answer = page.finish(JsonObject::new(), &["items"], &count).unwrap();
            assert_eq!(answer["total"], count);
            assert!(Value::Object(answer.clone()).to_string().len() <= super::LARGEST);
            let Some(Value::Array(items)) = answer.remove("items") else { panic!("no list") };
            parts.push(items);
            match answer.remove("nextCursor") {
                Some(next) => cursor = Some(next.as_str().unwrap().to_owned()),
                None => return parts,
            }
        }
    }

    #[test]
    fn every_item_comes_once_whatever_its_size() {
        for (count, length, limit) in
            [(0, 1, None), (1, 1, None), (1000, 10, None), (100, 900, None), (50, 5000, Some(7))]
        {
            let parts = parts(count, length, limit);
            let nth: Vec<u64> = parts.iter().flatten().map(|item| item["nth"].as_u64().unwrap()).collect();
            assert_eq!(nth, (0..count as u64).collect::<Vec<_>>());
            assert!(limit.is_none_or(|limit| parts.iter().all(|part| part.len() as u64 <= limit)));
        }
        assert!(parts(100, 900, None).len() > 3, "nothing was bounded");
    }

    #[test]
    fn a_cursor_holds_for_the_same_question_on_the_same_data_only() {
        let finish = |cursor: Option<&str>, question: &[u8], basis: u64| {
            let mut page = Page::new(cursor, Some(1), Hash::of(question)).unwrap();
            (0..2).try_for_each(|nth| page.offer("items", || Ok(json!(nth)))).unwrap();
            page.finish(JsonObject::new(), &["items"], &basis)
        };
        let answer = finish(None, b"a", 1).unwrap();
        let cursor = answer["nextCursor"].as_str().unwrap();
        assert_eq!(finish(Some(cursor), b"a", 1).unwrap()["items"], json!([1]));
        assert!(finish(Some(cursor), b"b", 1).is_err());
        assert!(finish(Some(cursor), b"a", 2).is_err());
        for bad in ["", "x", "-1.0", "1", "99999999999999999999.0"] {
            assert!(Page::new(Some(bad), None, Hash::of(b"a")).is_err(), "{bad}");
        }
        assert!(Page::new(None, Some(0), Hash::of(b"a")).is_err());
    }
}
