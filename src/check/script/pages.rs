//! JSX: what stands in it may be called by whoever shows it.

use super::Interpreter;
use super::scope::Scope;
use oxc_ast::ast::{JSXAttributeItem, JSXAttributeValue, JSXChild, JSXElement, JSXExpression};
use std::rc::Rc;

impl<'a> Interpreter<'a, '_> {
    pub fn element_of_page(&mut self, element: &'a JSXElement<'a>, scope: &Rc<Scope<'a>>) {
        if !self.may_go_on(element.span) {
            return;
        }
        self.depth += 1;
        for attribute in &element.opening_element.attributes {
            match attribute {
                JSXAttributeItem::Attribute(attribute) => match &attribute.value {
                    Some(JSXAttributeValue::ExpressionContainer(container)) => {
                        self.expression_of_page(&container.expression, scope);
                    }
                    Some(JSXAttributeValue::Element(element)) => self.element_of_page(element, scope),
                    Some(JSXAttributeValue::Fragment(fragment)) => self.children_of_page(&fragment.children, scope),
                    Some(JSXAttributeValue::StringLiteral(_)) | None => {}
                },
                JSXAttributeItem::SpreadAttribute(spread) => {
                    let value = self.eval(&spread.argument, scope);
                    self.escape(&value);
                }
            }
        }
        self.children_of_page(&element.children, scope);
        self.depth -= 1;
    }

    pub fn children_of_page(&mut self, children: &'a [JSXChild<'a>], scope: &Rc<Scope<'a>>) {
        for child in children {
            match child {
                JSXChild::Element(element) => self.element_of_page(element, scope),
                JSXChild::Fragment(fragment) => self.children_of_page(&fragment.children, scope),
                JSXChild::ExpressionContainer(container) => self.expression_of_page(&container.expression, scope),
                _ => {}
            }
        }
    }

    fn expression_of_page(&mut self, expression: &'a JSXExpression<'a>, scope: &Rc<Scope<'a>>) {
        if let Some(expression) = expression.as_expression() {
            let value = self.eval(expression, scope);
            self.escape(&value);
        }
    }
}
