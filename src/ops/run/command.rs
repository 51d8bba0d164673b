//! The words of a command as they are kept and shown: without its passwords.

/// Parts of a name whose value is nobody's business.
const SECRETS: [&str; 11] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "access_key",
    "credential",
];
/// What stands in the place of a password.
const MASK: &str = "***";
/// Bytes of a command that are kept.
const KEPT: usize = 4096;
/// Characters of a command that a message holds.
const SHOWN: usize = 120;

/// What looks like a password in the words of a command is replaced: in URLs, behind options and variables that are
/// called so, in SQL and JSON. No more than 4,096 bytes stay.
pub fn masked(words: &[String]) -> Vec<String> {
    let mut left = KEPT;
    let mut kept = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let mut word = mask_word(&words[..at], word);
        if word.len() + 1 > left {
            word.truncate(word.floor_char_boundary(left.saturating_sub(1)));
            word.push('…');
            kept.push(word);
            break;
        }
        left -= word.len() + 1;
        kept.push(word);
    }
    kept
}

/// A word behind others.
fn mask_word(before: &[String], word: &str) -> String {
    let last = before.last().map_or("", String::as_str);
    // these take a password as -p
    let takes_p = before.iter().any(|word| {
        let name = word.rsplit('/').next().unwrap_or_default();
        ["mysql", "mariadb", "sshpass", "mongo"].iter().any(|program| name.starts_with(program))
    });
    // what is behind `--password`, whatever is in it
    if last.starts_with('-') && is_secret(last) && !last.contains('=') || takes_p && last == "-p" {
        return MASK.to_owned();
    }
    if takes_p && word.len() > 2 && word.starts_with("-p") {
        return format!("-p{MASK}");
    }
    let names_user = ["-u", "--user", "--proxy-user"].contains(&last)
        || ["-u", "--user=", "--proxy-user="].iter().any(|option| word.starts_with(option));
    if let Some((user, _)) = word.split_once(':').filter(|_| names_user) {
        return format!("{user}:{MASK}");
    }
    let is_script = ["eval", "--command", "--eval", "--execute"].contains(&last)
        || last
            .strip_prefix('-')
            .is_some_and(|flags| flags.ends_with(['c', 'e']) && flags.chars().all(|flag| flag.is_ascii_alphabetic()));
    match word.split_once('=') {
        Some((name, _)) if !is_script && name.chars().all(is_of_name) && is_secret(name) => format!("{name}={MASK}"),
        _ => mask(word),
    }
}

/// The command in one line, as it could be typed into a shell, shortened if it is long. A word that is alone is such a
/// line already.
pub fn in_a_line(words: &[String]) -> String {
    let line = match words {
        [line] => line.clone(),
        words => words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "),
    };
    let mut blank = false;
    let mut line: String = line
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .filter(|c| !(std::mem::replace(&mut blank, *c == ' ') && *c == ' '))
        .collect();
    if let Some((end, _)) = line.char_indices().nth(SHOWN) {
        line.truncate(end);
        line.push('…');
    }
    line
}

/// A word as it is typed into a shell.
pub(in crate::ops) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_=+./:,@%*".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRETS.iter().any(|secret| name.contains(secret)) || name.trim_start_matches('-') == "pass"
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || "-_.".contains(c)
}

fn is_quote(c: char) -> bool {
    "'\"`".contains(c)
}

/// A word, which may be a whole script, without passwords.
fn mask(word: &str) -> String {
    let (mut out, mut rest, mut last) = (String::new(), word, None);
    while let Some(first) = rest.chars().next() {
        let name = &rest[..rest.find(|c| !is_of_name(c)).unwrap_or(rest.len())];
        if name.is_empty() {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            last = Some(first);
            continue;
        }
        out.push_str(name);
        let behind = &rest[name.len()..];
        rest = match in_url(name, behind).or_else(|| value(name, behind, last)) {
            Some((start, end)) => {
                out.push_str(&behind[..start]);
                out.push_str(MASK);
                &behind[end..]
            }
            None => behind,
        };
        last = None;
    }
    out
}

/// Where the password is in a URL, of which `behind` is what follows the scheme.
fn in_url(scheme: &str, behind: &str) -> Option<(usize, usize)> {
    const START: usize = "://".len();
    let rest = behind.strip_prefix("://")?;
    let url = &rest[..rest.find(|c: char| c.is_whitespace() || is_quote(c)).unwrap_or(rest.len())];
    let host = url.rfind('@')?;
    match url.find(':').filter(|colon| *colon < host) {
        Some(colon) => Some((START + colon + 1, START + host)),
        // a token in the place of a user
        None if scheme.contains("http") && !url[..host].contains('/') => Some((START, START + host)),
        None => None,
    }
}

