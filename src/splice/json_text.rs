//! JSON with comments as text: where its values stand, how new ones are written, how items are added and taken out.

use super::{SpliceError, line_end};
use jsonc_parser::ast::{Array, Object, ObjectProp, Value as Ast};
use jsonc_parser::common::{Range, Ranged};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde_json::Value;

/// What is read: JSON, comments, and commas behind the last item.
const SYNTAX: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_loose_object_property_names: false,
    allow_trailing_commas: true,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// Parses a text without a byte order mark; `None` if it is blank.
pub(super) fn parse(text: &str) -> Result<Option<Ast<'_>>, SpliceError> {
    let parsed = parse_to_ast(text, &CollectOptions::default(), &SYNTAX)
        .map_err(|error| SpliceError::at(text, error.range().start, format!("invalid JSON: {}", error.kind())))?;
    Ok(parsed.value)
}

/// The value that a part of a text stands for.
pub(super) fn value(ast: &Ast<'_>) -> Value {
    match ast {
        Ast::StringLit(text) => Value::String(text.value.clone().into_owned()),
        // as it is written, so that no digit is lost
        Ast::NumberLit(number) => serde_json::from_str(number.value).unwrap_or(Value::Null),
        Ast::BooleanLit(truth) => Value::Bool(truth.value),
        Ast::NullKeyword(_) => Value::Null,
        Ast::Array(array) => array.elements.iter().map(value).collect(),
        Ast::Object(object) => Value::Object(
            object.properties.iter().map(|one| (one.name.as_str().to_owned(), value(&one.value))).collect(),
        ),
    }
}

/// An object or an array: where it stands, and where its items do.
#[derive(Debug, Clone)]
pub(super) struct Container {
    /// From its opening to its closing bracket, both included.
    pub range: Range,
    pub items: Vec<Range>,
}

impl Container {
    pub fn object(object: &Object<'_>) -> Container {
        Container { range: object.range, items: object.properties.iter().map(|one| one.range).collect() }
    }

    pub fn array(array: &Array<'_>) -> Container {
        Container { range: array.range, items: array.elements.iter().map(Ranged::range).collect() }
    }
}

/// The member of that name. Twice the same name is refused: readers do not agree on which one counts.
pub(super) fn member<'o, 'a>(
    text: &str,
    object: &'o Object<'a>,
    name: &str,
) -> Result<Option<&'o ObjectProp<'a>>, SpliceError> {
    let mut found = object.properties.iter().filter(|one| one.name.as_str() == name);
    let first = found.next();
    match found.next() {
        Some(second) => Err(SpliceError::at(text, second.range.start, format!("\"{name}\" is there twice"))),
        None => Ok(first),
    }
}

/// Something to be written: a value, or a member of an object.
pub(super) struct Item<'v> {
    pub name: Option<&'v str>,
    pub value: &'v Value,
}

impl Item<'_> {
    fn write(&self, layout: &Layout<'_>) -> String {
        let name = self.name.map(|name| format!("{}: ", Value::from(name))).unwrap_or_default();
        format!("{name}{}", layout.value(self.value))
    }
}

/// How new values are written.
pub(super) struct Layout<'t> {
    /// On several lines.
    pub is_tall: bool,
    /// What the line begins with that the value stands on.
    pub indent: String,
    /// What is added for each level.
    pub unit: &'t str,
    pub end: &'t str,
}

impl Layout<'_> {
    /// A value. Objects, and arrays with objects in them, take a line for each item.
    pub fn value(&self, value: &Value) -> String {
        let (items, brackets): (Vec<String>, _) = match value {
            Value::Object(members) if !members.is_empty() => {
                let inner = self.inner();
                (
                    members.iter().map(|(name, value)| Item { name: Some(name), value }.write(&inner)).collect(),
                    ['{', '}'],
                )
            }
            Value::Array(elements) if elements.iter().any(Value::is_object) => {
                let inner = self.inner();
                (elements.iter().map(|value| inner.value(value)).collect(), ['[', ']'])
            }
            Value::Array(elements) => {
                let elements: Vec<String> = elements.iter().map(Value::to_string).collect();
                return format!("[{}]", elements.join(", "));
            }
            scalar => return scalar.to_string(),
        };
        let [open, close] = brackets;
        if !self.is_tall {
            // the blanks tell it from a container that was there, empty, and was filled
            return format!("{open} {} {close}", items.join(", "));
        }
        let (end, indent, unit) = (self.end, &self.indent, self.unit);
        let between = format!(",{end}{indent}{unit}");
        format!("{open}{end}{indent}{unit}{}{end}{indent}{close}", items.join(&between))
    }

    fn inner(&self) -> Layout<'_> {
        Layout {
            is_tall: self.is_tall,
            indent: format!("{}{}", self.indent, self.unit),
            unit: self.unit,
            end: self.end,
        }
    }
}

/// What the lines of a text are indented by: as the first item of its root that begins a line.
pub(super) fn unit<'t>(text: &'t str, root: &Container) -> &'t str {
    root.items.iter().find_map(|item| line_start(text, item.start)).filter(|blanks| !blanks.is_empty()).unwrap_or("  ")
}

