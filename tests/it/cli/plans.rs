//! `--digest`: only the plan that was shown is applied.

use super::Shop;
use serde_json::Value;
use std::path::Path;

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

/// The example of the library: a plan of one process is applied by another, unless the table changed in between.
#[test]
fn a_second_program_applies_the_plan() {
    let program = Path::new(env!("CARGO_BIN_EXE_dbsnap")).with_file_name("examples").join("apply_plan");
    assert!(program.is_file(), "{} is built by: cargo build --example apply_plan", program.display());
    let shop = Shop::new();
    shop.snap(["mods"]);
    let run = |word: &str, plan: &str| {
        shop.project.write("plan.json", plan);
        let script = format!("{} {word} < plan.json", program.display());
        shop.project.program("sh", ["-c", &script]).run_as_another()
    };
    shop.sql("DELETE FROM mods WHERE id = 2");
    let early = run("plan latest", "").success().stdout().to_owned();
    shop.sql("DELETE FROM mods WHERE id = 3");
    let before = shop.state();
    let refused = run("apply", &early);
    assert_eq!(refused.code(), Some(7), "{refused}");
    assert!(
        refused.stdout().starts_with(r#"{"version":1,"command":"error","error":{"kind":"plan_changed""#),
        "{refused}"
    );
    assert_eq!(shop.rows(), before.0);
    // what dbsnap itself planned is as good
    let planned = plan(&shop, &["restore", "latest"]).to_string();
    for plan in [planned, run("plan latest", "").success().stdout().to_owned()] {
        let told: Value = serde_json::from_str(run("apply", &plan).success().stdout()).unwrap();
        assert_eq!((&told["applied"], &told["command"]), (&true.into(), &"restore".into()), "{told}");
        assert_eq!(shop.query("SELECT group_concat(id) FROM mods"), "1,2,3");
        shop.dbsnap(["undo", "-y"]).run().success();
    }
    let refused = run("apply", "{}");
    assert_eq!(refused.code(), Some(2), "{refused}");
}
