//! The decision on a challenge.

use app::decision::{
    ApproveDecision, NewOutcome, ProposeDecision, PublishDecision, ReturnDecision, StartDecision,
    StartPromotion, UpdateDecision,
};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use domain::challenge::limits;
use domain::proposal::Confidentiality;
use entity::decision;

use super::action::{DecisionActionVerdict, allowed, verdicts};
use super::appeal::Appeal;
use super::challenge::{Challenge, OfficialRecord, OfficialRecordInput};
use super::context::Ask as _;
use super::enums::{DecisionAction, DecisionStatus, Outcome};
use super::error::{Reported, Result};
use super::id;
use super::load::{ActionsOnDecision, AppealsAgainst, TieOf};
use super::organization::Organization;
use super::payload::{Done, UserError, execute, found, payload};
use super::proposal::{Money, Proposal, ProposalSection};
use super::scalar::{DateTime, Decimal};
use super::text::{Lines, Reader};

/// A decision.
#[derive(Clone)]
pub struct Decision(pub decision::Model);

/// What the authority decides on the council's advice. Public once published; before that for those who make it.
#[Object]
impl Decision {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// On which challenge.
    async fn challenge(&self, ctx: &Context<'_>) -> Result<Option<Challenge>> {
        Ok(super::one(ctx, self.0.challenge_id).await?.map(Challenge))
    }

    /// The decision whose place it takes: one that was set aside on an appeal or, if `isPromotion`, the one that stands until this is published.
    /// Null if there is none.
    async fn replaces(&self, ctx: &Context<'_>) -> Result<Option<Decision>> {
        match self.0.replaces_id {
            Some(id) => Ok(super::one(ctx, id).await?.map(Decision)),
            None => Ok(None),
        }
    }

    /// It promotes from the reserve, in the place of chosen proposals that fell away.
    async fn is_promotion(&self) -> bool {
        self.0.is_promotion
    }

    /// Where it stands.
    async fn status(&self) -> DecisionStatus {
        self.0.status.into()
    }

    /// The outcomes, best rank first: all for those inside, but for proposals with which they are in conflict; for everybody else the chosen
    /// ones once it is published. Applicants find their own outcome on their proposal.
    #[graphql(complexity = "50 * child_complexity")]
    async fn outcomes(&self, ctx: &Context<'_>) -> Result<Vec<DecisionOutcome>> {
        let state = ctx.state()?;
        let rows =
            app::decision::visible_outcomes(ctx.app()?, &state.op.viewer, &self.0).await.map_err(Reported)?;
        Ok(rows
            .into_iter()
            .map(|row| DecisionOutcome {
                rank: row.rank,
                mean_score: row.inside.as_ref().map(|inside| Decimal(inside.mean.clone())),
                is_passing: row.inside.as_ref().map(|inside| inside.passes),
                feedback: row.inside.as_ref().and_then(|inside| inside.feedback.clone()),
                outcome: row.outcome.map(Into::into),
                proposal: row.proposal.map(Proposal),
                applicant: row.award.as_ref().map(|award| Organization(award.applicant.clone())),
                title: row.award.as_ref().map(|award| award.title.clone()),
                summary: row.award.as_ref().map(|award| award.summary.clone()),
                budget: row.award.as_ref().and_then(|award| award.budget).map(Money::from),
                sections: row.award.map_or_else(Vec::new, |award| {
                    ProposalSection::all(award.sections, |_| Confidentiality::PublicSummary)
                }),
            })
            .collect())
    }

    /// Why it departs from the ranking; null if it does not, and before publication if you are in conflict with a proposal to the challenge.
    async fn departure_reason(&self, ctx: &Context<'_>) -> Result<Option<&String>> {
        let readable = self.is_published() || !self.is_tied(ctx).await?;
        Ok(self.0.departure_reason.as_ref().filter(|_| readable))
    }

    /// Why the decision maker returned it; null if not, once published, and if you are in conflict with a proposal to the challenge.
    async fn return_reason(&self, ctx: &Context<'_>) -> Result<Option<&String>> {
        let readable = !self.is_published() && !self.is_tied(ctx).await?;
        Ok(self.0.return_reason.as_ref().filter(|_| readable))
    }

    /// The act of publication; null before.
    async fn publication(&self) -> Option<OfficialRecord> {
        self.0.record.clone().filter(|_| self.is_published()).map(OfficialRecord::from)
    }

