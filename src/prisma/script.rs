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
    const fn import(self) -> &'static str {
        match self {
            Adapter::None => "",
            Adapter::Pg => "import { PrismaPg } from '@prisma/adapter-pg';\n",
            Adapter::LibSql => "import { PrismaLibSql } from '@prisma/adapter-libsql';\n",
            Adapter::LibSql6 => "import { PrismaLibSQL } from '@prisma/adapter-libsql';\n",
            Adapter::BetterSqlite3 => "import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3';\n",
            Adapter::BetterSqlite36 => "import { PrismaBetterSQLite3 } from '@prisma/adapter-better-sqlite3';\n",
        }
    }

    /// The argument of the client's constructor; `url` is in scope. The PostgreSQL adapter does not read `?schema=` itself.
    const fn client_options(self) -> &'static str {
        match self {
            Adapter::None => "{ datasourceUrl: url }",
            Adapter::Pg => {
                "{\n    adapter: new PrismaPg({ connectionString: url }, { schema: new URL(url).searchParams.get('schema') ?? 'public' }),\n  }"
            }
            Adapter::LibSql => "{ adapter: new PrismaLibSql({ url }) }",
            Adapter::LibSql6 => "{ adapter: new PrismaLibSQL({ url }) }",
            Adapter::BetterSqlite3 => "{ adapter: new PrismaBetterSqlite3({ url }) }",
            Adapter::BetterSqlite36 => "{ adapter: new PrismaBetterSQLite3({ url }) }",
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
}

impl Default for ScriptOptions {
    fn default() -> ScriptOptions {
        ScriptOptions {
            client: "@prisma/client".to_owned(),
            adapter: Adapter::None,
            url_variable: "DATABASE_URL".to_owned(),
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
            "CLIENT" => put_literal(&mut script, &options.client),
            "URL_VARIABLE" => put_literal(&mut script, &options.url_variable),
            "ADAPTER_IMPORT" => script.push_str(options.adapter.import()),
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
        assert_eq!(names, ["CLIENT", "ADAPTER_IMPORT", "URL_VARIABLE", "CLIENT_OPTIONS"]);
    }

    #[test]
    fn what_the_project_gives_stays_in_its_literal() {
        let evil = ScriptOptions {
            client: "'; process.exit(); //\n`${x}`*/</script>\u{2028}%URL_VARIABLE%\\\u{1f600}".to_owned(),
            ..ScriptOptions::default()
        };
        let script = restore_script(&evil);
        let line = script.lines().find(|line| line.starts_with("import { Prisma, PrismaClient }")).unwrap();
        let literal = line.strip_prefix("import { Prisma, PrismaClient } from '").unwrap().strip_suffix("';").unwrap();
        assert!(!literal.contains(['\'', '`', '*', '<', '%', ';']) && literal.is_ascii());
        assert_eq!(script.lines().count(), restore_script(&ScriptOptions::default()).lines().count());
        let json = format!("\"{literal}\"");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), evil.client);
    }
}
