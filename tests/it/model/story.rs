//! A story: the steps of one run, as data. They can be made from a seed, written down, read again and left out one by
//! one.

use crate::tree::model::Dice;
use std::fmt;

/// One thing that happens. Numbers that name a writer or a snapshot are taken modulo those that there are; a step that
/// finds nothing to do does nothing. So whatever is left of a story is a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The live rows of a table become those of a state.
    Rows {
        table: u64,
        state: u64,
    },
    /// A writer opens the store and reads its history. `tables` is a set of bits; `filter` 0 takes all rows.
    Start {
        tables: u64,
        filter: u64,
    },
    /// A writer does the next of: read the rows and build a table's tree (once for each table), seal, publish.
    Go {
        writer: u64,
    },
    /// A writer gives up and cleans up.
    Drop {
        writer: u64,
    },
    /// A writer is killed.
    Kill {
        writer: u64,
    },
    /// A reader opens the store for a snapshot.
    Open {
        snapshot: u64,
    },
    /// A reader reads all rows of its snapshot and leaves.
    Read {
        reader: u64,
    },
    Delete {
        snapshot: u64,
    },
    Pin {
        snapshot: u64,
    },
    Unpin {
        snapshot: u64,
    },
    Tag {
        snapshot: u64,
    },
    /// Retention with so many snapshots for each table, and a sweep.
    Gc {
        keep: u64,
    },
    /// So many packs, or all if that is 0, are compressed harder.
    Recompress {
        packs: u64,
    },
    /// The power goes `after` operations from now, or at once if that is 0. What survives, `seed` decides. Cuts wait in
    /// line: the next one counts from when the power is back.
    Cut {
        after: u64,
        seed: u64,
    },
    /// An operation fails: once, or all from then on until they are healed.
    Fail {
        after: u64,
        lasting: bool,
    },
    /// So many bytes are free.
    Full {
        room: u64,
    },
    /// The disk is as it should be again.
    Heal,
}

/// A store with packs of about `pack` bytes, and what happens to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Story {
    pub pack: u64,
    pub steps: Vec<Step>,
}

impl Step {
    fn parts(&self) -> (&'static str, Vec<u64>) {
        match *self {
            Step::Rows { table, state } => ("rows", vec![table, state]),
            Step::Start { tables, filter } => ("start", vec![tables, filter]),
            Step::Go { writer } => ("go", vec![writer]),
            Step::Drop { writer } => ("drop", vec![writer]),
            Step::Kill { writer } => ("kill", vec![writer]),
            Step::Open { snapshot } => ("open", vec![snapshot]),
            Step::Read { reader } => ("read", vec![reader]),
            Step::Delete { snapshot } => ("delete", vec![snapshot]),
            Step::Pin { snapshot } => ("pin", vec![snapshot]),
            Step::Unpin { snapshot } => ("unpin", vec![snapshot]),
            Step::Tag { snapshot } => ("tag", vec![snapshot]),
            Step::Gc { keep } => ("gc", vec![keep]),
            Step::Recompress { packs } => ("recompress", vec![packs]),
            Step::Cut { after, seed } => ("cut", vec![after, seed]),
            Step::Fail { after, lasting } => ("fail", vec![after, u64::from(lasting)]),
            Step::Full { room } => ("full", vec![room]),
            Step::Heal => ("heal", vec![]),
        }
    }

    fn read(text: &str) -> Option<Step> {
        let mut words = text.split_whitespace();
        let name = words.next()?;
        let numbers: Vec<u64> = words.map(|word| word.parse().ok()).collect::<Option<_>>()?;
        Some(match (name, &numbers[..]) {
            ("rows", &[table, state]) => Step::Rows { table, state },
            ("start", &[tables, filter]) => Step::Start { tables, filter },
            ("go", &[writer]) => Step::Go { writer },
            ("drop", &[writer]) => Step::Drop { writer },
            ("kill", &[writer]) => Step::Kill { writer },
            ("open", &[snapshot]) => Step::Open { snapshot },
            ("read", &[reader]) => Step::Read { reader },
            ("delete", &[snapshot]) => Step::Delete { snapshot },
            ("pin", &[snapshot]) => Step::Pin { snapshot },
            ("unpin", &[snapshot]) => Step::Unpin { snapshot },
            ("tag", &[snapshot]) => Step::Tag { snapshot },
            ("gc", &[keep]) => Step::Gc { keep },
            ("recompress", &[packs]) => Step::Recompress { packs },
            ("cut", &[after, seed]) => Step::Cut { after, seed },
            ("fail", &[after, lasting]) => Step::Fail { after, lasting: lasting != 0 },
            ("full", &[room]) => Step::Full { room },
            ("heal", &[]) => Step::Heal,
            _ => return None,
        })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, numbers) = self.parts();
        f.write_str(name)?;
        numbers.iter().try_for_each(|number| write!(f, " {number}"))
    }
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pack {}", self.pack)?;
        self.steps.iter().try_for_each(|step| write!(f, "; {step}"))
    }
}

