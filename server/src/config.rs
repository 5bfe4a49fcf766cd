//! The settings, read once and turned into types.
//!
//! Layers, later ones win: the defaults (one table in `setting.rs`), the TOML file named by `CONFIG_FILE` (same names in lower
//! case), the environment. Everything is checked before anything is opened; a wrong setting is one line that names
//! the setting and the rule and never the value.

mod key;
mod setting;
mod source;
mod value;

use std::borrow::Cow;
use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use domain::webhook::Reach;
use notify::{Signer, SigningKey};
use secrecy::{ExposeSecret as _, SecretString};
use tracing_subscriber::filter::Targets;
use url::Url;

pub use self::key::{Keys, SealKeys, SecretKey, SigningKeys};
pub use self::setting::settings_table;
pub use self::value::{Database, Environment, LogFormat, MailOutlet, S3, Scanner, Sender, SignOn, Storage};

use self::setting::{self as name, Setting};
use self::source::Settings;

/// Everything that can be set, complete and checked. `Debug` shows no secret.
#[derive(Debug)]
pub struct Config {
    /// What the rules below are judged for.
    pub environment: Environment,
    /// Where the data lives.
    pub database: Database,
    /// Connections of the pool.
    pub database_connections: u32,
    /// Where HTTP is served.
    pub listen_addr: SocketAddr,
    /// Connections served at a time.
    pub max_connections: usize,
    /// The longest a request may take.
    pub request_timeout: Duration,
    /// The longest a stop may take.
    pub shutdown_grace: Duration,
    /// The file of the registered operations.
    pub persisted: Option<PathBuf>,
    /// Whether no others are run.
    pub is_persisted_only: bool,
    /// The address people see, its path ends with `/`: `public_url.join("verify?token=..")` makes a link.
    pub public_url: Url,
    /// Origins whose pages may call the API, written as browsers send them (`https://app.example.vn`).
    pub cors_origins: Vec<String>,
    /// Peers whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// How mail leaves.
    pub mail: MailOutlet,
    /// Who mail is from.
    pub mail_from: Sender,
    /// What signs every mail, if anything.
    pub signers: Arc<[Signer]>,
    /// The wait before the second attempt at a mail; later waits double.
    pub mail_retry_base: Duration,
    /// The longest one attempt at a mail may take.
    pub mail_timeout: Duration,
    /// How long a worker owns a mail; always longer than `mail_timeout`.
    pub mail_lease: Duration,
    /// Mails a minute for one domain; 0: as many as there are.
    pub mails_per_minute: u32,
    /// How often it is looked for what becomes due by the clock.
    pub schedule: Duration,
    /// How long after its publication a decision can be appealed against.
    pub standstill: Duration,
    /// How far webhooks reach.
    pub webhook_reach: Reach,
    /// What signs access tokens and what seals proposals.
    pub keys: Keys,
    /// Life of an access token.
    pub access_token_life: Duration,
    /// How long a session may rest before its refresh token dies.
    pub refresh_token_idle: Duration,
    /// The longest a session may last, however busy.
    pub session_life: Duration,
    /// How long after a log-in what is sensitive may be done.
    pub fresh_for: Duration,
    /// Whoever holds an office needs a second factor.
    pub is_second_factor_required: bool,
    /// Life of a verification or reset token.
    pub one_time_token_life: Duration,
    /// Life of an invitation.
    pub invitation_life: Duration,
    /// Where people may sign on, if anywhere.
    pub sign_on: Option<SignOn>,
    /// The directory of uploaded files.
    pub storage: Storage,
    /// How the service of its bucket is reached.
    pub s3: Option<S3>,
    /// Who looks through uploaded files, if anybody.
    pub scanner: Option<Scanner>,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Which log lines are written.
    pub log_level: Targets,
    /// Whether an empty database is filled with demo data at start.
    pub demo_data: bool,
    /// The password of the demo accounts; none in production.
    pub demo_password: Option<SecretString>,
}

