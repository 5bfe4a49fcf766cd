//! The types of single values and how they are read. A parser answers `None` for what the table's words rule out.

use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use tracing_subscriber::filter::{LevelFilter, Targets};
use url::Url;

/// Where the server runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// On the machine of somebody who tries or changes it: everything has a default.
    Development,
    /// For the public: whatever is only good enough for trying out is refused.
    Production,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line, for machines.
    Json,
}

/// Where the data lives.
#[derive(Debug, Clone)]
pub enum Database {
    /// An SQLite file, made when missing.
    Sqlite(PathBuf),
    /// The URL of a PostgreSQL database, which may hold a password.
    Postgres(SecretString),
}

/// How mail leaves.
#[derive(Debug, Clone)]
pub enum MailOutlet {
    /// To the server at this URL: `smtps://`, or `smtp://` perhaps with `?tls=required`, `opportunistic` or `none`;
    /// perhaps with a port and with a user and a password, percent-encoded.
    Smtp(SecretString),
    /// Into this directory, for development.
    Directory(PathBuf),
}

/// Who mail is from. `Display` writes it as a mail header has it, which `notify` reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// The name people see.
    pub name: Option<String>,
    /// The address, `local@host`.
    pub address: String,
}

impl Environment {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "development" => Some(Self::Development),
            "production" => Some(Self::Production),
            _ => None,
        }
    }
}

impl LogFormat {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "text" => Some(Self::Text),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

impl Database {
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.starts_with("sqlite:") {
            let text = text.strip_suffix("?mode=rwc").unwrap_or(text);
            let path = location(text, "sqlite:")?;
            // The driver reads `?` and `%` in a path as URL syntax, and a database in memory differs per connection.
            return (!path.contains(['?', '%', '#', ':'])).then(|| Self::Sqlite(path.into()));
        }
        let url = Url::parse(text).ok()?;
        let scheme = matches!(url.scheme(), "postgres" | "postgresql");
        // A server on this machine may be named by its socket directory: `postgres:///name?host=/run/postgresql`.
        let server = url.has_host() || url.query_pairs().any(|(key, _)| key == "host");
        (scheme && server && url.path().len() > 1).then(|| Self::Postgres(text.into()))
    }

    /// The URL the database driver takes.
    pub fn url(&self) -> SecretString {
        match self {
            Self::Sqlite(file) => format!("sqlite://{}?mode=rwc", file.display()).into(),
            Self::Postgres(url) => url.clone(),
        }
    }

    /// The directory for what is kept beside the data.
    pub(super) fn directory(&self) -> &Path {
        match self {
            Self::Sqlite(file) => file.parent().unwrap_or(Path::new("")),
            Self::Postgres(_) => Path::new("data"),
        }
    }
}

impl MailOutlet {
    pub(super) fn smtp(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let option = match url.scheme() {
            "smtps" => url.query().is_none(),
            "smtp" => matches!(url.query(), None | Some("tls=required" | "tls=opportunistic" | "tls=none")),
            _ => false,
        };
        let login = url.username().is_empty() == url.password().is_none();
        let bare = matches!(url.path(), "" | "/") && url.fragment().is_none();
        (url.has_host() && option && login && bare).then(|| Self::Smtp(text.into()))
    }

    /// Whether nobody on the way can read the mail: it is encrypted, or does not leave.
    pub(super) fn is_encrypted(&self) -> bool {
        match self {
            Self::Smtp(url) => {
                let url = url.expose_secret();
                url.starts_with("smtps:") || url.ends_with("?tls=required")
            }
            Self::Directory(_) => true,
        }
    }
}

impl Sender {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (name, address) = match text.trim().strip_suffix('>') {
            Some(named) => named.rsplit_once('<').map(|(name, address)| (name.trim(), address))?,
            None => ("", text.trim()),
        };
        let name = name.trim_matches('"');
        let plain = !name.contains(|c: char| c.is_control() || matches!(c, '<' | '>' | '"' | '\\'));
        let name = (!name.is_empty()).then(|| name.to_owned());
        (plain && is_address(address)).then(|| Self { name, address: address.to_owned() })
    }

    pub(super) fn is_local(&self) -> bool {
        let host = self.host();
        host == "localhost" || host.ends_with(".localhost")
    }

    /// The domain of the address, in lower case.
    pub(super) fn host(&self) -> String {
        self.address.rsplit_once('@').map(|(_, host)| host.to_ascii_lowercase()).unwrap_or_default()
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "\"{name}\" <{}>", self.address),
            None => f.write_str(&self.address),
        }
    }
}

fn is_address(text: &str) -> bool {
    let atom = |part: &str| {
        !part.is_empty()
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c))
    };
    text.split_once('@').is_some_and(|(local, host)| local.split('.').all(atom) && is_host(host))
}

