//! Expressions.

use super::patterns::is_global_object;
use super::scope::Scope;
use super::statements::give_back;
use super::value::{Code, Kind, Object, Text, Value, What};
use super::{Interpreter, Place};
use oxc_ast::ast::{
    Argument, ArrayExpressionElement, AssignmentExpression, AssignmentOperator, BinaryOperator, CallExpression,
    ChainElement, Expression, LogicalOperator, MemberExpression, ObjectExpression, ObjectPropertyKind, PropertyKind,
    TaggedTemplateExpression, TemplateLiteral, UnaryOperator,
};
use oxc_span::{GetSpan, Span};
use std::rc::Rc;

/// How many texts a template may come to.
const MAX_TEXTS: usize = 32;

impl<'a> Interpreter<'a, '_> {
    /// Follows an expression, and tells what it stands for.
    pub fn eval(&mut self, expression: &'a Expression<'a>, scope: &Rc<Scope<'a>>) -> Value<'a> {
        if !self.may_go_on(expression.span()) {
            return Value::nothing();
        }
        self.depth += 1;
        let value = self.one_expression(expression, scope);
        self.depth -= 1;
        value
    }

    fn one_expression(&mut self, expression: &'a Expression<'a>, scope: &Rc<Scope<'a>>) -> Value<'a> {
        match expression {
            Expression::StringLiteral(text) => self.literal(text.value.as_str(), text.span),
            Expression::NumericLiteral(number) => {
                Value::text(number.raw.map_or_else(|| number.value.to_string(), |raw| raw.to_string()))
            }
            Expression::BooleanLiteral(value) => Value::text(value.value.to_string()),
            Expression::NullLiteral(_) | Expression::BigIntLiteral(_) | Expression::RegExpLiteral(_) => Value::plain(),
            Expression::TemplateLiteral(template) => self.template(template, scope),
            Expression::TaggedTemplateExpression(tagged) => self.tagged(tagged, scope),
            Expression::Identifier(name) => self.lookup(&name.name, scope),
            Expression::ThisExpression(_) => scope.get("this").unwrap_or_else(Value::nothing),
            Expression::Super(_) => scope.get("super").unwrap_or_else(Value::nothing),
            Expression::ArrayExpression(array) => {
                let mut all = Vec::new();
                for element in &array.elements {
                    match element {
                        ArrayExpressionElement::SpreadElement(spread) => {
                            let inner = self.eval(&spread.argument, scope);
                            all.extend(self.elements(&inner));
                        }
                        ArrayExpressionElement::Elision(_) => all.push(Value::nothing()),
                        element => all.extend(element.as_expression().map(|element| self.eval(element, scope))),
                    }
                }
                Value::list(all)
            }
            Expression::ObjectExpression(object) => self.object(object, scope),
            Expression::ArrowFunctionExpression(arrow) => self.closure(Code::Arrow(arrow), scope),
            Expression::FunctionExpression(function) => self.closure(Code::Function(function), scope),
            Expression::ClassExpression(class) => self.class(class, scope),
            Expression::AssignmentExpression(assignment) => self.assignment(assignment, scope),
            Expression::AwaitExpression(awaited) => {
                let value = self.eval(&awaited.argument, scope);
                // A statement that was built is run.
                value.choices().iter().filter(|one| matches!(one, Value::Thing(_))).for_each(|one| self.escape(one));
                value
            }
            Expression::BinaryExpression(binary) => {
                let (left, right) = (self.eval(&binary.left, scope), self.eval(&binary.right, scope));
                if binary.operator == BinaryOperator::Addition { joined(&left, &right) } else { Value::nothing() }
            }
            Expression::LogicalExpression(logical) => {
                let left = self.eval(&logical.left, scope);
                if logical.operator == LogicalOperator::And && left.constant().as_deref() == Some("false") {
                    return left;
                }
                self.conditions += 1;
                let right = self.eval(&logical.right, scope);
                self.conditions -= 1;
                match logical.operator {
                    LogicalOperator::And => right,
                    _ => Value::one_of(vec![left, right]),
                }
            }
            Expression::ConditionalExpression(conditional) => {
                self.eval(&conditional.test, scope);
                self.conditions += 1;
                let yes = self.eval(&conditional.consequent, scope);
                let no = self.eval(&conditional.alternate, scope);
                self.conditions -= 1;
                Value::one_of(vec![yes, no])
            }
            Expression::SequenceExpression(sequence) => {
                let mut last = Value::nothing();
                for expression in &sequence.expressions {
                    last = self.eval(expression, scope);
                }
                last
            }
            Expression::UnaryExpression(unary) => {
                let value = self.eval(&unary.argument, scope);
                match (unary.operator, value.constant().as_deref()) {
                    (UnaryOperator::LogicalNot, Some("true")) => Value::text("false"),
                    (UnaryOperator::LogicalNot, Some("false")) => Value::text("true"),
                    _ => Value::plain(),
                }
            }
            Expression::YieldExpression(value) => {
                let value = value.argument.as_ref().map_or_else(Value::nothing, |value| self.eval(value, scope));
                give_back(Value::list(vec![value]), scope);
                Value::nothing()
            }
            Expression::ImportExpression(import) => {
                let source = self.eval(&import.source, scope);
                match source.constant() {
                    Some(specifier) => self.require(&specifier, None),
                    None => {
                        self.unknown(Place::of(import.span), "which module is imported is not constant");
                        Value::nothing()
                    }
                }
            }
            Expression::NewExpression(new) => {
                let class = self.eval(&new.callee, scope);
                let arguments = self.arguments(&new.arguments, scope);
                self.construct(&class, arguments, Place::of(new.span))
            }
            Expression::CallExpression(call) => self.call_expression(call, scope),
            Expression::ChainExpression(chain) => match &chain.expression {
                ChainElement::CallExpression(call) => self.call_expression(call, scope),
                ChainElement::TSNonNullExpression(inner) => self.eval(&inner.expression, scope),
                element => match element.as_member_expression() {
                    Some(member) => self.member_expression(member, scope).1,
                    None => Value::nothing(),
                },
            },
            Expression::JSXElement(element) => {
                self.element_of_page(element, scope);
                Value::plain()
            }
            Expression::JSXFragment(fragment) => {
                self.children_of_page(&fragment.children, scope);
                Value::plain()
            }
            Expression::ImportMeta(_) => {
                let dir = scope.get("__dirname").unwrap_or_else(Value::nothing);
                let file = scope.get("__filename").unwrap_or_else(Value::nothing);
                Value::object(vec![
                    ("dirname".to_owned(), dir.clone()),
                    ("dir".to_owned(), dir),
                    ("filename".to_owned(), file.clone()),
                    ("url".to_owned(), file),
                ])
            }
            expression => match (expression.as_member_expression(), expression.get_inner_expression()) {
                (Some(member), _) => self.member_expression(member, scope).1,
                (None, inner) if !std::ptr::eq(inner, expression) => self.eval(inner, scope),
                _ => Value::nothing(),
            },
        }
    }

    /// A text that stands in the program.
    fn literal(&self, text: &str, span: Span) -> Value<'a> {
        Value::Text(Text::constant(text).at(&self.module.name, self.module.line(span.start)))
    }

    pub fn lookup(&mut self, name: &str, scope: &Rc<Scope<'a>>) -> Value<'a> {
        scope.get(name).or_else(|| self.globals.get(name)).unwrap_or_else(|| match name {
            "undefined" => Value::nothing(),
            name => self.global(name),
        })
    }

    fn template(&mut self, template: &'a TemplateLiteral<'a>, scope: &Rc<Scope<'a>>) -> Value<'a> {
        let values: Vec<Value<'a>> = template.expressions.iter().map(|inner| self.eval(inner, scope)).collect();
        self.filled(template, &values)
    }

    /// The texts of a template with these values.
    fn filled(&self, template: &'a TemplateLiteral<'a>, values: &[Value<'a>]) -> Value<'a> {
        let line = self.module.line(template.span.start);
        let mut texts = vec![Text::default().at(&self.module.name, line)];
        for (at, piece) in template.quasis.iter().enumerate() {
            let piece = piece.value.cooked.unwrap_or(piece.value.raw);
            let piece = Text::constant(piece.as_str());
            texts.iter_mut().for_each(|text| text.push(&piece));
            if let Some(value) = values.get(at) {
                texts = combined(&texts, &value.texts());
            }
        }
        Value::one_of(texts.into_iter().map(Value::Text).collect())
    }

    fn tagged(&mut self, tagged: &'a TaggedTemplateExpression<'a>, scope: &Rc<Scope<'a>>) -> Value<'a> {
        let (receiver, tag) = self.callee(&tagged.tag, scope);
        let values: Vec<Value<'a>> = tagged.quasi.expressions.iter().map(|inner| self.eval(inner, scope)).collect();
        let text = self.filled(&tagged.quasi, &values);
        if let Value::Function(function) = &tag {
            let strings = Value::list(vec![text.clone()]);
            let arguments = [vec![strings], values].concat();
            return self.call_function(function, receiver, arguments);
        }
        self.tag(&tag, text, Place::of(tagged.span))
    }

    fn object(&mut self, object: &'a ObjectExpression<'a>, scope: &Rc<Scope<'a>>) -> Value<'a> {
        let made = Rc::new(Object::default());
        // Methods see their object as `this`.
        let inner = Scope::below(scope);
        for property in &object.properties {
            match property {
                ObjectPropertyKind::ObjectProperty(property) => {
                    let key = self.key(&property.key, scope);
                    let mut value = self.eval(&property.value, &inner);
                    if property.kind == PropertyKind::Get
                        && let Value::Function(getter) = &value
                    {
                        value = self.call_function(getter, Some(Value::Object(made.clone())), Vec::new());
                    }
                    match key {
                        Some(key) => made.set(&key, value),
                        None => made.entries.borrow_mut().push(("?".to_owned(), value)),
                    }
                }
                ObjectPropertyKind::SpreadProperty(spread) => match self.eval(&spread.argument, scope) {
                    Value::Object(other) if !other.is_class() => {
                        for (key, value) in other.entries.borrow().iter() {
                            made.set(key, value.clone());
                        }
                        let base = other.base.borrow().clone();
                        made.base.borrow_mut().get_or_insert_with(|| base.unwrap_or_else(Value::plain));
                    }
                    other => *made.base.borrow_mut() = Some(other),
                },
            }
        }
        Value::Object(made)
    }

    fn assignment(&mut self, assignment: &'a AssignmentExpression<'a>, scope: &Rc<Scope<'a>>) -> Value<'a> {
        let right = self.eval(&assignment.right, scope);
        let old = |this: &mut Self| match assignment.left.get_identifier_name() {
            Some(name) => this.lookup(name, scope),
            None => match assignment.left.as_member_expression() {
                Some(member) => this.member_expression(member, scope).1,
                None => Value::nothing(),
            },
        };
        let value = match assignment.operator {
            AssignmentOperator::Assign => right,
            AssignmentOperator::Addition => joined(&old(self), &right),
            AssignmentOperator::LogicalNullish | AssignmentOperator::LogicalOr => Value::one_of(vec![old(self), right]),
            _ => Value::nothing(),
        };
        self.assign(&assignment.left, value.clone(), scope);
        value
    }

    pub fn arguments(&mut self, arguments: &'a [Argument<'a>], scope: &Rc<Scope<'a>>) -> Vec<Value<'a>> {
        let mut all = Vec::new();
        for argument in arguments {
            match argument {
                Argument::SpreadElement(spread) => {
                    let inner = self.eval(&spread.argument, scope);
                    all.extend(self.elements(&inner));
                }
                argument => all.extend(argument.as_expression().map(|argument| self.eval(argument, scope))),
            }
        }
        all
    }

    /// What a call calls, and on what.
    fn callee(&mut self, callee: &'a Expression<'a>, scope: &Rc<Scope<'a>>) -> (Option<Value<'a>>, Value<'a>) {
        let inner = callee.get_inner_expression();
        let member = match inner {
            Expression::ChainExpression(chain) => chain.expression.as_member_expression(),
            inner => inner.as_member_expression(),
        };
        match member {
            Some(member) => {
                let (object, value) = self.member_expression(member, scope);
                (Some(object), value)
            }
            None => (None, self.eval(inner, scope)),
        }
    }

    fn call_expression(&mut self, call: &'a CallExpression<'a>, scope: &Rc<Scope<'a>>) -> Value<'a> {
        let callee = call.callee.get_inner_expression();
        let name = callee.as_member_expression().map(|member| match member {
            MemberExpression::StaticMemberExpression(member) => member.property.span,
            MemberExpression::ComputedMemberExpression(member) => member.expression.span(),
            MemberExpression::PrivateFieldExpression(member) => member.field.span,
        });
        let place = Place { span: call.span, line_of: name.unwrap_or(call.span).start };
        if let Expression::Super(_) = callee {
            let arguments = self.arguments(&call.arguments, scope);
            self.call_super(arguments, scope, place);
            return Value::nothing();
        }
        let (receiver, function) = self.callee(&call.callee, scope);
        let arguments = self.arguments(&call.arguments, scope);
        self.call(receiver, function, arguments, place)
    }

    /// A call of each function that it may be.
    pub fn call(
        &mut self,
        receiver: Option<Value<'a>>,
        function: Value<'a>,
        arguments: Vec<Value<'a>>,
        place: Place,
    ) -> Value<'a> {
        let mut results = Vec::new();
        for one in function.choices() {
            results.push(match one {
                Value::Function(function) => self.call_function(&function, receiver.clone(), arguments.clone()),
                Value::Thing(thing) => match &thing.what {
                    What::Member(object, method) => self.method(object, method, arguments.clone(), place),
                    _ => self.free_call(&Value::Thing(thing.clone()), arguments.clone(), place),
                },
                other => {
                    arguments.iter().for_each(|argument| self.escape(argument));
                    drop(other);
                    Value::nothing()
                }
            });
        }
        Value::one_of(results)
    }

    /// A member, and the object that it is of.
    fn member_expression(&mut self, member: &'a MemberExpression<'a>, scope: &Rc<Scope<'a>>) -> (Value<'a>, Value<'a>) {
        let object = self.eval(member.object(), scope);
        let value = match member {
            MemberExpression::StaticMemberExpression(member) => self.member(&object, &member.property.name),
            MemberExpression::PrivateFieldExpression(member) => {
                self.member(&object, &format!("#{}", member.field.name))
            }
            MemberExpression::ComputedMemberExpression(member) => {
                let key = self.eval(&member.expression, scope);
                let members = key.choices().into_iter().map(|key| match key.constant() {
                    Some(key) => match (&object, key.parse()) {
                        (Value::List(_), Ok(at)) => self.element(&object, at),
                        _ => self.member(&object, &key),
                    },
                    None => self.any_member(&object),
                });
                Value::one_of(members.collect())
            }
        };
        (object, value)
    }

    /// A member by its name.
    pub fn member(&mut self, object: &Value<'a>, name: &str) -> Value<'a> {
        let members = object.choices().into_iter().map(|one| match &one {
            Value::Object(own) => {
                let found = own.get(name).or_else(|| match own.base.borrow().as_ref() {
                    Some(base @ Value::Thing(_)) if !own.is_class() => Some(thing_member(base, name)),
                    _ => None,
                });
                // An entry whose name was not known may be this one.
                let possible = || {
                    let entries = own.entries.borrow();
                    let all: Vec<_> =
                        entries.iter().filter(|(key, _)| key == "?").map(|(_, value)| value.clone()).collect();
                    (!all.is_empty()).then(|| Value::one_of(all))
                };
                found.or_else(possible).unwrap_or_else(|| thing_member(&one, name))
            }
            global if is_global_object(global) => {
                self.globals.get(name).unwrap_or_else(|| Value::thing(Kind::Other, What::Name(name.to_owned())))
            }
            other => thing_member(other, name),
        });
        Value::one_of(members.collect())
    }

    /// A member whose name is not known.
    pub fn any_member(&mut self, object: &Value<'a>) -> Value<'a> {
        let members = object.choices().into_iter().flat_map(|one| match &one {
            Value::Object(own) if !own.entries.borrow().is_empty() => own.values(),
            Value::List(list) => list.borrow().clone(),
            other => vec![thing_member(other, "?")],
        });
        Value::one_of(members.collect())
    }

    /// An element of a list, by its place.
    pub fn element(&mut self, list: &Value<'a>, at: usize) -> Value<'a> {
        match list {
            Value::List(list) => list.borrow().get(at).cloned().unwrap_or_else(Value::nothing),
            Value::Thing(thing) if matches!(thing.kind, Kind::Row(_)) => list.clone(),
            other => self.member(other, &at.to_string()),
        }
    }

    /// The elements of a list; of one that is not known, one that stands for all.
    pub fn elements(&mut self, all: &Value<'a>) -> Vec<Value<'a>> {
        let of = |one: &Value<'a>| match one {
            Value::List(list) => list.borrow().clone(),
            Value::Thing(thing) if matches!(thing.kind, Kind::Row(_)) => vec![one.clone()],
            _ => vec![Value::nothing()],
        };
        all.choices().iter().flat_map(of).collect()
    }

    /// The names of an object's entries.
    pub fn keys(&mut self, object: &Value<'a>) -> Vec<Value<'a>> {
        match object {
            Value::Object(object) => {
                let entries = object.entries.borrow();
                entries.iter().map(|(key, _)| if key == "?" { Value::nothing() } else { Value::text(key) }).collect()
            }
            _ => vec![Value::nothing()],
        }
    }
}

/// A member of what is known by how it came about: some stay what they are a part of.
fn thing_member<'a>(object: &Value<'a>, name: &str) -> Value<'a> {
    super::clients::member(object, name)
        .unwrap_or_else(|| Value::thing(Kind::Other, What::Member(object.clone(), name.to_owned())))
}

/// Two texts, one after the other.
fn joined<'a>(left: &Value<'a>, right: &Value<'a>) -> Value<'a> {
    Value::one_of(combined(&left.texts(), &right.texts()).into_iter().map(Value::Text).collect())
}

/// Each text with each end.
pub(super) fn combined(starts: &[Text], ends: &[Text]) -> Vec<Text> {
    if starts.len() * ends.len() > MAX_TEXTS {
        let with_hole = |text: &Text| {
            let mut text = text.clone();
            text.push(&Text::unknown());
            text
        };
        return starts.iter().map(with_hole).collect();
    }
    let with = |start: &Text, end: &Text| {
        let mut text = start.clone();
        text.push(end);
        text
    };
    starts.iter().flat_map(|start| ends.iter().map(move |end| with(start, end))).collect()
}
