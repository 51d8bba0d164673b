//! Connecting, encrypting, logging in.

use crate::support::postgres::PgServer;
use dbsnap::db::postgres::Postgres;
use dbsnap::db::{DbError, Host, OpenOptions, Password, PostgresTarget, Sink, SslMode};
use std::path::Path;
use std::process::Command;

fn open(target: &PostgresTarget) -> Result<Postgres, DbError> {
    Postgres::open(target, &OpenOptions::default())
}

fn leaked(settings: &[&str], files: &[(&str, &[u8])]) -> &'static PgServer {
    Box::leak(Box::new(PgServer::start(settings, files)))
}

const ROLES: &str = "SET password_encryption = 'scram-sha-256'; CREATE ROLE scram_user LOGIN PASSWORD 's3cr3t-ü';
    CREATE ROLE clear_user LOGIN PASSWORD 's3cr3t'; CREATE ROLE tls_user LOGIN PASSWORD 's3cr3t';
    SET password_encryption = 'md5'; CREATE ROLE md5_user LOGIN PASSWORD 's3cr3t';";

#[test]
fn passwords_open_and_are_never_told() {
    let server = leaked(&[], &[]);
    let db = server.database();
    db.sql(ROLES);
    for (user, password) in [("scram_user", "s3cr3t-ü"), ("md5_user", "s3cr3t"), ("clear_user", "s3cr3t")] {
        let mut target = db.target_as(user);
        target.password = Some(Password::new(password));
        assert!(open(&target).unwrap().catalog().is_ok(), "{user}");
        target.password = Some(Password::new("s3cr3t-wrong"));
        let refused = open(&target).err().unwrap();
        assert!(matches!(refused, DbError::Login { .. }), "{user}: {refused:?}");
        assert!(!format!("{refused} {refused:?}").contains("s3cr3t"), "{refused:?}");
        target.password = None;
        assert!(matches!(open(&target).err(), Some(DbError::Login { .. })), "{user}");
    }
    let mut target = db.target();
    target.database = Some("nowhere".into());
    let refused = open(&target).err().unwrap();
    assert!(
        matches!(&refused, DbError::Connect { reason, absent: true, .. } if reason.contains("\"nowhere\" does not exist")),
        "{refused:?}"
    );
    target.hosts = vec![(Host::Tcp("127.0.0.1".into()), 1)];
    assert!(matches!(open(&target).err(), Some(DbError::Connect { .. })));
    let socket = server.dir.clone().unwrap();
    let mut target = db.target();
    // the first host that answers is taken
    target.hosts = vec![(Host::Tcp("127.0.0.1".into()), 1), (Host::Socket(socket), server.port)];
    assert!(open(&target).unwrap().identity().local);
}

/// Certificates in `directory`: an authority `NAME.pem`, and for it a server's `NAME-server.pem` for localhost.
fn certify(directory: &Path, name: &str, days: &str) {
    let script = format!(
        "set -e; key='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
         openssl req -x509 $key -keyout {name}.key -out {name}.pem -days 2 -subj /CN={name}
         openssl req $key -keyout {name}-server.key -out {name}.csr -subj /CN=server
         printf 'subjectAltName=DNS:localhost\\nbasicConstraints=CA:FALSE\\nextendedKeyUsage=serverAuth\\n' >{name}.ext
         openssl x509 -req -in {name}.csr -CA {name}.pem -CAkey {name}.key -CAcreateserial -out {name}-server.pem \
           -days {days} -extfile {name}.ext"
    );
    let output = Command::new("sh").args(["-c", &script]).current_dir(directory).output().expect("openssl");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn encrypting(directory: &Path, name: &str) -> &'static PgServer {
    let read = |file: String| std::fs::read(directory.join(file)).unwrap();
    let (certificate, key) = (read(format!("{name}-server.pem")), read(format!("{name}-server.key")));
    leaked(&["ssl=on"], &[("server.crt", &certificate), ("server.key", &key)])
}

#[test]
fn encryption_proves_what_the_mode_asks() {
    let directory = tempfile::tempdir().unwrap();
    certify(directory.path(), "good", "2");
    certify(directory.path(), "other", "2");
    let server = encrypting(directory.path(), "good");
    let db = server.database();
    db.sql(ROLES);
    let trusting = |name: &str| Some(directory.path().join(format!("{name}.pem")));
    let connect = |host: &str, mode: SslMode, root: Option<std::path::PathBuf>| {
        let mut target = db.target();
        target.hosts = vec![(Host::Tcp(host.into()), server.port)];
        target.ssl_mode = mode;
        target.ssl_root_cert = root;
        let opened = open(&target);
        let encrypted =
            "SELECT bool_or(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'dbsnap'";
        opened.map(|_open| db.sql(encrypted) == "t")
    };
    let refused = |result: Result<bool, DbError>| matches!(result, Err(DbError::Tls { .. }));
    assert!(!connect("localhost", SslMode::Disable, None).unwrap());
    assert!(connect("127.0.0.1", SslMode::Prefer, None).unwrap());
    assert!(connect("127.0.0.1", SslMode::Require, None).unwrap());
    assert!(connect("127.0.0.1", SslMode::Require, trusting("good")).unwrap());
    assert!(
        refused(connect("127.0.0.1", SslMode::Require, trusting("other"))),
        "as libpq: a root given is a root asked for"
    );
    assert!(connect("127.0.0.1", SslMode::VerifyCa, trusting("good")).unwrap());
    assert!(refused(connect("127.0.0.1", SslMode::VerifyCa, trusting("other"))));
    assert!(connect("localhost", SslMode::VerifyFull, trusting("good")).unwrap());
    assert!(refused(connect("127.0.0.1", SslMode::VerifyFull, trusting("good"))), "the certificate names localhost");
    assert!(refused(connect("localhost", SslMode::VerifyFull, trusting("other"))));
    assert!(refused(connect("localhost", SslMode::VerifyFull, None)), "the system does not trust it");
    assert!(refused(connect("localhost", SslMode::VerifyFull, trusting("missing"))));
    // over an encrypted connection the login is bound to the certificate
    let mut target = db.target_as("tls_user");
    target.password = Some(Password::new("s3cr3t"));
    assert!(matches!(open(&target).err(), Some(DbError::Login { .. })), "refused in clear");
    target.ssl_mode = SslMode::Require;
    assert!(open(&target).unwrap().catalog().is_ok());
}

#[test]
fn plain_servers_and_expired_certificates_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    certify(directory.path(), "old", "0");
    let db = PgServer::shared().database();
    let mut target = db.target();
    target.ssl_mode = SslMode::Prefer;
    assert!(open(&target).is_ok());
    for mode in [SslMode::Require, SslMode::VerifyCa, SslMode::VerifyFull] {
        target.ssl_mode = mode;
        target.ssl_root_cert = (mode != SslMode::Require).then(|| directory.path().join("old.pem"));
        assert!(matches!(open(&target).err(), Some(DbError::Tls { .. })), "{mode:?}");
    }
    let server = encrypting(directory.path(), "old");
    std::thread::sleep(std::time::Duration::from_secs(1));
    let mut target = server.database().target();
    target.hosts[0].0 = Host::Tcp("localhost".into());
    target.ssl_mode = SslMode::VerifyFull;
    target.ssl_root_cert = Some(directory.path().join("old.pem"));
    let refused = open(&target).err().unwrap();
    assert!(matches!(&refused, DbError::Tls { reason, .. } if reason.contains("xpired")), "{refused:?}");
}
