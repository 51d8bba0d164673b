//! Parts of JSON files: members of objects and elements of arrays, some levels down.

use super::json_text::{Container, Item, Layout, add, member, parse, replace, take, unit, value};
use super::{Removed, Splice, SpliceError, State};
use jsonc_parser::ast::{Object, Value as Ast};
use jsonc_parser::common::{Range, Ranged};
use serde_json::{Map, Value, json};

/// The mark that some editors put at the beginning of a file.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// A JSON file with parts of ours.
#[derive(Debug, Clone)]
pub struct JsonFile {
    /// In the order in which they are put in.
    pub parts: Vec<JsonPart>,
    /// A member that the file must have. It is written only with a file that holds nothing else.
    pub required: Option<(&'static str, Value)>,
}

/// A part: a value at the end of a path of objects.
#[derive(Debug, Clone)]
pub struct JsonPart {
    /// The names that lead to it, the last one included.
    pub path: Vec<&'static str>,
    /// What it is there.
    pub slot: Slot,
}

/// What a part is.
#[derive(Debug, Clone)]
pub enum Slot {
    /// The member that the path names. Another value there is somebody else's.
    Member(Value),
    /// An element of the array that the path names.
    Element {
        /// The element.
        value: Value,
        /// Where its handlers are.
        handlers: Handlers,
        /// What a handler should be, given what ours is; none if it is not one of ours.
        fit: fn(&Value, &Value) -> Option<Value>,
    },
}

/// Where the handlers of an element are, each of which is somebody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handlers {
    /// The element is one.
    Itself,
    /// They are elements of an array in it, the member of this name.
    In(&'static str),
}

/// Where something of ours stands: the containers around it from the outside in, each with the number of the item that
/// leads to it.
pub(super) struct Found {
    pub trail: Vec<(Container, usize)>,
    range: Range,
    /// What is there, and what should be.
    pub is: Value,
    pub wanted: Value,
}

impl JsonPart {
    /// The value of the last member of the path.
    fn last(&self) -> Value {
        match &self.slot {
            Slot::Member(value) => value.clone(),
            Slot::Element { value, .. } => json!([value]),
        }
    }

    /// The value of the member with this number, with all that is below it.
    fn below(&self, number: usize) -> Value {
        let names = self.path[number + 1..].iter().rev();
        names.fold(self.last(), |value, name| json!({ *name: value }))
    }

    /// What is there of it.
    pub(super) fn find(&self, text: &str, root: &Object<'_>) -> Result<Vec<Found>, SpliceError> {
        let (mut object, mut trail) = (root, Vec::new());
        for (depth, name) in self.path.iter().enumerate() {
            let Some(found) = member(text, object, name)? else { return Ok(Vec::new()) };
            let number = object.properties.iter().position(|one| one.range == found.range).unwrap_or_default();
            trail.push((Container::object(object), number));
            if depth + 1 < self.path.len() {
                object = found.value.as_object().ok_or_else(|| wrong_kind(text, name, &found.value, "an object"))?;
                continue;
            }
            return match &self.slot {
                Slot::Member(wanted) => Ok(vec![Found {
                    trail,
                    range: found.value.range(),
                    is: value(&found.value),
                    wanted: wanted.clone(),
                }]),
                Slot::Element { value: wanted, handlers, fit } => {
                    let array = found.value.as_array();
                    let array = array.ok_or_else(|| wrong_kind(text, name, &found.value, "an array"))?;
                    let elements = array.elements.iter().enumerate();
                    Ok(elements
                        .flat_map(|(number, element)| {
                            let trail = [trail.clone(), vec![(Container::array(array), number)]].concat();
                            ours(element, trail, wanted, *handlers, *fit)
                        })
                        .collect())
                }
            };
        }
        Ok(Vec::new())
    }

    /// The text with what is there of it as it should be, once.
    fn update(&self, text: &str) -> Result<String, SpliceError> {
        let mut now = text.to_owned();
        loop {
            let parsed = parse(&now)?;
            let Some(root) = root(&now, &parsed)? else { return Ok(now) };
            let found = self.find(&now, root)?;
            let Some((container, number)) = duplicate(&found).and_then(|one| one.trail.last()) else {
                let unit = unit(&now, &Container::object(root));
                // from the last on, so that those before it stay where they are
                let wrong = found.iter().rev().filter(|one| one.is != one.wanted);
                return Ok(wrong.fold(now.clone(), |text, one| replace(&text, one.range, &one.wanted, unit)));
            };
            now = take(&now, container, *number);
        }
    }