    /// When it is to be published; null if no time is set, and once it is published.
    async fn publish_at(&self) -> Option<DateTime> {
        self.0.publish_at.map(DateTime)
    }

    /// The first instant at which it is too late to appeal; null before the publication.
    async fn standstill_until(&self) -> Option<DateTime> {
        self.0.standstill_until.map(DateTime)
    }

    /// Appeals against it that you may know, the first first: of your own houses; all for the programme office, whoever decided it and
    /// auditors, unless they are in conflict with a proposal to the challenge.
    #[graphql(complexity = "10 * child_complexity")]
    async fn appeals(&self, ctx: &Context<'_>) -> Result<Vec<Appeal>> {
        let rows = super::one(ctx, AppealsAgainst(self.0.id)).await?.unwrap_or_default();
        Ok(rows.into_iter().map(Appeal).collect())
    }

    /// When the decision maker approved it; null before.
    async fn approved_at(&self) -> Option<DateTime> {
        self.0.approved_at.map(DateTime)
    }

    /// When it was published; null before.
    async fn published_at(&self) -> Option<DateTime> {
        self.0.published_at.map(DateTime)
    }

    /// What you may do now: the allowed ones of `viewerActions`.
    async fn available_actions(&self, ctx: &Context<'_>) -> Result<Vec<DecisionAction>> {
        Ok(allowed(super::one(ctx, ActionsOnDecision(self.0.id)).await?))
    }

    /// What somebody in your roles does with a decision, and for each whether you may now and why not; empty for a visitor, and for
    /// whoever has no role here.
    async fn viewer_actions(&self, ctx: &Context<'_>) -> Result<Vec<DecisionActionVerdict>> {
        Ok(verdicts(super::one(ctx, ActionsOnDecision(self.0.id)).await?))
    }

    /// When it was begun.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// Rises with every change; give it back as `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.version
    }
}

impl Decision {
    fn is_published(&self) -> bool {
        self.0.status.is_public()
    }

    async fn is_tied(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(super::one(ctx, TieOf(self.0.id)).await?.is_some())
    }
}

/// One proposal in a decision.
#[derive(SimpleObject)]
pub struct DecisionOutcome {
    /// Its rank by the council, among the proposals that you may know; null unless you are inside.
    rank: Option<i32>,
    /// The mean of its sheets, of 100; null unless you are inside.
    mean_score: Option<Decimal>,
    /// The mean reaches the pass mark; null unless you are inside.
    is_passing: Option<bool>,
    /// What is decided; null while open.
    outcome: Option<Outcome>,
    /// What its team is told; null for nothing, and unless you are inside.
    feedback: Option<String>,
    /// The proposal; null unless you may read proposals of this challenge.
    proposal: Option<Proposal>,
    /// Who was chosen; null unless chosen and published.
    applicant: Option<Organization>,
    /// Title of the chosen proposal; null unless chosen and published.
    title: Option<String>,
    /// Public summary of the chosen proposal; null unless chosen and published.
    summary: Option<String>,
    /// The sections of the chosen proposal that its team calls `PUBLIC_SUMMARY`; empty unless chosen and published.
    sections: Vec<ProposalSection>,
    /// The budget of the chosen proposal, if its team calls it `PUBLIC_SUMMARY`; null unless chosen and published.
    budget: Option<Money>,
}

