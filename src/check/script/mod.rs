//! TypeScript and JavaScript.
//!
//! The program is followed as it would run, with every condition taken both ways: names are followed to what they stand
//! for, calls into the functions that are called, imports into the modules of the project. A call that reaches a
//! database client is looked at by [`clients`]. What nobody calls does nothing.

mod builtins;
mod clients;
mod expressions;
mod functions;
mod module;
mod pages;
mod patterns;
mod scope;
mod statements;
mod value;

use super::files::{Files, SourceFile};
use super::finding::{Effect, Finding, one_line};
use module::Module;
use oxc_allocator::Allocator;
use oxc_span::Span;
use scope::Scope;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use value::{Closure, Object, Value};

/// How many expressions are followed before it is given up.
const MAX_STEPS: usize = 1_000_000;

/// How deep calls and expressions may nest.
const MAX_DEPTH: usize = 1_500;

/// What a program does, and the modules that it imports.
pub(super) fn findings(file: &SourceFile, files: &Files) -> Vec<Finding> {
    let allocator = Allocator::default();
    let (module, failure) = Module::parse(file, &allocator);
    let module = Rc::new(module);
    let mut interpreter = Interpreter {
        allocator: &allocator,
        files,
        modules: BTreeMap::from([(file.path.clone(), module.clone())]),
        module: module.clone(),
        found: Vec::new(),
        owners: Vec::new(),
        withdrawn: HashSet::new(),
        executed: HashSet::new(),
        transactions: Vec::new(),
        temporary: HashSet::new(),
        threw: false,
        globals: Object::default(),
        conditions: 0,
        depth: 0,
        steps: 0,
        running: Vec::new(),
        escaped: HashMap::new(),
    };
    interpreter.failure(&module, failure);
    interpreter.run(&module);
    interpreter.call_exports(&module);
    let (mut found, mut seen) = (Vec::new(), HashSet::new());
    for (number, finding) in interpreter.found.into_iter().enumerate() {
        let is_temporary =
            !finding.tables.is_empty() && finding.tables.iter().all(|table| interpreter.temporary.contains(table));
        if is_temporary || interpreter.withdrawn.contains(&number) && !interpreter.executed.contains(&number) {
            continue;
        }
        let key = (finding.file.clone(), finding.line, finding.effect, finding.tables.clone(), finding.reason.clone());
        if seen.insert(key) {
            found.push(finding);
        }
    }
    found
}

/// Follows a program.
struct Interpreter<'a, 'f> {
    allocator: &'a Allocator,
    files: &'f Files,
    modules: BTreeMap<PathBuf, Rc<Module<'a>>>,
    /// The module whose text is being followed.
    module: Rc<Module<'a>>,
    found: Vec<Finding>,
    /// The client of each finding, by its address.
    owners: Vec<usize>,
    /// Findings that come to nothing: rolled back, or only shown as text.
    withdrawn: HashSet<usize>,
    /// Findings that are run whatever else is done with them.
    executed: HashSet<usize>,
    /// Transactions that were begun: the client, the number of findings before, the conditions around.
    transactions: Vec<(usize, usize, usize)>,
    /// Tables that the program makes for itself.
    temporary: HashSet<String>,
    /// Whether the function that was followed last can only end with an error.
    threw: bool,
    /// What was set on the global object.
    globals: Object<'a>,
    /// How many conditions stand around the place.
    conditions: usize,
    depth: usize,
    steps: usize,
    /// The functions that are being followed, by the address of their text.
    running: Vec<usize>,
    /// The functions that were followed as called by somebody unknown, by their address.
    escaped: HashMap<usize, Rc<Closure<'a>>>,
}

