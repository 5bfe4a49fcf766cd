//! One mail to one person, as a message. Everything that names the mail derives from its row, so that a second attempt
//! after a lost answer is recognisably the same mail.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::letter::Letter;
use domain::locale::Locale;
use domain::text::Email;
use domain::time::Timestamp;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, MultiPartKind, SinglePart};
use lettre::{Address, Message};
use uuid::Uuid;

use crate::render::{RenderError, render};
use crate::send::ConfigError;
use crate::text;

const NOTIFICATION_ID: HeaderName = HeaderName::new_from_ascii_str("X-Notification-Id");
const AUTO_SUBMITTED: HeaderName = HeaderName::new_from_ascii_str("Auto-Submitted");
/// One click, without logging in (RFC 8058).
const LIST_UNSUBSCRIBE: HeaderName = HeaderName::new_from_ascii_str("List-Unsubscribe");
const LIST_UNSUBSCRIBE_POST: HeaderName = HeaderName::new_from_ascii_str("List-Unsubscribe-Post");
const CONTENT_LANGUAGE: HeaderName = HeaderName::new_from_ascii_str("Content-Language");

/// Longest name of a person that a header and a greeting carry.
const NAME_MAX: usize = 100;

/// A letter and the one person who gets it.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The outbox row's id.
    pub message_id: Uuid,
    /// The address, and nothing but the address.
    pub to: String,
    /// As the person wrote it; may be empty.
    pub recipient_name: String,
    /// The person's language.
    pub locale: Locale,
    /// When the row was written. It is the date of every attempt, so that all of them are the same bytes.
    pub written_at: Timestamp,
    /// What it says.
    pub letter: Letter,
    /// Where one click ends what brought it, if that can be ended.
    pub unsubscribe: Option<String>,
}

impl Mail {
    /// A person's name, or nothing for what is empty or has the marks of an address: whoever registers with somebody
    /// else's address and a link for a name would have us deliver it.
    fn name(&self) -> Option<String> {
        let name = text::cut(&text::line(&self.recipient_name), NAME_MAX);
        (!name.is_empty() && !name.contains(['/', '@'])).then_some(name)
    }

    /// Within the years that lettre can print; beyond them it panics.
    fn date(&self) -> SystemTime {
        const END_OF_9998: i64 = 253_370_764_799;
        UNIX_EPOCH + Duration::from_secs(self.written_at.seconds().clamp(0, END_OF_9998).unsigned_abs())
    }
}

/// Why a mail cannot be sent, whatever the mail server says.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The recipient's address is none. The address itself is not repeated: this ends up in logs.
    #[error("the recipient's address is not valid")]
    Address,
    /// The words are missing.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The parts do not make a message.
    #[error("the message is not complete")]
    Message(#[from] lettre::error::Error),
    /// Our key makes no signature, for the moment.
    #[error("the message cannot be signed")]
    Signature,
}

/// Whom the mails come from.
#[derive(Clone, Debug)]
pub struct Sender(Mailbox);

impl Sender {
    /// From `Name <address>` or an address alone, as in `MAIL_FROM`.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let Mailbox { name, email } = text.parse().map_err(|_| ConfigError::Sender)?;
        if !email.to_string().is_ascii() {
            return Err(ConfigError::Sender);
        }
        Ok(Self(Mailbox::new(name.map(|name| text::line(&name)), email)))
    }

    /// The message for `mail`. Equal mails give equal bytes.
    pub fn message(&self, mail: &Mail) -> Result<Message, MailError> {
        let to: Address = Email::parse(&mail.to)
            .ok()
            .and_then(|address| address.to_string().parse().ok())
            .ok_or(MailError::Address)?;
        let name = mail.name();
        let words = render(&mail.letter, name.as_deref().unwrap_or_default(), mail.locale)?;
        let id = mail.message_id;
        let parts = MultiPart::builder()
            .kind(MultiPartKind::Alternative)
            .boundary(id.simple().to_string())
            .build()
            .singlepart(SinglePart::plain(words.text))
            .singlepart(SinglePart::html(words.html));

        let mut message = Message::builder();
        if let Some(link) = &mail.unsubscribe {
            message = message
                .raw_header(unfolded(LIST_UNSUBSCRIBE, format!("<{link}>")))
                .raw_header(HeaderValue::new(LIST_UNSUBSCRIBE_POST, "List-Unsubscribe=One-Click".to_owned()));
        }
        Ok(message
            .from(self.0.clone())
            .to(Mailbox::new(name, to))
            .date(mail.date())
            .subject(words.subject)
            .message_id(Some(format!("<{id}@{}>", self.0.email.domain())))
            .raw_header(HeaderValue::new(NOTIFICATION_ID, id.to_string()))
            .raw_header(HeaderValue::new(AUTO_SUBMITTED, "auto-generated".to_owned()))
            .raw_header(HeaderValue::new(CONTENT_LANGUAGE, mail.locale.to_string()))
            .multipart(parts)?)
    }
}

/// A field that is one word and must stay one: an address that is encoded is none.
fn unfolded(name: HeaderName, value: String) -> HeaderValue {
    HeaderValue::dangerous_new_pre_encoded(name, value.clone(), value)
}

/// An address as logs may show it: `n***@example.vn`.
pub fn mask(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) => {
            let first = local.chars().next().filter(char::is_ascii_alphanumeric);
            format!("{}***@{}", first.map(String::from).unwrap_or_default(), text::line(domain))
        }
        None => "***".to_owned(),
    }
}
