//! A private PostgreSQL server for tests.
//!
//! It is the server that `DBSNAP_TEST_PG_URL` names (a superuser's URL), which whoever set it starts and stops; else one that
//! all tests of a nextest run share; else one for this process. Each test gets a database of its own. Servers start from a
//! cached `initdb` template.
//!
//! A server runs under a small shell that waits for the end of its standard input, or of the test runner, and then stops the
//! server it started. So the server ends with the process it is for, even if that is killed.

use dbsnap::db::postgres::Postgres;
use dbsnap::db::{DatabaseUrl, Host, OpenOptions, Password, PostgresTarget, SslMode};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A running server.
pub struct PgServer {
    /// Address to connect to.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// A superuser.
    pub user: String,
    /// The superuser's password, if there is one; roles made for tests get the same.
    password: Option<String>,
    /// Where its socket and data are; `None` for a server that is not ours.
    pub dir: Option<PathBuf>,
    supervisor: Option<(Child, Option<ChildStdin>)>,
}

/// Where `initdb` and `postgres` are.
pub fn bindir() -> PathBuf {
    if let Some(dir) = std::env::var_os("DBSNAP_TEST_PG_BINDIR") {
        return dir.into();
    }
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        let dir = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
        if dir.join("initdb").exists() {
            return dir;
        }
    }
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect())
        .unwrap_or_default();
    found.retain(|dir| dir.join("initdb").exists());
    found.sort();
    found.pop().expect("PostgreSQL's server programs; set DBSNAP_TEST_PG_BINDIR")
}

/// A shell script run as a user that PostgreSQL accepts: `postgres` if we are root, else ourselves.
fn shell(script: &str) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--", "sh", "-c", script]);
        command
    } else {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    };
    // a group of its own: what ends a test must not end the server of the run
    command.current_dir("/").process_group(0);
    command
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().expect("id");
    output.stdout.trim_ascii() == b"0"
}

/// Makes, once per machine and version, a data directory to copy.
fn template(bindir: &Path) -> PathBuf {
    let version = Command::new(bindir.join("postgres")).arg("--version").output().expect("postgres --version");
    let version: String =
        String::from_utf8_lossy(&version.stdout).chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
    let owner = if is_root() { "root" } else { "user" };
    let template = std::env::temp_dir().join(format!("dbsnap-test-pg-{version}-{owner}-1"));
    if !template.join("ready").exists() {
        // made under another name and renamed, so that nobody copies half of it; whoever comes second throws theirs away
        let script = format!(
            "set -e; new=$(mktemp -d {template}.XXXXXX); \
             {bindir}/initdb -D $new/data -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync --wal-segsize=1 >$new/log 2>&1; \
             touch $new/ready; mv -T $new {template} 2>/dev/null || rm -rf $new",
            template = template.display(),
            bindir = bindir.display(),
        );
        let status = shell(&script).status().expect("sh");
        assert!(status.success(), "initdb failed");
    }
    template
}

/// The lines before `trust` that ask some roles for passwords.
const HBA: &str = "host all scram_user 127.0.0.1/32 scram-sha-256\n\
                   host all md5_user 127.0.0.1/32 md5\n\
                   host all clear_user 127.0.0.1/32 password\n\
                   hostssl all tls_user 127.0.0.1/32 scram-sha-256\n\
                   host all tls_user 127.0.0.1/32 reject\n\
                   local all all trust\n\
                   host all all 127.0.0.1/32 trust\n";

/// When a server stops.
#[derive(Clone, Copy)]
enum Until {
    /// When this process ends or drops it.
    Dropped,
    /// When that process has ended.
    Ended(u32),
}

impl PgServer {
    /// Starts a server. `settings` are extra `name=value` settings; `files` are put into its data directory.
    pub fn start(settings: &[&str], files: &[(&str, &[u8])]) -> PgServer {
        PgServer::start_until(Until::Dropped, settings, files)
    }

    fn start_until(until: Until, settings: &[&str], files: &[(&str, &[u8])]) -> PgServer {
        let bindir = bindir();
        let template = template(&bindir);
        for attempt in 0.. {
            if let Some(server) = PgServer::try_start(&bindir, &template, until, settings, files) {
                return server;
            }
            assert!(attempt < 3, "the server does not start");
        }
        unreachable!()
    }

