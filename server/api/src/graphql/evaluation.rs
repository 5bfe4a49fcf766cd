//! From the deadline to the lock: opening, council, screening, reviews.

use app::council::{AppointCouncilMember, NameDecisionMaker};
use app::opening::{ConfirmOpening, RequestOpening};
use app::proposal::ScreenProposal;
use app::review::{
    AssignReviews, DeclareInterest, DeclineReview, InterfereWithReview, Interference, LockRound, SaveSheet,
    SubmitReview,
};
use async_graphql::{Context, ID, InputObject, Object};
use domain::challenge::limits;
use domain::problem::{Form, Reason};
use domain::review::{Interest, OFFERS_MAX};
use domain::text::Email;

use super::authoring::after as after_challenge;
use super::challenge::Challenge;
use super::context::Ask as _;
use super::enums::{ConflictKind, CouncilRole};
use super::error::Result;
use super::payload::{Done, UserError, execute, found, payload};
use super::proposal::{Proposal, after as after_proposal};
use super::review::{CouncilMember, Review};
use super::scalar::{DateTime, Decimal};
use super::text::{Lines, Reader};

/// What `appointCouncilMember` needs.
#[derive(InputObject)]
pub struct AppointCouncilMemberInput {
    /// Where.
    challenge_id: ID,
    /// Whom, by the address of a verified account; for a reviewer or a member one with an active entry in the expert register.
    email: String,
    /// As what; one chair, one vice chair, one secretary.
    role: CouncilRole,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `nameDecisionMaker` needs.
#[derive(InputObject)]
pub struct NameDecisionMakerInput {
    /// Where.
    challenge_id: ID,
    /// Whom, by the address of a verified account; not on the council.
    email: String,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `requestProposalOpening` needs.
#[derive(InputObject)]
pub struct RequestProposalOpeningInput {
    /// Of which challenge; its deadline has passed.
    challenge_id: ID,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `confirmProposalOpening` needs.
#[derive(InputObject)]
pub struct ConfirmProposalOpeningInput {
    /// Of which challenge.
    challenge_id: ID,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `screenProposal` needs.
#[derive(InputObject)]
pub struct ScreenProposalInput {
    /// Which.
    proposal_id: ID,
    /// Formally in order.
    is_eligible: bool,
    /// Why, 1 to 2,000 characters; the team reads it.
    reason: String,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// One proposal and the members it is offered to.
#[derive(InputObject)]
pub struct ReviewAssignmentInput {
    /// Which proposal; eligible or under review.
    proposal_id: ID,
    /// To which members of the council.
    member_ids: Vec<ID>,
}

/// What `assignReviews` needs.
#[derive(InputObject)]
pub struct AssignReviewsInput {
    /// Of which challenge.
    challenge_id: ID,
    /// Which proposals to which members; at most 100 pairs, all or none.
    assignments: Vec<ReviewAssignmentInput>,
    /// Until when they are wanted: the first instant that is too late, ahead. Whoever is not done by then has nothing to do with them any more.
    /// Left out: until the lock.
    due_at: Option<DateTime>,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `declareNoConflict` needs.
#[derive(InputObject)]
pub struct DeclareNoConflictInput {
    /// On which proposal.
    proposal_id: ID,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `declareConflict` needs.
#[derive(InputObject)]
pub struct DeclareConflictInput {
    /// On which proposal.
    proposal_id: ID,
    /// What kind; not NONE.
    kind: ConflictKind,
    /// In words, 1 to 2,000 characters.
    reason: String,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// A score on one criterion.
#[derive(InputObject)]
pub struct MarkInput {
    /// Which criterion of the challenge; each at most once.
    criterion_id: ID,
    /// The score: 0 to the rubric's scale, at most two decimals.
    score: Decimal,
    /// Why, at most 2,000 characters; needed where the criterion asks for it.
    reason: Option<String>,
}

/// What `saveScoreSheet` needs.
#[derive(InputObject)]
pub struct SaveScoreSheetInput {
    /// Of which review; your own.
    review_id: ID,
    /// The version that you saw.
    expected_version: i32,
    /// All marks given so far; replaces those there were.
    marks: Vec<MarkInput>,
    /// A word on the whole, at most 2,000 characters.
    comment: Option<String>,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `submitReview` needs.
#[derive(InputObject)]
pub struct SubmitReviewInput {
    /// Which; your own.
    review_id: ID,
    /// The version that you saw; left out: whatever there is.
    expected_version: Option<i32>,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `declineReview` needs.
#[derive(InputObject)]
pub struct DeclineReviewInput {
    /// Which; your own.
    review_id: ID,
    /// Why, 1 to 2,000 characters; the secretary reads it.
    reason: String,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `revokeReview` needs.
#[derive(InputObject)]
pub struct RevokeReviewInput {
    /// Which.
    review_id: ID,
    /// Why, 1 to 2,000 characters; the member reads it.
    reason: String,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `reopenReview` needs.
#[derive(InputObject)]
pub struct ReopenReviewInput {
    /// Which.
    review_id: ID,
    /// Why, 1 to 2,000 characters; the member reads it.
    reason: String,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `lockRound` needs.
#[derive(InputObject)]
pub struct LockRoundInput {
    /// Of which challenge.
    challenge_id: ID,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

payload! {
    /// Answer of `appointCouncilMember`.
    AppointCouncilMemberPayload {
        /// The seat.
        council_member: CouncilMember,
    }
}
payload! {
    /// Answer of `nameDecisionMaker`.
    NameDecisionMakerPayload {
        /// The challenge.
        challenge: Challenge,
    }
}
payload! {
    /// Answer of `requestProposalOpening`.
    RequestProposalOpeningPayload {
        /// The challenge.
        challenge: Challenge,
    }
}
payload! {
    /// Answer of `confirmProposalOpening`.
    ConfirmProposalOpeningPayload {
        /// The challenge.
        challenge: Challenge,
    }
}
payload! {
    /// Answer of `screenProposal`.
    ScreenProposalPayload {
        /// The proposal.
        proposal: Proposal,
    }
}
payload! {
    /// Answer of `assignReviews`.
    AssignReviewsPayload {
        /// The new reviews.
        reviews: Vec<Review>,
    }
}
payload! {
    /// Answer of `declareNoConflict`.
    DeclareNoConflictPayload {
        /// The proposal; its content is open to you now if its review is yours.
        proposal: Proposal,
        /// Your review of it; null if you have none.
        review: Review,
    }
}
payload! {
    /// Answer of `declareConflict`.
    DeclareConflictPayload {
        /// True: the proposal, its reviews and its place in the ranking exist for you no more.
        is_recused: bool,
    }
}
payload! {
    /// Answer of `saveScoreSheet`.
    SaveScoreSheetPayload {
        /// The review as it is now.
        review: Review,
    }
}
payload! {
    /// Answer of `submitReview`.
    SubmitReviewPayload {
        /// The review.
        review: Review,
    }
}
payload! {
    /// Answer of `declineReview`.
    DeclineReviewPayload {
        /// True: the proposal and your review of it exist for you no more, unless you run the council.
        is_declined: bool,
    }
}
payload! {
    /// Answer of `revokeReview`.
    RevokeReviewPayload {
        /// The review.
        review: Review,
    }
}
payload! {
    /// Answer of `reopenReview`.
    ReopenReviewPayload {
        /// The review.
        review: Review,
    }
}
payload! {
    /// Answer of `lockRound`.
    LockRoundPayload {
        /// The challenge, with its ranking.
        challenge: Challenge,
    }
}

/// Loads the review that a command left behind.
pub async fn after_review(
    ctx: &Context<'_>,
    done: Done<domain::id::ReviewId>,
) -> Result<(Option<Review>, Vec<UserError>)> {
    match done {
        Ok(id) => {
            let mut errors = Vec::new();
            let review = found(ctx, super::one(ctx, id).await?.map(Review), &mut errors)?;
            Ok((review, errors))
        }
        Err(errors) => Ok((None, errors)),
    }
}

async fn interfere(
    ctx: &Context<'_>,
    interference: Interference,
    review: &ID,
    reason: &str,
    key: Option<&String>,
) -> Result<(Option<Review>, Vec<UserError>)> {
    let mut reader = Reader::default();
    let review = reader.id("reviewId", review);
    let reason = reader.text("reason", reason, limits::REASON, Lines::Many);
    let command =
        review.zip(reason).map(|(review, reason)| InterfereWithReview { review, interference, reason });
    after_review(ctx, execute(ctx, key, reader.finish(command)).await?).await
}

/// From the deadline to the lock.
#[derive(Default)]
pub struct EvaluationMutation;

/// From the deadline to the lock.
#[Object]
impl EvaluationMutation {
    /// Appoints a council member, who is mailed; for programme officers, from the publication until the decision.
    /// Reviewers and members are drawn from the expert register; chair, vice chair and secretary are officials. User errors: `NOT_FOUND`,
    /// `NOT_PERMITTED`, `NOT_IN_EXPERT_REGISTER`, `ALREADY_EXISTS`, `INCOMPATIBLE_ROLE`, `SELF_APPROVAL`, `QUOTA`, `MALFORMED`, `CONFLICT`.
    async fn appoint_council_member(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom and as what.")] input: AppointCouncilMemberInput,
    ) -> Result<Option<AppointCouncilMemberPayload>> {
        let mut reader = Reader::default();
        let challenge = reader.id("challengeId", &input.challenge_id);
        let email = reader.keep("email", Email::parse(&input.email));
        let command = challenge.zip(email).map(|(challenge, email)| AppointCouncilMember {
            challenge,
            email_key: email.key(),
            role: input.role.into(),
        });
        Ok(Some(match execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await? {
            Ok(id) => {
                let mut user_errors = Vec::new();
                let council_member =
                    found(ctx, super::one(ctx, id).await?.map(CouncilMember), &mut user_errors)?;
                AppointCouncilMemberPayload { council_member, user_errors }
            }
            Err(errors) => AppointCouncilMemberPayload::refused(errors),
        }))
    }

