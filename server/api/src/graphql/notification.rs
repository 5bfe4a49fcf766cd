//! The inbox: what somebody was told.

use app::inbox::MarkRead;
use async_graphql::{Context, ID, InputObject, Object};
use domain::event::Event;
use domain::id::MessageId;
use domain::problem::Reason;
use entity::message;

use super::account::User;
use super::challenge::Challenge;
use super::context::Ask as _;
use super::enums::NotificationKind;
use super::error::{Reported, Result};
use super::id;
use super::load::EventOf;
use super::organization::Organization;
use super::page::connection;
use super::payload::{execute, payload};
use super::proposal::Proposal;
use super::scalar::DateTime;
use super::text::Reader;

/// A notification.
#[derive(Clone)]
pub struct Notification(pub message::Model);

/// Something that you were told: a mail that went out to you, or tried to, or is held as you prefer. Nobody but you sees it. What it is about leads only to
/// what you may know today.
#[Object]
impl Notification {
    /// Opaque id; also the `X-Notification-Id` of the mail.
    pub async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// What you were told.
    async fn kind(&self) -> NotificationKind {
        self.0.kind.into()
    }

    /// When it happened.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When you ticked it off; null before.
    async fn read_at(&self) -> Option<DateTime> {
        self.0.read_at.map(DateTime)
    }

    /// The challenge that it is about; null if about none, or none that you may know of today.
    async fn challenge(&self, ctx: &Context<'_>) -> Result<Option<Challenge>> {
        let Some(id) = self.event(ctx).await?.and_then(|event| event.challenge) else { return Ok(None) };
        Ok(super::one(ctx, id).await?.map(Challenge))
    }

    /// The proposal that it is about; null if about none, or none that you may know of today.
    async fn proposal(&self, ctx: &Context<'_>) -> Result<Option<Proposal>> {
        let Some(id) = self.event(ctx).await?.and_then(|event| event.proposal) else { return Ok(None) };
        Ok(super::one(ctx, id).await?.map(Proposal))
    }

    /// The organisation that it is about; null if about none, or none that you may know of today.
    async fn organization(&self, ctx: &Context<'_>) -> Result<Option<Organization>> {
        let Some(id) = self.event(ctx).await?.and_then(|event| event.organization) else { return Ok(None) };
        Ok(super::one(ctx, id).await?.map(Organization))
    }
}

impl Notification {
    async fn event(&self, ctx: &Context<'_>) -> Result<Option<Event>> {
        super::one(ctx, EventOf(self.0.id)).await
    }
}

/// Which notifications a connection counts.
pub struct Own {
    /// Only those that were not ticked off.
    pub only_unread: bool,
}

impl Own {
    async fn count(&self, ctx: &Context<'_>) -> app::Result<u64> {
        let (app, viewer) = super::app_and_viewer(ctx)?;
        app::inbox::count(app, &viewer, self.only_unread).await
    }
}

connection!(
    /// A page of notifications.
    NotificationConnection,
    /// A notification in a list.
    NotificationEdge,
    Notification,
    message::Model,
    Own
);

/// What `markNotificationsRead` needs.
#[derive(InputObject)]
pub struct MarkNotificationsReadInput {
    /// Which, at most 100; left out: all that you have.
    notification_ids: Option<Vec<ID>>,
}

payload! {
    /// Answer of `markNotificationsRead`.
    MarkNotificationsReadPayload {
        /// You, with what is unread now.
        user: User,
    }
}

/// Notifications.
#[derive(Default)]
pub struct NotificationMutation;

/// Notifications.
#[Object]
impl NotificationMutation {
    /// Ticks notifications off: those named, or all. What was ticked off before keeps its time. User errors: `NOT_FOUND`, `TOO_LONG`.
    async fn mark_notifications_read(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: MarkNotificationsReadInput,
    ) -> Result<Option<MarkNotificationsReadPayload>> {
        let mut reader = Reader::default();
        let notifications = match &input.notification_ids {
            None => Some(None),
            Some(ids) if !reader.at_most("notificationIds", ids, 100) => None,
            Some(ids) => {
                let ids = ids.iter().map(id::decode::<MessageId>).collect::<Option<Vec<_>>>();
                reader.keep("notificationIds", ids.map(Some).ok_or(Reason::NotFound))
            }
        };
        let command = notifications.map(|notifications| MarkRead { notifications });
        Ok(Some(match execute(ctx, None, reader.finish(command)).await? {
            Ok(user) => {
                let user = app::account::own(ctx.app()?, user).await.map_err(Reported)?.map(User);
                MarkNotificationsReadPayload { user, user_errors: Vec::new() }
            }
            Err(errors) => MarkNotificationsReadPayload::refused(errors),
        }))
    }
}
