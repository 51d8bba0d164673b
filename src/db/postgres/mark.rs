//! Where a database stands, by the server's word. The argument is in `docs/decisions/0006-nothing-has-changed.md`.

use super::client::{Connection, Failure};
use crate::codec::Mark;
use crate::db::{SourceIdentity, Standing};
use crate::monitor::Silent;

/// Microseconds from 1970 to PostgreSQL's zero, which a server says that does not know when it was started.
const NEVER: i64 = 946_684_800_000_000;

/// The major versions of which it was tried what a crash leaves of the statistics.
const TRIED: std::ops::RangeInclusive<u32> = 13..=18;
/// How a version goes on after its number, beside ` on ` and the platform: who built PostgreSQL as it is.
const PACKAGERS: [&str; 4] = ["(Debian ", "(Ubuntu ", "(Homebrew)", "(Postgres.app)"];

/// Whether a transaction with an id below the snapshot's end may be running that it does not list: a backend in VACUUM is
/// left out, and an index can make it run functions that write. Ids of subtransactions are left out, too, but their
/// transactions are listed. Locks tell the last 32 bits.
const HIDDEN: &str = "\
    EXISTS (SELECT FROM pg_catalog.pg_stat_progress_vacuum) OR EXISTS ( \
    WITH held AS (SELECT virtualtransaction AS holder, transactionid::pg_catalog.text::pg_catalog.int8 AS id \
        FROM pg_catalog.pg_locks WHERE locktype = 'transactionid' AND mode = 'ExclusiveLock' AND granted), \
    listed AS (SELECT xip::pg_catalog.text::pg_catalog.int8 & 4294967295 AS id \
        FROM pg_catalog.pg_snapshot_xip(now.snapshot) AS xip) \
    SELECT FROM held WHERE (pg_catalog.pg_snapshot_xmax(now.snapshot)::pg_catalog.text::pg_catalog.int8 - held.id) \
        & 4294967295 BETWEEN 1 AND 2147483647 \
    AND NOT EXISTS (SELECT FROM held AS other JOIN listed ON listed.id = other.id WHERE other.holder = held.holder))";

/// Asks in the transaction that is open, and leaves it whole.
pub(super) fn standing(connection: &mut Connection, identity: &SourceIdentity) -> Result<Standing, Failure> {
    let unknown = |why: &str| Standing::Unknown(why.to_owned());
    let micros = |moment: &str| format!("(extract(epoch FROM pg_catalog.{moment}()) * 1000000)::pg_catalog.int8");
    let sql = format!(
        "SELECT pg_catalog.pg_is_in_recovery(), \
         EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_am a ON a.oid = c.relam \
         WHERE c.relkind = 'r' AND a.amname <> 'heap'), \
         EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'citus') \
         OR pg_catalog.to_regclass('pg_catalog.gp_segment_configuration') IS NOT NULL \
         OR pg_catalog.to_regclass('pg_catalog.pgxc_node') IS NOT NULL \
         OR pg_catalog.to_regproc('pg_catalog.aurora_version') IS NOT NULL, \
         {HIDDEN}, pg_catalog.version(), {}, {}, \
         (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()), now.snapshot \
         FROM (SELECT pg_catalog.pg_current_snapshot() AS snapshot OFFSET 0) AS now",
        micros("pg_postmaster_start_time"),
        micros("pg_stat_get_bgwriter_stat_reset_time")
    );
    let mut told = None;
    connection.execute("SAVEPOINT dbsnap_mark", &Silent)?;
    let asked = connection.query(&sql, &Silent, &mut |row| {
        let refusal = match (row.flag(0)?, row.flag(1)?, row.flag(2)?, row.flag(3)?) {
            _ if !release(row.required(4)?).is_some_and(|major| TRIED.contains(&major)) => {
                Some("the server is no release of PostgreSQL's own that is known: its transactions may be others")
            }
            (true, ..) => Some("the server is a standby, which does not tell what transactions are open"),
            (_, true, ..) => Some("a table is not stored as PostgreSQL stores tables"),
            (_, _, true, _) => Some("rows may be kept by other servers (Citus, Greenplum, Postgres-XL, Aurora)"),
            (.., true) => Some("VACUUM is running, or another transaction that is not listed"),
            _ => None,
        };
        let started = row.number::<i64>(5)?.filter(|&started| started > NEVER);
        let recovered = row.number::<i64>(6)?.filter(|&recovered| recovered > NEVER);
        told = Some(match (refusal, started, recovered) {
            _ if told.is_some() => unknown("the server says two things of it"),
            (Some(refusal), _, _) => unknown(refusal),
            (None, Some(started), Some(recovered)) => Standing::Marked(Mark::new([
                ("server", identity.cluster.clone().unwrap_or_else(|| "unknown".to_owned())),
                ("started", started.to_string()),
                ("recovered", recovered.to_string()),
                ("database", row.required(7)?.to_owned()),
                ("transactions", row.required(8)?.to_owned()),
            ])),
            (None, _, _) => unknown("the server does not say since when it has been running"),
        });
        Ok(())
    });
    match (asked, told) {
        (Ok(_), told) => Ok(told.unwrap_or_else(|| unknown("the server says nothing of it"))),
        (Err(Failure::Server(error)), _) if !error.is_fatal() => {
            connection.execute("ROLLBACK TO SAVEPOINT dbsnap_mark", &Silent)?;
            Ok(Standing::Unknown(format!("the server does not tell: {}", error.message)))
        }
        (Err(failure), _) => Err(failure),
    }
}

/// The major version, if `version` is plainly that of a release of PostgreSQL itself.
fn release(version: &str) -> Option<u32> {
    let (number, rest) = version.strip_prefix("PostgreSQL ")?.split_once(' ')?;
    let is_release = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let is_plain = rest.starts_with("on ") || PACKAGERS.iter().any(|name| rest.starts_with(name));
    number.split('.').next().filter(|_| is_release && is_plain)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::release;

    #[test]
    fn only_a_release_of_postgresql_itself_is_one() {
        for (version, major) in [
            ("PostgreSQL 15.18 on x86_64-pc-linux-gnu, compiled by gcc (Debian 12.2.0-14) 12.2.0, 64-bit", Some(15)),
            ("PostgreSQL 15.18 (Debian 15.18-0+deb12u1) on x86_64-pc-linux-gnu, compiled by gcc", Some(15)),
            ("PostgreSQL 16.3 (Ubuntu 16.3-1.pgdg22.04+1) on aarch64-unknown-linux-gnu, compiled by gcc", Some(16)),
            ("PostgreSQL 14.12 (Homebrew) on aarch64-apple-darwin23.4.0, compiled by clang", Some(14)),
            ("PostgreSQL 18beta1 on x86_64-pc-linux-gnu, compiled by gcc", None),
            ("PostgreSQL 12.12 (Greenplum Database 7.1.0 build commit:e7c2b1f) on x86_64-pc-linux-gnu", None),
            ("PostgreSQL 14.4 (Apache Cloudberry 2.0.0 build 1) on x86_64-pc-linux-gnu", None),
            ("PostgreSQL 15.4 (EnterpriseDB Advanced Server 15.4.0) on x86_64-pc-linux-gnu", None),
            ("PostgreSQL 11.2-YB-2.20.1.0-b0 on x86_64-pc-linux-gnu, compiled by clang", None),
            ("CockroachDB CCL v23.1.11 (x86_64-pc-linux-gnu, built 2023/09/27)", None),
            ("PostgreSQL 15", None),
            ("", None),
        ] {
            assert_eq!(release(version), major, "{version}");
        }
    }
}
