//! From tokens to blocks. A line that is not understood is passed over with a warning; what would leave tables or
//! fields in doubt (a block that is not closed, a field without a type) is an error.

use super::cursor::{Cursor, Fault};
use super::syntax::{Attribute, Block, Entry, Expression, Sort, Written};
use super::tokens::{Token, tokens};

/// What blocks begin with.
const KEYWORDS: [&str; 6] = ["model", "view", "enum", "type", "datasource", "generator"];

/// What one file holds.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub(super) blocks: Vec<Block>,
    /// Lines that were passed over, and what stands there.
    pub(super) passed_over: Vec<Fault>,
}

/// Reads one file.
pub(super) fn parse(text: &str) -> Result<Parsed, Fault> {
    let tokens = tokens(text)?;
    let mut cursor = Cursor::new(&tokens);
    let mut parsed = Parsed::default();
    let (mut comments, mut carried) = (Comments::new(false), None);
    while let Some(token) = cursor.peek() {
        if comments.take(token) {
            cursor.next();
            continue;
        }
        let documentation = comments.end().or(carried.take());
        block(&mut cursor, documentation, &mut parsed)?;
        // Prisma lets what is written above a setting block pass on to the next model.
        let last = parsed.blocks.last_mut().filter(|last| matches!(last.sort, Sort::Datasource | Sort::Generator));
        carried = last.and_then(|last| last.documentation.take());
        comments.in_line = true;
    }
    Ok(parsed)
}

/// `///` lines that belong to what follows them; outside of blocks only without an empty line between.
struct Comments {
    lines: Vec<String>,
    /// Whether something stands in this line already.
    in_line: bool,
    in_block: bool,
    /// An empty line came: a comment that follows takes the place of those before it.
    stale: bool,
}

impl Comments {
    fn new(in_block: bool) -> Comments {
        Comments { lines: Vec::new(), in_line: false, in_block, stale: false }
    }

    /// Takes comments and line ends.
    fn take(&mut self, token: &Token) -> bool {
        match token {
            Token::Doc(_) | Token::Comment => {
                if std::mem::take(&mut self.stale) {
                    self.lines.clear();
                }
                if let Token::Doc(line) = token {
                    self.lines.push(line.clone());
                }
                self.in_line = true;
            }
            Token::LineEnd => {
                self.stale |= !self.in_line;
                if self.stale && !self.in_block {
                    self.lines.clear();
                }
                self.in_line = false;
            }
            _ => return false,
        }
        true
    }

