//! PgBouncer in transaction mode.

use super::PgServer;
use super::programs::{run, shell};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// A pooler before a server. It ends with the test.
pub struct Pooler {
    /// Where it listens, on 127.0.0.1.
    pub port: u16,
    dir: PathBuf,
    child: Child,
}

impl Pooler {
    /// Starts one that gives all clients no more than `connections` to a database, as `user`.
    pub fn start(server: &PgServer, user: &str, connections: u32) -> Pooler {
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("a port").port();
        let dir = PathBuf::from(run("mktemp -d ${TMPDIR:-/tmp}/dbsnap-pool.XXXXXX", b"").trim());
        let settings = format!(
            "[databases]\n* = host={} port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = {connections}\n",
            server.host, server.port
        );
        // any: all clients are one user of the server, as it says here
        let settings = settings.replace("port=", &format!("user={user} port="));
        run(&format!("cat >{}/settings", dir.display()), settings.as_bytes());
        // it ends when its shell's standard input does
        let script = format!(
            "PATH=$PATH:/usr/sbin; pgbouncer -q {0}/settings </dev/null >{0}/log 2>&1 & pid=$!; cat >/dev/null; \
             kill $pid; wait $pid; rm -rf {0}",
            dir.display()
        );
        let child =
            shell(&script).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("sh");
        let pooler = Pooler { port, dir, child };
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let log = || run(&format!("cat {}/log", pooler.dir.display()), b"");
            assert!(Instant::now() < deadline, "pgbouncer does not start: {}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
        pooler
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
