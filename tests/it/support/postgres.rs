//! A private PostgreSQL server for tests.
//!
//! It is the server that `DBSNAP_TEST_PG_URL` names (a superuser's URL), which whoever set it starts and stops; else
//! one that all tests of a nextest run share; else one for this process. Each test gets a database of its own. Servers
//! start from a cached `initdb` template.
//!
//! A server runs under a small shell that waits for the end of its standard input, or of the test runner, and then
//! stops the server it started. So the server ends with the process it is for, even if that is killed.

mod database;
mod pooler;
mod programs;

pub use database::{Db, PsqlSession};
pub use pooler::Pooler;

use super::disk::Disk;
use dbsnap::db::{DatabaseUrl, Host};
use programs::{bindir, run, run_at, shell, shell_at, template};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
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
    /// What takes a program to where `dir` is.
    way_in: String,
}

/// The lines before `trust` that ask some roles for passwords.
const HBA: &str = "host all scram_user 127.0.0.1/32 scram-sha-256\n\
                   host all md5_user 127.0.0.1/32 md5\n\
                   host all clear_user 127.0.0.1/32 password\n\
                   hostssl all tls_user 127.0.0.1/32 scram-sha-256\n\
                   host all tls_user 127.0.0.1/32 reject\n\
                   local all all trust\n\
                   host all all 127.0.0.1/32 trust\n\
                   host replication all 127.0.0.1/32 trust\n";

