//! Users and what they do: profiles, collections, reviews, favorites.

use super::content::{CREATOR, MOD, MODS, id, number, text};
use super::random::{Random, cuid, moment, uuid};
use super::words::{COMPLAINTS, FIRST_NAMES, LAST_NAMES, MATERIALS, PRAISE, STYLES};
use crate::codec::Value;

pub(super) const USERS: u64 = 1_000;
pub(super) const CREATORS: u64 = 100;
pub(super) const COLLECTIONS: u64 = 500;
pub(super) const REVIEWS: u64 = 2_000;
pub(super) const FAVORITES: u64 = 5_000;
const USER: u64 = 4;
const COLLECTION: u64 = 5;
const REVIEW: u64 = 6;
const FAVORITE: u64 = 7;

fn name_of(row: u64) -> (&'static str, &'static str) {
    let mut random = Random::of(USER, row);
    (random.pick(&FIRST_NAMES), random.pick(&LAST_NAMES))
}

pub(super) fn user(row: u64) -> Vec<Value> {
    let (first, last) = name_of(row);
    let mut random = Random::of(USER, row ^ 0x5555);
    let role = if row == 0 {
        "admin-role"
    } else if row.is_multiple_of(USERS / CREATORS) {
        "creator"
    } else {
        "USER"
    };
    let birthday = moment(&mut random, 1970, 0..365 * 35);
    vec![
        text(uuid(USER, row)),
        text(format!("{}.{}{row}@example.com", first.to_lowercase(), last.to_lowercase())),
        if random.chance(90) { text(format!("{first} {last}")) } else { Value::Null },
        text(role),
        if random.chance(60) { text(format!("{}T00:00:00.000+00:00", &birthday[..10])) } else { Value::Null },
        text(moment(&mut random, 2023, 0..700)),
        text(moment(&mut random, 2025, 180..388)),
    ]
}

/// Every tenth user is a creator.
pub(super) fn creator(row: u64) -> Vec<Value> {
    let user = row * (USERS / CREATORS);
    let (first, _) = name_of(user);
    let mut random = Random::of(CREATOR, row);
    let (style, material) = (random.pick(&STYLES), random.pick(&MATERIALS));
    let cents = u32::try_from(random.below(90_000)).unwrap_or(0);
    vec![
        id(CREATOR, row),
        text(uuid(USER, user)),
        text(format!("{}_makes{row}", first.to_lowercase())),
        text(format!("{first} makes {} things, mostly of {}.", style.to_lowercase(), material.to_lowercase())),
        Value::Real(f64::from(cents) / 100.0),
        Value::Int(i64::from(random.chance(40))),
    ]
}

pub(super) fn collection(row: u64) -> Vec<Value> {
    let mut random = Random::of(COLLECTION, row);
    vec![
        id(COLLECTION, row),
        text(uuid(USER, random.below(USERS))),
        text(format!(
            "{} {} for my {}",
            random.pick(&STYLES),
            random.pick(&["finds", "favourites", "set", "wish list"]),
            random.pick(&["loft", "cottage", "new save", "town house"])
        )),
        Value::Int(i64::from(random.chance(85))),
        text(moment(&mut random, 2025, 180..388)),
    ]
}

/// Which mods stand in which collection: (collection, mod), each pair once.
pub(super) fn collected() -> impl Iterator<Item = Vec<Value>> {
    (0..COLLECTIONS).flat_map(|row| {
        let mut random = Random::of(COLLECTION, row ^ 0xaaaa);
        let (first, count) = (random.below(MODS), 3 + random.below(12));
        (0..count).map(move |step| vec![id(COLLECTION, row), id(MOD, (first + step * 613) % MODS)])
    })
}

pub(super) fn review(row: u64) -> Vec<Value> {
    let mut random = Random::of(REVIEW, row);
    let created = moment(&mut random, 2025, 180..388);
    let stars = 5 - random.below(10) * random.below(5) / 10;
    let opinion = if stars >= 4 { random.pick(&PRAISE) } else { random.pick(&COMPLAINTS) };
    let thing = random.pick(&["lamp", "chair", "texture", "set", "coat", "window"]);
    vec![
        number(row + 1),
        id(MOD, random.below(MODS)),
        text(uuid(USER, random.below(USERS))),
        number(stars),
        if random.chance(80) { text(opinion.replace("%T", thing)) } else { Value::Null },
        text(created.as_str()),
        text(created),
    ]
}

/// Five favorites for each user, of five different mods.
pub(super) fn favorite(row: u64) -> Vec<Value> {
    let user = row % USERS;
    let first = Random::of(FAVORITE, user).below(MODS);
    let mut random = Random::of(FAVORITE, row ^ 0x7777_0000);
    vec![
        text(cuid(FAVORITE, row)),
        text(uuid(USER, user)),
        id(MOD, (first + row / USERS * 1_999) % MODS),
        text(moment(&mut random, 2025, 180..388)),
    ]
}
