//! The `dbsnap` binary: parse, run, exit code. Everything else is the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    dbsnap::cli::main()
}