    fn state(&self, text: &str, root: Option<&Object<'_>>) -> Result<State, SpliceError> {
        let Some(root) = root else { return Ok(State::Absent) };
        let found = self.find(text, root)?;
        Ok(match (&found[..], &self.slot) {
            ([], _) => State::Absent,
            (all, _) if duplicate(all).is_none() && all.iter().all(|one| one.is == one.wanted) => State::Same,
            (_, Slot::Member(_)) => State::Foreign,
            _ => State::Changed,
        })
    }
}

/// One that is there already.
fn duplicate(found: &[Found]) -> Option<&Found> {
    found.iter().enumerate().find(|(at, one)| found[..*at].iter().any(|other| other.is == one.is)).map(|(_, one)| one)
}

/// The parts of an element that are ours: all of it, or some of its handlers. What else is in it is a person's choice.
fn ours(
    element: &Ast<'_>,
    trail: Vec<(Container, usize)>,
    wanted: &Value,
    handlers: Handlers,
    fit: fn(&Value, &Value) -> Option<Value>,
) -> Vec<Found> {
    let whole = value(element);
    let Handlers::In(name) = handlers else {
        let fitted = fit(&whole, wanted);
        return fitted.map(|wanted| Found { trail, range: element.range(), is: whole, wanted }).into_iter().collect();
    };
    let Some(inner) = element.as_object().and_then(|object| Some((object, object.get(name)?))) else {
        return Vec::new();
    };
    let (object, property) = inner;
    let Some(array) = property.value.as_array() else { return Vec::new() };
    let values: Vec<Value> = array.elements.iter().map(value).collect();
    let fitted: Vec<Option<Value>> = values.iter().map(|one| fit(one, &wanted[name][0])).collect();
    if let (Some(Some(first)), true) = (fitted.first(), fitted.iter().all(Option::is_some)) {
        let mut wanted = whole.clone();
        wanted[name] = json!([first]);
        return vec![Found { trail, range: element.range(), is: whole, wanted }];
    }
    let number = object.properties.iter().position(|one| one.range == property.range).unwrap_or_default();
    let all = values.into_iter().zip(fitted).enumerate();
    all.filter_map(|(at, (is, wanted))| {
        let deeper = [(Container::object(object), number), (Container::array(array), at)];
        let trail = [trail.clone(), deeper.to_vec()].concat();
        Some(Found { trail, range: array.elements[at].range(), is, wanted: wanted? })
    })
    .collect()
}

fn wrong_kind(text: &str, name: &str, value: &Ast<'_>, kind: &str) -> SpliceError {
    SpliceError::at(text, value.range().start, format!("\"{name}\" is not {kind}"))
}

/// The object that a file holds; none if it is blank.
pub(super) fn root<'t>(text: &'t str, parsed: &'t Option<Ast<'_>>) -> Result<Option<&'t Object<'t>>, SpliceError> {
    match parsed {
        None if text.trim().is_empty() => Ok(None),
        None => Err(SpliceError::new("it holds comments and no value")),
        Some(Ast::Object(object)) => Ok(Some(object)),
        Some(other) => Err(SpliceError::at(text, other.range().start, "it does not hold an object")),
    }
}

