//! `server verify-proposals`: what was handed in is what is there.

use std::process::ExitCode;

use app::vault::Tampered;
use domain::id::PublicId as _;

use crate::config::Config;
use crate::parts;

/// Checks every submitted version beside a running server.
pub async fn run(config: Config) -> anyhow::Result<ExitCode> {
    let app = parts::app(&config, parts::connect_read_only(&config).await?)?;
    Ok(match app::vault::verify(&app).await? {
        Ok(versions) => {
            println!("ok: {versions} submitted versions");
            ExitCode::SUCCESS
        }
        Err(Tampered { proposal, number, what }) => {
            println!("broken: submission {number} of proposal {}: {what}", proposal.public());
            ExitCode::FAILURE
        }
    })
}