    fn try_start(
        bindir: &Path,
        template: &Path,
        until: Until,
        settings: &[&str],
        files: &[(&str, &[u8])],
    ) -> Option<PgServer> {
        // somebody else may take the port before the server does: then it ends and another is tried
        let port = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
        // in memory where that can be
        let made = run("mktemp -d /dev/shm/dbsnap-pg.XXXXXX 2>/dev/null || mktemp -d ${TMPDIR:-/tmp}/dbsnap-pg.XXXXXX", b"");
        let dir = PathBuf::from(made.trim());
        let data = dir.join("data");
        run(&format!("cp -r {} {}", template.join("data").display(), data.display()), b"");
        for (name, content) in files.iter().copied().chain([("pg_hba.conf", HBA.as_bytes())]) {
            run(&format!("umask 077; rm -f {0}/{name}; cat >{0}/{name}", data.display()), content);
        }
        let extra: String = settings.iter().map(|setting| format!(" -c '{setting}'")).collect();
        let wait = match until {
            Until::Dropped => "cat >/dev/null".to_string(),
            Until::Ended(pid) => format!("while [ -d /proc/{pid} ]; do sleep 1; done"),
        };
        let script = format!(
            "{bindir}/postgres -D {data} -c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={dir} \
             -c fsync=off -c full_page_writes=off -c shared_buffers=64MB -c max_connections=100 -c autovacuum=off{extra} \
             </dev/null >{dir}/log 2>&1 & pid=$!; echo; exec >/dev/null; {wait}; \
             {bindir}/pg_ctl -D {data} -m immediate stop >/dev/null; wait $pid; rm -rf {dir}",
            bindir = bindir.display(),
            data = data.display(),
            dir = dir.display(),
        );
        let mut command = shell(&script);
        // no handle of this process may stay open in what outlives it
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        match until {
            Until::Dropped => command.stdin(Stdio::piped()),
            Until::Ended(_) => command.stdin(Stdio::null()),
        };
        let mut child = command.spawn().expect("sh");
        let stdin = child.stdin.take();
        // the shell says when the server runs
        let mut begun = [0];
        child.stdout.take().expect("stdout").read_exact(&mut begun).expect("a server");
        let server = PgServer {
            host: "127.0.0.1".into(),
            port,
            user: "postgres".into(),
            password: None,
            dir: Some(dir),
            supervisor: stdin.map(|stdin| (child, Some(stdin))),
        };
        server.wait().then_some(server)
    }

