//! What most values of most tables become means to another reader what the database holds. The bytes that come back are
//! `roundtrip.rs`'s; here none of our own reading takes part.

use super::schema::{column, table, text};
use dbsnap::codec::{Column, Engine, Kind, TableName, Value, row};
use dbsnap::prisma::{ColumnNames, RecordEncoder};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::json;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// What a value means.
#[derive(Debug, Clone)]
enum Meaning {
    /// This JSON.
    Json(serde_json::Value),
    /// This number, bit for bit.
    Real(f64),
    /// This instant.
    Instant(Timestamp),
}

impl Meaning {
    fn is(&self, raw: &RawValue) -> bool {
        match self {
            Meaning::Json(json) => serde_json::from_str::<serde_json::Value>(raw.get()).unwrap() == *json,
            Meaning::Real(real) => raw.get().parse::<f64>().unwrap().to_bits() == real.to_bits(),
            Meaning::Instant(time) => serde_json::from_str::<Timestamp>(raw.get()).unwrap() == *time,
        }
    }
}

/// Texts of all lengths about the ones that are copied at once, now and then with something to escape.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9 .,-]{0,70}",
        "[ -~]{0,40}",
        "[a-z]{0,40}[\"\\\\\n\u{1}\u{7f}\u{e9}\u{2028}\u{1f600}][a-z\"]{0,40}",
        any::<String>().prop_map(|text| text.replace('\0', "")),
    ]
}

/// A server's text of an instant: seconds and microseconds of this century, without zeros at the end.
fn times() -> impl Strategy<Value = (String, Timestamp)> {
    (0i64..3_000_000_000, prop_oneof![Just(0i32), 0i32..1000, 0i32..1_000_000], any::<bool>()).prop_map(
        |(seconds, fraction, milliseconds)| {
            let microseconds = if milliseconds { fraction / 1000 * 1000 } else { fraction };
            let time = Timestamp::new(seconds, microseconds * 1000).unwrap();
            let whole = time.strftime("%Y-%m-%d %H:%M:%S").to_string();
            let digits = format!("{microseconds:06}");
            let digits = digits.trim_end_matches('0');
            (if digits.is_empty() { whole } else { format!("{whole}.{digits}") }, time)
        },
    )
}

fn documents() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(|it| json!(it)),
        any::<i32>().prop_map(|it| json!(it)),
        texts().prop_map(|it| json!(it))
    ];
    let lists = prop::collection::vec(leaf.clone(), 0..5).prop_map(|list| json!(list));
    prop::collection::btree_map("[a-z]{1,12}", prop_oneof![leaf, lists], 0..6).prop_map(|map| json!(map))
}

/// A value of that kind as PostgreSQL gives it, and its meaning.
fn cell(kind: Kind, array: bool) -> BoxedStrategy<(Value, Meaning)> {
    let json = |value: Value, json: serde_json::Value| (value, Meaning::Json(json));
    let some = match kind {
        Kind::Text if array => prop::collection::vec("[a-mo-z][a-z0-9.-]{0,40}", 0..6)
            .prop_map(move |list| json(text(&format!("{{{}}}", list.join(","))), json!(list)))
            .boxed(),
        Kind::Bool => any::<bool>().prop_map(move |it| json(text(if it { "t" } else { "f" }), json!(it))).boxed(),
        Kind::Int => any::<i32>().prop_map(move |it| json(Value::Int(it.into()), json!(it))).boxed(),
        Kind::BigInt => any::<i64>().prop_map(move |it| json(Value::Int(it), json!(it.to_string()))).boxed(),
        Kind::Float8 => any::<f64>()
            .prop_filter("words", |it| it.is_finite() && it.to_bits() != (-0.0f64).to_bits())
            .prop_map(|it| (Value::Real(it), Meaning::Real(it)))
            .boxed(),
        Kind::Numeric => "-?[1-9][0-9]{0,40}(\\.[0-9]{1,10})?".prop_map(move |it| json(text(&it), json!(it))).boxed(),
        Kind::Timestamp => times().prop_map(|(it, time)| (text(&it), Meaning::Instant(time))).boxed(),
        Kind::TimestampTz => times().prop_map(|(it, time)| (text(&format!("{it}+00")), Meaning::Instant(time))).boxed(),
        Kind::Jsonb => documents().prop_map(move |it| json(text(&it.to_string()), it)).boxed(),
        _ => texts().prop_map(move |it| json(text(&it), json!(it))).boxed(),
    };
    prop_oneof![8 => some, 1 => Just((Value::Null, Meaning::Json(json!(null))))].boxed()
}

const COLUMNS: [(&str, &str, Kind); 12] = [
    ("id", "text", Kind::Text),
    ("a_name_that_is_longer_than_what_is_copied_at_once", "text", Kind::Text),
    ("odd \"name\"", "uuid", Kind::Uuid),
    ("published", "boolean", Kind::Bool),
    ("downloads", "integer", Kind::Int),
    ("size", "bigint", Kind::BigInt),
    ("rating", "double precision", Kind::Float8),
    ("price", "numeric(12,2)", Kind::Numeric),
    ("created_at", "timestamp", Kind::Timestamp),
    ("seen_at", "timestamptz", Kind::TimestampTz),
    ("tags", "text[]", Kind::Text),
    ("metadata", "jsonb", Kind::Jsonb),
];

fn columns() -> Vec<Column> {
    COLUMNS.iter().map(|(name, sql_type, kind)| column(name, sql_type, *kind)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn usual_values_mean_the_same_to_another_reader(
        cells in columns().iter().map(|column| cell(column.kind, column.array)).collect::<Vec<_>>()
    ) {
        let schema = table(TableName::qualified("public", "mods"), columns());
        let values: Vec<Value> = cells.iter().map(|(value, _)| value.clone()).collect();
        let mut out = Vec::new();
        let mut encoder = RecordEncoder::of_table(Engine::POSTGRES, &schema, &ColumnNames).unwrap();
        encoder.encode(&row::encode(&values), &mut out).unwrap();
        let record = std::str::from_utf8(&out).unwrap().strip_prefix(",\n    ").unwrap();
        prop_assert!(!record.contains('\n'));
        let fields: BTreeMap<String, &RawValue> = serde_json::from_str(record).unwrap();
        prop_assert_eq!(fields.len(), COLUMNS.len());
        for ((name, ..), (value, meaning)) in COLUMNS.iter().zip(&cells) {
            prop_assert!(meaning.is(fields[*name]), "{name}: {value:?} became {}", fields[*name]);
        }
    }
}
