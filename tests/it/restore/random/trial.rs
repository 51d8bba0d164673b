//! One seed, from its tables to the patch.

use super::damage::damage;
use super::engine::Engine;
use super::harm::{Harm, harms};
use super::rows::{self, Rows, row};
use super::schema::Schema;
use crate::tree::model::Dice;
use dbsnap::monitor::Silent;
use dbsnap::ops::diff::{DiffOptions, patch};
use dbsnap::ops::init::init;
use dbsnap::ops::restore::{Mode, RestoreOptions, RestoreReport, UndoOptions};
use dbsnap::ops::snap::SnapOptions;
use dbsnap::ops::{OpError, Operation, Repository};

pub struct Trial<'e> {
    engine: &'e mut dyn Engine,
    dice: Dice,
    schema: Schema,
    rows: Rows,
    /// The tables of the snapshot, and all others.
    taken: Vec<String>,
    others: Vec<String>,
    course: Course,
}

/// How far a trial got, so that it is known that not all of them are idle.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Course {
    /// Rows were written.
    pub written: bool,
    /// It was refused first.
    pub refused: bool,
    /// Other tables' rows were taken along.
    pub cascaded: bool,
    /// A patch was run.
    pub patched: bool,
    /// Something that nobody can help ended it.
    pub ended: bool,
}

/// What must not change beside the tables of the snapshot.
#[derive(Debug, PartialEq, Eq)]
struct Beside {
    rows: Vec<String>,
    catalog: Vec<String>,
}

impl<'e> Trial<'e> {
    pub fn new(engine: &'e mut dyn Engine, seed: u64) -> Trial<'e> {
        let mut dice = Dice(seed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1));
        let schema = Schema::random(&mut dice, engine.postgres());
        let rows = rows::random(&schema, &mut dice);
        engine.fresh(seed);
        let statements = schema.statements(&rows, &mut dice);
        told("made", &statements);
        engine.make(&statements);
        let named = |taken: bool| {
            let tables = schema.tables.iter().filter(move |table| table.taken == taken);
            tables.flat_map(|table| table.leaves()).collect::<Vec<_>>()
        };
        let (taken, mut others) = (named(true), named(false));
        others.push(if engine.postgres() { "one.audit".to_owned() } else { "audit".to_owned() });
        Trial { engine, dice, schema, rows, taken, others, course: Course::default() }
    }

    pub fn run(mut self) -> Course {
        if self.restored_and_back().is_none() {
            self.course.ended = true;
        }
        self.course
    }

    fn restored_and_back(&mut self) -> Option<()> {
        let place = self.engine.place();
        init(&place).unwrap();
        let repository = Repository::find(&place).unwrap();
        let id = self.snap(&repository);
        self.engine.keep(&self.schema, 0);
        let whole = self.engine.rows(&self.taken);
        let damage = damage(&self.schema, &self.rows, &mut self.dice);
        told("damaged", &damage);
        self.engine.try_each(&damage);
        self.engine.keep(&self.schema, 1);
        let damaged = self.engine.rows(&self.taken);
        let restoring = |cascade: bool| {
            let options =
                RestoreOptions { reference: id.clone(), mode: Mode::Exact, cascade, ..RestoreOptions::default() };
            options.apply(&repository, &mut repository.database(), None, &Silent)
        };
        let (report, beside) = self.leads_to(0, &whole, None, &restoring)?;
        self.course.written = report.applied;
        assert_eq!(report.applied, report.plan.writes() > 0);
        let again = restoring(false).unwrap();
        assert!(!again.applied && again.plan.writes() == 0, "{again:?}");
        self.new_rows_come_after();
        if report.applied {
            let undoing = |cascade: bool| {
                // The restore before the one that changed nothing, so it has to be named.
                let reference = report.safety.clone();
                let options = UndoOptions { reference, cascade, ..UndoOptions::default() };
                options.apply(&repository, &mut repository.database(), None, &Silent)
            };
            self.leads_to(1, &damaged, Some(&beside), &undoing)?;
        }
        if harms(self.engine, &self.schema, 0).is_empty() {
            self.patch_leads_to(&repository, &id, &whole);
        }
        Some(())
    }

    fn snap(&mut self, repository: &Repository) -> String {
        let tables = self.schema.tables.iter().filter(|table| table.taken).map(|table| table.typed()).collect();
        let options = SnapOptions { tables, ..SnapOptions::default() };
        options.apply(repository, &mut repository.database(), None, &Silent).unwrap().id
    }

    fn beside(&mut self) -> Beside {
        Beside { rows: self.engine.rows(&self.others), catalog: self.engine.catalog() }
    }

