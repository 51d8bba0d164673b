//! Arguments that make no sense, or are not text.

use super::Shop;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

#[test]
fn what_the_parser_refuses() {
    let shop = Shop::new();
    insta::assert_snapshot!(shop.refused(["snpa"]), @r"
    exit 2
    --- stderr
    error: unrecognized subcommand 'snpa'

      tip: a similar subcommand exists: 'snap'

    Usage: dbsnap [OPTIONS] <COMMAND>

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(shop.refused(["snap", "--wehre", "x"]), @r"
    exit 2
    --- stderr
    error: unexpected argument '--wehre' found

      tip: a similar argument exists: '--where'

    Usage: dbsnap snap --where <EXPR> [TABLE]...

    For more information, try '--help'.
    ");
    for (args, tip) in [
        (&["restore", "latest", "-m", "exact"][..], "did you mean '--mode'?"),
        (&["--json", "-C", ".", "restore", "latest", "-m", "exact"], "did you mean '--mode'?"),
        (&["diff", "-o", "diff.html"], "-o names a format; to write a file: dbsnap diff -o html > diff.html"),
    ] {
        let run = shop.dbsnap(args).run();
        if !args.contains(&"--json") {
            assert!(run.stderr().contains(&format!("  tip: {tip}\n")), "{run}");
            assert_eq!(run.stderr().matches("tip:").count(), 1, "{run}");
        }
        assert_eq!(run.code(), Some(2), "{run}");
    }
    insta::assert_snapshot!(shop.refused(["gc", "--keep", "many"]), @r"
    exit 2
    --- stderr
    error: invalid value 'many' for '--keep <N>': invalid digit found in string

    For more information, try '--help'.
    ");
}

#[test]
fn arguments_that_are_not_utf_8() {
    let shop = Shop::new();
    let odd = OsStr::from_bytes(b"mo\xffds");
    insta::assert_snapshot!(shop.unchanged(&shop.dbsnap(["snap"]).arg(odd)), @r"
    exit 2
    --- stderr
    error: invalid UTF-8 was detected in one or more arguments

    Usage: dbsnap snap [OPTIONS] [TABLE]...

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(shop.unchanged(&shop.dbsnap(["verify"]).arg(odd)), @r"
    exit 2
    --- stderr
    error: invalid UTF-8 was detected in one or more arguments

    Usage: dbsnap verify [OPTIONS] [SNAPSHOT|FILE]

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(shop.unchanged(&shop.dbsnap(["snap", "mods"]).env("DATABASE_URL", odd)), @r"
    exit 2
    --- stderr
    error: the environment variable DATABASE_URL is not valid UTF-8
    ");
}

#[test]
fn a_directory_whose_name_is_not_utf_8() {
    let shop = Shop::new();
    let odd = shop.path().join(OsStr::from_bytes(b"pro\xffject"));
    fs::create_dir(&odd).unwrap();
    fs::copy(shop.path().join("dev.db"), odd.join("dev.db")).unwrap();
    fs::write(odd.join(".env"), "DATABASE_URL=file:./dev.db\n").unwrap();
    for words in [&["init"][..], &["snap", "mods", "--export"], &["log"], &["verify"], &["restore", "latest", "-y"]] {
        shop.dbsnap(words).dir(&odd).run().success();
    }
}

/// A message or a filter that was not quoted.
#[test]
fn what_the_shell_took_apart() {
    let shop = Shop::new();
    for (args, hint) in [
        (
            &["snap", "mods", "-m", "before", "the", "cleanup"][..],
            "quote a message of several words: -m \"before the cleanup\"",
        ),
        (&["snap", "mods", "--where", "price", ">", "5"], "quote the filter: --where \"price > 5\""),
    ] {
        let run = shop.dbsnap(args).run();
        assert!(run.code() == Some(12) && run.stderr().contains(hint), "{run}");
    }
    shop.snap(["mods", "-m", "one"]);
    let run = shop.dbsnap(["restore", "lastest"]).run();
    assert!(run.stderr().contains("hint: did you mean latest?"), "{run}");
}
