//! Failures as they are kept: `domain::throttle` says what they mean.
//!
//! A failure is counted while its place among the hashing ones is still held, so that parallel guesses do not slip through.
//! Keys are digests by a key of ours: the table names no address.

use domain::text::Email;
use domain::throttle::{self, Failures, Patience};
use domain::time::Timestamp;
use entity::throttle as row;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect as _};
use serde::Serialize;

use crate::App;
use crate::db::Tx;
use crate::error::{Error, Result};

/// What a failure counts against.
#[derive(Clone, Debug, Serialize)]
pub struct Counted {
    // Sorted, so that locks are always taken in one order.
    keys: Vec<Entry>,
}

#[derive(Clone, Debug, Serialize)]
struct Entry {
    key: String,
    #[serde(skip)]
    patience: Patience,
    /// Forgotten when the right password comes.
    is_own: bool,
}

impl Counted {
    fn new(app: &App, entries: impl IntoIterator<Item = (String, Patience, bool)>) -> Self {
        let entries = entries.into_iter();
        let keys =
            entries.map(|(text, patience, is_own)| Entry { key: app.keys.blind(&text), patience, is_own });
        let mut keys: Vec<_> = keys.collect();
        keys.sort_by(|a, b| a.key.cmp(&b.key));
        Self { keys }
    }

    /// A stranger's guess at an account.
    pub(crate) fn stranger(app: &App, email_key: &str, address: &str) -> Self {
        Self::new(
            app,
            [
                (format!("account {email_key}"), throttle::ACCOUNT, true),
                (format!("address {address}"), throttle::ADDRESS, false),
                ("everybody".to_owned(), throttle::EVERYBODY, false),
            ],
        )
    }

    /// A guess from a device that the account was used from.
    pub(crate) fn device(app: &App, hash: &str) -> Self {
        Self::new(app, [(format!("device {hash}"), throttle::ACCOUNT, true)])
    }

    /// A guess from an address that the account was used from.
    pub(crate) fn known_address(app: &App, email_key: &str, address: &str) -> Self {
        Self::new(app, [(format!("place {email_key} {address}"), throttle::ACCOUNT, true)])
    }

    /// A guess by somebody who is signed in, or has shown the password: at a code or at the password.
    pub(crate) fn person(app: &App, user: domain::id::UserId) -> Self {
        Self::new(app, [(format!("code {user}"), throttle::CODE, true)])
    }

    /// One more mail to an address.
    pub(crate) fn mails(app: &App, email: &Email) -> Self {
        Self::new(app, [(format!("mails {}", email.key()), throttle::MAILS, true)])
    }

    /// One more departure to the issuer.
    pub(crate) fn departure(app: &App, address: &str) -> Self {
        Self::new(app, [(format!("departures {address}"), throttle::DEPARTURES, false)])
    }

    /// Refuses whoever has to wait.
    pub(crate) async fn must_not_wait(
        &self,
        connection: &impl ConnectionTrait,
        now: Timestamp,
    ) -> Result<()> {
        let rows = row::Entity::find().filter(row::Column::Key.is_in(self.names())).all(connection).await?;
        let waits =
            self.keys.iter().filter_map(|entry| throttle::wait(entry.failures(&rows), &entry.patience, now));
        match waits.max() {
            Some(seconds) => Err(Error::RateLimited { seconds: u64::try_from(seconds).unwrap_or(1) }),
            None => Ok(()),
        }
    }

    /// Counts one more.
    pub(crate) async fn count(&self, tx: &Tx) -> Result<()> {
        let now = tx.now().await?;
        // First there is a row to lock, then it is read.
        let none = self.keys.iter().map(|entry| row::ActiveModel {
            key: Set(entry.key.clone()),
            failures: Set(0),
            last_at: Set(now),
        });
        row::Entity::insert_many(none)
            .on_conflict_do_nothing_on([row::Column::Key])
            .exec_without_returning(tx)
            .await?;
        let rows =
            row::Entity::find().filter(row::Column::Key.is_in(self.names())).lock_exclusive().all(tx).await?;
        let counted = self.keys.iter().map(|entry| {
            let Failures { count, last_at } = throttle::one_more(entry.failures(&rows), &entry.patience, now);
            row::ActiveModel { key: Set(entry.key.clone()), failures: Set(count), last_at: Set(last_at) }
        });
        let latest = OnConflict::column(row::Column::Key)
            .update_columns([row::Column::Failures, row::Column::LastAt])
            .to_owned();
        row::Entity::insert_many(counted).on_conflict(latest).exec_without_returning(tx).await?;
        Ok(())
    }

    /// The right one came: what was counted against its owner is forgotten, what was against others is not.
    pub(crate) async fn forget(&self, tx: &Tx) -> Result<()> {
        let own = self.keys.iter().filter(|entry| entry.is_own).map(|entry| entry.key.clone());
        row::Entity::update_many()
            .set(row::ActiveModel { failures: Set(0), ..Default::default() })
            .filter(row::Column::Key.is_in(own))
            .filter(row::Column::Failures.gt(0))
            .exec(tx)
            .await?;
        Ok(())
    }

    fn names(&self) -> Vec<String> {
        self.keys.iter().map(|entry| entry.key.clone()).collect()
    }
}

impl Entry {
    fn failures(&self, rows: &[row::Model]) -> Option<Failures> {
        let row = rows.iter().find(|row| row.key == self.key)?;
        Some(Failures { count: row.failures, last_at: row.last_at })
    }
}

/// What the owner's new password by mail takes away: failures of strangers at the account.
pub(crate) async fn begin_anew(tx: &Tx, email_key: &str) -> Result<()> {
    Counted::stranger(tx.app(), email_key, "").forget(tx).await
}
