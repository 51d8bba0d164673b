//! Numbers that look random and are the same everywhere: splitmix64 (Steele, Lea, Flood: "Fast splittable pseudorandom
//! number generators", 2014).

use std::ops::Range;

/// A stream of numbers that depends on its seed only.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    /// The stream of row `row` of the table numbered `table`.
    pub(super) fn of(table: u64, row: u64) -> Random {
        let mut random = Random(table.wrapping_mul(0xd1b5_4a32_d192_ed03) ^ row.wrapping_mul(0x9e6c_63d0_876a_9a47));
        random.next();
        random
    }

    /// The next 64 bits.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which must not be 0.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        // The bias is below 2^-40 for the small ranges used here.
        self.next() % end.max(1)
    }

    /// A position in a list of `len`, which must not be 0.
    pub(super) fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap_or(0)
    }

    /// One of `choices`, which must not be empty.
    pub(super) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.index(choices.len())]
    }

    /// True in `percent` of 100 cases.
    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// A number below `end`, small ones far more often than large ones.
    pub(super) fn skewed(&mut self, end: u64) -> i64 {
        let (a, b, c) = (self.below(1000), self.below(1000), self.below(1000));
        i64::try_from(end * a / 1000 * b / 1000 * c / 1000).unwrap_or(0)
    }
}

/// A name in the form of a cuid: `c` and 24 letters and digits.
pub(super) fn cuid(table: u64, row: u64) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut random = Random::of(table.wrapping_add(1000), row);
    let mut id = String::with_capacity(25);
    id.push('c');
    for _ in 0..24 {
        id.push(char::from(random.pick(DIGITS)));
    }
    id
}

/// A name in the form of a random UUID.
pub(super) fn uuid(table: u64, row: u64) -> String {
    let mut random = Random::of(table.wrapping_add(2000), row);
    let (high, low) = (random.next(), random.next());
    let variant = 0x8000 | ((low >> 48) & 0x3fff);
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        variant,
        low & 0xffff_ffff_ffff
    )
}

/// A moment in the days `days` of `year` (0 is the first of January), as Prisma's adapters store it in SQLite.
pub(super) fn moment(random: &mut Random, year: i16, days: Range<u64>) -> String {
    let seconds = days.start * 86_400 + random.below((days.end - days.start) * 86_400);
    let millis = i64::try_from(seconds * 1000 + random.below(1000)).unwrap_or(0);
    let start = jiff::civil::date(year, 1, 1).at(0, 0, 0, 0);
    let at = start.saturating_add(jiff::SignedDuration::from_millis(millis));
    format!("{}+00:00", at.strftime("%Y-%m-%dT%H:%M:%S%.3f"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_pinned() {
        assert_eq!(Random(0).next(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(cuid(1, 1), cuid(1, 1));
        assert_ne!(cuid(1, 1), cuid(1, 2));
        assert_eq!(uuid(1, 1).len(), 36);
        let mut random = Random::of(1, 1);
        let at = moment(&mut random, 2024, 0..10);
        assert!(at.starts_with("2024-01-") && at.ends_with("+00:00") && at.len() == 29, "{at}");
    }
}
