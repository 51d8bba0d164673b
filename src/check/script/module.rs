//! The modules of a program: their text, and which one an import means.

use super::super::files::{Files, SourceFile};
use super::value::{Kind, Object, Value};
use oxc_allocator::Allocator;
use oxc_ast::ast::Program;
use oxc_parser::{ParseOptions, Parser};
use oxc_span::SourceType;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Tried after a name that an import gives.
const EXTENSIONS: [&str; 8] = ["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs"];

/// How deep brackets may nest: reading them takes stack.
const MAX_NESTING: usize = 400;

/// How long a row of modules may be that pass on each other's exports.
const MAX_STARS: usize = 32;

/// A module.
pub(super) struct Module<'a> {
    pub name: Rc<str>,
    pub path: PathBuf,
    pub program: Option<&'a Program<'a>>,
    pub exports: Rc<Object<'a>>,
    /// CommonJS's `module`.
    pub commonjs: Rc<Object<'a>>,
    /// Modules whose exports it passes on.
    pub stars: RefCell<Vec<Rc<Module<'a>>>>,
    text: &'a str,
    lines: Vec<usize>,
}

impl<'a> Module<'a> {
    /// A module of which everything is a double.
    pub fn double(path: &Path) -> Module<'a> {
        let exports = Rc::new(Object::default());
        *exports.base.borrow_mut() = Some(Value::of_kind(Kind::Double));
        let commonjs = Rc::new(Object::default());
        commonjs.set("exports", Value::of_kind(Kind::Double));
        Module {
            name: "".into(),
            path: path.to_owned(),
            program: None,
            exports,
            commonjs,
            stars: RefCell::default(),
            text: "",
            lines: vec![0],
        }
    }

    /// Parses a file.
    ///
    /// # Errors
    /// The line and reason if it cannot be parsed.
    pub fn parse(file: &SourceFile, allocator: &'a Allocator) -> (Module<'a>, Option<(usize, String)>) {
        let text = allocator.alloc_str(&file.text);
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let exports = Rc::new(Object::default());
        let commonjs = Rc::new(Object::default());
        commonjs.set("exports", Value::Object(exports.clone()));
        let mut module = Module {
            name: file.name.as_str().into(),
            path: file.path.clone(),
            program: None,
            exports,
            commonjs,
            stars: RefCell::default(),
            text,
            lines,
        };
        if is_nested_too_deep(text) {
            return (module, Some((1, "it is nested too deep".to_owned())));
        }
        let mut failure = None;
        for source_type in source_types(&file.path) {
            let options =
                ParseOptions { allow_return_outside_function: true, preserve_parens: false, ..ParseOptions::default() };
            let parsed = Parser::new(allocator, text, source_type).with_options(options).parse();
            let error = parsed.diagnostics.iter().next().map(|error| {
                let at = error.labels.first().map_or(0, |label| label.offset());
                (module.line(at), format!("it cannot be parsed: {error}"))
            });
            if !parsed.panicked {
                module.program = Some(allocator.alloc(parsed.program));
            }
            match error {
                None => return (module, None),
                Some(error) => drop(failure.get_or_insert(error)),
            }
        }
        (module, failure)
    }

    /// The line of an offset, from 1.
    pub fn line(&self, offset: u32) -> usize {
        self.lines.partition_point(|start| *start <= offset as usize).max(1)
    }

    /// A piece of its text, on one line.
    pub fn piece(&self, start: u32, end: u32) -> String {
        let piece = self.text.get(start as usize..end as usize).unwrap_or_default();
        piece.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// What it exports by this name, itself or from others.
    pub fn export(&self, name: &str, depth: usize) -> Option<Value<'a>> {
        let exports = self.commonjs.get("exports").unwrap_or(Value::Object(self.exports.clone()));
        if exports.kind() == Kind::Double {
            return Some(exports);
        }
        if name == "*" {
            let stars = self.stars.borrow();
            let others = stars.iter().filter(|_| depth < MAX_STARS).filter_map(|star| star.export("*", depth + 1));
            for other in others {
                let (Value::Object(own), Value::Object(other)) = (&exports, other) else { continue };
                for (key, value) in other.entries.borrow().iter().filter(|(key, _)| key != "default") {
                    if own.get(key).is_none() {
                        own.set(key, value.clone());
                    }
                }
            }
            return Some(exports);
        }
        // CommonJS has no other default than all of it.
        let own = exports.entry(name).or_else(|| (name == "default").then_some(exports));
        let from = |star: &Rc<Module<'a>>| star.export(name, depth + 1);
        own.or_else(|| self.stars.borrow().iter().filter(|_| depth < MAX_STARS).find_map(from))
    }
}

/// The kinds of text that a file may hold, the likeliest first.
fn source_types(path: &Path) -> Vec<SourceType> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("ts" | "mts" | "cts") => vec![SourceType::ts(), SourceType::tsx()],
        Some("tsx") => vec![SourceType::tsx(), SourceType::ts()],
        Some("cjs") => vec![SourceType::cjs(), SourceType::tsx()],
        _ => vec![SourceType::jsx(), SourceType::tsx(), SourceType::cjs()],
    }
}

