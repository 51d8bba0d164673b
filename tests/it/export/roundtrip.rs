//! Any row of any table comes back from its file bit for bit, and the file is JSON to another reader as well.

use super::schema::{column, export, export_as, info, read_all, table, text};
use dbsnap::codec::{Kind, TableName, Value, row};
use dbsnap::prisma::{ColumnNames, ExportInfo};
use proptest::prelude::*;

const KINDS: [Kind; 20] = [
    Kind::Bool,
    Kind::Int,
    Kind::BigInt,
    Kind::Float4,
    Kind::Float8,
    Kind::Numeric,
    Kind::Money,
    Kind::Text,
    Kind::Bytes,
    Kind::Uuid,
    Kind::Date,
    Kind::Time,
    Kind::TimeTz,
    Kind::Timestamp,
    Kind::TimestampTz,
    Kind::Interval,
    Kind::Json,
    Kind::Jsonb,
    Kind::Enum,
    Kind::Other,
];

/// Texts that a server or a user may store, and texts that look like what an export makes of others.
const TEXTS: &[&str] = &[
    "",
    "t",
    "f",
    "true",
    "null",
    "NULL",
    "0",
    "-0",
    "5",
    "1.10",
    "1.5",
    "NaN",
    "Infinity",
    "-Infinity",
    "nan",
    "1e400",
    "-1",
    "007",
    "12345678901234567890",
    "9223372036854775807",
    "$1,234.50",
    "-$0.05",
    "1234.50",
    "-0.05",
    "$1234.50",
    "2026-01-24",
    "infinity",
    "-infinity",
    "0044-03-15 BC",
    "12026-01-24",
    "2026-01-24T00:00:00.000Z",
    "10:30:00",
    "10:30:00.123456",
    "24:00:00",
    "1970-01-01T10:30:00.000Z",
    "10:30:00+02",
    "10:30:00+00",
    "10:30:00.5+00",
    "2026-01-24 10:30:00",
    "2026-01-24 10:30:00.123",
    "2026-01-24 10:30:00.120",
    "2026-01-24 10:30:00.123456",
    "2026-01-24 10:30:00.123456+00",
    "2026-01-24 10:30:00+00",
    "2026-01-24T10:30:00.123Z",
    "2026-01-24T10:30:00.1230Z",
    "2026-01-24T10:30:00Z",
    "2026-01-24T10:30:00.120+00:00",
    "294276-12-31 23:59:59.999999",
    "1 mon -1 day",
    "{}",
    "[]",
    "{\"a\":1}",
    "{\"a\": 1}",
    "{\"a\":\n1}",
    " {\"a\":1}",
    "{\"$int\":\"5\"}",
    "{\"$json\":null}",
    "{ \"$int\":\"5\"}",
    "{\"\\u0024int\":\"5\"}",
    "{\"a\":1,\"$int\":2}",
    "{\"a\":1,\"a\":2}",
    "\"abc\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "[1,2]",
    "[null]",
    "{1,2}",
    "{1,NULL,3}",
    "{\"NULL\",NULL,\"\"}",
    "{{1,2},{3,4}}",
    "[2:3]={7,8}",
    "{a,\"b c\",\"d\\\"e\"}",
    "{\"a\"}",
    "{a b}",
    "{1,{2}}",
    "{{}}",
    "{{},{}}",
    "{1,}",
    "{,}",
    "{",
    "}",
    "{\"\\\\x00ff\"}",
    "{\"\\\\xFF\"}",
    "{t,f}",
    "{-0,NaN,1e+20}",
    "{null}",
    "{\"null\"}",
    "{\"[1,2]\"}",
    "{\"{\\\"$int\\\":1}\",\"[]\"}",
    "{\"{\\\"a\\\": 1}\"}",
    "{2026-01-24,infinity}",
    "{\"2026-01-24 10:30:00\",\"2026-01-24 10:30:00.5\"}",
    "{\"$1,234.50\",$1.00}",
    "{00,1.}",
    "{\"a\\b\"}",
    "'",
    "`${process.exit()}`",
    "*/",
    "//",
    "\\",
    "\u{2028}\u{2029}",
    "</script>",
    "\u{202e}",
    "__proto__",
    "constructor",
    "a\tb\r\nc\u{1}\u{7f}",
    "\u{1f600}",
];

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => Just(Value::Null),
        2 => any::<i64>().prop_map(Value::Int),
        2 => prop::sample::select(vec![0, 1, -1, 2, 1 << 53, (1 << 53) - 1, -(1 << 53), i64::MIN, i64::MAX]).prop_map(Value::Int),
        2 => any::<u64>().prop_map(|bits| Value::Real(f64::from_bits(bits))),
        2 => any::<f32>().prop_map(|value| Value::Real(f64::from(value))),
        1 => prop::sample::select(vec![0.0, -0.0, 1.0, 0.1, 1e16, 5e-324, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300])
            .prop_map(Value::Real),
        6 => prop::sample::select(TEXTS.to_vec()).prop_map(text),
        2 => any::<String>().prop_map(|value| Value::Text(value.into_bytes())),
        2 => r#"[\[\]{}":,0-9.eE\- \\antrufls$T]{0,16}"#.prop_map(|value| Value::Text(value.into_bytes())),
        2 => r#"\{("([a-z ]|\\"|\\\\){0,3}"|[a-z0-9.]{1,3}|NULL|\{[0-9]\})(,("([a-z ]|\\"|\\\\){0,3}"|[a-z0-9.]{1,3}|NULL|\{[0-9]\})){0,3}\}"#
            .prop_map(|value| Value::Text(value.into_bytes())),
        1 => any::<Vec<u8>>().prop_map(Value::Text),
        2 => any::<Vec<u8>>().prop_map(Value::Blob),
    ]
}

