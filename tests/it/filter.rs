//! `--where` expressions: what they become, what is refused, and that no text breaks the parser.

use dbsnap::codec::{Column, Key, Kind, TableName, TableSchema};
use dbsnap::db::{DbError, Engine, Filter};
use proptest::prelude::*;

fn schema() -> TableSchema {
    let column = |(name, kind): (&str, Kind)| Column {
        name: name.to_owned(),
        sql_type: "TEXT".to_owned(),
        kind,
        array: false,
        nullable: true,
        default: None,
        identity: None,
        collation: None,
    };
    let columns = [
        ("id", Kind::Int),
        ("content_type", Kind::Text),
        ("isPublished", Kind::Bool),
        ("Price", Kind::Numeric),
        ("price_", Kind::Numeric),
        ("created_at", Kind::Timestamp),
        ("tags", Kind::Jsonb),
        ("we\"ird", Kind::Text),
    ];
    TableSchema {
        table: TableName { schema: Some("public".to_owned()), name: "mods".to_owned() },
        columns: columns.map(column).to_vec(),
        generated: Vec::new(),
        key: Key::Rows,
        foreign_keys: Vec::new(),
        unique: Vec::new(),
    }
}

fn parse(engine: Engine, typed: &str) -> Result<String, String> {
    let aliases = |name: &str| (name == "sort").then(|| "content_type".to_owned());
    match Filter::parse(typed, engine, &schema(), &aliases) {
        Ok(filter) => {
            assert_eq!(filter.typed, typed);
            Ok(filter.sql)
        }
        Err(DbError::Filter { reason }) => Err(reason),
        Err(other) => panic!("{other:?}"),
    }
}

fn postgres(typed: &str) -> String {
    parse(Engine::POSTGRES, typed).unwrap_or_else(|reason| panic!("{typed}: {reason}"))
}

fn sqlite(typed: &str) -> String {
    parse(Engine::SQLITE, typed).unwrap_or_else(|reason| panic!("{typed}: {reason}"))
}

#[test]
fn names_are_found_and_quoted() {
    for engine in [Engine::POSTGRES, Engine::SQLITE] {
        for typed in ["content_type", "contentType", "CONTENT_TYPE", "\"contentType\"", "mods.contentType", "sort"] {
            assert_eq!(parse(engine, &format!("{typed} = 'furniture'")).unwrap(), "(\"content_type\" = 'furniture')");
        }
        assert_eq!(parse(engine, "is_published").unwrap(), "\"isPublished\"");
        assert_eq!(parse(engine, "\"we\"\"ird\" = 'x'").unwrap(), "(\"we\"\"ird\" = 'x')");
        assert_eq!(parse(engine, "price = 1").unwrap(), "(\"Price\" = 1)", "any case comes before underscores");
    }
    assert_eq!(sqlite("[content_type] = 'x' or `id` = 1"), "((\"content_type\" = 'x') OR (\"id\" = 1))");
    assert_eq!(postgres("public.mods.id = 1"), "(\"id\" = 1)");
}

