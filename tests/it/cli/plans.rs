//! `--digest`: only the plan that was shown is applied.

use super::Shop;
use serde_json::Value;

/// The plan that `args` with `--dry-run` shows.
fn plan(shop: &Shop, args: &[&str]) -> Value {
    let run = shop.dbsnap([args, &["--json", "--dry-run"]].concat()).run().success();
    serde_json::from_str(run.stdout()).unwrap()
}

/// Takes a plan, makes `change`, and is refused; plans anew and is not.
fn refused_after(shop: &Shop, args: &[&str], change: impl FnOnce()) {
    let shown = plan(shop, args);
    assert_eq!(shown["digest"], plan(shop, args)["digest"], "{args:?}");
    change();
    let by = |plan: &Value| shop.dbsnap([args, &["--digest", plan["digest"].as_str().unwrap()]].concat());
    let before = shop.state();
    let run = by(&shown).run();
    assert_eq!(run.code(), Some(7), "{args:?}: {run}");
    assert!(run.stderr().contains("--dry-run shows what would be done now"), "{run}");
    assert_eq!(shop.state(), before, "{args:?}");
    by(&plan(shop, args)).run().success();
}

#[test]
fn a_plan_that_does_not_hold_any_more_is_refused() {
    let shop = Shop::new();
    let take = |n: u32| {
        shop.sql(&format!("UPDATE mods SET price = {n} WHERE id = 1"));
        shop.snap(["mods"])
    };
    let ids: Vec<String> = (1..=4).map(take).collect();
    refused_after(&shop, &["snap", "mods"], || shop.sql("ALTER TABLE mods ADD COLUMN note TEXT"));
    refused_after(&shop, &["restore", &ids[1]], || shop.sql("UPDATE mods SET price = 901 WHERE id = 2"));
    refused_after(&shop, &["undo"], || shop.sql("UPDATE mods SET price = 902 WHERE id = 2"));
    refused_after(&shop, &["delete", &ids[0]], || drop(shop.dbsnap(["tag", &ids[0], "v1"]).run().success()));
    refused_after(&shop, &["gc", "--keep", "2"], || drop(take(5)));

    // rows that come and go are no reason not to take a snapshot
    let shown = plan(&shop, &["snap", "mods"]);
    shop.sql("DELETE FROM mods WHERE id = 3");
    shop.dbsnap(["snap", "mods", "--digest", shown["digest"].as_str().unwrap()]).run().success();
}

#[test]
fn a_digest_is_64_hex_digits() {
    let shop = Shop::new();
    for args in [&["gc", "--digest", "abc"][..], &["gc", "--dry-run", "--digest", &"0".repeat(64)]] {
        let run = shop.dbsnap(args).run();
        assert_eq!(run.code(), Some(2), "{run}");
    }
}
