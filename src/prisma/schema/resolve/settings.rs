//! `datasource` and `generator`.

use super::Reader;
use crate::prisma::schema::syntax::{Block, Expression};
use crate::prisma::schema::{Datasource, Generator, Setting};

impl Reader<'_> {
    pub(super) fn datasource(&mut self, block: &Block) -> Datasource {
        Datasource {
            name: block.name.clone(),
            provider: text(block, "provider").unwrap_or_default(),
            url: setting(block, "url"),
            direct_url: setting(block, "directUrl"),
            relation_mode: text(block, "relationMode").or_else(|| text(block, "referentialIntegrity")),
            schemas: texts(block, "schemas"),
            at: self.at(block.line),
        }
    }

    pub(super) fn generator(&mut self, block: &Block) -> Generator {
        let known = ["provider", "output", "engineType", "previewFeatures"];
        let others = block.entries.iter().filter(|entry| !known.contains(&entry.name.as_str()));
        let others = others.filter_map(|entry| Some((entry.name.clone(), entry.value.as_ref()?.text()?.to_owned())));
        Generator {
            name: block.name.clone(),
            provider: text(block, "provider").unwrap_or_default(),
            output: text(block, "output"),
            engine_type: text(block, "engineType"),
            preview_features: texts(block, "previewFeatures"),
            others: others.collect(),
            at: self.at(block.line),
        }
    }
}

fn value<'b>(block: &'b Block, name: &str) -> Option<&'b Expression> {
    block.entries.iter().find(|entry| entry.name == name)?.value.as_ref()
}

fn text(block: &Block, name: &str) -> Option<String> {
    // Long ago a provider could be a list.
    let value = match value(block, name)? {
        Expression::List(values) => values.first()?,
        value => value,
    };
    value.text().map(str::to_owned)
}

fn texts(block: &Block, name: &str) -> Vec<String> {
    match value(block, name) {
        Some(Expression::List(values)) => values.iter().filter_map(Expression::text).map(str::to_owned).collect(),
        Some(Expression::Text(one)) => vec![one.clone()],
        _ => Vec::new(),
    }
}

fn setting(block: &Block, name: &str) -> Option<Setting> {
    match value(block, name)? {
        Expression::Text(text) => Some(Setting::Literal(text.clone())),
        Expression::Call(function, arguments) if function == "env" => {
            Some(Setting::Variable(arguments.first()?.text()?.to_owned()))
        }
        _ => None,
    }
}
