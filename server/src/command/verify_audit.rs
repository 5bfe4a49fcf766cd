//! `server verify-audit`: the chain that proves what happened.

use std::process::ExitCode;

use domain::audit::Break;

use crate::config::Config;
use crate::parts;

/// Walks the chain beside a running server, and says how far it holds.
pub async fn run(config: Config, expected_head: Option<String>) -> anyhow::Result<ExitCode> {
    let app = parts::app(&config, parts::connect_read_only(&config).await?)?;
    match app::audit::verify(&app, expected_head.as_deref()).await? {
        Ok((entries, head)) => {
            println!("ok: {entries} entries, head {head}");
            Ok(ExitCode::SUCCESS)
        }
        // Whole in itself, but another chain than the one whose head was published.
        Err(Break::Truncated { last, head }) if last == head => {
            println!("broken: the chain of {head} entries does not contain the expected head");
            Ok(ExitCode::FAILURE)
        }
        Err(broken) => {
            println!("broken: {broken}");
            Ok(ExitCode::FAILURE)
        }
    }
}
