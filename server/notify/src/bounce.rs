//! What comes back of a mail that the next server took: a delivery status notification (RFC 3464), read for what we need.

use mail_parser::{MessageParser, MimeHeaders as _, PartType};
use uuid::Uuid;

/// A mail of ours did not reach its recipient and never will.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounce {
    /// The outbox row's id, by the head that came back with the report.
    pub message_id: Uuid,
    /// Whom the report names.
    pub recipients: Vec<String>,
    /// The enhanced status code, `5.1.1`.
    pub status: String,
    /// There is no such mailbox, as opposed to one that did not want this mail.
    pub is_about_the_mailbox: bool,
}

impl Bounce {
    /// Reads a whole message; None for whatever is no report of a final failure of one mail of ours.
    pub fn read(message: &[u8]) -> Option<Self> {
        let report = MessageParser::default().parse(message)?;
        let kind = report.content_type()?;
        if !(kind.ctype() == "multipart" && kind.subtype() == Some("report")) {
            return None;
        }
        let (mut status, mut returned) = (None, None);
        for part in &report.parts {
            let Some(kind) = part.content_type() else { continue };
            match (kind.ctype(), kind.subtype()?, &part.body) {
                ("message", "delivery-status", _) => status = std::str::from_utf8(part.contents()).ok(),
                ("message", "rfc822" | "global", PartType::Message(mail)) => returned = id_of(mail),
                ("text", "rfc822-headers", _) => {
                    returned = MessageParser::default().parse(part.contents()).as_ref().and_then(id_of);
                }
                _ => {}
            }
        }
        Self::of(returned?, status?)
    }

    /// By the groups of a report: the first is about the message, each further one about a recipient.
    fn of(message_id: Uuid, report: &str) -> Option<Self> {
        let report = report.replace("\r\n", "\n");
        report.split("\n\n").find_map(|group| {
            let value = |wanted: &str| {
                let mut lines = group.lines().filter_map(|line| line.split_once(':'));
                lines
                    .find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted))
                    .map(|(_, value)| value.trim())
            };
            let status = value("Status")?.split_whitespace().next()?;
            let failed = value("Action")?.eq_ignore_ascii_case("failed");
            if !failed || !is_enhanced(status) || !status.starts_with('5') {
                return None;
            }
            let named = ["Original-Recipient", "Final-Recipient"].into_iter().filter_map(value);
            let recipients =
                named.filter_map(|name| Some(name.split_once(';')?.1.trim().to_owned())).collect();
            let is_about_the_mailbox = is_about_the_mailbox(status);
            Some(Self { message_id, recipients, status: status.to_owned(), is_about_the_mailbox })
        })
    }
}

/// The outbox row of a mail that came back: both fields that name it must agree.
fn id_of(mail: &mail_parser::Message) -> Option<Uuid> {
    let id = Uuid::parse_str(mail.header("X-Notification-Id")?.as_text()?).ok()?;
    let (named, _) = mail.message_id()?.split_once('@')?;
    (Uuid::parse_str(named).ok()? == id).then_some(id)
}

/// Whether it is a status code of three numbers (RFC 3463).
pub(crate) fn is_enhanced(text: &str) -> bool {
    let number = |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split('.').count() == 3 && text.split('.').all(number)
}

/// No such mailbox or host, a host that takes no mail, moved away, or switched off; not full, and not unwilling.
pub(crate) fn is_about_the_mailbox(status: &str) -> bool {
    matches!(status, "5.1.1" | "5.1.2" | "5.1.3" | "5.1.6" | "5.1.10" | "5.2.1")
}