    /// Does it, and looks whether the tables are as they should be and nothing else has changed, or whether all others
    /// are as they were in `back`. Returns also how others were before; `None` if it is rightly refused and nobody can
    /// help that.
    fn leads_to(
        &mut self,
        state: usize,
        wanted: &[String],
        mut back: Option<&Beside>,
        act: &dyn Fn(bool) -> Result<RestoreReport, OpError>,
    ) -> Option<(RestoreReport, Beside)> {
        for _ in 0..3 {
            let found = harms(self.engine, &self.schema, state);
            let (start, beside, counters) = (self.engine.rows(&self.taken), self.beside(), self.engine.counters());
            let error = match act(false) {
                Ok(report) => {
                    similar(&self.engine.rows(&self.taken), wanted, "the tables");
                    self.same_beside(back.unwrap_or(&beside), &counters);
                    return Some((report, beside));
                }
                Err(error) => error,
            };
            self.course.refused = true;
            assert!(!found.is_empty(), "no reason to refuse: {error} {error:?}");
            self.names_what_it_is(&found, &error);
            similar(&self.engine.rows(&self.taken), &start, "what was refused");
            self.same_beside(&beside, &counters);
            assert_eq!(self.engine.counters(), counters);
            if self.engine.postgres() && found.iter().all(|harm| harm.acts) {
                assert!(matches!(error, OpError::Refused { allow: Some("--cascade"), .. }), "{error} {found:?}");
                let report = act(true).unwrap_or_else(|error| panic!("{error} {found:?}"));
                similar(&self.engine.rows(&self.taken), wanted, "the tables, others taken along");
                assert!(!report.plan.cascaded.is_empty());
                self.course.cascaded = true;
                assert_eq!(self.engine.catalog(), beside.catalog);
                return Some((report, beside));
            }
            if !found.iter().all(|harm| harm.removable) {
                return None;
            }
            let empty: Vec<String> = found
                .iter()
                .flat_map(|harm| {
                    let child = self.schema.tables[harm.child].sql();
                    let own = self.schema.references.iter().filter(|one| one.parent == harm.child);
                    let own = own.map(|one| format!("DELETE FROM {}", self.schema.tables[one.child].sql()));
                    own.chain([format!("DELETE FROM {child}")]).collect::<Vec<_>>()
                })
                .collect();
            if self.schema.references.iter().any(|one| found.iter().any(|harm| harm.child == one.parent)) {
                return None;
            }
            told("emptied", &empty);
            self.engine.make(&empty);
            // what was there before is not there any more
            back = None;
        }
        panic!("refused again and again");
    }

    fn same_beside(&mut self, before: &Beside, counters: &[(i64, String)]) {
        let after = self.beside();
        similar(&after.rows, &before.rows, "other tables");
        similar(&after.catalog, &before.catalog, "the catalog");
        let now = self.engine.counters();
        for (next, name) in counters {
            let found = now.iter().find(|(_, other)| other == name);
            assert!(found.is_some_and(|(now, _)| now >= next), "{name} was at {next}: {now:?}");
        }
    }

    fn names_what_it_is(&self, found: &[Harm], error: &OpError) {
        let said = error.to_string();
        let names = |table: usize| {
            let table = &self.schema.tables[table];
            said.contains(&table.name) || table.parts.iter().any(|part| said.contains(part))
        };
        assert!(found.iter().any(|harm| names(harm.child) || names(harm.parent)), "{said}");
    }

    /// What a counter gives is not taken.
    fn new_rows_come_after(&mut self) {
        for at in 0..self.schema.tables.len() {
            let table = &self.schema.tables[at];
            let Some(counter) = table.columns.iter().position(|column| column.counted).filter(|_| table.taken) else {
                continue;
            };
            let Some(new) = row(&self.schema, &self.rows, at, 5_000_000, &mut self.dice) else { continue };
            let given: Vec<usize> = table.given().into_iter().filter(|&column| column != counter).collect();
            let values: Vec<&str> = given.iter().map(|&column| new[column].as_str()).collect();
            let insert = match given.is_empty() {
                true => format!("INSERT INTO {} DEFAULT VALUES", table.sql()),
                false => {
                    format!("INSERT INTO {} ({}) VALUES ({})", table.sql(), table.names(&given), values.join(", "))
                }
            };
            let said = self.engine.try_each(&["BEGIN".to_owned(), insert, "ROLLBACK".to_owned()]);
            assert!(!said.contains("duplicate key") && !said.contains("UNIQUE"), "{said}");
        }
    }

    fn patch_leads_to(&mut self, repository: &Repository, id: &str, whole: &[String]) {
        let options = DiffOptions { from: Some("live".to_owned()), to: Some(id.to_owned()), ..DiffOptions::default() };
        let mut text = String::new();
        let report = patch::<OpError>(
            repository,
            &mut repository.database(),
            &options,
            &mut |sql| {
                text.push_str(sql);
                Ok(())
            },
            &Silent,
        );
        let report = report.unwrap();
        told("patched", std::slice::from_ref(&text));
        if report.tables.is_empty() {
            return;
        }
        self.course.patched = true;
        let before = self.beside();
        let counters: Vec<(i64, String)> = Vec::new();
        self.engine.patch(&text).unwrap_or_else(|error| panic!("{error}"));
        similar(&self.engine.rows(&self.taken), whole, "what the patch leads to");
        self.same_beside(&before, &counters);
    }
}

/// Prints what is run, where somebody looks at one seed.
fn told(what: &str, statements: &[String]) {
    if std::env::var_os("DBSNAP_TEST_SEED").is_some() {
        println!("-- {what}\n{};\n", statements.join(";\n"));
    }
}

fn similar(found: &[String], wanted: &[String], what: &str) {
    if found == wanted {
        return;
    }
    let only = |one: &[String], other: &[String]| {
        one.iter().filter(|line| !other.contains(line)).take(6).cloned().collect::<Vec<_>>()
    };
    panic!(
        "{what}: {} lines instead of {}\nfound {:#?}\ninstead of {:#?}",
        found.len(),
        wanted.len(),
        only(found, wanted),
        only(wanted, found)
    );
}
