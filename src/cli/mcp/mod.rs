//! The MCP server: what a coding agent can ask of dbsnap, on stdin and stdout.
//!
//! rmcp speaks the protocol, on one thread. Each request is work on a thread of its own (`calls.rs`), with a repository
//! and a database of its own, since calls of the library block. A tool is a [`tools::Tool`]: its descriptions, its
//! schemas and the function that answers it. What it answers is bounded (`page.rs`, `record.rs`).

mod call;
mod calls;
mod page;
mod record;
mod resources;
mod schema;
mod server;
mod tools;
mod watch;

use super::command_error::CliError;
use super::ui::Ui;
use crate::ops::{OpError, Place};
use calls::Calls;
use server::Server;
use std::io;

/// Serves one client until it closes stdin, or a signal comes.
///
/// # Errors
/// If the system refuses a thread, or the client speaks something else.
pub(super) fn serve(place: &Place, ui: &Ui) -> Result<(), CliError> {
    let refused = |error: io::Error| OpError::io("start", "the server", error);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(refused)?;
    let calls = Calls::default();
    let served = runtime.block_on(async {
        let stopped = ui.signals().came().map_err(refused)?;
        server::run(Server::new(place, calls.clone()), stopped).await
    });
    // stdin is read on a thread that nothing can wake
    runtime.shutdown_background();
    calls.end();
    Ok(served?)
}
