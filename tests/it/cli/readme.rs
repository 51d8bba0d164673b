//! The session in README.md: every command is run, and prints what stands there. `docs/record-session` writes it anew.

use crate::support::files::{project, text};
use crate::support::postgres::{Db, PgServer};
use crate::support::process::Project;
use crate::support::redact::redact;
use std::fs;

/// Set by `docs/record-session`.
const RECORD: &str = "DBSNAP_RECORD_SESSION";
/// Columns at which lines of output end.
const WIDTH: usize = 150;
/// What the reader's database is called.
const DATABASE: &str = "postgres@127.0.0.1:5432/shop";

const PRISMA: &str = r#"
datasource db {
  provider = "postgresql"
  url      = env("DATABASE_URL")
}
model Mod {
  id          String   @id
  title       String
  description String?
  contentType String   @map("content_type")
  price       Decimal  @db.Decimal(8, 2)
  metadata    Json
  reviews     Review[]
  @@map("mods")
}
model Review {
  id    Int    @id
  modId String @map("mod_id")
  stars Int
  mod   Mod    @relation(fields: [modId], references: [id], onDelete: Cascade)
  @@map("reviews")
}
"#;

const ROWS: &str = r#"
CREATE TABLE mods (id text PRIMARY KEY, title text NOT NULL, description text, content_type text NOT NULL,
  price numeric(8, 2) NOT NULL, metadata jsonb NOT NULL);
CREATE TABLE reviews (id int PRIMARY KEY, mod_id text NOT NULL REFERENCES mods ON DELETE CASCADE, stars int NOT NULL);
INSERT INTO mods SELECT 'cl' || n, (ARRAY['Oak table', 'Wool rug', 'Glass vase', 'Pine bench'])[1 + n % 4], 'Made by hand.',
  (ARRAY['furniture', 'textiles', 'decor', 'furniture'])[1 + n % 4], 20 + n % 977 * 0.25,
  jsonb_build_object('size', jsonb_build_object('w', 40 + n % 200), 'tags', jsonb_build_array('home', 'kitchen'))
  FROM generate_series(1001, 6432) AS n;
INSERT INTO reviews SELECT n, 'cl' || 1001 + n % 5432, 1 + n % 5 FROM generate_series(1, 8998) AS n
  WHERE 1001 + n % 5432 NOT IN (1110, 1111);
"#;

/// What the script of the session does.
const SCRIPT: &str = r#"
UPDATE mods SET description = 'Made by hand, and waxed.', metadata = jsonb_set(jsonb_set(metadata, '{size,w}', '200'), '{tags,1}', '"dining"')
  WHERE id = 'cl1104';
UPDATE mods SET price = price * 0.8 WHERE id IN ('cl1105', 'cl1117');
DELETE FROM mods WHERE id IN ('cl1110', 'cl1111');
INSERT INTO mods VALUES ('cl9000', 'Bookshelf', 'Five boards.', 'furniture', 59, '{}');
INSERT INTO reviews VALUES (9001, 'cl9000', 5), (9002, 'cl9000', 4);
"#;

/// Runs the commands of the session.
struct Session {
    project: Project,
    db: Db,
}

impl Session {
    fn new() -> Session {
        let db = PgServer::shared().database();
        db.sql(ROWS);
        let project = Project::new();
        project.write(".env", format!("DATABASE_URL=\"{}\"\n", db.url()));
        project.write("schema.prisma", PRISMA);
        let bin = project.path().join("bin");
        fs::create_dir(&bin).unwrap();
        let dbsnap = std::env::var_os("DBSNAP_TEST_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_dbsnap").into());
        std::os::unix::fs::symlink(dbsnap, bin.join("dbsnap")).unwrap();
        Session { project, db }
    }

    /// What a command prints, as a reader of the README would see it.
    fn says(&self, command: &str) -> Vec<String> {
        if command == "dbsnap diff" {
            self.db.sql(SCRIPT);
        }
        let bin = self.project.path().join("bin");
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
        let run = self.project.program("sh", ["-c", &format!("{command} 2>&1")]).env("PATH", path).run();
        assert!(matches!(run.code(), Some(0 | 4)), "{command}: {run}");
        let server = &self.db.server;
        let database = format!("{}@{}:{}/{}", server.user, server.host, server.port, self.db.name);
        let shown = run.stdout().replace(&*self.project.path().to_string_lossy(), "/home/me/shop");
        shown.replace(&database, DATABASE).lines().map(shortened).collect()
    }
}

