//! `server verify-receipt`: whether a receipt is one of ours.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use app::receipt::Notary;

use crate::config::Config;

/// Needs the keys and no database.
pub async fn run(config: Config, file: &Path) -> anyhow::Result<ExitCode> {
    crate::parts::install_cryptography();
    let keys = config.keys.seal.iter().map(|key| *key.expose());
    let notary = Notary::new(config.public_url.as_str(), keys).context("the keys of receipts")?;
    let signed = tokio::fs::read_to_string(file).await.context("the receipt cannot be read")?;
    Ok(if let Some(claims) = notary.verify(&signed) {
        println!("ok: {}", serde_json::to_string(&claims)?);
        ExitCode::SUCCESS
    } else {
        println!("broken: no receipt of this server");
        ExitCode::FAILURE
    })
}
