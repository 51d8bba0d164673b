//! A machine with a store, those who work on it, and what the model remembers of it.

use super::look::Looked;
use super::memory::Memory;
use super::process::Process;
use super::story::{Step, Story};
use super::tables::NAMES;
use super::trouble::{Counts, Trouble};
use super::violation::{Kind, Violation};
use super::writer::{Live, Outcome, Snapshot, Writer};
use dbsnap::fsio::Simulated;
use dbsnap::store::{Access, Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::cell::OnceCell;
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub const ROOT: &str = "/.dbsnap";
/// Writers and readers at the same time.
const MOST: usize = 4;

pub struct World<'a> {
    /// Stores of writers, which outlive their sessions.
    stores: std::slice::Iter<'a, OnceCell<Store>>,
    pack: u64,
    pub machine: Simulated,
    pub live: Live,
    pub now: Timestamp,
    writers: Vec<Writer<'a>>,
    readers: Vec<(Process, Store, Snapshot)>,
    pub memory: Memory,
    pub trouble: Trouble,
    pub looked: Looked,
    /// Sweeps in a row that came to their end, and nothing else between.
    pub sweeps: u32,
    pub violations: Vec<Violation>,
}

/// Plays a story; what is wrong, at most one of each kind, in the order in which it was found, and how much went wrong
/// before.
pub fn play(story: &Story) -> (Vec<Violation>, Counts) {
    let stores: Vec<OnceCell<Store>> = (0..story.steps.len() + NAMES.len()).map(|_| OnceCell::new()).collect();
    let machine = Simulated::new();
    Store::init_on(&machine, Path::new(ROOT)).unwrap();
    let mut world = World {
        stores: stores.iter(),
        pack: story.pack,
        machine,
        live: Live::default(),
        now: Timestamp::from_second(1_750_000_000).unwrap(),
        writers: Vec::new(),
        readers: Vec::new(),
        memory: Memory::default(),
        trouble: Trouble::default(),
        looked: Looked::default(),
        sweeps: 0,
        violations: Vec::new(),
    };
    let outcome = story
        .steps
        .iter()
        .zip(0..)
        .try_for_each(|(step, at)| world.play(*step).map_err(|violation| violation.at(at, step)));
    let outcome = outcome.and_then(|()| world.end().map_err(|violation| violation.at(story.steps.len(), &"the end")));
    let counts = world.trouble.counts;
    let mut violations = world.violations;
    violations.extend(outcome.err());
    (violations, counts)
}

impl<'a> World<'a> {
    fn play(&mut self, step: Step) -> Result<(), Violation> {
        self.trouble.begin(&self.machine);
        self.now += SignedDuration::from_mins(1);
        if !matches!(step, Step::Gc { .. } | Step::Recompress { .. }) {
            self.sweeps = 0;
        }
        self.take(step)?;
        self.trouble.end(&self.machine);
        while self.machine.is_off() {
            self.power_on(0);
        }
        let at_first = self.violations.len();
        let looked = self.look();
        self.violations[at_first..].iter_mut().for_each(|violation| violation.step = format!("after `{step}`"));
        looked
    }

    fn take(&mut self, step: Step) -> Result<(), Violation> {
        match step {
            Step::Rows { table, state } => {
                self.live[usize::try_from(table).unwrap() % 4] = usize::try_from(state).unwrap()
            }
            Step::Start { tables, filter } => return self.start(tables, filter > 0),
            Step::Go { writer } => return self.go(writer),
            Step::Drop { writer } => {
                if let Some(at) = place(self.writers.len(), writer) {
                    self.writers.remove(at).leave();
                }
            }
            Step::Kill { writer } => {
                if let Some(at) = place(self.writers.len(), writer) {
                    self.trouble.counts.kills += 1;
                    let killed = self.writers.remove(at);
                    killed.process.end();
                }
            }
            Step::Open { snapshot } => return self.open_reader(snapshot),
            Step::Read { reader } => return self.read(reader),
            Step::Delete { snapshot } => return self.delete(snapshot),
            Step::Pin { snapshot } => return self.pin(snapshot),
            Step::Unpin { snapshot } => return self.unpin(snapshot),
            Step::Tag { snapshot } => return self.tag(snapshot),
            Step::Gc { keep } => return self.gc(usize::try_from(keep).unwrap()),
            Step::Recompress { packs } => return self.recompress(usize::try_from(packs).unwrap()),
            Step::Cut { after: 0, seed } => self.power_on(seed),
            Step::Cut { after, seed } => self.trouble.cut(&self.machine, after, seed),
            Step::Fail { after, lasting } => self.trouble.fail(&self.machine, after, lasting),
            Step::Full { room } => self.trouble.fill(&self.machine, room),
            Step::Heal => self.trouble.heal(&self.machine),
        }
        Ok(())
    }

