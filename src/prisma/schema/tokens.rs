//! From the text of a schema to its words, texts and signs, each with its line.

use winnow::combinator::{alt, cut_err, delimited, dispatch, fail, opt, preceded, repeat};
use winnow::error::{ContextError, StrContext};
use winnow::stream::{LocatingSlice, Location, Stream};
use winnow::token::{any, one_of, take, take_until, take_while};
use winnow::{ModalResult, Parser};

/// One piece of a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A name or keyword: letters, digits, `_` and `-`.
    Word(String),
    /// A number, as written.
    Number(String),
    /// A text in quotes, its escapes read.
    Text(String),
    /// A sign that stands for itself.
    Sign(char),
    /// A `///` comment, or one between `/*` and `*/`.
    Doc(String),
    /// A `//` comment.
    Comment,
    /// The end of a line.
    LineEnd,
}

/// A token and the line it begins in, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) line: u32,
}

type Input<'s> = LocatingSlice<&'s str>;

/// The tokens of `text`, or the line and the reason why there are none.
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, (u32, String)> {
    // A byte order mark is what some editors begin a file with.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut input = LocatingSlice::new(text);
    let mut found = Vec::new();
    let (mut line, mut counted) = (1, 0);
    let mut line_of = |offset: usize| {
        line += text.as_bytes().get(counted..offset).unwrap_or_default().iter().filter(|byte| **byte == b'\n').count();
        counted = counted.max(offset);
        u32::try_from(line).unwrap_or(u32::MAX)
    };
    loop {
        let _blank: &str = blank(&mut input).map_err(|_| (line_of(input.current_token_start()), String::new()))?;
        let line = line_of(input.current_token_start());
        if input.eof_offset() == 0 {
            return Ok(found);
        }
        let token = token.parse_next(&mut input).map_err(|error| {
            let context: Option<ContextError> = error.into_inner().ok();
            let reason = context.iter().flat_map(ContextError::context).find_map(|context| match context {
                StrContext::Label(label) => Some((*label).to_owned()),
                _ => None,
            });
            (line, reason.unwrap_or_else(|| "this is no Prisma schema".to_owned()))
        })?;
        found.push(Placed { token, line });
    }
}

fn blank<'s>(input: &mut Input<'s>) -> ModalResult<&'s str> {
    take_while(0.., |char: char| char.is_whitespace() && char != '\n' && char != '\r').parse_next(input)
}

fn token(input: &mut Input<'_>) -> ModalResult<Token> {
    alt((line_end, comment, text.map(Token::Text), number, word, any.map(Token::Sign))).parse_next(input)
}

fn line_end(input: &mut Input<'_>) -> ModalResult<Token> {
    alt(("\r\n", "\n", "\r")).value(Token::LineEnd).parse_next(input)
}

fn comment(input: &mut Input<'_>) -> ModalResult<Token> {
    let to_line_end = || take_while(0.., |char: char| char != '\n' && char != '\r');
    alt((
        preceded("///", to_line_end()).map(|text: &str| Token::Doc(text.trim().to_owned())),
        preceded("//", to_line_end()).value(Token::Comment),
        // Documentation too, as Prisma has it.
        delimited("/*", cut_err(take_until(0.., "*/")).context(StrContext::Label("a /* comment is not closed")), "*/")
            .map(|text: &str| Token::Doc(text.trim().to_owned())),
    ))
    .parse_next(input)
}

/// `-?[0-9]+(.[0-9]+)?`, unless letters follow: names may begin with a digit.
fn number(input: &mut Input<'_>) -> ModalResult<Token> {
    let digits = || take_while(1.., |char: char| char.is_ascii_digit());
    let number = (opt('-'), digits(), opt(('.', digits()))).take().parse_next(input)?;
    let follows: Option<char> = input.as_ref().chars().next();
    if follows.is_some_and(is_of_word) {
        return fail.parse_next(input);
    }
    Ok(Token::Number(number.to_owned()))
}

