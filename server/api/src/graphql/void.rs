//! Taking a locked sheet out of the count: the chair asks, the decision maker does it.

use app::review::{ConfirmVoid, RequestVoid};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use domain::challenge::limits::REASON;

use super::error::Result;
use super::evaluation::after_review;
use super::payload::{execute, payload};
use super::review::Review;
use super::scalar::DateTime;
use super::text::{Lines, Reader};

/// What was asked: that a locked sheet be taken out of the count.
#[derive(SimpleObject)]
pub struct VoidRequest {
    /// When the chair asked.
    pub requested_at: DateTime,
    /// Why, in the chair's words.
    pub reason: String,
}

/// What `requestReviewVoid` needs.
#[derive(InputObject)]
pub struct RequestReviewVoidInput {
    /// Which.
    review_id: ID,
    /// Why, 1 to 2,000 characters; the decision maker reads it, and its member once it is done.
    reason: String,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `confirmReviewVoid` needs.
#[derive(InputObject)]
pub struct ConfirmReviewVoidInput {
    /// Which.
    review_id: ID,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

payload! {
    /// Answer of `requestReviewVoid`.
    RequestReviewVoidPayload {
        /// The review, with its `voidRequest`.
        review: Review,
    }
}
payload! {
    /// Answer of `confirmReviewVoid`.
    ConfirmReviewVoidPayload {
        /// The review: its `status` is `VOIDED`.
        review: Review,
    }
}

/// Sheets out of the count.
#[derive(Default)]
pub struct VoidMutation;

/// Sheets out of the count.
#[Object]
impl VoidMutation {
    /// Asks that a locked sheet be taken out of the count, because a conflict of interest was found after the lock; the decision maker is
    /// mailed. For the chair, never on their own sheet nor on the last one of a proposal, until the decision is proposed. User errors:
    /// `NOT_FOUND`, `NOT_PERMITTED`, `CONFLICT`, `ALREADY_EXISTS`, `SELF_APPROVAL`, `QUORUM_NOT_REACHED`, `REQUIRED`, `TOO_LONG`,
    /// `FORBIDDEN_CHARACTER`.
    async fn request_review_void(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which and why.")] input: RequestReviewVoidInput,
    ) -> Result<Option<RequestReviewVoidPayload>> {
        let mut reader = Reader::default();
        let review = reader.id("reviewId", &input.review_id);
        let reason = reader.text("reason", &input.reason, REASON, Lines::Many);
        let command = review.zip(reason).map(|(review, reason)| RequestVoid { review, reason });
        let (review, user_errors) =
            after_review(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?)
                .await?;
        Ok(Some(RequestReviewVoidPayload { review, user_errors }))
    }

    /// Takes a locked sheet out of the count for good: it stays as evidence, and ranking and figures are made anew without it, also those of a
    /// decision that is still a draft. Its member is mailed the reason. For the decision maker, once the chair has asked for it. User errors:
    /// `NOT_FOUND`, `NOT_PERMITTED`, `CONFLICT`, `SECOND_PERSON_REQUIRED`, `QUORUM_NOT_REACHED`.
    async fn confirm_review_void(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: ConfirmReviewVoidInput,
    ) -> Result<Option<ConfirmReviewVoidPayload>> {
        let mut reader = Reader::default();
        let command = reader.id("reviewId", &input.review_id).map(|review| ConfirmVoid { review });
        let (review, user_errors) =
            after_review(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?)
                .await?;
        Ok(Some(ConfirmReviewVoidPayload { review, user_errors }))
    }
}
