//! What each command of the command line does.

mod create_admin;
mod demo;
mod migrate;
mod rules;
mod serve;
mod verify_audit;

use std::process::ExitCode;

use app::App;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::cli::Command;
use crate::config::{Config, settings_table};
use crate::{parts, schema};

/// What a command prints that needs neither settings nor database; None for the other commands.
pub fn print(command: &Command) -> Option<String> {
    match command {
        Command::Schema => Some(api::sdl()),
        Command::Settings => Some(settings_table()),
        Command::Rules => Some(rules::print()),
        _ => None,
    }
}

/// Runs a command that needs the settings. The exit code is 1 if a check found something.
pub async fn run(command: Command, config: Config, metrics: PrometheusHandle) -> anyhow::Result<ExitCode> {
    match command {
        Command::Migrate { check: false } => migrate::update(&config).await,
        Command::Migrate { check: true } => migrate::check(&config).await,
        Command::Demo => demo::load(&config).await,
        Command::CreateAdmin(who) => create_admin::run(&config, who).await,
        Command::VerifyAudit { expect_head } => verify_audit::run(&config, expect_head.as_deref()).await,
        Command::Serve | Command::Schema | Command::Settings | Command::Rules => {
            serve::run(config, metrics).await
        }
    }
}

/// The application over an up-to-date database, which nobody else may be using on SQLite.
async fn up_to_date(config: &Config) -> anyhow::Result<App> {
    let app = parts::app(config, parts::connect(config, None).await?)?;
    let missing = schema::missing(&app.db.read).await?;
    anyhow::ensure!(missing.is_empty(), "the database is not up to date: run `server migrate`");
    Ok(app)
}