impl Story {
    /// Reads what `Display` wrote.
    pub fn read(text: &str) -> Story {
        let mut parts = text.split(';').map(str::trim);
        let pack = parts.next().and_then(|part| part.strip_prefix("pack ")?.parse().ok());
        let step = |part: &str| Step::read(part).unwrap_or_else(|| panic!("`{part}` is no step"));
        Story { pack: pack.expect("a story begins with `pack BYTES`"), steps: parts.map(step).collect() }
    }

    /// The story of a seed.
    pub fn of_seed(seed: u64) -> Story {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        // One object in each pack; a few; a snapshot; all.
        let pack = [1, 700, 1500, 4000, 100_000][dice.roll(5) as usize];
        let mut plot = Plot {
            is_calm: dice.roll(3) == 0,
            wide: dice.roll(10) == 0,
            narrow: dice.roll(2) == 0,
            states: 3 + dice.roll(4),
            dice,
            aside: Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5eed),
            steps: Vec::new(),
        };
        let scenes = 5 + plot.dice.roll(9);
        for _ in 0..scenes {
            plot.scene();
        }
        Story { pack, steps: plot.steps }
    }
}

/// A story that is being made.
struct Plot {
    dice: Dice,
    /// For what comes between the other steps, which are the same without it.
    aside: Dice,
    /// Whether nothing ever fails.
    is_calm: bool,
    /// Whether the table of several leaves takes part, which costs time.
    wide: bool,
    /// Whether nearly all is about one table.
    narrow: bool,
    /// How many states tables take.
    states: u64,
    steps: Vec<Step>,
}

impl Plot {
    fn scene(&mut self) {
        match self.dice.roll(if self.is_calm { 10 } else { 14 }) {
            0..=2 => self.snapshots(),
            3 => self.one_is_late(),
            4 => self.beside_one_that_stays(),
            5 | 6 => {
                self.go_and_come();
            }
            7 => self.gc(),
            8 => {
                let step = match self.dice.roll(4) {
                    0 => Step::Tag { snapshot: self.any() },
                    1 => Step::Unpin { snapshot: self.any() },
                    _ => Step::Pin { snapshot: self.any() },
                };
                self.steps.push(step);
            }
            9 => {
                let snapshot = self.any();
                self.steps.push(Step::Open { snapshot });
                self.snapshots();
                self.steps.push(Step::Read { reader: snapshot });
            }
            10 | 11 => self.power_cut(),
            12 => {
                let (after, lasting) = (1 + self.dice.roll(40), self.dice.roll(3) == 0);
                self.steps.push(Step::Fail { after, lasting });
                self.in_trouble();
            }
            _ => {
                let room = self.dice.roll(4) * self.dice.roll(1500);
                self.steps.push(Step::Full { room });
                self.in_trouble();
            }
        }
    }

    /// What is done on a disk that fails, until it is healed.
    fn in_trouble(&mut self) {
        for _ in 0..1 + self.dice.roll(2) {
            match self.dice.roll(3) {
                0 => {
                    let snapshot = self.any();
                    self.steps.push(Step::Delete { snapshot });
                    self.gc();
                }
                _ => self.snapshots(),
            }
        }
        if self.dice.roll(4) > 0 {
            self.steps.push(Step::Heal);
        } else {
            self.power_cut();
        }
    }

    fn power_cut(&mut self) {
        let cuts = 1 + self.dice.roll(3);
        self.many(cuts, |plot| Step::Cut { after: plot.dice.roll(5) * plot.dice.roll(10), seed: plot.any() });
    }

