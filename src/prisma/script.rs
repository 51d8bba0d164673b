//! The restore script beside a backup file: a fixed program, the same for every backup.
//!
//! No table, column or row text is part of it; it reads them from the JSON file when it runs. Three places follow the
//! project: what Prisma's client is imported from, which driver adapter it gets, and the variable that holds the URL.

use super::ExportError;
use super::place;
use std::fmt::Write as _;
use std::path::Path;

const PROGRAM: &str = include_str!("restore_script.ts");

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

    /// The lines that load it.
    fn loading(self) -> String {
        self.package().map_or_else(String::new, |(package, class)| {
            format!(
                "  const driver = await load(() => import('{package}'), '{package}', 'install it with `npm install {package}`');\n  \
                 const Adapter = constructorOf(driver, '{class}', '{package}');\n"
            )
        })
    }

    /// The argument of the client's constructor; `link` is in scope. The PostgreSQL adapter does not read
    /// `?schema=` itself.
    const fn client_options(self) -> &'static str {
        match self {
            Adapter::None => "{ datasourceUrl: link.url }",
            Adapter::Pg => "{ adapter: new Adapter({ connectionString: link.url }, { schema: link.schema }) }",
            _ => "{ adapter: new Adapter({ url: link.url }) }",
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
    /// The directory that relative SQLite URLs start at, relative to the project's root.
    pub sqlite_base: String,
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
            sqlite_base: ".".to_owned(),
            found: vec![
                "No Prisma schema was found: assumed are @prisma/client without a driver adapter, and DATABASE_URL."
                    .to_owned(),
            ],
        }
    }
}

/// The text of the restore script.
pub fn restore_script(options: &ScriptOptions) -> String {
    let mut script = String::with_capacity(PROGRAM.len() + 256);
    let mut parts = PROGRAM.split('%');
    script.push_str(parts.next().unwrap_or_default());
    // Every other part is a name; a replacement is never looked at again.
    while let (Some(name), rest) = (parts.next(), parts.next()) {
        match name {
            "FOUND" => options.found.iter().for_each(|line| put_comment(&mut script, line)),
            "CLIENT" => put_literal(&mut script, &options.client),
            "URL_VARIABLE" => put_literal(&mut script, &options.url_variable),
            "URL_FALLBACK" => put_literal(&mut script, options.url_fallback.as_deref().unwrap_or_default()),
            "SQLITE_BASE" => put_literal(&mut script, &options.sqlite_base),
            "ADAPTER" => script.push_str(&options.adapter.loading()),
            "CLIENT_OPTIONS" => script.push_str(options.adapter.client_options()),
            _ => debug_assert!(false, "the program holds a % that is no placeholder"),
        }
        script.push_str(rest.unwrap_or_default());
    }
    script
}

/// Writes the restore script to `path` (mode 0600), replacing an older one.
///
/// # Errors
/// [`ExportError::Io`]
pub fn write_restore_script(path: &Path, options: &ScriptOptions) -> Result<(), ExportError> {
    place::write_whole(path, restore_script(options).as_bytes())
}

/// Appends one line of a comment, in printable ASCII; anything else becomes a question mark.
fn put_comment(script: &mut String, line: &str) {
    script.push_str("// ");
    script.extend(line.chars().map(|letter| if letter == ' ' || letter.is_ascii_graphic() { letter } else { '?' }));
    script.push('\n');
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
    fn the_program_has_each_placeholder_once() {
        let names: Vec<&str> = PROGRAM.split('%').skip(1).step_by(2).collect();
        assert_eq!(
            names,
            ["FOUND", "URL_VARIABLE", "URL_FALLBACK", "SQLITE_BASE", "CLIENT", "ADAPTER", "CLIENT_OPTIONS"]
        );
    }

    #[test]
    fn what_the_project_gives_stays_in_its_literal() {
        let text = "'; process.exit(); //\n`${x}`*/</script>\u{2028}%URL_VARIABLE%\\\u{1f600}".to_owned();
        let evil =
            ScriptOptions { client: text.clone(), found: vec![text], adapter: Adapter::Pg, ..ScriptOptions::default() };
        let script = restore_script(&evil);
        let (_, literal) = script.split_once("import('").unwrap();
        let (literal, _) = literal.split_once("')").unwrap();
        assert!(!literal.contains(['\'', '`', '*', '<', '%', ';']) && script.is_ascii());
        assert_eq!(script.lines().count(), restore_script(&ScriptOptions::default()).lines().count() + 2);
        let json = format!("\"{literal}\"");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), evil.client);
    }
}
