//! Names that are given to values: declarations, parameters, assignments.

use super::Interpreter;
use super::scope::Scope;
use super::value::{Kind, Value};
use oxc_ast::ast::{
    AssignmentTarget, AssignmentTargetMaybeDefault, AssignmentTargetProperty, BindingPattern, MemberExpression,
    PropertyKey, TSType, TSTypeAnnotation, TSTypeName,
};
use std::rc::Rc;

impl<'a> Interpreter<'a, '_> {
    /// Declares the names of a pattern.
    pub fn bind(&mut self, pattern: &'a BindingPattern<'a>, value: Value<'a>, scope: &Rc<Scope<'a>>) {
        match pattern {
            BindingPattern::BindingIdentifier(name) => scope.declare(&name.name, value, self.conditions),
            BindingPattern::AssignmentPattern(pattern) => {
                let default = self.eval(&pattern.right, scope);
                let value = if is_missing(&value) { default } else { Value::one_of(vec![value, default]) };
                self.bind(&pattern.left, value, scope);
            }
            BindingPattern::ObjectPattern(pattern) => {
                for property in &pattern.properties {
                    let part = match self.key(&property.key, scope) {
                        Some(key) => self.member(&value, &key),
                        None => self.any_member(&value),
                    };
                    self.bind(&property.value, part, scope);
                }
                if let Some(rest) = &pattern.rest {
                    self.bind(&rest.argument, value, scope);
                }
            }
            BindingPattern::ArrayPattern(pattern) => {
                for (at, element) in pattern.elements.iter().enumerate() {
                    if let Some(element) = element {
                        let part = self.element(&value, at);
                        self.bind(element, part, scope);
                    }
                }
                if let Some(rest) = &pattern.rest {
                    let skipped = pattern.elements.len();
                    let part = match &value {
                        Value::List(list) => Value::list(list.borrow().iter().skip(skipped).cloned().collect()),
                        other => other.clone(),
                    };
                    self.bind(&rest.argument, part, scope);
                }
            }
        }
    }

    /// Gives a new value to what stands left of `=`.
    pub fn assign(&mut self, target: &'a AssignmentTarget<'a>, value: Value<'a>, scope: &Rc<Scope<'a>>) {
        match target {
            AssignmentTarget::AssignmentTargetIdentifier(name) => {
                if !scope.assign(&name.name, value.clone(), self.conditions) {
                    self.globals.set(&name.name, value);
                }
            }
            AssignmentTarget::ArrayAssignmentTarget(pattern) => {
                for (at, element) in pattern.elements.iter().enumerate() {
                    if let Some(element) = element {
                        let part = self.element(&value, at);
                        self.assign_or_default(element, part, scope);
                    }
                }
            }
            AssignmentTarget::ObjectAssignmentTarget(pattern) => {
                for property in &pattern.properties {
                    match property {
                        AssignmentTargetProperty::AssignmentTargetPropertyIdentifier(name) => {
                            let part = self.member(&value, &name.binding.name);
                            scope.assign(&name.binding.name, part, self.conditions);
                        }
                        AssignmentTargetProperty::AssignmentTargetPropertyProperty(property) => {
                            let part = match self.key(&property.name, scope) {
                                Some(key) => self.member(&value, &key),
                                None => self.any_member(&value),
                            };
                            self.assign_or_default(&property.binding, part, scope);
                        }
                    }
                }
            }
            target => {
                if let Some(member) = target.as_member_expression() {
                    self.assign_member(member, value, scope);
                }
            }
        }
    }

    fn assign_or_default(
        &mut self,
        target: &'a AssignmentTargetMaybeDefault<'a>,
        value: Value<'a>,
        scope: &Rc<Scope<'a>>,
    ) {
        match target {
            AssignmentTargetMaybeDefault::AssignmentTargetWithDefault(target) => {
                let default = self.eval(&target.init, scope);
                self.assign(&target.binding, Value::one_of(vec![value, default]), scope);
            }
            target => {
                if let Some(target) = target.as_assignment_target() {
                    self.assign(target, value, scope);
                }
            }
        }
    }

    fn assign_member(&mut self, member: &'a MemberExpression<'a>, value: Value<'a>, scope: &Rc<Scope<'a>>) {
        let object = self.eval(member.object(), scope);
        let name = match member {
            MemberExpression::ComputedMemberExpression(member) => self.eval(&member.expression, scope).constant(),
            MemberExpression::StaticMemberExpression(member) => Some(member.property.name.to_string()),
            MemberExpression::PrivateFieldExpression(member) => Some(format!("#{}", member.field.name)),
        };
        for object in object.choices() {
            match (&object, &name) {
                (Value::Object(object), Some(name)) => {
                    let value = match object.get(name) {
                        Some(old) if self.conditions > 0 => Value::one_of(vec![old, value.clone()]),
                        _ => value.clone(),
                    };
                    object.set(name, value);
                }
                // The name is not known: it may be read by any other.
                (Value::Object(object), None) => object.entries.borrow_mut().push(("?".to_owned(), value.clone())),
                (Value::List(list), _) => list.borrow_mut().push(value.clone()),
                (other, Some(name)) if is_global_object(other) => self.globals.set(name, value.clone()),
                _ => self.escape(&value),
            }
        }
    }

    /// The name of a property, if it can be told.
    pub fn key(&mut self, key: &'a PropertyKey<'a>, scope: &Rc<Scope<'a>>) -> Option<String> {
        match key {
            PropertyKey::StaticIdentifier(name) => Some(name.name.to_string()),
            PropertyKey::PrivateIdentifier(name) => Some(format!("#{}", name.name)),
            key => self.eval(key.as_expression()?, scope).constant(),
        }
    }
}