    fn gc(&mut self) {
        let runs = 1 + self.dice.roll(2);
        let keep = 1 + self.dice.roll(6);
        for _ in 0..runs {
            self.steps.push(Step::Gc { keep });
            if self.aside.roll(3) == 0 {
                let packs = self.aside.roll(4);
                self.steps.push(Step::Recompress { packs });
            }
        }
    }

    /// One to three writers, interleaved, while rows change; most come to their end.
    fn snapshots(&mut self) {
        let writers = [1, 1, 2, 2, 3][self.dice.roll(5) as usize];
        let (mut to_start, mut to_go) = (writers, 0);
        while to_start > 0 || to_go > 0 {
            match self.dice.roll(10) {
                0..=2 => self.rows(),
                3..=5 if to_start > 0 => {
                    let tables = self.tables();
                    let filter = self.dice.roll(8) / 6;
                    self.steps.push(Step::Start { tables, filter });
                    to_start -= 1;
                    to_go += 2 + u64::from(tables.count_ones());
                }
                6 if self.dice.roll(4) == 0 => {
                    let writer = self.any();
                    let kill = self.dice.roll(2) == 0;
                    self.steps.push(if kill { Step::Kill { writer } } else { Step::Drop { writer } });
                }
                7 if self.dice.roll(30) == 0 => return,
                _ if to_go > 0 => {
                    // Those that began first take long.
                    let writer = self.any() * self.dice.roll(2);
                    self.steps.push(Step::Go { writer });
                    to_go -= 1;
                }
                _ => {}
            }
        }
    }

    /// A writer has read its rows when others take two snapshots, the second of the very rows that it has: their leaf
    /// comes twice, drawn from different ones. Then some of the snapshots go.
    fn one_is_late(&mut self) {
        let [table, first, other] = [self.dice.roll(3), self.dice.roll(self.states), self.dice.roll(self.states)];
        let tables = 1 << table;
        self.snapshot(tables, 1);
        self.steps.extend([
            Step::Rows { table, state: first },
            Step::Start { tables, filter: 0 },
            Step::Go { writer: 0 },
        ]);
        self.steps.push(Step::Rows { table, state: other });
        self.snapshot(tables, 1);
        self.steps.push(Step::Rows { table, state: first });
        self.snapshot(tables, 1);
        self.steps.extend([Step::Go { writer: 0 }; 2]);
        self.go_and_come();
    }

    /// A table that changes is in one pack with one that does not, which keeps the pack. Then its rows go back to what
    /// they were.
    fn beside_one_that_stays(&mut self) {
        let [table, first, other] = [self.dice.roll(2), self.dice.roll(self.states), self.dice.roll(self.states)];
        self.steps.push(Step::Rows { table, state: other });
        self.snapshot(1 << table, 1);
        self.steps.push(Step::Rows { table, state: first });
        self.snapshot(4 | 1 << table, 2);
        self.snapshot(4, 1);
        self.steps.push(Step::Rows { table, state: other });
        self.go_and_come();
        self.steps.push(Step::Rows { table, state: first });
        self.snapshot(1 << table, 1);
    }

    fn go_and_come(&mut self) {
        let snapshots = 1 + self.dice.roll(4);
        self.many(snapshots, |plot| Step::Delete { snapshot: plot.any() });
        self.gc();
    }

    fn snapshot(&mut self, tables: u64, trees: u32) {
        self.steps.push(Step::Start { tables, filter: 0 });
        self.many(u64::from(trees) + 2, |_| Step::Go { writer: 0 });
    }

    fn rows(&mut self) {
        let table = if self.wide { self.dice.roll(4) } else { self.dice.roll(3) };
        let table = if self.narrow { 0 } else { table };
        let state = self.dice.roll(self.states);
        self.steps.push(Step::Rows { table, state });
    }

    fn tables(&mut self) -> u64 {
        if self.narrow && self.dice.roll(4) > 0 {
            return 1;
        }
        match self.dice.roll(8) {
            0..=2 => 1,
            3 => 2,
            4 => 3,
            5 => 5,
            6 => 4,
            _ if self.wide => 8,
            _ => 1,
        }
    }

    fn any(&mut self) -> u64 {
        self.dice.roll(1000)
    }

    fn many(&mut self, times: u64, step: impl Fn(&mut Plot) -> Step) {
        for _ in 0..times {
            let step = step(self);
            self.steps.push(step);
        }
    }
}