impl<'a> Interpreter<'a, '_> {
    /// Follows a module's own statements.
    fn run(&mut self, module: &Rc<Module<'a>>) {
        let Some(program) = module.program else { return };
        let caller = std::mem::replace(&mut self.module, module.clone());
        let conditions = std::mem::take(&mut self.conditions);
        let scope = Rc::new(Scope::default());
        scope.declare("module", Value::Object(module.commonjs.clone()), 0);
        scope.declare("exports", Value::Object(module.exports.clone()), 0);
        let dir = module.path.parent().unwrap_or(Path::new("/"));
        scope.declare("__dirname", Value::text(dir.to_string_lossy()), 0);
        scope.declare("__filename", Value::text(module.path.to_string_lossy()), 0);
        self.block(&program.body, &scope);
        self.conditions = conditions;
        self.module = caller;
    }

    /// The module that an import means, followed if it was not yet; `None` if it is not of the project.
    fn import(&mut self, specifier: &str) -> Option<Rc<Module<'a>>> {
        let path = module::resolve(specifier, &self.module.path, self.files)?;
        let path = dunce::canonicalize(&path).unwrap_or(path);
        let file = match self.files.read(&path) {
            Ok(file) => file,
            Err(reason) => {
                let module = self.module.clone();
                self.failure(&module, Some((1, reason)));
                return None;
            }
        };
        if let Some(known) = self.modules.get(&file.path) {
            return Some(known.clone());
        }
        let (module, failure) = Module::parse(&file, self.allocator);
        let module = Rc::new(module);
        self.modules.insert(file.path.clone(), module.clone());
        self.failure(&module, failure);
        self.run(&module);
        Some(module)
    }

    /// Puts a double in the place of a module: `vi.mock("../lib/db")`.
    fn mock(&mut self, specifier: &str) {
        let Some(path) = module::resolve(specifier, &self.module.path, self.files) else { return };
        let path = dunce::canonicalize(&path).unwrap_or(path);
        self.modules.insert(path.clone(), Rc::new(Module::double(&path)));
    }

    /// Says that a module cannot be read.
    fn failure(&mut self, module: &Module<'a>, failure: Option<(usize, String)>) {
        let Some((line, reason)) = failure else { return };
        let text = module.name.to_string();
        self.found.push(Finding {
            file: Some(text.clone()),
            line,
            text,
            effect: Effect::Unknown,
            tables: Vec::new(),
            all_rows: false,
            reason: Some(reason),
        });
    }

    /// Adds a finding, and returns its number.
    fn find(&mut self, place: Place, effect: Effect, tables: Vec<String>, all_rows: bool) -> usize {
        self.found.push(Finding {
            file: Some(self.module.name.to_string()),
            line: self.module.line(place.line_of),
            text: one_line(&self.module.piece(place.span.start, place.span.end)),
            effect,
            tables,
            all_rows,
            reason: None,
        });
        self.found.len() - 1
    }

    /// Adds a finding that cannot be told, and why.
    fn unknown(&mut self, place: Place, reason: impl Into<String>) {
        let number = self.find(place, Effect::Unknown, Vec::new(), false);
        self.found[number].reason = Some(reason.into());
    }

    /// Says whose the findings are that have come about since.
    fn own(&mut self, client: &Value<'a>) {
        self.owners.resize(self.found.len(), client.root());
    }

    /// Takes back what a client did since there were so many findings.
    fn roll_back(&mut self, client: usize, since: usize) {
        let own = (since..self.owners.len()).filter(|number| self.owners[*number] == client);
        self.withdrawn.extend(own.filter(|number| self.found[*number].effect != Effect::Reset));
    }

    /// Counts a step; false if there were too many, which is said once.
    fn may_go_on(&mut self, span: Span) -> bool {
        self.steps += 1;
        if self.steps <= MAX_STEPS && self.depth <= MAX_DEPTH {
            return true;
        }
        let reason = "the program is too long or nested too deep to be followed";
        if !self.found.iter().any(|finding| finding.reason.as_deref() == Some(reason)) {
            self.unknown(Place::of(span), reason);
        }
        false
    }
}

/// Where a call stands.
#[derive(Clone, Copy)]
struct Place {
    /// All of it.
    span: Span,
    /// The offset whose line is told: of the method's name.
    line_of: u32,
}

impl Place {
    fn of(span: Span) -> Place {
        Place { span, line_of: span.start }
    }
}
