//! What each command of the command line does.

mod backup;
mod bounce;
mod create_admin;
mod dead_letters;
mod demo;
mod dkim_record;
mod erase;
mod explain_ranking;
mod export_audit;
mod mails;
mod migrate;
mod restore;
mod rules;
mod serve;
mod verify_audit;
mod verify_proposals;
mod verify_receipt;

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use app::App;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::cli::Command;
use crate::config::{Config, settings_table};
use crate::{parts, schema, telemetry};

/// How long what cannot be stopped, such as a file being written, is waited for at the end.
const LAST_MOMENT: Duration = Duration::from_secs(1);

/// Does what was asked for. The exit code is a failure if a check found something.
pub fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Schema => Ok(print(&api::sdl())),
        Command::Settings => Ok(print(&settings_table())),
        Command::Rules => Ok(print(&rules::print())),
        Command::Mails { folder } => mails::run(&folder),
        Command::Serve => with_settings(serve::run),
        Command::Migrate { check: false } => with_settings(|config, _| migrate::update(config)),
        Command::Migrate { check: true } => with_settings(|config, _| migrate::check(config)),
        Command::Demo => with_settings(|config, _| demo::load(config)),
        Command::CreateAdmin(who) => with_settings(|config, _| create_admin::run(config, who)),
        Command::DeadLetters { resend } => with_settings(|config, _| dead_letters::run(config, resend)),
        Command::Bounce => with_settings(|config, _| bounce::run(config)),
        Command::DkimRecord => with_settings(|config, _| async move { dkim_record::run(&config) }),
        Command::Erase { email } => with_settings(|config, _| erase::run(config, email)),
        Command::VerifyAudit { expect_head } => {
            with_settings(|config, _| verify_audit::run(config, expect_head))
        }
        Command::ExplainRanking { challenge } => {
            with_settings(|config, _| explain_ranking::run(config, challenge))
        }
        Command::VerifyProposals => with_settings(|config, _| verify_proposals::run(config)),
        Command::VerifyReceipt { file } => {
            with_settings(|config, _| async move { verify_receipt::run(config, &file).await })
        }
        Command::ExportAudit { after } => with_settings(|config, _| export_audit::run(config, after)),
        Command::Backup { folder } => with_settings(|config, _| backup::run(config, folder)),
        Command::Restore { folder } => with_settings(|config, _| restore::run(config, folder)),
    }
}

fn print(text: &str) -> ExitCode {
    // An error says that whoever reads only the first lines has closed the pipe.
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

/// Reads the settings, starts logging and the runtime, and works to the end.
fn with_settings<W>(work: impl FnOnce(Config, PrometheusHandle) -> W) -> anyhow::Result<ExitCode>
where
    W: Future<Output = anyhow::Result<ExitCode>>,
{
    let config = Config::load()?;
    let metrics = telemetry::init(config.log_format, &config.log_level)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(work(config, metrics));
    runtime.shutdown_timeout(LAST_MOMENT);
    outcome
}

/// The application over an up-to-date database, which nobody else may be using on SQLite.
async fn up_to_date(config: &Config) -> anyhow::Result<App> {
    let app = parts::app(config, parts::connect(config, None).await?)?;
    let missing = schema::missing(&app.db.read).await?;
    anyhow::ensure!(missing.is_empty(), "the database is not up to date: run `server migrate`");
    Ok(app)
}
