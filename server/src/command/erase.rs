//! `server erase`: a person who cannot log in any more, and wants to be gone.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::anyhow;
use app::privacy::Erase;
use app::{Op, Viewer};
use domain::locale::Locale;
use domain::text::Email;

use super::up_to_date;
use crate::config::Config;
use crate::explain::explain;

/// Erases the account of that address.
pub async fn run(config: Config, email: String) -> anyhow::Result<ExitCode> {
    let email =
        Email::parse(&email).map_err(|reason| anyhow!("the address: {}", reason.message(Locale::En)))?;
    let app = up_to_date(&config).await?;
    let op = Arc::new(Op::of_system(Viewer::default()));
    app.execute(&op, None, Erase { email_key: email.key() }).await.map_err(explain)?;
    println!("the person is erased");
    Ok(ExitCode::SUCCESS)
}