    /// The server that all tests of this nextest run share. The first to make the run's directory starts it.
    fn of_run(run_id: &str) -> PgServer {
        let place = std::env::temp_dir().join(format!("dbsnap-pg-run-{run_id}"));
        let runner = std::os::unix::process::parent_id();
        let told = place.join("port");
        if shell(&format!("mkdir {} 2>/dev/null", place.display())).status().expect("sh").success() {
            let server = PgServer::start_until(Until::Ended(runner), &[], &[]);
            run(
                &format!(
                    "echo {} >{told}.new; mv {told}.new {told}; \
                     (while [ -d /proc/{runner} ]; do sleep 1; done; rm -rf {place}) </dev/null >/dev/null 2>&1 &",
                    server.port,
                    told = told.display(),
                    place = place.display(),
                ),
                b"",
            );
            return server;
        }
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            if let Some(port) = std::fs::read_to_string(&told).ok().and_then(|port| port.trim().parse().ok()) {
                return PgServer {
                    host: "127.0.0.1".into(),
                    port,
                    user: "postgres".into(),
                    password: None,
                    dir: None,
                    supervisor: None,
                };
            }
            assert!(Instant::now() < deadline, "the run's server does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until it takes connections; false if it ended instead.
    fn wait(&self) -> bool {
        let deadline = Instant::now() + Duration::from_secs(30);
        let ready = self.dir.as_ref().expect("own server").join("data/postmaster.pid");
        while Instant::now() < deadline {
            let status = run(&format!("cat {} 2>/dev/null || true", ready.display()), b"");
            if status.lines().nth(7).is_some_and(|line| line.trim() == "ready")
                && TcpStream::connect(("127.0.0.1", self.port)).is_ok()
            {
                return true;
            }
            let log = run(&format!("cat {}/log", self.dir.as_ref().expect("own server").display()), b"");
            if log.contains("FATAL") {
                eprintln!("{log}");
                return false;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }

    /// The server of this process, for tests that need nothing special.
    pub fn shared() -> &'static PgServer {
        static SERVER: OnceLock<PgServer> = OnceLock::new();
        SERVER.get_or_init(|| match std::env::var("DBSNAP_TEST_PG_URL") {
            Ok(url) => PgServer::given(&url),
            Err(_) => match std::env::var("NEXTEST_RUN_ID") {
                Ok(run_id) if Path::new("/proc/self").exists() => PgServer::of_run(&run_id),
                _ => PgServer::start(&[], &[]),
            },
        })
    }

    fn given(url: &str) -> PgServer {
        let Ok(DatabaseUrl::Postgres(target)) = DatabaseUrl::parse(url, Path::new("/")) else {
            panic!("DBSNAP_TEST_PG_URL is not a postgres:// URL")
        };
        let (host, port) = target.hosts.first().expect("a host").clone();
        PgServer {
            host: match host {
                Host::Tcp(name) => name,
                Host::Socket(directory) => directory.display().to_string(),
            },
            port,
            user: target.user.expect("a user"),
            password: target.password.map(|password| password.expose().to_string()),
            dir: None,
            supervisor: None,
        }
    }

    /// Stops it at once, as a crash would, and starts it again on the same port and data.
    pub fn crash_and_restart(&self) {
        let dir = self.dir.as_ref().expect("own server");
        let script = format!(
            "{0}/pg_ctl -D {1}/data -m immediate -w restart -l {1}/log </dev/null >/dev/null 2>&1",
            bindir().display(),
            dir.display()
        );
        assert!(shell(&script).status().expect("pg_ctl").success());
    }

    /// A new database, empty, encoded in UTF-8.
    pub fn database(&'static self) -> Db {
        self.database_with("")
    }

    /// A new database with more to `CREATE DATABASE`, as `TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'`.
    pub fn database_with(&'static self, options: &str) -> Db {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("t{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let db = Db { server: self, name };
        self.psql("postgres", &self.user, &format!("CREATE DATABASE {} {options}", db.name)).expect("a database");
        db
    }

    fn psql_command(&self, database: &str, user: &str) -> Command {
        let mut command = Command::new("psql");
        command
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", &self.host, "-U", user, "-d", database])
            .args(["-p", &self.port.to_string(), "-f", "-"])
            .env("PGAPPNAME", "dbsnap-tests")
            .env("PGCLIENTENCODING", "UTF8")
            .env("PGSSLMODE", "disable")
            .env("PGPASSWORD", self.password.as_deref().unwrap_or_default())
            .env_remove("PGOPTIONS")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs SQL in psql; the output without headers, or the error.
    pub fn psql(&self, database: &str, user: &str, sql: &str) -> Result<String, String> {
        let mut child = self.psql_command(database, user).spawn().expect("psql");
        let mut stdin = child.stdin.take().expect("stdin");
        let sql = sql.to_string();
        let writer = std::thread::spawn(move || drop(stdin.write_all(sql.as_bytes())));
        let Output { status, stdout, stderr } = child.wait_with_output().expect("psql");
        writer.join().expect("writer");
        if status.success() {
            Ok(String::from_utf8_lossy(&stdout).trim_end_matches('\n').to_string())
        } else {
            Err(String::from_utf8_lossy(&stderr).into_owned())
        }
    }
}

impl Drop for PgServer {
    fn drop(&mut self) {
        if let Some((mut child, stdin)) = self.supervisor.take() {
            drop(stdin);
            let _ = child.wait();
        }
    }
}

fn run(script: &str, input: &[u8]) -> String {
    let mut child = shell(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("sh");
    child.stdin.take().expect("stdin").write_all(input).expect("stdin");
    let output = child.wait_with_output().expect("sh");
    assert!(output.status.success(), "{script}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A database of one test; dropped with it.
pub struct Db {
    /// Where it is.
    pub server: &'static PgServer,
    /// Its name.
    pub name: String,
}

impl Db {
    /// Runs SQL as the superuser and gives the output, unaligned and without headers.
    pub fn sql(&self, sql: &str) -> String {
        self.server.psql(&self.name, &self.server.user, sql).expect("SQL")
    }

    /// Runs SQL as `user`.
    pub fn sql_as(&self, user: &str, sql: &str) -> Result<String, String> {
        self.server.psql(&self.name, user, sql)
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
            password: self.server.password.as_ref().map(Password::new),
            database: Some(self.name.clone()),
            schema: None,
            ssl_mode: SslMode::Disable,
            ssl_root_cert: None,
            connect_timeout: None,
            application_name: None,
        }
    }

    /// How dbsnap gets to it as the superuser.
    pub fn target(&self) -> PostgresTarget {
        self.target_as(&self.server.user)
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
        let role = format!("{name}_{}", self.name);
        let password = self.server.password.as_ref().map_or(String::new(), |password| format!("PASSWORD '{password}'"));
        self.sql(&format!("CREATE ROLE {role} LOGIN {password} {options}; GRANT ALL ON SCHEMA public TO {role}"));
        role
    }

    /// A session that stays open, to hold locks or work at the same time.
    pub fn session(&self) -> PsqlSession {
        let mut child = self.server.psql_command(&self.name, &self.server.user).spawn().expect("psql");
        let stdin = child.stdin.take().expect("stdin");
        let stdout = std::io::BufReader::new(child.stdout.take().expect("stdout"));
        PsqlSession { child, stdin: Some(stdin), stdout }
    }
}

impl Drop for Db {
    fn drop(&mut self) {
        let roles = format!("SELECT rolname FROM pg_roles WHERE rolname LIKE '%\\_{}'", self.name);
        let roles = self.server.psql("postgres", &self.server.user, &roles).unwrap_or_default();
        let mut sql = format!("DROP DATABASE {} WITH (FORCE);", self.name);
        for role in roles.lines() {
            sql.push_str(&format!("DROP ROLE \"{role}\";"));
        }
        let _ = self.server.psql("postgres", &self.server.user, &sql);
    }
}

/// A psql that takes one statement after the other.
pub struct PsqlSession {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: std::io::BufReader<std::process::ChildStdout>,
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
        use std::io::BufRead;
        self.send(sql);
        self.send("\\echo --done--\n");
        let mut output = String::new();
        loop {
            let mut line = String::new();
            assert!(self.stdout.read_line(&mut line).expect("psql") > 0, "psql ended: {output}");
            if line.trim_end() == "--done--" {
                return output.trim_end().to_string();
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
