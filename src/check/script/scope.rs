//! The names that are seen from a place in a program.

use super::module::Module;
use super::value::Value;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// The names of a block or function, and those around it.
#[derive(Default)]
pub(super) struct Scope<'a> {
    names: RefCell<HashMap<String, Binding<'a>>>,
    parent: Option<Rc<Scope<'a>>>,
}

#[derive(Clone)]
enum Binding<'a> {
    Value {
        value: Value<'a>,
        /// How many conditions stood around the declaration.
        conditions: usize,
    },
    /// What another module exports, looked up when it is used: modules may import each other.
    Import(Rc<Module<'a>>, String),
}

impl<'a> Scope<'a> {
    pub fn below(parent: &Rc<Scope<'a>>) -> Rc<Scope<'a>> {
        Rc::new(Scope { names: RefCell::default(), parent: Some(parent.clone()) })
    }

    pub fn declare(&self, name: &str, value: Value<'a>, conditions: usize) {
        self.names.borrow_mut().insert(name.to_owned(), Binding::Value { value, conditions });
    }

    pub fn import(&self, name: &str, module: &Rc<Module<'a>>, exported: &str) {
        self.names.borrow_mut().insert(name.to_owned(), Binding::Import(module.clone(), exported.to_owned()));
    }

    pub fn get(&self, name: &str) -> Option<Value<'a>> {
        let own = self.names.borrow().get(name).cloned();
        match own {
            Some(Binding::Value { value, .. }) => Some(value),
            Some(Binding::Import(module, exported)) => {
                Some(module.export(&exported, 0).unwrap_or_else(|| Value::named(name)))
            }
            None => self.parent.as_ref()?.get(name),
        }
    }

    /// Gives a name a new value. Under more conditions than it was declared under, it may keep the old one.
    pub fn assign(&self, name: &str, value: Value<'a>, conditions: usize) -> bool {
        let mut names = self.names.borrow_mut();
        match names.get_mut(name) {
            Some(Binding::Value { value: old, conditions: declared }) => {
                *old = if conditions > *declared { Value::one_of(vec![old.clone(), value]) } else { value };
                true
            }
            Some(Binding::Import(..)) => true,
            None => {
                drop(names);
                self.parent.as_ref().is_some_and(|parent| parent.assign(name, value, conditions))
            }
        }
    }
}
