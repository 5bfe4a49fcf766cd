//! Settings turned into the parts they describe.

use std::sync::Arc;

use anyhow::Context as _;
use app::db::{Db, Location};
use app::sign_on::issuer::{Issuer, Provider};
use app::storage::{Bucket, Place};
use app::{App, Settings};
use edge::limits::Limits;
use edge::{BadNetwork, Connections, Options, Persisted};
use notify::{Courier, Mailer, Sender, Transport};
use sea_orm::{ConnectionTrait as _, DbBackend, DbErr, Statement};
use secrecy::ExposeSecret as _;
use url::Url;

use crate::config::{Config, Database, Environment, MailOutlet, Scanner, Storage};

/// Chooses the one implementation of cryptography, lest two libraries' defaults meet. Repeating it changes nothing.
pub fn install_cryptography() {
    // An error says that it was chosen before: another server in this process.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

/// Where the data is.
pub fn location(config: &Config) -> Location {
    match &config.database {
        Database::Sqlite(path) => Location::Sqlite(path.clone()),
        Database::Postgres(url) => Location::Postgres(url.clone()),
    }
}

/// The database, not yet looked at. `observe` is called for every statement.
pub async fn connect(config: &Config, observe: Option<Arc<dyn Fn() + Send + Sync>>) -> anyhow::Result<Db> {
    let db = Db::connect(&location(config), config.database_connections).await;
    let mut db = db.map_err(in_own_words)?;
    if let Some(observe) = observe {
        db.on_statement(move || observe());
    }
    Ok(db)
}

/// The database for reading only, beside a running server.
pub async fn connect_read_only(config: &Config) -> anyhow::Result<Db> {
    Db::connect_read_only(&location(config)).await.map_err(in_own_words)
}

/// Whether there is no table at all in a PostgreSQL database.
pub async fn is_empty(config: &Config) -> anyhow::Result<bool> {
    let db = connect_read_only(config).await?;
    let sql = "SELECT NOT EXISTS (SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = current_schema()) AS is_empty";
    let row = db.read.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await;
    let row = row.context("the database cannot be read")?;
    Ok(row.context("the database does not answer")?.try_get("", "is_empty")?)
}

/// Our own messages without the library's "Custom Error".
fn in_own_words(error: DbErr) -> anyhow::Error {
    match error {
        DbErr::Custom(words) => anyhow::Error::msg(words),
        error => anyhow::Error::new(error).context("the database cannot be opened"),
    }
}

/// The application over a database.
pub fn app(config: &Config, db: Db) -> anyhow::Result<App> {
    let seeds: Vec<_> = config.keys.signing.iter().map(|key| *key.expose()).collect();
    let keys = app::keys::Keys::new(config.public_url.as_str(), &seeds).context("the signing keys")?;
    let seal = app::seal::Seal::new(config.keys.seal.iter().map(|key| *key.expose()));
    let sealing = config.keys.seal.iter().map(|key| *key.expose());
    let notary =
        app::receipt::Notary::new(config.public_url.as_str(), sealing).context("the keys of receipts")?;
    let settings = Settings {
        public_url: config.public_url.to_string(),
        fresh_for: config.fresh_for,
        is_second_factor_required: config.is_second_factor_required,
        access_token_life: config.access_token_life,
        refresh_token_idle: config.refresh_token_idle,
        session_life: config.session_life,
        one_time_token_life: config.one_time_token_life,
        invitation_life: config.invitation_life,
        mail_retry_base: config.mail_retry_base,
        mail_lease: config.mail_lease,
        standstill: config.standstill,
        webhook_reach: config.webhook_reach.clone(),
    };
    let files = (app::storage::Storage::at(&place(config)?)?, scanner(config));
    let app = App::new(db, keys, seal, notary, files, settings, issuer(config)?);
    prove_keys(&app)?;
    Ok(app)
}

/// Where files are kept.
fn place(config: &Config) -> anyhow::Result<Place> {
    Ok(match (&config.storage, &config.s3) {
        (Storage::Directory(path), _) => Place::Directory(path.clone()),
        (Storage::Bucket(name, prefix), Some(s3)) => Place::Bucket(Bucket {
            name: name.clone(),
            prefix: prefix.clone(),
            endpoint: s3.endpoint.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned()),
            region: s3.region.clone(),
            access_key_id: s3.access_key_id.clone(),
            secret_access_key: s3.secret_access_key.clone(),
            allow_http: config.environment == Environment::Development,
        }),
        (Storage::Bucket(..), None) => anyhow::bail!("a bucket without the settings of its service"),
    })
}

