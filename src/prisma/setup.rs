//! What a restore script needs to know of its project: which client, which driver adapter, which database.

use super::schema::{Generator, Schema, Setting};
use super::script::{Adapter, ScriptOptions};
use std::path::{Component, Path, PathBuf};

/// A project as its files show it.
#[derive(Debug, Clone)]
pub struct Surroundings<'s> {
    /// The directory of `package.json`.
    pub root: &'s Path,
    /// Where the script is to stand.
    pub script_dir: &'s Path,
    /// What Prisma calls the database's engine: `postgresql`, `sqlite`.
    pub engine: &'s str,
    /// The schema, if there is one.
    pub schema: Option<&'s Schema>,
    /// Where a relative SQLite path may start, best first (see [`PrismaProject::sqlite_folders`]).
    ///
    /// [`PrismaProject::sqlite_folders`]: super::project::PrismaProject::sqlite_folders
    pub sqlite_folders: &'s [PathBuf],
    /// Where the URL is to be had, as the project says it: the first that has a value counts.
    pub urls: &'s [Setting],
    /// The first number of Prisma's version, if it is known.
    pub major: Option<u32>,
    /// Packages that the project names or has installed, the ones to be taken first.
    pub packages: &'s [String],
}

impl Surroundings<'_> {
    /// What the script takes from the project, with what was found and assumed in words.
    pub fn script_options(&self) -> ScriptOptions {
        let mut found = Vec::new();
        let generator = self.schema.and_then(Schema::client);
        let client = self.client(generator, &mut found);
        let adapter = self.adapter(generator, &mut found);
        let (url_variable, url_fallback) = self.url(&mut found);
        let folders = self.sqlite_folders.iter().map(|dir| relative(self.root, dir));
        let sqlite_folders = folders.fold(Vec::new(), |mut all, folder| {
            if !all.contains(&folder) {
                all.push(folder);
            }
            all
        });
        let project = relative(self.script_dir, self.root);
        ScriptOptions { client, adapter, url_variable, url_fallback, project, sqlite_folders, found }
    }

    fn client(&self, generator: Option<&Generator>, found: &mut Vec<String>) -> String {
        let Some(generator) = generator else {
            found.push(
                "Assumed: Prisma's client is @prisma/client (no Prisma schema with a client was found).".to_owned(),
            );
            return "@prisma/client".to_owned();
        };
        let version =
            self.major.map_or_else(|| "an unknown version of Prisma".to_owned(), |major| format!("Prisma {major}"));
        found.push(format!("Found: {version}, generator {}.", generator.provider));
        let Some(output) = generator.output.as_deref() else { return "@prisma/client".to_owned() };
        let dir = generator.at.file.parent().unwrap_or(self.root).join(output);
        if normal(&dir).ends_with("node_modules/@prisma/client")
            || normal(&dir).ends_with("node_modules/.prisma/client")
        {
            return "@prisma/client".to_owned();
        }
        format!("{}/{}", relative(self.script_dir, &dir), entry(generator))
    }

    fn adapter(&self, generator: Option<&Generator>, found: &mut Vec<String>) -> Adapter {
        let seven = self.major.is_none_or(|major| major >= 7);
        let wanted = match self.engine {
            "postgresql" => vec![("@prisma/adapter-pg", Adapter::Pg, Adapter::Pg)],
            "sqlite" => vec![
                ("@prisma/adapter-better-sqlite3", Adapter::BetterSqlite3, Adapter::BetterSqlite36),
                ("@prisma/adapter-libsql", Adapter::LibSql, Adapter::LibSql6),
            ],
            _ => Vec::new(),
        };
        let pick = |(_, new, old): (&str, Adapter, Adapter)| if seven { new } else { old };
        let engine_type = generator.and_then(|generator| generator.engine_type.as_deref());
        let provider_is_new = generator.is_some_and(|generator| generator.provider == "prisma-client");
        let previews = generator.map(|generator| generator.preview_features.as_slice()).unwrap_or_default();
        let previewed = previews.iter().any(|feature| feature == "driverAdapters" || feature == "queryCompiler");
        let known = self.major.is_some() || provider_is_new;
        let needed = known && (seven || engine_type == Some("client") || previewed);
        let of_package = |name: &String| wanted.iter().copied().find(|(package, ..)| package == name);
        match self.packages.iter().find_map(of_package) {
            Some(one) if needed || self.major == Some(6) && engine_type.is_none() && provider_is_new => {
                found.push(format!("Found: {}.", one.0));
                pick(one)
            }
            None if needed && !wanted.is_empty() => {
                let one = wanted[wanted.len() - 1];
                found.push(format!("Assumed: {} (no driver adapter stands in package.json).", one.0));
                pick(one)
            }
            _ => {
                found.push("Assumed: the client has its own engine and needs no driver adapter.".to_owned());
                Adapter::None
            }
        }
    }

    fn url(&self, found: &mut Vec<String>) -> (String, Option<String>) {
        let variable = match self.urls.first() {
            Some(Setting::Variable(name)) => Some(name.clone()),
            _ => None,
        };
        let literal = self.urls.iter().find_map(|url| match url {
            Setting::Literal(url) if url.starts_with("file:") => Some(url.clone()),
            _ => None,
        });
        match (variable, literal) {
            (Some(name), None) => {
                found.push(format!("Found: the database URL is in {name}."));
                (name, None)
            }
            (Some(name), Some(url)) => {
                found.push(format!("Found: the database URL is in {name}, and where that is not set it is {url}."));
                (name, Some(url))
            }
            (None, Some(url)) => {
                found.push("Found: the database URL stands in the schema; DATABASE_URL wins over it.".to_owned());
                ("DATABASE_URL".to_owned(), Some(url))
            }
            (None, None) => {
                found.push("Assumed: the database URL is in DATABASE_URL.".to_owned());
                ("DATABASE_URL".to_owned(), None)
            }
        }
    }
}

