//! Worker threads that take tasks in any order and give results in the order the tasks were given.

use super::TreeError;
use crossbeam_channel::{Receiver, Sender, unbounded};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{Builder, Scope};

/// A pool whose threads live in a scope; dropping it ends them.
pub(super) struct Pool<T, R> {
    tasks: Sender<(u64, T)>,
    done: Receiver<(u64, Result<R, TreeError>)>,
    /// Results from the first that was not taken yet, with the bytes that its task counts for.
    slots: VecDeque<(usize, Option<Result<R, TreeError>>)>,
    /// Number of the first slot.
    first: u64,
    bytes: usize,
    /// Why there is not one thread, if so: the first task tells it.
    failed: Option<std::io::Error>,
}

impl<T: Send, R: Send> Pool<T, R> {
    /// `threads` threads in `scope` (at least one) that do `work`.
    pub(super) fn new<'scope, 'env, W>(scope: &'scope Scope<'scope, 'env>, threads: usize, work: W) -> Pool<T, R>
    where
        T: 'scope,
        R: 'scope,
        W: Fn(T) -> Result<R, TreeError> + Send + Sync + 'scope,
    {
        let work = Arc::new(work);
        let (tasks, queue) = unbounded::<(u64, T)>();
        let (results, done) = unbounded();
        let mut failed = None;
        for nth in 0..threads.max(1) {
            let (work, queue, results) = (Arc::clone(&work), queue.clone(), results.clone());
            let spawned = Builder::new().spawn_scoped(scope, move || {
                for (number, task) in queue {
                    // A result must come for every task, or the taker would wait for it for ever.
                    let result = catch_unwind(AssertUnwindSafe(|| work(task))).unwrap_or(Err(TreeError::Stopped));
                    if results.send((number, result)).is_err() {
                        return;
                    }
                }
            });
            if let Err(error) = spawned {
                failed = Some(error).filter(|_| nth == 0);
                break;
            }
        }
        Pool { tasks, done, slots: VecDeque::new(), first: 0, bytes: 0, failed }
    }

    /// Tasks given whose results were not taken.
    pub(super) fn outstanding(&self) -> usize {
        self.slots.len()
    }

    /// What these tasks count for together.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Gives a task that counts for `bytes` bytes of memory until its result is taken.
    pub(super) fn give(&mut self, bytes: usize, task: T) -> Result<(), TreeError> {
        if let Some(source) = self.failed.take() {
            return Err(TreeError::Io { action: "start a thread", source });
        }
        let number = self.first + self.slots.len() as u64;
        self.tasks.send((number, task)).map_err(|_| TreeError::Stopped)?;
        self.slots.push_back((bytes, None));
        self.bytes += bytes;
        Ok(())
    }

    /// The result of the oldest task; waits for it. `None` if there is no task.
    pub(super) fn take(&mut self) -> Option<Result<R, TreeError>> {
        loop {
            match self.slots.front()? {
                (_, Some(_)) => return self.take_ready(),
                (_, None) => match self.done.recv() {
                    Ok(done) => self.sort_in(done),
                    Err(_) => return Some(Err(TreeError::Stopped)),
                },
            }
        }
    }

    /// The result of the oldest task if it is there already.
    pub(super) fn take_ready(&mut self) -> Option<Result<R, TreeError>> {
        while let Ok(done) = self.done.try_recv() {
            self.sort_in(done);
        }
        self.slots.front()?.1.as_ref()?;
        let (bytes, result) = self.slots.pop_front()?;
        self.first += 1;
        self.bytes -= bytes;
        result
    }

    fn sort_in(&mut self, (number, result): (u64, Result<R, TreeError>)) {
        let place = usize::try_from(number.wrapping_sub(self.first)).unwrap_or(usize::MAX);
        if let Some(slot) = self.slots.get_mut(place) {
            slot.1 = Some(result);
        }
    }
}
