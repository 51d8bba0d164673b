//! Guards: a restore writes only where its snapshot came from, on this machine, and not in production, unless told otherwise.

use super::RestoreOptions;
use crate::db::SourceIdentity;
use crate::ops::OpError;
use crate::snapshot::Origin;

/// Refuses a target that is not plainly the snapshot's own development database.
///
/// # Errors
/// [`OpError::Refused`] with the flag that lifts the guard.
pub(super) fn check(
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
