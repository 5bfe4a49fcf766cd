//! The example data: a year of the programme, told through the use cases by the people who would have done it. So every
//! rule is obeyed, every step stands in the audit chain, and nobody needs a second way to write the tables.

mod content;
mod past;
mod teller;
mod timeline;

use anyhow::{Context as _, ensure};
use app::App;
use domain::text::Email;
use entity::user;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use secrecy::{ExposeSecret as _, SecretString};

use self::content::{Content, Person};
use self::teller::{FIRST, LAST, Teller};
use crate::config::Config;

/// Loads the example data if there is nobody yet, and says whether it did.
pub async fn load_if_empty(app: &App, config: &Config) -> anyhow::Result<bool> {
    let content = Content::read().context("the example data")?;
    let anybody = user::Entity::find().limit(1).one(&app.db.read).await?;
    if anybody.is_some() {
        let halfway = exists(app, &content, FIRST).await? && !exists(app, &content, LAST).await?;
        ensure!(!halfway, "the example data were not loaded to the end: delete the database and start again");
        return Ok(false);
    }
    let password = config.demo_password.clone().context("the example accounts need DEMO_PASSWORD")?;
    tracing::info!("loading example data");
    tell(app, &content, password)
        .await
        .context("the example data cannot be loaded: delete the database and start again")?;
    Ok(true)
}

async fn tell(app: &App, content: &Content, password: SecretString) -> anyhow::Result<()> {
    let mut teller = Teller::new(app, content, app.passwords.hash(password).await?);
    teller.found().await?;
    for (at, scene) in timeline::scenes(content) {
        teller.play(at, scene).await?;
    }
    teller.end().await
}

/// Whether the person of that key has an account.
async fn exists(app: &App, content: &Content, key: &str) -> anyhow::Result<bool> {
    let person = content.people.iter().find(|person| person.key == key).context("an unknown person")?;
    let known = user::Entity::find()
        .filter(user::Column::EmailKey.eq(address(person)?.key()))
        .one(&app.db.read)
        .await?;
    Ok(known.is_some())
}

fn address(person: &Person) -> anyhow::Result<Email> {
    Email::parse(&person.email).map_err(|_| anyhow::anyhow!("not an address: {}", person.email))
}

/// Who can log in and how: one account for each thing that a person can be.
pub fn accounts(config: &Config) -> anyhow::Result<String> {
    let content = Content::read()?;
    let password =
        config.demo_password.as_ref().map(|password| password.expose_secret().to_owned()).unwrap_or_default();
    let mut lines = vec![format!("  Example accounts, all with the password {password}")];
    let mut seen = Vec::new();
    for person in &content.people {
        let part = part(person);
        if !seen.contains(&part) {
            lines.push(format!("    {:<26}{}", person.email, part.to_lowercase()));
            seen.push(part);
        }
    }
    Ok(lines.join("\n"))
}

/// What the person is: in an organisation, on the platform, or by appointment to councils.
fn part(person: &Person) -> &str {
    match (person.role.as_deref(), person.key.as_str()) {
        (Some(role), _) => role,
        (None, "expert-1") => "chair",
        (None, "expert-2") => "secretary",
        (None, key) if key.starts_with("decider") => "decision maker",
        (None, _) => "reviewer",
    }
}

#[cfg(test)]
mod tests;
