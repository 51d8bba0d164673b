//! Schemas that are cut short, mixed up or no schemas at all.

use super::{fixtures, parse, schema_files};
use proptest::prelude::*;

#[test]
fn a_schema_cut_anywhere_is_read_or_refused_with_a_line() {
    // Those with every form of the language at every byte, the others here and there.
    let rich = ["comments", "default-literals", "layout", "partial-indexes", "schemas", "settings"];
    for file in fixtures().iter().flat_map(|path| schema_files(path)) {
        let text = std::fs::read_to_string(&file).unwrap();
        let is_rich = rich.iter().any(|name| file.file_stem().is_some_and(|stem| stem == *name));
        let step = if is_rich { 1 } else { 1 + text.len() / 50 };
        for end in (0..text.len()).step_by(step).filter(|end| text.is_char_boundary(*end)) {
            if let Err(error) = parse(&text[..end]) {
                let at = error.position().unwrap_or_else(|| panic!("{error}")).line;
                assert!(at >= 1 && at as usize <= text[..end].lines().count().max(1), "{error}");
            }
        }
    }
}

#[test]
fn no_message_holds_a_url() {
    let text = "datasource db {\n  url = \"postgres://u:s3cret@h/db\" nothing\n  directUrl = \"x:s3cret@y\" }\n}\n";
    for end in 0..=text.len() {
        for beside in ["", "}", "\"", "\n}", "\\q", "model A {"] {
            let said = match parse(&format!("{}{beside}", &text[..end])) {
                Ok(schema) => format!("{schema:?}"),
                Err(error) => format!("{error} {error:?}"),
            };
            assert!(!said.contains("s3cret"), "{said}");
        }
    }
}

#[test]
fn brackets_without_end_are_bounded() {
    for open in ["model A {\n  a Int @default(", "model A {\n  @@id(["] {
        for bracket in ["(", "[", "f(", "{"] {
            let error = parse(&format!("{open}{}", bracket.repeat(100_000))).unwrap_err();
            assert_eq!(error.position().unwrap().line, 2, "{error}");
        }
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,200}") {
        let _ = parse(&text);
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn no_mixture_of_schema_parts_panics(
        parts in proptest::collection::vec(
            prop::sample::select(vec![
                "model", "enum", "view", "type", "datasource", "generator", " A ", " b ", "{", "}", "\n", "(", ")", "[", "]", ",",
                ":", "@", "@@", "@id", "@@id([b])", "@map(\"x\")", "@relation(fields: [b], references: [b])", "?", "[]", "\"", "\\",
                "//", "///", "/*", "*/", "Int", "A[]", "Unsupported(\"x\")", "=", "-", "1.5", "env(\"X\")", ".", "\r", "\u{e9}",
            ]),
            0..60,
        ),
    ) {
        let _ = parse(&parts.concat());
    }
}