/// Who looks through files.
fn scanner(config: &Config) -> Option<app::scanner::Scanner> {
    Some(match config.scanner.clone()? {
        Scanner::Tcp(address) => app::scanner::Scanner::Tcp(address),
        Scanner::Socket(path) => app::scanner::Scanner::Socket(path),
    })
}

/// Where people may sign on. Nobody is asked anything yet: an issuer that is away does not keep the server from starting.
fn issuer(config: &Config) -> anyhow::Result<Option<Issuer>> {
    let Some(sign_on) = config.sign_on.clone() else { return Ok(None) };
    let provider = Provider {
        issuer: sign_on.issuer,
        client_id: sign_on.client_id,
        client_secret: sign_on.client_secret,
        redirect_url: sign_on.redirect_url,
        name: sign_on.name,
        https_only: config.environment == Environment::Production,
    };
    Issuer::new(provider).context("the client for the sign-on").map(Some)
}

/// Signs a token and reads it back: with keys that cannot do that nobody could log in.
fn prove_keys(app: &App) -> anyhow::Result<()> {
    let (user, session) = (app::ids::random(), app::ids::random());
    let now = app.db.clock.process();
    let token = app.keys.sign(user, session, now, app.settings.access_token_life)?;
    anyhow::ensure!(
        app.keys.verify(&token, now) == Some((user, session)),
        "the signing key does not verify its own tokens"
    );
    Ok(())
}

/// What mail leaves by.
pub fn mailer(config: &Config) -> anyhow::Result<Mailer> {
    let sender = Sender::parse(&config.mail_from.to_string()).context("MAIL_FROM")?;
    let transport = match &config.mail {
        MailOutlet::Smtp(url) => {
            let url = Url::parse(url.expose_secret()).context("SMTP_URL")?;
            Transport::from_url(&url, config.mail_timeout).context("SMTP_URL")?
        }
        MailOutlet::Directory(path) => Transport::directory(path),
    };
    Ok(Mailer::new(sender, transport).signed_by(Arc::clone(&config.signers)))
}

/// What calls webhooks.
pub fn courier(config: &Config) -> anyhow::Result<Courier> {
    Courier::new(config.webhook_reach.clone()).context("the client for webhooks")
}

/// How requests are treated.
pub fn options(config: &Config) -> anyhow::Result<Options> {
    let development = config.environment == Environment::Development;
    let proxies = config.trusted_proxies.iter().map(|address| address.to_string().parse());
    Ok(Options {
        persisted: persisted(config)?,
        limits: Limits { introspection: development, ..Limits::default() },
        time_limit: config.request_timeout,
        origins: config
            .cors_origins
            .iter()
            .map(|origin| origin.parse())
            .collect::<Result<_, _>>()
            .context("CORS_ORIGINS")?,
        trusted_proxies: proxies.collect::<Result<_, BadNetwork>>().context("TRUSTED_PROXIES")?,
        graphiql: development,
        ..Options::default()
    })
}

/// The operations that a front end has registered.
fn persisted(config: &Config) -> anyhow::Result<Persisted> {
    let Some(path) = &config.persisted else { return Ok(Persisted::default()) };
    let text = std::fs::read_to_string(path).context("PERSISTED_OPERATIONS: the file cannot be read")?;
    let documents = serde_json::from_str(&text).context("PERSISTED_OPERATIONS: no object of texts")?;
    Ok(Persisted::new(documents, config.is_persisted_only))
}

/// How connections are treated.
pub fn connections(config: &Config, options: &Options) -> Connections {
    Connections {
        total: config.max_connections,
        trusted_proxies: options.trusted_proxies.clone(),
        drain_timeout: config.shutdown_grace,
        ..Connections::default()
    }
}
