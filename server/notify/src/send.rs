//! Handing a message over, once. What became of it decides what the worker does next; nothing here retries.
//!
//! lettre's own transport is not used: its time limit covers only the connect, a cancelled send poisons its pool, and it
//! takes `354` for success. Here each message has its own connection, one limit covers all of it, and only a `2xx` after
//! the last byte counts.

use std::error::Error as _;
use std::iter::successors;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use lettre::address::Envelope;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Tls, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::{Response, Severity};
use percent_encoding::percent_decode_str;
use tokio::time::timeout;
use url::{Host, Url};

use crate::bounce;
use crate::dkim::Signer;
use crate::mail::{Mail, MailError, Sender, mask};

/// How long a server may take to say good-bye to a message that it has already accepted.
const QUIT_TIMEOUT: Duration = Duration::from_secs(1);

/// What became of one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The next server has taken it.
    Sent,
    /// Not this time; another attempt may succeed.
    Later(Reason),
    /// No attempt will ever succeed.
    Never(Reason),
}

/// Why not. Fit for logs and for staff: no address, no text of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The recipient's address is not one.
    #[error("the address is not valid")]
    Address,
    /// The letter's words cannot be made; a fault in the program.
    #[error("the letter cannot be composed")]
    Letter,
    /// Our key made no signature; a fault of the machine.
    #[error("the letter cannot be signed")]
    Signature,
    /// The server's negative reply.
    #[error("the mail server answered {0}")]
    Reply(u16),
    /// The negative reply of a server that knows no such mailbox, and never will.
    #[error("the address takes no mail, the mail server answered {0}")]
    NoMailbox(u16),
    /// The whole attempt took too long.
    #[error("the mail server did not answer in time")]
    Timeout,
    /// Nobody listens, the connection broke, or what came back is not SMTP.
    #[error("the mail server cannot be reached or broke off")]
    Connection,
    /// No encryption, or not by a server that can prove its name.
    #[error("the connection to the mail server cannot be encrypted")]
    Tls,
    /// The server wants a log-in, or refused ours.
    #[error("the log-in at the mail server failed")]
    Login,
    /// The folder for mails cannot be written.
    #[error("the mail folder cannot be written")]
    Folder,
}

/// Why mail is not configured. Never repeats the value, which may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Not `Name <address>`.
    #[error("the sender must be an address, or a name and an <address>")]
    Sender,
    /// Another scheme.
    #[error("the mail server's address must start with smtp:// or smtps://")]
    Scheme,
    /// No host, or a path.
    #[error("the mail server's address must be a host and a port")]
    Host,
    /// A user without a password, or not UTF-8.
    #[error("the mail server's user and password must both be given, percent-encoded")]
    Credentials,
    /// An unknown parameter or value.
    #[error("the only option is tls=required|opportunistic|none, and only with smtp://")]
    Option,
    /// The machine's certificates cannot be read.
    #[error("TLS cannot be set up on this machine")]
    Tls,
}

/// Sends letters in one sender's name.
#[derive(Clone, Debug)]
pub struct Mailer {
    sender: Sender,
    transport: Transport,
    signers: Arc<[Signer]>,
}

impl Mailer {
    /// Mail from `sender` by `transport`.
    pub fn new(sender: Sender, transport: Transport) -> Self {
        Self { sender, transport, signers: Arc::default() }
    }

    /// The same with a signature by each of these before every message.
    #[must_use]
    pub fn signed_by(self, signers: impl Into<Arc<[Signer]>>) -> Self {
        Self { signers: signers.into(), ..self }
    }

    /// One attempt, never longer than the transport's limit and a second.
    pub async fn send(&self, mail: &Mail) -> Outcome {
        match self.write(mail) {
            Ok((envelope, message)) => match &self.transport {
                Transport::Smtp(smtp) => smtp.send(&envelope, &message).await,
                Transport::Directory(directory) => directory.send(mail, &message).await,
            },
            Err(MailError::Address) => Outcome::Never(Reason::Address),
            Err(MailError::Signature) => Outcome::Later(Reason::Signature),
            Err(error) => {
                tracing::error!(mail = %mail.message_id, kind = %mail.letter.kind(), ?error, "letter not composed");
                Outcome::Never(Reason::Letter)
            }
        }
    }

    /// The bytes that leave, and to whom. What is signed is what is sent: nothing is written between the two.
    fn write(&self, mail: &Mail) -> Result<(Envelope, Vec<u8>), MailError> {
        let message = self.sender.message(mail)?;
        let bytes = message.formatted();
        let sign = |signer: &Signer| signer.sign(&bytes, mail.written_at).map_err(|_| MailError::Signature);
        let signatures = self.signers.iter().map(sign).collect::<Result<String, _>>()?;
        Ok((message.envelope().clone(), [signatures.into_bytes(), bytes].concat()))
    }
}

