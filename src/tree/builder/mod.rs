//! Building a tree: rows in key order become leaves, leaves become nodes.
//!
//! The thread that pushes rows only cuts them into leaves. Hashing, looking for rows that older trees hold, encoding
//! and compressing happen in worker threads; their results are taken in order.

mod batch;
mod change;
mod compare;
mod encode;
mod job;
mod join;
mod levels;
mod older_trees;
mod options;

use super::TreeError;
use super::differences::{DiffLog, Differences};
use super::forms::Holdings;
use super::node::{Totals, bound_between};
use super::pool::Pool;
use super::sort::Record;
use super::splitter::{Extent, LeafSplitter};
use crate::codec::KeySpec;
use crate::hash::Hash;
use crate::monitor::Monitor;
use crate::store::NewObjects;
use batch::Batch;
pub use change::Change;
use job::{Job, Made, Shared};
use levels::Levels;
use older_trees::OlderTrees;
pub use options::BuildOptions;
use std::ops::Range;
use std::sync::Arc;
use std::thread::Scope;

/// Bytes of rows that wait for workers, at most (a single leaf may be larger): a few leaves for each worker, so that
/// they are still in the processor's caches when their turn comes.
const MOST_WAITING: usize = 6 * 1024 * 1024;
const WAITING_PER_THREAD: usize = 1024 * 1024;
/// Emptied leaves kept to be filled again.
const MOST_SPARE: usize = 32;

/// A finished tree.
#[derive(Debug, Clone)]
pub struct Built {
    /// The id of its root.
    pub root: Hash,
    /// Entries, rows and bytes of rows.
    pub totals: Totals,
    /// Leaves of the tree.
    pub leaves: u64,
    /// Leaves that the store did not hold yet.
    pub new_leaves: u64,
    /// Bytes by which the store grew.
    pub stored_bytes: u64,
    /// What differs from the first of the previous trees; `None` if there is none or it cannot be read.
    pub change: Option<Change>,
    /// These differences, if they were wanted ([`BuildOptions::differences`]), are told in `change`, and are not too
    /// many to be written down.
    pub differences: Option<Differences>,
}

/// Builds one tree. Its workers live in the scope it was made in; dropping it ends them.
pub struct Builder<'scope> {
    extent: Extent,
    /// What was pushed so far.
    pushed: Extent,
    splitter: LeafSplitter,
    /// The leaf being filled.
    batch: Batch,
    /// A full leaf that waits for the first key of the next: the bound between them belongs to it.
    full: Option<Batch>,
    /// The lower bound of the leaf to be dispatched next.
    lower: Vec<u8>,
    multiset: bool,
    most_waiting: usize,
    monitor: &'scope dyn Monitor,
    pool: Pool<Job, (Made, Option<Batch>)>,
    spare: Vec<Batch>,
    levels: Levels<'scope>,
    built: Built,
    /// Where differences are written down, in key order.
    pieces: Vec<Range<u64>>,
    shared: Arc<Shared<'scope>>,
    failed: bool,
}