pub fn shortened(line: &str) -> String {
    match line.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}...", line[..end].trim_end()),
        None => line.to_owned(),
    }
}

/// The lines of a file's section, and what comes before and after.
fn section(file: &str, heading: &str) -> (Vec<String>, Vec<String>, Vec<String>) {
    let text = text(&project(file));
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let begin = lines.iter().position(|line| line == heading).unwrap();
    let length = lines[begin + 1..].iter().position(|line| line.starts_with("## ")).unwrap();
    let (before, rest) = lines.split_at(begin);
    let (session, after) = rest.split_at(length + 1);
    (before.to_vec(), session.to_vec(), after.to_vec())
}

/// The session as the program prints it now: its commands and the prose around them stay. Comments behind commands too:
/// what they print is not shown.
fn recorded(says: impl Fn(&str) -> Vec<String>, lines: &[String]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let line = &lines[at];
        at += 1;
        let Some(command) = line.strip_prefix("    $ dbsnap").map(|rest| format!("dbsnap{rest}")) else {
            out.push(line.clone());
            continue;
        };
        out.push(line.clone());
        let is_shown = !lines.get(at).is_some_and(|next| next.starts_with("    $ ")) && !command.contains(" # ");
        let printed = says(command.split(" # ").next().unwrap().trim());
        if is_shown {
            // to the end of the block: the next line that is not indented, or a command after an empty line
            while lines.get(at).is_some_and(|next| {
                next.starts_with("    ") && !(lines[at - 1].is_empty() && next.starts_with("    $ "))
                    || next.is_empty() && lines.get(at + 1).is_some_and(|next| next.starts_with("    "))
            }) {
                at += 1;
            }
            let indented = printed.iter().map(|line| format!("    {line}").trim_end().to_owned());
            out.extend(indented);
            if lines[at - 1].is_empty() {
                out.push(String::new());
            }
        }
    }
    out
}

/// Without what differs from run to run.
fn normal(lines: &[String]) -> String {
    let redacted = redact(&lines.join("\n"), std::path::Path::new("/home/me/shop"));
    let sums = |line: &str| {
        ["blake3:", "sha256:"].iter().fold(line.to_owned(), |mut line, name| {
            if let Some(at) = line.find(name).filter(|at| line.len() >= at + name.len() + 12) {
                line.replace_range(at + name.len()..at + name.len() + 12, "[SUM]");
            }
            line
        })
    };
    redacted.lines().map(sums).collect::<Vec<_>>().join("\n")
}

/// Holds a section against what its commands print, or writes it anew if asked to; at least so many commands are there.
pub fn check_section(file: &str, heading: &str, commands: usize, says: impl Fn(&str) -> Vec<String>) {
    let (before, written, after) = section(file, heading);
    let recorded = recorded(says, &written);
    let count = recorded.iter().filter(|line| line.starts_with("    $ dbsnap")).count();
    assert!(count >= commands, "{recorded:#?}");
    if std::env::var_os(RECORD).is_some() {
        let whole = [before, recorded, after].concat().join("\n");
        fs::write(project(file), format!("{whole}\n")).unwrap();
        return;
    }
    let (written, recorded) = (normal(&written), normal(&recorded));
    for (written, recorded) in written.lines().zip(recorded.lines()) {
        assert_eq!(written, recorded, "run docs/record-session to write the session anew");
    }
    assert_eq!(written.lines().count(), recorded.lines().count(), "run docs/record-session to write the session anew");
}

#[test]
fn the_session_in_the_readme_is_what_the_program_prints() {
    let session = Session::new();
    check_section("README.md", "## A session", 13, |command| session.says(command));
}
