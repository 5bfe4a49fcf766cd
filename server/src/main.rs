//! The binary: a command in, an exit code out.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use server::cli::{Cli, Command};
use server::config::Config;
use server::{command, telemetry};

/// How long what cannot be stopped, such as a file being written, is waited for.
const LAST_MOMENT: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let command = Cli::parse().into_command();
    if let Some(text) = command::print(&command) {
        // Whoever reads only the first lines has closed the pipe.
        let _ = std::io::stdout().write_all(text.as_bytes());
        return ExitCode::SUCCESS;
    }
    let config = match Config::load() {
        Ok(config) => config,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    run(command, config).unwrap_or_else(|error| {
        eprintln!("{}", in_one_line(&error));
        ExitCode::FAILURE
    })
}

/// What went wrong and why. Libraries like to repeat their cause in their own words; here it is said once.
fn in_one_line(error: &anyhow::Error) -> String {
    let line = error.chain().map(ToString::to_string).reduce(|line, cause| match line.contains(&cause) {
        true => line,
        false => format!("{line}: {cause}"),
    });
    line.unwrap_or_default().replace('\n', " ")
}

fn run(command: Command, config: Config) -> anyhow::Result<ExitCode> {
    let metrics = telemetry::init(config.log_format, &config.log_level)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(command::run(command, config, metrics));
    runtime.shutdown_timeout(LAST_MOMENT);
    outcome
}