    /// Names who decides, who is mailed; for programme officers, from the publication until the lock, and while a decision is drafted in the
    /// place of one that was set aside.
    /// User errors: `NOT_FOUND`, `NOT_PERMITTED`, `INCOMPATIBLE_ROLE`, `MALFORMED`, `CONFLICT`.
    async fn name_decision_maker(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom.")] input: NameDecisionMakerInput,
    ) -> Result<Option<NameDecisionMakerPayload>> {
        let mut reader = Reader::default();
        let challenge = reader.id("challengeId", &input.challenge_id);
        let email = reader.keep("email", Email::parse(&input.email));
        let command = challenge
            .zip(email)
            .map(|(challenge, email)| NameDecisionMaker { challenge, email_key: email.key() });
        let (challenge, user_errors) =
            after_challenge(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?)
                .await?;
        Ok(Some(NameDecisionMakerPayload { challenge, user_errors }))
    }

    /// Asks for the opening of the sealed proposals; those who may be the second person are mailed; for the secretary, after the deadline.
    /// User errors: `DEADLINE_NOT_REACHED`, `ALREADY_EXISTS`, `CONFLICT`, `NOT_FOUND`, `NOT_PERMITTED`.
    async fn request_proposal_opening(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which challenge.")] input: RequestProposalOpeningInput,
    ) -> Result<Option<RequestProposalOpeningPayload>> {
        let mut reader = Reader::default();
        let command =
            reader.id("challengeId", &input.challenge_id).map(|challenge| RequestOpening { challenge });
        let (challenge, user_errors) =
            after_challenge(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?)
                .await?;
        Ok(Some(RequestProposalOpeningPayload { challenge, user_errors }))
    }