#[test]
fn expressions_are_written_anew() {
    for (typed, sql) in [
        ("id=1 and not isPublished or id>2", "(((\"id\" = 1) AND (NOT \"isPublished\")) OR (\"id\" > 2))"),
        ("content_type = 'it''s'", "(\"content_type\" = 'it''s')"),
        (
            "content_type in ('a','b') and id not in (1, -2)",
            "((\"content_type\" IN ('a', 'b')) AND (\"id\" NOT IN (1, (- 2))))",
        ),
        ("id between 1 and 2+3", "(\"id\" BETWEEN 1 AND (2 + 3))"),
        ("content_type like 'a%' escape '\\'", "(\"content_type\" LIKE 'a%' ESCAPE '\\')"),
        (
            "content_type is null or id is not distinct from 4",
            "((\"content_type\" IS NULL) OR (\"id\" IS NOT DISTINCT FROM 4))",
        ),
        ("lower(content_type) <> coalesce(sort, 'x')", "(lower(\"content_type\") <> coalesce(\"content_type\", 'x'))"),
        ("tags ->> 'a' = 'b'", "((\"tags\" ->> 'a') = 'b')"),
        ("cast(id as text) glob '4*'", "(CAST(\"id\" AS TEXT) GLOB '4*')"),
        ("id = x'00ff'", "(\"id\" = x'00ff')"),
        ("true", "TRUE"),
    ] {
        assert_eq!(sqlite(typed), sql, "{typed}");
    }
    for (typed, sql) in [
        ("content_type ilike '%X%'", "(\"content_type\" ILIKE '%X%')"),
        ("content_type ~* '^a\\d'", "(\"content_type\" ~* E'^a\\\\d')"),
        ("content_type = $$it's$$", "(\"content_type\" = 'it''s')"),
        ("created_at::date = '2026-01-24'", "(CAST(\"created_at\" AS DATE) = '2026-01-24')"),
        ("created_at > date '2026-01-24'", "(\"created_at\" > CAST('2026-01-24' AS DATE))"),
        ("created_at < '2026-01-24'::timestamptz(3)", "(\"created_at\" < CAST('2026-01-24' AS TIMESTAMPTZ(3)))"),
        (
            "created_at + interval '1 day' < '2026-01-24'",
            "((\"created_at\" + CAST('1 day' AS INTERVAL)) < '2026-01-24')",
        ),
        ("tags @> '[\"x\"]'", "(\"tags\" @> '[\"x\"]')"),
        ("tags ? 'x'", "(\"tags\" ? 'x')"),
        ("'x' = any(tags)", "('x' = ANY (\"tags\"))"),
        ("content_type = any(array['a','b'])", "(\"content_type\" = ANY (ARRAY['a', 'b']))"),
        ("length(trim(content_type)) > 3", "(pg_catalog.length(pg_catalog.btrim(\"content_type\")) > 3)"),
        ("extract(year from created_at) = 2026", "(pg_catalog.date_part('year', \"created_at\") = 2026)"),
        ("content_type = 'today'", "(\"content_type\" = 'today')"),
    ] {
        assert_eq!(postgres(typed), sql, "{typed}");
    }
}

#[test]
fn what_is_not_one_harmless_expression_is_refused() {
    for (typed, word) in [
        ("", "empty"),
        ("  ", "empty"),
        ("id = 1; DROP TABLE mods", "statement"),
        ("id = 1 DROP TABLE mods", "`DROP` is not expected there"),
        ("id = 1 -- and more", "comment"),
        ("id = 1 /* x */", "comment"),
        ("id = (SELECT 1)", "subquery"),
        ("EXISTS (SELECT 1)", "subquery"),
        ("id IN (SELECT id FROM users)", "subquery"),
        ("titel = 'x'", "no column titel"),
        ("users.id = 1", "not a column"),
        ("pg_catalog.mods.id = 1", "not a column"),
        ("price_x = 1", "did you mean price_"),
        ("id = random()", "same answer"),
        ("created_at > now()", "same answer"),
        ("created_at > CURRENT_TIMESTAMP", ""),
        ("id = nextval('s')", "same answer"),
        ("evil.lower(content_type) = 'x'", "built-in"),
        ("count(*) > 1", "several rows"),
        ("lower(DISTINCT content_type) = 'x'", "not allowed"),
        ("length(content_type) OVER () = 1", "not allowed"),
        ("id = $1", "placeholder"),
        ("id = 1 AND 'x\0' = content_type", "NUL"),
        ("1", "not a condition"),
        ("content_type", "not a condition"),
        ("id + 1", "not a condition"),
        ("length(content_type)", "not a condition"),
        ("id = ", "not an SQL expression"),
        ("(id = 1", "not an SQL expression"),
        ("id = 'unclosed", "not an SQL expression"),
        ("CAST(id AS regclass) = 'x'", "type"),
        ("CASE WHEN true THEN true END", "CASE (`CASE WHEN true THEN true END`) is not allowed"),
        ("(id, id) = (1, 2)", "a row of several values (`(id, id)`) is not allowed"),
        ("id COLLATE \"C\" = 'x'", "COLLATE (`id COLLATE \"C\"`) is not allowed"),
    ] {
        for engine in [Engine::POSTGRES, Engine::SQLITE] {
            let reason = parse(engine, typed).expect_err(typed);
            assert!(reason.contains(word), "{typed}: {reason}");
        }
    }
    assert!(parse(Engine::SQLITE, "id = ?").unwrap_err().contains("placeholder"));
    assert!(parse(Engine::SQLITE, "id = @x").is_err());
    assert!(parse(Engine::SQLITE, "id = :x").is_err());
    assert!(parse(Engine::SQLITE, "content_type ilike 'x'").is_err());
    assert!(parse(Engine::POSTGRES, "content_type glob 'x'").is_err());
    assert!(parse(Engine::SQLITE, "created_at::date = '2026-01-24'").unwrap_err().contains("type"));
    assert!(parse(Engine::SQLITE, "id in ()").unwrap_err().contains("empty"));
}

