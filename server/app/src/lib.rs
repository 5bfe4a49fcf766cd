//! Use cases and every statement that reaches the database.
//!
//! A write is a [`Command`]: one transaction in which it loads, decides by the rules of `domain`, writes with a version,
//! and records what happened; audit entry, event, outgoing mail and idempotency key commit with it or not at all. A read
//! starts at the `visible_to` scope of its entity, so that what a viewer may not know is not there.

pub mod access;
pub mod access_log;
pub mod account;
pub mod action;
pub mod announcement;
pub mod appeal;
pub mod attachment;
pub mod audit;
pub mod batch;
pub mod challenge;
pub mod clarification;
pub mod clock;
pub mod command;
pub mod council;
pub mod courier;
pub mod credentials;
pub mod db;
pub mod dead_letter;
pub mod decision;
pub mod delegation;
mod digest;
pub mod disqualification;
pub mod duplicate;
pub mod error;
pub mod expert;
pub mod feed;
pub mod follow;
pub mod ids;
pub mod inbox;
mod inspect;
pub mod invitation;
pub mod keys;
pub mod message;
pub mod minutes;
mod naming;
pub mod op;
pub mod opening;
pub mod organization;
pub mod page;
pub mod password;
mod pdf;
pub mod plan;
pub mod preference;
pub mod preview;
pub mod privacy;
pub mod proposal;
pub mod publicity;
pub mod question;
pub mod ranking;
pub mod receipt;
pub mod recommend;
mod record;
pub mod reminder;
pub mod retention;
pub mod review;
pub mod saved_search;
pub mod scanner;
pub mod score_table;
pub mod seal;
pub mod search;
pub mod second_factor;
pub mod session;
pub mod sign_on;
pub mod storage;
pub mod structure;
mod throttle;
pub mod vault;
pub mod webhook;
pub mod working_group;

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

pub use command::Command;
pub use db::Tx;
pub use error::{Error, Result};
pub use op::{Op, Person, Viewer};

/// The application: one per process, cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// What the application is made of.
pub struct Inner {
    /// Both handles of the database, and its clock.
    pub db: db::Db,
    /// Keys for tokens and cursors.
    pub keys: keys::Keys,
    /// Hashes passwords, a few at a time.
    pub passwords: password::Passwords,
    /// Seals what the database must not show.
    pub seal: seal::Seal,
    /// Signs receipts.
    pub notary: receipt::Notary,
    /// Lives and limits from the configuration.
    pub settings: Settings,
    /// Keeps files.
    pub storage: Arc<storage::Storage>,
    /// Looks through them for what is harmful, if there is one.
    pub scanner: Option<scanner::Scanner>,
    /// Places of those who look at files.
    pub(crate) lookers: tokio::sync::Semaphore,
    /// Where people may sign on, if anywhere.
    pub issuer: Option<sign_on::issuer::Issuer>,
    /// Viewers read within the last second.
    pub viewers: access::Viewers,
    /// Wakes those who follow something.
    pub hub: feed::Hub,
    /// Wakes the worker after a commit that queued mail.
    pub wake: tokio::sync::Notify,
}

/// What the configuration says about use cases.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where people reach us; begins every link in a mail.
    pub public_url: String,
    /// Life of an access token.
    pub access_token_life: Duration,
    /// A session ends after this long without a refresh.
    pub refresh_token_idle: Duration,
    /// A session ends after this long in any case.
    pub session_life: Duration,
    /// How long after proving who one is what is sensitive may be done.
    pub fresh_for: Duration,
    /// Staff, council members and decision makers may do nothing without a second factor.
    pub is_second_factor_required: bool,
    /// Life of a token that verifies an address.
    pub one_time_token_life: Duration,
    /// Life of an invitation.
    pub invitation_life: Duration,
    /// Pause after the first failed attempt to send a mail.
    pub mail_retry_base: Duration,
    /// How long a worker may hold a mail.
    pub mail_lease: Duration,
    /// How long after its publication a decision can be appealed against.
    pub standstill: Duration,
    /// How far webhooks reach.
    pub webhook_reach: domain::webhook::Reach,
}

/// Files that are looked at at a time: unpacking keeps a processor busy.
const LOOKERS: usize = 2;

impl App {
    /// Puts the parts together.
    pub fn new(
        db: db::Db,
        keys: keys::Keys,
        seal: seal::Seal,
        notary: receipt::Notary,
        (storage, scanner): (storage::Storage, Option<scanner::Scanner>),
        settings: Settings,
        issuer: Option<sign_on::issuer::Issuer>,
    ) -> Self {
        let passwords = password::Passwords::new();
        Self(Arc::new(Inner {
            db,
            keys,
            passwords,
            seal,
            notary,
            storage: Arc::new(storage),
            scanner,
            lookers: tokio::sync::Semaphore::new(LOOKERS),
            settings,
            issuer,
            viewers: access::Viewers::default(),
            hub: feed::Hub::default(),
            wake: tokio::sync::Notify::new(),
        }))
    }
}

impl Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}
