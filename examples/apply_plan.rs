//! Plans a restore in one process and applies just that plan in another:
//!
//! ```text
//! apply_plan plan latest > plan.json
//! apply_plan apply < plan.json
//! ```
//!
//! The project and its database are found as `dbsnap` finds them. What is printed is JSON, errors too.

#![expect(clippy::disallowed_methods, reason = "an example prints")]

use dbsnap::json::{self, Envelope};
use dbsnap::{OpError, Operation, Place, Plan, Repository, RestoreOptions, Silent};
use std::io::{stdin, stdout};
use std::process::ExitCode;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = json::write(&mut stdout(), &Envelope::error(&error, None));
            ExitCode::from(error.kind().exit_code())
        }
    }
}

fn run() -> Result<(), OpError> {
    let dir = std::env::current_dir().map_err(|error| OpError::io("find", "the current directory", error))?;
    let repository = Repository::find(&Place { dir, ..Place::default() })?;
    let mut database = repository.database();
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let written = match words.as_slice() {
        ["plan", snapshot] => {
            let options = RestoreOptions { reference: (*snapshot).to_owned(), ..RestoreOptions::default() };
            let plan = options.plan(&repository, &mut database, &Silent)?;
            json::write(&mut stdout(), &plan)
        }
        ["apply"] => {
            let plan: Plan<RestoreOptions> = serde_json::from_reader(stdin())
                .map_err(|error| OpError::Usage(format!("this is not the plan of a restore: {error}")))?;
            let report = plan.apply(&repository, &mut database, &Silent)?;
            json::write(&mut stdout(), &Envelope::new("restore", &report))
        }
        _ => return Err(OpError::Usage("say plan SNAPSHOT, or apply".to_owned())),
    };
    written.map_err(|error| OpError::io("write", "the output", error))
}
