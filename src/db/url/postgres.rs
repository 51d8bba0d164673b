//! What a PostgreSQL URL says.

use super::server::{Host, Password, SslMode};
use super::{bad, percent, service};
use crate::db::DbError;
use std::path::PathBuf;
use std::time::Duration;

/// PostgreSQL's port.
const PORT: u16 = 5432;

/// A PostgreSQL server, database and schema, and how to get there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresTarget {
    /// Servers to try in this order, each with its port. At least one.
    pub hosts: Vec<(Host, u16)>,
    /// The user; `None` leaves it to the adapter (the operating system's user).
    pub user: Option<String>,
    /// The password, if the URL has one.
    pub password: Option<Password>,
    /// Where to look for the password instead of the usual password file.
    pub pass_file: Option<PathBuf>,
    /// The database; `None` means the one named like the user.
    pub database: Option<String>,
    /// Prisma's `?schema=`; `None` means `public`.
    pub schema: Option<String>,
    /// `sslmode`; without one, `Prefer` for this machine and `VerifyFull` for any other.
    pub ssl_mode: SslMode,
    /// A file of trusted certificates instead of the system's.
    pub ssl_root_cert: Option<PathBuf>,
    /// How long to wait for each host; `None` leaves it to the adapter.
    pub connect_timeout: Option<Duration>,
    /// `options`: settings of the session, as the server's command line has them.
    pub options: Option<String>,
    /// The name shown in `pg_stat_activity`, if the URL gives one.
    pub application_name: Option<String>,
}

impl PostgresTarget {
    /// Reads what follows `postgres://`.
    pub(super) fn parse(rest: &str) -> Result<PostgresTarget, DbError> {
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        if rest.contains('#') || query.contains('#') {
            return Err(bad("it holds a `#`; in a user or password write it as %23"));
        }
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, hosts) =
            authority.rsplit_once('@').map_or((None, authority), |(login, hosts)| (Some(login), hosts));
        let mut target = PostgresTarget {
            hosts: hosts.split(',').map(parse_host).collect::<Result<_, _>>()?,
            user: None,
            password: None,
            pass_file: None,
            database: some(part(database, "database name")?),
            schema: None,
            ssl_mode: SslMode::Prefer,
            ssl_root_cert: None,
            connect_timeout: None,
            options: None,
            application_name: None,
        };
        if let Some(login) = login {
            let (user, password) = login.split_once(':').map_or((login, None), |(user, rest)| (user, Some(rest)));
            target.user = some(part(user, "user")?);
            let password = password.map(|password| part(password, "password")).transpose()?;
            target.password = password.and_then(some).map(Password::new);
        }
        let own = pairs(query)?;
        let mut settings = Vec::new();
        if let Some((_, name)) = own.iter().rev().find(|(name, _)| name == "service") {
            // What the URL itself says comes before what the service says.
            let said = |name: &str| match name {
                "host" => !hosts.is_empty(),
                "port" => hosts.rsplit(']').next().is_some_and(|rest| rest.contains(':')),
                "user" => target.user.is_some(),
                "password" => target.password.is_some(),
                "dbname" => target.database.is_some(),
                _ => false,
            };
            settings = service::settings(name)?;
            settings.retain(|(name, _)| !said(name));
        }
        settings.extend(own);
        target.apply(settings)?;
        Ok(target)
    }

    /// Applies the parameters of the query; those of Prisma and libpq that say nothing to us are passed over.
    fn apply(&mut self, settings: Vec<(String, String)>) -> Result<(), DbError> {
        let (mut ssl_mode, mut strict) = (None, false);
        let (mut hosts, mut ports) = (None, None);
        for (name, value) in settings {
            match name.as_str() {
                "host" => hosts = some(value),
                "port" => ports = some(value),
                "user" => self.user = some(value),
                "password" => self.password = some(value).map(Password::new),
                "passfile" => self.pass_file = some(value).map(PathBuf::from),
                "dbname" => self.database = some(value),
                "schema" => self.schema = some(value),
                "sslmode" => ssl_mode = some(value).map(|mode| parse_ssl_mode(&mode)).transpose()?,
                "sslaccept" => strict = value == "strict",
                "sslrootcert" => self.ssl_root_cert = some(value).map(PathBuf::from),
                "connect_timeout" => self.connect_timeout = parse_seconds(&value)?,
                "options" => self.options = some(value),
                "application_name" => self.application_name = some(value),
                _ => {}
            }
        }
        if let Some(hosts) = hosts {
            self.hosts = hosts.split(',').map(|host| (query_host(host), PORT)).collect();
        }
        if let Some(ports) = ports {
            let ports = ports.split(',').map(parse_port).collect::<Result<Vec<_>, _>>()?;
            for (nth, (_, port)) in self.hosts.iter_mut().enumerate() {
                *port = ports.get(nth).or(ports.last()).copied().unwrap_or(PORT);
            }
        }
        let default =
            if self.hosts.iter().all(|(host, _)| host.is_local()) { SslMode::Prefer } else { SslMode::VerifyFull };
        self.ssl_mode = match ssl_mode.unwrap_or(default) {
            SslMode::Prefer | SslMode::Require if strict => SslMode::VerifyFull,
            mode => mode,
        };
        Ok(())
    }

    /// `user@host:port/database (schema x)`, without the password.
    pub fn display(&self) -> String {
        let user = self.user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
        let hosts: Vec<String> = self.hosts.iter().map(|(host, port)| format!("{host}:{port}")).collect();
        let database = self.database.as_ref().map(|database| format!("/{database}")).unwrap_or_default();
        let schema = self.schema.as_ref().map(|schema| format!(" (schema {schema})")).unwrap_or_default();
        format!("{user}{}{database}{schema}", hosts.join(","))
    }
}