    /// Opens the sealed proposals as the second person (chair, vice chair or programme officer): the evaluation begins, the list of receipts is
    /// recorded, agency, council and applicants are mailed. User errors: `SECOND_PERSON_REQUIRED`, `DEADLINE_NOT_REACHED`, `CONFLICT`, `NOT_FOUND`, `NOT_PERMITTED`.
    async fn confirm_proposal_opening(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which challenge.")] input: ConfirmProposalOpeningInput,
    ) -> Result<Option<ConfirmProposalOpeningPayload>> {
        let mut reader = Reader::default();
        let command =
            reader.id("challengeId", &input.challenge_id).map(|challenge| ConfirmOpening { challenge });
        let (challenge, user_errors) =
            after_challenge(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?)
                .await?;
        Ok(Some(ConfirmProposalOpeningPayload { challenge, user_errors }))
    }

    /// Finds an opened proposal formally in order, or not; its team is mailed; for the secretary, who declared no conflict.
    /// User errors: `CONFLICT_UNDECLARED`, `CONFLICT`, `NOT_FOUND`, `NOT_PERMITTED`, `REQUIRED`, `TOO_LONG`.
    async fn screen_proposal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and the finding.")] input: ScreenProposalInput,
    ) -> Result<Option<ScreenProposalPayload>> {
        let mut reader = Reader::default();
        let proposal = reader.id("proposalId", &input.proposal_id);
        let reason = reader.text("reason", &input.reason, limits::REASON, Lines::Many);
        let command = proposal.zip(reason).map(|(proposal, reason)| ScreenProposal {
            proposal,
            eligible: input.is_eligible,
            reason,
        });
        let (proposal, user_errors) =
            after_proposal(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?)
                .await?;
        Ok(Some(ScreenProposalPayload { proposal, user_errors }))
    }

