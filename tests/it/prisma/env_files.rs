//! Env files, held against the packages that applications read them with.

use crate::support::files::project;
use crate::support::process::Project;
use dbsnap::prisma::env_file::EnvFile;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What Node's packages read from each of these texts, all with the same environment.
fn node(texts: &[String], environment: &BTreeMap<&str, &str>) -> Vec<Value> {
    let question: Vec<Value> = texts.iter().map(|text| json!({ "text": text, "environment": environment })).collect();
    asked(Command::new("node").arg(project("tests/prisma/env/read.mjs")), &question)
}

/// What a program answers to questions, one to each.
fn asked(program: &mut Command, question: &[Value]) -> Vec<Value> {
    let mut program = program.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    program.stdin.take().unwrap().write_all(&serde_json::to_vec(question).unwrap()).unwrap();
    let output = program.wait_with_output().unwrap();
    assert!(output.status.success());
    let answers: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answers.len(), question.len());
    answers
}

fn generated(strategy: impl Strategy<Value = String>, count: usize) -> Vec<String> {
    let mut runner = TestRunner::default();
    (0..count).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

/// Lines of assignments and of other things, with everything that means something somewhere.
fn file() -> impl Strategy<Value = String> {
    let names = ["A", "B", "DATABASE_URL", "x.y", "a-b", "export", "export A", "export\tB", "  C", "é", "", "2"];
    let separators = ["=", "=", " = ", "=  ", ": ", ":", " :", "\t=\t", "==", "\n=", "=\n", " ", "=\u{a0}"];
    let atoms = [
        "file:./dev.db",
        "my data",
        " ",
        "  ",
        "#",
        " # note",
        "'",
        "\"",
        "`",
        "\\n",
        "\\r",
        "\\\"",
        "\\'",
        "\\`",
        "\\",
        "\\\\",
        "\n",
        "\r\n",
        "\r",
        "\t",
        "é",
        "{\"a\": 1}",
        "=",
        "x",
        "\u{a0}",
        "\u{feff}",
        "\u{85}",
        "don't",
        "-----BEGIN KEY-----",
        "\u{b}",
    ];
    let value = prop::collection::vec(prop::sample::select(atoms.to_vec()), 0..6).prop_map(|atoms| atoms.concat());
    let quoted =
        (prop::sample::select(vec!["'", "\"", "`", ""]), value, prop::sample::select(vec!["", " ", " # x", "x"]))
            .prop_map(|(quote, value, after)| format!("{quote}{value}{quote}{after}"));
    let line = (prop::sample::select(names.to_vec()), prop::sample::select(separators.to_vec()), quoted)
        .prop_map(|(name, separator, value)| format!("{name}{separator}{value}"));
    let odd = prop::sample::select(vec!["# don't", "", "set -a", "--- local ---", "'", "\u{feff}", "   "]);
    let line = prop_oneof![4 => line, 1 => odd.prop_map(str::to_owned)];
    let ends = prop::sample::select(vec!["\n", "\n", "\r\n", "\r"]);
    prop::collection::vec((line, ends), 1..7)
        .prop_map(|lines| lines.into_iter().map(|(line, end)| line + end).collect::<String>())
}

#[test]
fn generated_files_are_read_as_dotenv_reads_them() {
    let texts = generated(file(), 6_000);
    let mut values = 0;
    for (text, answer) in texts.iter().zip(node(&texts, &BTreeMap::new())) {
        let parsed = answer["parsed"].as_object().unwrap();
        let ours = EnvFile::parse(text);
        let names =
            parsed.keys().map(String::as_str).chain(["A", "B", "C", "DATABASE_URL", "export", "x.y", "a-b", "2"]);
        for name in names {
            assert_eq!(ours.raw(name), parsed.get(name).map(|value| value.as_str().unwrap()), "{name} in {text:?}");
        }
        values += parsed.len();
    }
    assert!(values > 6_000, "only {values} values");
}

/// Variables that refer to each other and to themselves in every way that `dotenv-expand` knows, and in ways that it
/// trips over.
fn referring() -> impl Strategy<Value = String> {
    let names = ["A", "B", "C", "EMPTY", "_D", "2", "SHELL", "BOTH", "NONE", "nullable", "DATABASE_URL"];
    let name = || prop::sample::select(names.to_vec());
    let operators = ["", "", ":-", "-", ":+", "+", ":", ":-:+", "--", "+-"];
    let plain = [
        "x",
        "file:./dev.db",
        " ",
        "pa$word",
        "$",
        "\\$",
        "\\",
        "\\\\$",
        "{",
        "}",
        "$$",
        "$&",
        "$`",
        "$'",
        "null",
        "$1",
        "a/b",
    ];
    let leaf = prop_oneof![
        2 => prop::sample::select(plain.to_vec()).prop_map(str::to_owned),
        2 => name().prop_map(|name| format!("${name}")),
        1 => name().prop_map(|name| format!("${{{name}}}")),
        1 => name().prop_map(|name| format!("\\${{{name}}}")),
    ];
    let value = leaf.prop_recursive(3, 12, 3, move |inner| {
        let operator = prop::sample::select(operators.to_vec());
        prop_oneof![
            (prop::sample::select(names.to_vec()), operator, inner.clone())
                .prop_map(|(name, operator, other)| format!("${{{name}{operator}{other}}}")),
            prop::collection::vec(inner, 0..3).prop_map(|atoms| atoms.concat()),
        ]
    });
    let quotes = prop::sample::select(vec!["\"", "'", ""]);
    let line = (name(), value, quotes).prop_map(|(name, value, quote)| format!("{name}={quote}{value}{quote}\n"));
    (prop::collection::vec(line.clone(), 0..6), line).prop_map(|(lines, last)| {
        let (_, value) = last.split_once('=').unwrap();
        format!("EMPTY=\n{}DATABASE_URL={value}", lines.concat())
    })
}

/// What the environment has beside a file of [`referring`].
fn shell() -> BTreeMap<&'static str, &'static str> {
    BTreeMap::from([("SHELL", "shell"), ("BOTH", "$A"), ("EMPTY_TOO", ""), ("_D", "\\$A")])
}

/// Files of references: generated ones, as many as `DBSNAP_TEST_ENV_FILES` says, else 600; and what was found before.
fn references() -> Vec<String> {
    let count = std::env::var("DBSNAP_TEST_ENV_FILES").map_or(600, |count| count.parse().unwrap());
    let mut texts = generated(referring(), count);
    // the environment has what the file has, references and all
    texts.push("A=x\nBOTH='$A'\nDATABASE_URL='$BOTH'\n".to_owned());
    texts
}

#[test]
fn generated_references_are_resolved_as_dotenv_expand_does() {
    let texts = references();
    let environment = shell();
    let lookup = |name: &str| environment.get(name).map(|&value| value.to_owned());
    let (mut changed, mut endless) = (0, 0);
    for (text, answer) in texts.iter().zip(node(&texts, &environment)) {
        let started = Instant::now();
        let ours = EnvFile::parse(text).value("DATABASE_URL", &lookup);
        assert!(started.elapsed() < Duration::from_secs(5), "{:?} for {text}", started.elapsed());
        if answer["expanded"].is_null() {
            endless += 1;
            continue;
        }
        assert_eq!(ours.unwrap().as_deref(), answer["expanded"]["DATABASE_URL"].as_str(), "{text}");
        changed += usize::from(answer["expanded"]["DATABASE_URL"] != answer["parsed"]["DATABASE_URL"]);
    }
    assert!(changed > texts.len() / 3 && endless < texts.len() / 10, "{changed} changed, {endless} without end");
}

#[test]
fn generated_references_are_resolved_by_the_restore_script_as_dotenv_expand_does() {
    let texts = references();
    let environment = shell();
    let answers = node(&texts, &environment);
    let question: Vec<Value> =
        answers.iter().map(|answer| json!({ "parsed": answer["parsed"], "environment": environment })).collect();
    let mut tsx = Command::new(project("tests/prisma/7/node_modules/.bin/tsx"));
    tsx.args([project("tests/prisma/env/script.mts"), project("src/prisma/script/dbsnap-restore.ts")]);
    let ours = asked(&mut tsx, &question);
    for ((text, answer), ours) in texts.iter().zip(&answers).zip(ours) {
        // what is not expanded has no end; and a file may not have the variable
        if let Some(expanded) = answer["expanded"]["DATABASE_URL"].as_str() {
            assert_eq!(ours, expanded, "{text}");
        }
    }
}

/// Files that people have, each naming the database in its second column: by `dotenv` and by Node's own `--env-file`.
#[test]
fn files_of_real_projects_name_the_same_database_for_node_and_for_us() {
    let files = [
        ("DATABASE_URL=file:./a.db", "file:./a.db"),
        ("  DATABASE_URL =   'file:./a b.db'   # ours", "file:./a b.db"),
        (
            "export DATABASE_URL=\"postgres://u:p%23@localhost/db?schema=x#y\"",
            "postgres://u:p%23@localhost/db?schema=x#y",
        ),
        ("DATABASE_URL=`file:./it's \"a\".db`", "file:./it's \"a\".db"),
        ("SERVICE={\"type\": \"x\", \"key\": \"it's\"}\nDATABASE_URL=file:./a.db", "file:./a.db"),
        ("KEY=\"-----BEGIN\nab=c\n-----END\"\nDATABASE_URL=file:./a.db", "file:./a.db"),
        ("DATABASE_URL=file:./old.db\nDATABASE_URL=file:./new.db", "file:./new.db"),
        ("DATABASE_URL=file:C:\\dir\\new.db", "file:C:\\dir\\new.db"),
        ("MOTD='# not a comment'\nDATABASE_URL=file:./a.db#fragment", "file:./a.db"),
    ];
    let texts: Vec<String> = files.iter().map(|(text, _)| (*text).to_owned()).collect();
    for ((text, expected), answer) in files.iter().zip(node(&texts, &BTreeMap::new())) {
        assert_eq!(answer["parsed"]["DATABASE_URL"], **expected, "dotenv: {text}");
        assert_eq!(answer["node"]["DATABASE_URL"], **expected, "node: {text}");
        assert_eq!(EnvFile::parse(text).raw("DATABASE_URL"), Some(*expected), "{text}");
    }
}

#[test]
fn a_variable_without_end_is_refused() {
    let project = Project::new();
    project.dbsnap(["init"]).run().success();
    let levels: String = (1..40).map(|n| format!("A{n}=${{A{}}}${{A{}}}\n", n - 1, n - 1)).collect();
    project.write(".env", format!("A0=file:./dev.db\n{levels}DATABASE_URL=$A39\n"));
    insta::assert_snapshot!(project.dbsnap(["tables"]).run(), @r"
    exit 2
    --- stderr
    error: [DIR]/.env cannot be used: DATABASE_URL refers to other variables until it is longer than any URL
    ");
}
