//! Which words of two texts differ.

/// Words beyond which two texts are not compared word by word.
const MOST: usize = 1500;

/// A part of a text, and whether the other text does not have it there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part<'t> {
    pub text: &'t str,
    pub differs: bool,
}

/// Both texts in parts: words, spaces and signs that they share in order, and those that they do not.
pub(super) fn compare<'t>(old: &'t str, new: &'t str) -> (Vec<Part<'t>>, Vec<Part<'t>>) {
    let (a, b) = (split(old), split(new));
    let head = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let tail = a[head..].iter().rev().zip(b[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (middle_a, middle_b) = (&a[head..a.len() - tail], &b[head..b.len() - tail]);
    let (kept_a, kept_b) = match middle_a.len().max(middle_b.len()) > MOST {
        true => (vec![false; middle_a.len()], vec![false; middle_b.len()]),
        false => common(middle_a, middle_b),
    };
    let marked = |words: &[&'t str], kept: &[bool]| {
        let middle = head..words.len() - tail;
        let differs = |at: usize| middle.contains(&at) && !kept[at - head];
        words.iter().enumerate().map(|(at, text)| Part { text, differs: differs(at) }).collect()
    };
    (marked(&a, &kept_a), marked(&b, &kept_b))
}

/// Words, runs of spaces, and signs one by one.
fn split(text: &str) -> Vec<&str> {
    let class = |c: char| match c {
        c if c.is_alphanumeric() || c == '_' => 0,
        c if c.is_whitespace() => 1,
        _ => 2,
    };
    let mut words = Vec::new();
    let mut start = 0;
    let mut before = None;
    for (at, c) in text.char_indices() {
        let now = class(c);
        if before.is_some_and(|before| before != now || now == 2) {
            words.push(&text[start..at]);
            start = at;
        }
        before = Some(now);
    }
    if start < text.len() {
        words.push(&text[start..]);
    }
    words
}

/// Which words belong to the longest sequence that both have.
fn common(a: &[&str], b: &[&str]) -> (Vec<bool>, Vec<bool>) {
    let width = b.len() + 1;
    let mut lengths = vec![0u16; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            lengths[i * width + j] = match a[i] == b[j] {
                true => lengths[(i + 1) * width + j + 1] + 1,
                false => lengths[(i + 1) * width + j].max(lengths[i * width + j + 1]),
            };
        }
    }
    let (mut kept_a, mut kept_b) = (vec![false; a.len()], vec![false; b.len()]);
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        if a[i] == b[j] {
            (kept_a[i], kept_b[j]) = (true, true);
            i += 1;
            j += 1;
        } else if lengths[(i + 1) * width + j] >= lengths[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    (kept_a, kept_b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(parts: &[Part<'_>]) -> String {
        parts.iter().map(|part| if part.differs { format!("[{}]", part.text) } else { part.text.to_owned() }).collect()
    }

    #[test]
    fn only_words_that_differ_are_marked() {
        let (old, new) = compare("The old oak table, waxed.", "The new oak bench, waxed twice.");
        assert_eq!(shown(&old), "The [old] oak [table], waxed.");
        assert_eq!(shown(&new), "The [new] oak [bench], waxed[ ][twice].");
        let (old, new) = compare("", "x");
        assert_eq!((shown(&old), shown(&new)), (String::new(), "[x]".to_owned()));
    }

    #[test]
    fn texts_of_any_length_end() {
        let (a, b) = ("a ".repeat(100_000), "b ".repeat(100_000));
        let (old, new) = compare(&a, &b);
        assert!(old.iter().chain(&new).filter(|part| !part.text.trim().is_empty()).all(|part| part.differs));
    }
}
