//! The plan of who reviews what, before anybody of the council is told.

use std::collections::BTreeSet;

use app::plan::{PlanReviews, ReleaseReviewPlan, Seen};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use domain::id::{CouncilMemberId, ProposalId};
use domain::problem::Reason;
use domain::review::{COUNCIL_MAX, LOAD_MAX};

use super::authoring::after as after_challenge;
use super::challenge::{Challenge, Sector};
use super::enums::{PlanMethod, ReviewShortageReason};
use super::error::Result;
use super::payload::{execute, payload};
use super::proposal::Proposal;
use super::review::{CouncilMember, Review};
use super::scalar::DateTime;
use super::text::Reader;

/// Who is to review what, for the proposals with which you declared no conflict. Fills as many places as can be filled; what stays
/// empty is spread evenly; then the weakest pair is as strong as can be, then all pairs together, then the lot decides.
#[derive(SimpleObject)]
pub struct ReviewPlan {
    /// How it was made.
    method: PlanMethod,
    /// What the lot was drawn from: the same facts and seed make the same plan.
    seed: i32,
    /// How many members are to review each proposal.
    reviewers_per_proposal: i32,
    /// Most proposals for one member.
    max_load: i32,
    /// When it was made.
    planned_at: DateTime,
    /// Who reviews what, reviews that were under way among them; by proposal.
    pairs: Vec<PlannedReview>,
    /// How much everybody has to read by it.
    loads: Vec<ReviewLoad>,
    /// Proposals that miss somebody, and why.
    shortages: Vec<ReviewShortage>,
    /// Reviews under way whose member was found to be in conflict: no part of the plan. The member declares it, or the chair talks to them.
    conflicts: Vec<ReviewConflict>,
    /// The affinity of the weakest new pair; null without a new pair.
    lowest_affinity: Option<i32>,
    /// The affinities of all new pairs together.
    total_affinity: i32,
    /// Proposals that you could review the plan of once you declare no conflict with them: a plan of yours leaves them out.
    undeclared_count: i32,
    /// Rises with every plan; give it back as `expectedVersion`.
    version: i32,
}

/// A pair of the plan, and why it is one.
pub struct PlannedReview {
    reviewer: CouncilMemberId,
    proposal: ProposalId,
    pair: domain::assign::Pair,
    review: Option<Review>,
}

/// Somebody who is to review something, and what both are about.
#[Object]
impl PlannedReview {
    /// Who; null if they left the council since.
    async fn member(&self, ctx: &Context<'_>) -> Result<Option<CouncilMember>> {
        Ok(super::one(ctx, self.reviewer).await?.map(CouncilMember))
    }

    /// What.
    async fn proposal(&self, ctx: &Context<'_>) -> Result<Option<Proposal>> {
        Ok(super::one(ctx, self.proposal).await?.map(Proposal))
    }

    /// It was under way before the plan, and stays.
    async fn is_kept(&self) -> bool {
        self.pair.kept
    }

    /// The review; null as long as it is not offered, and for the vice chair.
    async fn review(&self) -> Option<Review> {
        self.review.clone()
    }

    /// Fields of public life in which the member judges and to which the challenge belongs.
    async fn shared_sectors(&self) -> Vec<Sector> {
        self.pair.shared.sectors.iter().copied().map(Sector).collect()
    }

    /// Two words that stand side by side both in the member's qualification and in title or summary of the proposal, without accents.
    async fn shared_topics(&self) -> &BTreeSet<String> {
        &self.pair.shared.topics
    }

    /// 100 for each shared field, 10 for each shared topic up to nine.
    async fn affinity(&self) -> i32 {
        count(self.pair.affinity)
    }
}

/// How much a member has to read.
pub struct ReviewLoad {
    member: CouncilMemberId,
    load: domain::assign::Load,
}

/// How much a member has to read by the plan.
#[Object]
impl ReviewLoad {
    /// Who; null if they left the council since.
    async fn member(&self, ctx: &Context<'_>) -> Result<Option<CouncilMember>> {
        Ok(super::one(ctx, self.member).await?.map(CouncilMember))
    }

    /// Proposals, those under way among them.
    async fn proposal_count(&self) -> i32 {
        self.load.load.into()
    }

    /// At most; what was under way before may be more. 0: an official, who gets nothing new by a plan.
    async fn max_count(&self) -> i32 {
        self.load.max.into()
    }
}

/// A proposal that misses somebody.
pub struct ReviewShortage {
    proposal: ProposalId,
    shortage: domain::assign::Shortage,
}

/// A proposal with fewer reviewers than it is to have.
#[Object]
impl ReviewShortage {
    /// Which.
    async fn proposal(&self, ctx: &Context<'_>) -> Result<Option<Proposal>> {
        Ok(super::one(ctx, self.proposal).await?.map(Proposal))
    }

    /// How many it misses.
    async fn missing_count(&self) -> i32 {
        self.shortage.missing.into()
    }

    /// Why.
    async fn reason(&self) -> ReviewShortageReason {
        self.shortage.reason.into()
    }
}

/// A review under way in conflict.
pub struct ReviewConflict {
    member: CouncilMemberId,
    proposal: ProposalId,
}

/// A review under way whose member is, or was, in a house that bids, or has a mailbox of the applicant.
#[Object]
impl ReviewConflict {
    /// Who; null if they left the council since.
    async fn member(&self, ctx: &Context<'_>) -> Result<Option<CouncilMember>> {
        Ok(super::one(ctx, self.member).await?.map(CouncilMember))
    }

    /// Of what.
    async fn proposal(&self, ctx: &Context<'_>) -> Result<Option<Proposal>> {
        Ok(super::one(ctx, self.proposal).await?.map(Proposal))
    }
}

