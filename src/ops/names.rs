//! From what a person typed to tables: `mods`, `shop.mods`, `MODS`, a Prisma model, a partitioned table, a pattern such
//! as `mod*`.

use super::{OpError, Repository};
use crate::codec::TableName;
use crate::db::Catalog;
use crate::prisma::schema::{Model, Schema};
use crate::snapshot::{Entry, History};
use std::collections::BTreeMap;

/// How many near names an error lists.
const NEAR: usize = 3;

/// The tables that a name can stand for.
pub(super) struct Tables<'t> {
    /// Every table, and every partitioned one: the positions of itself or of its partitions.
    named: BTreeMap<&'t TableName, Vec<usize>>,
    models: Option<&'t Schema>,
    /// The database schema of models that name none.
    models_in: &'t str,
    /// Where a name without a database schema is looked for first, in this order.
    path: Vec<&'t str>,
    /// Whose tables they are, in errors.
    place: String,
    /// What else has a name there, each as `kind name`.
    others: &'t [String],
}

/// What goes by a name: a table or partitioned table, and its positions.
type Found<'f, 't> = (&'f &'t TableName, &'f Vec<usize>);

impl<'t> Tables<'t> {
    /// `tables` with the partitioned tables that each is a part of.
    pub fn new(
        project: &'t Repository,
        tables: impl IntoIterator<Item = (&'t TableName, &'t [TableName])>,
        path: &'t [String],
        place: String,
    ) -> Tables<'t> {
        let mut named: BTreeMap<&TableName, Vec<usize>> = BTreeMap::new();
        for (position, (table, part_of)) in tables.into_iter().enumerate() {
            for name in std::iter::once(table).chain(part_of) {
                named.entry(name).or_default().push(position);
            }
        }
        let asked = project.default_schema();
        let path = asked.into_iter().chain(path.iter().map(String::as_str)).chain(["public"]).collect();
        Tables {
            named,
            models: project.models().schema(),
            models_in: asked.unwrap_or("public"),
            path,
            place,
            others: &[],
        }
    }

    /// The tables of the live database.
    pub fn of_catalog(project: &'t Repository, catalog: &'t Catalog) -> Tables<'t> {
        let tables = catalog.tables.iter().map(|info| (&info.schema.table, &info.part_of[..]));
        let tables = Tables::new(project, tables, &catalog.search_path, "the database".to_owned());
        Tables { others: &catalog.not_captured, ..tables }
    }

    /// The tables of a snapshot.
    pub fn of_entry(project: &'t Repository, entry: &'t Entry) -> Tables<'t> {
        let tables = entry.manifest.tables.iter().map(|table| (&table.table, &table.part_of[..]));
        Tables::new(project, tables, &entry.manifest.search_path, format!("snapshot {}", entry.id.short()))
    }

    /// The tables that any snapshot has; `names` are these, each once.
    pub fn of_history(project: &'t Repository, history: &'t History) -> (Tables<'t>, Vec<&'t TableName>) {
        let mut all: BTreeMap<&TableName, &[TableName]> = BTreeMap::new();
        for table in history.entries.iter().flat_map(|entry| &entry.manifest.tables) {
            // The newest snapshot's word counts.
            all.entry(&table.table).or_insert(&table.part_of);
        }
        let path = history.entries.first().map_or(&[][..], |entry| &entry.manifest.search_path);
        let names = all.keys().copied().collect();
        (Tables::new(project, all, path, "any snapshot".to_owned()), names)
    }

    /// The positions of what `typed` stands for: one table, the partitions of one, or all that a pattern fits.
    ///
    /// A name that is exactly a table's wins, then one that is exactly a model's, then either in another case. No
    /// letter is added or left out to make a name fit.
    ///
    /// # Errors
    /// If nothing goes by that name (with near ones), or several tables do.
    pub fn find(&self, typed: &str) -> Result<Vec<usize>, OpError> {
        let exact = |name: &TableName| name.name == typed || full_name(name) == typed;
        if let Some(found) = self.pick(typed, self.called(exact))? {
            return Ok(found);
        }
        if let Some(found) = self.pick(typed, self.of_models(|model| model.name == typed, |join| join == typed))? {
            return Ok(found);
        }
        if is_pattern(typed) {
            return self.matching(typed);
        }
        // `prisma.order` is the model Order, unless a table goes by that name in another case
        let mut found = self.called(|name| same(&name.name, typed) || same(&full_name(name), typed));
        let is_called = |model: &Model| same(&model.name, typed) || same(&model.accessor(), typed);
        for model in self.of_models(is_called, |join| same(join, typed)) {
            if !found.iter().any(|(name, _)| *name == model.0) {
                found.push(model);
            }
        }
        self.pick(typed, found)?.ok_or_else(|| self.unknown(typed))
    }

    /// The positions of all that `typed` stands for, each once, in the order in which they were named.
    ///
    /// # Errors
    /// As [`Tables::find`], of the first that is not found.
    pub fn find_all(&self, typed: &[String]) -> Result<Vec<usize>, OpError> {
        let mut chosen = Vec::new();
        for name in typed {
            let found = self.find(name)?;
            chosen.extend(found.into_iter().filter(|at| !chosen.contains(at)).collect::<Vec<_>>());
        }
        Ok(chosen)
    }

    /// Splits `TABLE:KEY`. Names and keys may hold colons: the first table that there is counts.
    ///
    /// # Errors
    /// As [`Tables::find`], for what stands before the first colon.
    pub fn with_key<'n>(&self, typed: &'n str) -> Result<(Vec<usize>, &'n str, Option<&'n str>), OpError> {
        let splits = typed.match_indices(':').map(|(at, _)| (&typed[..at], Some(&typed[at + 1..])));
        let (mut first, mut tried) = (None, Vec::new());
        for (table, key) in splits.chain([(typed, None)]) {
            tried.push(table);
            match self.find(table) {
                Ok(found) => return Ok((found, table, key)),
                Err(error) => drop(first.get_or_insert(error)),
            }
        }
        Err(first.unwrap_or_else(|| self.unknown(typed)))
    }

    fn called(&self, test: impl Fn(&TableName) -> bool) -> Vec<Found<'_, 't>> {
        self.named.iter().filter(|(name, _)| test(name)).collect()
    }

    /// The tables of models and of many-to-many relations whose name passes.
    fn of_models(&self, test: impl Fn(&Model) -> bool, joins: impl Fn(&str) -> bool) -> Vec<Found<'_, 't>> {
        let Some(schema) = self.models else { return Vec::new() };
        let models = schema.models.iter().filter(|model| !model.view && test(model));
        let joins = schema.join_tables.iter().filter(|join| joins(&join.relation));
        let tables: Vec<(&str, &str)> = models
            .map(|model| (&*model.table, model.db_schema.as_deref()))
            .chain(joins.map(|join| (&*join.table, join.db_schema.as_deref())))
            .map(|(table, schema)| (table, schema.unwrap_or(self.models_in)))
            .collect();
        let is_one = |name: &TableName, (table, schema): &(&str, &str)| {
            name.name == *table && name.schema.as_deref().is_none_or(|have| have == *schema)
        };
        self.called(|name| tables.iter().any(|table| is_one(name, table)))
    }

    /// The only one of `found`, or the one that is found first on the search path.
    fn pick(&self, typed: &str, found: Vec<Found<'_, 't>>) -> Result<Option<Vec<usize>>, OpError> {
        if let [] | [_] = found[..] {
            return Ok(found.first().map(|(_, positions)| (*positions).clone()));
        }
        for schema in &self.path {
            let here: Vec<&Found<'_, 't>> =
                found.iter().filter(|(name, _)| name.schema.as_deref() == Some(schema)).collect();
            match here[..] {
                [] => {}
                [(_, positions)] => return Ok(Some((*positions).clone())),
                _ => break,
            }
        }
        let candidates = found.iter().map(|(name, _)| full_name(name)).collect();
        Err(OpError::AmbiguousTable { typed: typed.to_owned(), candidates })
    }

    /// All tables that a pattern fits, in their own case or, if none does, in any.
    fn matching(&self, typed: &str) -> Result<Vec<usize>, OpError> {
        let pattern = glob::Pattern::new(typed).map_err(|error| {
            OpError::Usage(format!("'{typed}' is not a pattern: {} (at character {})", error.msg, error.pos + 1))
        })?;
        for case_sensitive in [true, false] {
            let options = glob::MatchOptions { case_sensitive, ..glob::MatchOptions::new() };
            let fits = |text: &str| pattern.matches_with(text, options);
            // as psql does it: a pattern with a dot is for the schema and the name
            let found = self.called(|name| fits(&name.name) || typed.contains('.') && fits(&full_name(name)));
            let mut found: Vec<usize> = found.into_iter().flat_map(|(_, positions)| positions).copied().collect();
            if !found.is_empty() {
                found.sort_unstable();
                found.dedup();
                return Ok(found);
            }
        }
        Err(self.unknown(typed))
    }

    /// What goes by that name and is no table.
    fn other(&self, typed: &str) -> Option<&str> {
        self.others.iter().find_map(|other| {
            let before = other.strip_suffix(typed)?;
            let end = if before.ends_with('.') { before.rfind(' ')? + 1 } else { before.len() };
            before[..end].strip_suffix(' ')
        })
    }

    fn unknown(&self, typed: &str) -> OpError {
        if let Some(kind) = self.other(typed) {
            let what = format!("'{typed}' is a {kind}: only tables can be snapshotted");
            return OpError::Refused { what, allow: None };
        }
        let (wanted, stem) = (typed.to_lowercase(), stem(typed));
        let models = self.models.iter().flat_map(|schema| &schema.models).filter(|model| !model.view);
        let models = models.map(|model| (model.name.clone(), model.name.clone()));
        let tables = self.named.keys().map(|name| (name.name.clone(), name.to_string()));
        let mut scored: Vec<(usize, String)> = tables
            .chain(models)
            .filter_map(|(bare, shown)| {
                let distance = |name: &str| strsim::damerau_levenshtein(&name.to_lowercase(), &wanted);
                let distance = if self::stem(&bare) == stem { 0 } else { distance(&bare).min(distance(&shown)) };
                (distance <= 2 + shown.len() / 4).then_some((distance, shown))
            })
            .collect();
        scored.sort();
        let mut near: Vec<String> = scored.into_iter().map(|(_, name)| name).collect();
        near.dedup();
        near.truncate(NEAR);
        OpError::NoSuchTable { typed: typed.to_owned(), place: self.place.clone(), near }
    }
}

