//! What the council works with: seats, reviews, score sheets, the ranking.

use app::review::may_read_sheet;
use async_graphql::{Context, ID, Object, SimpleObject};
use domain::access::{KNOW_REVIEWERS, Role};
use domain::score;
use entity::{council_member, review};

use super::account::User;
use super::action::{ReviewActionVerdict, verdicts};
use super::challenge::{Challenge, Criterion};
use super::context::Ask as _;
use super::enums::{CouncilRole, ReviewStatus};
use super::error::Result;
use super::id;
use super::load::{ActionsOnReview, CouncilOf, CriteriaOf};
use super::proposal::Proposal;
use super::scalar::{DateTime, Decimal};
use super::void::VoidRequest;

/// A seat.
#[derive(Clone)]
pub struct CouncilMember(pub council_member::Model);

/// A seat on the council of a challenge. Applicants never see it.
#[Object]
impl CouncilMember {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// Who; null if you may not see them.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        super::account::person(ctx, self.0.user_id).await
    }

    /// As what.
    async fn role(&self) -> CouncilRole {
        self.0.role.into()
    }

    /// Where.
    async fn challenge(&self, ctx: &Context<'_>) -> Result<Option<Challenge>> {
        Ok(super::one(ctx, self.0.challenge_id).await?.map(Challenge))
    }

    /// Since when.
    async fn appointed_at(&self) -> DateTime {
        DateTime(self.0.appointed_at)
    }
}

/// A review.
#[derive(Clone)]
pub struct Review(pub review::Model);

/// One member's review of one proposal. Before the lock only its own member reads the marks.
#[Object]
impl Review {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// Of which proposal; null if you may not know it.
    async fn proposal(&self, ctx: &Context<'_>) -> Result<Option<Proposal>> {
        Ok(super::one(ctx, self.0.proposal_id).await?.map(Proposal))
    }

    /// By whom; null unless it is yours, or you are chair, vice chair or secretary of the council, decision maker or auditor.
    async fn member(&self, ctx: &Context<'_>) -> Result<Option<CouncilMember>> {
        let is_own = ctx.viewer()?.0.is_some_and(|person| person.id == self.0.user_id);
        if !is_own && !self.is_entitled(ctx, KNOW_REVIEWERS).await? {
            return Ok(None);
        }
        Ok(super::one(ctx, self.0.member_id).await?.map(CouncilMember))
    }

    /// Until when it is wanted: the first instant that is too late; null for until the lock.
    async fn due_at(&self) -> Option<DateTime> {
        self.0.due_at.map(DateTime)
    }

    /// Where it stands.
    async fn status(&self) -> ReviewStatus {
        self.0.status.into()
    }

    /// The marks given so far, in the order of the criteria; null unless it is yours or the round is locked.
    async fn marks(&self, ctx: &Context<'_>) -> Result<Option<Vec<Mark>>> {
        if !may_read_sheet(&ctx.viewer()?, &self.0) {
            return Ok(None);
        }
        let criteria = super::one(ctx, CriteriaOf(self.0.challenge_id)).await?.unwrap_or_default();
        let marks = criteria.into_iter().filter_map(|criterion| {
            let mark = self.0.sheet.0.get(&criterion.id)?;
            Some(Mark {
                criterion: Criterion(criterion),
                score: Decimal(mark.score.to_decimal()),
                reason: mark.reason.clone(),
            })
        });
        Ok(Some(marks.collect()))
    }

    /// A word on the whole; null for none, and as `marks`.
    async fn comment(&self, ctx: &Context<'_>) -> Result<Option<&String>> {
        let readable = may_read_sheet(&ctx.viewer()?, &self.0);
        Ok(self.0.comment.as_ref().filter(|_| readable))
    }

    /// The weighted total of 100, four decimals; null while a mark is missing, and as `marks`.
    async fn total(&self, ctx: &Context<'_>) -> Result<Option<Decimal>> {
        if !may_read_sheet(&ctx.viewer()?, &self.0) {
            return Ok(None);
        }
        let criteria = super::one(ctx, CriteriaOf(self.0.challenge_id)).await?.unwrap_or_default();
        let Some(challenge) = super::one(ctx, self.0.challenge_id).await? else { return Ok(None) };
        let criteria: Vec<_> = criteria
            .iter()
            .map(|row| score::Criterion {
                id: row.id,
                weight: row.weight,
                reason_required: row.reason_required,
            })
            .collect();
        Ok(score::total(&self.0.sheet, &criteria, challenge.rubric.scale)
            .map(|total| Decimal(total.to_decimal())))
    }

    /// Why it was declined, taken from its member, or taken out of the count, or why the sheet was given back; null otherwise.
    async fn status_reason(&self) -> Option<&String> {
        self.0.status_reason.as_ref()
    }

    /// That it be taken out of the count, as the chair asked; null for not, and unless you are chair or secretary of the council, decision maker
    /// or auditor.
    async fn void_request(&self, ctx: &Context<'_>) -> Result<Option<VoidRequest>> {
        let Some((at, reason)) = self.0.void_requested_at.zip(self.0.void_reason.clone()) else {
            return Ok(None);
        };
        let entitled =
            self.is_entitled(ctx, &[Role::Chair, Role::Secretary, Role::DecisionMaker, Role::Auditor]);
        Ok(entitled.await?.then_some(VoidRequest { requested_at: DateTime(at), reason }))
    }

    /// What your roles let you do with it, and for each whether you may now and why not.
    async fn viewer_actions(&self, ctx: &Context<'_>) -> Result<Vec<ReviewActionVerdict>> {
        Ok(verdicts(super::one(ctx, ActionsOnReview(self.0.id)).await?))
    }

    /// When it was offered.
    async fn offered_at(&self) -> DateTime {
        DateTime(self.0.offered_at)
    }

    /// When the sheet was handed in; null before, and as `marks`.
    async fn submitted_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        let readable = may_read_sheet(&ctx.viewer()?, &self.0);
        Ok(self.0.submitted_at.filter(|_| readable).map(DateTime))
    }

    /// Rises with every change; give it back as `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.version
    }
}

impl Review {
    /// Whether the reader has one of these offices on its challenge.
    async fn is_entitled(&self, ctx: &Context<'_>, offices: &[Role]) -> Result<bool> {
        let viewer = ctx.viewer()?;
        let Some(person) = &viewer.0 else { return Ok(false) };
        let Some(challenge) = super::one(ctx, self.0.challenge_id).await? else { return Ok(false) };
        let council = super::one(ctx, CouncilOf(self.0.challenge_id)).await?.unwrap_or_default();
        let seat = council.iter().find(|seat| seat.user_id == person.id).map(|seat| seat.role);
        let roles = app::access::with_appointments(viewer.roles(), person.id, &challenge, seat);
        Ok(offices.iter().any(|role| roles.has(*role)))
    }
}

/// A score on one criterion.
#[derive(SimpleObject)]
pub struct Mark {
    /// Which criterion.
    criterion: Criterion,
    /// The score, 0 to the rubric's scale, two decimals.
    score: Decimal,
    /// Why; null for none.
    reason: Option<String>,
}

/// How far the council is, without any score.
#[derive(SimpleObject)]
pub struct ReviewProgress {
    /// Reviews that are neither recused nor expired.
    live_count: i32,
    /// Score sheets that are in.
    submitted_count: i32,
}

impl From<domain::review::Turnout> for ReviewProgress {
    fn from(turnout: domain::review::Turnout) -> Self {
        let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
        Self { live_count: count(turnout.live), submitted_count: count(turnout.submitted) }
    }
}
