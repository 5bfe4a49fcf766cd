//! Taking a proposal out of the running: the council's secretary asks, the decision maker does it, or not.

use app::disqualification::{RequestDisqualification, RuleOnDisqualification};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use domain::challenge::limits::REASON;
use entity::proposal;

use super::enums::DisqualificationGround;
use super::error::Result;
use super::payload::{execute, payload};
use super::proposal::{Proposal, after};
use super::scalar::DateTime;
use super::text::{Lines, Reader};

/// What was asked, and what came of it: that a proposal be taken out of the running.
#[derive(SimpleObject)]
pub struct Disqualification {
    /// On which ground.
    ground: DisqualificationGround,
    /// Why, in the secretary's words.
    reason: String,
    /// When the secretary asked.
    requested_at: DateTime,
    /// Why the decision maker left it in; null while that is open, and once it is out.
    refusal_reason: Option<String>,
}

impl Disqualification {
    /// What the row says of it; None before anybody asks.
    pub fn of(row: proposal::Model) -> Option<Self> {
        Some(Self {
            ground: row.disqualification_ground?.into(),
            reason: row.disqualification_reason?,
            requested_at: DateTime(row.disqualification_requested_at?),
            refusal_reason: row.disqualification_refusal,
        })
    }
}

/// What `requestDisqualification` needs.
#[derive(InputObject)]
pub struct RequestDisqualificationInput {
    /// Which.
    proposal_id: ID,
    /// On which ground.
    ground: DisqualificationGround,
    /// Why, 1 to 2,000 characters; the decision maker reads it, and its team is mailed it once it is done. In a blind call name nobody.
    reason: String,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `confirmDisqualification` needs.
#[derive(InputObject)]
pub struct ConfirmDisqualificationInput {
    /// Which.
    proposal_id: ID,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `refuseDisqualification` needs.
#[derive(InputObject)]
pub struct RefuseDisqualificationInput {
    /// Which.
    proposal_id: ID,
    /// Why it stays in, 1 to 2,000 characters; chair and secretary read it, its team does not.
    reason: String,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

payload! {
    /// Answer of `requestDisqualification`.
    RequestDisqualificationPayload {
        /// The proposal, with its `disqualification`.
        proposal: Proposal,
    }
}
payload! {
    /// Answer of `confirmDisqualification`.
    ConfirmDisqualificationPayload {
        /// The proposal: its `status` is `DISQUALIFIED`.
        proposal: Proposal,
    }
}
payload! {
    /// Answer of `refuseDisqualification`.
    RefuseDisqualificationPayload {
        /// The proposal, as it was.
        proposal: Proposal,
    }
}

/// Proposals out of the running.
#[derive(Default)]
pub struct DisqualificationMutation;

/// Proposals out of the running.
#[Object]
impl DisqualificationMutation {
    /// Asks that a proposal be taken out of the running, from the screening on and whatever was decided; the decision maker is mailed, its
    /// team learns nothing. For the secretary, who declared no conflict with it and is tied to no applicant. User errors: `NOT_FOUND`,
    /// `NOT_PERMITTED`, `CONFLICT`, `CONFLICT_UNDECLARED`, `INCOMPATIBLE_ROLE`, `ALREADY_EXISTS`, `REQUIRED`, `TOO_LONG`,
    /// `FORBIDDEN_CHARACTER`.
    async fn request_disqualification(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which and why.")] input: RequestDisqualificationInput,
    ) -> Result<Option<RequestDisqualificationPayload>> {
        let mut reader = Reader::default();
        let proposal = reader.id("proposalId", &input.proposal_id);
        let reason = reader.text("reason", &input.reason, REASON, Lines::Many);
        let ground = input.ground.into();
        let command = proposal.zip(reason).map(|(proposal, reason)| RequestDisqualification {
            proposal,
            ground,
            reason,
        });
        let (proposal, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(RequestDisqualificationPayload { proposal, user_errors }))
    }

    /// Takes a proposal out of the running for good: its team is mailed the reason, sheets that are in stay as evidence and are in no figure,
    /// the others are taken from their members, who are mailed. A decision that chose it and is not published goes back to the chair; what
    /// a published one gave it falls. For the decision maker, tied to no applicant, once the secretary has asked for it. User errors:
    /// `NOT_FOUND`, `NOT_PERMITTED`, `CONFLICT`, `SECOND_PERSON_REQUIRED`, `INCOMPATIBLE_ROLE`, `SELF_APPROVAL`, `REAUTHENTICATION_REQUIRED`.
    async fn confirm_disqualification(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: ConfirmDisqualificationInput,
    ) -> Result<Option<ConfirmDisqualificationPayload>> {
        let mut reader = Reader::default();
        let command = reader
            .id("proposalId", &input.proposal_id)
            .map(|proposal| RuleOnDisqualification { proposal, refusal: None });
        let (proposal, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(ConfirmDisqualificationPayload { proposal, user_errors }))
    }

    /// Leaves a proposal in the running; the secretary is mailed, and may ask again. For the decision maker, tied to no applicant, once the
    /// secretary has asked. User errors: `NOT_FOUND`, `NOT_PERMITTED`, `CONFLICT`, `SECOND_PERSON_REQUIRED`, `INCOMPATIBLE_ROLE`,
    /// `SELF_APPROVAL`, `REAUTHENTICATION_REQUIRED`, `REQUIRED`, `TOO_LONG`, `FORBIDDEN_CHARACTER`.
    async fn refuse_disqualification(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which and why.")] input: RefuseDisqualificationInput,
    ) -> Result<Option<RefuseDisqualificationPayload>> {
        let mut reader = Reader::default();
        let proposal = reader.id("proposalId", &input.proposal_id);
        let reason = reader.text("reason", &input.reason, REASON, Lines::Many);
        let command = proposal
            .zip(reason)
            .map(|(proposal, reason)| RuleOnDisqualification { proposal, refusal: Some(reason) });
        let (proposal, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(RefuseDisqualificationPayload { proposal, user_errors }))
    }
}