/// What `startDecision` needs.
#[derive(InputObject)]
pub struct StartDecisionInput {
    /// On which challenge; its round is locked.
    challenge_id: ID,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `startPromotion` needs.
#[derive(InputObject)]
pub struct StartPromotionInput {
    /// On which challenge: `AWARDED`, its decision `FINAL`.
    challenge_id: ID,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// Outcome and feedback for one proposal.
#[derive(InputObject)]
pub struct OutcomeInput {
    /// Which.
    proposal_id: ID,
    /// What is decided.
    outcome: Outcome,
    /// What its team is told, at most 2,000 characters.
    feedback: Option<String>,
}

/// What `updateDecision` needs.
#[derive(InputObject)]
pub struct UpdateDecisionInput {
    /// Which.
    decision_id: ID,
    /// The version that you saw.
    expected_version: i32,
    /// Outcomes, at most 100 at a time; those left out stay as they are.
    #[graphql(default)]
    outcomes: Vec<OutcomeInput>,
    /// Why it departs from the ranking, at most 2,000 characters; left out stays as it is.
    departure_reason: Option<String>,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `proposeDecision` needs.
#[derive(InputObject)]
pub struct ProposeDecisionInput {
    /// Which.
    decision_id: ID,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `returnDecision` needs.
#[derive(InputObject)]
pub struct ReturnDecisionInput {
    /// Which.
    decision_id: ID,
    /// Why, 1 to 2,000 characters.
    reason: String,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `approveDecision` needs.
#[derive(InputObject)]
pub struct ApproveDecisionInput {
    /// Which.
    decision_id: ID,
    /// The version that you read: nobody approves what they have not seen.
    expected_version: i32,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `publishDecision` needs.
#[derive(InputObject)]
pub struct PublishDecisionInput {
    /// Which.
    decision_id: ID,
    /// The act on paper.
    record: OfficialRecordInput,
    /// When, if not now: an instant that is ahead. Publishing once more sets another time or, without one, publishes now; a return
    /// takes the time back.
    publish_at: Option<DateTime>,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

payload! {
    /// Answer of `startDecision`.
    StartDecisionPayload {
        /// The draft with the ranking in it.
        decision: Decision,
    }
}
payload! {
    /// Answer of `startPromotion`.
    StartPromotionPayload {
        /// The draft: what stands, with the next of the reserve in the places of those that fell away.
        decision: Decision,
    }
}
payload! {
    /// Answer of `updateDecision`.
    UpdateDecisionPayload {
        /// The draft as it is now.
        decision: Decision,
    }
}
payload! {
    /// Answer of `proposeDecision`.
    ProposeDecisionPayload {
        /// The decision.
        decision: Decision,
    }
}
payload! {
    /// Answer of `returnDecision`.
    ReturnDecisionPayload {
        /// The decision.
        decision: Decision,
    }
}
payload! {
    /// Answer of `approveDecision`.
    ApproveDecisionPayload {
        /// The decision.
        decision: Decision,
    }
}
payload! {
    /// Answer of `publishDecision`.
    PublishDecisionPayload {
        /// The decision.
        decision: Decision,
    }
}

async fn after(
    ctx: &Context<'_>,
    done: Done<domain::id::DecisionId>,
) -> Result<(Option<Decision>, Vec<UserError>)> {
    match done {
        Ok(id) => {
            let mut errors = Vec::new();
            let decision = found(ctx, super::one(ctx, id).await?.map(Decision), &mut errors)?;
            Ok((decision, errors))
        }
        Err(errors) => Ok((None, errors)),
    }
}

/// Decisions.
#[derive(Default)]
pub struct DecisionMutation;

/// Decisions.
#[Object]
impl DecisionMutation {
    /// Takes a snapshot of the ranking and hands the challenge over for the decision; the decision maker is mailed. For the chair or the secretary, once locked and
    /// a decision maker is named. User errors: `REQUIRED`, `CONFLICT`, `NOT_FOUND`, `NOT_PERMITTED`.
    async fn start_decision(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "On which challenge.")] input: StartDecisionInput,
    ) -> Result<Option<StartDecisionPayload>> {
        let mut reader = Reader::default();
        let command =
            reader.id("challengeId", &input.challenge_id).map(|challenge| StartDecision { challenge });
        let (decision, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(StartDecisionPayload { decision, user_errors }))
    }

    /// Begins a decision that promotes from the reserve because a chosen proposal was withdrawn or disqualified: it takes every step of a decision,
    /// and replaces the one that stands when it is published. Nobody loses by it; passing over a better one in reserve needs a
    /// `departureReason`. For the chair or the vice chair, whoever is tied to no applicant, once nobody can appeal against the decision that
    /// stands. User errors: `CONFLICT`, `ALREADY_EXISTS`, `INCOMPATIBLE_ROLE`, `NOT_FOUND` (also: nobody is in reserve), `NOT_PERMITTED`.
    async fn start_promotion(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "On which challenge.")] input: StartPromotionInput,
    ) -> Result<Option<StartPromotionPayload>> {
        let mut reader = Reader::default();
        let command =
            reader.id("challengeId", &input.challenge_id).map(|challenge| StartPromotion { challenge });
        let (decision, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(StartPromotionPayload { decision, user_errors }))
    }

