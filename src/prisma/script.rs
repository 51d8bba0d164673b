//! The restore script beside a backup file, and the runtime file that all scripts of a folder share. Both are fixed
//! programs.
//!
//! No table, column or row text is part of them; it is read from the JSON file at run time. A few places of the script
//! follow the project: what Prisma's client is imported from, which driver adapter it gets, and where the database URL
//! is found.

use super::ExportError;
use super::output_file::OutputFile;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::path::Path;

const SCRIPT: &str = include_str!("script/restore.ts");
const RUNTIME: &str = include_str!("script/dbsnap-restore.ts");
/// The name of the runtime file. A runtime that differs from this one in any way needs another name (such as
/// `dbsnap-restore-2.ts`), so that scripts of older versions keep theirs.
const RUNTIME_FILE: &str = "dbsnap-restore.ts";

/// How Prisma's client reaches the database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Adapter {
    /// By its own engine (Prisma 5, and 6 with a native engine).
    #[default]
    None,
    /// `@prisma/adapter-pg`.
    Pg,
    /// `@prisma/adapter-libsql` of Prisma 7.
    LibSql,
    /// `@prisma/adapter-libsql` of Prisma 6.
    LibSql6,
    /// `@prisma/adapter-better-sqlite3` of Prisma 7.
    BetterSqlite3,
    /// `@prisma/adapter-better-sqlite3` of Prisma 6.
    BetterSqlite36,
}

impl Adapter {
    /// Package and class; `None` without an adapter.
    pub const fn package(self) -> Option<(&'static str, &'static str)> {
        match self {
            Adapter::None => None,
            Adapter::Pg => Some(("@prisma/adapter-pg", "PrismaPg")),
            Adapter::LibSql => Some(("@prisma/adapter-libsql", "PrismaLibSql")),
            Adapter::LibSql6 => Some(("@prisma/adapter-libsql", "PrismaLibSQL")),
            Adapter::BetterSqlite3 => Some(("@prisma/adapter-better-sqlite3", "PrismaBetterSqlite3")),
            Adapter::BetterSqlite36 => Some(("@prisma/adapter-better-sqlite3", "PrismaBetterSQLite3")),
        }
    }

    /// The line that loads it.
    fn loading(self) -> String {
        self.package().map_or_else(String::new, |(package, class)| {
            format!("  const {{ {class} }} = await backup.load(() => import('{package}'), '{class}', '{package}');\n")
        })
    }

    /// The argument of the client's constructor; The PostgreSQL adapter does not read
    /// `?schema=` itself.
    fn client_options(self) -> String {
        match self.package() {
            None => "{ datasourceUrl: backup.url }".to_owned(),
            Some((_, class)) if self == Adapter::Pg => {
                format!("{{ adapter: new {class}({{ connectionString: backup.url }}, {{ schema: backup.schema }}) }}")
            }
            Some((_, class)) => format!("{{ adapter: new {class}({{ url: backup.url }}) }}"),
        }
    }
}

/// What the script takes from the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptOptions {
    /// What `PrismaClient` and `Prisma` are imported from: a package or a path relative to the script.
    pub client: String,
    /// The driver adapter.
    pub adapter: Adapter,
    /// The environment variable that holds the database URL.
    pub url_variable: String,
    /// The URL where no variable holds one: a `file:` URL that stands in the schema. Never one with a password.
    pub url_fallback: Option<String>,
    /// The project's root, relative to the script.
    pub project: String,
    /// The directories that a relative SQLite URL may start at, relative to the project's root, best first. The
    /// directory in which the URL is found follows them.
    pub sqlite_folders: Vec<String>,
    /// What was found in the project and what was assumed: lines of the first comment.
    pub found: Vec<String>,
}

impl Default for ScriptOptions {
    fn default() -> ScriptOptions {
        ScriptOptions {
            client: "@prisma/client".to_owned(),
            adapter: Adapter::None,
            url_variable: "DATABASE_URL".to_owned(),
            url_fallback: None,
            project: ".".to_owned(),
            sqlite_folders: Vec::new(),
            found: vec![
                "No Prisma schema was found: assumed are @prisma/client without a driver adapter, and DATABASE_URL."
                    .to_owned(),
            ],
        }
    }
}

