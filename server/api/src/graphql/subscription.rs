//! What happens, as it happens. Each run tells what is new since the last one, by the rights of its moment; the edge runs it
//! again when there may be more.

use std::sync::Arc;

use app::feed::{Feed, Step};
use async_graphql::{Context, ID, Object, Subscription as Subscribes};
use domain::feed as rules;
use domain::id::{ChallengeId, ProposalId};
use edge::Code;
use entity::{challenge, message, proposal};
use futures_util::{Stream, stream};

use super::challenge::Challenge;
use super::context::Ask as _;
use super::enums::{ChallengeStep, ProposalStep};
use super::error::{Reported, Result, coded, fault};
use super::id;
use super::notification::Notification;
use super::proposal::Proposal;
use super::scalar::DateTime;

/// Something happened to a challenge that you follow.
pub struct ChallengeUpdate(Step<rules::ChallengeStep>, challenge::Model);

/// Something happened to a challenge that you follow.
#[Object]
impl ChallengeUpdate {
    /// The challenge as it is now, perhaps some steps further already.
    async fn challenge(&self) -> Challenge {
        Challenge(self.1.clone())
    }

    /// What happened.
    async fn step(&self) -> ChallengeStep {
        self.0.kind.into()
    }

    /// When it happened.
    async fn at(&self) -> DateTime {
        DateTime(self.0.at)
    }

    /// Opaque; good for `after` of the same subscription.
    async fn cursor(&self) -> &str {
        &self.0.cursor
    }
}

/// Something happened to a proposal that you follow.
pub struct ProposalUpdate(Step<rules::ProposalStep>, proposal::Model);

/// Something happened to a proposal that you follow.
#[Object]
impl ProposalUpdate {
    /// The proposal as it is now, perhaps some steps further already.
    async fn proposal(&self) -> Proposal {
        Proposal(self.1.clone())
    }

    /// What happened.
    async fn step(&self) -> ProposalStep {
        self.0.kind.into()
    }

    /// When it happened.
    async fn at(&self) -> DateTime {
        DateTime(self.0.at)
    }

    /// Opaque; good for `after` of the same subscription.
    async fn cursor(&self) -> &str {
        &self.0.cursor
    }
}

/// The figures of a council's work may have changed.
pub struct ReviewProgressUpdate(Step<()>, challenge::Model);

/// The figures of a council's work may have changed.
#[Object]
impl ReviewProgressUpdate {
    /// The challenge, with `reviewProgress` as it is now.
    async fn challenge(&self) -> Challenge {
        Challenge(self.1.clone())
    }

    /// When it happened.
    async fn at(&self) -> DateTime {
        DateTime(self.0.at)
    }

    /// Opaque; good for `after` of the same subscription.
    async fn cursor(&self) -> &str {
        &self.0.cursor
    }
}

/// You were told something.
pub struct NotificationUpdate(Step<message::Model>);

/// You were told something.
#[Object]
impl NotificationUpdate {
    /// What you were told.
    async fn notification(&self) -> Notification {
        Notification(self.0.kind.clone())
    }

    /// Opaque; good for `after` of the same subscription.
    async fn cursor(&self) -> &str {
        &self.0.cursor
    }
}

/// Subscriptions.
#[derive(Default)]
pub struct Subscription;

/// What happens, as it happens, by graphql-transport-ws at `/graphql/ws` or as server-sent events. Each event comes once and in order; who was away
/// goes on with `after`. By the rights at the moment of each event: when you may not know of the thing any more, the next one
/// is the error `NOT_FOUND`, and the end.
#[Subscribes]
impl Subscription {
    /// What happens to a challenge: to everybody from its publication on; drafting only to those who work on the draft and to the
    /// programme office. Nothing that is not shown on the challenge itself: no proposal makes it come. `NOT_FOUND` for what you
    /// may not know of.
    async fn challenge_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The challenge.")] id: ID,
        #[graphql(desc = "From after this cursor on; from now on unless given.")] after: Option<String>,
    ) -> Result<impl Stream<Item = ChallengeUpdate>> {
        let known: ChallengeId = id::decode(&id).ok_or_else(not_found)?;
        let news =
            app::feed::challenge(ctx.app()?, &ctx.viewer()?, feed(ctx)?, known, after.as_deref()).await;
        let (row, steps) = news.map_err(Reported)?.ok_or_else(not_found)?;
        Ok(stream::iter(steps.into_iter().map(move |step| ChallengeUpdate(step, row.clone()))))
    }

    /// What happens to a proposal: all of it to its team, to the others who may know of it what happens after the opening.
    /// `NOT_FOUND` for what you may not know of.
    async fn proposal_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The proposal.")] id: ID,
        #[graphql(desc = "From after this cursor on; from now on unless given.")] after: Option<String>,
    ) -> Result<impl Stream<Item = ProposalUpdate>> {
        let known: ProposalId = id::decode(&id).ok_or_else(not_found)?;
        let news = app::feed::proposal(ctx.app()?, &ctx.viewer()?, feed(ctx)?, known, after.as_deref()).await;
        let (row, steps) = news.map_err(Reported)?.ok_or_else(not_found)?;
        Ok(stream::iter(steps.into_iter().map(move |step| ProposalUpdate(step, row.clone()))))
    }

    /// When the figures of a council's work may have changed, for its chair and secretary. Proposals with which you are in
    /// conflict make it not come. `NOT_FOUND` for everybody else.
    async fn review_progress_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The challenge.")] challenge_id: ID,
        #[graphql(desc = "From after this cursor on; from now on unless given.")] after: Option<String>,
    ) -> Result<impl Stream<Item = ReviewProgressUpdate>> {
        let known: ChallengeId = id::decode(&challenge_id).ok_or_else(not_found)?;
        let news =
            app::feed::review_progress(ctx.app()?, &ctx.viewer()?, feed(ctx)?, known, after.as_deref()).await;
        let (row, steps) = news.map_err(Reported)?.ok_or_else(not_found)?;
        Ok(stream::iter(steps.into_iter().map(move |step| ReviewProgressUpdate(step, row.clone()))))
    }

    /// What you are told, as it comes into `viewer.notifications`: once each, in the order in which it came. It comes when its mail went
    /// out, or was first tried, or is held as you prefer. `UNAUTHENTICATED` for whoever is not signed in.
    async fn notification_received(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "From after this cursor on; from now on unless given.")] after: Option<String>,
    ) -> Result<impl Stream<Item = NotificationUpdate>> {
        let news = app::feed::inbox(ctx.app()?, &ctx.viewer()?, feed(ctx)?, after.as_deref()).await;
        Ok(stream::iter(news.map_err(Reported)?.into_iter().map(NotificationUpdate)))
    }
}

fn feed<'a>(ctx: &'a Context<'_>) -> Result<&'a Feed> {
    // The endpoint puts it there before it runs a subscription.
    ctx.data::<Arc<Feed>>().map(Arc::as_ref).map_err(|_| fault("no feed in the context"))
}

fn not_found() -> async_graphql::Error {
    coded(Code::NotFound, "There is nothing by this id that you may know of.")
}
