//! Mails as their readers see them.

use mail_parser::MessageParser;

use crate::smtp::Received;

/// A mail that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The one recipient of the envelope.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The plain part.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// The Message-ID, without angle brackets.
    pub message_id: String,
    /// The id of the outbox row that it comes from.
    pub notification_id: String,
    /// Names of all header fields, in order.
    pub headers: Vec<String>,
    bytes: Vec<u8>,
}

impl Mail {
    /// Reads a mail, which must be to one recipient and have everything that each mail of ours has.
    pub fn parse(received: &Received) -> Self {
        let [to] = received.recipients.as_slice() else { panic!("a mail to {:?}", received.recipients) };
        let message = MessageParser::default().parse(&received.bytes).expect("a mail");
        let header = |name: &str| message.header_raw(name).unwrap_or_default().trim().to_owned();
        Self {
            to: to.clone(),
            subject: message.subject().expect("a subject").to_owned(),
            text: message.body_text(0).expect("a plain part").into_owned(),
            html: message.body_html(0).expect("an HTML part").into_owned(),
            message_id: message.message_id().expect("a Message-ID").to_owned(),
            notification_id: header("X-Notification-Id"),
            headers: message.headers().iter().map(|header| header.name().to_owned()).collect(),
            bytes: received.bytes.clone(),
        }
    }

    /// What a header field says.
    pub fn header(&self, name: &str) -> Option<String> {
        let message = MessageParser::default().parse(&self.bytes).expect("a mail");
        message.header_raw(name).map(|value| value.trim().to_owned())
    }

    /// The one-time token that the link carries.
    pub fn token(&self) -> &str {
        let (_, rest) = self.text.split_once("#token=").expect("a link with a token");
        rest.split_whitespace().next().expect("a token")
    }
}
