//! Output that nobody reads, or that cannot be written.

use super::{Shop, shown};
use crate::support::process::{Invocation, Run};
use std::fs::OpenOptions;
use std::process::Stdio;

/// Runs it with a stdout whose reader has gone away.
fn unread(invocation: &Invocation) -> Run {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let child = invocation.command().stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    Run::ended(child.wait_with_output().unwrap(), invocation.place())
}

#[test]
fn a_reader_that_went_away() {
    let shop = Shop::new();
    insta::assert_snapshot!(shown(&unread(&shop.dbsnap(["log"]))), @"exit 141");
    insta::assert_snapshot!(shown(&unread(&shop.dbsnap(["completions", "bash"]))), @"exit 141");
    // The snapshot is taken: the script after the pipe relies on it.
    insta::assert_snapshot!(shown(&unread(&shop.dbsnap(["snap", "mods", "-m", "kept"]))), @r"
    exit 141
    --- stderr
    warning: deleting these rows would cascade to mod_tags (ON DELETE CASCADE); --cascade includes them
    ");
    insta::assert_snapshot!(shop.run(["log", "--oneline"]), @r"
    exit 0
    --- stdout
    [ID] kept
    ");
}

#[test]
fn output_to_a_full_device() {
    let shop = Shop::new();
    shop.snap(["mods"]);
    let full = |words: &[&str]| {
        let invocation = shop.dbsnap(words);
        let device = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let child = invocation.command().stdout(device).stderr(Stdio::piped()).spawn().unwrap();
        shown(&Run::ended(child.wait_with_output().unwrap(), invocation.place()))
    };
    insta::assert_snapshot!(full(&["log"]), @r"
    exit 1
    --- stderr
    error: cannot write the output: No space left on device (os error 28)
    ");
    insta::assert_snapshot!(full(&["log", "--json"]), @r"
    exit 1
    --- stderr
    error: cannot write the output: No space left on device (os error 28)
    ");
    insta::assert_snapshot!(full(&["completions", "bash"]), @r"
    exit 1
    --- stderr
    error: cannot write the output: No space left on device (os error 28)
    ");
    insta::assert_snapshot!(full(&["--help"]), @r"
    exit 1
    --- stderr
    error: cannot write the output: No space left on device (os error 28)
    ");
    insta::assert_snapshot!(full(&["--version"]), @r"
    exit 1
    --- stderr
    error: cannot write the output: No space left on device (os error 28)
    ");
}