    /// Everybody gone, the disk healed, swept until nothing is left to do.
    fn end(&mut self) -> Result<(), Violation> {
        self.trouble.heal(&self.machine);
        self.power_on(1);
        self.look()?;
        for _ in 0..3 {
            self.play(Step::Gc { keep: 1000 })?;
        }
        self.play(Step::Recompress { packs: 0 })?;
        for _ in 0..2 {
            self.play(Step::Gc { keep: 1000 })?;
        }
        for table in 0..3 {
            self.play(Step::Start { tables: 1 << table, filter: 0 })?;
            for _ in 0..3 {
                self.play(Step::Go { writer: 0 })?;
            }
        }
        self.check()
    }

    /// Power off and on: all processes are gone.
    fn power_on(&mut self, seed: u64) {
        self.writers.iter().for_each(|writer| writer.process.end());
        self.readers.iter().for_each(|(process, ..)| process.end());
        self.writers.clear();
        self.readers.clear();
        self.trouble.reboot(&self.machine, seed);
        self.looked.forget();
    }

    pub fn is_idle(&self) -> bool {
        self.writers.is_empty() && self.readers.is_empty()
    }

    pub fn open(&self, access: Access) -> Result<(Process, Store), StoreError> {
        let process = Process::new(&self.machine);
        let mut store = Store::open_on(Arc::new(process.clone()), Path::new(ROOT), access, Duration::ZERO)?;
        store.set_pack_size(self.pack);
        store.finish_packs_in_turn();
        Ok((process, store))
    }

    /// An error is a violation unless the disk is to blame.
    pub fn excuse<T>(&self, what: &str, outcome: Outcome<T>) -> Result<Option<T>, Violation> {
        match outcome {
            Ok(value) => Ok(Some(value)),
            Err(_) if self.trouble.has_struck(&self.machine) => Ok(None),
            Err(error) if self.trouble.is_full() && is_full(&*error) => Ok(None),
            Err(error) => Err(Violation::new(Kind::Refused, format!("{what}: {}", chain(&*error)))),
        }
    }

    fn start(&mut self, tables: u64, filtered: bool) -> Result<(), Violation> {
        if self.writers.len() + self.readers.len() >= MOST {
            return Ok(());
        }
        let cell = self.stores.next().expect("no story starts more writers than it has steps");
        let started = self
            .open(Access::Write)
            .map_err(Into::into)
            .and_then(|(process, store)| Writer::start(process, cell.get_or_init(|| store), tables, filtered));
        self.writers.extend(self.excuse("a writer starts", started)?);
        Ok(())
    }

    fn go(&mut self, writer: u64) -> Result<(), Violation> {
        let Some(at) = place(self.writers.len(), writer) else { return Ok(()) };
        let gone = self.writers[at].go(self.live, self.now);
        match self.excuse("a writer goes on", gone)? {
            Some(None) => return Ok(()),
            Some(Some(manifest)) => {
                let snapshot = self.writers[at].snapshot(&manifest);
                let published = self.writers[at].publish(&manifest);
                match self.excuse("a writer publishes", published)? {
                    Some(()) => self.memory.snapshots.push(snapshot),
                    None => self.memory.unsure.push(snapshot),
                }
            }
            None => {}
        }
        self.writers.remove(at).leave();
        Ok(())
    }

    fn open_reader(&mut self, number: u64) -> Result<(), Violation> {
        if self.writers.len() + self.readers.len() >= MOST {
            return Ok(());
        }
        let Some(snapshot) = self.memory.pick(number).cloned() else { return Ok(()) };
        let opened = self.excuse("a reader opens", self.open(Access::Read).map_err(Into::into))?;
        self.readers.extend(opened.map(|(process, store)| (process, store, snapshot)));
        Ok(())
    }

    fn read(&mut self, reader: u64) -> Result<(), Violation> {
        let Some(at) = place(self.readers.len(), reader) else { return Ok(()) };
        let (_process, store, snapshot) = self.readers.remove(at);
        super::look::snapshot(&store, &snapshot, &mut HashSet::new())
    }
}

impl Writer<'_> {
    /// Ends as a process ends that can clean up.
    fn leave(self) {
        let process = self.process.clone();
        drop(self);
        process.end();
    }
}

/// The one of `len` that a step's number means: 0 is the one that came last.
fn place(len: usize, number: u64) -> Option<usize> {
    let back = usize::try_from(number).unwrap().checked_rem(len)?;
    Some(len - 1 - back)
}

fn is_full(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::StorageFull) {
            return true;
        }
        next = error.source();
    }
    false
}

/// An error with its causes.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(&format!(": {error}"));
        source = error.source();
    }
    text
}