/// The way a message takes.
#[derive(Clone, Debug)]
pub enum Transport {
    /// A mail server.
    Smtp(Smtp),
    /// A folder, for development.
    Directory(Directory),
}

impl Transport {
    /// The mail server at `smtp://[user:password@]host[:port][?tls=required|opportunistic|none]` or `smtps://...`;
    /// `limit` is for one whole attempt. Without `tls`, `smtp://` is encrypted exactly if it carries a password.
    pub fn from_url(url: &Url, limit: Duration) -> Result<Self, ConfigError> {
        Smtp::from_url(url, limit).map(Self::Smtp)
    }

    /// A folder that each mail is written to as a file.
    pub fn directory(path: impl Into<PathBuf>) -> Self {
        Self::Directory(Directory(path.into()))
    }

    /// Whether no mail leaves this machine in the clear, whatever the other side offers.
    pub const fn is_confidential(&self) -> bool {
        match self {
            Self::Smtp(smtp) => matches!(smtp.tls, Tls::Required(_) | Tls::Wrapper(_)),
            Self::Directory(_) => true,
        }
    }
}

/// A mail server and how to talk to it.
#[derive(Clone)]
pub struct Smtp {
    host: String,
    port: u16,
    tls: Tls,
    credentials: Option<Credentials>,
    client: ClientId,
    limit: Duration,
}

/// Without the credentials.
impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

impl Smtp {
    fn from_url(url: &Url, limit: Duration) -> Result<Self, ConfigError> {
        let host = match url.host() {
            Some(Host::Ipv6(address)) => address.to_string(),
            Some(host) => host.to_string(),
            None => String::new(),
        };
        if host.is_empty() || !matches!(url.path(), "" | "/") {
            return Err(ConfigError::Host);
        }
        let credentials = credentials(url)?;
        let options: Vec<_> = url.query_pairs().collect();
        let option = match options.as_slice() {
            [] => None,
            [(key, value)] if key == "tls" => Some(value.as_ref()),
            _ => return Err(ConfigError::Option),
        };
        let trust = || TlsParameters::new(host.clone()).map_err(|_| ConfigError::Tls);
        let (tls, port) = match (url.scheme(), option, &credentials) {
            ("smtps", None, _) => (Tls::Wrapper(trust()?), 465),
            ("smtp", Some("required"), _) | ("smtp", None, Some(_)) => (Tls::Required(trust()?), 587),
            ("smtp", Some("opportunistic"), _) => (Tls::Opportunistic(trust()?), 587),
            ("smtp", Some("none"), _) | ("smtp", None, None) => (Tls::None, 25),
            ("smtp" | "smtps", Some(_), _) => return Err(ConfigError::Option),
            _ => return Err(ConfigError::Scheme),
        };
        let port = url.port().unwrap_or(port);
        Ok(Self { host, port, tls, credentials, client: ClientId::default(), limit })
    }

    async fn send(&self, envelope: &Envelope, message: &[u8]) -> Outcome {
        match timeout(self.limit, self.attempt(envelope, message)).await {
            Err(_) => Outcome::Later(Reason::Timeout),
            Ok(Err(refused)) => refused,
            Ok(Ok(mut connection)) => {
                // The message is the server's by now: what happens to the farewell changes nothing.
                let _ = timeout(QUIT_TIMEOUT, connection.quit()).await;
                Outcome::Sent
            }
        }
    }

    async fn attempt(&self, envelope: &Envelope, message: &[u8]) -> Result<AsyncSmtpConnection, Outcome> {
        let mut connection = self.open().await.map_err(Outcome::Later)?;
        hand_over(&mut connection, envelope, message).await?;
        Ok(connection)
    }

    /// Up to the log-in nothing is about this message, so nothing is final.
    async fn open(&self) -> Result<AsyncSmtpConnection, Reason> {
        let wrapper = match &self.tls {
            Tls::Wrapper(trust) => Some(trust.clone()),
            _ => None,
        };
        // Per address: one that swallows packets must leave time for the host's other ones.
        let connect_limit = self.limit / 3;
        let server = (self.host.as_str(), self.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, Some(connect_limit), &self.client, wrapper, None)
                .await
                .map_err(|error| connect_reason(&error))?;
        match &self.tls {
            Tls::Opportunistic(_) if !connection.can_starttls() => {}
            Tls::Required(trust) | Tls::Opportunistic(trust) => {
                connection.starttls(trust.clone(), &self.client).await.map_err(|_| Reason::Tls)?;
            }
            Tls::None | Tls::Wrapper(_) => {}
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await.map_err(|_| Reason::Login)?;
        }
        Ok(connection)
    }
}

