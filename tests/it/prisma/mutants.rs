//! Schemas with something moved, lost or doubled: where Prisma still reads one, we read it alike.

use super::dmmf::{as_datamodel, ask_prisma, compare, expected};
use super::{fixtures, parse};
use crate::support::process::Project;
use std::path::PathBuf;

/// Mutants of each schema; `DBSNAP_TEST_MUTANTS` asks for more.
const MUTANTS: u64 = 8;

/// A generator of numbers that are the same on every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end.max(1)
    }
}

fn mutant(text: &str, numbers: &mut Numbers) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..=numbers.below(3) {
        let (at, other) = (numbers.below(lines.len()), numbers.below(lines.len()));
        let words: Vec<&str> = lines[at].split(' ').collect();
        match numbers.below(9) {
            0 => drop(lines.remove(at)),
            1 => lines.insert(at, lines[other].clone()),
            2 => lines.swap(at, other),
            3 => lines.insert(at, ["", "// plain", "/// doc", "  /* c */", "\t"][numbers.below(5)].to_owned()),
            4 => lines[at] = lines[at].replace(' ', ["", "  ", "\t"][numbers.below(3)]),
            5 => {
                let word = numbers.below(words.len());
                let kept = words.iter().enumerate().filter(|(index, _)| *index != word).map(|(_, word)| *word);
                lines[at] = kept.collect::<Vec<_>>().join(" ");
            }
            6 => {
                let extra = ["?", "[]", " @unique", " @map(\"m\")", " @ignore", " // c", " /// d", " /* e */", ","];
                lines[at].push_str(extra[numbers.below(extra.len())]);
            }
            7 => lines[at] = lines[at].replace(", ", ["\n", ",", " , "][numbers.below(3)]),
            _ => {
                let from = ["Int", "String", "@id", "(", ")", "\"", "name:", "model", "fields"][numbers.below(9)];
                let to = ["BigInt", "Json", "@unique", "( ", " )", "'", "map:", "view", "name"][numbers.below(9)];
                lines[at] = lines[at].replace(from, to);
            }
        }
        if lines.is_empty() {
            break;
        }
    }
    lines.join(if numbers.below(4) == 0 { "\r\n" } else { "\n" })
}

#[test]
fn mutated_schemas_are_read_alike() {
    let place = Project::new();
    let each = std::env::var("DBSNAP_TEST_MUTANTS").map_or(MUTANTS, |number| number.parse().unwrap());
    let mut mutants: Vec<(PathBuf, String)> = Vec::new();
    for (index, fixture) in fixtures().iter().filter(|path| path.is_file()).enumerate() {
        let text = std::fs::read_to_string(fixture).unwrap();
        for seed in 0..each {
            let mut numbers = Numbers(seed * 1000 + index as u64);
            let text = mutant(&text, &mut numbers);
            let name = format!("{}-{seed}.prisma", fixture.file_stem().unwrap().to_string_lossy());
            mutants.push((place.write(&name, &text), text));
        }
    }
    let mut differences = Vec::new();
    let mut read_by_both = 0;
    for part in mutants.chunks(400) {
        let paths: Vec<PathBuf> = part.iter().map(|(path, _)| path.clone()).collect();
        for ((path, text), answer) in part.iter().zip(ask_prisma(&paths)) {
            // What Prisma refuses we may read or not.
            let Some(datamodel) = answer.get("datamodel") else { continue };
            let name = path.file_name().unwrap().to_string_lossy();
            match parse(text) {
                Ok(schema) => compare(&name, &as_datamodel(&schema), &expected(datamodel), &mut differences),
                Err(error) => differences.push(format!("{name}: we refuse it: {error}\n{text}")),
            }
            read_by_both += 1;
        }
    }
    // Of several comments beside each other Prisma keeps the signs of some.
    differences.retain(|difference| !(difference.contains(".documentation: ") && difference.contains('*')));
    assert!(read_by_both * 4 > mutants.len(), "Prisma refuses nearly all mutants: {read_by_both} of {}", mutants.len());
    assert!(differences.is_empty(), "{} differences\n{}", differences.len(), differences.join("\n"));
}