/// The blanks before `at`, if there is nothing else on its line before it.
fn line_start(text: &str, at: usize) -> Option<&str> {
    let begin = text[..at].rfind('\n')? + 1;
    Some(&text[begin..at]).filter(|before| before.bytes().all(|byte| matches!(byte, b' ' | b'\t')))
}

/// The blanks that the line of `at` begins with.
fn indent(text: &str, at: usize) -> &str {
    let line = &text[text[..at].rfind('\n').map_or(0, |end| end + 1)..at];
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// Adds an item behind the last one. Into an empty container it goes right behind the bracket, which no container has
/// that was made for it.
pub(super) fn add(text: &str, container: &Container, item: &Item<'_>, unit: &str) -> String {
    let end = line_end(text);
    let inner = format!("{}{unit}", indent(text, container.range.start));
    let layout = |is_tall, indent| Layout { is_tall, indent, unit, end };
    let Some(last) = container.items.last() else {
        let (before, after) = text.split_at(container.range.start + 1);
        return format!("{before}{}{after}", item.write(&layout(true, inner)));
    };
    let gap = Gap::new(text, last.end, container.range.end - 1);
    let behind = gap.comma.map_or(last.end, |comma| comma + 1);
    // a comment on the line of the last item is about that item
    let (at, is_line_comment) = same_line_comments(text, behind);
    let own_line = line_start(text, last.start);
    let is_tall = own_line.is_some() || is_line_comment || text[last.start..last.end].contains('\n');
    let indent = own_line.map_or(inner, str::to_owned);
    let separator = if is_tall { format!("{end}{indent}") } else { " ".to_owned() };
    let item = item.write(&layout(is_tall, indent));
    let (before, between, after) = (&text[..last.end], &text[last.end..at], &text[at..]);
    let (comma, trailing) = if gap.comma.is_some() { ("", ",") } else { (",", "") };
    format!("{before}{comma}{between}{separator}{item}{trailing}{after}")
}

/// Takes the item with this number out.
pub(super) fn take(text: &str, container: &Container, number: usize) -> String {
    let item = container.items[number];
    let following = container.items.get(number + 1).map_or(container.range.end - 1, |next| next.start);
    let begin = match line_start(text, item.start) {
        Some(blanks) => {
            let newline = item.start - blanks.len() - 1;
            newline - usize::from(text[..newline].ends_with('\r'))
        }
        None => text[..item.start].trim_end_matches([' ', '\t']).len(),
    };
    match (Gap::new(text, item.end, following).comma, number.checked_sub(1)) {
        (Some(comma), _) => format!("{}{}{}", &text[..begin], &text[item.end..comma], &text[comma + 1..]),
        (None, Some(previous)) => {
            let previous = container.items[previous];
            let comma = Gap::new(text, previous.end, item.start).comma.unwrap_or(begin);
            let kept = text.get(comma + 1..begin).unwrap_or_default();
            format!("{}{kept}{}", &text[..comma.min(begin)], &text[item.end..])
        }
        (None, None) => format!("{}{}", &text[..begin], &text[item.end..]),
    }
}

/// Puts another item in the place of this one.
pub(super) fn replace(text: &str, range: Range, value: &Value, unit: &str) -> String {
    let is_tall = text[range.start..range.end].contains('\n');
    let layout = Layout { is_tall, indent: indent(text, range.start).to_owned(), unit, end: line_end(text) };
    format!("{}{}{}", &text[..range.start], layout.value(value), &text[range.end..])
}

/// Blanks, comments and at most one comma between two values.
struct Gap {
    comma: Option<usize>,
}

impl Gap {
    fn new(text: &str, from: usize, to: usize) -> Gap {
        let mut at = from;
        while at < to {
            match text.as_bytes()[at] {
                b',' => return Gap { comma: Some(at) },
                b'/' => at = comment_end(text, at).unwrap_or(to),
                _ => at += 1,
            }
        }
        Gap { comma: None }
    }
}

/// Where the comment ends that begins at `at`, if one does.
fn comment_end(text: &str, at: usize) -> Option<usize> {
    let rest = &text[at..];
    if rest.starts_with("//") {
        let line = rest.find('\n').map_or(rest, |end| &rest[..end]);
        return Some(at + line.strip_suffix('\r').unwrap_or(line).len());
    }
    rest.strip_prefix("/*")?.find("*/").map(|length| at + length + 4)
}

/// Where the comments end that follow `at` on its line, and whether the last is a line comment.
fn same_line_comments(text: &str, at: usize) -> (usize, bool) {
    let (mut end, mut is_line) = (at, false);
    loop {
        let blanks = text[end..].len() - text[end..].trim_start_matches([' ', '\t']).len();
        match comment_end(text, end + blanks) {
            Some(next) if !is_line && !text[end..next].contains('\n') => {
                is_line = text[end + blanks..].starts_with("//");
                end = next;
            }
            _ => return (end, is_line),
        }
    }
}

/// Whether a container holds nothing, not even a comment.
pub(super) fn is_bare(text: &str, container: &Container) -> bool {
    text[container.range.start + 1..container.range.end - 1].trim().is_empty()
}
