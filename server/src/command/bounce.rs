//! `server bounce`: a mail came back.

use std::io::Read as _;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use app::dead_letter::Returned;
use app::{Op, Viewer};
use domain::id::MessageId;
use notify::Bounce;

use super::up_to_date;
use crate::config::Config;
use crate::explain::explain;

/// No report is longer, for it returns at most what we wrote.
const LONGEST: u64 = 4 << 20;

/// Reads one message. What it is not about us is no failure, lest the mail server that pipes it writes a bounce of its own.
pub async fn run(config: Config) -> anyhow::Result<ExitCode> {
    let mut message = Vec::new();
    std::io::stdin().take(LONGEST).read_to_end(&mut message).context("standard input")?;
    let is_taken = match Bounce::read(&message) {
        Some(bounce) => {
            let Bounce { message_id, recipients, status, is_about_the_mailbox } = bounce;
            let app = up_to_date(&config).await?;
            let op = Arc::new(Op::of_system(Viewer::default()));
            let message = MessageId(message_id);
            let returned = Returned { message, recipients, status, is_about_the_mailbox };
            app.execute(&op, None, returned).await.map_err(explain)?
        }
        None => false,
    };
    println!("{}", if is_taken { "taken in" } else { "nothing changed" });
    Ok(ExitCode::SUCCESS)
}
