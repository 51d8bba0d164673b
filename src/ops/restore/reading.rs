//! Whether two statements say the same, as far as a database writes what it reads in its own way.

/// Types of text, between which PostgreSQL casts without changing a value.
const TEXTS: [&str; 5] = ["character varying", "text", "bpchar", "character", "name"];

/// Whether the two differ in nothing but blanks, parentheses, and casts between types of text.
///
/// PostgreSQL reads `s IN ('a', 'b')` of a varchar, writes `(ARRAY['a'::character varying])::text[]`, reads that again,
/// and writes `ARRAY[('a'::character varying)::text]`.
pub(super) fn reads_alike(one: &str, other: &str) -> bool {
    one == other || bare(one) == bare(other)
}

fn bare(sql: &str) -> String {
    let mut kept = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        if matches!(first, '\'' | '"') {
            let length = quoted(rest, first);
            kept.push_str(&rest[..length]);
            rest = &rest[length..];
        } else if let Some(after) = rest.strip_prefix("::").and_then(past_text) {
            rest = after;
        } else {
            if !first.is_whitespace() && !matches!(first, '(' | ')') {
                kept.push(first);
            }
            rest = &rest[first.len_utf8()..];
        }
    }
    kept
}

/// The length of what stands in these quotes; two of them are one in it.
fn quoted(sql: &str, quote: char) -> usize {
    let mut from = 1;
    loop {
        let Some(at) = sql[from..].find(quote) else { return sql.len() };
        from += at + 1;
        match sql[from..].starts_with(quote) {
            true => from += 1,
            false => return from,
        }
    }
}

/// What stands behind a type of text, its length and brackets.
fn past_text(sql: &str) -> Option<&str> {
    let mut rest = TEXTS.iter().find_map(|name| sql.strip_prefix(name))?;
    if let Some((length, after)) = rest.strip_prefix('(').and_then(|inner| inner.split_once(')'))
        && length.bytes().all(|byte| byte.is_ascii_digit())
    {
        rest = after;
    }
    rest = rest.strip_prefix("[]").unwrap_or(rest);
    let goes_on = rest.chars().next().is_some_and(|next| next.is_alphanumeric() || next == '_');
    (!goes_on).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn casts_of_text_are_passed_over_and_nothing_else() {
        let was = "CHECK (((s)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying(9)])::text[])))";
        let is = "CHECK (((s)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying(9))::text])))";
        assert!(reads_alike(was, is));
        assert!(!reads_alike(was, &is.replace("'b'", "'c'")));
        assert!(!reads_alike("CHECK ((a = '(x)'))", "CHECK ((a = 'x'))"));
        assert!(!reads_alike("CHECK ((a = 'it''s ::text'))", "CHECK ((a = 'it''s '))"));
        assert!(!reads_alike("a::integer", "a"));
        assert!(!reads_alike("a::textual", "aual"));
    }
}