fn credentials(url: &Url) -> Result<Option<Credentials>, ConfigError> {
    let decoded = |part: &str| {
        percent_decode_str(part).decode_utf8().map(String::from).map_err(|_| ConfigError::Credentials)
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) | (_, None) => Err(ConfigError::Credentials),
        (user, Some(password)) => Ok(Some(Credentials::new(decoded(user)?, decoded(password)?))),
    }
}

async fn hand_over(
    smtp: &mut AsyncSmtpConnection,
    envelope: &Envelope,
    message: &[u8],
) -> Result<(), Outcome> {
    let from = MailFrom::new(envelope.from().cloned(), Vec::new());
    expect(Severity::PositiveCompletion, smtp.command(from).await)?;
    for to in envelope.to() {
        let reply = smtp.command(Rcpt::new(to.clone(), Vec::new())).await;
        let is_unknown = reply.as_ref().is_err_and(is_about_the_mailbox);
        expect(Severity::PositiveCompletion, reply).map_err(|outcome| match outcome {
            Outcome::Never(Reason::Reply(code)) if is_unknown => Outcome::Never(Reason::NoMailbox(code)),
            outcome => outcome,
        })?;
    }
    expect(Severity::PositiveIntermediate, smtp.command(Data).await)?;
    expect(Severity::PositiveCompletion, smtp.message(message).await)
}

fn expect(severity: Severity, reply: Result<Response, Error>) -> Result<(), Outcome> {
    match reply {
        Ok(reply) if reply.code().severity == severity => Ok(()),
        Ok(_) => Err(Outcome::Later(Reason::Connection)),
        Err(error) => Err(match error.status().map(u16::from) {
            // "Authentication required" and its kin are about our account, not about this message.
            Some(530 | 534 | 535 | 538) => Outcome::Later(Reason::Login),
            Some(code) if error.is_permanent() => Outcome::Never(Reason::Reply(code)),
            Some(code) => Outcome::Later(Reason::Reply(code)),
            None => Outcome::Later(Reason::Connection),
        }),
    }
}

/// Whether a reply to `RCPT` says that there is no such mailbox, and not that ours may not write to it. The enhanced code
/// decides; without one the codes that are for just that.
fn is_about_the_mailbox(error: &Error) -> bool {
    let words = error.source().map(ToString::to_string).unwrap_or_default();
    let code = error.status().map(u16::from);
    match words.split_whitespace().next().filter(|word| bounce::is_enhanced(word)) {
        Some(enhanced) => bounce::is_about_the_mailbox(enhanced),
        None => matches!(code, Some(550 | 551 | 553 | 556)),
    }
}

fn connect_reason(error: &Error) -> Reason {
    let fault = successors(error.source(), |&cause| cause.source())
        .find_map(|cause| cause.downcast_ref::<io::Error>())
        .map(io::Error::kind);
    match (error.status(), fault) {
        (Some(code), _) => Reason::Reply(code.into()),
        // How rustls words a failed handshake: an unknown certificate, or a server that does not speak TLS.
        (None, Some(io::ErrorKind::InvalidData)) => Reason::Tls,
        (None, Some(io::ErrorKind::TimedOut)) => Reason::Timeout,
        _ => Reason::Connection,
    }
}

/// A folder of mails, one file each, whole or not there.
#[derive(Clone, Debug)]
pub struct Directory(PathBuf);

impl Directory {
    async fn send(&self, mail: &Mail, message: &[u8]) -> Outcome {
        let file = file_name(mail);
        match write(&self.0, &file, message).await {
            Ok(()) => {
                tracing::info!(to = mask(&mail.to), kind = %mail.letter.kind(), file, "mail written");
                Outcome::Sent
            }
            Err(_) => Outcome::Later(Reason::Folder),
        }
    }
}

async fn write(folder: &Path, file: &str, bytes: &[u8]) -> io::Result<()> {
    let part = folder.join(format!(".{file}.part"));
    tokio::fs::create_dir_all(folder).await?;
    tokio::fs::write(&part, bytes).await?;
    tokio::fs::rename(&part, folder.join(file)).await
}

/// Sorts by time, tells what and to whom, and cannot leave the folder.
fn file_name(mail: &Mail) -> String {
    let local: String = mail
        .to
        .chars()
        .take_while(|c| *c != '@')
        .map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' })
        .take(40)
        .collect();
    let id = mail.message_id.simple();
    format!("{}-{}-{local}-{id}.eml", mail.written_at.seconds(), mail.letter.kind())
}
