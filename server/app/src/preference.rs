//! How somebody wants to be told: read, changed, turned off by the link of a mail.

use std::collections::BTreeMap;

use domain::event::{Event, EventKind};
use domain::id::UserId;
use domain::message::MessageStatus;
use domain::preference::{Delivery, Held, LocalTime, NotificationGroup, Preferences, QuietHours, TimeZone};
use domain::problem::Problem;
use entity::{message, notification_preference, user};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect as _, Select,
};
use serde::Serialize;

use crate::App;
use crate::challenge::must_be_version;
use crate::command::Command;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::op::Viewer;

/// The viewer's own; what others prefer, nobody reads.
///
/// Row `PREFERENCES` of [`READS`](domain::access::READS).
pub fn visible_to(viewer: &Viewer) -> Select<notification_preference::Entity> {
    let own: Option<UserId> = viewer.0.as_ref().map(|person| person.id);
    notification_preference::Entity::find().filter(notification_preference::Column::UserId.is_in(own))
}

/// What the viewer prefers.
pub async fn own(app: &App, viewer: &Viewer) -> Result<Preferences> {
    let row = visible_to(viewer).one(&app.db.read).await?;
    Ok(row.map(|row| row.preferences).unwrap_or_default())
}

pub(crate) async fn of(db: &impl ConnectionTrait, user: UserId) -> Result<Preferences> {
    let row = notification_preference::Entity::find_by_id(user).one(db).await?;
    Ok(row.map(|row| row.preferences).unwrap_or_default())
}

/// Whether a mail of that group to somebody has to wait now.
pub(crate) async fn hold(app: &App, user: UserId, group: NotificationGroup) -> Result<Option<Held>> {
    if group.is_mandatory() {
        return Ok(None);
    }
    let now = app.db.clock.read(&app.db.read).await?;
    Ok(of(&app.db.read, user).await?.hold(group, now))
}

/// Changes how one is told. What is left out stays; what waits is decided anew.
#[derive(Serialize)]
pub struct UpdatePreferences {
    /// The version of the account that the caller saw.
    pub expected_version: i32,
    /// Where the clock stands.
    pub time_zone: Option<TimeZone>,
    /// When the digest comes.
    pub digest_at: Option<LocalTime>,
    /// When nothing comes that may wait; `Some(None)`: never.
    pub quiet_hours: Option<Option<QuietHours>>,
    /// How the mails of these groups come.
    pub deliveries: BTreeMap<NotificationGroup, Delivery>,
}

impl Command for UpdatePreferences {
    const NAME: &'static str = "updateNotificationPreferences";
    type Output = UserId;

    async fn run(&self, tx: &Tx) -> Result<UserId> {
        let id = tx.op().user()?;
        let row = account(tx, id).await?;
        must_be_version(Some(self.expected_version), row.version)?;
        let mut preferences = of(tx, id).await?;
        preferences.time_zone = self.time_zone.unwrap_or(preferences.time_zone);
        preferences.digest_at = self.digest_at.unwrap_or(preferences.digest_at);
        preferences.quiet_hours = self.quiet_hours.unwrap_or(preferences.quiet_hours);
        for (group, delivery) in &self.deliveries {
            preferences.choose(*group, *delivery).map_err(|reason| Problem::at("groups", reason))?;
        }
        keep(tx, &row, preferences).await?;
        Ok(id)
    }
}

/// What somebody wants no more mails of.
#[derive(Clone, Copy, Serialize)]
pub(crate) enum Unwanted {
    /// A group.
    Group(NotificationGroup),
    /// Whatever comes in the digest.
    Digest,
}

/// Turns mails off by the link of one of them. They are found in the inbox; again is no harm.
pub(crate) async fn turn_off(tx: &Tx, user: UserId, unwanted: Unwanted) -> Result<()> {
    let row = account(tx, user).await?;
    let mut preferences = of(tx, user).await?;
    let before = preferences.clone();
    for group in NotificationGroup::ALL.iter().copied().filter(|group| !group.is_mandatory()) {
        let is_meant = match unwanted {
            Unwanted::Group(meant) => meant == group,
            Unwanted::Digest => preferences.delivery(group) == Delivery::Digest,
        };
        if is_meant {
            preferences.choose(group, Delivery::InboxOnly)?;
        }
    }
    if preferences == before { Ok(()) } else { keep(tx, &row, preferences).await }
}

async fn account(tx: &Tx, id: UserId) -> Result<user::Model> {
    user::Entity::find_by_id(id).lock_exclusive().one(tx).await?.ok_or(Error::Unauthenticated)
}

async fn keep(tx: &Tx, row: &user::Model, preferences: Preferences) -> Result<()> {
    use notification_preference::Column as P;
    let now = tx.now().await?;
    let change = notification_preference::ActiveModel {
        user_id: Set(row.id),
        preferences: Set(preferences),
        updated_at: Set(now),
    };
    let replaces = sea_orm::sea_query::OnConflict::column(P::UserId)
        .update_columns([P::Preferences, P::UpdatedAt])
        .to_owned();
    notification_preference::Entity::insert(change).on_conflict(replaces).exec_without_returning(tx).await?;
    let account =
        user::ActiveModel { updated_at: Set(now), version: Set(row.version + 1), ..Default::default() };
    user::Entity::update_many().set(account).filter(user::Column::Id.eq(row.id)).exec(tx).await?;
    // What waits for the end of quiet hours or for the digest is looked at once more.
    let anew = message::ActiveModel {
        delivery: Set(Some(Delivery::AtOnce)),
        due_at: Set(now),
        ..Default::default()
    };
    message::Entity::update_many()
        .set(anew)
        .filter(message::Column::UserId.eq(row.id))
        .filter(message::Column::Status.eq(MessageStatus::Held))
        .filter(message::Column::Delivery.is_in([Delivery::AtOnce, Delivery::Digest]))
        .filter(message::Column::DigestId.is_null())
        .exec(tx)
        .await?;
    tx.record(
        Event::new(EventKind::NotificationPreferencesChanged).user(row.id).fact("version", row.version + 1),
    );
    Ok(())
}
