//! A password that the URL does not hold, where psql finds it: `PGPASSWORD`, then the password file.
//!
//! Only the password is taken from there. Which server and database it is for, the URL alone says.

use super::endpoint::Endpoint;
use crate::db::url::user_file;
use crate::db::{Host, Password};
use crate::fsio::{SMALL_INPUT, others_have_access, read_input};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The directories in which a socket counts as `localhost`: the defaults of PostgreSQL and of its packages.
const SOCKET_DIRS: [&str; 3] = ["/tmp", "/var/run/postgresql", "/run/postgresql"];

/// Looks for the password of `endpoint`; `None` if there is none in any of the places.
///
/// # Errors
/// In words, if there is a password file that must not be used.
pub(super) fn find(endpoint: &Endpoint) -> Result<Option<Password>, String> {
    if let Some(password) = std::env::var("PGPASSWORD").ok().filter(|password| !password.is_empty()) {
        return Ok(Some(Password::new(password)));
    }
    let Some(file) = file(endpoint) else { return Ok(None) };
    let metadata = match std::fs::metadata(&file) {
        Ok(metadata) => metadata,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(error) => return Err(unusable(&file, &error.to_string())),
    };
    if metadata.is_file() && others_have_access(&metadata) {
        return Err(unusable(&file, "others than its owner have access to it (chmod 600)"));
    }
    let bytes = read_input(&file, SMALL_INPUT).map_err(|error| unusable(&file, &error.to_string()))?;
    Ok(entry(&String::from_utf8_lossy(&bytes), endpoint).map(Password::new))
}

fn file(endpoint: &Endpoint) -> Option<PathBuf> {
    let named = std::env::var_os("PGPASSFILE").filter(|name| !name.is_empty()).map(PathBuf::from);
    endpoint.pass_file.clone().or(named).or_else(|| user_file(".pgpass", "pgpass.conf"))
}

fn unusable(file: &Path, why: &str) -> String {
    format!("the password file {} is not used: {why}", file.display())
}

/// The password of the first line that fits: `host:port:database:user:password`, each of the first four perhaps `*`.
fn entry(text: &str, endpoint: &Endpoint) -> Option<String> {
    let host = match &endpoint.host {
        Host::Socket(dir) if SOCKET_DIRS.iter().any(|usual| dir == Path::new(usual)) => "localhost".to_owned(),
        Host::Socket(dir) => dir.display().to_string(),
        Host::Tcp(name) => name.clone(),
    };
    let wanted = [host, endpoint.port.to_string(), endpoint.database.clone(), endpoint.user.clone()];
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| fitting(line.trim_end_matches('\r'), &wanted)).next()
}

fn fitting(line: &str, wanted: &[String; 4]) -> Option<String> {
    let mut rest = line;
    for wanted in wanted {
        let end = field_end(rest)?;
        let (field, after) = rest.split_at(end);
        if field != "*" && unescaped(field) != *wanted {
            return None;
        }
        rest = &after[1..];
    }
    Some(unescaped(rest)).filter(|password| !password.is_empty())
}

/// Where the colon is that ends a field: one with a backslash before it does not.
fn field_end(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, char)| {
        let ends = char == ':' && !escaped;
        escaped = char == '\\' && !escaped;
        ends.then_some(at)
    })
}

fn unescaped(text: &str) -> String {
    let mut chars = text.chars();
    let mut plain = String::with_capacity(text.len());
    while let Some(char) = chars.next() {
        plain.push(if char == '\\' { chars.next().unwrap_or('\\') } else { char });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::DatabaseUrl;

    fn found(text: &str, url: &str) -> Option<String> {
        let DatabaseUrl::Postgres(target) = DatabaseUrl::parse(url, Path::new("/")).unwrap() else { panic!("{url}") };
        entry(text, &Endpoint::all(&target).unwrap()[0])
    }

    proptest::proptest! {
        #[test]
        fn any_file_is_read(text in "([:*#a\\\\\r\n]|db|5432|é){0,60}") {
            let _ = found(&text, "postgres://ann@db:5432/shop");
        }
    }

    #[test]
    fn the_first_line_that_fits_has_the_password() {
        let file = "# db:5432:shop:ann:comment\n\nbroken\ndb:5432:shop:ann:one\r\ndb:*:*:ann:two:with\\:colons\\\\\n\
                    localhost:*:*:*:socket\n\\:\\:1:*:*:*:six\n/srv/pg:*:*:*:dir\n*:*:a\\:b:*:colon\nlast:*:*:*:\n";
        for (url, expected) in [
            ("postgres://ann@db/shop", Some("one")),
            ("postgres://ann@db:5433/shop", Some("two:with:colons\\")),
            ("postgres://ann@db/other", Some("two:with:colons\\")),
            ("postgres://bob@db/shop", None),
            ("postgres://bob@localhost/x", Some("socket")),
            ("postgres://bob@x/y?host=/var/run/postgresql", Some("socket")),
            ("postgres://bob@x/y?host=/srv/pg", Some("dir")),
            ("postgres://bob@[::1]/y", Some("six")),
            ("postgres://bob@h/a%3Ab", Some("colon")),
            ("postgres://bob@last/x", None),
        ] {
            assert_eq!(found(file, url).as_deref(), expected, "{url}");
        }
    }
}
