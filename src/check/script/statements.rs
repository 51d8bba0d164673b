//! Statements.

use super::patterns::kind_of_type;
use super::scope::Scope;
use super::value::{Closure, Code, Object, Value, What};
use super::{Interpreter, Place};
use oxc_ast::ast::{
    Argument, Declaration, ExportDefaultDeclarationKind, Expression, ForStatementInit, ForStatementLeft, Function,
    ImportDeclaration, ImportDeclarationSpecifier, ModuleExportName, Statement, TSModuleReference, VariableDeclaration,
};
use oxc_span::GetSpan;
use std::rc::Rc;

/// How many elements a loop is followed for.
const MAX_TURNS: usize = 2_000;

/// How a statement ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// What stands after it is reached.
    Next,
    /// Nothing after it is reached.
    Left,
}

impl<'a> Interpreter<'a, '_> {
    /// Follows the statements of a block, whose names are in `scope`.
    pub fn block(&mut self, statements: &'a [Statement<'a>], scope: &Rc<Scope<'a>>) -> End {
        // Doubles take the place of modules before these are imported.
        for statement in statements {
            if let Statement::ExpressionStatement(statement) = statement
                && let Expression::CallExpression(call) = &statement.expression
                && let Some(member) = call.callee.as_member_expression()
                && let (Some("mock" | "doMock"), Expression::Identifier(of)) =
                    (member.static_property_name(), member.object())
                && ["vi", "jest"].contains(&of.name.as_str())
                && let Some(Argument::StringLiteral(specifier)) = call.arguments.first()
            {
                self.mock(&specifier.value);
            }
        }
        for statement in statements {
            self.hoist(statement, scope);
        }
        for statement in statements {
            if self.statement(statement, scope) == End::Left {
                return End::Left;
            }
        }
        End::Next
    }

    /// Declares what is known before the block runs: imports and functions.
    fn hoist(&mut self, statement: &'a Statement<'a>, scope: &Rc<Scope<'a>>) {
        match statement {
            Statement::ImportDeclaration(import) => self.import_names(import, scope),
            Statement::FunctionDeclaration(function) => drop(self.declare_function(function, scope)),
            Statement::ExportDeclaration(export) => {
                if let Declaration::FunctionDeclaration(function) = &export.declaration
                    && let Some((name, value)) = self.declare_function(function, scope)
                {
                    self.module.exports.set(&name, value);
                }
            }
            Statement::ExportDefaultDeclaration(export) => {
                if let ExportDefaultDeclarationKind::FunctionDeclaration(function) = &export.declaration {
                    drop(self.declare_function(function, scope));
                    let value = self.closure(Code::Function(function), scope);
                    self.module.exports.set("default", value);
                }
            }
            _ => {}
        }
    }

    fn declare_function(&mut self, node: &'a Function<'a>, scope: &Rc<Scope<'a>>) -> Option<(String, Value<'a>)> {
        let name = node.id.as_ref()?.name.to_string();
        // An overload has no body.
        node.body.as_ref()?;
        let value = self.closure(Code::Function(node), scope);
        scope.declare(&name, value.clone(), self.conditions);
        Some((name, value))
    }

    pub fn closure(&self, code: Code<'a>, scope: &Rc<Scope<'a>>) -> Value<'a> {
        Value::Function(Rc::new(Closure { code, scope: scope.clone(), module: self.module.clone() }))
    }

    fn import_names(&mut self, import: &'a ImportDeclaration<'a>, scope: &Rc<Scope<'a>>) {
        if import.import_kind.is_type() {
            return;
        }
        let specifier = import.source.value.as_str();
        let module = self.import(specifier);
        for name in import.specifiers.iter().flatten() {
            let (local, imported) = match name {
                ImportDeclarationSpecifier::ImportSpecifier(one) => (&one.local, export_name(&one.imported)),
                ImportDeclarationSpecifier::ImportDefaultSpecifier(one) => (&one.local, "default".to_owned()),
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(one) => (&one.local, "*".to_owned()),
            };
            match &module {
                Some(module) => scope.import(&local.name, module, &imported),
                None => {
                    let name =
                        if ["default", "*"].contains(&imported.as_str()) { local.name.to_string() } else { imported };
                    scope.declare(&local.name, self.imported(specifier, name), 0);
                }
            }
        }
    }

    fn statement(&mut self, statement: &'a Statement<'a>, scope: &Rc<Scope<'a>>) -> End {
        if !self.may_go_on(statement.span()) {
            return End::Left;
        }
        self.depth += 1;
        let end = self.one_statement(statement, scope);
        self.depth -= 1;
        end
    }

    fn one_statement(&mut self, statement: &'a Statement<'a>, scope: &Rc<Scope<'a>>) -> End {
        match statement {
            Statement::ExpressionStatement(statement) => {
                self.eval(&statement.expression, scope);
            }
            Statement::BlockStatement(block) => return self.block(&block.body, &Scope::below(scope)),
            Statement::IfStatement(branch) => {
                let test = self.eval(&branch.test, scope);
                let known = test.constant();
                let yes =
                    if known.as_deref() == Some("false") { End::Left } else { self.branch(&branch.consequent, scope) };
                let no = match &branch.alternate {
                    Some(_) if known.as_deref() == Some("true") => End::Left,
                    Some(alternate) => self.branch(alternate, scope),
                    None if known.as_deref() == Some("true") => yes,
                    None => End::Next,
                };
                return if yes == End::Left && no == End::Left { End::Left } else { End::Next };
            }
            Statement::ReturnStatement(statement) => {
                let value = statement.argument.as_ref().map(|argument| self.eval(argument, scope));
                give_back(value.unwrap_or_else(Value::nothing), scope);
                return End::Left;
            }
            Statement::ThrowStatement(statement) => {
                self.eval(&statement.argument, scope);
                return End::Left;
            }
            Statement::TryStatement(statement) => {
                let tried = self.block(&statement.block.body, &Scope::below(scope));
                let handled = statement.handler.as_ref().map(|handler| {
                    let inner = Scope::below(scope);
                    if let Some(parameter) = &handler.param {
                        self.bind(&parameter.pattern, Value::plain(), &inner);
                    }
                    self.conditions += 1;
                    let end = self.block(&handler.body.body, &inner);
                    self.conditions -= 1;
                    end
                });
                if let Some(finalizer) = &statement.finalizer {
                    self.block(&finalizer.body, &Scope::below(scope));
                }
                let is_left = tried == End::Left && handled.is_none_or(|end| end == End::Left);
                return if is_left { End::Left } else { End::Next };
            }
            Statement::SwitchStatement(statement) => {
                self.eval(&statement.discriminant, scope);
                let inner = Scope::below(scope);
                self.conditions += 1;
                for case in &statement.cases {
                    if let Some(test) = &case.test {
                        self.eval(test, &inner);
                    }
                    self.block(&case.consequent, &inner);
                }
                self.conditions -= 1;
            }
            Statement::BreakStatement(_) | Statement::ContinueStatement(_) => return End::Left,
            Statement::LabeledStatement(statement) => drop(self.branch(&statement.body, scope)),
            Statement::DoWhileStatement(statement) => {
                self.branch(&statement.body, scope);
                self.eval(&statement.test, scope);
            }
            Statement::WhileStatement(statement) => {
                self.eval(&statement.test, scope);
                self.branch(&statement.body, scope);
            }
            Statement::WithStatement(statement) => {
                self.eval(&statement.object, scope);
                self.branch(&statement.body, scope);
            }
            Statement::ForStatement(statement) => {
                let inner = Scope::below(scope);
                match &statement.init {
                    Some(ForStatementInit::VariableDeclaration(declaration)) => self.variables(declaration, &inner),
                    Some(init) => drop(init.as_expression().map(|init| self.eval(init, &inner))),
                    None => {}
                }
                // What counts is not known.
                self.conditions += 1;
                for part in [&statement.update, &statement.test].into_iter().flatten() {
                    self.eval(part, &inner);
                }
                self.block(std::slice::from_ref(&statement.body), &inner);
                self.conditions -= 1;
            }
            Statement::ForOfStatement(statement) => {
                let all = self.eval(&statement.right, scope);
                let elements = self.elements(&all);
                self.turns(&statement.left, elements, &statement.body, scope);
            }
            Statement::ForInStatement(statement) => {
                let all = self.eval(&statement.right, scope);
                let keys = self.keys(&all);
                self.turns(&statement.left, keys, &statement.body, scope);
            }
            statement => {
                if let Some(declaration) = statement.as_declaration() {
                    self.declaration(declaration, scope);
                } else {
                    self.export(statement, scope);
                }
            }
        }
        End::Next
    }

    fn branch(&mut self, statement: &'a Statement<'a>, scope: &Rc<Scope<'a>>) -> End {
        self.conditions += 1;
        let end = self.block(std::slice::from_ref(statement), &Scope::below(scope));
        self.conditions -= 1;
        end
    }

    /// A loop over these.
    fn turns(
        &mut self,
        left: &'a ForStatementLeft<'a>,
        elements: Vec<Value<'a>>,
        body: &'a Statement<'a>,
        scope: &Rc<Scope<'a>>,
    ) {
        for element in elements.into_iter().take(MAX_TURNS) {
            let inner = Scope::below(scope);
            match left {
                ForStatementLeft::VariableDeclaration(declaration) => {
                    if let Some(first) = declaration.declarations.first() {
                        self.bind(&first.id, element, &inner);
                    }
                }
                left => {
                    if let Some(target) = left.as_assignment_target() {
                        self.assign(target, element, &inner);
                    }
                }
            }
            self.conditions += 1;
            self.block(std::slice::from_ref(body), &inner);
            self.conditions -= 1;
        }
    }

    fn variables(&mut self, declaration: &'a VariableDeclaration<'a>, scope: &Rc<Scope<'a>>) {
        for one in &declaration.declarations {
            let mut value = match &one.init {
                Some(init) => self.eval(init, scope),
                None => Value::nothing(),
            };
            let typed = kind_of_type(one.type_annotation.as_deref());
            if let (Some(name), Value::Thing(thing)) = (one.id.get_identifier_name(), &value)
                && matches!(thing.what, What::Nothing | What::Call(..))
                && thing.kind == super::value::Kind::Other
            {
                value = match typed {
                    Some(kind) => Value::thing(kind, What::Name(name.to_string())),
                    // Where nothing else is known, its name is a hint.
                    None if one.init.is_some() && matches!(thing.what, What::Nothing) => Value::named(name.to_string()),
                    None => value,
                };
            }
            self.bind(&one.id, value, scope);
        }
    }

    fn declaration(&mut self, declaration: &'a Declaration<'a>, scope: &Rc<Scope<'a>>) {
        match declaration {
            Declaration::VariableDeclaration(declaration) => self.variables(declaration, scope),
            Declaration::ClassDeclaration(class) => {
                let value = self.class(class, scope);
                if let Some(name) = &class.id {
                    scope.declare(&name.name, value, self.conditions);
                }
            }
            Declaration::TSEnumDeclaration(declaration) => {
                let members = &declaration.body.members;
                let entries = members.iter().map(|member| {
                    let value = member.initializer.as_ref().map(|value| self.eval(value, scope));
                    (member.id.static_name().to_string(), value.unwrap_or_else(Value::plain))
                });
                let entries = entries.collect();
                scope.declare(&declaration.id.name, Value::object(entries), self.conditions);
            }
            Declaration::TSNamespaceDeclaration(namespace) if !namespace.declare => {
                self.unknown(Place::of(namespace.span), "namespaces are not followed");
            }
            Declaration::TSImportEqualsDeclaration(import) => {
                if let TSModuleReference::ExternalModuleReference(from) = &import.module_reference {
                    let value = self.require(from.expression.value.as_str(), Some(&import.id.name));
                    scope.declare(&import.id.name, value, 0);
                }
            }
            _ => {}
        }
    }

    /// What a module exports.
    fn export(&mut self, statement: &'a Statement<'a>, scope: &Rc<Scope<'a>>) {
        let exports = self.module.exports.clone();
        match statement {
            Statement::ExportDeclaration(export) => {
                self.declaration(&export.declaration, scope);
                let mut names: Vec<String> = Vec::new();
                match &export.declaration {
                    Declaration::VariableDeclaration(variables) => {
                        for one in &variables.declarations {
                            names.extend(one.id.get_binding_identifiers().iter().map(|name| name.name.to_string()));
                        }
                    }
                    other => names.extend(other.id().map(|name| name.name.to_string())),
                }
                for name in names {
                    if let Some(value) = scope.get(&name) {
                        exports.set(&name, value);
                    }
                }
            }
            Statement::ExportDefaultDeclaration(export) => {
                let value = match &export.declaration {
                    ExportDefaultDeclarationKind::ClassDeclaration(class) => {
                        let value = self.class(class, scope);
                        if let Some(name) = &class.id {
                            scope.declare(&name.name, value.clone(), self.conditions);
                        }
                        value
                    }
                    // Functions are there from the start.
                    other => match other.as_expression() {
                        Some(value) => self.eval(value, scope),
                        None => return,
                    },
                };
                exports.set("default", value);
            }
            Statement::ExportNamedDeclaration(export) => {
                for one in &export.specifiers {
                    if let Some(value) = scope.get(&export_name(&one.local)) {
                        exports.set(&export_name(&one.exported), value);
                    }
                }
            }
            Statement::ExportFromDeclaration(export) => {
                let from = self.import(&export.source.value);
                for one in &export.specifiers {
                    let name = export_name(&one.local);
                    let value = match &from {
                        Some(module) => module.export(&name, 0),
                        None => Some(self.imported(&export.source.value, name)),
                    };
                    if let Some(value) = value {
                        exports.set(&export_name(&one.exported), value);
                    }
                }
            }
            Statement::ExportAllDeclaration(export) => {
                let Some(from) = self.import(&export.source.value) else { return };
                match &export.exported {
                    Some(name) => drop(from.export("*", 0).map(|all| exports.set(&export_name(name), all))),
                    None => self.module.stars.borrow_mut().push(from),
                }
            }
            Statement::TSExportAssignment(export) => {
                let value = self.eval(&export.expression, scope);
                self.module.commonjs.set("exports", value);
            }
            _ => {}
        }
    }

    /// An object that stands for what a module exports, or for a package.
    pub fn require(&mut self, specifier: &str, local: Option<&str>) -> Value<'a> {
        match self.import(specifier) {
            Some(module) => module.export("*", 0).unwrap_or_else(|| Value::Object(Rc::new(Object::default()))),
            None => {
                let name = local.unwrap_or_else(|| specifier.rsplit('/').next().unwrap_or(specifier));
                self.imported(specifier, name.to_owned())
            }
        }
    }
}

/// Adds to what a function may give back.
pub(super) fn give_back<'a>(value: Value<'a>, scope: &Rc<Scope<'a>>) {
    let old = scope.get("return");
    scope.assign("return", Value::one_of(old.into_iter().chain([value]).collect()), 0);
}

fn export_name(name: &ModuleExportName<'_>) -> String {
    name.name().to_string()
}
