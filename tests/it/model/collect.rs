//! Marks, deletions and sweeps, as the commands make them.

use super::look;
use super::memory::Memory;
use super::violation::{Kind, Violation};
use super::world::{World, chain};
use super::writer::Outcome;
use dbsnap::hash::Hash;
use dbsnap::monitor::Silent;
use dbsnap::snapshot::{Entry, History, Policy, Refs, Verdict, apply_retention, mark};
use dbsnap::store::{Access, Store, StoreError, Swept};
use dbsnap::tree::LeafForms;

const TAG: &str = "release";

impl World<'_> {
    /// The store with nobody beside; `None` if others are at work.
    fn exclusive(&mut self) -> Result<Option<Store>, Violation> {
        match self.open(Access::Exclusive) {
            Err(StoreError::Locked) if !self.is_idle() => Ok(None),
            Ok(_) if !self.is_idle() => {
                Err(Violation::new(Kind::Refused, "the store was opened exclusively beside others"))
            }
            opened => Ok(self.excuse("opened exclusively", opened.map_err(Into::into))?.map(|(_, store)| store)),
        }
    }

    pub fn delete(&mut self, number: u64) -> Result<(), Violation> {
        let Some(id) = self.memory.pick(number).map(|snapshot| snapshot.id) else { return Ok(()) };
        let Some(store) = self.exclusive()? else { return Ok(()) };
        if self.memory.pins.contains(&id) || self.memory.unsure_pins.contains(&id) {
            return Ok(());
        }
        let removed = remove(&mut self.memory, &store, &id);
        self.must_have_room("delete", removed).map(drop)
    }

    pub fn pin(&mut self, number: u64) -> Result<(), Violation> {
        let Some(id) = self.memory.pick(number).map(|snapshot| snapshot.id) else { return Ok(()) };
        self.memory.unsure_pins.insert(id);
        let pinned = self.open(Access::Write).and_then(|(_, store)| store.pin(&id, Some("because")));
        if self.excuse("pin", pinned.map_err(Into::into))?.is_some() {
            self.memory.unsure_pins.remove(&id);
            self.memory.pins.insert(id);
        }
        Ok(())
    }

    pub fn unpin(&mut self, number: u64) -> Result<(), Violation> {
        let Some(id) = self.memory.pick(number).map(|snapshot| snapshot.id) else { return Ok(()) };
        self.memory.pins.remove(&id);
        self.memory.unsure_pins.insert(id);
        let unpinned = self.open(Access::Write).and_then(|(_, store)| store.unpin(&id));
        if self.excuse("unpin", unpinned.map_err(Into::into))?.is_some() {
            self.memory.unsure_pins.remove(&id);
        }
        Ok(())
    }

    pub fn tag(&mut self, number: u64) -> Result<(), Violation> {
        let Some(id) = self.memory.pick(number).map(|snapshot| snapshot.id) else { return Ok(()) };
        self.memory.tag = None;
        let tagged = self.open(Access::Write).and_then(|(_, store)| store.set_tag(TAG, &id));
        if self.excuse("tag", tagged.map_err(Into::into))?.is_some() {
            self.memory.tag = Some(id);
        }
        Ok(())
    }

    /// Retention, then a sweep.
    pub fn gc(&mut self, keep: usize) -> Result<(), Violation> {
        let Some(store) = self.exclusive()? else { return Ok(()) };
        let swept = self.collect(&store, keep)?;
        drop(store);
        match self.must_have_room("gc", swept)? {
            Some(swept) if swept.not_deleted.is_empty() && !swept.out_of_space => self.sweeps += 1,
            _ => self.sweeps = 0,
        }
        if self.sweeps >= 2 { look::unneeded(self) } else { Ok(()) }
    }

    /// Compresses packs harder, as gc does after its sweep: those that come back are not cold any more.
    pub fn recompress(&mut self, packs: usize) -> Result<(), Violation> {
        let Some(store) = self.exclusive()? else { return Ok(()) };
        let done = || -> Outcome<_> {
            let mut cold = store.cold_packs(None)?;
            cold.truncate(if packs == 0 { cold.len() } else { packs });
            let done = store.recompress(&cold, &LeafForms, &Silent)?;
            Ok((done, cold, store.cold_packs(None)?))
        };
        let done = done();
        drop(store);
        let Some((done, chosen, left)) = self.must_have_room("recompress", done)? else { return Ok(()) };
        if let Some((path, reason)) = done.damaged.first().filter(|_| !self.trouble.has_struck(&self.machine)) {
            return Err(Violation::new(Kind::Damaged, format!("{}: {reason}", path.display())));
        }
        let all = !done.out_of_space && done.damaged.is_empty() && !self.trouble.has_struck(&self.machine);
        match left.iter().find(|pack| chosen.contains(pack)) {
            Some(pack) if all => Err(Violation::new(Kind::Unneeded, format!("{} is still cold", pack.name))),
            _ => Ok(()),
        }
    }

    fn collect(&mut self, store: &Store, keep: usize) -> Result<Outcome<Swept>, Violation> {
        let decided = || -> Outcome<_> {
            let history = History::load(store)?;
            if let Some((id, reason)) = history.unreadable.first() {
                return Err(format!("snapshot {id} cannot be read: {reason}").into());
            }
            let refs = Refs::load(store)?;
            mark(&history, store)?;
            let pins = refs.pins.keys().copied().collect();
            let verdicts = apply_retention(&history, Policy { per_table: keep, days: 30 }, self.now, &pins, &refs.tags);
            Ok((history, verdicts))
        };
        let (mut history, verdicts) = match decided() {
            Ok(decided) => decided,
            Err(error) => return Ok(Err(error)),
        };
        let going: Vec<Hash> =
            verdicts.iter().filter(|(_, verdict)| matches!(verdict, Verdict::Drop(_))).map(|(id, _)| *id).collect();
        for id in &going {
            self.may_go(&history.entries, id, keep)?;
        }
        for id in &going {
            if let Err(error) = remove(&mut self.memory, store, id) {
                return Ok(Err(error));
            }
        }
        history.entries.retain(|entry| !going.contains(&entry.id));
        let swept = || -> Outcome<_> {
            let live = mark(&history, store)?;
            Ok(store.sweep(&store.plan_sweep(&live, &Silent)?, &Silent)?)
        };
        Ok(swept())
    }

    /// What retention may let go, in words of its own: nothing that somebody holds on to, and of each table there is
    /// enough that is newer, all rows of it among that.
    fn may_go(&self, entries: &[Entry], id: &Hash, keep: usize) -> Result<(), Violation> {
        let held = self.memory.pins.contains(id) || self.memory.tag == Some(*id);
        let at = entries.iter().position(|entry| entry.id == *id).unwrap();
        let is_spare = entries[at].manifest.tables.iter().all(|table| {
            let newer = || entries[..at].iter().filter_map(|entry| entry.manifest.table(&table.table));
            let whole = table.filter.is_some() || newer().any(|newer| newer.filter.is_none());
            whole && newer().count() >= keep
        });
        if is_spare && !held { Ok(()) } else { Err(Violation::new(Kind::Deleted, format!("retention lets {id} go"))) }
    }

    /// As [`World::excuse`]; a full disk is no excuse: what gives room must not need any.
    fn must_have_room<T>(&self, what: &str, outcome: Outcome<T>) -> Result<Option<T>, Violation> {
        match outcome {
            Err(error) if !self.trouble.has_struck(&self.machine) => {
                Err(Violation::new(Kind::Refused, format!("{what}: {}", chain(&*error))))
            }
            outcome => Ok(outcome.ok()),
        }
    }
}

/// Deletes a snapshot: its tag first.
fn remove(memory: &mut Memory, store: &Store, id: &Hash) -> Outcome<()> {
    memory.doubt(id);
    for (tag, _) in Refs::load(store)?.tags.iter().filter(|(_, named)| *named == id) {
        memory.tag = None;
        store.remove_tag(tag)?;
    }
    store.remove_manifest(id)?;
    memory.forget(id);
    Ok(())
}
