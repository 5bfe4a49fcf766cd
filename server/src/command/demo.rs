//! `server demo`: an empty database, filled.

use std::process::ExitCode;

use anyhow::ensure;

use crate::config::{Config, Environment};
use crate::{demo, parts, schema};

/// Loads the example data and prints who can log in.
pub async fn load(config: Config) -> anyhow::Result<ExitCode> {
    ensure!(config.environment == Environment::Development, "example data do not belong into production");
    let app = parts::app(&config, parts::connect(&config, None).await?)?;
    let turn = schema::Turn::take(&parts::location(&config), &app.db).await?;
    turn.update().await?;
    ensure!(demo::load_if_empty(&app, &config).await?, "the database is not empty");
    turn.end().await?;
    println!("{}", demo::accounts(&config)?);
    Ok(ExitCode::SUCCESS)
}
