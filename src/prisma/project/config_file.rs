//! Prisma's config file, `prisma.config.ts` and its like: what stands in it as literals. Nothing is run.

use super::script_tokens::{Piece, pieces};
use crate::fsio::{LARGE_INPUT, read_input_text};
use crate::prisma::schema::{SchemaError, Setting};
use std::path::{Path, PathBuf};

/// In the order in which Prisma takes them where there are several.
const ENDINGS: [&str; 6] = ["js", "ts", "mjs", "cjs", "mts", "cts"];

/// Values of one property that are looked at; of more, the first ones.
const MOST_VALUES: usize = 64;

/// What a config file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrismaConfig {
    /// The file.
    pub file: PathBuf,
    /// `schema`: a file or a folder.
    pub schema: Option<PathBuf>,
    /// `migrations.path`
    pub migrations: Option<PathBuf>,
    /// `datasource.url`: variables and literals, the first that has a value counts.
    pub url: Vec<Setting>,
    /// Settings that are there but are not literals, so that they cannot be told without running the file.
    pub untold: Vec<&'static str>,
}

impl PrismaConfig {
    /// Reads the config file of `root`; `None` if there is none.
    ///
    /// # Errors
    /// If it is there and cannot be read.
    pub fn find(root: &Path) -> Result<Option<PrismaConfig>, SchemaError> {
        let names = ENDINGS.iter().map(|ending| format!("prisma.config.{ending}"));
        let names = names.chain(ENDINGS.iter().map(|ending| format!(".config/prisma.{ending}")));
        let Some(file) = names.map(|name| root.join(name)).find(|file| file.is_file()) else { return Ok(None) };
        let script = read_input_text(&file, LARGE_INPUT);
        let script = script.map_err(|source| SchemaError::Io { path: file.clone(), source })?;
        Ok(Some(PrismaConfig::read(&file, &script)))
    }

    /// What `script` says; paths in it are relative to the folder of `file`.
    pub fn read(file: &Path, script: &str) -> PrismaConfig {
        let pieces = pieces(script);
        let dir = file.parent().unwrap_or(Path::new(""));
        let mut config =
            PrismaConfig { file: file.to_owned(), schema: None, migrations: None, url: Vec::new(), untold: Vec::new() };
        // The first that can be told: types (`{ schema: string }`) look like properties too.
        let values = |path: &[&str]| -> Vec<&[Piece]> {
            properties(&pieces, path).into_iter().map(|value| resolve(&pieces, value)).collect()
        };
        let schema = values(&["schema"]);
        config.schema = schema.iter().find_map(|value| path(value, dir));
        let migrations = values(&["migrations", "path"]);
        config.migrations = migrations.iter().find_map(|value| path(value, dir));
        let url = values(&["datasource", "url"]);
        config.url = url.iter().map(|value| settings(value)).find(|url| !url.is_empty()).unwrap_or_default();
        let told = [
            ("schema", schema.is_empty() || config.schema.is_some()),
            ("migrations.path", migrations.is_empty() || config.migrations.is_some()),
            ("datasource.url", url.is_empty() || !config.url.is_empty()),
        ];
        config.untold = told.into_iter().filter(|(_, told)| !told).map(|(name, _)| name).collect();
        config
    }
}