/// Where a server's data are and come from.
#[derive(Default)]
struct Place {
    /// What takes a program there.
    way_in: String,
    /// The directory to make one in.
    parent: Option<PathBuf>,
    /// The port and data of the server that is copied and followed; else data come from the template.
    standby_of: Option<(u16, PathBuf)>,
}

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
        PgServer::start_until(Until::Dropped, &Place::default(), settings, files)
    }

    /// Starts a server whose data are on that disk, which outlives it.
    pub fn start_on(disk: &Disk, settings: &[&str]) -> PgServer {
        let place = Place { way_in: disk.way_in(), parent: Some(disk.path().to_owned()), standby_of: None };
        PgServer::start_until(Until::Dropped, &place, settings, &[])
    }

    /// Starts a standby that follows this server.
    pub fn start_standby(&self) -> PgServer {
        let data = self.dir.as_ref().expect("own server").join("data");
        let place = Place { standby_of: Some((self.port, data)), ..Place::default() };
        PgServer::start_until(Until::Dropped, &place, &[], &[])
    }

    /// Makes a standby a server of its own.
    pub fn promote(&self) {
        let data = self.dir.as_ref().expect("own server").join("data");
        run(&format!("{}/pg_ctl -D {} -w promote >/dev/null", bindir().display(), data.display()), b"");
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        run_at(&self.way_in, &format!("cat {}/log", self.dir.as_ref().expect("own server").display()), b"")
    }

    fn start_until(until: Until, place: &Place, settings: &[&str], files: &[(&str, &[u8])]) -> PgServer {
        let bindir = bindir();
        let template = template(&bindir);
        for attempt in 0.. {
            if let Some(server) = PgServer::try_start(&bindir, &template, until, place, settings, files) {
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
        place: &Place,
        settings: &[&str],
        files: &[(&str, &[u8])],
    ) -> Option<PgServer> {
        let way_in = place.way_in.as_str();
        // somebody else may take the port before the server does: then it ends and another is tried
        let port = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
        // in memory where that can be
        let made = match &place.parent {
            Some(parent) => run_at(way_in, &format!("mktemp -d {}/dbsnap-pg.XXXXXX", parent.display()), b""),
            None => run(
                "mktemp -d /dev/shm/dbsnap-pg.XXXXXX 2>/dev/null || mktemp -d ${TMPDIR:-/tmp}/dbsnap-pg.XXXXXX",
                b"",
            ),
        };
        let dir = PathBuf::from(made.trim());
        let data = dir.join("data");
        match &place.standby_of {
            Some((port, primary)) => {
                // in SQL: not every package of the server has pg_basebackup
                let (begin, end) = if programs::major(bindir) < 15 {
                    ("pg_start_backup('standby', true, false)", "pg_stop_backup(false)")
                } else {
                    ("pg_backup_start('standby', true)", "pg_backup_stop()")
                };
                let data = data.display();
                let backup = format!(
                    "SELECT {begin};\n\\! cp -r {} {data}\n\\! rm {data}/postmaster.pid\n\\o {data}/backup_label\nSELECT labelfile FROM {end};\n",
                    primary.display()
                );
                let from = format!("host=127.0.0.1 port={port} user=postgres");
                let psql = programs::psql().display();
                run(&format!("{psql} -XqAt -v ON_ERROR_STOP=1 '{from} dbname=postgres'"), backup.as_bytes());
                let follow = format!("primary_conninfo = '{from}'\n");
                run(&format!("cat >>{data}/postgresql.auto.conf; touch {data}/standby.signal"), follow.as_bytes());
            }
            None => {
                run_at(way_in, &format!("cp -r {} {}", template.join("data").display(), data.display()), b"");
            }
        }
        for (name, content) in files.iter().copied().chain([("pg_hba.conf", HBA.as_bytes())]) {
            run_at(way_in, &format!("umask 077; rm -f {0}/{name}; cat >{0}/{name}", data.display()), content);
        }
        let extra: String = settings.iter().map(|setting| format!(" -c '{setting}'")).collect();
        let wait = match until {
            Until::Dropped => "cat >/dev/null".to_string(),
            Until::Ended(pid) => format!("while [ -d /proc/{pid} ]; do sleep 1; done"),
        };
        let script = format!(
            "{bindir}/postgres -D {data} -c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={dir} \
             -c fsync=off -c full_page_writes=off -c shared_buffers=64MB -c max_connections=100 -c autovacuum=off -c password_encryption=scram-sha-256{extra} \
             </dev/null >{dir}/log 2>&1 & pid=$!; echo; exec >/dev/null; {wait}; \
             {bindir}/pg_ctl -D {data} -m immediate stop >/dev/null; wait $pid; rm -rf {dir}",
            bindir = bindir.display(),
            data = data.display(),
            dir = dir.display(),
        );
        let mut command = shell_at(way_in, &script);
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
            way_in: way_in.to_owned(),
        };
        server.wait().then_some(server)
    }

    /// The server that all tests of this nextest run share. The first to make the run's directory starts it.
    fn of_run(run_id: &str) -> PgServer {
        let place = std::env::temp_dir().join(format!("dbsnap-pg-run-{run_id}"));
        let runner = std::os::unix::process::parent_id();
        let told = place.join("port");
        if shell(&format!("mkdir {} 2>/dev/null", place.display())).status().expect("sh").success() {
            let server = PgServer::start_until(Until::Ended(runner), &Place::default(), &[], &[]);
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
                    way_in: String::new(),
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
            let status = run_at(&self.way_in, &format!("cat {} 2>/dev/null || true", ready.display()), b"");
            if status.lines().nth(7).is_some_and(|line| line.trim() == "ready")
                && TcpStream::connect(("127.0.0.1", self.port)).is_ok()
            {
                return true;
            }
            if self.log().contains("FATAL") {
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
            way_in: String::new(),
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
        assert!(shell_at(&self.way_in, &script).status().expect("pg_ctl").success());
    }

    /// Stops it, runs a script in the directory that its `data` are in, and starts it again on the same port.
    pub fn restart_after(&self, script: &str) {
        let dir = self.dir.as_ref().expect("own server");
        let script = format!(
            "cd {1}; start=$(cat data/postmaster.opts); {0}/pg_ctl -D {1}/data -m fast -w stop >/dev/null; {script}; \
             eval \"$start\" </dev/null >>{1}/log 2>&1 &",
            bindir().display(),
            dir.display()
        );
        assert!(shell_at(&self.way_in, &script).status().expect("sh").success());
        self.until_it_answers();
    }

    /// Waits until a server that was stopped or has crashed answers again.
    pub fn until_it_answers(&self) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.psql("postgres", &self.user, "SELECT 1").is_err() {
            assert!(Instant::now() < deadline, "{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// A new database, empty, encoded in UTF-8.
    pub fn database(&'static self) -> Db {
        self.database_with("")
    }

    /// A new database with more to `CREATE DATABASE`, as `TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'`.
    pub fn database_with(&'static self, options: &str) -> Db {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("t{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let db = Db::new(self, name);
        // from 15 on the usual way goes through the log, which takes twice as long
        let create = format!(
            "SELECT $$CREATE DATABASE {} {options}$$ || CASE WHEN current_setting('server_version_num')::int >= 150000 \
             THEN ' STRATEGY file_copy' ELSE '' END \\gexec\n",
            db.name
        );
        self.psql("postgres", &self.user, &create).expect("a database");
        db
    }

    /// Runs SQL by way of a pooler on this port.
    pub fn psql_by(&self, port: u16, database: &str, sql: &str) -> String {
        let mut command = self.psql_command(database, &self.user);
        let output = command.args(["-p", &port.to_string(), "-c", sql]).stdin(Stdio::null()).output().expect("psql");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    fn psql_command(&self, database: &str, user: &str) -> Command {
        let mut command = Command::new(programs::psql());
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