impl JsonFile {
    /// A new file, or one where only blanks were, with its first part.
    fn begin(&self, blanks: Option<&str>, part: &JsonPart) -> String {
        let mut members = Map::new();
        members.insert(part.path[0].to_owned(), part.below(0));
        members.extend(self.required.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        let layout = Layout { is_tall: true, indent: String::new(), unit: "  ", end: "\n" };
        let object = layout.value(&Value::Object(members));
        match blanks {
            None => format!("{object}\n"),
            // without a line end, as no new file is
            Some(blanks) => format!("{blanks}{object}"),
        }
    }

    /// The text with a part that it lacks.
    pub(super) fn add(&self, text: Option<&str>, part: &JsonPart) -> Result<String, SpliceError> {
        let Some(text) = text else { return Ok(self.begin(None, part)) };
        let parsed = parse(text)?;
        let Some(object) = root(text, &parsed)? else { return Ok(self.begin(Some(text), part)) };
        let unit = unit(text, &Container::object(object));
        let mut here = object;
        for (number, name) in part.path.iter().enumerate() {
            let Some(found) = member(text, here, name)? else {
                let (below, container) = (part.below(number), Container::object(here));
                let added = add(text, &container, &Item { name: Some(name), value: &below }, unit);
                return self.add_required(added, object.properties.is_empty());
            };
            match (&found.value, &part.slot) {
                (Ast::Object(deeper), _) if number + 1 < part.path.len() => here = deeper,
                (Ast::Array(array), Slot::Element { value, .. }) if number + 1 == part.path.len() => {
                    return Ok(add(text, &Container::array(array), &Item { name: None, value }, unit));
                }
                (other, Slot::Element { .. }) if number + 1 == part.path.len() => {
                    return Err(wrong_kind(text, name, other, "an array"));
                }
                (other, _) => return Err(wrong_kind(text, name, other, "an object")),
            }
        }
        Ok(text.to_owned())
    }

    /// The required member, in a file that held nothing; elsewhere it must be there.
    fn add_required(&self, text: String, was_empty: bool) -> Result<String, SpliceError> {
        let Some((name, value)) = &self.required else { return Ok(text) };
        let parsed = parse(&text)?;
        let Some(object) = root(&text, &parsed)? else { return Ok(text) };
        match member(&text, object, name)? {
            Some(_) => Ok(text),
            None if was_empty => {
                let container = Container::object(object);
                Ok(add(&text, &container, &Item { name: Some(name), value }, unit(&text, &container)))
            }
            None => Err(SpliceError::new(format!("\"{name}\" is missing; add \"{name}\": {value}"))),
        }
    }

    /// The text with all parts, without a byte order mark.
    pub(super) fn insert_all(&self, text: Option<&str>) -> Result<String, SpliceError> {
        let mut text = text.map(str::to_owned);
        for part in &self.parts {
            let Some(now) = &text else {
                text = Some(self.add(None, part)?);
                continue;
            };
            let parsed = parse(now)?;
            let found = match root(now, &parsed)? {
                Some(root) => part.find(now, root)?,
                None => Vec::new(),
            };
            let next = match (&found[..], &part.slot) {
                ([], _) => self.add(Some(now), part)?,
                (_, Slot::Element { .. }) => part.update(now)?,
                _ => continue,
            };
            text = Some(next);
        }
        Ok(text.unwrap_or_default())
    }
}

/// The text behind its byte order mark, and the mark.
fn unmarked(text: &str) -> (&str, &str) {
    match text.strip_prefix(BYTE_ORDER_MARK) {
        Some(rest) => text.split_at(text.len() - rest.len()),
        None => ("", text),
    }
}

impl Splice for JsonFile {
    fn states(&self, text: &str) -> Result<Vec<State>, SpliceError> {
        let text = unmarked(text).1;
        let parsed = parse(text)?;
        let root = root(text, &parsed)?;
        self.parts.iter().map(|part| part.state(text, root)).collect()
    }

    fn insert(&self, text: Option<&str>) -> Result<String, SpliceError> {
        let Some(text) = text else { return self.insert_all(None) };
        let (mark, text) = unmarked(text);
        Ok(format!("{mark}{}", self.insert_all(Some(text))?))
    }

    fn remove(&self, text: &str) -> Result<Removed, SpliceError> {
        let (mark, text) = unmarked(text);
        let removed = self.remove_all(text)?;
        // a new file has no mark
        let text = match removed.text {
            Some(text) => Some(format!("{mark}{text}")),
            None if !mark.is_empty() => Some(mark.to_owned()),
            None => None,
        };
        Ok(Removed { text, ..removed })
    }
}

/// The value at the end of a path of objects, if the text is JSON and has it.
pub fn json_value(text: &str, path: &[&str]) -> Option<Value> {
    let parsed = parse(unmarked(text).1).ok()??;
    let found = path.iter().try_fold(&parsed, |ast, name| Some(&ast.as_object()?.get(name)?.value))?;
    Some(value(found))
}
