//! Mail: a [`Letter`](domain::letter::Letter) becomes a message, and a message is handed over once.
//!
//! | step | module |
//! |---|---|
//! | facts to subject, text and HTML in the reader's language | [`render`](mod@render) |
//! | headers, one recipient, the same Message-ID on every attempt | [`mail`] |
//! | a signature of our domain before it, if there is a key | [`dkim`] |
//! | each of them with facts as they occur | [`sample`] |
//! | SMTP or a folder; sent, try later, or never | [`send`] |
//! | what comes back days later | [`bounce`] |
//! | a message to a webhook, signed and handed over once | [`webhook`] |
//!
//! Nothing here knows of the database, retries or preferences: the worker that calls [`Mailer::send`] acts on the
//! [`Outcome`].

pub mod bounce;
pub mod dkim;
pub mod mail;
pub mod render;
pub mod sample;
pub mod send;
mod text;
pub mod webhook;

pub use bounce::Bounce;
pub use dkim::{BadKey, Signer, SigningKey};
pub use mail::{Mail, MailError, Sender, mask};
pub use render::{RenderError, Rendered, render};
pub use send::{ConfigError, Mailer, Outcome, Reason, Transport};
pub use webhook::{Call, Called, Courier};
