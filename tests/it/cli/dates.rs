//! Conditions on dates of SQLite: as milliseconds, as text, or both in one column, the same rows are meant.

use super::Shop;
use serde_json::Value;

/// A moment in each form in which it can be stored: SQL and milliseconds.
fn forms(milliseconds: i64) -> Vec<String> {
    let at = jiff::Timestamp::from_millisecond(milliseconds).unwrap().to_zoned(jiff::tz::TimeZone::UTC).datetime();
    vec![
        milliseconds.to_string(),
        format!("'{}'", at.strftime("%Y-%m-%dT%H:%M:%S%.3f+00:00")),
        format!("'{}'", at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ")),
        format!("'{}'", at.strftime("%Y-%m-%d %H:%M:%S%.3f")),
    ]
}

fn chosen(shop: &Shop, condition: &str) -> Vec<i64> {
    shop.dbsnap(["snap", "-q", "events", "--where", condition]).run().success();
    let run = shop.dbsnap(["sql", "--json", "latest", "SELECT id FROM events ORDER BY id"]).run().success();
    let answer: Value = serde_json::from_str(run.stdout()).unwrap();
    answer["rows"].as_array().unwrap().iter().map(|row| row[0].as_i64().unwrap()).collect()
}

#[test]
fn moments_are_compared_in_whatever_form_they_are_stored() {
    let shop = Shop::new();
    shop.sql("CREATE TABLE events (id INTEGER PRIMARY KEY, at DATETIME, since DATETIME, v INTEGER)");
    let base = 1_767_225_600_000i64;
    let offsets = [-86_400_000, -1, 0, 1, 999, 86_400_000, 31_536_000_000];
    let mut moments = Vec::new();
    for (nth, offset) in offsets.iter().enumerate() {
        for (form, text) in forms(base + offset).iter().enumerate() {
            let other = &forms(base)[(nth + form) % 4];
            moments.push((i64::try_from(moments.len()).unwrap(), base + offset));
            shop.sql(&format!("INSERT INTO events VALUES ({}, {text}, {other}, {nth})", moments.len() - 1));
        }
    }
    shop.sql("INSERT INTO events VALUES (1000, NULL, NULL, 0)");
    let wanted = |holds: &dyn Fn(i64) -> bool| -> Vec<i64> {
        moments.iter().filter(|(_, at)| holds(*at)).map(|(id, _)| *id).collect()
    };
    let cases: Vec<(&str, Vec<i64>)> = vec![
        ("at >= '2026-01-01'", wanted(&|at| at >= base)),
        ("at < '2026-01-01T00:00:00.000Z'", wanted(&|at| at < base)),
        ("'2026-01-01 00:00:00' < at", wanted(&|at| at > base)),
        ("at = '2026-01-01T01:00:00+01:00'", wanted(&|at| at == base)),
        ("at <> '2026-01-01'", wanted(&|at| at != base)),
        ("at > 1767225600000", wanted(&|at| at > base)),
        ("at BETWEEN '2025-12-31' AND '2026-01-01T00:00:00.001Z'", wanted(&|at| at <= base + 1)),
        ("at IN ('2026-01-01', '2026-01-02')", wanted(&|at| at == base || at == base + 86_400_000)),
        ("at > since", wanted(&|at| at > base)),
        ("coalesce(at, since) <= '2025-12-31T23:59:59.999Z'", wanted(&|at| at < base)),
        ("at - since > 1000", wanted(&|at| at - base > 1000)),
        ("at LIKE '2026-01-01T00:00:00.999%' AND v = 4", vec![16, 17, 18]),
        ("at GLOB '2026-01-01T00:00:00.999*' AND v = 4", vec![16, 17, 18]),
        ("+at >= '2026-01-01'", wanted(&|at| at >= base)),
        ("substr(at, 1, 4) = '2026'", wanted(&|at| at >= base && at - base < 31_536_000_000)),
        ("at IS NULL", vec![1000]),
        ("at IS NOT NULL AND NOT (at < '2026-01-01')", wanted(&|at| at >= base)),
        ("typeof(at) = 'integer'", (0..7).map(|nth| nth * 4).collect()),
    ];
    for (condition, wanted) in cases {
        assert_eq!(chosen(&shop, condition), wanted, "{condition}");
    }
    // The same rows for a restore, which asks about rows of a snapshot too.
    shop.snap(["events"]);
    shop.sql("UPDATE events SET v = 100");
    let run =
        shop.dbsnap(["restore", "latest:events", "--where", "at >= '2026-01-01'", "-y", "--json"]).run().success();
    let report: Value = serde_json::from_str(run.stdout()).unwrap();
    assert_eq!(report["tables"][0]["update"], 20);
    insta::assert_snapshot!(shop.refused(["snap", "events", "--where", "at > '2026'"]), @r"
    exit 2
    --- stderr
    error: invalid filter: '2026' is compared with a date and is none: write 2026-01-24, [TIME] or [TIME]
    ");
    for odd in ["at || '' > '2026'", "round(at) > '2026'", "abs(at) > 5", "~at > 5", "at & 1 = 1", "at ->> '$' = '5'"] {
        let run = shop.dbsnap(["snap", "events", "--where", odd]).run();
        assert_eq!(run.code(), Some(2), "{odd}: {run}");
        assert!(run.stderr().contains("compare the date itself"), "{odd}: {run}");
    }
    insta::assert_snapshot!(shop.refused(["snap", "events", "--where", "at IN ('yesterday')"]), @r"
    exit 2
    --- stderr
    error: invalid filter: 'yesterday' is compared with a date and is none: write 2026-01-24, [TIME] or [TIME]
    ");
}