fn some(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// The parameters that mean something here.
const KNOWN: [&str; 14] = [
    "host",
    "port",
    "user",
    "password",
    "passfile",
    "dbname",
    "schema",
    "service",
    "sslmode",
    "sslaccept",
    "sslrootcert",
    "connect_timeout",
    "options",
    "application_name",
];

/// The parameters of a query that are known. An unknown one may be a piece of a password with a `?` in it: it is not
/// read.
fn pairs(query: &str) -> Result<Vec<(String, String)>, DbError> {
    let mut pairs = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = part(name, "name of a parameter")?;
        if KNOWN.contains(&name.as_str()) {
            let value = part(value, &format!("parameter {name}"))?;
            pairs.push((name, value));
        }
    }
    Ok(pairs)
}

fn part(text: &str, what: &str) -> Result<String, DbError> {
    percent::decode(text).ok_or_else(|| {
        bad(&format!(
            "the {what} is not percent-encoded UTF-8; write `%` as %25, and @ : / ? # likewise as %40 %3A %2F %3F %23"
        ))
    })
}

fn parse_host(text: &str) -> Result<(Host, u16), DbError> {
    let (name, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, rest) = rest.split_once(']').ok_or_else(|| bad("an IPv6 address lacks its `]`"))?;
            if address.parse::<std::net::Ipv6Addr>().is_err() {
                return Err(bad("what stands between [ and ] is not an IPv6 address"));
            }
            let port = rest.strip_prefix(':').map_or((rest.is_empty()).then_some(""), Some);
            (address.to_owned(), port.ok_or_else(|| bad("after an IPv6 address only a port may follow"))?)
        }
        None => {
            let (name, port) = text.split_once(':').unwrap_or((text, ""));
            (part(name, "host")?, port)
        }
    };
    let port = if port.is_empty() { PORT } else { parse_port(port)? };
    let name = if name.is_empty() { "localhost".to_owned() } else { name };
    if name.starts_with('/') {
        return Ok((Host::Socket(PathBuf::from(name)), port));
    }
    if name.contains(|char: char| char.is_whitespace() || char.is_control() || "/\\@[]".contains(char)) {
        return Err(bad("the host holds a character that no host name has"));
    }
    Ok((Host::Tcp(name), port))
}

fn query_host(text: &str) -> Host {
    match text {
        "" => Host::Tcp("localhost".to_owned()),
        directory if directory.starts_with('/') => Host::Socket(PathBuf::from(directory)),
        name => Host::Tcp(name.trim_start_matches('[').trim_end_matches(']').to_owned()),
    }
}

fn parse_port(text: &str) -> Result<u16, DbError> {
    let port = text.parse().ok().filter(|&port| port > 0 && text.bytes().all(|byte| byte.is_ascii_digit()));
    port.ok_or_else(|| {
        bad("the port is not a number from 1 to 65535; a password with @ : / ? or # in it must be percent-encoded")
    })
}

fn parse_seconds(text: &str) -> Result<Option<Duration>, DbError> {
    let seconds: u64 = text.parse().map_err(|_| bad("connect_timeout is not a number of seconds"))?;
    Ok(Some(seconds).filter(|&seconds| seconds > 0).map(Duration::from_secs))
}