/// Whether a value is one that was not given.
fn is_missing(value: &Value<'_>) -> bool {
    matches!(value, Value::Thing(thing) if thing.kind == Kind::Other && matches!(thing.what, super::value::What::Nothing))
}

/// Whether a value is `globalThis` by one of its names.
pub(super) fn is_global_object(value: &Value<'_>) -> bool {
    matches!(value, Value::Thing(thing)
        if matches!(&thing.what, super::value::What::Name(name)
            if ["globalThis", "global", "window", "self"].contains(&name.as_str())))
}

/// What a type says that a value is.
pub(super) fn kind_of_type(annotation: Option<&TSTypeAnnotation<'_>>) -> Option<Kind> {
    let TSType::TSTypeReference(reference) = &annotation?.type_annotation else { return None };
    let name = match &reference.type_name {
        TSTypeName::IdentifierReference(name) => name.name.as_str(),
        TSTypeName::QualifiedName(name) => name.right.name.as_str(),
        TSTypeName::ThisExpression(_) => return None,
    };
    let argument = || {
        let TSType::TSTypeReference(of) = reference.type_arguments.as_ref()?.params.first()? else { return None };
        let TSTypeName::IdentifierReference(name) = &of.type_name else { return None };
        Some(name.name.to_string())
    };
    Some(match name {
        "PrismaService" | "PrismaTransaction" | "PrismaTx" => Kind::Prisma,
        name if name.ends_with("TransactionClient") || name.ends_with("PrismaClient") => Kind::Prisma,
        "Knex" => Kind::Knex,
        "DataSource" | "EntityManager" | "Connection" => Kind::Manager,
        "Repository" => Kind::Repository(argument()),
        "Sequelize" => Kind::Sequelize,
        "QueryRunner" | "PoolClient" | "Pool" | "ClientBase" | "Database" | "DatabaseSync" | "Sql" => Kind::Sql,
        "NodePgDatabase" | "PostgresJsDatabase" | "BetterSQLite3Database" | "LibSQLDatabase" | "NeonHttpDatabase" => {
            Kind::Drizzle
        }
        _ => return None,
    })
}