impl Config {
    /// Reads the process environment, the file it names, and in development the kept key file.
    pub fn load() -> Result<Self, ConfigError> {
        let env = source::process_environment()?;
        let file = source::named_file(&env)?;
        Self::build(&Settings::merge(file.as_deref(), env)?, Keys::kept)
    }

    /// The same from given sources, touching neither process nor disk: missing development keys live as long as the
    /// value.
    pub fn from_sources(
        file: Option<&str>,
        env: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        Self::build(&Settings::merge(file, env)?, |_| Ok(Keys::generate()))
    }

    /// Types every setting. The keys come last: making a developer's keys is the one step that touches the disk.
    fn build(
        settings: &Settings,
        development_keys: impl FnOnce(&Database) -> Result<Keys, ConfigError>,
    ) -> Result<Self, ConfigError> {
        let database = settings.read(&name::DATABASE_URL, Database::parse)?;

        let listen_addr: SocketAddr = settings.read(&name::LISTEN_ADDR, |text| text.parse().ok())?;
        let public_url = match settings.optional(&name::PUBLIC_URL, value::public_url)? {
            Some(url) => url,
            None => value::public_url(&format!("http://localhost:{}", listen_addr.port()))
                .ok_or_else(|| ConfigError::new(name::PUBLIC_URL.name, "is required"))?,
        };
        settings.in_production(
            &name::PUBLIC_URL,
            public_url.scheme() == "https",
            "must be https in production",
        )?;
        let cors_origins = settings.list(&name::CORS_ORIGINS, value::origin)?;
        let secure = cors_origins.iter().all(|origin| origin.starts_with("https:"));
        settings.in_production(&name::CORS_ORIGINS, secure, "must be https in production")?;

        let mail = match settings.optional(&name::SMTP_URL, MailOutlet::smtp)? {
            Some(smtp) => smtp,
            None => MailOutlet::Directory(settings.read(&name::MAIL_DIRECTORY, value::path)?),
        };
        settings.in_production(
            &name::SMTP_URL,
            mail.is_encrypted(),
            "must be smtps or have ?tls=required in production",
        )?;
        let mail_from = settings.read(&name::MAIL_FROM, Sender::parse)?;
        settings.in_production(
            &name::MAIL_FROM,
            !mail_from.is_local(),
            "must not be at localhost in production",
        )?;
        let mail_timeout = settings.duration(&name::MAIL_TIMEOUT_SECONDS)?;
        let mail_lease = settings.duration(&name::MAIL_LEASE_SECONDS)?;
        if mail_lease <= mail_timeout {
            return Err(ConfigError::new(
                name::MAIL_LEASE_SECONDS.name,
                "must be longer than MAIL_TIMEOUT_SECONDS",
            ));
        }

        let webhook_reach = Reach(settings.list(&name::WEBHOOK_ALLOWED_NETS, |text| text.parse().ok())?);
        settings.in_production(
            &name::WEBHOOK_ALLOWED_NETS,
            webhook_reach.0.is_empty(),
            "must not be set in production",
        )?;

        let demo_data = settings.read(&name::DEMO_DATA, value::flag)?;
        settings.in_production(&name::DEMO_DATA, !demo_data, "must be false in production")?;

        let signing = settings.optional(&name::JWT_SIGNING_KEY, SigningKeys::parse)?;
        let random = signing.iter().flat_map(SigningKeys::iter).all(SecretKey::looks_random);
        settings.in_production(&name::JWT_SIGNING_KEY, random, "must be random in production")?;
        let seal = settings.optional(&name::SEAL_KEY, SealKeys::parse)?;
        let random = seal.iter().flat_map(SealKeys::iter).all(SecretKey::looks_random);
        settings.in_production(&name::SEAL_KEY, random, "must be random in production")?;

        let persisted = settings.optional(&name::PERSISTED_OPERATIONS, value::path)?;
        let is_persisted_only = settings.read(&name::PERSISTED_ONLY, value::flag)?;
        if is_persisted_only && persisted.is_none() {
            return Err(ConfigError::new(name::PERSISTED_OPERATIONS.name, "is required by PERSISTED_ONLY"));
        }
        let storage = settings.read(&name::STORAGE_URL, Storage::parse)?;
        Ok(Self {
            environment: settings.environment,
            database_connections: settings.number(&name::DATABASE_CONNECTIONS)?,
            listen_addr,
            max_connections: settings.number(&name::MAX_CONNECTIONS)?,
            request_timeout: settings.duration(&name::REQUEST_TIMEOUT_SECONDS)?,
            shutdown_grace: settings.duration(&name::SHUTDOWN_SECONDS)?,
            persisted,
            is_persisted_only,
            public_url,
            cors_origins,
            trusted_proxies: settings.list(&name::TRUSTED_PROXIES, |text| text.parse().ok())?,
            mail,
            signers: signers(settings, &mail_from)?,
            mail_from,
            mail_retry_base: settings.duration(&name::MAIL_RETRY_BASE_SECONDS)?,
            mail_timeout,
            mail_lease,
            mails_per_minute: settings.number(&name::MAIL_PER_DOMAIN_MINUTE)?,
            schedule: settings.duration(&name::SCHEDULE_SECONDS)?,
            standstill: settings.duration(&name::STANDSTILL_DAYS)?,
            webhook_reach,
            access_token_life: settings.duration(&name::ACCESS_TOKEN_SECONDS)?,
            refresh_token_idle: settings.duration(&name::REFRESH_TOKEN_DAYS)?,
            session_life: settings.duration(&name::SESSION_DAYS)?,
            fresh_for: settings.duration(&name::FRESH_LOGIN_SECONDS)?,
            is_second_factor_required: settings.read(&name::SECOND_FACTOR, value::second_factor)?,
            one_time_token_life: settings.duration(&name::ONE_TIME_TOKEN_MINUTES)?,
            invitation_life: settings.duration(&name::INVITATION_DAYS)?,
            sign_on: sign_on(settings)?,
            s3: s3(settings, matches!(storage, Storage::Bucket(..)))?,
            storage,
            scanner: settings.optional(&name::SCANNER_URL, Scanner::parse)?,
            log_format: settings.read(&name::LOG_FORMAT, LogFormat::parse)?,
            log_level: settings.read(&name::LOG_LEVEL, value::log_level)?,
            demo_data,
            demo_password: settings.optional(&name::DEMO_PASSWORD, value::password)?,
            keys: match (signing, seal) {
                (Some(signing), Some(seal)) => Keys { signing, seal },
                (signing, seal) => {
                    let kept = development_keys(&database)?;
                    Keys { signing: signing.unwrap_or(kept.signing), seal: seal.unwrap_or(kept.seal) }
                }
            },
            database,
        })
    }
}

