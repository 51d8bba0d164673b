//! What goes wrong with the machine, and whether an error is excused by it.

use dbsnap::fsio::Simulated;
use std::collections::VecDeque;
use std::io::ErrorKind;

#[derive(Debug, Default)]
pub struct Trouble {
    /// Power cuts that wait: operations until then, and what they leave.
    cuts: VecDeque<(u64, u64)>,
    /// The seed of the cut that is armed.
    armed: Option<u64>,
    /// The operation that fails, and whether all later ones do.
    fault: Option<(u64, bool)>,
    full: bool,
    /// Operations when the step began.
    began: u64,
    pub counts: Counts,
}

/// How much has gone wrong.
#[derive(Debug, Default, Clone, Copy)]
pub struct Counts {
    pub cuts: u64,
    pub faults: u64,
    pub full: u64,
    pub kills: u64,
}

impl Counts {
    pub fn add(&mut self, other: &Counts) {
        self.cuts += other.cuts;
        self.faults += other.faults;
        self.full += other.full;
        self.kills += other.kills;
    }
}

impl Trouble {
    pub fn begin(&mut self, machine: &Simulated) {
        self.began = machine.operations();
    }

    /// Arms a power cut, or lets it wait for the one before it.
    pub fn cut(&mut self, machine: &Simulated, after: u64, seed: u64) {
        self.cuts.push_back((after, seed));
        self.arm(machine);
    }

    fn arm(&mut self, machine: &Simulated) {
        if self.armed.is_none()
            && let Some((after, seed)) = self.cuts.pop_front()
        {
            self.armed = Some(seed);
            machine.crash_at(machine.operations() + after.max(1));
        }
    }

    /// Switches the machine on again.
    pub fn reboot(&mut self, machine: &Simulated, seed: u64) {
        machine.reboot(self.armed.take().unwrap_or(seed));
        self.fault = None;
        self.counts.cuts += 1;
        self.arm(machine);
    }

    pub fn fail(&mut self, machine: &Simulated, after: u64, lasting: bool) {
        let at = machine.operations() + after.max(1);
        self.fault = Some((at, lasting));
        machine.fail_at(at, ErrorKind::Other, lasting);
    }

    pub fn fill(&mut self, machine: &Simulated, room: u64) {
        self.full = true;
        self.counts.full += 1;
        machine.set_capacity(Some(machine.used() + room));
    }

    pub fn heal(&mut self, machine: &Simulated) {
        self.fault = None;
        self.full = false;
        machine.heal();
        machine.set_capacity(None);
    }

    pub fn is_full(&self) -> bool {
        self.full
    }

    /// Whether an operation of this step met with a fault or a power cut.
    pub fn has_struck(&self, machine: &Simulated) -> bool {
        let now = machine.operations();
        machine.is_off() || self.fault.is_some_and(|(at, lasting)| at <= now && (lasting || at > self.began))
    }

    /// A fault that strikes once is over with its step.
    pub fn end(&mut self, machine: &Simulated) {
        let struck = self.has_struck(machine) && !machine.is_off();
        self.counts.faults += u64::from(struck);
        if struck && self.fault.is_some_and(|(_, lasting)| !lasting) {
            self.fault = None;
        }
    }
}
