//! `server serve`: until somebody says stop.

use std::process::ExitCode;

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::{Config, Environment, MailOutlet};
use crate::{demo, start};

/// Serves until SIGTERM or SIGINT.
pub async fn run(config: Config, metrics: PrometheusHandle) -> anyhow::Result<ExitCode> {
    // Listened to from the beginning: who stops us while we start is obeyed as soon as there is something to stop.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let welcome = (config.environment == Environment::Development).then(|| welcome(&config)).transpose()?;
    let running = start(config, None, move || metrics.render()).await?;
    if let Some(welcome) = welcome {
        println!("\n  GraphiQL  http://{0}/\n  GraphQL   http://{0}/graphql\n{welcome}\n", running.address);
    }
    let shutdown = running.shutdown();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        shutdown.cancel();
    });
    running.wait().await?;
    Ok(ExitCode::SUCCESS)
}

/// For whoever tries it out: where mails are, and whom to log in as.
fn welcome(config: &Config) -> anyhow::Result<String> {
    let mails = match &config.mail {
        MailOutlet::Directory(path) => path.display().to_string(),
        MailOutlet::Smtp(_) => "by the mail server in SMTP_URL".to_owned(),
    };
    let accounts = if config.demo_data { demo::accounts(config)? } else { String::new() };
    Ok(format!("  Mails     {mails}\n\n{accounts}"))
}
