//! PGlite, which Prisma's local server and many tests of applications use: PostgreSQL in a process of Node's, without
//! TLS and for one connection at a time.

use crate::support::files::project;
use crate::support::process::Project;
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};

struct Pglite {
    node: Child,
    answers: BufReader<ChildStdout>,
    port: String,
}

impl Pglite {
    fn start() -> Pglite {
        let mut node = Command::new("node")
            .arg(project("tests/prisma/pglite/serve.mjs"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let answers = BufReader::new(node.stdout.take().unwrap());
        let mut served = Pglite { node, answers, port: String::new() };
        served.port = served.line();
        served
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        assert!(line.ends_with('\n'), "PGlite has ended");
        line.trim().to_owned()
    }

    /// The rows of the last statement.
    fn sql(&mut self, sql: &str) -> Value {
        writeln!(self.node.stdin.as_ref().unwrap(), "{}", sql.replace('\n', " ")).unwrap();
        serde_json::from_str(&self.line()).unwrap()
    }

    fn rows(&mut self) -> Value {
        self.sql(
            "SELECT 'users' AS t, to_jsonb(u)::text AS r, id FROM users AS u UNION ALL SELECT 'posts', to_jsonb(p)::text, id FROM posts AS p
             UNION ALL SELECT 'bag', to_jsonb(b)::text, n FROM bag AS b ORDER BY 1, 3, 2",
        )
    }
}

impl Drop for Pglite {
    fn drop(&mut self) {
        let _ = self.node.kill();
        let _ = self.node.wait();
    }
}

#[test]
fn snapshots_and_restores() {
    let mut served = Pglite::start();
    served.sql(
        "CREATE TYPE mood AS ENUM ('glad', 'sad');
         CREATE TABLE users (id serial PRIMARY KEY, email text UNIQUE, at timestamptz, mood mood, ok boolean, n numeric, tags text[]);
         CREATE TABLE posts (id int PRIMARY KEY, user_id int NOT NULL REFERENCES users ON DELETE CASCADE, body jsonb, raw bytea);
         CREATE TABLE bag (n int, word text);
         INSERT INTO users (email, at, mood, ok, n, tags) SELECT 'u' || n, '2026-01-24 10:30:00.123456+00'::timestamptz + n * interval '1 day',
             'sad', n % 2 = 0, n / 3.0, ARRAY['a b', NULL, 'it''s'] FROM generate_series(1, 3000) AS n;
         INSERT INTO posts SELECT n, n, '{\"a\": [1, 2.50]}', '\\x00ff' FROM generate_series(1, 3000) AS n;
         INSERT INTO bag SELECT n / 2, 'w' FROM generate_series(1, 50) AS n;",
    );
    let project = Project::new();
    project.dbsnap(["init"]).run().success();
    let url = format!("postgresql://postgres@127.0.0.1:{}/postgres", served.port);
    let json = |served: &mut Pglite, words: &[&str]| -> Value {
        served.sql("SELECT 1");
        let run = project.dbsnap(words).args(["--json"]).env("DBSNAP_URL", &url).run().success();
        serde_json::from_str(run.stdout()).unwrap()
    };
    let before = served.rows();
    json(&mut served, &["snap", "--all"]);
    // its version() is not plainly that of PostgreSQL, so that nothing is known without reading
    let status = json(&mut served, &["status"]);
    let is_read = |table: &Value| table["status"] == "unchanged" && table.get("knownBy").is_none();
    assert!(status["tables"].as_array().unwrap().iter().all(is_read), "{status}");
    served.sql(
        "DELETE FROM users WHERE id % 3 = 0; UPDATE users SET email = email || 'x', mood = 'glad' WHERE id < 100; DELETE FROM bag WHERE n = 7;
         UPDATE users SET email = CASE id WHEN 1 THEN 'u3001' ELSE email END; INSERT INTO bag VALUES (7, 'new')",
    );
    let damaged = served.rows();
    let status = json(&mut served, &["status"]);
    assert!(status["tables"].as_array().unwrap().iter().all(|table| table.get("knownBy").is_none()), "{status}");
    let report = json(&mut served, &["diff", "latest", "live"]);
    let count = |table: usize, what: &str| report["tables"][table][what].as_u64().unwrap();
    assert_eq!(report["tables"].as_array().unwrap().len(), 3, "{report}");
    assert_eq!([count(1, "removed"), count(2, "removed"), count(2, "changed")], [1000, 1000, 66], "{report}");
    json(&mut served, &["restore", "latest", "--mode", "exact", "-y"]);
    assert_eq!(served.rows(), before);
    json(&mut served, &["undo", "-y"]);
    assert_eq!(served.rows(), damaged);
    json(&mut served, &["restore", "latest", "users", "--where", "id <= 1500 AND email LIKE 'u%'", "-y", "--dry-run"]);
    json(&mut served, &["undo", "-y"]);
    assert_eq!(served.rows(), before);
    let status = json(&mut served, &["status"]);
    assert_eq!(status["tables"].as_array().unwrap().len(), 3, "{status}");
    assert_eq!(served.sql("INSERT INTO users (email) VALUES ('next') RETURNING id")[0]["id"], 3001);
}