fn count(number: impl TryInto<i32>) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}

impl From<Seen> for ReviewPlan {
    fn from(seen: Seen) -> Self {
        let Seen { row, plan, mut reviews, undeclared } = seen;
        let pairs = plan.pairs.into_iter().map(|pair| PlannedReview {
            reviewer: pair.reviewer,
            proposal: pair.proposal,
            review: reviews.remove(&(pair.proposal, pair.reviewer)).map(Review),
            pair,
        });
        Self {
            method: plan.method.into(),
            seed: count(plan.seed.0),
            reviewers_per_proposal: row.reviewers_per_proposal,
            max_load: row.max_load,
            planned_at: DateTime(row.planned_at),
            pairs: pairs.collect(),
            loads: plan.loads.into_iter().map(|(member, load)| ReviewLoad { member, load }).collect(),
            shortages: plan
                .shortages
                .into_iter()
                .map(|(proposal, shortage)| ReviewShortage { proposal, shortage })
                .collect(),
            conflicts: plan
                .kept_in_conflict
                .into_iter()
                .map(|(member, proposal)| ReviewConflict { member, proposal })
                .collect(),
            lowest_affinity: plan.objective.floor.map(count),
            total_affinity: count(plan.objective.affinity),
            undeclared_count: count(undeclared),
            version: row.version,
        }
    }
}

/// What `planReviews` needs.
#[derive(InputObject)]
pub struct PlanReviewsInput {
    /// Of which challenge.
    challenge_id: ID,
    /// How many members are to review each proposal, 1 to 25.
    reviewers_per_proposal: i32,
    /// Most proposals for one member, 1 to 1,000, those under way among them.
    max_load: i32,
    /// What the lot is drawn from, where nothing else decides; left out: drawn anew.
    seed: Option<i32>,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `releaseReviewPlan` needs.
#[derive(InputObject)]
pub struct ReleaseReviewPlanInput {
    /// Of which challenge.
    challenge_id: ID,
    /// The version of the plan that you saw: nobody releases what they have not read.
    expected_version: i32,
    /// Until when the reviews are wanted: the first instant that is too late, ahead. Whoever is not done by then has nothing to do with them any
    /// more. Left out: until the lock.
    due_at: Option<DateTime>,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

payload! {
    /// Answer of `planReviews`.
    PlanReviewsPayload {
        /// The challenge, with its plan.
        challenge: Challenge,
    }
}
payload! {
    /// Answer of `releaseReviewPlan`.
    ReleaseReviewPlanPayload {
        /// The challenge, with its plan; each pair has its review now.
        challenge: Challenge,
    }
}

/// From the plan to the offers.
#[derive(Default)]
pub struct PlanMutation;

/// From the plan to the offers.
#[Object]
impl PlanMutation {
    /// Plans who reviews what, of the eligible proposals with which you declared no conflict; nobody is told. Reviews that are under way
    /// stay, a plan before this one is forgotten. For secretary, chair and vice chair, before the round is locked. Members who declared a
    /// conflict, are or were in a house that bids, or have a mailbox of the applicant get none. User errors: `OUT_OF_RANGE`, `CONFLICT`,
    /// `NOT_FOUND`, `NOT_PERMITTED`.
    async fn plan_reviews(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which challenge, and how many.")] input: PlanReviewsInput,
    ) -> Result<Option<PlanReviewsPayload>> {
        let mut reader = Reader::default();
        let challenge = reader.id("challengeId", &input.challenge_id);
        let most = u8::try_from(COUNCIL_MAX).unwrap_or(u8::MAX);
        let reviewers_per_proposal =
            reader.keep("reviewersPerProposal", up_to(input.reviewers_per_proposal, most));
        let max_load = reader.keep("maxLoad", up_to(input.max_load, LOAD_MAX));
        let command = challenge.zip(reviewers_per_proposal).zip(max_load).map(
            |((challenge, reviewers_per_proposal), max_load)| PlanReviews {
                challenge,
                reviewers_per_proposal,
                max_load,
                seed: input.seed,
            },
        );
        let (challenge, user_errors) =
            after_challenge(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?)
                .await?;
        Ok(Some(PlanReviewsPayload { challenge, user_errors }))
    }

    /// Offers what is planned and not offered yet, of the proposals with which you declared no conflict; the members are mailed. For
    /// secretary, chair and vice chair, before the round is locked. Where somebody has left, stepped back or come into conflict since,
    /// it is refused as a whole: plan again. User errors: `CONFLICT`, `NOT_FOUND`, `NOT_PERMITTED`.
    async fn release_review_plan(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which challenge.")] input: ReleaseReviewPlanInput,
    ) -> Result<Option<ReleaseReviewPlanPayload>> {
        let mut reader = Reader::default();
        let due_at = input.due_at.map(|at| at.0);
        let command = reader.id("challengeId", &input.challenge_id).map(|challenge| ReleaseReviewPlan {
            challenge,
            expected_version: input.expected_version,
            due_at,
        });
        let (challenge, user_errors) =
            after_challenge(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?)
                .await?;
        Ok(Some(ReleaseReviewPlanPayload { challenge, user_errors }))
    }
}

/// A number from 1 to the most.
fn up_to<N: TryFrom<i32> + PartialOrd + Copy + std::fmt::Display>(
    value: i32,
    most: N,
) -> std::result::Result<N, Reason> {
    let value = if value < 1 { None } else { N::try_from(value).ok().filter(|value| *value <= most) };
    value.ok_or_else(|| Reason::OutOfRange { min: "1".to_owned(), max: most.to_string() })
}