    /// Offers reviews to council members, who are mailed; for the secretary, who declared no conflict with the proposals.
    /// User errors: `CONFLICT_UNDECLARED`, `INCOMPATIBLE_ROLE` (member in conflict, or one who does not score), `ALREADY_EXISTS`, `CONFLICT`, `NOT_FOUND`, `NOT_PERMITTED`, `TOO_LONG`.
    async fn assign_reviews(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which proposals to which members.")] input: AssignReviewsInput,
    ) -> Result<Option<AssignReviewsPayload>> {
        let mut reader = Reader::default();
        let challenge = reader.id("challengeId", &input.challenge_id);
        let few = reader.at_most("assignments", &input.assignments, OFFERS_MAX);
        let assignments = reader.within("assignments", |reader| {
            let read = |(index, input): (usize, ReviewAssignmentInput)| {
                reader.within(index, |reader| {
                    let proposal = reader.id("proposalId", &input.proposal_id);
                    let members: Vec<_> = reader.within("memberIds", |reader| {
                        input
                            .member_ids
                            .iter()
                            .enumerate()
                            .take(OFFERS_MAX + 1)
                            .filter_map(|(place, id)| reader.id(&place.to_string(), id))
                            .collect()
                    });
                    Some((proposal?, members))
                })
            };
            input
                .assignments
                .into_iter()
                .enumerate()
                .take(if few { OFFERS_MAX } else { 0 })
                .filter_map(read)
                .collect()
        });
        let due_at = input.due_at.map(|at| at.0);
        let command = challenge.map(|challenge| AssignReviews { challenge, assignments, due_at });
        Ok(Some(match execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await? {
            Ok(ids) => {
                let state = ctx.state()?;
                let mut rows = state
                    .loader
                    .load_many(ids.iter().copied())
                    .await
                    .map_err(|error| super::error::reported(&error))?;
                AssignReviewsPayload {
                    reviews: Some(ids.iter().filter_map(|id| rows.remove(id)).map(Review).collect()),
                    user_errors: Vec::new(),
                }
            }
            Err(errors) => AssignReviewsPayload::refused(errors),
        }))
    }