impl<'scope> Builder<'scope> {
    /// A builder that stores the tree in `objects`. `previous` are roots of older trees of the table that `objects` can
    /// read, the one to tell the change against first: rows that they hold are not stored again. `extent` is that of
    /// all rows to come ([`super::Sorted::extent`]): leaves are cut by it.
    pub fn new<'env>(
        scope: &'scope Scope<'scope, 'env>,
        objects: &'env dyn NewObjects,
        spec: &KeySpec,
        previous: &[Hash],
        extent: Extent,
        options: BuildOptions<'env>,
    ) -> Builder<'scope> {
        Builder::start(scope, Some(objects), spec, previous, extent, options)
    }

    /// A builder that stores nothing: it tells the root that the rows have.
    pub fn verification<'env>(
        scope: &'scope Scope<'scope, 'env>,
        spec: &KeySpec,
        extent: Extent,
        options: BuildOptions<'env>,
    ) -> Builder<'scope> {
        Builder::start(scope, None, spec, &[], extent, options)
    }

    fn start<'env>(
        scope: &'scope Scope<'scope, 'env>,
        objects: Option<&'env dyn NewObjects>,
        spec: &KeySpec,
        previous: &[Hash],
        extent: Extent,
        options: BuildOptions<'env>,
    ) -> Builder<'scope> {
        let history = objects.map(|objects| OlderTrees::new(objects, previous));
        let log = options.differences.filter(|_| !previous.is_empty()).map(|dir| Arc::new(DiffLog::new(dir)));
        let holdings = objects.map(|objects| Holdings::new(objects));
        let shared = Arc::new(Shared { objects, holdings, spec: spec.clone(), level: options.level, history, log });
        let worker = Arc::clone(&shared);
        let pool = Pool::new(scope, options.threads, move |job| job::make(&worker, job));
        Builder {
            extent,
            pushed: Extent::default(),
            splitter: LeafSplitter::new(extent),
            batch: Batch::default(),
            full: None,
            lower: Vec::new(),
            multiset: spec.is_multiset(),
            most_waiting: MOST_WAITING.max(options.threads.saturating_mul(WAITING_PER_THREAD)),
            monitor: options.monitor,
            pool,
            spare: Vec::new(),
            levels: Levels::new(objects, options.level, spec.is_multiset()),
            built: Built {
                root: Hash::from_bytes([0; Hash::LEN]),
                totals: Totals::default(),
                leaves: 0,
                new_leaves: 0,
                stored_bytes: 0,
                change: if previous.is_empty() { None } else { Some(Change::default()) },
                differences: None,
            },
            pieces: Vec::new(),
            shared,
            failed: false,
        }
    }

    /// Adds the next row. `key` must be what the table's [`KeySpec`] makes of `row`, above the key before it; `count`
    /// is 1 unless the table is a multiset.
    ///
    /// # Errors
    /// [`TreeError::DuplicateKey`] or [`TreeError::OutOfOrder`] if the key is not above the one before it; otherwise
    /// the first thing that went wrong with any row pushed before. After an error the builder is of no use.
    pub fn push(&mut self, key: &[u8], row: &[u8], count: u64) -> Result<(), TreeError> {
        self.push_named(Record { key, row, count, id: None })
    }

    /// As [`Builder::push`] with the row's id, if there is one, which is not taken again then.
    pub(super) fn push_named(&mut self, record: Record<'_>) -> Result<(), TreeError> {
        if self.failed {
            return Err(TreeError::Stopped);
        }
        let outcome = self.add(record);
        self.failed = outcome.is_err();
        outcome
    }

    fn add(&mut self, record: Record<'_>) -> Result<(), TreeError> {
        let Record { key, row, .. } = record;
        if row.len() as u64 > super::leaf::MAX_ROW {
            return Err(TreeError::RowTooLong(row.len() as u64));
        }
        if let Some(before) = self.last_key() {
            match key.cmp(before) {
                std::cmp::Ordering::Greater => {}
                std::cmp::Ordering::Equal => return Err(TreeError::DuplicateKey),
                std::cmp::Ordering::Less => return Err(TreeError::OutOfOrder),
            }
        }
        if let Some(full) = self.full.take() {
            let upper = full.last_key().map(|last| bound_between(last, key)).unwrap_or_default();
            self.dispatch(full, upper)?;
        }
        let count = if self.multiset { record.count.max(1) } else { 1 };
        self.pushed.add(row.len(), count);
        self.batch.push(Record { count, ..record }, self.multiset);
        if self.splitter.ends_after(key, row.len()) {
            let next = self.spare.pop().unwrap_or_default();
            self.full = Some(std::mem::replace(&mut self.batch, next));
        }
        Ok(())
    }

    /// The key of the row pushed last.
    pub(super) fn last_key(&self) -> Option<&[u8]> {
        self.batch.last_key().or_else(|| self.full.as_ref()?.last_key())
    }

    /// Ends the tree. Everything it needs has been put when this returns.
    ///
    /// # Errors
    /// [`TreeError::OtherExtent`] if the rows are not of the extent by which leaves were cut; otherwise the first thing
    /// that went wrong.
    pub fn finish(self) -> Result<Built, TreeError> {
        let (extent, pushed) = (self.extent, self.pushed);
        let built = self.end()?;
        if pushed.cuts_like(extent) { Ok(built) } else { Err(TreeError::OtherExtent) }
    }

    /// The extent by which leaves are cut and that of the rows pushed so far.
    pub(super) fn extents(&self) -> (Extent, Extent) {
        (self.extent, self.pushed)
    }

    /// As [`Builder::finish`], whatever the rows' extent is.
    pub(super) fn end(mut self) -> Result<Built, TreeError> {
        if self.failed {
            return Err(TreeError::Stopped);
        }
        let last = match self.full.take() {
            Some(full) => full,
            None => std::mem::take(&mut self.batch),
        };
        self.dispatch(last, Vec::new())?;
        while self.pool.outstanding() > 0 {
            self.accept_next()?;
        }
        let (root, stored) = self.levels.finish()?;
        self.built.root = root;
        self.built.stored_bytes += stored;
        if self.shared.history.as_ref().is_some_and(OlderTrees::is_damaged) {
            self.built.change = None;
        } else if let (Some(log), Some(parent)) =
            (&self.shared.log, self.shared.history.as_ref().and_then(OlderTrees::parent))
        {
            self.built.differences = Differences::new(parent, root, Arc::clone(log), self.pieces);
        }
        Ok(self.built)
    }

    fn dispatch(&mut self, batch: Batch, upper: Vec<u8>) -> Result<(), TreeError> {
        if self.monitor.interrupted() {
            return Err(TreeError::Interrupted);
        }
        while let Some(made) = self.pool.take_ready() {
            self.accept(made?)?;
        }
        while self.pool.outstanding() > 0 && self.pool.bytes() + batch.bytes() > self.most_waiting {
            self.accept_next()?;
        }
        let lower = std::mem::replace(&mut self.lower, upper.clone());
        self.pool.give(batch.bytes(), Job { batch, lower, upper })
    }

    fn accept_next(&mut self) -> Result<(), TreeError> {
        match self.pool.take() {
            Some(made) => self.accept(made?),
            None => Ok(()),
        }
    }

    fn accept(&mut self, (leaf, batch): (Made, Option<Batch>)) -> Result<(), TreeError> {
        if let Some(batch) = batch
            && self.spare.len() < MOST_SPARE
        {
            self.spare.push(batch);
        }
        let totals = self.built.totals.plus(leaf.child.totals);
        self.built.totals = totals.ok_or(TreeError::Stopped)?;
        self.built.leaves += 1;
        self.built.new_leaves += u64::from(leaf.is_new);
        self.built.stored_bytes += leaf.stored + self.levels.add_leaf(leaf.child)?;
        if let Some(change) = &mut self.built.change {
            change.add(leaf.change);
        }
        self.pieces.extend(leaf.pieces);
        Ok(())
    }
}