/// The values of the property at `path` in objects that stand by themselves: each up to the next comma or brace.
fn properties<'p>(pieces: &'p [Piece], path: &[&str]) -> Vec<&'p [Piece]> {
    let mut found = Vec::new();
    let mut open: Vec<Option<&str>> = Vec::new();
    let mut brackets = 0_usize;
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Sign('{') => {
                open.push(at.checked_sub(2).and_then(|before| key(pieces, before)));
                brackets = 0;
            }
            Piece::Sign('}') => drop(open.pop()),
            Piece::Sign('(' | '[') => brackets += 1,
            Piece::Sign(')' | ']') => brackets = brackets.saturating_sub(1),
            Piece::Word(name) | Piece::Text(name) if path.last() == Some(&name.as_str()) && brackets == 0 => {
                if found.len() == MOST_VALUES {
                    break;
                }
                // The object around all has no name; those within it do.
                let is_here =
                    open.len() == path.len() && open.iter().skip(1).zip(path).all(|(open, name)| *open == Some(*name));
                let starts = matches!(at.checked_sub(1).map(|before| &pieces[before]), Some(Piece::Sign('{' | ',')));
                match pieces.get(at + 1) {
                    Some(Piece::Sign(':')) if is_here && starts => {
                        let value = &pieces[at + 2..];
                        found.push(&value[..end(value)]);
                    }
                    // `{ url }` stands for `{ url: url }`.
                    Some(Piece::Sign(',' | '}')) if is_here && starts => found.push(&pieces[at..=at]),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    found
}

/// The key whose value begins two pieces further on: `key : {`.
fn key(pieces: &[Piece], at: usize) -> Option<&str> {
    match (&pieces[at], pieces.get(at + 1)) {
        (Piece::Word(name) | Piece::Text(name), Some(Piece::Sign(':'))) => Some(name),
        _ => None,
    }
}

/// Where a value ends.
fn end(pieces: &[Piece]) -> usize {
    let mut depth = 0_usize;
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Sign('(' | '[' | '{') => depth += 1,
            Piece::Sign(')' | ']' | '}') if depth == 0 => return at,
            Piece::Sign(')' | ']' | '}') => depth -= 1,
            Piece::Sign(',' | ';') if depth == 0 => return at,
            _ => {}
        }
    }
    pieces.len()
}

/// The value itself, or, if it is the name of a constant of the file, that constant's.
fn resolve<'p>(pieces: &'p [Piece], value: &'p [Piece]) -> &'p [Piece] {
    let [Piece::Word(name)] = value else { return value };
    let is_declared = |at: usize| {
        matches!(&pieces[at], Piece::Word(word) if ["const", "let", "var"].contains(&word.as_str()))
            && pieces.get(at + 1) == Some(&Piece::Word(name.clone()))
    };
    let Some(at) = (0..pieces.len()).find(|at| is_declared(*at)) else { return value };
    let after = &pieces[at + 2..];
    let Some(equals) = after[..end(after)].iter().position(|piece| *piece == Piece::Sign('=')) else { return value };
    let value = &after[equals + 1..];
    // A line that ends without a semicolon: the next statement is not part of the value.
    let starts = |piece: &Piece| matches!(piece, Piece::Word(word) if ["const", "let", "var", "export", "import", "module", "function"].contains(&word.as_str()));
    let value = &value[..end(value)];
    &value[..value.iter().position(starts).unwrap_or(value.len())]
}

/// A path: a text, or texts joined by `path.join(...)` and its like.
fn path(value: &[Piece], dir: &Path) -> Option<PathBuf> {
    let mut path = dir.to_owned();
    let mut texts = 0;
    for (at, piece) in value.iter().enumerate() {
        match piece {
            // `require('path').join(...)`
            Piece::Text(_) if at > 1 && value[at - 2] == Piece::Word("require".to_owned()) => {}
            Piece::Text(text) => {
                path.push(text);
                texts += 1;
            }
            Piece::Template => return None,
            _ => {}
        }
    }
    let words = value.iter().filter_map(|piece| match piece {
        Piece::Word(word) => Some(word.as_str()),
        _ => None,
    });
    let known = [
        "path",
        "require",
        "join",
        "resolve",
        "__dirname",
        "import",
        "meta",
        "dirname",
        "process",
        "cwd",
        "as",
        "const",
    ];
    let is_known = words.into_iter().all(|word| known.contains(&word));
    (texts > 0 && is_known).then_some(path)
}