    /// Declares to be without conflict of interest on a proposal; its content opens. For council members. User errors: `CONFLICT`, `NOT_FOUND`, `NOT_PERMITTED`.
    async fn declare_no_conflict(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "On which proposal.")] input: DeclareNoConflictInput,
    ) -> Result<Option<DeclareNoConflictPayload>> {
        let mut reader = Reader::default();
        let command = reader.id("proposalId", &input.proposal_id).map(|proposal| DeclareInterest {
            proposal,
            interest: Interest::None,
            reason: None,
        });
        Ok(Some(match execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await? {
            Ok((proposal, review)) => {
                let (proposal, user_errors) = after_proposal(ctx, Ok(proposal)).await?;
                let review = match review {
                    Some(id) => super::one(ctx, id).await?.map(Review),
                    None => None,
                };
                DeclareNoConflictPayload { proposal, review, user_errors }
            }
            Err(errors) => DeclareNoConflictPayload::refused(errors),
        }))
    }

    /// Declares a conflict of interest on a proposal: from then on it does not exist for you; the secretary is mailed if you had its review.
    /// It cannot be taken back. For council members. User errors: `CONFLICT`, `NOT_FOUND`, `NOT_PERMITTED`, `REQUIRED`, `TOO_LONG`, `MALFORMED` (kind NONE).
    async fn declare_conflict(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "On which proposal, and what.")] input: DeclareConflictInput,
    ) -> Result<Option<DeclareConflictPayload>> {
        let mut reader = Reader::default();
        let proposal = reader.id("proposalId", &input.proposal_id);
        let reason = reader.text("reason", &input.reason, limits::REASON, Lines::Many);
        let kind = match input.kind.into() {
            Interest::None => Err(Reason::Malformed { expected: Form::Role }),
            kind => Ok(kind),
        };
        let kind = reader.keep("kind", kind);
        let parts = proposal.zip(kind).zip(reason);
        let command = parts.map(|((proposal, interest), reason)| DeclareInterest {
            proposal,
            interest,
            reason: Some(reason),
        });
        Ok(Some(match execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await? {
            Ok(_) => DeclareConflictPayload { is_recused: Some(true), user_errors: Vec::new() },
            Err(errors) => DeclareConflictPayload::refused(errors),
        }))
    }

    /// Saves your score sheet as a whole; nobody else sees it before the lock.
    /// User errors: `CONFLICT`, `NOT_FOUND`, `NOT_PERMITTED`, `OUT_OF_RANGE`, `MALFORMED`, `ALREADY_EXISTS`, `TOO_LONG`.
    async fn save_score_sheet(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The sheet.")] input: SaveScoreSheetInput,
    ) -> Result<Option<SaveScoreSheetPayload>> {
        let mut reader = Reader::default();
        let review = reader.id("reviewId", &input.review_id);
        let few = reader.at_most("marks", &input.marks, limits::CRITERIA);
        let marks = reader.within("marks", |reader| {
            let read = |(index, mark): (usize, MarkInput)| {
                reader.within(index, |reader| {
                    let criterion = reader.id("criterionId", &mark.criterion_id);
                    let reason = reader.maybe("reason", mark.reason.as_ref(), limits::REASON, Lines::Many);
                    Some((criterion?, mark.score.0, reason))
                })
            };
            input
                .marks
                .into_iter()
                .enumerate()
                .take(if few { limits::CRITERIA } else { 0 })
                .filter_map(read)
                .collect()
        });
        let comment = reader.maybe("comment", input.comment.as_ref(), limits::REASON, Lines::Many);
        let command = review.map(|review| SaveSheet {
            review,
            expected_version: input.expected_version,
            marks,
            comment,
        });
        let (review, user_errors) =
            after_review(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?)
                .await?;
        Ok(Some(SaveScoreSheetPayload { review, user_errors }))
    }