    /// What was written above the thing that comes next.
    fn end(&mut self) -> Option<String> {
        (self.in_line, self.stale) = (false, false);
        let lines = std::mem::take(&mut self.lines);
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}

fn block(cursor: &mut Cursor<'_>, documentation: Option<String>, parsed: &mut Parsed) -> Result<(), Fault> {
    let line = cursor.line();
    if cursor.is_sign('}') {
        return Err((line, "a } closes nothing".to_owned()));
    }
    let first = cursor.word();
    // `modelMod {` is one too.
    let glued = first.filter(|_| cursor.is_sign('{')).and_then(|word| {
        let keyword = KEYWORDS.iter().find(|keyword| word.starts_with(**keyword))?;
        let name = word.get(keyword.len()..).filter(|name| name.starts_with(|first: char| first.is_alphanumeric()))?;
        Some((*keyword, name))
    });
    let keyword = glued.map(|(keyword, _)| keyword).or(first);
    let sort = match keyword {
        Some("model") => Sort::Model,
        Some("view") => Sort::View,
        Some("enum") => Sort::Enum,
        Some("type") => Sort::Composite,
        Some("datasource") => Sort::Datasource,
        Some("generator") => Sort::Generator,
        _ => {
            let what = keyword.map_or_else(|| "something".to_owned(), |keyword| format!("`{keyword} ...`"));
            parsed.passed_over.push((line, format!("{what} is not known and was ignored")));
            cursor.pass_line();
            return Ok(());
        }
    };
    let keyword = keyword.unwrap_or_default();
    let name = glued.map(|(_, name)| name).or_else(|| cursor.word());
    let name = name.ok_or_else(|| (line, format!("a {keyword} has no name")))?.to_owned();
    if !cursor.eat('{') {
        if sort == Sort::Composite && cursor.is_sign('=') {
            parsed.passed_over.push((line, format!("the type alias {name} was ignored")));
            cursor.pass_line();
            return Ok(());
        }
        return Err((line, format!("the {keyword} {name} has no {{ behind its name")));
    }
    if cursor.pass_line() {
        parsed.passed_over.push((line, format!("what stands behind the {{ of {name} was ignored, as Prisma does")));
    }
    if cursor.is_sign('}') {
        return Err((line, format!("the {keyword} {name} stands in one line; Prisma wants its }} in a later one")));
    }
    let mut block = Block { sort, name, line, documentation, entries: Vec::new(), attributes: Vec::new() };
    cursor.next();
    let mut comments = Comments::new(true);
    loop {
        match cursor.peek() {
            None => return Err((line, format!("the {keyword} {} is not closed: its }} is missing", block.name))),
            Some(Token::Sign('}')) => {
                cursor.next();
                parsed.blocks.push(block);
                return Ok(());
            }
            Some(token) if comments.take(token) => drop(cursor.next()),
            Some(_) => {
                let documentation = comments.end();
                content(cursor, documentation, &mut block, &mut parsed.passed_over)?;
            }
        }
    }
}

/// One line of a block.
fn content(
    cursor: &mut Cursor<'_>,
    documentation: Option<String>,
    block: &mut Block,
    passed_over: &mut Vec<Fault>,
) -> Result<(), Fault> {
    let line = cursor.line();
    if cursor.eat('@') {
        if cursor.eat('@') {
            let attribute = cursor.attribute()?;
            block.attributes.push(attribute);
        } else {
            passed_over.push((line, "an attribute stands alone in a line and was ignored".to_owned()));
        }
    } else if let Some(name) = cursor.word() {
        let mut entry =
            Entry { name: name.to_owned(), line, written: None, value: None, attributes: Vec::new(), documentation };
        match block.sort {
            Sort::Datasource | Sort::Generator if cursor.eat('=') => entry.value = Some(cursor.expression(0)?),
            Sort::Datasource | Sort::Generator => {
                passed_over.push((line, format!("the line `{name} ...` is no setting and was ignored")));
            }
            Sort::Model | Sort::View | Sort::Composite => entry.written = Some(written(cursor, name, &block.name)?),
            Sort::Enum => {}
        }
        entry.attributes = attributes(cursor)?;
        if let Some(Token::Doc(beside)) = cursor.peek() {
            let above = entry.documentation.take();
            entry.documentation = Some(above.map_or_else(|| beside.clone(), |above| format!("{above}\n{beside}")));
        }
        block.entries.push(entry);
    } else {
        passed_over.push((line, "a line that begins neither with a name nor with @@ was ignored".to_owned()));
        cursor.next();
    }
    let line = cursor.line();
    if cursor.pass_line() {
        passed_over.push((line, "the rest of a line is not known and was ignored".to_owned()));
    }
    Ok(())
}

fn attributes(cursor: &mut Cursor<'_>) -> Result<Vec<Attribute>, Fault> {
    let mut attributes = Vec::new();
    while cursor.eat('@') {
        attributes.push(cursor.attribute()?);
    }
    Ok(attributes)
}

fn written(cursor: &mut Cursor<'_>, field: &str, model: &str) -> Result<Written, Fault> {
    let line = cursor.line();
    let no_type = || (line, format!("the field {field} of {model} has no type"));
    if !matches!(cursor.peek(), Some(Token::Word(_))) {
        return Err(no_type());
    }
    let (name, unsupported) = match cursor.expression(0)? {
        Expression::Path(name) => (name, None),
        Expression::Call(name, arguments) if name == "Unsupported" => {
            (name, Some(arguments.first().and_then(Expression::text).unwrap_or_default().to_owned()))
        }
        _ => return Err(no_type()),
    };
    let list = cursor.eat('[');
    if list && !cursor.eat(']') {
        return Err((line, format!("the list type of field {field} of {model} has no ]")));
    }
    let optional = cursor.eat('?');
    Ok(Written { name, unsupported, list, optional })
}
