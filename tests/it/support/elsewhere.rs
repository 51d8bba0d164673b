//! Another machine, as far as a program can tell: a network of its own, in which the test server is reached by an
//! address that is not this machine's own.

use super::postgres::Db;
use super::process::Invocation;
use crate::gauntlet::round::url_by;
use std::process::Command;

/// An address that documents may use and networks may not.
pub const ADDRESS: &str = "192.0.2.1";

/// Passes what comes to an address on to a socket, and runs a program beside it.
const RELAY: &str = r"
const net = require('node:net');
const [address, port, socket, program, ...args] = process.argv.slice(1);
const relay = net.createServer((client) => {
  const server = net.connect(socket);
  for (const end of [client, server]) end.on('error', () => { client.destroy(); server.destroy(); });
  client.pipe(server).pipe(client);
});
relay.listen(Number(port), address, () => {
  const child = require('node:child_process').spawn(program, args, { stdio: 'inherit' });
  child.on('exit', (code) => process.exit(code ?? 101));
});
";

const NETWORK: &str =
    "PATH=$PATH:/usr/sbin:/sbin; ip link set lo up && ip address add \"$1\"/32 dev lo && exec node -e \"$0\" \"$@\"";

/// dbsnap as it would be run on a machine from which `db` is reached by [`ADDRESS`] only.
pub fn from_elsewhere(db: &Db, user: &str, invocation: Invocation) -> Invocation {
    let port = db.server.port.to_string();
    let directory = db.sql("SHOW unix_socket_directories");
    let socket = format!("{}/.s.PGSQL.{port}", directory.trim());
    let url = url_by(db, user, ADDRESS, db.server.port);
    let is_allowed = Command::new("unshare").args(["-n", "true"]).output().is_ok_and(|output| output.status.success());
    let mut words = vec!["unshare", "-n"];
    if !is_allowed {
        words.extend(["-U", "-r"]);
    }
    words.extend(["sh", "-c", NETWORK, RELAY, ADDRESS, &port, &socket]);
    let path = std::env::var_os("PATH").unwrap_or_default();
    invocation.env("DBSNAP_URL", url).env("PATH", path).under(words)
}