/// Who signs mails: a key for each selector, and a domain that receivers find aligned with the sender's (RFC 7489, 3.1).
fn signers(settings: &Settings, from: &Sender) -> Result<Arc<[Signer]>, ConfigError> {
    let selectors = settings.list(&name::DKIM_SELECTOR, value::domain)?;
    let domain = settings.optional(&name::DKIM_DOMAIN, value::domain)?;
    let keys = settings.list(&name::DKIM_PRIVATE_KEY, |text| {
        let pem = SecretString::from(text.replace("\\n", "\n"));
        SigningKey::from_pem(pem.expose_secret()).ok()
    })?;
    if keys.is_empty() && (domain.is_some() || !selectors.is_empty()) {
        return Err(ConfigError::new(
            name::DKIM_PRIVATE_KEY.name,
            "is required with the other DKIM settings",
        ));
    }
    let different: HashSet<_> = selectors.iter().collect();
    if selectors.len() != keys.len() || different.len() != keys.len() {
        return Err(ConfigError::new(name::DKIM_SELECTOR.name, "must name each key of DKIM_PRIVATE_KEY"));
    }
    let host = from.host();
    let domain = domain.unwrap_or_else(|| host.clone());
    if host != domain && !host.ends_with(&format!(".{domain}")) {
        return Err(ConfigError::new(
            name::DKIM_DOMAIN.name,
            "must be the domain of MAIL_FROM or one above it",
        ));
    }
    let signers = keys.into_iter().zip(selectors);
    Ok(signers.map(|(key, selector)| Signer::new(domain.clone(), selector, key)).collect())
}

