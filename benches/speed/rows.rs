//! Rows for the table `mods` of a made-up shop for game modifications: about 480 bytes each as COPY text, of which most
//! is prose, the same on every machine.

use std::fmt::Write;

/// Where the ids of consecutive rows lie in key order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ids {
    /// Ascending, as cuids and sequences are.
    InOrder,
    /// Anywhere, as random UUIDs are.
    AtRandom,
}

/// One row, its columns in the table's order.
pub struct Mod {
    pub id: String,
    pub title: String,
    pub slug: String,
    pub description: Option<String>,
    pub content_type: &'static str,
    /// In cents.
    pub price: Option<u64>,
    pub download_count: u64,
    pub file_size: Option<u64>,
    pub rating: Option<f64>,
    pub is_published: bool,
    pub tags: Vec<String>,
    /// JSON text.
    pub metadata: Option<String>,
    pub thumbnail: Option<Vec<u8>>,
    /// Milliseconds since 2024-01-01, as the next two.
    pub published_at: Option<u64>,
    pub created_at: u64,
    pub updated_at: u64,
    pub source_id: Option<String>,
    pub creator_id: Option<String>,
}

const TYPES: [&str; 8] = ["furniture", "mod", "hair", "clothing", "mod", "mod", "lot", "mod"];
const YEAR_MS: u64 = 365 * 24 * 3600 * 1000;

/// Makes rows, each from its number alone.
pub struct Rows {
    words: Vec<String>,
    ids: Ids,
}

impl Rows {
    /// Rows with ids of that kind.
    pub fn new(ids: Ids) -> Rows {
        let mut random = Random(1);
        // A tenth as many words as a dictionary has, used as unevenly: that is what makes prose compress as it does.
        Rows { words: (0..6000).map(|_| word(&mut random)).collect(), ids }
    }

    /// Row number `number`.
    pub fn row(&self, number: u64) -> Mod {
        let mut random = Random(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5eed);
        let id = match self.ids {
            Ids::InOrder => format!("cm{number:09}{:012x}", random.next() >> 16),
            Ids::AtRandom => uuid(&mut random),
        };
        let length = 2 + random.below(4);
        let title = self.prose(&mut random, length);
        let created_at = random.below(YEAR_MS);
        let length = 15 + random.below(29);
        Mod {
            slug: format!("{}-{}", title.replace(' ', "-"), &id[id.len() - 8..]).to_lowercase() + &number.to_string(),
            description: random.chance(92).then(|| self.prose(&mut random, length)),
            content_type: TYPES[random.index(TYPES.len())],
            price: random.chance(40).then(|| 99 + 50 * random.below(60)),
            download_count: random.below(1000) * random.below(1000),
            file_size: random.chance(90).then(|| 1024 + random.below(200_000_000)),
            rating: random.chance(70).then(|| f64::from(u32::try_from(random.below(50)).unwrap_or(0)) / 10.0),
            is_published: random.chance(80),
            tags: (0..random.below(5)).map(|_| self.word(&mut random).to_owned()).collect(),
            metadata: random.chance(60).then(|| self.metadata(&mut random)),
            thumbnail: random.chance(5).then(|| (0..4).flat_map(|_| random.next().to_le_bytes()).collect()),
            published_at: random.chance(80).then(|| created_at + random.below(10_000_000)),
            created_at,
            updated_at: created_at + random.below(YEAR_MS),
            source_id: random.chance(60).then(|| format!("source_{:04}", random.below(300))),
            creator_id: random.chance(70).then(|| format!("creator_{:06}", random.below(20_000))),
            title,
            id,
        }
    }

    fn word(&self, random: &mut Random) -> &str {
        // The product of three even numbers falls on small ones most of the time.
        let (a, b, c) = (random.index(1000), random.index(1000), random.index(1000));
        &self.words[a * b / 1000 * c / 1000 * self.words.len() / 1000]
    }

    fn prose(&self, random: &mut Random, words: u64) -> String {
        let mut text = String::new();
        for at in 0..words {
            let word = self.word(random);
            if at == 0 {
                text.push_str(&word[..1].to_uppercase());
                text.push_str(&word[1..]);
            } else {
                text.push_str(if random.chance(8) { ", " } else { " " });
                text.push_str(word);
            }
        }
        text
    }

    fn metadata(&self, random: &mut Random) -> String {
        let (version, polygons) = (random.below(9), random.below(90_000));
        let author = self.word(random);
        format!(
            "{{\"version\": \"1.{version}\", \"polygons\": {polygons}, \"author\": \"{author}\", \"recolor\": {}}}",
            random.chance(50)
        )
    }
}

impl Mod {
    /// Appends the row in PostgreSQL's COPY text form. No value needs escaping: none holds a tab, newline or backslash.
    pub fn copy_text(&self, out: &mut String) {
        let thumbnail = self.thumbnail.as_ref().map(|bytes| {
            bytes.iter().fold(String::from("\\\\x"), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            })
        });
        let columns: [Option<String>; 18] = [
            Some(self.id.clone()),
            Some(self.title.clone()),
            Some(self.slug.clone()),
            self.description.clone(),
            Some(self.content_type.to_owned()),
            self.price.map(|cents| format!("{}.{:02}", cents / 100, cents % 100)),
            Some(self.download_count.to_string()),
            self.file_size.map(|size| size.to_string()),
            self.rating.map(|rating| rating.to_string()),
            Some(if self.is_published { "t" } else { "f" }.to_owned()),
            Some(format!("{{{}}}", self.tags.join(","))),
            self.metadata.clone(),
            thumbnail,
            self.published_at.map(|at| iso(at) + "+00"),
            Some(iso(self.created_at)),
            Some(iso(self.updated_at)),
            self.source_id.clone(),
            self.creator_id.clone(),
        ];
        for (at, column) in columns.iter().enumerate() {
            out.push_str(if at == 0 { "" } else { "\t" });
            out.push_str(column.as_deref().unwrap_or("\\N"));
        }
        out.push('\n');
    }
}

/// A point in time from milliseconds since 2024-01-01, of years of 12 months of 28 days: valid and in order.
pub fn iso(ms: u64) -> String {
    let (days, ms) = (ms / 86_400_000, ms % 86_400_000);
    let (year, month, day) = (2024 + days / 336, days % 336 / 28 + 1, days % 28 + 1);
    let (h, m, s) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
    format!("{year}-{month:02}-{day:02} {h:02}:{m:02}:{s:02}.{:03}", ms % 1000)
}

fn word(random: &mut Random) -> String {
    const ONSETS: [&str; 16] = ["b", "br", "c", "d", "f", "g", "l", "m", "n", "p", "r", "s", "st", "t", "tr", "w"];
    const RIMES: [&str; 16] =
        ["a", "e", "i", "o", "ai", "an", "ar", "en", "er", "in", "on", "or", "ost", "ight", "um", "ell"];
    let syllables = 1 + random.index(3);
    (0..syllables).map(|_| ONSETS[random.index(16)].to_owned() + RIMES[random.index(16)]).collect()
}

fn uuid(random: &mut Random) -> String {
    let (high, low) = (random.next(), random.next());
    let variant = 0x8000 | (low >> 48 & 0x3fff);
    format!(
        "{:08x}-{:04x}-4{:03x}-{variant:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low & 0xffff_ffff_ffff
    )
}

/// SplitMix64 (Steele, Lea and Flood 2014): small, and good enough for made-up rows.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is small enough for the bias not to matter.
    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn index(&mut self, end: usize) -> usize {
        usize::try_from(self.below(end as u64)).unwrap_or(0)
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}
