//! A model of the whole store: writers, readers, deletions and sweeps interleaved step by step on a machine that fails.
//!
//! Each story comes from a seed. After every step all that was acknowledged is read in full and compared with what the
//! model remembers, and every object of the store is read in the form in which the index gives it.

#![expect(clippy::unwrap_used, clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "tests")]

mod collect;
mod kept;
mod look;
mod memory;
pub mod packs;
mod process;
mod shrink;
mod story;
mod tables;
mod trouble;
mod violation;
mod world;
mod writer;

use std::panic::{AssertUnwindSafe, catch_unwind};
use story::Story;
use trouble::Counts;
use violation::{Kind, Violation};

/// Seeds that are tried unless `DBSNAP_TEST_MODEL_SEEDS` says more.
const SEEDS: u64 = 40;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

fn play(story: &Story) -> (Vec<Violation>, Counts) {
    catch_unwind(AssertUnwindSafe(|| world::play(story))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        (vec![Violation::new(Kind::Panicked, text.unwrap_or_default())], Counts::default())
    })
}

fn kinds(story: &Story) -> Vec<Kind> {
    play(story).0.iter().map(|violation| violation.kind).collect()
}

/// What is to be told of a story that shows violations: each in the shortest story that shows one of its kind.
fn told(name: &str, story: &Story, violations: &[Violation]) -> String {
    let mut text = format!("{name}: {story}\n");
    for violation in violations {
        let short = shrink::shrunk(story, violation.kind, kinds);
        let shown = play(&short).0.into_iter().find(|found| found.kind == violation.kind);
        let shown = shown.map_or(String::new(), |shown| shown.to_string());
        text.push_str(&format!("  {violation}\n    in short: DBSNAP_TEST_STORY=\"{short}\"\n    {shown}\n"));
    }
    text
}

/// Of each kind of violation the first is told in full, with a short story that shows it.
#[test]
fn nothing_is_lost_whatever_the_story() {
    let from = number("DBSNAP_TEST_FIRST_SEED").unwrap_or(0);
    let seeds = number("DBSNAP_TEST_MODEL_SEEDS").unwrap_or(SEEDS);
    let mut found: Vec<(u64, Violation)> = Vec::new();
    let (mut steps, mut counts, mut stories) = (0, Counts::default(), String::new());
    for seed in from..from + seeds {
        let story = Story::of_seed(seed);
        let (violations, bad) = play(&story);
        steps += story.steps.len();
        counts.add(&bad);
        let is_new = |new: &Violation| found.iter().all(|(_, known)| known.kind != new.kind);
        if violations.iter().any(is_new) {
            stories.push_str(&told(&format!("seed {seed}"), &story, &violations));
        }
        found.extend(violations.into_iter().map(|violation| (seed, violation)));
    }
    let list: Vec<String> = found.iter().map(|(seed, violation)| format!("seed {seed}: {violation}\n")).collect();
    let figures = format!("{seeds} seeds from {from}, {steps} steps, {counts:?}\n{}", list.concat());
    if let Some(path) = std::env::var_os("DBSNAP_TEST_FIGURES") {
        std::fs::write(path, &figures).unwrap();
    }
    assert!(found.is_empty(), "{figures}{stories}");
}

fn must_hold(stories: &[&str]) {
    for story in stories {
        let violations = play(&Story::read(story)).0;
        assert!(violations.is_empty(), "{story}: {}", violations[0]);
    }
}

#[test]
fn a_pack_that_is_not_durable_is_made_so_by_who_builds_on_it() {
    must_hold(&kept::NOT_DURABLE);
}

#[test]
fn a_leaf_in_two_forms_keeps_what_either_draws_on() {
    must_hold(&kept::TWO_FORMS);
}

#[test]
fn packs_that_are_written_again_after_a_sweep_was_cut_short_are_read() {
    must_hold(&kept::WRITTEN_AGAIN);
}

#[test]
fn a_sweep_of_a_full_disk_leaves_nothing_without_its_source() {
    must_hold(&kept::NO_ROOM);
}

#[test]
fn a_leaf_left_behind_is_stored_again() {
    must_hold(&kept::LEFT_BEHIND);
}

/// Plays the story in `DBSNAP_TEST_STORY`, as a failing seed tells it.
#[test]
#[ignore = "it plays the story that it is given"]
fn one_story() {
    let story = Story::read(&std::env::var("DBSNAP_TEST_STORY").unwrap());
    let (violations, _) = play(&story);
    assert!(violations.is_empty(), "{}", told("the story", &story, &violations));
}

#[test]
fn a_story_is_read_as_it_was_written() {
    for seed in 0..20 {
        let story = Story::of_seed(seed);
        assert_eq!(Story::read(&story.to_string()), story);
    }
}
