//! `server dkim-record`: what the zone must say of the keys that sign mails.

use std::process::ExitCode;

use anyhow::Context as _;

use crate::config::Config;

/// Prints one record a line; fails if no key is set.
pub fn run(config: &Config) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(!config.signers.is_empty(), "mails are not signed: DKIM_PRIVATE_KEY is not set");
    for signer in config.signers.iter() {
        println!("{}", signer.record().context("the public key")?);
    }
    Ok(ExitCode::SUCCESS)
}
