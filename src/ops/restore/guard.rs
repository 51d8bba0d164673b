//! Guards: a restore writes only where its snapshot came from, on this machine, and not in production, unless told
//! otherwise.

use super::RestoreOptions;
use crate::db::SourceIdentity;
use crate::ops::OpError;
use crate::snapshot::Origin;

/// Refuses a target that is not plainly the snapshot's own development database.
///
/// # Errors
/// [`OpError::Refused`] with the flag that lifts the guard.
pub(in crate::ops) fn check(
    options: &RestoreOptions,
    taken_from: &Origin,
    target: &Origin,
    identity: &SourceIdentity,
) -> Result<(), OpError> {
    if taken_from.engine != target.engine {
        return Err(OpError::Refused {
            what: format!("the snapshot is of a {} database, the target is {}", taken_from.engine, target.engine),
            allow: None,
        });
    }
    if !options.other_database && !taken_from.same_database(target) {
        return Err(OpError::Refused {
            what: format!(
                "the snapshot is of database {}, the target is {}{}",
                taken_from.database,
                target.database,
                if taken_from.database == target.database { " on another server" } else { "" }
            ),
            allow: Some("--other-database"),
        });
    }
    if !options.remote && !identity.local {
        let host = identity.host.as_deref().unwrap_or("another machine");
        return Err(OpError::Refused {
            what: format!("the target is on {host}, not on this machine"),
            allow: Some("--remote"),
        });
    }
    let production = std::env::var("NODE_ENV").is_ok_and(|value| value.eq_ignore_ascii_case("production"));
    if !options.production && production {
        return Err(OpError::Refused { what: "NODE_ENV is production".to_owned(), allow: Some("--production") });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Engine;

    fn place(cluster: &str, database: &str, host: &str) -> (Origin, SourceIdentity) {
        let (cluster, database, version) = (Some(cluster.to_owned()), database.to_owned(), "15".to_owned());
        let local = host == "localhost";
        let origin = Origin {
            engine: "postgres".to_owned(),
            cluster: cluster.clone(),
            database: database.clone(),
            version: version.clone(),
        };
        let host = Some(host.to_owned());
        (origin, SourceIdentity { engine: Engine::POSTGRES, cluster, database, version, user: None, host, local })
    }

    #[test]
    fn each_guard_is_lifted_by_its_own_flag_and_by_no_other() {
        let (home, _) = place("1", "dev", "localhost");
        let none = RestoreOptions::default;
        for ((target, identity), said, lifted) in [
            (place("2", "dev", "localhost"), "on another server", RestoreOptions { other_database: true, ..none() }),
            (place("1", "live", "localhost"), "the target is live", RestoreOptions { other_database: true, ..none() }),
            (place("1", "dev", "db.example.com"), "db.example.com", RestoreOptions { remote: true, ..none() }),
        ] {
            let everything_else = RestoreOptions {
                other_database: !lifted.other_database,
                remote: !lifted.remote,
                production: true,
                cascade: true,
                ..none()
            };
            for refused in [none(), everything_else] {
                let error = check(&refused, &home, &target, &identity).unwrap_err();
                assert!(matches!(&error, OpError::Refused { what, allow: Some(_) } if what.contains(said)), "{error}");
            }
            check(&lifted, &home, &target, &identity).unwrap();
        }
        let (target, identity) = place("1", "dev", "localhost");
        check(&none(), &home, &target, &identity).unwrap();
        let sqlite = Origin { engine: "sqlite".to_owned(), ..home };
        let all = RestoreOptions { other_database: true, remote: true, production: true, ..none() };
        assert!(matches!(check(&all, &sqlite, &target, &identity), Err(OpError::Refused { allow: None, .. })));
    }
}
