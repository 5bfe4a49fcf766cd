//! `server dead-letters`: the mails that were given up or held back, and another try for them.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::anyhow;
use app::dead_letter::{self, Resend, Which};
use app::{Op, Viewer};
use domain::id::MessageId;

use super::up_to_date;
use crate::cli::Again;
use crate::config::Config;
use crate::explain::explain;
use crate::parts;

/// Lists them, or queues them again.
pub async fn run(config: Config, again: Option<Again>) -> anyhow::Result<ExitCode> {
    let Some(again) = again else { return list(config).await };
    let which = match again {
        Again::All => Which::All,
        Again::One(id) => Which::One(MessageId(id)),
        Again::To(email) => Which::To(email.to_string()),
    };
    let app = up_to_date(&config).await?;
    let op = Arc::new(Op::of_system(Viewer::default()));
    let count = app.execute(&op, None, Resend { which }).await.map_err(explain)?;
    println!("{count} queued; a running server sends them");
    Ok(ExitCode::SUCCESS)
}

/// One a line, with neither address nor content: what it was, when, how often it was tried and what the mail server said last.
async fn list(config: Config) -> anyhow::Result<ExitCode> {
    let app = parts::app(&config, parts::connect_read_only(&config).await?)?;
    let dead = dead_letter::list(&app).await.map_err(|error| anyhow!(error.to_string()))?;
    for mail in &dead {
        let reason = mail.last_error.as_deref().unwrap_or("-");
        println!(
            "{}  {}  {}  {} attempts  {reason}",
            mail.id,
            mail.created_at.to_rfc3339(),
            mail.kind,
            mail.attempt
        );
    }
    Ok(ExitCode::SUCCESS)
}
