//! The server as it is shipped, with everything around it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use app::{App, Op, Viewer, message};
use domain::account::PlatformRole;
use domain::id::UserId;
use domain::time::Timestamp;
use sea_orm::{DatabaseConnection, EntityTrait as _};
use server::Running;
use server::config::Config;

use crate::database::Database;
use crate::graphql::Client;
use crate::mailbox::Mail;
use crate::meter::Meter;
use crate::person::{self, Era, Person};
use crate::smtp::Smtp;
use crate::wait::eventually;

/// One server on one database. Every test has its own, and ends with [`World::finish`].
pub struct World {
    /// The mail server that everything is sent to.
    pub smtp: Smtp,
    /// Counts statements.
    pub meter: Meter,
    /// Somebody who is not signed in.
    pub visitor: Client,
    server: Running,
    database: Database,
    read: AtomicUsize,
    era: Era,
    unfinished: Unfinished,
}

impl World {
    /// With the settings of a development server, but in a hurry.
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    /// With other settings.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        let (database, smtp, meter) = (Database::fresh().await, Smtp::start().await, Meter::default());
        let (mail, storage) =
            (format!("smtp://{}?tls=none", smtp.address), database.directory.path().join("files"));
        let storage = format!("file:{}", storage.display());
        let mut all = HashMap::from([
            ("DATABASE_URL", database.url.as_str()),
            ("DATABASE_CONNECTIONS", "8"),
            ("LISTEN_ADDR", "127.0.0.1:0"),
            ("SMTP_URL", &mail),
            ("MAIL_RETRY_BASE_SECONDS", "1"),
            ("MAIL_TIMEOUT_SECONDS", "2"),
            ("MAIL_LEASE_SECONDS", "4"),
            ("STORAGE_URL", &storage),
            ("ACCESS_TOKEN_SECONDS", "900"),
            ("DEMO_DATA", "false"),
            // What time brings is told by `reminds`, when the story is there.
            ("SCHEDULE_SECONDS", "86400"),
        ]);
        all.extend(settings.iter().copied());
        let all = all.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let config = Config::from_sources(None, all).unwrap();
        let server = server::start(config, Some(meter.observer()), String::new).await.unwrap();
        let visitor = Client::new(format!("http://{}", server.address));
        Self {
            smtp,
            meter,
            visitor,
            server,
            database,
            read: AtomicUsize::new(0),
            era: Era::default(),
            unfinished: Unfinished,
        }
    }

    /// Somebody with a verified account; the address is `<handle>@example.vn`.
    pub async fn person(&self, handle: &str, name: &str) -> Person {
        Person::new(&self.visitor, &self.era, handle, self.account(handle, name).await)
    }

    /// Somebody with a post on the platform.
    pub async fn holder(&self, handle: &str, name: &str, post: PlatformRole) -> Person {
        let account = person::create(self.app(), handle, name, Some(post)).await;
        Person::new(&self.visitor, &self.era, handle, account)
    }

    /// Somebody who came by the front door and has an account by now.
    pub fn newcomer(&self, handle: &str, account: UserId) -> Person {
        Person::new(&self.visitor, &self.era, handle, account)
    }

    /// A verified account of somebody who never signs in, for what is done by commands.
    pub async fn account(&self, handle: &str, name: &str) -> UserId {
        person::create(self.app(), handle, name, None).await
    }

    /// A request by this account, with the rights that it has now.
    pub async fn op(&self, account: UserId) -> Arc<Op> {
        let person = app::access::person(&self.app().db, account).await.unwrap();
        Arc::new(Op::of_system(Viewer(person)))
    }

    /// The application behind the server.
    pub fn app(&self) -> &App {
        &self.server.app
    }

    /// Where files are kept.
    pub fn files(&self) -> std::path::PathBuf {
        self.database.directory.path().join("files")
    }

    /// Where the database is, for another process.
    pub fn database_url(&self) -> &str {
        &self.database.url
    }

    /// The database, for looking behind the curtain and for tampering.
    pub fn db(&self) -> &DatabaseConnection {
        self.app().db.for_migrations()
    }

    /// The deciding time.
    pub async fn now(&self) -> Timestamp {
        self.app().db.clock.read(&self.app().db.read).await.unwrap()
    }

    /// Lets time pass, once everything that was to be mailed is.
    pub async fn pass(&self, time: Duration) {
        self.is_quiet().await;
        self.app().db.clock.shift(i64::try_from(time.as_micros()).unwrap());
        self.app().hub.ring();
        self.era.fetch_add(1, Ordering::Relaxed);
    }

    /// Lets the clock be asked what is due; how much that was.
    pub async fn reminds(&self) -> u64 {
        app::reminder::remind(self.app()).await.unwrap()
    }

    /// Waits until no mail waits.
    pub async fn is_quiet(&self) {
        eventually("all mail is sent or given up", async || {
            message::is_quiet(self.app()).await.unwrap().then_some(())
        })
        .await;
    }

    /// All mail that ever arrived, once no more is on its way.
    pub async fn mail(&self) -> Vec<Mail> {
        self.is_quiet().await;
        self.smtp.received().iter().map(Mail::parse).collect()
    }

    /// The last mail to a person.
    pub async fn last_mail_to(&self, address: &str) -> Mail {
        let mail = self.mail().await.into_iter().rev().find(|mail| mail.to == address);
        mail.unwrap_or_else(|| panic!("no mail to {address}"))
    }

    /// Who got what since it was last asked, in alphabetical order: `proposal_submitted: <handle of the reader>`.
    pub async fn letters(&self) -> Vec<String> {
        let mails = self.mail().await;
        let new = mails.iter().skip(self.read.swap(mails.len(), Ordering::Relaxed));
        let rows = entity::message::Entity::find().all(&self.app().db.read).await.unwrap();
        let kinds: HashMap<_, _> = rows.into_iter().map(|row| (row.id.to_string(), row.kind)).collect();
        let mut letters: Vec<_> = new
            .map(|mail| {
                format!("{}: {}", kinds[&mail.notification_id], mail.to.trim_end_matches("@example.vn"))
            })
            .collect();
        letters.sort();
        letters
    }

    /// The end: everything that was to be mailed is, nothing was given up unseen, and the audit chain holds.
    pub async fn finish(self) {
        self.is_quiet().await;
        let chain = app::audit::verify(self.app(), None).await.unwrap();
        assert!(chain.is_ok(), "{chain:?}");
        self.abandon().await;
    }

    /// The end of a world that a test has broken on purpose.
    pub async fn abandon(self) {
        let Self { server, database, unfinished, .. } = self;
        server.stop().await.unwrap();
        database.give_back().await;
        std::mem::forget(unfinished);
    }
}

/// Fails a test that forgot to look whether everything was in order at the end.
struct Unfinished;

impl Drop for Unfinished {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "a story ends with `world.finish().await`");
    }
}
