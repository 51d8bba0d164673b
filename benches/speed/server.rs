//! A PostgreSQL server of our own with one database and the table `mods` in it.

use crate::Outcome;
use crate::measure::output;
use crate::rows::{Ids, Rows};
use std::fs;
use std::io::{BufWriter, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A running server; it is stopped and its files are removed when this is dropped.
pub struct Server {
    process: Child,
    dir: TempDir,
    port: u16,
    password: String,
}

/// What Prisma makes of the model, without the foreign keys: the tables they point at are not there.
const TABLE: &str = r#"
CREATE TABLE "mods" (
    "id" TEXT NOT NULL, "title" TEXT NOT NULL, "slug" TEXT NOT NULL, "description" TEXT,
    "content_type" TEXT NOT NULL DEFAULT 'mod', "price" DECIMAL(12,2), "download_count" INTEGER NOT NULL DEFAULT 0,
    "file_size" BIGINT, "rating" DOUBLE PRECISION, "is_published" BOOLEAN NOT NULL DEFAULT false, "tags" TEXT[],
    "metadata" JSONB, "thumbnail" BYTEA, "published_at" TIMESTAMPTZ(6),
    "created_at" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP, "updated_at" TIMESTAMP(3) NOT NULL,
    "source_id" TEXT, "creator_id" TEXT,
    CONSTRAINT "mods_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "mods_slug_key" ON "mods"("slug");
CREATE INDEX "mods_content_type_idx" ON "mods"("content_type");
"#;

impl Server {
    /// Starts a server and fills `mods`. Settings are the server's own but for memory that a laptop would give it, and
    /// no autovacuum, which would come and go between rounds.
    ///
    /// # Errors
    /// If there are no server programs or one of them fails.
    pub fn with_mods(rows: u64, ids: Ids) -> Outcome<Server> {
        let programs = programs()?;
        let dir = tempfile::Builder::new().prefix("dbsnap-speed-").tempdir()?;
        let data = dir.path().join("data");
        let password = password()?;
        let password_file = dir.path().join("password");
        fs::write(&password_file, &password)?;
        give_to_postgres(dir.path())?;
        let mut initdb = as_postgres(&programs.join("initdb"));
        initdb.arg("-D").arg(&data).args(["-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C"]);
        output(initdb.arg("--pwfile").arg(&password_file))?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let settings = [
            format!("port={port}"),
            "listen_addresses=127.0.0.1".to_owned(),
            format!("unix_socket_directories={}", dir.path().display()),
            "shared_buffers=256MB".to_owned(),
            "max_wal_size=4GB".to_owned(),
            "autovacuum=off".to_owned(),
        ];
        let mut postgres = as_postgres(&programs.join("postgres"));
        postgres.arg("-D").arg(&data).args(settings.iter().flat_map(|setting| ["-c", setting]));
        let log = fs::File::create(dir.path().join("server.log"))?;
        let process = postgres.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()?;
        let mut server = Server { process, dir, port, password };
        server.wait_until_ready()?;
        server.sql(TABLE)?;
        server.fill(rows, ids)?;
        server.sql("VACUUM (FREEZE, ANALYZE) mods; CHECKPOINT")?;
        Ok(server)
    }

    /// How dbsnap reaches it.
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// The URL of another database.
    pub fn url_of(&self, database: &str) -> String {
        format!("postgresql://postgres:{}@127.0.0.1:{}/{database}", self.password, self.port)
    }

    /// A program of PostgreSQL's that is told by its environment how to reach the server.
    pub fn client(&self, program: &str) -> Command {
        let mut client = Command::new(program);
        client.env("PGHOST", "127.0.0.1").env("PGPORT", self.port.to_string());
        client.env("PGUSER", "postgres").env("PGDATABASE", "postgres").env("PGPASSWORD", &self.password);
        client
    }

    /// A `psql` that runs `sql`.
    pub fn psql(&self, sql: &str) -> Command {
        let mut psql = self.client("psql");
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql]);
        psql
    }

    /// Runs statements, each in a transaction of its own, and gives what the last one says.
    ///
    /// # Errors
    /// If one fails.
    pub fn sql(&self, sql: &str) -> Outcome<String> {
        self.sql_in("postgres", sql)
    }

    /// As [`Server::sql`], in another database.
    ///
    /// # Errors
    /// If one fails.
    pub fn sql_in(&self, database: &str, sql: &str) -> Outcome<String> {
        let mut said = String::new();
        for statement in sql.split(';').filter(|statement| !statement.trim().is_empty()) {
            said = output(self.psql(statement).env("PGDATABASE", database))?;
        }
        Ok(said)
    }

    fn wait_until_ready(&mut self) -> Outcome<()> {
        let start = Instant::now();
        while self.sql("SELECT 1").is_err() {
            if self.process.try_wait()?.is_some() || start.elapsed() > Duration::from_secs(60) {
                let log = fs::read_to_string(self.dir.path().join("server.log"))?;
                return Err(format!("PostgreSQL does not start: {log}").into());
            }
            thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    fn fill(&self, rows: u64, ids: Ids) -> Outcome<()> {
        let mut psql = self.psql("COPY mods FROM STDIN").stdin(Stdio::piped()).spawn()?;
        let mut pipe = BufWriter::with_capacity(1 << 20, psql.stdin.take().ok_or("no pipe to psql")?);
        let source = Rows::new(ids);
        let mut line = String::new();
        for number in 0..rows {
            line.clear();
            source.row(number).copy_text(&mut line);
            pipe.write_all(line.as_bytes())?;
        }
        drop(pipe);
        if psql.wait()?.success() { Ok(()) } else { Err("the table mods could not be filled".into()) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGINT is PostgreSQL's fast shutdown.
        let _ = Command::new("kill").args(["-INT", &self.process.id().to_string()]).status();
        let _ = self.process.wait();
    }
}

/// The directory of the newest server programs of this machine, or what `DBSNAP_TEST_PG_BINDIR` says.
fn programs() -> Outcome<PathBuf> {
    if let Some(chosen) = std::env::var_os("DBSNAP_TEST_PG_BINDIR") {
        return Ok(chosen.into());
    }
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .map(|entry| entry.path().join("bin"))
        .filter(|bin| bin.join("initdb").is_file())
        .max_by_key(|bin| bin.iter().nth_back(1).and_then(|name| name.to_str()?.parse::<u32>().ok()));
    newest.ok_or_else(|| "no PostgreSQL server programs: install them or set DBSNAP_TEST_PG_BINDIR".into())
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

/// A server program, as a user that PostgreSQL accepts (it refuses root), shut down when this process ends in whatever
/// way.
fn as_postgres(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "INT"]);
    if is_root() {
        command.args(["--reuid", "postgres", "--regid", "postgres", "--init-groups"]);
    }
    command.arg("--").arg(program);
    command
}

/// A password for one server.
fn password() -> Outcome<String> {
    let mut random = [0u8; 16];
    fs::File::open("/dev/urandom")?.read_exact(&mut random)?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn give_to_postgres(dir: &Path) -> Outcome<()> {
    if is_root() {
        output(Command::new("chown").args(["-R", "postgres:"]).arg(dir))?;
    }
    Ok(())
}
