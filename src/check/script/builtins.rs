//! What the language itself brings: lists, texts, objects, promises, paths.

use super::expressions::combined;
use super::value::{Kind, Text, Value, What};
use super::{Interpreter, Place, clients};
use std::path::{Path, PathBuf};

/// How many elements of a list are followed.
const MAX_ELEMENTS: usize = 2_000;

/// The names of packages for files and paths.
const FILE_PACKAGES: [&str; 8] =
    ["fs", "node:fs", "fs/promises", "node:fs/promises", "fs-extra", "path", "node:path", "url"];

impl<'a> Interpreter<'a, '_> {
    /// A name that the program does not define.
    pub fn global(&self, name: &str) -> Value<'a> {
        let kind = match name {
            "console" | "Math" | "JSON" | "Map" | "Set" | "WeakMap" | "WeakSet" | "Date" | "Error" | "localStorage"
            | "sessionStorage" | "fetch" | "URLSearchParams" | "FormData" | "Headers" | "describe" | "it" | "test"
            | "expect" | "jest" | "vi" => Kind::Plain,
            "$" => Kind::Shell,
            _ => Kind::Other,
        };
        Value::thing(kind, What::Name(name.to_owned()))
    }

    /// A call of a method that the program does not define.
    pub fn method(&mut self, object: &Value<'a>, name: &str, arguments: Vec<Value<'a>>, place: Place) -> Value<'a> {
        match (object, name) {
            (_, "then") => {
                for argument in &arguments {
                    self.escape_with(argument, std::slice::from_ref(object), 0);
                }
                return object.clone();
            }
            (_, "catch" | "finally") => {
                for argument in &arguments {
                    self.escape_with(argument, &[Value::plain()], 0);
                }
                return object.clone();
            }
            (Value::Function(function), "call") => {
                let this = arguments.first().cloned();
                return self.call_function(function, this, arguments.into_iter().skip(1).collect());
            }
            (Value::Function(function), "apply") => {
                let rest = arguments.get(1).map(|list| self.elements(list)).unwrap_or_default();
                return self.call_function(function, arguments.first().cloned(), rest);
            }
            (_, "bind") => return object.clone(),
            // `const run = prisma.$executeRaw.call(prisma, ...)`
            (Value::Thing(thing), "call" | "apply") => {
                if let What::Member(of, method) = &thing.what {
                    let rest: Vec<Value<'a>> = match name {
                        "call" => arguments.into_iter().skip(1).collect(),
                        _ => arguments.get(1).map(|list| self.elements(list)).unwrap_or_default(),
                    };
                    return self.method(of, method, rest, place);
                }
            }
            // Of a list that is not known one element stands for all.
            (Value::Thing(_), "map" | "flatMap")
                if matches!(object.kind(), Kind::Other | Kind::Plain | Kind::Row(_)) =>
            {
                let element = self.elements(object);
                let results = arguments.first().map(|function| self.invoke(function, element));
                return Value::list(
                    results
                        .into_iter()
                        .flat_map(|one| if name == "map" { vec![one] } else { self.elements(&one) })
                        .collect(),
                );
            }
            (Value::List(_), _) => return self.list_method(object, name, &arguments),
            (Value::Text(text), _) if name != "execute" => return self.text_method(text, name, &arguments),
            _ => {}
        }
        if let Value::Thing(thing) = object
            && let What::Name(global) = &thing.what
            && let Some(value) = self.global_method(global, name, &arguments)
        {
            return value;
        }
        if let Some(package) = object.package()
            && FILE_PACKAGES.contains(&package)
            && let Some(value) = self.file_method(name, &arguments)
        {
            return value;
        }
        self.client_method(object, name, arguments, place)
    }

    fn list_method(&mut self, object: &Value<'a>, name: &str, arguments: &[Value<'a>]) -> Value<'a> {
        let Value::List(list) = object else { return Value::nothing() };
        let elements: Vec<Value<'a>> = list.borrow().iter().take(MAX_ELEMENTS).cloned().collect();
        match name {
            "map" | "flatMap" | "forEach" | "filter" | "find" | "some" | "every" | "findLast" | "reduce"
            | "reduceRight" => {
                let is_fold = name.starts_with("reduce");
                let mut total = arguments.get(1).cloned().unwrap_or_else(Value::nothing);
                let mut results = Vec::new();
                for element in &elements {
                    let given = if is_fold {
                        vec![total.clone(), element.clone()]
                    } else {
                        vec![element.clone(), Value::nothing(), object.clone()]
                    };
                    let result = arguments.first().map(|function| self.invoke(function, given));
                    let result = result.unwrap_or_else(Value::nothing);
                    total = result.clone();
                    results.push(result);
                }
                match name {
                    "map" => Value::list(results),
                    "flatMap" => Value::list(results.iter().flat_map(|one| self.elements(one)).collect()),
                    "find" | "findLast" => Value::one_of(elements),
                    "filter" => object.clone(),
                    "reduce" | "reduceRight" => total,
                    _ => Value::nothing(),
                }
            }
            "push" | "unshift" => {
                list.borrow_mut().extend(arguments.iter().cloned());
                Value::nothing()
            }
            "pop" | "shift" | "at" => Value::one_of(elements),
            "concat" => {
                let mut all = elements;
                for argument in arguments {
                    all.extend(self.elements(argument));
                }
                Value::list(all)
            }
            "join" => {
                let separator = arguments.first().and_then(Value::constant).unwrap_or_else(|| ",".to_owned());
                let separator = [Text::constant(&separator)];
                let mut texts = vec![Text::default()];
                for (at, element) in elements.iter().enumerate() {
                    if at > 0 {
                        texts = combined(&texts, &separator);
                    }
                    texts = combined(&texts, &element.texts());
                }
                Value::one_of(texts.into_iter().map(Value::Text).collect())
            }
            "entries" => {
                Value::list(elements.into_iter().map(|one| Value::list(vec![Value::nothing(), one])).collect())
            }
            "slice" | "splice" | "reverse" | "sort" | "toSorted" | "toReversed" | "flat" | "values" | "add" => {
                self.escape_all(arguments);
                object.clone()
            }
            _ => {
                self.escape_all(arguments);
                Value::nothing()
            }
        }
    }

    /// A call of a value.
    fn invoke(&mut self, function: &Value<'a>, arguments: Vec<Value<'a>>) -> Value<'a> {
        let choices = function.choices().into_iter();
        let results = choices.map(|one| match one {
            Value::Function(function) => self.call_function(&function, None, arguments.clone()),
            _ => Value::nothing(),
        });
        Value::one_of(results.collect())
    }

    pub fn escape_all(&mut self, values: &[Value<'a>]) {
        values.iter().for_each(|value| self.escape(value));
    }

    fn text_method(&mut self, text: &Text, name: &str, arguments: &[Value<'a>]) -> Value<'a> {
        let constants: Option<Vec<String>> = arguments.iter().map(Value::constant).collect();
        match (name, constants.as_deref()) {
            ("trim" | "toString" | "normalize" | "trimStart" | "trimEnd" | "slice" | "substring" | "valueOf", _) => {
                Value::Text(text.clone())
            }
            ("toLowerCase" | "toLocaleLowerCase", _) => Value::Text(text.map(str::to_lowercase)),
            ("toUpperCase" | "toLocaleUpperCase", _) => Value::Text(text.map(str::to_uppercase)),
            ("concat", _) => {
                let mut all = text.clone();
                for argument in arguments {
                    match argument.texts().as_slice() {
                        [one] => all.push(one),
                        _ => all.push(&Text::unknown()),
                    }
                }
                Value::Text(all)
            }
            ("replace" | "replaceAll", Some([old, new])) => Value::Text(text.map(|part| part.replace(old, new))),
            // A pattern: what it takes out is not known, but what stands there is like it.
            ("replace" | "replaceAll", _) => Value::Text(text.clone()),
            ("split", Some([separator])) if !separator.is_empty() => {
                let whole = text.with("?");
                let pieces = whole.split(separator.as_str()).map(|piece| {
                    let mut piece = Text::constant(piece);
                    piece.origin.clone_from(&text.origin);
                    Value::Text(piece)
                });
                Value::list(pieces.collect())
            }
            ("split", _) => Value::list(vec![Value::Text(text.clone())]),
            _ => {
                self.escape_all(arguments);
                Value::nothing()
            }
        }
    }

    fn global_method(&mut self, global: &str, name: &str, arguments: &[Value<'a>]) -> Option<Value<'a>> {
        let first = arguments.first();
        Some(match (global, name) {
            ("Object", "keys" | "getOwnPropertyNames") => Value::list(self.keys(first?)),
            ("Object", "values") => match first? {
                Value::Object(object) => Value::list(object.values()),
                other => Value::list(self.elements(other)),
            },
            ("Object", "entries") => match first? {
                Value::Object(object) => {
                    let entries = object.entries.borrow();
                    let pairs = entries.iter().map(|(key, value)| Value::list(vec![Value::text(key), value.clone()]));
                    Value::list(pairs.collect())
                }
                _ => Value::list(vec![Value::list(vec![Value::nothing(), Value::nothing()])]),
            },
            ("Object", "assign") => {
                if let Value::Object(target) = first? {
                    for value in arguments.iter().skip(1) {
                        if let Value::Object(more) = value {
                            more.entries.borrow().iter().for_each(|(key, value)| target.set(key, value.clone()));
                        }
                    }
                }
                first?.clone()
            }
            ("Object", "freeze" | "seal" | "create") | ("Promise", "resolve") | ("structuredClone", _) => {
                first?.clone()
            }
            ("Promise", "all" | "allSettled" | "race" | "any") if arguments.len() == 1 => {
                self.escape(first?);
                first?.clone()
            }
            ("Promise", _) | ("Array", "from" | "of") => {
                if let Some(function) = arguments.get(1) {
                    let elements = self.elements(first?);
                    let results = elements.into_iter().map(|one| self.invoke(function, vec![one]));
                    return Some(Value::list(results.collect()));
                }
                first?.clone()
            }
            ("Reflect", "get") => match arguments.get(1).and_then(Value::constant) {
                Some(name) => self.member(first?, &name),
                None => self.any_member(first?),
            },
            ("Reflect", "apply") => {
                let rest = arguments.get(2).map(|list| self.elements(list)).unwrap_or_default();
                self.call(arguments.get(1).cloned(), first?.clone(), rest, Place::of(oxc_span::Span::default()))
            }
            ("process" | "Deno", "cwd") => Value::text(self.files.dir().to_string_lossy()),
            ("String", "raw") => first?.clone(),
            ("JSON", "stringify") => Value::Text(Text::unknown()),
            _ => return None,
        })
    }

    /// A call into `fs` or `path` that makes a text.
    fn file_method(&mut self, name: &str, arguments: &[Value<'a>]) -> Option<Value<'a>> {
        match name {
            "join" | "resolve" => {
                let parts: Option<Vec<String>> = arguments.iter().map(Value::constant).collect();
                let path: PathBuf = parts?.iter().collect();
                Some(Value::text(path.to_string_lossy()))
            }
            "dirname" => {
                let path = arguments.first()?.constant()?;
                Some(Value::text(Path::new(&path).parent()?.to_string_lossy()))
            }
            "fileURLToPath" => arguments.first().cloned(),
            "readFileSync" | "readFile" => {
                let path = arguments.first()?.constant()?;
                let file = self.files.or_within(self.module.path.parent()?).read(&path).ok()?;
                let text = Value::Text(Text::constant(&*file.text).at(&file.name.as_str().into(), 1));
                self.escape_all(&[]);
                for callback in arguments.iter().skip(1) {
                    self.escape_with(callback, &[Value::plain(), text.clone()], 0);
                }
                Some(text)
            }
            _ => None,
        }
    }

    /// A call of what is not a method.
    pub fn free_call(&mut self, function: &Value<'a>, arguments: Vec<Value<'a>>, place: Place) -> Value<'a> {
        let name = function.name().unwrap_or_default();
        let first = arguments.first();
        match name.as_str() {
            "require" => match first.and_then(Value::constant) {
                Some(specifier) => return self.require(&specifier, None),
                None => self.unknown(place, "which module is imported is not constant"),
            },
            "String" | "Number" | "structuredClone" | "fileURLToPath" => {
                if let Some(first) = first {
                    return first.clone();
                }
            }
            _ => {}
        }
        if function.package().is_some_and(|package| FILE_PACKAGES.contains(&package))
            && let Some(value) = self.file_method(&name, &arguments)
        {
            return value;
        }
        self.client_call(function, arguments, place)
    }

    /// `new` of what the program does not define.
    pub fn new_thing(&mut self, class: &Value<'a>, arguments: Vec<Value<'a>>, place: Place) -> Value<'a> {
        match (class.name().as_deref(), arguments.first()) {
            (Some("Set"), Some(list @ Value::List(_))) => return list.clone(),
            (Some("URL"), Some(path)) => {
                let base = arguments.get(1).and_then(Value::constant);
                let dir = base.as_deref().and_then(|base| base.rsplit_once('/')).map(|(dir, _)| format!("{dir}/"));
                let joined = path.texts().into_iter().map(|text| {
                    let mut joined = Text::constant(dir.clone().unwrap_or_default());
                    joined.push(&text);
                    Value::Text(joined)
                });
                return Value::one_of(joined.collect());
            }
            (Some("Proxy"), Some(target)) => {
                self.escape_all(&arguments[1..]);
                return target.clone();
            }
            (Some("Function"), _) => {
                self.unknown(place, "the code is made when the program runs");
                return Value::nothing();
            }
            _ => {}
        }
        clients::new_client(self, class, arguments, place)
    }
}