/// The file of a generated client that is imported; by its name once compiled, which resolves in every module system.
fn entry(generator: &Generator) -> &'static str {
    if generator.provider != "prisma-client" {
        return "index.js";
    }
    let extension = generator.others.iter().find(|(name, _)| name == "generatedFileExtension");
    match extension.map(|(_, extension)| extension.as_str()) {
        Some("mts") => "client.mjs",
        Some("cts") => "client.cjs",
        _ => "client.js",
    }
}

/// The path from one directory to another, with `/` and a leading dot.
fn relative(from: &Path, to: &Path) -> String {
    let (from, to) = (normal(from), normal(to));
    let (from, to): (Vec<Component<'_>>, Vec<Component<'_>>) = (from.components().collect(), to.components().collect());
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let mut parts: Vec<String> = vec!["..".to_owned(); from.len() - shared];
    parts.extend(to[shared..].iter().map(|part| part.as_os_str().to_string_lossy().into_owned()));
    if parts.first().is_none_or(|first| first != "..") {
        parts.insert(0, ".".to_owned());
    }
    parts.join("/")
}

/// The path without `.` and `..`. Links are not followed: the project's own names for its folders are the lasting ones.
fn normal(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if plain.components().next_back().is_some_and(|last| last != Component::ParentDir) => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(schema: &str, major: u32, packages: &[&str]) -> ScriptOptions {
        let schema = Schema::parse(Path::new("/p/prisma/schema.prisma"), schema).unwrap();
        let packages: Vec<String> = packages.iter().map(|&name| name.to_owned()).collect();
        let source = schema.datasource.as_ref().unwrap();
        Surroundings {
            root: Path::new("/p"),
            script_dir: Path::new("/p/scripts/backups"),
            engine: &source.provider,
            schema: Some(&schema),
            sqlite_folders: &[PathBuf::from("/p/prisma"), PathBuf::from("/p"), PathBuf::from("/p/prisma")],
            urls: source.url.as_slice(),
            major: Some(major),
            packages: &packages,
        }
        .script_options()
    }

    const SEVEN: &str = "generator client {\n provider = \"prisma-client\"\n output = \"../src/generated\"\n}\n\
                         datasource db {\n provider = \"postgresql\"\n}\n";
    const JS: &str = "generator client {\n provider = \"prisma-client-js\"\n}\n\
                      datasource db {\n provider = \"sqlite\"\n url = env(\"DB\")\n}\n";

    #[test]
    fn the_client_is_imported_from_where_it_is_generated() {
        let found = options(SEVEN, 7, &["@prisma/adapter-pg"]);
        assert_eq!((found.client.as_str(), found.adapter), ("../../src/generated/client.js", Adapter::Pg));
        assert_eq!(
            options(&SEVEN.replace("prisma-client", "prisma-client-js"), 7, &[]).client,
            "../../src/generated/index.js"
        );
        for (extension, entry) in [("ts", "client.js"), ("mts", "client.mjs"), ("cts", "client.cjs")] {
            let other = format!("\"../src/generated\"\n generatedFileExtension = \"{extension}\"");
            let found = options(&SEVEN.replace("\"../src/generated\"", &other), 7, &[]);
            assert_eq!(found.client, format!("../../src/generated/{entry}"));
        }
        let found = options(JS, 5, &["@prisma/adapter-libsql"]);
        assert_eq!((found.client.as_str(), found.adapter), ("@prisma/client", Adapter::None));
        assert_eq!((found.url_variable.as_str(), found.project.as_str()), ("DB", "../.."));
        assert_eq!(found.sqlite_folders, ["./prisma", "."]);
    }

    #[test]
    fn the_adapter_is_the_installed_one_and_else_assumed() {
        let js = JS.replace("-js\"", "-js\"\n engineType = \"client\"");
        assert_eq!(options(&js, 6, &["@prisma/adapter-libsql"]).adapter, Adapter::LibSql6);
        let (libsql, better) = ("@prisma/adapter-libsql", "@prisma/adapter-better-sqlite3");
        assert_eq!(options(JS, 7, &[better]).adapter, Adapter::BetterSqlite3);
        assert_eq!(options(JS, 7, &[libsql, better]).adapter, Adapter::LibSql);
        assert_eq!(options(JS, 7, &[better, libsql]).adapter, Adapter::BetterSqlite3);
        let found = options(SEVEN, 7, &[]);
        assert_eq!(found.adapter, Adapter::Pg);
        assert!(found.found.iter().any(|line| line.starts_with("Assumed: @prisma/adapter-pg")), "{:?}", found.found);
    }

    #[test]
    fn a_url_in_the_schema_is_taken_only_where_it_holds_no_password() {
        let literal = JS.replace("env(\"DB\")", "\"file:./dev.db\"");
        assert_eq!(options(&literal, 6, &[]).url_fallback.as_deref(), Some("file:./dev.db"));
        let secret = JS.replace("env(\"DB\")", "\"postgres://u:p@h/db\"").replace("sqlite", "postgresql");
        assert_eq!(options(&secret, 6, &[]).url_fallback, None);
    }
}
