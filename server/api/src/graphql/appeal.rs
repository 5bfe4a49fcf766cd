//! Appeals against decisions.

use app::appeal::{FileAppeal, RuleOnAppeal, Written};
use async_graphql::{Context, ID, InputObject, Object};
use domain::access::{Action, may};
use domain::appeal::{Ruling, limits, may_rule};
use domain::challenge::limits::REASON;
use domain::id::AppealId;

use super::context::Ask as _;
use super::decision::Decision;
use super::enums::{AppealRuling, AppealStatus};
use super::error::Result;
use super::id;
use super::load::TieOf;
use super::organization::Organization;
use super::payload::{Done, UserError, execute, found, payload};
use super::proposal::Proposal;
use super::scalar::DateTime;
use super::text::{Lines, Reader};

/// An appeal.
#[derive(Clone)]
pub struct Appeal(pub Written);

/// What a team asks of a published decision: to be set aside. Known to the team, the programme office, whoever decided, and auditors;
/// outside the team to nobody who is in conflict with a proposal to the challenge.
#[Object]
impl Appeal {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        id::encode(self.0.row.id)
    }

    /// Against which decision.
    async fn decision(&self, ctx: &Context<'_>) -> Result<Option<Decision>> {
        Ok(super::one(ctx, self.0.row.decision_id).await?.map(Decision))
    }

    /// For which proposal; null unless you may read proposals of this challenge.
    async fn proposal(&self, ctx: &Context<'_>) -> Result<Option<Proposal>> {
        Ok(super::one(ctx, self.0.row.proposal_id).await?.map(Proposal))
    }

    /// Who appeals: nobody appeals unnamed, in a blind call neither.
    async fn appellant(&self, ctx: &Context<'_>) -> Result<Option<Organization>> {
        Ok(super::one(ctx, self.0.row.organization_id).await?.map(Organization))
    }

    /// Where it stands.
    async fn status(&self) -> AppealStatus {
        self.0.row.status.into()
    }

    /// Why the decision should be set aside, at most 10,000 characters.
    async fn grounds(&self) -> &str {
        &self.0.said.grounds
    }

    /// Why it was, or was not; null without a ruling.
    async fn reason(&self) -> Option<&String> {
        self.0.said.reason.as_ref()
    }

    /// When it was filed.
    async fn filed_at(&self) -> DateTime {
        DateTime(self.0.row.filed_at)
    }

    /// When it ended; null as long as it waits.
    async fn ruled_at(&self) -> Option<DateTime> {
        self.0.row.ruled_at.map(DateTime)
    }

    /// You may rule on it now.
    async fn viewer_can_rule(&self, ctx: &Context<'_>) -> Result<bool> {
        let viewer = ctx.viewer()?;
        let Some(decision) = super::one(ctx, self.0.row.decision_id).await? else { return Ok(false) };
        let is_tied = super::one(ctx, TieOf(self.0.row.decision_id)).await?.is_some();
        let is_approver = viewer.0.as_ref().is_some_and(|person| decision.approved_by == Some(person.id));
        let is_open = may_rule(self.0.row.status, Ruling::Dismiss, is_tied, is_approver).is_ok();
        Ok(is_open && may(Action::RuleOnAppeal, viewer.roles()))
    }
}

/// What `fileAppeal` needs.
#[derive(InputObject)]
pub struct FileAppealInput {
    /// For which proposal: one that the decision is about.
    proposal_id: ID,
    /// Why the decision should be set aside, 1 to 10,000 characters.
    grounds: String,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `ruleOnAppeal` needs.
#[derive(InputObject)]
pub struct RuleOnAppealInput {
    /// On which.
    appeal_id: ID,
    /// How.
    ruling: AppealRuling,
    /// Why, 1 to 2,000 characters; the team reads it, and if the decision is set aside those who make the next one.
    reason: String,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

payload! {
    /// Answer of `fileAppeal`.
    FileAppealPayload {
        /// The appeal.
        appeal: Appeal,
    }
}
payload! {
    /// Answer of `ruleOnAppeal`.
    RuleOnAppealPayload {
        /// The appeal with its ruling.
        appeal: Appeal,
    }
}

/// Loads the appeal that a command left behind.
async fn after(ctx: &Context<'_>, done: Done<AppealId>) -> Result<(Option<Appeal>, Vec<UserError>)> {
    match done {
        Ok(id) => {
            let mut errors = Vec::new();
            let appeal = found(ctx, super::one(ctx, id).await?.map(Appeal), &mut errors)?;
            Ok((appeal, errors))
        }
        Err(errors) => Ok((None, errors)),
    }
}

/// Appeals.
#[derive(Default)]
pub struct AppealMutation;

/// Appeals.
#[Object]
impl AppealMutation {
    /// Appeals against the published decision on a proposal, once, until `Decision.standstillUntil`; the team is mailed that it has arrived,
    /// the publishing authority and the decision maker that it waits. For owners. User errors: `NOT_FOUND`, `NOT_PERMITTED`,
    /// `ORGANIZATION_INACTIVE`, `CONFLICT`, `DEADLINE_PASSED`, `ALREADY_EXISTS`, `REQUIRED`, `TOO_LONG`, `FORBIDDEN_CHARACTER`.
    async fn file_appeal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "For which proposal, and why.")] input: FileAppealInput,
    ) -> Result<Option<FileAppealPayload>> {
        let mut reader = Reader::default();
        let proposal = reader.id("proposalId", &input.proposal_id);
        let grounds = reader.text("grounds", &input.grounds, limits::GROUNDS, Lines::Many);
        let command = proposal.zip(grounds).map(|(proposal, grounds)| FileAppeal { proposal, grounds });
        let (appeal, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(FileAppealPayload { appeal, user_errors }))
    }

    /// Rules on an appeal; its team is mailed. The last dismissal lets the decision stand, and ends it once the standstill is over; everybody
    /// concerned is mailed that. A grant sets the decision aside: outcomes are taken back, other appeals have nothing left to rule on, the
    /// challenge is `DECISION` again with another draft, which begins with what was decided, and everybody concerned is mailed. For the publishing
    /// authority, never who approved the decision. User errors: `NOT_FOUND`, `NOT_PERMITTED`, `CONFLICT`, `SELF_APPROVAL`,
    /// `REAUTHENTICATION_REQUIRED`, `REQUIRED`, `TOO_LONG`, `FORBIDDEN_CHARACTER`.
    async fn rule_on_appeal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "On which, how, and why.")] input: RuleOnAppealInput,
    ) -> Result<Option<RuleOnAppealPayload>> {
        let mut reader = Reader::default();
        let appeal = reader.id("appealId", &input.appeal_id);
        let reason = reader.text("reason", &input.reason, REASON, Lines::Many);
        let ruling = input.ruling.into();
        let command = appeal.zip(reason).map(|(appeal, reason)| RuleOnAppeal { appeal, ruling, reason });
        let (appeal, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(RuleOnAppealPayload { appeal, user_errors }))
    }
}