fn tables() -> impl Strategy<Value = (TableName, Vec<(Kind, bool)>, Vec<Vec<Value>>)> {
    let columns = prop::collection::vec((prop::sample::select(KINDS.to_vec()), any::<bool>()), 1..6);
    (any::<bool>(), columns).prop_flat_map(|(postgres, columns)| {
        let name = if postgres { TableName::qualified("public", "mods") } else { TableName::bare("mods") };
        let rows = prop::collection::vec(prop::collection::vec(any_value(), columns.len()), 0..12);
        (Just(name), Just(columns), rows)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_row_of_any_table_comes_back((name, columns, rows) in tables()) {
        let columns = columns.iter().enumerate().map(|(index, (kind, array))| {
            column(&format!("c{index}"), if *array { "x[]" } else { "x" }, *kind)
        });
        let exported = export(&table(name, columns.collect()), &rows);
        let wanted: Vec<Vec<u8>> = rows.iter().map(|values| row::encode(values)).collect();
        let found = read_all(&exported.path);
        prop_assert!(found.is_ok(), "{:?}\n{}", found, exported.text());
        prop_assert_eq!(found.unwrap(), wanted, "{}", exported.text());
    }
}

/// Every text under every kind of both engines, in one table each: nothing is left to chance.
#[test]
fn every_text_of_the_list_comes_back_under_every_kind() {
    for name in [TableName::qualified("public", "mods"), TableName::bare("mods")] {
        for kind in KINDS {
            for sql_type in ["x", "x[]", "box[]"] {
                let schema = table(name.clone(), vec![column("c", sql_type, kind)]);
                let rows: Vec<Vec<Value>> = TEXTS.iter().map(|value| vec![text(value)]).collect();
                let exported = export(&schema, &rows);
                let wanted: Vec<Vec<u8>> = rows.iter().map(|values| row::encode(values)).collect();
                assert_eq!(read_all(&exported.path).unwrap(), wanted, "{kind:?} {sql_type} {name}");
                // Another reader's grammar; it does not interpret numbers and escapes that it could not hold.
                serde_json::from_str::<serde::de::IgnoredAny>(&exported.text()).unwrap();
            }
        }
    }
}

/// No two values of a column may have one form: else one of them would come back as the other.
#[test]
fn no_two_values_of_a_column_share_a_form() {
    let mut values: Vec<Value> = TEXTS.iter().map(|value| text(value)).collect();
    values.extend([0, 1, 5, -1, 1 << 53].map(Value::Int));
    values.extend([0.0, -0.0, 1.0, 5.0, 1.5, f64::NAN, f64::INFINITY].map(Value::Real));
    values.extend([Value::Null, Value::Blob(Vec::new()), Value::Blob(b"t".to_vec()), Value::Text(vec![0xff, 0xfe, 0])]);
    for name in [TableName::qualified("public", "mods"), TableName::bare("mods")] {
        for kind in KINDS {
            for sql_type in ["x", "x[]"] {
                let schema = table(name.clone(), vec![column("c", sql_type, kind)]);
                let rows: Vec<Vec<Value>> = values.iter().map(|value| vec![value.clone()]).collect();
                let file = export(&schema, &rows).text();
                let mut forms: Vec<&str> = file.lines().filter(|line| line.starts_with("    {")).collect();
                assert_eq!(forms.len(), values.len());
                forms.iter_mut().for_each(|form| *form = form.trim_end_matches(','));
                forms.sort_unstable();
                let twice = forms.windows(2).find(|pair| pair[0] == pair[1]);
                assert_eq!(twice, None, "{kind:?} {sql_type} {name}");
            }
        }
    }
}

/// The metadata of a large file is completed after its records were written, and no gap is left for it.
#[test]
fn a_large_file_has_no_gap_whatever_its_metadata_turns_out_to_be() {
    let schema = table(
        TableName::qualified("public", "mods"),
        vec![column("id", "integer", Kind::Int), column("at", "timestamp without time zone", Kind::Timestamp)],
    );
    let plain = |id: i64| vec![Value::Int(id), text("2026-01-24 10:30:00.123")];
    let exact = |id: i64| vec![Value::Int(id), text("2026-01-24 10:30:00.123456")];
    let rows = 80_000;
    let cases: [(&str, u64, i64); 4] = [
        ("nothing special", 80_000, i64::MAX),
        ("special from the start", 80_000, 0),
        ("special at the end only", 80_000, rows - 1),
        ("another number of records than expected", 7, i64::MAX),
    ];
    for (what, expected, special_from) in cases {
        let all: Vec<_> = (0..rows).map(|id| if id < special_from { plain(id) } else { exact(id) }).collect();
        let exported = export_as(&schema, &ColumnNames, ExportInfo { records: expected, ..info() }, &all);
        let file = exported.text();
        assert!(file.len() > 3_000_000 && file.len() as u64 == exported.written.size_bytes, "{what}");
        assert!(file.lines().all(|line| !line.ends_with(' ')), "{what}");
        assert_eq!(file.contains("\"encodings\": {\"at\":[\"microseconds\"]}"), special_from < rows, "{what}");
        assert!(read_all(&exported.path).unwrap().into_iter().eq(all.iter().map(|row| row::encode(row))), "{what}");
        let left: Vec<_> = std::fs::read_dir(exported.path.parent().unwrap()).unwrap().collect();
        assert_eq!(left.len(), 1, "{what}");
    }
}
