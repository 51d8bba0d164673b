//! Results as Markdown, and their place in `docs/BENCHMARKS.md`.

use crate::Outcome;
use crate::measure::{Taken, median};
use std::fs;
use std::path::Path;

/// The results of one benchmark.
pub struct Section {
    title: String,
    command: String,
    about: String,
    lines: Vec<Line>,
}

struct Line {
    what: String,
    ours: String,
    peer: String,
    theirs: String,
    ratio: String,
    goal: String,
}

impl Section {
    /// A section without results. `about` says what was measured: rows, rounds, what was done between them.
    pub fn new(title: &str, name: &str, about: String) -> Section {
        let command = format!("cargo bench --bench speed -- {name}");
        Section { title: title.to_owned(), command, about, lines: Vec::new() }
    }

    /// Adds the time that dbsnap took beside a peer's in the same rounds; `most` is the ratio it must stay below.
    pub fn time(&mut self, what: &str, ours: Option<&[Taken]>, peer: &str, theirs: &[Taken], most: f64) {
        self.time_beside(what, ours, peer, theirs, Some(most));
    }

    /// As [`Section::time`], with no goal where there is none.
    pub fn time_beside(&mut self, what: &str, ours: Option<&[Taken]>, peer: &str, theirs: &[Taken], most: Option<f64>) {
        let middle = |taken: &[Taken]| seconds(median(taken.iter().map(|one| one.seconds)));
        let ratios: Option<Vec<f64>> =
            ours.map(|ours| ours.iter().zip(theirs).map(|(ours, theirs)| ours.seconds / theirs.seconds).collect());
        self.lines.push(Line {
            what: what.to_owned(),
            ours: ours.map(middle).unwrap_or_default(),
            peer: peer.to_owned(),
            theirs: middle(theirs),
            ratio: ratios.map(|ratios| spread(&ratios)).unwrap_or_default(),
            goal: goal(most),
        });
    }

    /// Adds a size in bytes beside a peer's, or beside a limit.
    pub fn size(&mut self, what: &str, ours: Option<f64>, peer: &str, theirs: f64, most: f64) {
        self.size_beside(what, ours, peer, theirs, Some(most));
    }

    /// As [`Section::size`], with no goal where there is none.
    pub fn size_beside(&mut self, what: &str, ours: Option<f64>, peer: &str, theirs: f64, most: Option<f64>) {
        self.lines.push(Line {
            what: what.to_owned(),
            ours: ours.map(bytes).unwrap_or_default(),
            peer: peer.to_owned(),
            theirs: bytes(theirs),
            ratio: ours.map(|ours| format!("{:.2}", ours / theirs)).unwrap_or_default(),
            goal: goal(most),
        });
    }

    /// Adds the time that dbsnap took beside a limit in seconds.
    pub fn within(&mut self, what: &str, ours: Option<&[Taken]>, limit: f64) {
        let ratios: Option<Vec<f64>> = ours.map(|ours| ours.iter().map(|one| one.seconds / limit).collect());
        self.lines.push(Line {
            what: what.to_owned(),
            ours: ours.map(|ours| seconds(median(ours.iter().map(|one| one.seconds)))).unwrap_or_default(),
            peer: "limit".to_owned(),
            theirs: seconds(limit),
            ratio: ratios.map(|ratios| spread(&ratios)).unwrap_or_default(),
            goal: goal(Some(1.0)),
        });
    }

    /// Adds the highest memory of any round beside the limit for every command.
    pub fn memory(&mut self, what: &str, ours: Option<&[Taken]>) {
        #[expect(clippy::cast_precision_loss, reason = "bytes of memory are far below 2^53")]
        let peak = ours.and_then(|ours| ours.iter().map(|one| one.peak_memory).max()).map(|peak| peak as f64);
        self.size(what, peak, "limit", 256e6, 1.0);
    }

    /// The section as it stands in the document.
    pub fn markdown(&self) -> String {
        let mut text =
            format!("## {}\n\n`{}`\n\n{}\nMachine: {}.\n\n", self.title, self.command, self.about, machine());
        text.push_str(
            "| what | dbsnap | beside it | its | ratio (of all rounds) | goal |\n|---|---|---|---|---|---|\n",
        );
        for line in &self.lines {
            let Line { what, ours, peer, theirs, ratio, goal } = line;
            text.push_str(&format!("| {what} | {ours} | {peer} | {theirs} | {ratio} | {goal} |\n"));
        }
        text
    }
}

const HEAD: &str = "\
# Benchmarks

Whole processes of the release build, each beside its limit or its peer, both in every round of one run on one machine;
rounds are interleaved, one that does not count comes first, ratios are medians with the least and the greatest. So a
ratio can be compared between machines, a time cannot. Memory is the kernel's high-water mark of the process.
`benches/speed/` makes the rows, runs everything and writes this file; sections that were not measured stay as they are.
";

/// Puts the sections into the document, in place of those with the same title or at its end.
///
/// # Errors
/// If the document cannot be read or written.
pub fn write(sections: &[Section]) -> Outcome<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/BENCHMARKS.md");
    let old = fs::read_to_string(&path).unwrap_or_default();
    fs::write(&path, merged(&old, sections))?;
    Ok(())
}

fn merged(old: &str, sections: &[Section]) -> String {
    let mut parts: Vec<(String, String)> = Vec::new();
    for part in old.split("\n## ").skip(1) {
        let title = part.lines().next().unwrap_or_default().to_owned();
        parts.push((title, format!("## {}\n", part.trim_end())));
    }
    for section in sections {
        match parts.iter_mut().find(|(title, _)| *title == section.title) {
            Some((_, text)) => *text = section.markdown(),
            None => parts.push((section.title.clone(), section.markdown())),
        }
    }
    parts.into_iter().fold(HEAD.to_owned(), |document, (_, text)| document + "\n" + &text)
}

/// The processor and how many of them: what a reader needs to judge a time by.
fn machine() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let model = model.map_or("unknown processor", |(_, model)| model.trim());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{model}, {cores} cores")
}

fn goal(most: Option<f64>) -> String {
    most.map_or_else(|| "-".to_owned(), |most| format!("<= {most}"))
}

fn spread(ratios: &[f64]) -> String {
    let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = ratios.iter().copied().fold(0.0, f64::max);
    // Two digits that say something, of small ratios too.
    let digits = if greatest < 0.1 { 3 } else { 2 };
    format!("{:.digits$} ({least:.digits$} to {greatest:.digits$})", median(ratios.iter().copied()))
}

fn seconds(value: f64) -> String {
    if value < 1.0 { format!("{:.0} ms", value * 1000.0) } else { format!("{value:.2} s") }
}

fn bytes(value: f64) -> String {
    match value {
        value if value >= 1e6 => format!("{:.1} MB", value / 1e6),
        value if value >= 1e4 => format!("{:.1} kB", value / 1e3),
        value => format!("{value:.1} B"),
    }
}
