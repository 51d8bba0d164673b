//! Loading: rows in any order become a tree.
//!
//! Where leaves end depends on how large the table is, which is known when its last row has come. Rows that come nearly
//! in key order are built into a tree nevertheless while they come, by the size that the first of them let one guess,
//! so that encoding and compressing go on beside reading. If a row comes too late for that, or the guess was wrong,
//! what was built is one sorted run more that is merged with the others, and its objects are taken away again.

mod rows;
mod window;

use super::{BuildOptions, Builder, Built, Cursor, Extent, Record, Sorted, Sorter, TreeError};
use crate::codec::KeySpec;
use crate::hash::Hash;
use crate::store::NewObjects;
pub use rows::RowBatch;
use std::cmp::Ordering;
use std::path::Path;
use std::thread::Scope;
use window::{Passed, Window};

/// Bytes of rows by which the size of the others is guessed. Smaller tables are not built before their end.
const HEAD: u64 = 8 << 20;

/// How to load.
#[derive(Clone, Copy)]
pub struct LoadOptions<'env> {
    /// How to build.
    pub build: BuildOptions<'env>,
    /// Where sorted runs may be spilled.
    pub scratch: &'env Path,
    /// Bytes of memory for sorting.
    pub budget: usize,
    /// Where a tree is built of which it is not known yet whether it is wanted; `None`: rows are built after the last
    /// came.
    pub trial: Option<&'env dyn NewObjects>,
}

/// A loaded tree.
#[derive(Debug)]
pub struct Loaded {
    /// The tree.
    pub built: Built,
    /// Whether its objects are those on trial, which are to be kept then.
    pub on_trial: bool,
}

/// Takes the rows of one table in any order. Its workers live in the scope it was made in.
pub struct Loader<'scope, 'env> {
    scope: &'scope Scope<'scope, 'env>,
    objects: &'env dyn NewObjects,
    spec: KeySpec,
    previous: Vec<Hash>,
    options: LoadOptions<'env>,
    sorter: Sorter,
    stage: Stage<'scope>,
    /// Rows that came one by one and were not handed on yet.
    open: RowBatch,
}

/// Where rows go.
enum Stage<'scope> {
    /// To the sorter, until there are enough to guess by.
    Gathering,
    /// To the builder on trial.
    Building(Window, Box<Builder<'scope>>),
    /// To the sorter. Those before them are in a tree on trial.
    Sorting(Option<Run>),
}

/// A tree that serves as a sorted run.
struct Run {
    root: Hash,
    extent: Extent,
}

