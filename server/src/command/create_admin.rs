//! `server create-admin`: the first person of a new installation.

use std::io::{BufRead as _, Read as _};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use app::account::{self, Registration};
use app::{Op, Viewer};
use domain::account::{PASSWORD_MAX, PlatformRole, check_password};
use domain::locale::Locale;
use domain::problem::Reason;
use domain::text::{Email, line};
use secrecy::{ExposeSecret as _, SecretString};

use super::up_to_date;
use crate::cli::CreateAdmin;
use crate::config::Config;
use crate::explain::explain;

/// Characters of a name.
const NAME: usize = 100;

/// Creates the account, its address taken as proved.
pub async fn run(config: Config, who: CreateAdmin) -> anyhow::Result<ExitCode> {
    let say = |what: &'static str| move |reason: Reason| anyhow!("{what}: {}", reason.message(Locale::En));
    let email = Email::parse(&who.email).map_err(say("the address"))?;
    let display_name = line(&who.name, NAME).map_err(say("the name"))?;
    let locale = Locale::from_name(&who.locale).unwrap_or_default();
    let app = up_to_date(&config).await?;
    if !who.password_stdin {
        eprint!("Password: ");
    }
    let password = read_password()?;
    check_password(password.expose_secret(), Some(&email), &display_name).map_err(say("the password"))?;
    let op = Arc::new(Op::of_system(Viewer::default()));
    let registration = Registration { email, display_name, locale, password };
    account::create(&app, &op, registration, Some(PlatformRole::Administrator)).await.map_err(explain)?;
    println!("the administrator can log in now");
    Ok(ExitCode::SUCCESS)
}

/// The first line of standard input, without its end.
fn read_password() -> anyhow::Result<SecretString> {
    // Longer ones are refused anyway; one byte more shows that they are longer.
    let limit = PASSWORD_MAX as u64 * 4 + 3;
    let mut line = String::new();
    std::io::stdin().lock().take(limit).read_line(&mut line).context("the password cannot be read")?;
    Ok(line.trim_end_matches(['\r', '\n']).into())
}
