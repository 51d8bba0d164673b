//! A database for a test, and psql to look at it from outside.

use super::PgServer;
use dbsnap::db::postgres::Postgres;
use dbsnap::db::{Host, OpenOptions, Password, PostgresTarget, SslMode};
use std::io::{BufRead, Read, Write};
use std::process::{Child, ChildStdin};
use std::sync::Mutex;

/// A database of one test; dropped with it.
pub struct Db {
    /// Where it is.
    pub server: &'static PgServer,
    /// Its name.
    pub name: String,
    witness: Mutex<Option<PsqlSession>>,
}

impl Db {
    /// The database of that name.
    pub fn new(server: &'static PgServer, name: String) -> Db {
        Db { server, name, witness: Mutex::new(None) }
    }

    /// What `witness.sql` says of it. The session is kept, so that the next time takes a third as long.
    pub fn witness(&self) -> String {
        let mut session = self.witness.lock().unwrap();
        if let Some(told) = session.as_mut().and_then(|session| session.try_script("EXECUTE witness;").ok()) {
            return told;
        }
        let mut made = self.session();
        let told = made.script(concat!(include_str!("witness.sql"), "EXECUTE witness;"));
        *session = Some(made);
        told
    }

    /// Ends the session that is kept for that.
    pub fn let_go(&self) {
        drop(self.witness.lock().unwrap().take());
    }

    /// Runs SQL as the superuser and gives the output, unaligned and without headers.
    pub fn sql(&self, sql: &str) -> String {
        self.server.psql(&self.name, &self.server.user, sql).expect("SQL")
    }

    /// Runs SQL as `user`.
    pub fn sql_as(&self, user: &str, sql: &str) -> Result<String, String> {
        self.server.psql(&self.name, user, sql)
    }

    /// The environment in which psql gets to it.
    pub fn environment(&self) -> [(&'static str, String); 5] {
        let PgServer { host, port, user, password, .. } = self.server;
        let password = password.clone().unwrap_or_default();
        [
            ("PGHOST", host.clone()),
            ("PGPORT", port.to_string()),
            ("PGUSER", user.clone()),
            ("PGPASSWORD", password),
            ("PGDATABASE", self.name.clone()),
        ]
    }

    /// How dbsnap gets to it as `user`.
    pub fn target_as(&self, user: &str) -> PostgresTarget {
        let host = match self.server.host.starts_with('/') {
            true => Host::Socket(self.server.host.clone().into()),
            false => Host::Tcp(self.server.host.clone()),
        };
        PostgresTarget {
            hosts: vec![(host, self.server.port)],
            user: Some(user.into()),
            pass_file: None,
            password: self.server.password.as_ref().map(Password::new),
            database: Some(self.name.clone()),
            schema: None,
            ssl_mode: SslMode::Disable,
            ssl_root_cert: None,
            connect_timeout: None,
            options: None,
            application_name: None,
        }
    }

    /// How dbsnap gets to it as the superuser.
    pub fn target(&self) -> PostgresTarget {
        self.target_as(&self.server.user)
    }

    /// Its URL, for the superuser.
    pub fn url(&self) -> String {
        let PgServer { host, port, user, .. } = self.server;
        let password = self.server.password.as_deref().map_or(String::new(), |password| format!(":{password}"));
        let place = match host.starts_with('/') {
            true => format!("/{}?host={host}&port={port}&sslmode=disable", self.name),
            false => format!("{host}:{port}/{}?sslmode=disable", self.name),
        };
        format!("postgresql://{user}{password}@{place}")
    }

    /// Opens it as the superuser.
    pub fn open(&self) -> Postgres {
        Postgres::open(&self.target(), &OpenOptions::default()).expect("a connection")
    }

    /// Opens it as `user`.
    pub fn open_as(&self, user: &str) -> Postgres {
        Postgres::open(&self.target_as(user), &OpenOptions::default()).expect("a connection")
    }

    /// A role that is no superuser; its name is unique to this database and dropped with it.
    pub fn role(&self, name: &str, options: &str) -> String {
        self.role_and(name, options, |_| String::new())
    }

    /// As [`Db::role`], with more SQL of that role.
    pub fn role_and(&self, name: &str, options: &str, more: impl FnOnce(&str) -> String) -> String {
        let role = format!("{name}_{}", self.name);
        let password = self.server.password.as_ref().map_or(String::new(), |password| format!("PASSWORD '{password}'"));
        self.sql(&format!(
            "CREATE ROLE {role} LOGIN {password} {options}; GRANT ALL ON SCHEMA public TO {role}; {}",
            more(&role)
        ));
        role
    }

    /// A session that stays open, to hold locks or work at the same time.
    pub fn session(&self) -> PsqlSession {
        let mut child = self.server.psql_command(&self.name, &self.server.user).spawn().expect("psql");
        let stdin = child.stdin.take().expect("stdin");
        let stdout: Box<dyn Read + Send> = Box::new(child.stdout.take().expect("stdout"));
        PsqlSession { child, stdin: Some(stdin), stdout: std::io::BufReader::new(stdout) }
    }

    /// Such a session of `user`, in whose output errors are too.
    pub fn session_as(&self, user: &str) -> PsqlSession {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let mut command = self.server.psql_command(&self.name, user);
        command.stdout(writer.try_clone().expect("a pipe")).stderr(writer);
        let mut child = command.spawn().expect("psql");
        let stdin = child.stdin.take().expect("stdin");
        let stdout: Box<dyn Read + Send> = Box::new(reader);
        PsqlSession { child, stdin: Some(stdin), stdout: std::io::BufReader::new(stdout) }
    }
}

impl Drop for Db {
    fn drop(&mut self) {
        let sql = format!(
            "DROP DATABASE {0} WITH (FORCE);
             SELECT format('DROP ROLE %I', rolname) FROM pg_roles WHERE rolname LIKE '%\\_{0}' \\gexec\n",
            self.name
        );
        let _ = self.server.psql("postgres", &self.server.user, &sql);
    }
}

/// A psql that takes one statement after the other.
pub struct PsqlSession {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: std::io::BufReader<Box<dyn Read + Send>>,
}

impl PsqlSession {
    /// Sends SQL without waiting for it.
    pub fn send(&mut self, sql: &str) {
        let stdin = self.stdin.as_mut().expect("open");
        writeln!(stdin, "{sql};").expect("psql");
        stdin.flush().expect("psql");
    }

    /// Runs SQL and waits until it is done; its output.
    pub fn run(&mut self, sql: &str) -> String {
        self.script(&format!("{sql};\n"))
    }

    /// Runs a script and waits until it is done; its output.
    pub fn script(&mut self, script: &str) -> String {
        self.try_script(script).unwrap_or_else(|output| panic!("psql ended: {output}"))
    }

    /// The same; what it put out until then if psql ends.
    fn try_script(&mut self, script: &str) -> Result<String, String> {
        let stdin = self.stdin.as_mut().expect("open");
        let sent = write!(stdin, "{script}\n\\echo --done--\n").and_then(|()| stdin.flush());
        let mut output = String::new();
        loop {
            let mut line = String::new();
            if self.stdout.read_line(&mut line).expect("psql") == 0 {
                return Err(format!("{output} ({sent:?})"));
            }
            if line.trim_end() == "--done--" {
                return Ok(output.trim_end().to_string());
            }
            output.push_str(&line);
        }
    }
}

impl Drop for PsqlSession {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.child.wait();
    }
}