/// How the service of a bucket is reached, if files are kept in one.
fn s3(settings: &Settings, is_needed: bool) -> Result<Option<S3>, ConfigError> {
    let endpoint = settings.optional(&name::S3_ENDPOINT, value::public_url)?;
    let secure = endpoint.as_ref().is_none_or(|url| url.scheme() == "https");
    settings.in_production(&name::S3_ENDPOINT, secure, "must be https in production")?;
    let region = settings.read(&name::S3_REGION, |text| value::printable(text, 100))?;
    let access_key_id = settings.optional(&name::S3_ACCESS_KEY_ID, |text| value::printable(text, 200))?;
    let secret = settings.optional(&name::S3_SECRET_ACCESS_KEY, |text| value::printable(text, 1000))?;
    if !is_needed {
        return Ok(None);
    }
    let missing = |setting: &setting::Setting| ConfigError::new(setting.name, "is required for a bucket");
    Ok(Some(S3 {
        endpoint,
        region,
        access_key_id: access_key_id.ok_or_else(|| missing(&name::S3_ACCESS_KEY_ID))?,
        secret_access_key: secret.ok_or_else(|| missing(&name::S3_SECRET_ACCESS_KEY))?.into(),
    }))
}

/// Where people may sign on: all of it or nothing.
fn sign_on(settings: &Settings) -> Result<Option<SignOn>, ConfigError> {
    let issuer = settings.optional(&name::OIDC_ISSUER, value::verbatim_url)?;
    let client_id = settings.optional(&name::OIDC_CLIENT_ID, |text| value::printable(text, 200))?;
    let client_secret = settings.optional(&name::OIDC_CLIENT_SECRET, |text| value::printable(text, 1000))?;
    let redirect_url = settings.optional(&name::OIDC_REDIRECT_URL, value::verbatim_url)?;
    let label = settings.optional(&name::OIDC_NAME, value::label)?;
    for (setting, url) in [(&name::OIDC_ISSUER, &issuer), (&name::OIDC_REDIRECT_URL, &redirect_url)] {
        let secure = url.as_ref().is_none_or(|url| url.starts_with("https:"));
        settings.in_production(setting, secure, "must be https in production")?;
    }
    let all = [
        (&name::OIDC_ISSUER, issuer.is_some()),
        (&name::OIDC_CLIENT_ID, client_id.is_some()),
        (&name::OIDC_CLIENT_SECRET, client_secret.is_some()),
        (&name::OIDC_REDIRECT_URL, redirect_url.is_some()),
        (&name::OIDC_NAME, label.is_some()),
    ];
    if let (Some(issuer), Some(client_id), Some(client_secret), Some(redirect_url), Some(name)) =
        (issuer, client_id, client_secret, redirect_url, label)
    {
        let client_secret = client_secret.into();
        return Ok(Some(SignOn { issuer, client_id, client_secret, redirect_url, name }));
    }
    match all.iter().find(|(_, given)| !given) {
        Some((missing, _)) if all.iter().any(|(_, given)| *given) => {
            Err(ConfigError::new(missing.name, "is required with the other OIDC settings"))
        }
        _ => Ok(None),
    }
}

/// A wrong setting: which, and the rule it breaks. Never the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("configuration: {}: {rule}", setting.escape_debug())]
pub struct ConfigError {
    /// The name as it was given, for a slip of the pen the misspelt one.
    pub setting: String,
    /// What would be right.
    pub rule: Cow<'static, str>,
}

impl ConfigError {
    fn new(setting: &str, rule: impl Into<Cow<'static, str>>) -> Self {
        Self { setting: setting.to_owned(), rule: rule.into() }
    }

    fn unknown(name: &str, meant: Option<&Setting>) -> Self {
        match meant {
            Some(meant) => Self::new(name, format!("unknown setting, did you mean {}?", meant.name)),
            None => Self::new(name, "unknown setting"),
        }
    }
}

#[cfg(test)]
mod tests;