fn is_of_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_' || char == '-'
}

fn word(input: &mut Input<'_>) -> ModalResult<Token> {
    let first = one_of(|char: char| char.is_alphanumeric() || char == '_');
    (first, take_while(0.., is_of_word)).take().map(|word: &str| Token::Word(word.to_owned())).parse_next(input)
}

/// A text as JSON writes one; it ends in the line it begins in.
fn text(input: &mut Input<'_>) -> ModalResult<String> {
    let plain = take_while(1.., |char: char| char != '"' && char != '\\' && char >= ' ').map(str::to_owned);
    let part = alt((plain, escape.map(String::from)));
    let content = repeat(0.., part).fold(String::new, |mut text: String, part: String| {
        text.push_str(&part);
        text
    });
    preceded('"', (cut_err(content), cut_err('"').context(StrContext::Label("a text in quotes is not closed"))))
        .map(|(text, _)| text)
        .parse_next(input)
}

fn escape(input: &mut Input<'_>) -> ModalResult<char> {
    let unknown = StrContext::Label("an escape in a text is none of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
    preceded(
        '\\',
        cut_err(dispatch! {any;
            char @ ('"' | '\\' | '/') => winnow::combinator::empty.value(char),
            'b' => winnow::combinator::empty.value('\u{8}'),
            'f' => winnow::combinator::empty.value('\u{c}'),
            'n' => winnow::combinator::empty.value('\n'),
            'r' => winnow::combinator::empty.value('\r'),
            't' => winnow::combinator::empty.value('\t'),
            'u' => unicode,
            _ => fail,
        })
        .context(unknown),
    )
    .parse_next(input)
}

/// `XXXX` after `\u`, the second half of a pair included.
fn unicode(input: &mut Input<'_>) -> ModalResult<char> {
    let first = four_digits(input)?;
    if let Some(char) = char::from_u32(first) {
        return Ok(char);
    }
    let second = preceded("\\u", four_digits).parse_next(input)?;
    let units = [first, second].map(|unit| u16::try_from(unit).unwrap_or_default());
    match char::decode_utf16(units).next() {
        Some(Ok(char)) => Ok(char),
        _ => fail.parse_next(input),
    }
}

fn four_digits(input: &mut Input<'_>) -> ModalResult<u32> {
    take(4_usize)
        .verify_map(|digits: &str| {
            digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
        })
        .parse_next(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Token> {
        tokens(text).unwrap().into_iter().map(|placed| placed.token).collect()
    }

    #[test]
    fn texts_have_their_escapes_read() {
        assert_eq!(read(r#""a\"\\\/\n\u00e9\ud83d\ude00 é""#), [Token::Text("a\"\\/\né\u{1f600} é".to_owned())]);
        for (text, reason) in [
            ("x\n\"open", "a text in quotes is not closed"),
            ("x\n\"open\n\"", "a text in quotes is not closed"),
            ("x\n\"\\q\"", "an escape in a text"),
            ("x\n\"\\ud800\"", "an escape in a text"),
            ("x\n/* open", "a /* comment is not closed"),
        ] {
            let (line, found) = tokens(text).unwrap_err();
            assert!(line == 2 && found.starts_with(reason), "{text}: {line} {found}");
        }
    }

    #[test]
    fn words_numbers_and_signs_have_their_lines() {
        let found = tokens("a-1 -5 2.50 2fa // x\r\n/* \n */ @@map\n/// doc \n").unwrap();
        let shown: Vec<String> = found.iter().map(|placed| format!("{} {:?}", placed.line, placed.token)).collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
        1 Word("a-1")
        1 Number("-5")
        1 Number("2.50")
        1 Word("2fa")
        1 Comment
        1 LineEnd
        2 Doc("")
        3 Sign('@')
        3 Sign('@')
        3 Word("map")
        3 LineEnd
        4 Doc("doc")
        4 LineEnd
        "#);
    }
}