impl<'scope, 'env> Loader<'scope, 'env> {
    /// A loader that stores the tree in `objects`. `previous` are roots of older trees of the table, as for
    /// [`Builder::new`]: where there are any, much of the table is held already, and rows are built when all have come.
    pub fn new(
        scope: &'scope Scope<'scope, 'env>,
        objects: &'env dyn NewObjects,
        spec: &KeySpec,
        previous: &[Hash],
        options: LoadOptions<'env>,
    ) -> Loader<'scope, 'env> {
        // The keys of a multiset are hashes: they never come in order.
        let may_build = options.trial.is_some() && previous.is_empty() && !spec.is_multiset();
        Loader {
            scope,
            objects,
            spec: spec.clone(),
            previous: previous.to_vec(),
            options,
            sorter: Sorter::new(spec.clone(), options.scratch, options.budget),
            stage: if may_build { Stage::Gathering } else { Stage::Sorting(None) },
            open: RowBatch::default(),
        }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// As [`Loader::push_batch`].
    pub fn push(&mut self, row: &[u8]) -> Result<(), TreeError> {
        check_length(row)?;
        self.open.push(row);
        if self.open.is_full() { self.push_open() } else { Ok(()) }
    }

    fn push_open(&mut self) -> Result<(), TreeError> {
        let batch = std::mem::take(&mut self.open);
        self.open = self.take(batch)?.unwrap_or_default();
        Ok(())
    }

    /// Adds rows. Gives an empty batch back if there is one to be filled again.
    ///
    /// # Errors
    /// As [`Sorter::push`] and [`Builder::push`]. After an error the loader is of no use.
    pub fn push_batch(&mut self, batch: RowBatch) -> Result<Option<RowBatch>, TreeError> {
        batch.rows().try_for_each(check_length)?;
        if !self.open.is_empty() {
            self.push_open()?;
        }
        self.take(batch)
    }

    fn take(&mut self, batch: RowBatch) -> Result<Option<RowBatch>, TreeError> {
        if let Stage::Building(window, builder) = &mut self.stage {
            let is_time = window.push(&self.spec, batch)?;
            let spare = window.spare();
            if is_time && window.pass(builder)? == Passed::TooLate {
                self.stop_building()?;
            }
            return Ok(spare);
        }
        batch.rows().try_for_each(|row| self.sorter.push(row))?;
        if matches!(self.stage, Stage::Gathering) && self.sorter.extent().row_bytes >= HEAD {
            self.start_building()?;
        }
        Ok(batch.recycled())
    }

    fn start_building(&mut self) -> Result<(), TreeError> {
        self.stage = Stage::Sorting(None);
        let guess = self.sorter.extent();
        if let Some(trial) = self.options.trial
            && let Some(head) = self.sorter.take_arena()
        {
            let mut builder = Builder::new(self.scope, trial, &self.spec, &[], guess, self.options.build);
            let mut window = Window::default();
            let mut rows = RowBatch::default();
            (0..).map_while(|index| head.record(index)).for_each(|record| rows.push(record.row));
            drop(head);
            window.push(&self.spec, rows)?;
            window.pass(&mut builder)?;
            self.stage = Stage::Building(window, Box::new(builder));
        }
        Ok(())
    }

    /// Goes over to sorting: what was built is a run, what was not goes to the sorter.
    fn stop_building(&mut self) -> Result<(), TreeError> {
        if let Stage::Building(window, builder) = std::mem::replace(&mut self.stage, Stage::Sorting(None)) {
            for record in window.records() {
                self.sorter.push(record.row)?;
            }
            let (_, extent) = builder.extents();
            let root = builder.end()?.root;
            self.stage = Stage::Sorting(Some(Run { root, extent }));
        }
        Ok(())
    }

    /// Ends the rows and the tree.
    ///
    /// # Errors
    /// As [`Sorter::finish`] and [`Builder::finish`]; among them [`TreeError::DuplicateKey`].
    pub fn finish(mut self) -> Result<Loaded, TreeError> {
        self.push_open()?;
        if let Stage::Building(window, builder) = &mut self.stage
            && window.pass_all(builder)? == Passed::TooLate
        {
            self.stop_building()?;
        }
        let run = match self.stage {
            Stage::Building(_, builder) => {
                let (guess, extent) = builder.extents();
                let built = builder.end()?;
                if extent.cuts_like(guess) {
                    return Ok(Loaded { built, on_trial: true });
                }
                Some(Run { root: built.root, extent })
            }
            Stage::Sorting(run) => run,
            Stage::Gathering => None,
        };
        let sorted = self.sorter.finish()?;
        let extent = run.as_ref().map_or(sorted.extent(), |run| run.extent.plus(sorted.extent()));
        let build = self.options.build;
        let mut builder = Builder::new(self.scope, self.objects, &self.spec, &self.previous, extent, build);
        match (run, self.options.trial) {
            (Some(run), Some(trial)) => {
                let tree = Cursor::ahead(self.scope, trial, &self.spec, &run.root, build.threads)?;
                merge(tree, sorted, &mut builder)?;
            }
            _ => builder.push_sorted(sorted)?,
        }
        Ok(Loaded { built: builder.finish()?, on_trial: false })
    }
}

fn check_length(row: &[u8]) -> Result<(), TreeError> {
    let len = row.len() as u64;
    if len > super::MAX_ROW { Err(TreeError::RowTooLong(len)) } else { Ok(()) }
}

/// Pushes the entries of `tree` and of `sorted`, in key order.
fn merge(mut tree: Cursor<'_>, mut sorted: Sorted, builder: &mut Builder<'_>) -> Result<(), TreeError> {
    let mut record = sorted.next_record()?;
    while let Some(entry) = tree.next_entry()? {
        while let Some(other) = record {
            match other.key.cmp(entry.key) {
                Ordering::Less => builder.push_named(other)?,
                Ordering::Equal => return Err(TreeError::DuplicateKey),
                Ordering::Greater => break,
            }
            record = sorted.next_record()?;
        }
        builder.push_named(Record { key: entry.key, row: entry.row, count: entry.count, id: Some(entry.id) })?;
    }
    while let Some(other) = record {
        builder.push_named(other)?;
        record = sorted.next_record()?;
    }
    Ok(())
}