    /// Writes outcomes, feedback and the reason for departing from the ranking; for the chair or the secretary. User errors: `CONFLICT`, `NOT_FOUND`, `NOT_PERMITTED`, `TOO_LONG`.
    async fn update_decision(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes.")] input: UpdateDecisionInput,
    ) -> Result<Option<UpdateDecisionPayload>> {
        let mut reader = Reader::default();
        let decision = reader.id("decisionId", &input.decision_id);
        let few = reader.at_most("outcomes", &input.outcomes, 100);
        let outcomes = reader.within("outcomes", |reader| {
            let read = |(index, input): (usize, OutcomeInput)| {
                reader.within(index, |reader| {
                    let proposal = reader.id("proposalId", &input.proposal_id);
                    let feedback =
                        reader.maybe("feedback", input.feedback.as_ref(), limits::REASON, Lines::Many);
                    Some(NewOutcome { proposal: proposal?, outcome: input.outcome.into(), feedback })
                })
            };
            input.outcomes.into_iter().enumerate().take(if few { 100 } else { 0 }).filter_map(read).collect()
        });
        let departure_reason =
            reader.maybe("departureReason", input.departure_reason.as_ref(), limits::REASON, Lines::Many);
        let command = decision.map(|decision| UpdateDecision {
            decision,
            expected_version: input.expected_version,
            outcomes,
            departure_reason,
        });
        let (decision, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(UpdateDecisionPayload { decision, user_errors }))
    }

    /// Puts the draft before the decision maker, who is mailed; for the chair or the secretary. Needs every outcome, and a reason if it departs from the ranking.
    /// User errors: `REQUIRED`, `OUT_OF_RANGE` (a promotion of nobody, or of more than fell away), `CONFLICT`, `NOT_FOUND`, `NOT_PERMITTED`.
    async fn propose_decision(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: ProposeDecisionInput,
    ) -> Result<Option<ProposeDecisionPayload>> {
        let mut reader = Reader::default();
        let command =
            reader.id("decisionId", &input.decision_id).map(|decision| ProposeDecision { decision });
        let (decision, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(ProposeDecisionPayload { decision, user_errors }))
    }

    /// Returns the draft to the chair, who is mailed; for the decision maker. User errors: `CONFLICT`, `NOT_FOUND`, `NOT_PERMITTED`, `REQUIRED`, `TOO_LONG`.
    async fn return_decision(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which and why.")] input: ReturnDecisionInput,
    ) -> Result<Option<ReturnDecisionPayload>> {
        let mut reader = Reader::default();
        let decision = reader.id("decisionId", &input.decision_id);
        let reason = reader.text("reason", &input.reason, limits::REASON, Lines::Many);
        let command = decision.zip(reason).map(|(decision, reason)| ReturnDecision { decision, reason });
        let (decision, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(ReturnDecisionPayload { decision, user_errors }))
    }

    /// Approves the decision; the publishing authority is mailed. For the decision maker, who is not on the council and in no applicant's house.
    /// User errors: `INCOMPATIBLE_ROLE`, `CONFLICT`, `NOT_FOUND`, `NOT_PERMITTED`.
    async fn approve_decision(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: ApproveDecisionInput,
    ) -> Result<Option<ApproveDecisionPayload>> {
        let mut reader = Reader::default();
        let command = reader
            .id("decisionId", &input.decision_id)
            .map(|decision| ApproveDecision { decision, expected_version: input.expected_version });
        let (decision, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(ApproveDecisionPayload { decision, user_errors }))
    }

    /// Makes the decision public, now or at a set time: every applicant is mailed outcome and feedback; agency, council and followers are
    /// mailed. From then on teams may appeal until `Decision.standstillUntil`. If a chosen proposal was withdrawn by the set time, nothing is
    /// published, and the publishing authority is mailed. For the publishing authority. User errors: `INCOMPATIBLE_ROLE`, `SELF_APPROVAL`,
    /// `CONFLICT`, `NOT_FOUND`, `NOT_PERMITTED`, `REQUIRED`, `TOO_LONG`, `MALFORMED`, `OUT_OF_RANGE`.
    async fn publish_decision(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and the act on paper.")] input: PublishDecisionInput,
    ) -> Result<Option<PublishDecisionPayload>> {
        let mut reader = Reader::default();
        let decision = reader.id("decisionId", &input.decision_id);
        let record = input.record.read(&mut reader);
        let publish_at = input.publish_at.map(|at| at.0);
        let command =
            decision.zip(record).map(|(decision, record)| PublishDecision { decision, record, publish_at });
        let (decision, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(PublishDecisionPayload { decision, user_errors }))
    }
}
