use super::*;
use crate::codec::row::encode;
use crate::codec::{CodecError, Value};
use proptest::prelude::*;
use std::cmp::Ordering;

fn key(order: KeyOrder, value: Value) -> Vec<u8> {
    let mut out = Vec::new();
    KeySpec::columns(vec![(0, order)]).key_of(&encode(&[value]), &mut out).unwrap();
    out
}

fn text(text: &str) -> Value {
    Value::Text(text.as_bytes().to_vec())
}

fn ascending(order: KeyOrder, texts: &[&str]) {
    for pair in texts.windows(2) {
        assert!(key(order, text(pair[0])) < key(order, text(pair[1])), "{} < {}", pair[0], pair[1]);
    }
}

/// Exact comparison of an i64 with an f64 by value.
#[expect(clippy::cast_possible_truncation, reason = "the real is within the range of i64")]
fn compare(int: i64, real: f64) -> Ordering {
    if real >= 9.3e18 {
        Ordering::Less
    } else if real <= -9.3e18 {
        Ordering::Greater
    } else {
        let floor = real.floor();
        i128::from(int).cmp(&(floor as i128)).then(if real > floor { Ordering::Less } else { Ordering::Equal })
    }
}

#[test]
fn golden_keys() {
    assert_eq!(key(KeyOrder::Storage, Value::Null), [0x00]);
    assert_eq!(key(KeyOrder::Storage, Value::Int(1)), [0x10, 0xbf, 0xf0, 0, 0, 0, 0, 0, 0, 0x80, 0]);
    assert_eq!(key(KeyOrder::Storage, Value::Int(i64::MAX)), [0x10, 0xc3, 0xe0, 0, 0, 0, 0, 0, 0, 0x7f, 0xff]);
    assert_eq!(key(KeyOrder::Storage, Value::Real(-0.0)), [0x10, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x80, 0]);
    assert_eq!(key(KeyOrder::Storage, text("a\0b")), [0x20, b'a', 0, 0xff, b'b', 0, 1]);
    assert_eq!(key(KeyOrder::Storage, Value::Blob(vec![7])), [0x30, 7, 0, 1]);
    assert_eq!(key(KeyOrder::NoCase, text("LAMP\u{c4}")), b"\x20lamp\xc3\x84\x00\x01");
    assert_eq!(key(KeyOrder::Rtrim, text(" a  ")), b"\x20 a\x00\x01");
    assert_eq!(key(KeyOrder::Numeric, text("12.50")), b"\x11\x04\x80\0\0\0\0\0\0\x02125\0");
    let negative: Vec<u8> = [&[0x11, 0x02][..], &b"\x80\0\0\0\0\0\0\x02125\0".map(|byte| !byte)].concat();
    assert_eq!(key(KeyOrder::Numeric, text("-12.50")), negative);
    assert_eq!(key(KeyOrder::Date, text("2000-01-02")), [0x12, 0x80, 0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(key(KeyOrder::Time, text("00:00:01")), [0x12, 0x80, 0, 0, 0, 0, 0x0f, 0x42, 0x40]);
    assert_eq!(
        key(KeyOrder::Timestamp, text("1999-12-31 23:59:59.999999+00")),
        [0x12, 0x7f, 255, 255, 255, 255, 255, 255, 255]
    );
    let row = encode(&[Value::Int(1)]);
    let mut multiset = Vec::new();
    KeySpec::rows().key_of(&row, &mut multiset).unwrap();
    assert_eq!(multiset, Hash::of(&row).as_bytes());
}

#[test]
fn moments_in_order() {
    let dates = [
        "-infinity",
        "4713-01-01 BC",
        "0044-03-14 BC",
        "0044-03-15 BC",
        "0001-12-31 BC",
        "0001-01-01",
        "0004-02-29",
        "1999-12-31",
        "2000-01-01",
        "2000-02-29",
        "2000-03-01",
        "9999-12-31",
        "10000-01-01",
        "294276-12-31",
        "5874897-12-31",
        "infinity",
    ];
    ascending(KeyOrder::Date, &dates);
    assert_eq!(moment::date(b"2026-01-24"), Some(9520));
    assert_eq!(moment::date(b"0001-12-31 BC").unwrap() + 1, moment::date(b"0001-01-01").unwrap());
    ascending(KeyOrder::Time, &["00:00:00", "00:00:00.000001", "00:00:00.1", "23:59:59.999999", "24:00:00"]);
    let timestamps = [
        "-infinity",
        "4713-01-01 00:00:00 BC",
        "0044-03-15 09:00:00.5+00 BC",
        "1999-12-31 23:59:59.999999",
        "2000-01-01 00:00:00+00",
        "2000-01-01 00:00:00.01+00",
        "2000-01-01 00:00:00.1+00",
        "12026-01-01 00:00:00",
        "294276-12-31 23:59:59.999999+00",
        "infinity",
    ];
    ascending(KeyOrder::Timestamp, &timestamps);
    let with_zone = key(KeyOrder::Timestamp, text("2026-01-24 10:30:00.5+00"));
    assert_eq!(with_zone, key(KeyOrder::Timestamp, text("2026-01-24 10:30:00.5")));
}

#[test]
fn other_forms_fall_back_to_text() {
    let storage = |value: &str| key(KeyOrder::Storage, text(value));
    for odd in ["", "2026-02-29", "2026-13-01", "0000-01-01", "02026-01-01", "2026-1-1", "2026-01-01 ", "26-01-01"] {
        assert_eq!(key(KeyOrder::Date, text(odd)), storage(odd), "{odd}");
    }
    for odd in ["24:00:00.1", "10:60:00", "10:00:00.", "10:00:00.1234567", "10:00", "10:00:00+00"] {
        assert_eq!(key(KeyOrder::Time, text(odd)), storage(odd), "{odd}");
    }
    for odd in
        ["2026-01-01", "2026-01-01T00:00:00", "2026-01-01 24:00:00", "2026-01-01 00:00:00+02", "9999999-01-01 00:00:00"]
    {
        assert_eq!(key(KeyOrder::Timestamp, text(odd)), storage(odd), "{odd}");
    }
    for odd in ["", "-", "abc", "1e5", "+1", "1.", ".5", "1.2.3", "nan", "--1"] {
        assert_eq!(key(KeyOrder::Numeric, text(odd)), storage(odd), "{odd}");
    }
    assert_eq!(key(KeyOrder::Numeric, Value::Int(5)), key(KeyOrder::Storage, Value::Int(5)));
}

#[test]
fn decimals_in_order() {
    ascending(
        KeyOrder::Numeric,
        &[
            "-Infinity",
            "-1000",
            "-999.99",
            "-12.5",
            "-12",
            "-1.01",
            "-1",
            "-0.1",
            "-0.05",
            "-0.0001",
            "0",
            "0.0001",
            "0.05",
            "0.1",
            "1",
            "1.01",
            "9",
            "10",
            "12",
            "12.5",
            "99.9",
            "100",
            "99999999999999999999999999",
            "Infinity",
            "NaN",
        ],
    );
    for (a, b) in [("1.10", "1.1"), ("0", "-0.00"), ("000123", "123.000"), ("-7.0", "-7"), ("0.050", "0.05")] {
        assert_eq!(key(KeyOrder::Numeric, text(a)), key(KeyOrder::Numeric, text(b)));
    }
}

#[test]
fn numbers_are_one_line() {
    assert_eq!(key(KeyOrder::Storage, Value::Int(1)), key(KeyOrder::Storage, Value::Real(1.0)));
    assert_eq!(key(KeyOrder::Storage, Value::Int(0)), key(KeyOrder::Storage, Value::Real(-0.0)));
    let nan = key(KeyOrder::Storage, Value::Real(f64::NAN));
    assert_eq!(nan, key(KeyOrder::Storage, Value::Real(f64::from_bits(0xfff0_0000_0000_0001))));
    assert!(key(KeyOrder::Storage, Value::Real(f64::INFINITY)) < nan);
    let two63 = 9_223_372_036_854_775_808.0;
    assert!(key(KeyOrder::Storage, Value::Int(i64::MAX)) < key(KeyOrder::Storage, Value::Real(two63)));
    assert_eq!(key(KeyOrder::Storage, Value::Int(i64::MIN)), key(KeyOrder::Storage, Value::Real(-two63)));
    let kinds = [Value::Null, Value::Real(f64::NAN), text(""), Value::Blob(Vec::new())];
    for pair in kinds.windows(2) {
        assert!(key(KeyOrder::Storage, pair[0].clone()) < key(KeyOrder::Storage, pair[1].clone()));
    }
}

#[test]
fn columns_out_of_row_order_and_missing_ones() {
    let row = encode(&[Value::Int(1), text("b"), Value::Int(3)]);
    let spec = |columns: &[u32]| KeySpec::columns(columns.iter().map(|&column| (column, KeyOrder::Storage)).collect());
    let (mut forward, mut backward) = (Vec::new(), Vec::new());
    spec(&[0, 2]).key_of(&row, &mut forward).unwrap();
    spec(&[2, 0]).key_of(&row, &mut backward).unwrap();
    assert_eq!(forward[..11], backward[11..]);
    assert_eq!(forward[11..], backward[..11]);
    let missing = spec(&[3]).key_of(&row, &mut Vec::new());
    assert_eq!(missing, Err(CodecError::ColumnCount { expected: 4, found: 3 }));
}

fn any_int() -> impl Strategy<Value = i64> {
    prop_oneof![
        any::<i64>(),
        (-3i64..4),
        (0i64..5).prop_map(|below| i64::MAX - below),
        (0u32..63, -2i64..3).prop_map(|(bit, add)| (1i64 << bit).wrapping_add(add))
    ]
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any_int().prop_map(Value::Int),
        any::<f64>().prop_map(Value::Real),
        proptest::collection::vec(0u8..3, 0..4).prop_map(Value::Text),
        proptest::collection::vec(any::<u8>(), 0..4).prop_map(Value::Blob),
    ]
}

proptest! {
    #[test]
    fn integers_and_reals_compare_by_value(a in any_int(), b in any_int(), near in any_int(), step in -2i32..3) {
        let int = |value| key(KeyOrder::Storage, Value::Int(value));
        prop_assert_eq!(int(a).cmp(&int(b)), a.cmp(&b));
        let real = f64::from_bits((near as f64).to_bits().wrapping_add_signed(i64::from(step)));
        prop_assume!(real.is_finite());
        prop_assert_eq!(int(a).cmp(&key(KeyOrder::Storage, Value::Real(real))), compare(a, real));
        prop_assert_eq!(int(near).cmp(&key(KeyOrder::Storage, Value::Real(real))), compare(near, real));
    }

    #[test]
    fn reals_compare_by_value(a: f64, b: f64) {
        prop_assume!(!a.is_nan() && !b.is_nan());
        let real = |value| key(KeyOrder::Storage, Value::Real(value));
        prop_assert_eq!(Some(real(a).cmp(&real(b))), a.partial_cmp(&b));
    }

    #[test]
    fn bytes_compare_as_bytes(a in proptest::collection::vec(0u8..3, 0..6), b in proptest::collection::vec(0u8..3, 0..6)) {
        let blob = |value: &Vec<u8>| key(KeyOrder::Storage, Value::Blob(value.clone()));
        prop_assert_eq!(blob(&a).cmp(&blob(&b)), a.cmp(&b));
    }

    #[test]
    fn decimals_compare_by_value(a in -2_000_000i64..2_000_000, b in -2_000_000i64..2_000_000, scale_a in 0u32..5, scale_b in 0u32..5) {
        let print = |value: i64, scale: u32| {
            let scale = scale as usize;
            let digits = format!("{:0width$}", value.unsigned_abs(), width = scale + 1);
            let (whole, fraction) = digits.split_at(digits.len() - scale);
            let sign = if value < 0 { "-" } else { "" };
            if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
        };
        let scaled = |value: i64, scale: u32| value * 10i64.pow(4 - scale);
        let numeric = |value, scale| key(KeyOrder::Numeric, text(&print(value, scale)));
        prop_assert_eq!(numeric(a, scale_a).cmp(&numeric(b, scale_b)), scaled(a, scale_a).cmp(&scaled(b, scale_b)));
    }

    #[test]
    fn days_follow_each_other(day in -1_721_000i64..3_000_000) {
        // The calendar told by another library, AD only where that one has it.
        let date = jiff::civil::date(2000, 1, 1).checked_add(jiff::Span::new().days(day.clamp(-700_000, 2_900_000))).unwrap();
        prop_assume!(date.year() > 0);
        let printed = format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day());
        prop_assert_eq!(moment::date(printed.as_bytes()), Some(day.clamp(-700_000, 2_900_000)));
    }

    #[test]
    fn composite_keys_compare_column_by_column_and_none_is_a_prefix(
        a in proptest::collection::vec(any_value(), 2), b in proptest::collection::vec(any_value(), 2),
    ) {
        let spec = KeySpec::columns(vec![(0, KeyOrder::Storage), (1, KeyOrder::NoCase)]);
        let (mut whole_a, mut whole_b) = (Vec::new(), Vec::new());
        spec.key_of(&encode(&a), &mut whole_a).unwrap();
        spec.key_of(&encode(&b), &mut whole_b).unwrap();
        let by_column = key(KeyOrder::Storage, a[0].clone()).cmp(&key(KeyOrder::Storage, b[0].clone()))
            .then(key(KeyOrder::NoCase, a[1].clone()).cmp(&key(KeyOrder::NoCase, b[1].clone())));
        prop_assert_eq!(whole_a.cmp(&whole_b), by_column);
        if whole_a != whole_b {
            prop_assert!(!whole_a.starts_with(&whole_b) && !whole_b.starts_with(&whole_a));
        }
    }
}
