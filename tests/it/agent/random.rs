//! Any text that can be edited: what is put in comes out again, and no two texts become the same.

use crate::torture::world::Seed;
use crate::tree::model::Dice;
use dbsnap::splice::{Block, Comment, Handlers, JsonFile, JsonPart, Slot, Splice, State};
use serde_json::{Value, json};

const TEXTS: u64 = 2_500;

fn fit(is: &Value, wanted: &Value) -> Option<Value> {
    is["command"].as_str().is_some_and(|command| command.starts_with("ours")).then(|| wanted.clone())
}

fn file() -> JsonFile {
    let element =
        |name, handlers, value| JsonPart { path: vec!["hooks", name], slot: Slot::Element { value, handlers, fit } };
    let handler = json!({ "type": "command", "command": "ours", "args": ["a", "b"] });
    JsonFile {
        parts: vec![
            element("A", Handlers::In("hooks"), json!({ "matcher": "x", "hooks": [handler] })),
            element("B", Handlers::Itself, handler),
            JsonPart { path: vec!["servers", "ours"], slot: Slot::Member(json!({ "command": "ours", "args": [] })) },
        ],
        required: None,
    }
}

/// Writes JSON as nobody would.
struct Writer(Dice);

impl Writer {
    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.0.roll(from.len() as u64)).unwrap()]
    }

    /// Blanks and comments, as they may stand between any two tokens.
    fn trivia(&mut self) -> &'static str {
        const USUAL: [&str; 5] = ["", " ", "\n  ", "\n", "\n    "];
        const ODD: [&str; 6] = ["\r\n  ", "\t", " // c, }\n", "/* [ , */", "\n  // d\n  ", " /* e\n */ "];
        if self.0.roll(4) == 0 { self.pick(&ODD) } else { self.pick(&USUAL) }
    }

    /// A container's text around its items, with or without a comma behind the last.
    fn container(&mut self, open: char, items: Vec<String>, close: char) -> String {
        let (count, trailing) = (items.len(), self.0.roll(3) == 0);
        let mut text = open.to_string();
        for (at, item) in items.into_iter().enumerate() {
            let comma = if at + 1 < count || trailing { "," } else { "" };
            text.push_str(&format!("{}{item}{}{comma}", self.trivia(), self.trivia()));
        }
        format!("{text}{}{close}", self.trivia())
    }

    fn value(&mut self, depth: u32) -> String {
        const SCALARS: [&str; 5] = ["1", "-1.50e+3", "null", r#""a, // \" }""#, r#"{ "command": "theirs" }"#];
        match self.0.roll(3) {
            0 if depth > 0 => self.array(depth - 1),
            1 if depth > 0 => self.members(&["x", "y"], |writer, _| writer.value(depth - 1)),
            _ => self.pick(&SCALARS).to_owned(),
        }
    }

    fn array(&mut self, depth: u32) -> String {
        let items = (0..self.0.roll(3)).map(|_| self.value(depth)).collect();
        self.container('[', items, ']')
    }

    /// Some of these members, in any order.
    fn members(&mut self, names: &[&str], value: impl Fn(&mut Writer, &str) -> String) -> String {
        let mut items = Vec::new();
        for name in names {
            if self.0.roll(2) == 0 {
                let (before, after) = (self.trivia(), self.trivia());
                items.push(format!("\"{name}\"{before}:{after}{}", value(self, name)));
            }
        }
        if self.0.roll(2) == 0 {
            items.reverse();
        }
        self.container('{', items, '}')
    }

    fn document(&mut self) -> String {
        let mark = if self.0.roll(8) == 0 { "\u{feff}" } else { "" };
        if self.0.roll(20) == 0 {
            return format!("{mark}{}", self.pick(&["", "\n", " \r\n", "\n\n  "]));
        }
        let root = self.members(&["w", "hooks", "servers", "v"], |writer, name| match name {
            "hooks" => writer.members(&["A", "z", "B"], |writer, name| match name {
                "z" => writer.value(1),
                _ => writer.array(1),
            }),
            "servers" => writer.members(&["x", "y"], |writer, _| writer.value(1)),
            _ => writer.value(2),
        });
        format!("{mark}{}{root}{}", self.trivia(), self.trivia())
    }
}

#[test]
fn json_is_as_it_was() {
    let file = file();
    let new = file.insert(None).unwrap();
    for seed in 0..TEXTS {
        let _seed = Seed(seed);
        let text = Writer(Dice(seed)).document();
        let with = file.insert(Some(&text)).unwrap();
        assert_eq!(file.states(&with).unwrap(), [State::Same; 3], "{text:?}\n{with}");
        assert_eq!(file.insert(Some(&with)).unwrap(), with, "{text:?}");
        let removed = file.remove(&with).unwrap();
        assert_eq!(removed.text.as_deref(), Some(text.as_str()), "{with}");
        assert!(removed.is_exact, "{text:?}");
        assert_ne!(with, new, "{text:?}");
    }
}

#[test]
fn blocks_are_as_they_were() {
    for seed in 0..TEXTS {
        let _seed = Seed(seed);
        let mut writer = Writer(Dice(seed));
        let comment = writer.pick(&[Comment::Hash, Comment::Html]);
        let block = Block { comment, body: "one\ntwo\n", has_loose_lines: true, check: |_| Ok(State::Absent) };
        let text: String = (0..writer.0.roll(9)).map(|_| writer.pick(&['a', '#', ' ', '\n', '\r', '\n'])).collect();
        let with = block.insert(Some(&text)).unwrap();
        assert_eq!(block.states(&with).unwrap(), [State::Same], "{with:?}");
        assert_eq!(block.insert(Some(&with)).unwrap(), with);
        let removed = block.remove(&with).unwrap();
        assert_eq!(removed.text.as_deref(), Some(text.as_str()), "{with:?}");
        assert_ne!(with, block.insert(None).unwrap());
    }
}

#[test]
fn no_file_is_no_file_again() {
    let file = file();
    assert_eq!(file.remove(&file.insert(None).unwrap()).unwrap().text, None);
    let block = Block { comment: Comment::Html, body: "one\n", has_loose_lines: true, check: |_| Ok(State::Absent) };
    assert_eq!(block.remove(&block.insert(None).unwrap()).unwrap().text, None);
}
