//! What orders the mods: sources, their jobs, categories and facets.

use super::content::{MOD, MODS, SOURCE, id, number, text};
use super::random::{Random, moment};
use super::words::{COLORS, MATERIALS, STYLES};
use crate::codec::Value;

pub(super) const SOURCES: u64 = 10;
pub(super) const JOBS: u64 = 500;
pub(super) const CATEGORIES: u64 = 50;
pub(super) const FACETS: u64 = 100;
const CATEGORY: u64 = 8;
const FACET: u64 = 9;
const JOB: u64 = 10;

const SITES: [&str; 10] = [
    "Mod Harbour",
    "Pixel Attic",
    "The Swatch Book",
    "Lot & Found",
    "Meshworks",
    "Cottage Files",
    "Night Market Mods",
    "Open Wardrobe",
    "Brick by Brick",
    "Garden Shed",
];
const ROOTS: [&str; 10] = [
    "Furniture",
    "Lighting",
    "Decor",
    "Clothing",
    "Hair",
    "Doors and Windows",
    "Floors",
    "Garden",
    "Careers",
    "Tuning",
];
const BRANCHES: [&str; 4] = ["New", "Classics", "Small Spaces", "Sets"];
const ROOMS: [&str; 20] = [
    "attic",
    "balcony",
    "basement",
    "bathroom",
    "bedroom",
    "cafe",
    "dining room",
    "garage",
    "garden",
    "hallway",
    "kitchen",
    "library",
    "living room",
    "loft",
    "nursery",
    "office",
    "porch",
    "shop",
    "studio",
    "terrace",
];

fn slug(words: &str) -> String {
    words.to_lowercase().replace(" & ", " ").replace(' ', "-")
}

pub(super) fn source(row: u64) -> Vec<Value> {
    let mut random = Random::of(SOURCE, row);
    let name = SITES[usize::try_from(row).unwrap_or(0) % SITES.len()];
    let config = format!("{{\"selector\":\".card\",\"pages\":{},\"respectRobots\":true}}", 5 + random.below(60));
    let quarters = u32::try_from(1 + random.below(12)).unwrap_or(1);
    vec![
        id(SOURCE, row),
        text(name),
        text(format!("https://{}.example.com", slug(name))),
        Value::Int(i64::from(row != 9)),
        if row == 9 { Value::Null } else { text(config) },
        Value::Real(f64::from(quarters) / 4.0),
        if row == 9 { Value::Null } else { text(moment(&mut random, 2026, 0..20)) },
        text(moment(&mut random, 2023, 0..200)),
        text(moment(&mut random, 2025, 0..388)),
    ]
}

pub(super) fn job(row: u64) -> Vec<Value> {
    let mut random = Random::of(JOB, row);
    let status = random.pick(&["DONE", "DONE", "DONE", "DONE", "FAILED", "PENDING", "RUNNING"]);
    let started = moment(&mut random, 2025, 0..388);
    // Jobs take less than a minute: the same minute, the last second.
    let finished = format!("{}59.999+00:00", &started[..17]);
    let errors = if status == "FAILED" { "[{\"page\":3,\"message\":\"timed out after 30 s\"}]" } else { "[]" };
    vec![
        number(row + 1),
        id(SOURCE, random.below(SOURCES)),
        text(status),
        if status == "PENDING" { Value::Null } else { text(started.as_str()) },
        if status == "DONE" || status == "FAILED" { text(finished) } else { Value::Null },
        Value::Int(if status == "DONE" { random.skewed(400) } else { 0 }),
        text(errors),
        text(started),
    ]
}

/// Ten roots with four children each; a child's parent stands before it.
pub(super) fn category(row: u64) -> Vec<Value> {
    let roots = ROOTS.len() as u64;
    let root = ROOTS[usize::try_from(row % roots).unwrap_or(0)];
    let (name, path, parent) = if row < roots {
        (root.to_owned(), format!("/{}", slug(root)), Value::Null)
    } else {
        let branch = BRANCHES[usize::try_from(row / roots - 1).unwrap_or(0) % BRANCHES.len()];
        (format!("{root}: {branch}"), format!("/{}/{}", slug(root), slug(branch)), id(CATEGORY, row % roots))
    };
    let slug = path.trim_start_matches('/').replace('/', "-");
    vec![id(CATEGORY, row), text(name), text(slug), text(path), number(u64::from(row >= roots)), parent]
}

/// One or two categories for each mod: (category, mod), each pair once.
pub(super) fn categorised() -> impl Iterator<Item = Vec<Value>> {
    (0..MODS).flat_map(|row| {
        let mut random = Random::of(CATEGORY, row);
        let (first, count) = (random.below(CATEGORIES), 1 + random.below(2));
        (0..count).map(move |step| vec![id(CATEGORY, (first + step * 7) % CATEGORIES), id(MOD, row)])
    })
}

/// A hundred facets: styles, materials, colours, rooms, genders and what is left of ages.
pub(super) fn facet(row: u64) -> Vec<Value> {
    let groups: [(&str, &[&str]); 6] = [
        ("style", &STYLES),
        ("material", &MATERIALS),
        ("color", &COLORS),
        ("room", &ROOMS),
        ("gender", &["female", "male", "unisex"]),
        ("age", &["toddler", "child", "teen", "adult", "elder"]),
    ];
    let mut position = usize::try_from(row).unwrap_or(0);
    let mut found = ("feature", format!("feature-{row}"));
    for (facet_type, values) in groups {
        if let Some(value) = values.get(position) {
            found = (facet_type, (*value).to_owned());
            break;
        }
        position -= values.len();
    }
    let (facet_type, label) = found;
    let mut random = Random::of(FACET, row);
    let value = slug(&label);
    vec![
        id(FACET, row),
        text(facet_type),
        text(value.as_str()),
        text(label.as_str()),
        text(format!("[\"{}\",\"{value}\"]", label.to_lowercase())),
        number(row),
        text(format!("{{\"minConfidence\":0.{},\"fields\":[\"title\",\"tags\"]}}", 5 + random.below(4))),
        text(moment(&mut random, 2024, 0..90)),
        text(moment(&mut random, 2025, 0..90)),
    ]
}
