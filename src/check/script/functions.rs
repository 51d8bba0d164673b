//! Calls of the program's own functions, and its classes.

use super::patterns::kind_of_type;
use super::scope::Scope;
use super::value::{ClassOf, Closure, Code, Kind, Object, Query, Value, What};
use super::{Interpreter, Place, clients};
use oxc_ast::ast::{
    ArrowFunctionBody, Class, ClassElement, Expression, FormalParameter, FormalParameters, MethodDefinitionKind,
};
use std::rc::Rc;

/// How often a function may stand in a row of calls.
const MAX_RECURSION: usize = 2;

/// How deep objects are looked through for functions.
const MAX_ESCAPE: usize = 4;

/// What takes a migration back: not run with it.
const BACKWARD: [&str; 2] = ["down", "revert"];

impl<'a> Interpreter<'a, '_> {
    /// Follows a function with these arguments.
    pub fn call_function(
        &mut self,
        closure: &Rc<Closure<'a>>,
        this: Option<Value<'a>>,
        arguments: Vec<Value<'a>>,
    ) -> Value<'a> {
        let address = closure.code.address();
        if self.running.iter().filter(|running| **running == address).count() >= MAX_RECURSION {
            return Value::nothing();
        }
        if !self.may_go_on(closure.code.span()) {
            return Value::nothing();
        }
        self.running.push(address);
        self.depth += 1;
        let module = std::mem::replace(&mut self.module, closure.module.clone());
        let conditions = self.conditions;
        let scope = Scope::below(&closure.scope);
        if let Code::Function(function) = closure.code {
            scope.declare("this", this.unwrap_or_else(Value::nothing), conditions);
            if let Some(name) = &function.id {
                scope.declare(&name.name, Value::Function(closure.clone()), conditions);
            }
        }
        self.parameters(closure.code.parameters(), arguments, &scope);
        let value = match closure.code {
            Code::Arrow(arrow) => match &arrow.body {
                ArrowFunctionBody::FunctionBody(body) => self.body(&body.statements, &scope),
                body => {
                    let value = body.as_expression().map(|value| self.eval(value, &scope));
                    self.threw = false;
                    value.unwrap_or_else(Value::nothing)
                }
            },
            Code::Function(function) => match &function.body {
                Some(body) => self.body(&body.statements, &scope),
                None => Value::nothing(),
            },
        };
        self.conditions = conditions;
        self.module = module;
        self.depth -= 1;
        self.running.pop();
        value
    }

    fn body(&mut self, statements: &'a [oxc_ast::ast::Statement<'a>], scope: &Rc<Scope<'a>>) -> Value<'a> {
        scope.declare("return", Value::OneOf(Rc::default()), 0);
        let inner = Scope::below(scope);
        self.block(statements, &inner);
        let value = scope.get("return");
        let gives_nothing = matches!(&value, Some(Value::OneOf(all)) if all.is_empty());
        self.threw = gives_nothing && matches!(statements.last(), Some(oxc_ast::ast::Statement::ThrowStatement(_)));
        Value::one_of(value.into_iter().collect())
    }

    fn parameters(&mut self, parameters: &'a FormalParameters<'a>, arguments: Vec<Value<'a>>, scope: &Rc<Scope<'a>>) {
        let mut arguments = arguments.into_iter();
        for parameter in &parameters.items {
            let given = arguments.next();
            let value = self.parameter(parameter, given, scope);
            self.bind(&parameter.pattern, value, scope);
        }
        if let Some(rest) = &parameters.rest {
            self.bind(&rest.rest.argument, Value::list(arguments.collect()), scope);
        }
    }

    /// The value of a parameter: what was given, its default, or what its type and name tell.
    fn parameter(
        &mut self,
        parameter: &'a FormalParameter<'a>,
        given: Option<Value<'a>>,
        scope: &Rc<Scope<'a>>,
    ) -> Value<'a> {
        let default = parameter.initializer.as_ref().map(|default| self.eval(default, scope));
        let value = match (given, default) {
            (Some(given), None) => given,
            (Some(given), Some(default)) => Value::one_of(vec![given, default]),
            (None, Some(default)) => default,
            (None, None) => Value::nothing(),
        };
        let is_vague = matches!(&value, Value::Thing(thing) if thing.kind == Kind::Other);
        match (is_vague, kind_of_type(parameter.type_annotation.as_deref()), parameter.pattern.get_identifier_name()) {
            (true, Some(kind), name) => {
                Value::thing(kind, name.map_or(What::Nothing, |name| What::Name(name.to_string())))
            }
            (true, None, Some(name)) if matches!(&value, Value::Thing(thing) if matches!(thing.what, What::Nothing)) => {
                Value::named(name.to_string())
            }
            _ => value,
        }
    }

    /// Follows the functions of a value that goes to somebody unknown: they may be called.
    pub fn escape(&mut self, value: &Value<'a>) {
        self.escape_with(value, &[], 0);
    }

    /// As [`Interpreter::escape`], where it is known what they are called with.
    pub fn escape_with(&mut self, value: &Value<'a>, arguments: &[Value<'a>], depth: usize) {
        if depth > MAX_ESCAPE {
            return;
        }
        match value {
            Value::Function(function) => {
                if arguments.is_empty() && !self.is_new(function) {
                    return;
                }
                self.conditions += 1;
                self.call_function(function, None, arguments.to_vec());
                self.conditions -= 1;
            }
            Value::Object(object) if object.is_class() => {
                let instance = self.construct(value, Vec::new(), Place::of(object_span(object)));
                let Value::Object(instance) = instance else { return };
                let own = instance.entries.borrow().clone();
                for (name, method) in own.iter().filter(|(name, _)| !BACKWARD.contains(&name.as_str())) {
                    if let (Value::Function(function), true) = (method, name != "constructor") {
                        self.call_function(function, Some(Value::Object(instance.clone())), Vec::new());
                    }
                }
            }
            Value::Object(object) => {
                let entries = object.entries.borrow().clone();
                let is_migration = entries.iter().any(|(name, _)| name == "up");
                for (name, entry) in &entries {
                    if !is_migration || !BACKWARD.contains(&name.as_str()) {
                        match entry {
                            Value::Function(function) if self.is_new(function) => {
                                self.conditions += 1;
                                self.call_function(function, Some(value.clone()), arguments.to_vec());
                                self.conditions -= 1;
                            }
                            Value::Function(_) => {}
                            entry => self.escape_with(entry, arguments, depth + 1),
                        }
                    }
                }
            }
            Value::List(list) => {
                for element in list.borrow().clone() {
                    self.escape_with(&element, arguments, depth + 1);
                }
            }
            Value::OneOf(all) => all.iter().for_each(|one| self.escape_with(one, arguments, depth + 1)),
            Value::Thing(thing) => {
                if let Kind::Query(Query { finding: Some(number), .. }) = &thing.kind {
                    self.executed.insert(*number);
                }
            }
            Value::Text(_) => {}
        }
    }

    /// Whether a function was not yet followed as called by somebody unknown.
    fn is_new(&mut self, function: &Rc<Closure<'a>>) -> bool {
        self.escaped.insert(Rc::as_ptr(function).addr(), function.clone()).is_none()
    }

    /// Follows what the program exports: somebody imports it to call it.
    pub fn call_exports(&mut self, module: &Rc<super::Module<'a>>) {
        if let Some(exports) = module.commonjs.get("exports") {
            self.escape(&exports);
        }
    }

    /// A class.
    pub fn class(&mut self, node: &'a Class<'a>, scope: &Rc<Scope<'a>>) -> Value<'a> {
        let base = node.heritage.as_ref().map(|heritage| self.eval(&heritage.expression, scope));
        let inner = Scope::below(scope);
        let class = ClassOf { node, scope: inner.clone(), module: self.module.clone() };
        let made = Rc::new(Object { class: Some(class), ..Object::default() });
        *made.base.borrow_mut() = base;
        let value = Value::Object(made.clone());
        if let Some(name) = &node.id {
            inner.declare(&name.name, value.clone(), self.conditions);
        }
        inner.declare("this", value.clone(), self.conditions);
        if let Some(table) = self.entity_table(node, scope) {
            made.set("(table)", Value::text(table));
        }
        for element in &node.body.body {
            match element {
                ClassElement::MethodDefinition(method) if method.r#static => {
                    if let Some(name) = self.key(&method.key, &inner) {
                        let function = self.closure(Code::Function(&method.value), &inner);
                        let function = self.getter(method.kind, function, &value);
                        made.set(&name, function);
                    }
                }
                ClassElement::PropertyDefinition(property) if property.r#static => {
                    let name = self.key(&property.key, &inner);
                    if let (Some(name), Some(init)) = (name, &property.value) {
                        let init = self.eval(init, &inner);
                        made.set(&name, init);
                    }
                }
                ClassElement::StaticBlock(block) => drop(self.block(&block.body, &Scope::below(&inner))),
                _ => {}
            }
        }
        value
    }

    fn getter(&mut self, kind: MethodDefinitionKind, function: Value<'a>, this: &Value<'a>) -> Value<'a> {
        match (&function, kind) {
            (Value::Function(getter), MethodDefinitionKind::Get) => {
                self.call_function(getter, Some(this.clone()), Vec::new())
            }
            _ => function,
        }
    }

    /// The table that `@Entity("name")` or `@Table({ tableName })` gives a class.
    fn entity_table(&mut self, node: &'a Class<'a>, scope: &Rc<Scope<'a>>) -> Option<String> {
        let decorators = node.decorators.iter().filter_map(|decorator| match &decorator.expression {
            Expression::CallExpression(call) => Some(call),
            _ => None,
        });
        let call = decorators
            .into_iter()
            .find(|call| matches!(call.callee_name(), Some("Entity" | "Table" | "ViewEntity")))?;
        let given = self.arguments(&call.arguments, scope);
        let named = |value: &Value<'a>| {
            ["name", "tableName"].iter().find_map(|name| value.entry(name)).and_then(|name| name.constant())
        };
        given.iter().find_map(|value| value.constant().or_else(|| named(value)))
    }

    /// A new object of each class that it may be.
    pub fn construct(&mut self, class: &Value<'a>, arguments: Vec<Value<'a>>, place: Place) -> Value<'a> {
        let mut results = Vec::new();
        for one in class.choices() {
            results.push(match &one {
                Value::Object(object) if object.is_class() => {
                    let made = Rc::new(Object::default());
                    self.fill(&made, object, arguments.clone(), place);
                    Value::Object(made)
                }
                Value::Function(function) => {
                    let made = Value::object(Vec::new());
                    self.call_function(function, Some(made.clone()), arguments.clone());
                    made
                }
                other => self.new_thing(other, arguments.clone(), place),
            });
        }
        Value::one_of(results)
    }

    /// Gives an object the methods and fields of a class.
    fn fill(&mut self, made: &Rc<Object<'a>>, class: &Rc<Object<'a>>, arguments: Vec<Value<'a>>, place: Place) {
        let Some(of) = &class.class else { return };
        if self.running.iter().filter(|running| **running == std::ptr::from_ref(of.node).addr()).count()
            >= MAX_RECURSION
        {
            return;
        }
        self.running.push(std::ptr::from_ref(of.node).addr());
        let module = std::mem::replace(&mut self.module, of.module.clone());
        let this = Value::Object(made.clone());
        let scope = Scope::below(&of.scope);
        scope.declare("this", this.clone(), 0);
        let base = class.base.borrow().clone();
        if let Some(base) = &base {
            scope.declare("super", base.clone(), 0);
        }
        let mut constructor = None;
        let mut getters = Vec::new();
        for element in &of.node.body.body {
            let ClassElement::MethodDefinition(method) = element else { continue };
            if method.r#static {
                continue;
            }
            let function = self.closure(Code::Function(&method.value), &scope);
            match (method.kind, self.key(&method.key, &scope)) {
                (MethodDefinitionKind::Constructor, _) => constructor = Some((function, &method.value)),
                (MethodDefinitionKind::Get, Some(name)) => getters.push((name, function)),
                (MethodDefinitionKind::Method, Some(name)) => made.set(&name, function),
                _ => {}
            }
        }
        if constructor.is_none() {
            self.inherit(made, base.as_ref(), arguments.clone(), place);
        }
        for element in &of.node.body.body {
            let ClassElement::PropertyDefinition(property) = element else { continue };
            if property.r#static {
                continue;
            }
            if let Some(name) = self.key(&property.key, &scope) {
                let value = match (&property.value, kind_of_type(property.type_annotation.as_deref())) {
                    (Some(value), _) => self.eval(value, &scope),
                    (None, Some(kind)) => Value::thing(kind, What::Name(name.clone())),
                    (None, None) => continue,
                };
                made.set(&name, value);
            }
        }
        if let Some((Value::Function(function), node)) = constructor {
            // Parameters with a modifier are fields.
            for (at, parameter) in node.params.items.iter().enumerate() {
                let is_field = parameter.accessibility.is_some() || parameter.readonly;
                if let (true, Some(name)) = (is_field, parameter.pattern.get_identifier_name()) {
                    let value = self.parameter(parameter, arguments.get(at).cloned(), &scope);
                    made.set(&name, value);
                }
            }
            self.call_function(&function, Some(this.clone()), arguments);
        }
        for (name, getter) in getters {
            let value = self.getter(MethodDefinitionKind::Get, getter, &this);
            made.set(&name, value);
        }
        self.module = module;
        self.running.pop();
    }

    /// Gives an object what its base class has, where it has not its own.
    fn inherit(&mut self, made: &Rc<Object<'a>>, base: Option<&Value<'a>>, arguments: Vec<Value<'a>>, place: Place) {
        let Some(base) = base else { return };
        match self.construct(base, arguments, place) {
            Value::Object(inherited) => {
                for (name, value) in inherited.entries.borrow().iter() {
                    if !made.entries.borrow().iter().any(|(own, _)| own == name) {
                        made.set(name, value.clone());
                    }
                }
                let further = inherited.base.borrow().clone();
                if further.is_some() {
                    *made.base.borrow_mut() = further;
                }
            }
            other => *made.base.borrow_mut() = Some(other),
        }
    }

    /// `super(...)` in a constructor.
    pub fn call_super(&mut self, arguments: Vec<Value<'a>>, scope: &Rc<Scope<'a>>, place: Place) {
        let base = scope.get("super");
        if let Some(Value::Object(made)) = scope.get("this") {
            self.inherit(&made, base.as_ref(), arguments, place);
        }
    }

    /// What a package exports by a name.
    pub fn imported(&self, module: &str, name: String) -> Value<'a> {
        Value::thing(clients::kind_of_import(module, &name), What::Import { module: module.to_owned(), name })
    }
}

fn object_span(object: &Object<'_>) -> oxc_span::Span {
    object.class.as_ref().map_or_else(oxc_span::Span::default, |class| class.node.span)
}

impl<'a> Code<'a> {
    fn address(self) -> usize {
        match self {
            Code::Arrow(node) => std::ptr::from_ref(node).addr(),
            Code::Function(node) => std::ptr::from_ref(node).addr(),
        }
    }

    fn span(self) -> oxc_span::Span {
        match self {
            Code::Arrow(node) => node.span,
            Code::Function(node) => node.span,
        }
    }

    fn parameters(self) -> &'a FormalParameters<'a> {
        match self {
            Code::Arrow(node) => &node.params,
            Code::Function(node) => &node.params,
        }
    }
}