/// Whether brackets, or signs before a value, stand within each other in such numbers as no person writes.
fn is_nested_too_deep(text: &str) -> bool {
    let (mut depth, mut signs, mut types) = (0_usize, 0_usize, 0_usize);
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match byte {
            b'!' | b'~' | b'+' | b'-' => signs += 1,
            b' ' | b'\n' => {}
            _ => signs = 0,
        }
        match byte {
            b'<' => types += 1,
            b'>' => types = types.saturating_sub(1),
            b';' | b'{' | b'}' => types = 0,
            _ => {}
        }
        if types > MAX_NESTING {
            return true;
        }
        if depth > MAX_NESTING || signs > MAX_NESTING {
            // Comments and texts may hold rows of signs.
            return depth > MAX_NESTING || text.len() > 16 << 10;
        }
    }
    false
}

/// The file that an import means, if it is one of the project.
pub(super) fn resolve(specifier: &str, from: &Path, files: &Files) -> Option<PathBuf> {
    let dir = from.parent()?;
    let candidates: Vec<PathBuf> = if specifier.starts_with('.') || specifier.starts_with('/') {
        vec![dir.join(specifier)]
    } else {
        aliases(specifier, dir, files)
    };
    let is_followed = |path: &PathBuf| {
        files.is_file(path)
            && !path.components().any(|part| part.as_os_str() == "node_modules" || part.as_os_str() == "generated")
    };
    candidates.iter().flat_map(|path| with_extensions(path)).find(is_followed)
}

fn with_extensions(path: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    let extension = path.extension().and_then(|extension| extension.to_str());
    if let Some(extension) = extension.filter(|extension| EXTENSIONS.contains(extension)) {
        all.push(path.to_owned());
        // TypeScript is imported by the name that it will have as JavaScript.
        let written = match extension {
            "js" => &["ts", "tsx"][..],
            "mjs" => &["mts"],
            "cjs" => &["cts"],
            "jsx" => &["tsx"],
            _ => &[],
        };
        all.extend(written.iter().map(|other| path.with_extension(other)));
    }
    let name = path.to_string_lossy();
    all.extend(EXTENSIONS.iter().map(|extension| PathBuf::from(format!("{name}.{extension}"))));
    all.extend(EXTENSIONS.iter().map(|extension| path.join(format!("index.{extension}"))));
    all
}

/// Where the nearest `tsconfig.json` or `package.json` (`imports`) leads a name that is not a path.
fn aliases(specifier: &str, dir: &Path, files: &Files) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for dir in dir.ancestors() {
        for name in ["tsconfig.json", "jsconfig.json", "tsconfig.base.json"] {
            let Ok(file) = files.read(dir.join(name)) else { continue };
            let Some(config) = relaxed_json(&file.text) else { continue };
            let options = &config["compilerOptions"];
            let base = dir.join(options["baseUrl"].as_str().unwrap_or("."));
            found.extend(mapped(specifier, &options["paths"], &base));
            if options["baseUrl"].is_string() {
                found.push(base.join(specifier));
            }
        }
        if specifier.starts_with('#')
            && let Ok(file) = files.read(dir.join("package.json"))
            && let Some(package) = relaxed_json(&file.text)
        {
            found.extend(mapped(specifier, &package["imports"], dir));
        }
        if !found.is_empty() {
            break;
        }
    }
    found
}

/// The places that a table of patterns (`"@/*": ["./src/*"]`) gives a name.
fn mapped(specifier: &str, paths: &serde_json::Value, base: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for (pattern, targets) in paths.as_object().into_iter().flatten() {
        let rest = match pattern.split_once('*') {
            Some((before, after)) => specifier.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)),
            None => (specifier == pattern).then_some(""),
        };
        let Some(rest) = rest else { continue };
        let targets = targets.as_array().map_or_else(|| vec![targets], |targets| targets.iter().collect());
        found.extend(
            targets.iter().filter_map(|target| target.as_str()).map(|target| base.join(target.replace('*', rest))),
        );
    }
    found
}

/// JSON with comments and commas before closing brackets.
fn relaxed_json(text: &str) -> Option<serde_json::Value> {
    let (mut plain, mut chars, mut quoted) = (String::new(), text.chars().peekable(), false);
    while let Some(c) = chars.next() {
        match (quoted, c, chars.peek()) {
            (true, '\\', Some(next)) => {
                plain.extend(['\\', *next]);
                chars.next();
            }
            (_, '"', _) => {
                quoted = !quoted;
                plain.push(c);
            }
            (false, '/', Some('/')) => while chars.next_if(|c| *c != '\n').is_some() {},
            (false, '/', Some('*')) => {
                chars.next();
                let mut last = ' ';
                for c in chars.by_ref() {
                    if last == '*' && c == '/' {
                        break;
                    }
                    last = c;
                }
            }
            (false, '}' | ']', _) => {
                if plain.trim_end().ends_with(',') {
                    plain.truncate(plain.trim_end().len() - 1);
                }
                plain.push(c);
            }
            _ => plain.push(c),
        }
    }
    serde_json::from_str(&plain).ok()
}