fn parse_ssl_mode(text: &str) -> Result<SslMode, DbError> {
    match text {
        "disable" => Ok(SslMode::Disable),
        "allow" | "prefer" => Ok(SslMode::Prefer),
        "require" => Ok(SslMode::Require),
        "verify-ca" => Ok(SslMode::VerifyCa),
        "verify-full" => Ok(SslMode::VerifyFull),
        _ => Err(bad("sslmode is not one of disable, prefer, require, verify-ca and verify-full")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(rest: &str) -> PostgresTarget {
        PostgresTarget::parse(rest).unwrap()
    }

    #[test]
    fn everything_a_url_can_say() {
        let target = parse(
            "ann%40x:p%40ss%2F%3Aw@db.example.com:6543/my%20shop?schema=Shop&sslmode=require&connect_timeout=7\
             &connection_limit=5&pgbouncer=true&sslrootcert=%2Fetc%2Fca.pem&application_name=me",
        );
        assert_eq!(target.hosts, [(Host::Tcp("db.example.com".to_owned()), 6543)]);
        assert_eq!(target.user.as_deref(), Some("ann@x"));
        assert_eq!(target.password.as_ref().map(Password::expose), Some("p@ss/:w"));
        assert_eq!(target.database.as_deref(), Some("my shop"));
        assert_eq!(target.schema.as_deref(), Some("Shop"));
        assert_eq!(target.ssl_mode, SslMode::Require);
        assert_eq!(target.ssl_root_cert.as_deref(), Some(std::path::Path::new("/etc/ca.pem")));
        assert_eq!(target.connect_timeout, Some(Duration::from_secs(7)));
        assert_eq!(target.application_name.as_deref(), Some("me"));
        assert_eq!(target.options, None);
        assert_eq!(parse("h/x?options=-c%20search_path%3Dshop").options.as_deref(), Some("-c search_path=shop"));
        assert_eq!(target.display(), "ann@x@db.example.com:6543/my shop (schema Shop)");
        assert!(!format!("{target:?}{:?}{}", target.password, Password::new("p@ss")).contains("p@ss"));
    }

    #[test]
    fn hosts_of_every_sort() {
        assert_eq!(parse("localhost/x").hosts, [(Host::Tcp("localhost".to_owned()), 5432)]);
        assert_eq!(parse("u@[::1]:77/x").hosts, [(Host::Tcp("::1".to_owned()), 77)]);
        assert_eq!(parse("/x").hosts, [(Host::Tcp("localhost".to_owned()), 5432)]);
        assert_eq!(parse("u:p@a,b:7/x").hosts.len(), 2);
        let socket = [(Host::Socket(PathBuf::from("/var/run/postgresql")), 5433)];
        assert_eq!(parse("u@localhost/x?host=/var/run/postgresql&port=5433").hosts, socket);
        assert_eq!(parse("u@%2Fvar%2Frun%2Fpostgresql:5433/x").hosts, socket);
        assert_eq!(parse("u:p@ss@host/x").password.unwrap().expose(), "p@ss", "the last @ ends the login");
    }

    #[test]
    fn encryption_is_asked_for_where_it_matters() {
        for local in ["localhost/x", "127.0.0.1/x", "127.8.9.1/x", "[::1]/x", "[::ffff:127.0.0.1]/x", "h/x?host=/tmp"] {
            assert_eq!(parse(local).ssl_mode, SslMode::Prefer, "{local}");
        }
        for remote in ["db.example.com/x", "10.0.0.1/x", "localhost,db/x", "localhost.evil.com/x"] {
            assert_eq!(parse(remote).ssl_mode, SslMode::VerifyFull, "{remote}");
        }
        assert_eq!(parse("db/x?sslmode=disable").ssl_mode, SslMode::Disable);
        assert_eq!(parse("db/x?sslmode=require&sslaccept=strict").ssl_mode, SslMode::VerifyFull);
    }

    #[test]
    fn broken_parts_are_named_but_not_repeated() {
        for broken in [
            "u:s3cr3t/x@host/db",
            "u:s3cr3t#x@host/db",
            "u:s3cr3t%@host/db",
            "u:p@host:s3cr3t/db",
            "u:p@[s3cr3t/db",
            "u:p@[s3cr3t]/db",
            "u:p@[::1]s3cr3t/db",
            "u:p@host/db?sslmode=s3cr3t",
            "u:p@host/db?connect_timeout=s3cr3t",
            "u:p@host/db?port=s3cr3t",
            "u:p@host/db?s3cr3t=%zz%",
            "u:p@host/db?%zzs3cr3t",
            "u:p@s3 cr3t/db",
        ] {
            let result = PostgresTarget::parse(broken);
            if broken.contains("?s3cr3t") {
                assert!(result.is_ok(), "an unknown parameter is not read");
                continue;
            }
            let error = format!("{:?}", result.unwrap_err());
            assert!(!error.contains("s3cr3t") && error.contains("BadUrl"), "{error}");
        }
    }
}
