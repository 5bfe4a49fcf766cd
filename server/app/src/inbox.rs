//! What somebody was told, to be seen again in the application: the mails that went out to them, or tried to, or are held
//! because they prefer it so. So nothing stands there that the mail's own check of rights has held back. What was held back because
//! the address takes no mail does stand there.

use std::collections::HashMap;

use domain::event::Event;
use domain::id::{MessageId, UserId};
use domain::letter::LetterKind;
use domain::message::MessageStatus;
use domain::problem::{Problem, Reason};
use entity::{event, message, user};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, PaginatorTrait as _, QueryFilter, QuerySelect,
    QueryTrait as _, Select,
};
use serde::Serialize;

use crate::App;
use crate::command::Command;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::op::Viewer;
use crate::page::{self, Ask, Key, Page, Sort};

/// Notifications of the viewer, and nobody else's.
///
/// Row `NOTIFICATION` of [`READS`](domain::access::READS).
pub fn visible_to(viewer: &Viewer) -> Select<message::Entity> {
    let own: Option<UserId> = viewer.0.as_ref().map(|person| person.id);
    message::Entity::find()
        .filter(message::Column::UserId.is_in(own))
        .filter(
            Condition::any()
                .add(message::Column::Status.is_in(MessageStatus::TOLD.iter().copied()))
                .add(crate::dead_letter::held_back())
                .add(
                    // What was told stays while it is sent, sent again, or waits for its turn.
                    Condition::all()
                        .add(message::Column::Status.is_in([MessageStatus::Queued, MessageStatus::Sending]))
                        .add(message::Column::InboxSeq.is_not_null()),
                )
                .add(
                    // And what was held before there were numbers.
                    Condition::all()
                        .add(message::Column::Status.eq(MessageStatus::Sending))
                        .add(message::Column::Delivery.is_not_null()),
                ),
        )
        // A digest tells nothing that is not here.
        .filter(message::Column::Kind.ne(LetterKind::Digest))
}

/// The number of what somebody is told next. Whoever asks holds the person's row until the end, so numbers become visible in their
/// order.
pub(crate) async fn next(tx: &Tx, reader: UserId) -> Result<i64> {
    let next = Expr::col(user::Column::InboxSeq).if_null(0_i64).add(1_i64);
    let row = user::Entity::update_many()
        .col_expr(user::Column::InboxSeq, next)
        .filter(user::Column::Id.eq(reader))
        .exec_with_returning(tx)
        .await?;
    let number = row.into_iter().next().and_then(|row| row.inbox_seq);
    number.ok_or_else(|| Error::Internal("a mail to nobody".to_owned()))
}

/// The number of what each of these people was told last.
pub(crate) async fn last(app: &App, readers: Vec<UserId>) -> Result<Vec<(UserId, Option<i64>)>> {
    let rows = user::Entity::find().filter(user::Column::Id.is_in(readers)).select_only();
    let rows = rows.columns([user::Column::Id, user::Column::InboxSeq]).into_tuple();
    Ok(rows.all(&app.db.read).await?)
}

fn listed(viewer: &Viewer, only_unread: bool) -> Select<message::Entity> {
    let all = visible_to(viewer);
    if only_unread { all.filter(message::Column::ReadAt.is_null()) } else { all }
}

/// A page of them, the newest first.
pub async fn list(app: &App, viewer: &Viewer, only_unread: bool, ask: &Ask) -> Result<Page<message::Model>> {
    let sort = Sort {
        column: Some(message::Column::CreatedAt),
        id: message::Column::Id,
        descending: true,
        scope: format!("notifications, only unread: {only_unread}"),
    };
    page::read(&app.db.read, &app.keys, listed(viewer, only_unread), &sort, ask, |row| {
        (Some(Key::Number(row.created_at.micros())), row.id.0)
    })
    .await
}

/// How many there are on all pages.
pub async fn count(app: &App, viewer: &Viewer, only_unread: bool) -> Result<u64> {
    Ok(listed(viewer, only_unread).count(&app.db.read).await?)
}

/// What notifications are about.
pub async fn events(app: &App, viewer: &Viewer, ids: &[MessageId]) -> Result<HashMap<MessageId, Event>> {
    let own = visible_to(viewer).filter(message::Column::Id.is_in(ids.to_vec()));
    let about: Vec<(MessageId, i64)> = own
        .clone()
        .select_only()
        .columns([message::Column::Id, message::Column::EventSeq])
        .into_tuple()
        .all(&app.db.read)
        .await?;
    let seqs = own.select_only().column(message::Column::EventSeq).into_query();
    let rows = event::Entity::find().filter(event::Column::Seq.in_subquery(seqs)).all(&app.db.read).await?;
    let mut events = HashMap::new();
    for row in rows {
        let event: Event =
            serde_json::from_str(&row.payload).map_err(|error| Error::Internal(error.to_string()))?;
        events.insert(row.seq, event);
    }
    Ok(about.into_iter().filter_map(|(id, seq)| Some((id, events.get(&seq)?.clone()))).collect())
}

/// Ticks notifications off: these, or all that there are.
#[derive(Serialize)]
pub struct MarkRead {
    /// Which; None: all.
    pub notifications: Option<Vec<MessageId>>,
}

impl Command for MarkRead {
    const NAME: &'static str = "markNotificationsRead";
    type Output = UserId;

    async fn run(&self, tx: &Tx) -> Result<UserId> {
        use message::Column as M;
        let user = tx.op().user()?;
        let mut own = visible_to(&tx.op().viewer);
        if let Some(ids) = &self.notifications {
            own = own.filter(M::Id.is_in(ids.iter().copied()));
            let known: Vec<MessageId> = own.clone().select_only().column(M::Id).into_tuple().all(tx).await?;
            if ids.iter().any(|id| !known.contains(id)) {
                return Err(Problem::at("notificationIds", Reason::NotFound).into());
            }
        }
        let unread = own.filter(M::ReadAt.is_null()).select_only().column(M::Id).into_query();
        let read = message::ActiveModel { read_at: Set(Some(tx.now().await?)), ..Default::default() };
        message::Entity::update_many().set(read).filter(M::Id.in_subquery(unread)).exec(tx).await?;
        Ok(user)
    }
}
