//! Corpora of scripts, each with a label that says what it does: how many are judged right.

use crate::support::files::{project, text};
use dbsnap::check::{Effect, Verdict};
use dbsnap::ops::check::{CheckOptions, Script, check};
use dbsnap::{Place, Repository};
use serde::Deserialize;
use std::fs;
use std::path::Path;

#[derive(Deserialize)]
struct Labels {
    script: Vec<Label>,
}

#[derive(Deserialize)]
struct Label {
    file: String,
    destructive: bool,
    tables: Vec<String>,
}

/// Of all scripts: how many are what, and which are judged wrong.
#[derive(Default)]
struct Score {
    scripts: usize,
    destructive: usize,
    /// Destructive ones that are judged destructive or unknown.
    warned: usize,
    /// Harmless ones that are judged destructive or unknown.
    false_alarms: usize,
    /// Those judged destructive, and how many of them are.
    judged: usize,
    rightly: usize,
    /// Destructive ones that name tables, and how many are told with just these.
    named: usize,
    told: usize,
    wrong: Vec<String>,
}

impl Score {
    fn recall(&self) -> f64 {
        ratio(self.warned, self.destructive)
    }

    fn precision(&self) -> f64 {
        ratio(self.warned, self.warned + self.false_alarms)
    }

    #[expect(clippy::print_stdout, reason = "figures for people: --nocapture")]
    fn show(&self, name: &str) {
        for wrong in &self.wrong {
            println!("{wrong}");
        }
        println!(
            "{name}: {} scripts, {} destructive; recall {:.3}, precision {:.3}; judged destructive {}, precision {:.3}; tables right {} of {}",
            self.scripts,
            self.destructive,
            self.recall(),
            self.precision(),
            self.judged,
            ratio(self.rightly, self.judged),
            self.told,
            self.named,
        );
    }
}

#[expect(clippy::cast_precision_loss, reason = "small counts")]
fn ratio(part: usize, all: usize) -> f64 {
    part as f64 / all.max(1) as f64
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => drop(fs::copy(entry.path(), to.join(entry.file_name())).unwrap()),
        }
    }
}

/// Judges each script of a corpus, from a copy: what lies around it must not count.
fn judge(corpus: &Path) -> Score {
    let dir = tempfile::tempdir().unwrap();
    copy(corpus, dir.path());
    let labels: Labels = toml::from_str(&text(&corpus.join("labels.toml"))).unwrap();
    let place = Place { dir: dir.path().canonicalize().unwrap(), ..Place::default() };
    let mut score = Score::default();
    for label in labels.script {
        let repository = Repository::find_or_here(&place).unwrap();
        let options = CheckOptions { script: Script::File(label.file.clone().into()), language: None };
        let report = check(&repository, &options).unwrap_or_else(|error| panic!("{}: {error}", label.file));
        let warns = report.verdict != Verdict::Harmless;
        score.scripts += 1;
        score.destructive += usize::from(label.destructive);
        score.warned += usize::from(label.destructive && warns);
        score.false_alarms += usize::from(!label.destructive && warns);
        score.judged += usize::from(report.verdict == Verdict::Destructive);
        score.rightly += usize::from(report.verdict == Verdict::Destructive && label.destructive);
        let mut found = report.tables.clone();
        let mut wanted = label.tables.clone();
        found.sort();
        wanted.sort();
        let is_named = label.destructive && !wanted.is_empty();
        score.named += usize::from(is_named);
        score.told += usize::from(is_named && found == wanted);
        if label.destructive != warns || is_named && found != wanted {
            let told = report.findings.iter().filter(|finding| finding.effect != Effect::Insert);
            let told: Vec<String> = told
                .map(|one| {
                    let reason = one.reason.as_deref().unwrap_or_default();
                    format!(
                        "\n      {:?}:{} {:?} {:?} {} {reason}",
                        one.file, one.line, one.effect, one.tables, one.text
                    )
                })
                .collect();
            let kind = match (label.destructive, warns) {
                (true, false) => "MISSED",
                (false, true) => "FALSE ALARM",
                _ => "tables",
            };
            score.wrong.push(format!("{kind} {}: wanted {wanted:?}, found {found:?}{}", label.file, told.concat()));
        }
    }
    score
}

/// Written by somebody who had not seen the program. What it said of them at first is in `docs/CHECK.md`.
#[test]
fn the_fresh_corpus_is_judged_well() {
    let score = judge(&project("tests/corpus/check/fresh"));
    score.show("fresh");
    assert!(score.scripts >= 50, "{}", score.scripts);
    assert!(score.recall() >= 0.98, "recall {:.3}", score.recall());
    assert!(score.precision() >= 0.9, "precision {:.3}", score.precision());
}

#[test]
fn the_known_corpus_is_judged_well() {
    let score = judge(&project("tests/corpus/check/known"));
    score.show("known");
    assert!(score.scripts >= 200, "{}", score.scripts);
    assert!(score.recall() >= 0.98, "recall {:.3}", score.recall());
    assert!(score.precision() >= 0.9, "precision {:.3}", score.precision());
}
