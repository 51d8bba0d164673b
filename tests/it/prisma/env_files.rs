//! Env files, held against the packages that applications read them with.

use crate::source::files::project;
use crate::support::process::Project;
use dbsnap::prisma::env_file::EnvFile;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

/// What Node's packages read from each of these texts, all with the same environment.
fn node(texts: &[String], environment: &BTreeMap<&str, &str>) -> Vec<Value> {
    let question: Vec<Value> = texts.iter().map(|text| json!({ "text": text, "environment": environment })).collect();
    let mut node = Command::new("node")
        .arg(project("tests/prisma/env/read.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    node.stdin.take().unwrap().write_all(&serde_json::to_vec(&question).unwrap()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success());
    let answers: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answers.len(), texts.len());
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

#[test]
fn generated_references_are_resolved_as_dotenv_expand_does() {
    let references = [
        "${A}",
        "$A/",
        "${A:-x}",
        "${A-x}",
        "${NONE}",
        "${NONE:-file:./dev.db}",
        "${NONE-y}",
        "${EMPTY:-z}",
        "${EMPTY}",
        "${B:+set}",
        "${NONE:+set}",
        "${B+set}",
        "\\$Z",
        "\\${Z}",
        "$SHELL_ONLY.",
        "${BOTH}",
        "$ ",
        "$.",
        "${NONE:-${A}}",
        "${A:-${NONE}}",
        "text",
        " ",
        "${C}",
        "$_D-",
        "{}",
        "}",
        "\\x",
        "\\\\.",
    ];
    let value = prop::collection::vec(prop::sample::select(references.to_vec()), 1..6).prop_map(|atoms| atoms.concat());
    let quote = prop::sample::select(vec!["\"", "'", "`", ""]);
    let text = (value, quote).prop_map(|(value, quote)| {
        format!(
            "A=a.db\nB=\"${{A}}\"\nEMPTY=\n_D=d d\nBOTH=file\nC='${{B}}-${{_D}}'\nDATABASE_URL={quote}{value}{quote}\n"
        )
    });
    let texts = generated(text, 3_000);
    let environment = BTreeMap::from([("SHELL_ONLY", "shell"), ("BOTH", "shell")]);
    let lookup = |name: &str| environment.get(name).map(|&value| value.to_owned());
    for (text, answer) in texts.iter().zip(node(&texts, &environment)) {
        let ours = EnvFile::parse(text).value("DATABASE_URL", &lookup).unwrap();
        assert_eq!(ours.as_deref(), answer["expanded"]["DATABASE_URL"].as_str(), "{text}");
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