/// The text of the restore script.
pub fn restore_script(options: &ScriptOptions) -> String {
    let mut script = String::with_capacity(SCRIPT.len() + 512);
    let mut parts = SCRIPT.split('%');
    script.push_str(parts.next().unwrap_or_default());
    // Every other part is a name; a replacement is never looked at again.
    while let (Some(name), rest) = (parts.next(), parts.next()) {
        match name {
            "FOUND" => options.found.iter().for_each(|line| put_comment(&mut script, line)),
            "CLIENT" => put_literal(&mut script, &options.client),
            "URL_VARIABLE" => put_literal(&mut script, &options.url_variable),
            "URL_FALLBACK" => put_literal(&mut script, options.url_fallback.as_deref().unwrap_or_default()),
            "PROJECT" => put_literal(&mut script, &options.project),
            "SQLITE_FOLDERS" => put_literals(&mut script, &options.sqlite_folders),
            "RUNTIME_SHA256" => put_literal(&mut script, &sha256(RUNTIME)),
            "ADAPTER" => script.push_str(&options.adapter.loading()),
            "CLIENT_OPTIONS" => script.push_str(&options.adapter.client_options()),
            _ => debug_assert!(false, "the program holds a % that is no placeholder"),
        }
        script.push_str(rest.unwrap_or_default());
    }
    script
}

/// Writes the restore script to `path` and the runtime file beside it (mode 0600), replacing older ones.
///
/// # Errors
/// [`ExportError::Io`], [`ExportError::Refused`] if something else stands in their place.
pub fn write_restore_script(path: &Path, options: &ScriptOptions) -> Result<(), ExportError> {
    OutputFile::on_disk(&path.with_file_name(RUNTIME_FILE))?.write_whole(RUNTIME.as_bytes())?;
    OutputFile::on_disk(path)?.write_whole(restore_script(options).as_bytes())
}

/// The SHA-256 of a text, in hex digits.
fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Appends one line of a comment, in printable ASCII; anything else becomes a question mark.
fn put_comment(script: &mut String, line: &str) {
    script.push_str("// ");
    script.extend(line.chars().map(|letter| if letter == ' ' || letter.is_ascii_graphic() { letter } else { '?' }));
    script.push('\n');
}

/// Appends string literals with commas between them.
fn put_literals(script: &mut String, texts: &[String]) {
    for (at, text) in texts.iter().enumerate() {
        script.push_str(if at > 0 { ", " } else { "" });
        put_literal(script, text);
    }
}

/// Appends `text` as a string literal of printable ASCII without quotes, backslashes, `<` or `*` of its own, so that it
/// cannot end the literal, a comment or a tag.
fn put_literal(script: &mut String, text: &str) {
    script.push('\'');
    for unit in text.encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii_alphanumeric() || b"@/._- ".contains(&byte) => script.push(char::from(byte)),
            // Writing to a String cannot fail.
            _ => drop(write!(script, "\\u{unit:04x}")),
        }
    }
    script.push('\'');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_has_each_placeholder_once() {
        let names: Vec<&str> = SCRIPT.split('%').skip(1).step_by(2).collect();
        let project = ["PROJECT", "URL_VARIABLE", "URL_FALLBACK", "SQLITE_FOLDERS"];
        assert_eq!(names[..2], ["FOUND", "RUNTIME_SHA256"]);
        assert_eq!(names[2..6], project);
        assert_eq!(names[6..], ["CLIENT", "ADAPTER", "CLIENT_OPTIONS"]);
    }

    #[test]
    fn the_script_is_short_enough_to_be_read() {
        let script = restore_script(&ScriptOptions { adapter: Adapter::Pg, ..ScriptOptions::default() });
        assert!(script.lines().count() <= 80, "{script}");
        assert!(script.contains(&format!("'{}'", sha256(RUNTIME))) && !RUNTIME.contains('%'));
    }

    /// Scripts that were written with a runtime need that one: a changed runtime gets another name, and this test its
    /// hash.
    #[test]
    fn a_runtime_under_its_name_never_changes() {
        assert_eq!(
            (RUNTIME_FILE, sha256(RUNTIME).as_str()),
            ("dbsnap-restore.ts", "9eab87a8bc1ffe1916a31954b36b7595f5e456cdbcdd7f6ff56172b143f49f65")
        );
    }

    #[test]
    fn what_the_project_gives_stays_in_its_literal() {
        let text = "'; process.exit(); //\n`${x}`*/</script>\u{2028}%URL_VARIABLE%\\\u{1f600}".to_owned();
        let evil =
            ScriptOptions { client: text.clone(), found: vec![text], adapter: Adapter::Pg, ..ScriptOptions::default() };
        let script = restore_script(&evil);
        let (_, literal) = script.split_once("load(() => import('").unwrap();
        let (literal, _) = literal.split_once("')").unwrap();
        assert!(!literal.contains(['\'', '`', '*', '<', '%', ';']) && script.is_ascii());
        assert_eq!(script.lines().count(), restore_script(&ScriptOptions::default()).lines().count() + 1);
        let json = format!("\"{literal}\"");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), evil.client);
    }
}