#[test]
fn the_present_moment_is_no_literal_beside_a_time() {
    for typed in [
        "created_at > 'now'",
        "created_at > ' Today '",
        "created_at between '2026-01-01' and 'tomorrow 10:00'",
        "created_at in ('2026-01-01', 'yesterday')",
        "created_at > coalesce(created_at, 'now')",
        "created_at is distinct from 'now'",
        "date 'today' = '2026-01-01'",
        "'now'::timestamp > '2026-01-01'",
        "lower('NOW')::timestamp > '2026-01-01'",
        "created_at = any(array['now'])",
    ] {
        let reason = parse(Engine::POSTGRES, typed).expect_err(typed);
        assert!(reason.contains("depends on the current time"), "{typed}: {reason}");
    }
}

#[test]
fn nesting_is_bounded() {
    let deep = [
        format!("{}id = 1{}", "(".repeat(500), ")".repeat(500)),
        format!("{}isPublished", "NOT ".repeat(500)),
        format!("id = {}1", "- ".repeat(1500)),
        vec!["id = 1"; 900].join(" OR "),
        format!("id{} = 1", "::int".repeat(1900)),
        format!("isPublished{}", " IS NULL".repeat(1900)),
        format!("id = {}1{}", "abs(".repeat(1000), ")".repeat(1000)),
        vec!["id = 1"; 5000].join(" AND "),
    ];
    for typed in &deep {
        assert!(parse(Engine::POSTGRES, typed).is_err());
        assert!(parse(Engine::SQLITE, typed).is_err());
    }
    let many: Vec<String> = (0..1500).map(|id| id.to_string()).collect();
    assert!(sqlite(&format!("id IN ({})", many.join(","))).len() > 5000);
    assert!(sqlite(&vec!["id = 1"; 200].join(" OR ")).len() > 2000);
}

/// Fragments from which expressions, nearly-expressions and nonsense arise.
fn fragment() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "id",
        "content_type",
        "\"isPublished\"",
        "created_at",
        "tags",
        "nope",
        "=",
        "<>",
        "<",
        "AND",
        "OR",
        "NOT",
        "(",
        ")",
        "IN",
        ",",
        "'x'",
        "''",
        "'it''s'",
        "E'\\''",
        "$$x$$",
        "1",
        "2.5e3",
        ".",
        "IS NULL",
        "LIKE",
        "ILIKE",
        "BETWEEN",
        "::",
        "date",
        "CAST(",
        "AS",
        "->",
        "->>",
        "@>",
        "?",
        "?|",
        "~*",
        "lower(",
        "now()",
        "SELECT",
        "--",
        "/*",
        "*/",
        ";",
        "$1",
        "x'00'",
        "[",
        "]",
        "{",
        "}",
        "ARRAY[",
        "interval",
        "CASE",
        "WHEN",
        "END",
        "extract(",
        "FROM",
        "\\",
        "`",
        "#",
        "%",
        "||",
        "ANY(",
        "COLLATE",
        "OVER",
        "*",
    ]);
    prop_oneof![8 => known.prop_map(str::to_owned), 1 => ".{0,4}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn no_text_breaks_the_parser(fragments in proptest::collection::vec(fragment(), 0..24), text in ".{0,40}") {
        for engine in [Engine::POSTGRES, Engine::SQLITE] {
            for typed in [fragments.join(" "), fragments.concat(), text.clone()] {
                if let Ok(sql) = parse(engine, &typed) {
                    prop_assert!(!sql.contains(';') || typed.contains('\''));
                    // What is written is itself a filter, and already in its written form.
                    let again = parse(engine, &sql);
                    prop_assert_eq!(again.as_deref(), Ok(sql.as_str()), "from {}", typed);
                }
            }
        }
    }

    #[test]
    fn any_string_comes_back_as_one_literal(text in "[^\0]{0,30}") {
        let typed = format!("content_type = '{}'", text.replace('\'', "''"));
        let sql = sqlite(&typed);
        let conn = rusqlite::Connection::open_in_memory().unwrap();
        conn.execute_batch("CREATE TABLE mods (content_type TEXT)").unwrap();
        conn.execute("INSERT INTO mods VALUES (?1)", [&text]).unwrap();
        let found: i64 = conn.query_row(&format!("SELECT count(*) FROM mods WHERE {sql}"), [], |row| row.get(0)).unwrap();
        prop_assert_eq!(found, 1);
    }
}
