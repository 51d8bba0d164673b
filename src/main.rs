//! The `dbsnap` binary: parse, run, exit code. Everything else is the library.

use std::process::ExitCode;

/// musl's allocator has one lock for all threads, and readers and writers of rows run in several.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    dbsnap::cli::main()
}
