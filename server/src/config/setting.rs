//! The one table of settings: the reader takes defaults, ranges and rules from it, the README prints it.

use std::fmt::Write;

use super::Environment;

/// One setting: what it is called, what it may hold, what it means.
#[derive(Debug)]
pub(super) struct Setting {
    /// The name of the environment variable; in the file the same in lower case.
    pub(super) name: &'static str,
    /// What it may hold.
    pub(super) kind: Kind,
    /// What holds when it is not given.
    pub(super) default: Fallback,
    /// What it does, in one sentence.
    pub(super) meaning: &'static str,
    /// Whether the value is kept out of every log and message; it never stands in an error anyway.
    pub(super) secret: bool,
}

/// What a setting may hold: the words complete "must be ..".
#[derive(Debug)]
pub(super) enum Kind {
    /// Described in words.
    Text(&'static str),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A whole number in a range, both ends included.
    Number(Unit, u64, u64),
}

/// What a number counts.
#[derive(Debug, Clone, Copy)]
pub(super) enum Unit {
    Connections,
    Mails,
    Seconds,
    Minutes,
    Days,
}

/// What holds when a setting is not given.
#[derive(Debug)]
pub(super) enum Fallback {
    /// Nothing: the setting is optional.
    Nothing,
    /// This value.
    Value(&'static str),
    /// The first value in development, the second in production.
    Split(&'static str, &'static str),
    /// This value in development; production has to say.
    Development(&'static str),
    /// What these words say in development; production has to say.
    Production(&'static str),
    /// This value in development; production must not say.
    DevelopmentOnly(&'static str),
}

impl Setting {
    /// The name in the file.
    pub(super) fn key(&self) -> String {
        self.name.to_ascii_lowercase()
    }

    /// What holds when it is not given.
    pub(super) fn default_in(&self, environment: Environment) -> Option<&'static str> {
        let production = environment == Environment::Production;
        match self.default {
            Fallback::Value(value) => Some(value),
            Fallback::Split(development, live) => Some(if production { live } else { development }),
            Fallback::Development(value) | Fallback::DevelopmentOnly(value) if !production => Some(value),
            _ => None,
        }
    }

    /// The rule on whether it may or has to be given, if `given` breaks it.
    pub(super) fn presence_rule(&self, environment: Environment, given: bool) -> Option<&'static str> {
        match (environment, &self.default, given) {
            (Environment::Production, Fallback::Development(_) | Fallback::Production(_), false) => {
                Some("is required in production")
            }
            (Environment::Production, Fallback::DevelopmentOnly(_), true) => {
                Some("must not be set in production")
            }
            _ => None,
        }
    }

    /// What it may hold, in words.
    pub(super) fn shape(&self) -> String {
        match self.kind {
            Kind::Text(words) => words.to_owned(),
            Kind::OneOf(words) => words.join(" or "),
            Kind::Number(unit, from, to) => {
                format!("a whole number of {} from {from} to {to}", format!("{unit:?}").to_lowercase())
            }
        }
    }
}

impl Unit {
    /// How long one of it is.
    pub(super) const fn seconds(self) -> u64 {
        match self {
            Self::Connections | Self::Mails | Self::Seconds => 1,
            Self::Minutes => 60,
            Self::Days => 24 * 60 * 60,
        }
    }
}

/// The table as Markdown, as the README has it.
pub fn settings_table() -> String {
    let mut table = String::from("| Setting | Meaning | Value | Default |\n| --- | --- | --- | --- |\n");
    for setting in SETTINGS {
        let default = match setting.default {
            Fallback::Nothing => "none".to_owned(),
            Fallback::Value(value) => format!("`{value}`"),
            Fallback::Split(development, live) => format!("`{development}`; `{live}` in production"),
            Fallback::Development(value) => format!("`{value}`; required in production"),
            Fallback::Production(words) => format!("{words}; required in production"),
            Fallback::DevelopmentOnly(value) => format!("`{value}`; refused in production"),
        };
        let (shape, secret) = (setting.shape(), if setting.secret { " (secret)" } else { "" });
        // Writing to a string cannot fail.
        let _ = writeln!(table, "| `{}` | {} | {shape}{secret} | {default} |", setting.name, setting.meaning);
    }
    table
}

/// Gives each setting a constant of its name and puts all of them into [`SETTINGS`], so that a reader cannot misspell
/// one and the table cannot lack one.
macro_rules! settings {
    ($($name:ident: $kind:expr, $default:expr, $meaning:literal $(, $secret:ident)?;)+) => {
        $(pub(super) const $name: Setting = Setting {
            name: stringify!($name),
            kind: $kind,
            default: $default,
            meaning: $meaning,
            secret: is_secret!($($secret)?),
        };)+

        /// Every setting, in the order of the README.
        pub(super) const SETTINGS: &[Setting] = &[$($name),+];
    };
}

macro_rules! is_secret {
    () => {
        false
    };
    (secret) => {
        true
    };
}

use self::Fallback::{Development, DevelopmentOnly, Nothing, Production, Split, Value};
use self::Kind::{Number, OneOf, Text};
use self::Unit::{Connections, Days, Mails, Minutes, Seconds};

settings! {
    CONFIG_FILE: Text("the path of a readable TOML file"), Nothing,
        "A file with the settings below, names in lower case; the environment wins.";
    APP_ENV: OneOf(&["development", "production"]), Value("development"),
        "Production refuses whatever is only good enough for trying out.";

    DATABASE_URL: Text("`sqlite:` and a path, or `postgres://` with a database name"),
        Value("sqlite://data/baitoanlon.db"),
        "Where the data lives: an SQLite file or a PostgreSQL server.", secret;
    DATABASE_CONNECTIONS: Number(Connections, 2, 200), Value("10"),
        "Connections to the database.";

    LISTEN_ADDR: Text("an IP address and a port"), Value("127.0.0.1:8080"),
        "Where HTTP is served; `0.0.0.0:8080` to be reached from other machines.";
    PUBLIC_URL: Text("an http or https address without query"),
        Production("`http://localhost` at the port of `LISTEN_ADDR`"),
        "The address people use; links in mails and to files start with it. Production: https only.";
    CORS_ORIGINS: Text("origins such as `https://app.example.vn`, separated by commas"), Nothing,
        "Web pages of other origins that may call the API. Production: https only.";
    TRUSTED_PROXIES: Text("IP addresses separated by commas"), Nothing,
        "Reverse proxies whose `X-Forwarded-For` is believed.";
    MAX_CONNECTIONS: Number(Connections, 1, 100_000), Value("1024"),
        "Clients served at a time; further ones wait.";
    REQUEST_TIMEOUT_SECONDS: Number(Seconds, 1, 10), Value("10"),
        "The longest a request may take.";
    PERSISTED_OPERATIONS: Text("the path of a JSON file: an object of documents by their hashes"), Nothing,
        "The operations that the front end has registered, as its code generator writes them; clients send `documentId`.";
    PERSISTED_ONLY: OneOf(&["true", "false"]), Value("false"),
        "Runs registered operations alone. Needs `PERSISTED_OPERATIONS`.";
    SHUTDOWN_SECONDS: Number(Seconds, 1, 20), Value("15"),
        "The longest a stop waits for work in progress.";

    SMTP_URL: Text("`smtps://user:password@host:port`, or `smtp://..` with `?tls=required`, `opportunistic` or `none`"),
        Production("none, mails are written to `MAIL_DIRECTORY`"),
        "The mail server; without a port 465 for smtps, 587 for smtp, 25 without TLS. \
         Production: smtps or `tls=required`.",
        secret;
    MAIL_DIRECTORY: Text("the path of a directory"), DevelopmentOnly("data/mail"),
        "Where mails are written while there is no mail server.";
    MAIL_FROM: Text("`name@host` or `A Name <name@host>`"), Development("Bài Toán Lớn <no-reply@localhost>"),
        "Who mails are from. Production: not at localhost.";
    DKIM_SELECTOR: Text("names such as `2026a`, separated by commas"), Nothing,
        "Under which name in the zone of the domain each key of `DKIM_PRIVATE_KEY` is found.";
    DKIM_PRIVATE_KEY: Text("an RSA key of 2048 bits or more, or an Ed25519 key, in PEM; or several separated by commas"), Nothing,
        "Signs every mail (DKIM); of several, each does. Without one mails leave unsigned. Needs `DKIM_SELECTOR`.", secret;
    DKIM_DOMAIN: Text("a domain name"), Nothing,
        "In whose name mails are signed: the domain of `MAIL_FROM`, unless this names one above it.";
    MAIL_RETRY_BASE_SECONDS: Number(Seconds, 1, 3600), Value("5"),
        "The wait before the second attempt at a mail; it doubles with each attempt.";
    MAIL_TIMEOUT_SECONDS: Number(Seconds, 1, 120), Value("30"),
        "The longest one attempt at a mail may take.";
    MAIL_LEASE_SECONDS: Number(Seconds, 2, 600), Value("60"),
        "How long a worker owns a mail before another may take over; longer than `MAIL_TIMEOUT_SECONDS`.";
    MAIL_PER_DOMAIN_MINUTE: Number(Mails, 0, 100_000), Value("0"),
        "The most mails a minute that one process sends to addresses of one domain, those about the account apart; 0: as many as there are.";

    WEBHOOK_ALLOWED_NETS: Text("networks such as `127.0.0.0/8`, separated by commas"), Nothing,
        "Dangerous, for development and tests: networks beyond the public Internet that webhooks may call, by http and at any port too. Whoever manages an organisation reaches them through this server. Production: must not be set.";
    SCHEDULE_SECONDS: Number(Seconds, 1, 86400), Value("60"),
        "How often it is looked for what becomes due by the clock: reminders, digests, publications at a set time.";
    STANDSTILL_DAYS: Number(Days, 0, 90), Value("10"),
        "How long after its publication a decision can be appealed against; 0: not at all.";

    JWT_SIGNING_KEY: Text("an Ed25519 private key: PKCS#8 PEM or 32 bytes in base64"),
        Production("made once and kept beside the database"),
        "Signs access tokens. Several separated by commas: the first signs, all verify.", secret;
    SEAL_KEY: Text("32 bytes in base64"), Production("made once and kept beside the database"),
        "Seals what the database must not show: proposals, and secrets of second factors. Several separated by commas: the first seals, all open.", secret;
    ACCESS_TOKEN_SECONDS: Number(Seconds, 1, 900), Value("600"),
        "Life of an access token.";
    REFRESH_TOKEN_DAYS: Number(Days, 1, 7), Value("7"),
        "How long a session may rest unused.";
    SESSION_DAYS: Number(Days, 1, 30), Value("30"),
        "The longest a session may last.";
    FRESH_LOGIN_SECONDS: Number(Seconds, 1, 86_400), Value("1800"),
        "How long after a log-in (or `reauthenticate`) what is sensitive may be done.";
    SECOND_FACTOR: OneOf(&["optional", "required"]), Split("optional", "required"),
        "Whether agency staff, programme office, council, decision makers and platform posts need a second factor.";
    ONE_TIME_TOKEN_MINUTES: Number(Minutes, 1, 60), Value("60"),
        "Life of a link that verifies an address or resets a password.";
    INVITATION_DAYS: Number(Days, 1, 7), Value("7"),
        "Life of an invitation.";

    OIDC_ISSUER: Text("an http or https address without query, exactly as the issuer names itself"), Nothing,
        "An OpenID Connect issuer at which people may sign on. Either all settings that begin with `OIDC_` or none. \
         Production: https only.";
    OIDC_CLIENT_ID: Text("1 to 200 printable ASCII characters"), Nothing,
        "The name of this server at the issuer.";
    OIDC_CLIENT_SECRET: Text("1 to 1000 printable ASCII characters"), Nothing,
        "What proves to the issuer that it is this server.", secret;
    OIDC_REDIRECT_URL: Text("an http or https address without query"), Nothing,
        "The page of the front end that people come back to; the issuer has to know it. Production: https only.";
    OIDC_NAME: Text("1 to 100 characters"), Nothing,
        "What people call the issuer: the text of the button.";

    STORAGE_URL: Text("`file:` and a path, or `s3:` and a bucket, with a prefix or without"), Value("file:data/files"),
        "Where uploaded files are kept, sealed.";
    S3_ENDPOINT: Text("an http or https address without query"), Nothing,
        "The service that the bucket is at, unless it is Amazon's. Production: https only.";
    S3_REGION: Text("1 to 100 printable ASCII characters"), Value("us-east-1"),
        "The region of the bucket.";
    S3_ACCESS_KEY_ID: Text("1 to 200 printable ASCII characters"), Nothing,
        "Who we are at that service; required for a bucket.";
    S3_SECRET_ACCESS_KEY: Text("1 to 1000 printable ASCII characters"), Nothing,
        "What proves it; required for a bucket.", secret;
    SCANNER_URL: Text("`tcp://host:port` or `unix:` and a path"), Nothing,
        "A clamd that every uploaded file has to pass. Without one, files are only checked for what they are.";

    LOG_FORMAT: OneOf(&["text", "json"]), Split("text", "json"),
        "How log lines look.";
    LOG_LEVEL: Text("error, warn, info, debug, trace or off, or `target=level`, separated by commas"), Value("info"),
        "Which log lines are written.";

    DEMO_DATA: OneOf(&["true", "false"]), Split("true", "false"),
        "Fills an empty database with example agencies, challenges and people. Production: false only.";
    DEMO_PASSWORD: Text("8 to 128 characters"), DevelopmentOnly("bai-toan-lon-demo"),
        "The password of the example accounts.", secret;
}
