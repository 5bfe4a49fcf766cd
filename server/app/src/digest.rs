//! The digest: once a day, what somebody did not want by itself. Every process looks whose time has come; an item goes into one
//! digest, because the account is locked meanwhile, and a day has one, because its row is inserted once.

use domain::event::{Event, EventKind};
use domain::id::UserId;
use domain::message::MessageStatus;
use domain::preference::Delivery;
use domain::reminder::ReminderKind;
use domain::time::Timestamp;
use entity::{message, reminder, user};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder as _, QuerySelect as _, Select,
    TryInsertResult,
};
use serde::Serialize;
use uuid::Uuid;

use crate::App;
use crate::command::Command;
use crate::db::Tx;
use crate::error::Result;

/// Most items in one; the rest is of the next day's.
const ITEMS: u64 = 100;

fn waiting(now: Timestamp) -> Select<message::Entity> {
    message::Entity::find()
        .filter(message::Column::Status.eq(MessageStatus::Held))
        .filter(message::Column::DueAt.lte(now))
        .filter(message::Column::Delivery.eq(Delivery::Digest))
}

/// Whose digest may be due.
pub(crate) async fn due(app: &App, now: Timestamp) -> Result<Vec<UserId>> {
    let users = waiting(now).select_only().column(message::Column::UserId).distinct();
    Ok(users.into_tuple::<Option<UserId>>().all(&app.db.read).await?.into_iter().flatten().collect())
}

/// Mails somebody's digest, if it is due and nobody else was faster. After days without a worker it is one for all of them.
#[derive(Serialize)]
pub(crate) struct SendDigest {
    pub user: UserId,
}

impl Command for SendDigest {
    const NAME: &'static str = "sendDigest";
    type Output = bool;

    async fn run(&self, tx: &Tx) -> Result<bool> {
        user::Entity::find_by_id(self.user).lock_exclusive().one(tx).await?;
        let now = tx.now().await?;
        let items: Vec<_> = waiting(now)
            .filter(message::Column::UserId.eq(self.user))
            .order_by_asc(message::Column::CreatedAt)
            .order_by_asc(message::Column::Id)
            .limit(ITEMS)
            .all(tx)
            .await?
            .into_iter()
            .map(|row| row.id)
            .collect();
        if items.is_empty() {
            return Ok(false);
        }
        let row = reminder::ActiveModel {
            kind: Set(ReminderKind::Digest),
            object_id: Set(self.user.0),
            due_at: Set(crate::preference::of(tx, self.user).await?.digest_of(now)),
            reminded_at: Set(now),
        };
        let key = [reminder::Column::Kind, reminder::Column::ObjectId, reminder::Column::DueAt];
        let inserted =
            reminder::Entity::insert(row).on_conflict_do_nothing_on(key).exec_without_returning(tx).await?;
        if !matches!(inserted, TryInsertResult::Inserted(1)) {
            return Ok(false);
        }
        let digest: Uuid = crate::ids::random();
        let gathered = message::ActiveModel {
            digest_id: Set(Some(digest)),
            due_at: Set(Timestamp::END_OF_TIME),
            ..Default::default()
        };
        message::Entity::update_many()
            .set(gathered)
            .filter(message::Column::Id.is_in(items))
            .exec(tx)
            .await?;
        tx.record(Event::new(EventKind::DigestDue).user(self.user).fact("digest", digest));
        Ok(true)
    }
}
