//! Rows of `mods`, the main table: a row of about 480 bytes for every number.

use super::catalogue::SOURCES;
use super::people::CREATORS;
use super::random::{Random, cuid, moment};
use super::words::{COLORS, ENDINGS, MIDDLES, OPENINGS, SECTIONS, STYLES};
use crate::codec::Value;

/// Rows of `mods` in the demo database.
pub const MODS: u64 = 10_000;
pub(super) const MOD: u64 = 1;
pub(super) const SOURCE: u64 = 2;
pub(super) const CREATOR: u64 = 3;

/// Column names of [`mod_row`], in its order: the order of the table.
pub const MOD_COLUMNS: [&str; 18] = [
    "id",
    "title",
    "slug",
    "description",
    "content_type",
    "price",
    "download_count",
    "file_size",
    "rating",
    "is_published",
    "tags",
    "metadata",
    "thumbnail",
    "published_at",
    "created_at",
    "updated_at",
    "source_id",
    "creator_id",
];

pub(super) fn text(value: impl Into<String>) -> Value {
    Value::Text(value.into().into_bytes())
}

pub(super) fn number(value: u64) -> Value {
    Value::Int(i64::try_from(value).unwrap_or(i64::MAX))
}

pub(super) fn id(table: u64, row: u64) -> Value {
    text(cuid(table, row))
}

/// Letters and digits of a title, in lower case, joined by hyphens, and the row's number, which makes it unique.
fn slug(title: &str, row: u64) -> String {
    format!("{}-{row}", title.to_ascii_lowercase().replace(' ', "-"))
}

/// The values of row `row` of `mods` as SQLite stores them, in the order of [`MOD_COLUMNS`]. The same number is always
/// the same row; any number may be asked for, also beyond [`MODS`].
pub fn mod_row(row: u64) -> Vec<Value> {
    let mut random = Random::of(MOD, row);
    let section = random.pick(&SECTIONS);
    let (style, thing) = (random.pick(&STYLES), random.pick(section.things));
    let made_of = if section.made_of.is_empty() { "" } else { random.pick(section.made_of) };
    let title = [style, made_of, thing].into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let swatches = 2 + random.below(30);
    let description = format!(
        "{} {}. {} {}",
        random.pick(&OPENINGS),
        random.pick(section.places),
        random.pick(&MIDDLES).replace("%N", &swatches.to_string()),
        random.pick(&ENDINGS),
    );
    let (color, other) = (random.pick(&COLORS), random.pick(&COLORS));
    let tags = format!("[\"{}\",\"{color}\",\"{}\"]", style.to_lowercase(), thing.to_lowercase());
    let polygons = 180 + random.below(9000);
    let metadata = if section.has_gender {
        let gender = random.pick(&["female", "male", "unisex"]);
        format!("{{\"gender\":\"{gender}\",\"polygons\":{polygons},\"swatches\":{swatches},\"accent\":\"{other}\"}}")
    } else {
        format!(
            "{{\"polygons\":{polygons},\"swatches\":{swatches},\"accent\":\"{other}\",\"baseGame\":{}}}",
            random.chance(80)
        )
    };
    let is_published = random.chance(92);
    let created = moment(&mut random, 2024, 0..366);
    let published = if is_published { text(moment(&mut random, 2025, 0..180)) } else { Value::Null };
    // Prices end in .49 or .99, so SQLite keeps them as REAL in its DECIMAL column.
    let price = if random.chance(40) { Value::Real(f64::from(price_cents(&mut random)) / 100.0) } else { Value::Null };
    let rating =
        if random.chance(70) { Value::Real((30.0 + f64::from(small(&mut random, 21))) / 10.0) } else { Value::Null };
    vec![
        id(MOD, row),
        text(title.as_str()),
        text(slug(&title, row)),
        if random.chance(97) { text(description) } else { Value::Null },
        text(section.content_type),
        price,
        Value::Int(random.skewed(60_000)),
        number(40_000 + random.below(80_000_000)),
        rating,
        Value::Int(i64::from(is_published)),
        text(tags),
        text(metadata),
        if random.chance(3) { Value::Blob(thumbnail(&mut random)) } else { Value::Null },
        published,
        text(created),
        text(moment(&mut random, 2025, 180..388)),
        if random.chance(90) { id(SOURCE, random.below(SOURCES)) } else { Value::Null },
        if random.chance(75) { id(CREATOR, random.below(CREATORS)) } else { Value::Null },
    ]
}

/// The first `count` rows of `mods`, for benchmarks.
pub fn mod_rows(count: u64) -> impl Iterator<Item = Vec<Value>> {
    (0..count).map(mod_row)
}

fn small(random: &mut Random, end: u64) -> u32 {
    u32::try_from(random.below(end)).unwrap_or(0)
}

fn price_cents(random: &mut Random) -> u32 {
    small(random, 15) * 100 + random.pick(&[49, 99])
}

/// Bytes that begin as a PNG file does.
fn thumbnail(random: &mut Random) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    for _ in 0..12 {
        bytes.extend_from_slice(&random.next().to_le_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::row;

    #[test]
    fn rows_are_pinned_in_size_and_never_change() {
        assert_eq!(mod_row(7), mod_row(7));
        assert_eq!(mod_row(0).len(), MOD_COLUMNS.len());
        let bytes: usize = mod_rows(1000).map(|values| row::encode(&values).len()).sum();
        assert!((430..530).contains(&(bytes / 1000)), "{} bytes a row", bytes / 1000);
    }

    #[test]
    fn json_columns_hold_json() {
        for values in mod_rows(200) {
            for column in [10, 11] {
                let Value::Text(json) = &values[column] else { panic!("no text") };
                serde_json::from_slice::<serde_json::Value>(json).unwrap();
            }
        }
    }
}
