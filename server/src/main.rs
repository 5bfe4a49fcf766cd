//! The binary: a command in, an exit code out.

use std::process::ExitCode;

use clap::Parser as _;
use server::cli::Cli;
use server::command;
use server::config::ConfigError;

// Gives memory back: a storm of log-ins takes 19 MiB a hash, and the system allocator would keep it per thread.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    command::run(Cli::parse().into_command()).unwrap_or_else(|error| {
        eprintln!("{}", in_one_line(&error));
        if error.is::<ConfigError>() { ExitCode::from(2) } else { ExitCode::FAILURE }
    })
}

/// What went wrong and why. Libraries like to repeat their cause in their own words; here it is said once.
fn in_one_line(error: &anyhow::Error) -> String {
    let said =
        |line: String, cause: String| if line.contains(&cause) { line } else { format!("{line}: {cause}") };
    error.chain().map(ToString::to_string).reduce(said).unwrap_or_default().replace('\n', " ")
}