/// The variables and literals of an expression, in the order in which they stand: `process.env.A ?? env('B') ??
/// 'file:x'`.
fn settings(value: &[Piece]) -> Vec<Setting> {
    let mut found = Vec::new();
    let is = |at: usize, word: &str| matches!(value.get(at), Some(Piece::Word(found)) if found == word);
    let last_text = value.iter().rposition(|piece| matches!(piece, Piece::Text(_)));
    let mut at = 0;
    while at < value.len() {
        if is(at, "env") {
            // `env('X')`, `env<Env>('X')`, `process.env['X']`: the next text; `process.env.X`: the next word.
            if value.get(at + 1) == Some(&Piece::Sign('.')) {
                if let Some(Piece::Word(name)) = value.get(at + 2) {
                    found.push(Setting::Variable(name.clone()));
                }
                at += 2;
            } else if last_text > Some(at)
                && let Some(next) = value[at..].iter().position(|piece| matches!(piece, Piece::Text(_)))
                && let Piece::Text(name) = &value[at + next]
            {
                found.push(Setting::Variable(name.clone()));
                at += next;
            }
        } else if let Piece::Text(text) = &value[at]
            && !text.is_empty()
        {
            found.push(Setting::Literal(text.clone()));
        }
        at += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(script: &str) -> PrismaConfig {
        PrismaConfig::read(Path::new("/app/prisma.config.ts"), script)
    }

    fn url(expression: &str) -> Vec<String> {
        let config = read(&format!("export default defineConfig({{ datasource: {{ url: {expression}, x: 'y' }} }})"));
        let shown = config.url.into_iter().map(|setting| match setting {
            Setting::Literal(text) => format!("'{text}'"),
            Setting::Variable(name) => name,
        });
        shown.collect()
    }

    #[test]
    fn the_file_that_prisma_writes() {
        let config = read(
            r#"// This file was generated by Prisma, and assumes you have installed the following: npm install dotenv
            import "dotenv/config";
            import { defineConfig } from "prisma/config";

            export default defineConfig({
              schema: "prisma/schema.prisma", // { schema: "not this" }
              migrations: { path: "prisma/migrations", seed: 'tsx prisma/seed.ts' },
              datasource: {
                url: process.env["DATABASE_URL"],
              },
            });"#,
        );
        assert_eq!(config.schema.as_deref(), Some(Path::new("/app/prisma/schema.prisma")));
        assert_eq!(config.migrations.as_deref(), Some(Path::new("/app/prisma/migrations")));
        assert_eq!(config.url, [Setting::Variable("DATABASE_URL".to_owned())]);
        assert_eq!(config.untold, [""; 0]);
    }

    #[test]
    fn every_way_to_write_a_url() {
        assert_eq!(url("env('DB')"), ["DB"]);
        assert_eq!(url("env<Env>(\"DB\")"), ["DB"]);
        assert_eq!(url("process.env.DB!"), ["DB"]);
        assert_eq!(url("process.env.DB as string"), ["DB"]);
        assert_eq!(
            url("process.env.DIRECT ?? process.env['DB'] ?? 'file:./dev.db'"),
            ["DIRECT", "DB", "'file:./dev.db'"]
        );
        assert_eq!(url("String(process.env.DB || '')"), ["DB"]);
        assert_eq!(url("`file:./dev.db`"), ["'file:./dev.db'"]);
        assert_eq!(url("`postgres://${host}/x`"), [""; 0]);
    }

    #[test]
    fn other_shapes_of_the_file() {
        let config = read(
            "type Env = { schema: string }\nconst url = process.env.DB\nconst schema = path.join('db', 'models')\n\
             export default { 'schema': schema, datasource: { url } } satisfies PrismaConfig",
        );
        assert_eq!(config.schema.as_deref(), Some(Path::new("/app/db/models")));
        assert_eq!(config.url, [Setting::Variable("DB".to_owned())]);
        let config = read("module.exports = { schema: path.join(__dirname, 'x'), datasource: { url: makeUrl() } }");
        assert_eq!(config.schema.as_deref(), Some(Path::new("/app/x")));
        assert_eq!(config.untold, ["datasource.url"]);
        assert_eq!(read("module.exports = { schema: find() }").untold, ["schema"]);
        assert_eq!(read("export default { other: { schema: 'no' } }").schema, None);
    }

    #[test]
    fn long_scripts_end_soon() {
        let started = std::time::Instant::now();
        let many = format!("const b = 1; export default {{ {} }}", "schema: a, ".repeat(40_000));
        assert_eq!(read(&many).untold, ["schema"]);
        assert_eq!(read(&format!("export default {{ {}", "datasource: { url: ".repeat(20_000))).schema, None);
        assert_eq!(url(&"env ".repeat(60_000)), [""; 0]);
        assert!(started.elapsed() < std::time::Duration::from_secs(10), "{:?}", started.elapsed());
    }

    proptest::proptest! {
        #[test]
        fn no_script_panics(script in "[a-z{}()\\[\\]:,;.'\"`$\\\\/*=\n \u{e9}]{0,80}") {
            let _ = read(&script);
            let _ = read(&format!("export default {{ schema: {script}, datasource: {{ url: {script} }} }}"));
        }
    }
}