/// Where the value of a secret that is called `name` is in what follows the name; `last` stands before it.
fn value(name: &str, behind: &str, last: Option<char>) -> Option<(usize, usize)> {
    let is_blank = |c: char| c.is_whitespace();
    let bare = behind.trim_start_matches(|c| is_quote(c) || c == '\\').trim_start_matches(is_blank);
    let assigned = bare.trim_start_matches(['=', ':', '>']);
    let spaced = behind.trim_start_matches(is_blank);
    let (found, until) = match name.to_ascii_lowercase().as_str() {
        _ if is_secret(name) && assigned.len() < bare.len() => {
            // 'password=one two' goes up to the quote that stands before it
            let whole = last.filter(|c| is_quote(*c) && behind.starts_with(['=', ':']));
            (assigned.trim_start_matches(is_blank), whole)
        }
        // --password value, PASSWORD 'value', Bearer value
        "bearer" | "basic" if spaced.len() < behind.len() => (spaced, None),
        _ if is_secret(name) && name.starts_with('-') && spaced.len() < behind.len() => (spaced, None),
        lower if is_secret(name) || lower == "by" => {
            let literal = spaced.strip_prefix(['E', 'e']).unwrap_or(spaced);
            (literal.starts_with(['\'', '"', '$']).then_some(literal)?, None)
        }
        _ => return None,
    };
    let (quote, inner) = match found.trim_start_matches('\\') {
        quoted if until.is_none() && quoted.starts_with(is_quote) => (quoted.chars().next(), &quoted[1..]),
        _ => (until, found),
    };
    let escaped = found.starts_with('\\');
    let mut skip = false;
    let is_end = |c: char| match quote {
        _ if std::mem::take(&mut skip) => false,
        Some(_) if c == '\\' && !escaped => {
            skip = true;
            false
        }
        Some(quote) => c == quote || escaped && c == '\\',
        None => c.is_whitespace() || is_quote(c) || "&;,)}".contains(c),
    };
    let length = inner.find(is_end).unwrap_or(inner.len());
    let start = behind.len() - inner.len();
    (length > 0).then_some((start, start + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(words: &[&str]) -> String {
        masked(&words.iter().map(ToString::to_string).collect::<Vec<_>>()).join(" ")
    }

    #[test]
    fn passwords_are_left_out() {
        for (words, wanted) in [
            (&["psql", "postgres://ann:s3cr3t@host/db", "-f", "x.sql"][..], "psql postgres://ann:***@host/db -f x.sql"),
            (&["psql", "postgres://ann:s3:c/r3t@x@host/db?a=b"], "psql postgres://ann:***@host/db?a=b"),
            (
                &["psql", "postgres://ann@host:5432/db?password=s3cr3t&a=b"],
                "psql postgres://ann@host:5432/db?password=***&a=b",
            ),
            (&["psql", "host=h password=s3cr3t dbname=d"], "psql host=h password=*** dbname=d"),
            (&["psql", "host=h password='s3 cr3t' dbname=d"], "psql host=h password='***' dbname=d"),
            (&["env", "PGPASSWORD=s3cr3t", "psql"], "env PGPASSWORD=*** psql"),
            (&["tool", "--password", "s3cr3t", "--user", "ann"], "tool --password *** --user ann"),
            (&["tool", "--api-key=s3cr3t", "x"], "tool --api-key=*** x"),
            (&["sh", "-c", "PGPASSWORD=s3cr3t psql --token 's3 cr3t' x"], "sh -c PGPASSWORD=*** psql --token '***' x"),
            (
                &["curl", "-H", "Authorization: Bearer s3cr3t", "https://host/x"],
                "curl -H Authorization: Bearer *** https://host/x",
            ),
            (
                &["node", "clean.js", "--fix", "a:b", "https://host:80/x?y=z"],
                "node clean.js --fix a:b https://host:80/x?y=z",
            ),
            (&["npm", "exec", "@scope/tool"], "npm exec @scope/tool"),
            (&["tool", "--password", "one s3cr3t", "x"], "tool --password *** x"),
            (&["tool", "--password", "-s3cr3t"], "tool --password ***"),
            (&["tool", "--password", "p&s3cr3t"], "tool --password ***"),
            (&["tool", "--password", "x\"s3cr3t"], "tool --password ***"),
            (&["env", "PGPASSWORD=p;s3cr3t", "psql"], "env PGPASSWORD=*** psql"),
            (&["env", "PGPASSWORD=p s3cr3t", "psql"], "env PGPASSWORD=*** psql"),
            (&["psql", "host=h password = s3cr3t"], "psql host=h password = ***"),
            (&["tool", r#"{"password":"s3 cr3t", "a": 1}"#], r#"tool {"password":"***", "a": 1}"#),
            (&["sh", "-c", r#"x "{\"token\": \"s3cr3t\"}" y"#], r#"sh -c x "{\"token\": \"***\"}" y"#),
            (&["psql", "-c", "ALTER USER bob PASSWORD 's3 cr3t'"], "psql -c ALTER USER bob PASSWORD '***'"),
            (&["psql", "-c", "ALTER USER bob PASSWORD E's3\\'cr3t'; x"], "psql -c ALTER USER bob PASSWORD E'***'; x"),
            (&["mysql", "-e", "CREATE USER a IDENTIFIED BY 's3cr3t'"], "mysql -e CREATE USER a IDENTIFIED BY '***'"),
            (&["mysql", "-p", "s3cr3t", "-ps3cr3t"], "mysql -p *** -p***"),
            (&["psql", "-p", "5432"], "psql -p 5432"),
            (&["curl", "-u", "ann:s3cr3t", "https://s3cr3t@host/x"], "curl -u ann:*** https://***@host/x"),
            (&["sh", "-c", "DELETE FROM tokens WHERE id = 1"], "sh -c DELETE FROM tokens WHERE id = 1"),
        ] {
            assert_eq!(shown(words), wanted);
        }
    }

    #[test]
    fn long_commands_are_cut() {
        let words = masked(&["x".to_owned(), "é".repeat(KEPT), "y".to_owned()]);
        assert_eq!(words.len(), 2);
        assert!(words[1].len() < KEPT + 4 && words[1].ends_with("é…"));
    }

    #[test]
    fn a_command_is_one_line() {
        let line = |words: &[&str]| in_a_line(&words.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(line(&["node", "scripts/clean.js", "--fix"]), "node scripts/clean.js --fix");
        assert_eq!(line(&["sh", "-c", "echo it's\n  done", ""]), r"sh -c 'echo it'\''s done' ''");
        assert_eq!(line(&[&"é".repeat(200)]).chars().count(), SHOWN + 1);
    }
}
