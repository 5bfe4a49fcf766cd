//! `server migrate`: the tables, up to date or found not to be.

use std::process::ExitCode;

use crate::config::Config;
use crate::{parts, schema};

/// Applies what is missing.
pub async fn update(config: Config) -> anyhow::Result<ExitCode> {
    let db = parts::connect(&config, None).await?;
    let turn = schema::Turn::take(&parts::location(&config), &db).await?;
    let applied = turn.update().await?;
    turn.end().await?;
    for step in &applied {
        println!("applied {step}");
    }
    println!("the database is up to date");
    Ok(ExitCode::SUCCESS)
}

/// Says what is missing.
pub async fn check(config: Config) -> anyhow::Result<ExitCode> {
    let db = parts::connect_read_only(&config).await?;
    let missing = schema::missing(&db.read).await?;
    for step in &missing {
        println!("missing {step}");
    }
    if !missing.is_empty() {
        return Ok(ExitCode::FAILURE);
    }
    println!("the database is up to date");
    Ok(ExitCode::SUCCESS)
}