fn is_host(text: &str) -> bool {
    let label = |part: &str| {
        let inner = part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        inner && !part.is_empty() && !part.starts_with('-') && !part.ends_with('-')
    };
    text.split('.').all(label)
}

/// The name of a domain or a part of one, in lower case.
pub(super) fn domain(text: &str) -> Option<String> {
    (text.len() <= 200 && is_host(text)).then(|| text.to_ascii_lowercase())
}

/// Where people may sign on.
#[derive(Debug, Clone)]
pub struct SignOn {
    /// The issuer, exactly as it names itself.
    pub issuer: String,
    /// Our name there.
    pub client_id: String,
    /// What proves there that we are we.
    pub client_secret: SecretString,
    /// The page that people come back to.
    pub redirect_url: String,
    /// What people call it.
    pub name: String,
}

/// An address as it stands: an issuer's is its name, compared letter by letter.
pub(super) fn verbatim_url(text: &str) -> Option<String> {
    public_url(text).map(|_| text.to_owned())
}

pub(super) fn printable(text: &str, most: usize) -> Option<String> {
    let plain = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    (plain && text.len() <= most).then(|| text.to_owned())
}

pub(super) fn label(text: &str) -> Option<String> {
    domain::text::line(text, 100).ok()
}

/// What follows a scheme, with or without `//`.
fn location<'t>(text: &'t str, scheme: &str) -> Option<&'t str> {
    let rest = text.strip_prefix(scheme)?;
    Some(rest.strip_prefix("//").unwrap_or(rest)).filter(|path| !path.is_empty() && !path.contains('\0'))
}

pub(super) fn flag(text: &str) -> Option<bool> {
    text.parse().ok()
}

/// Whether it is required.
pub(super) fn second_factor(text: &str) -> Option<bool> {
    match text {
        "required" => Some(true),
        "optional" => Some(false),
        _ => None,
    }
}

pub(super) fn path(text: &str) -> Option<PathBuf> {
    (!text.contains('\0')).then(|| text.into())
}

/// Where uploaded files are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Storage {
    /// In a directory.
    Directory(PathBuf),
    /// In a bucket, under a prefix that may be empty.
    Bucket(String, String),
}

impl Storage {
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Some(path) = location(text, "file:") {
            return Some(Self::Directory(path.into()));
        }
        let (bucket, prefix) =
            location(text, "s3:").map(|rest| rest.split_once('/').unwrap_or((rest, "")))?;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-');
        let named = (3..=63).contains(&bucket.len()) && bucket.chars().all(plain);
        let placed = prefix.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_'));
        (named && placed).then(|| Self::Bucket(bucket.to_owned(), prefix.trim_matches('/').to_owned()))
    }
}

/// How to reach the service of a bucket.
#[derive(Debug, Clone)]
pub struct S3 {
    /// Its address, unless it is Amazon's.
    pub endpoint: Option<Url>,
    /// The region.
    pub region: String,
    /// Who we are.
    pub access_key_id: String,
    /// What proves it.
    pub secret_access_key: SecretString,
}

/// Where the scanner is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scanner {
    /// At a host and port.
    Tcp(String),
    /// At a socket.
    Socket(PathBuf),
}

impl Scanner {
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Some(path) = location(text, "unix:") {
            return Some(Self::Socket(path.into()));
        }
        let address = text.strip_prefix("tcp://")?;
        let (host, port) = address.rsplit_once(':')?;
        (!host.is_empty() && port.parse::<u16>().is_ok()).then(|| Self::Tcp(address.to_owned()))
    }
}

pub(super) fn password(text: &str) -> Option<SecretString> {
    (8..=128).contains(&text.chars().count()).then(|| text.into())
}

/// An address for links, its path ending with `/` so that `join` appends to it.
pub(super) fn public_url(text: &str) -> Option<Url> {
    let mut url = Url::parse(text).ok()?;
    let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    if !matches!(url.scheme(), "http" | "https") || !bare || url.fragment().is_some() {
        return None;
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Some(url)
}

/// An origin as browsers send it.
pub(super) fn origin(text: &str) -> Option<String> {
    let url = public_url(text).filter(|url| url.path() == "/")?;
    Some(url.origin().ascii_serialization())
}

/// Log directives: a level, or `target=level`. Stricter than the library, which takes a misspelt level for a target.
pub(super) fn log_level(text: &str) -> Option<Targets> {
    let level = |text: &str| text.trim().parse::<LevelFilter>().ok().filter(|_| !text.trim().is_empty());
    text.split(',').try_fold(Targets::new(), |targets, directive| match directive.split_once('=') {
        None => level(directive).map(|level| targets.with_default(level)),
        Some((target, text)) => level(text)
            .filter(|_| is_target(target.trim()))
            .map(|level| targets.with_target(target.trim(), level)),
    })
}

fn is_target(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':'))
}