/// The one table, or the lowest partitioned table of which all of `tables` are partitions, if there is one.
pub(super) fn whole<'t>(tables: &[(&'t TableName, &'t [TableName])]) -> Option<&'t TableName> {
    match tables {
        [(table, _)] => Some(table),
        [(_, part_of), ..] => {
            part_of.iter().rev().find(|parent| tables.iter().all(|(_, part_of)| part_of.contains(parent)))
        }
        [] => None,
    }
}

/// Whether a name has characters of a pattern.
pub(super) fn is_pattern(typed: &str) -> bool {
    typed.contains(['*', '?', '['])
}

fn same(one: &str, other: &str) -> bool {
    one == other || one.to_lowercase() == other.to_lowercase()
}

fn full_name(name: &TableName) -> String {
    match &name.schema {
        Some(schema) => format!("{schema}.{}", name.name),
        None => name.name.clone(),
    }
}

/// What names have in common that are likely meant for each other (`Mod`, `mods`): only ever a hint.
fn stem(name: &str) -> String {
    let letters: String = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    if let Some(rest) = letters.strip_suffix("ies") {
        return format!("{rest}y");
    }
    letters.strip_suffix('s').unwrap_or(&letters).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables<'t>(names: &'t [TableName], path: &[&'t str]) -> Tables<'t> {
        let named = names.iter().enumerate().map(|(at, name)| (name, vec![at])).collect();
        let path = path.iter().copied().chain(["public"]).collect();
        Tables { named, models: None, models_in: "public", path, place: "the database".to_owned(), others: &[] }
    }

    fn names(tables: &[(&str, &str)]) -> Vec<TableName> {
        tables.iter().map(|(schema, name)| TableName::qualified(*schema, *name)).collect()
    }

    #[test]
    fn exact_names_win_and_any_case_is_taken() {
        let names =
            names(&[("public", "mod"), ("public", "mods"), ("shop", "mods"), ("public", "Big"), ("shop", "BIG")]);
        let known = tables(&names, &[]);
        let found = |typed: &str| known.find(typed).unwrap();
        assert_eq!(found("mod"), [0]);
        assert_eq!(found("mods"), [1]);
        assert_eq!(found("shop.mods"), [2]);
        assert_eq!(found("SHOP.MODS"), [2]);
        assert_eq!(found("Big"), [3]);
        assert_eq!(found("BIG"), [4]);
        assert_eq!(found("big"), [3], "what is on the path comes first");
        assert_eq!(tables(&names, &["shop"]).find("mods").unwrap(), [2]);
    }

    #[test]
    fn no_letter_is_added_or_left_out() {
        let names =
            names(&[("public", "mods"), ("public", "facet_definitions"), ("public", "User"), ("public", "user")]);
        let known = tables(&names, &[]);
        for typed in ["mod", "Mod", "modss", "mods ", "facetdefinitions", "FacetDefinition", "mods\0", ""] {
            assert!(matches!(known.find(typed), Err(OpError::NoSuchTable { .. })), "{typed}");
        }
        match known.find("FacetDefinition") {
            Err(OpError::NoSuchTable { near, .. }) => assert_eq!(near, ["facet_definitions"]),
            other => panic!("{other:?}"),
        }
        assert!(matches!(known.find("USER"), Err(OpError::AmbiguousTable { candidates, .. }) if candidates.len() == 2));
    }

    #[test]
    fn patterns_take_what_they_fit() {
        let names = names(&[
            ("public", "mod_tags"),
            ("public", "mods"),
            ("shop", "mods"),
            ("public", "what?"),
            ("public", "U"),
        ]);
        let known = tables(&names, &[]);
        let found = |typed: &str| known.find(typed).unwrap();
        assert_eq!(found("mod*"), [0, 1, 2]);
        assert_eq!(found("mod?"), [1, 2]);
        assert_eq!(found("shop.*"), [2]);
        assert_eq!(found("public.mod?"), [1]);
        assert_eq!(found("p*.mods"), [1]);
        assert!(matches!(known.find("pu*"), Err(OpError::NoSuchTable { .. })), "a schema alone is no match");
        assert_eq!(found("[mu]ods"), [1, 2]);
        assert_eq!(found("what?"), [3], "a table of that very name");
        assert_eq!(found("u*"), [4], "no table has it in that case");
        assert!(matches!(known.find("x*"), Err(OpError::NoSuchTable { .. })));
        assert!(matches!(known.find("[x"), Err(OpError::Usage(_))));
    }

    #[test]
    fn keys_and_names_may_hold_colons() {
        let names = names(&[("public", "mods"), ("public", "a:b")]);
        let known = tables(&names, &[]);
        assert_eq!(known.with_key("mods:urn:x").unwrap(), (vec![0], "mods", Some("urn:x")));
        assert_eq!(known.with_key("a:b").unwrap(), (vec![1], "a:b", None));
        assert_eq!(known.with_key("a:b:").unwrap(), (vec![1], "a:b", Some("")));
        assert!(matches!(known.with_key("x:1"), Err(OpError::NoSuchTable { typed, .. }) if typed == "x"));
    }
}
