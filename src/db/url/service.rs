//! Connection service files, as libpq reads them: `?service=NAME` in a URL stands for the settings under `[NAME]`.
//!
//! The environment says where the file is, never which service: a URL has to name it.

use super::{bad, user_file};
use crate::db::DbError;
use crate::fsio::{SMALL_INPUT, read_input_text};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The settings of the service, in order.
///
/// # Errors
/// [`DbError::BadUrl`] if no service file has it, or one cannot be read.
pub(super) fn settings(name: &str) -> Result<Vec<(String, String)>, DbError> {
    for file in files() {
        let text = match read_input_text(&file, SMALL_INPUT) {
            Ok(text) => text,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => continue,
            Err(error) => return Err(bad(&format!("the service file {} cannot be read: {error}", file.display()))),
        };
        if let Some(settings) = section(&text, name).map_err(|line| unreadable(&file, line))? {
            return Ok(settings);
        }
    }
    let looked: Vec<String> = files().iter().map(|file| file.display().to_string()).collect();
    Err(bad(&format!("no service file has the service that it names (looked in {})", looked.join(", "))))
}

fn unreadable(file: &Path, line: usize) -> DbError {
    bad(&format!("line {line} of the service file {} is not NAME=VALUE", file.display()))
}

fn files() -> Vec<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let own = variable("PGSERVICEFILE").or_else(|| user_file(".pg_service.conf", ".pg_service.conf"));
    // On Windows any user may make such a directory.
    let usual = cfg!(unix).then(|| PathBuf::from("/etc/postgresql-common"));
    let system = variable("PGSYSCONFDIR").or(usual).map(|directory| directory.join("pg_service.conf"));
    own.into_iter().chain(system).collect()
}

/// What stands under `[name]`; the number of the line if one of those is no setting.
fn section(text: &str, name: &str) -> Result<Option<Vec<(String, String)>>, usize> {
    let mut found: Option<Vec<(String, String)>> = None;
    for (nth, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(head) = line.strip_prefix('[') {
            if found.is_some() {
                break;
            }
            if head.strip_suffix(']') == Some(name) {
                found = Some(Vec::new());
            }
        } else if let Some(settings) = &mut found {
            let (key, value) = line.split_once('=').ok_or(nth + 1)?;
            settings.push((key.to_owned(), value.to_owned()));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::section;

    #[test]
    fn sections_are_found() {
        let text = "# x\n[a]\nhost=h\n\n  port=1 \n# y\npassword=p=w\n[b]\nnonsense\n[a]\nhost=other\n";
        let pairs = section(text, "a").unwrap().unwrap();
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("host", "h"), ("port", "1"), ("password", "p=w")]);
        assert_eq!(section(text, "b"), Err(9));
        assert_eq!(section(text, "c"), Ok(None));
        assert_eq!(section("", ""), Ok(None));
    }
}