    /// Hands your score sheet in; the secretary is mailed. Needs every mark, and a reason where the criterion asks for it.
    /// User errors: `REQUIRED`, `CONFLICT`, `NOT_FOUND`, `NOT_PERMITTED`.
    async fn submit_review(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: SubmitReviewInput,
    ) -> Result<Option<SubmitReviewPayload>> {
        let mut reader = Reader::default();
        let command = reader
            .id("reviewId", &input.review_id)
            .map(|review| SubmitReview { review, expected_version: input.expected_version });
        let (review, user_errors) =
            after_review(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?)
                .await?;
        Ok(Some(SubmitReviewPayload { review, user_errors }))
    }

    /// Says no to a review that was offered to you, before you have declared anything; the secretary is mailed. A conflict of interest
    /// is declared instead. User errors: `REQUIRED`, `TOO_LONG`, `CONFLICT`, `NOT_FOUND`, `NOT_PERMITTED`.
    async fn decline_review(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which and why.")] input: DeclineReviewInput,
    ) -> Result<Option<DeclineReviewPayload>> {
        let mut reader = Reader::default();
        let review = reader.id("reviewId", &input.review_id);
        let reason = reader.text("reason", &input.reason, limits::REASON, Lines::Many);
        let command = review.zip(reason).map(|(review, reason)| DeclineReview { review, reason });
        Ok(Some(match execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await? {
            Ok(()) => DeclineReviewPayload { is_declined: Some(true), user_errors: Vec::new() },
            Err(errors) => DeclineReviewPayload::refused(errors),
        }))
    }

    /// Takes a review from its member, whose sheet then counts no more; the member is mailed. For secretary and chair who have declared to
    /// be without conflict of interest, before the round is locked. The proposal is not offered to that member again.
    /// User errors: `REQUIRED`, `TOO_LONG`, `CONFLICT`, `CONFLICT_UNDECLARED`, `NOT_FOUND`, `NOT_PERMITTED`.
    async fn revoke_review(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which and why.")] input: RevokeReviewInput,
    ) -> Result<Option<RevokeReviewPayload>> {
        let (review, user_errors) = interfere(
            ctx,
            Interference::Revoke,
            &input.review_id,
            &input.reason,
            input.idempotency_key.as_ref(),
        )
        .await?;
        Ok(Some(RevokeReviewPayload { review, user_errors }))
    }

    /// Gives a sheet that is in back to its member, to be changed and handed in again; the member is mailed. For the chair who has
    /// declared to be without conflict of interest, before the round is locked.
    /// User errors: `REQUIRED`, `TOO_LONG`, `CONFLICT`, `CONFLICT_UNDECLARED`, `NOT_FOUND`, `NOT_PERMITTED`.
    async fn reopen_review(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which and why.")] input: ReopenReviewInput,
    ) -> Result<Option<ReopenReviewPayload>> {
        let (review, user_errors) = interfere(
            ctx,
            Interference::Reopen,
            &input.review_id,
            &input.reason,
            input.idempotency_key.as_ref(),
        )
        .await?;
        Ok(Some(ReopenReviewPayload { review, user_errors }))
    }

    /// Locks the round: sheets become immutable, the ranking readable, the council is mailed. For the chair or the vice chair, whoever is
    /// tied to no applicant, with two thirds of the live reviews and two sheets of every proposal in. User errors: `INCOMPATIBLE_ROLE`, `QUORUM_NOT_REACHED`, `CONFLICT`, `NOT_FOUND`, `NOT_PERMITTED`.
    async fn lock_round(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which challenge.")] input: LockRoundInput,
    ) -> Result<Option<LockRoundPayload>> {
        let mut reader = Reader::default();
        let command = reader.id("challengeId", &input.challenge_id).map(|challenge| LockRound { challenge });
        let (challenge, user_errors) =
            after_challenge(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?)
                .await?;
        Ok(Some(LockRoundPayload { challenge, user_errors }))
    }
}
