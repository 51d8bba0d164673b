//! Signals in the middle of work. The signal comes when the database is opened, which strace sees to.

use super::Shop;
use crate::support::process::{Invocation, Run};
use dbsnap::{Interrupt, OpError, Operation, Place, Repository, RestoreOptions};

/// Runs it and sends it `signal` at the first look into `file`.
fn signalled(shop: &Shop, invocation: Invocation, signal: &str, file: &str) -> Run {
    let inject = format!("inject=openat:signal={signal}:when=1");
    let path = shop.path().join(file);
    let words = [
        "strace",
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-P",
        path.to_str().unwrap(),
        "-e",
        "trace=openat",
        "-e",
        &inject,
        "--",
    ];
    invocation.under(words).run()
}

#[test]
fn a_snapshot_is_not_listed() {
    let shop = Shop::new();
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let before = shop.state();
        let run = signalled(&shop, shop.dbsnap(["snap", "-q", "mods", "-m", "cut short"]), signal, "dev.db");
        assert_eq!(run.code(), Some(code), "{run}");
        assert_eq!(run.stderr(), "error: interrupted; nothing was left half done\n");
        assert_eq!(shop.state(), before);
    }
    shop.snap(["mods"]);
}

#[test]
fn a_restore_changes_nothing() {
    let shop = Shop::new();
    shop.snap(["mods"]);
    shop.sql("DELETE FROM mods WHERE id = 1");
    let before = shop.state();
    let run = signalled(&shop, shop.dbsnap(["restore", "latest", "-y"]), "TERM", "dev.db");
    assert_eq!(run.code(), Some(143), "{run}");
    assert_eq!(shop.state(), before);
}

/// Whoever uses the library stops one piece of work, and not what comes after it.
#[test]
fn a_token_stops_only_its_own_work() {
    let shop = Shop::new();
    shop.snap(["mods"]);
    shop.sql("DELETE FROM mods WHERE id = 1");
    let before = shop.state();
    let place = Place { dir: shop.path().to_owned(), url: Some("file:dev.db".to_owned()), ..Place::default() };
    let repository = Repository::find(&place).unwrap();
    let mut database = repository.database();
    let restore = RestoreOptions { reference: "latest".to_owned(), ..RestoreOptions::default() };
    let token = Interrupt::new();
    token.clone().stop();
    let stopped = restore.apply(&repository, &mut database, None, &token);
    assert!(matches!(stopped, Err(OpError::Interrupted)), "{stopped:?}");
    assert_eq!(shop.state(), before);
    assert!(restore.apply(&repository, &mut database, None, &Interrupt::new()).unwrap().applied);
}
