//! Reviews: conflicts declared, sheets filled in, the round locked, the ranking read.

use std::collections::BTreeMap;

use domain::access::Action;
use domain::account::PlatformRole;
use domain::challenge::ChallengeStatus;
use domain::event::{Event, EventKind};
use domain::id::{ChallengeId, CouncilMemberId, ProposalId, ReviewId, UserId};
use domain::machine;
use domain::problem::{Problem, Reason};
use domain::proposal::{ProposalCommand, ProposalStatus};
use domain::review::{
    CouncilRole, IN_PLAY, Interest, OFFERS_MAX, ReviewCommand, ReviewStatus, TRANSITIONS, Turnout, Voiding,
    in_time, may_assign, may_declare, may_decline, may_expire, may_fall_due, may_interfere, may_lock,
    may_offer, may_save, may_submit,
};
use domain::score::{self, Sheet};
use domain::time::Timestamp;
use entity::{challenge, conflict_declaration, council_member, decision, proposal, review};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, PaginatorTrait as _, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select,
};
use serde::Serialize;

use crate::access::{must, roles_on};
use crate::challenge::{locked, must_be_version, stage};
use crate::command::Command;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::op::Viewer;
use crate::page::{self, Ask, Key, Page, Sort};
use crate::proposal::is_cleared;
use crate::{App, ids};

/// Reviews whose existence a viewer may know: one's own; chair and secretary all of their challenge; once locked the council,
/// the decision maker and the auditor; the agency once the decision is published. Only of proposals that the viewer may
/// know: a person in conflict loses the item.
///
/// Row `REVIEW` of [`READS`](domain::access::READS).
pub fn visible_to(viewer: &Viewer) -> Select<review::Entity> {
    use review::Column as R;
    let Some(person) = &viewer.0 else {
        return review::Entity::find().filter(R::Id.is_in(Vec::<ReviewId>::new()));
    };
    // Asked of each review by itself: as a list of all proposals in office, SQLite would make that list for one review.
    let known = crate::proposal::in_office(viewer)
        .filter(Expr::col((proposal::Entity, proposal::Column::Id)).equals((review::Entity, R::ProposalId)))
        .select_only()
        .column(proposal::Column::Id)
        .into_query();
    let seats = |roles: &[CouncilRole]| {
        council_member::Entity::find()
            .filter(council_member::Column::UserId.eq(person.id))
            .filter(council_member::Column::RemovedAt.is_null())
            .filter(council_member::Column::Role.is_in(roles.to_vec()))
            .select_only()
            .column(council_member::Column::ChallengeId)
            .into_query()
    };
    let challenges = || challenge::Entity::find().select_only().column(challenge::Column::Id);
    let decided_by_me = || challenges().filter(challenge::Column::DecisionMakerId.eq(person.id)).into_query();
    let is_decided =
        challenge::Column::Status.is_in([ChallengeStatus::Awarded, ChallengeStatus::ClosedNoAward]);
    let of_my_agency = challenges()
        .filter(challenge::Column::AgencyId.is_in(viewer.agencies()))
        .filter(is_decided)
        .into_query();
    let locked = Condition::all().add(R::Status.eq(ReviewStatus::Locked)).add(
        Condition::any()
            .add(R::ChallengeId.in_subquery(seats(CouncilRole::ALL)))
            .add(R::ChallengeId.in_subquery(decided_by_me()))
            .add(R::ChallengeId.in_subquery(of_my_agency))
            .add_option(viewer.holds(PlatformRole::Auditor).then(|| R::Id.is_not_null())),
    );
    // What is out of the count is evidence, for those who answer for the decision.
    let voided = Condition::all().add(R::Status.eq(ReviewStatus::Voided)).add(
        Condition::any()
            .add(R::ChallengeId.in_subquery(decided_by_me()))
            .add_option(viewer.holds(PlatformRole::Auditor).then(|| R::Id.is_not_null())),
    );
    review::Entity::find().filter(Expr::exists(known)).filter(R::Status.ne(ReviewStatus::Recused)).filter(
        Condition::any()
            .add(voided)
            .add(R::UserId.eq(person.id))
            .add(R::ChallengeId.in_subquery(seats(&[CouncilRole::Chair, CouncilRole::Secretary])))
            .add(locked),
    )
}

/// Whether the viewer may read the marks: one's own, or any once locked.
///
/// Row `SHEET` of [`READS`](domain::access::READS).
pub fn may_read_sheet(viewer: &Viewer, row: &review::Model) -> bool {
    matches!(row.status, ReviewStatus::Locked | ReviewStatus::Voided)
        || viewer.0.as_ref().is_some_and(|person| person.id == row.user_id)
}

/// A page of one's own reviews, newest first.
pub async fn list_own(app: &App, viewer: &Viewer, user: UserId, ask: &Ask) -> Result<Page<review::Model>> {
    let sort = Sort {
        column: Some(review::Column::OfferedAt),
        id: review::Column::Id,
        descending: true,
        scope: "own reviews".to_owned(),
    };
    let select = visible_to(viewer).filter(review::Column::UserId.eq(user));
    page::read(&app.db.read, &app.keys, select, &sort, ask, |row| {
        (Some(Key::Number(row.offered_at.micros())), row.id.0)
    })
    .await
}

/// How many there are on all pages.
pub async fn count_own(app: &App, viewer: &Viewer, user: UserId) -> Result<u64> {
    Ok(visible_to(viewer).filter(review::Column::UserId.eq(user)).count(&app.db.read).await?)
}

/// Offers reviews: proposals to council members.
#[derive(Serialize)]
pub struct AssignReviews {
    /// Of which challenge.
    pub challenge: ChallengeId,
    /// Which proposal to which members.
    pub assignments: Vec<(ProposalId, Vec<CouncilMemberId>)>,
    /// Until when they are wanted, if that is set.
    pub due_at: Option<Timestamp>,
}

impl Command for AssignReviews {
    const NAME: &'static str = "assignReviews";
    type Output = Vec<ReviewId>;

    async fn run(&self, tx: &Tx) -> Result<Vec<ReviewId>> {
        let user = tx.op().user()?;
        let row = locked(tx, self.challenge).await?;
        must(Action::AssignReviews, roles_on(tx, &tx.op().viewer, &row).await?)?;
        may_assign(stage(&row))?;
        may_fall_due(self.due_at, tx.now().await?)?;
        if self.assignments.iter().map(|(_, members)| members.len()).sum::<usize>() > OFFERS_MAX {
            return Err(Problem::at("assignments", Reason::TooLong { max: OFFERS_MAX }).into());
        }
        let mut offered = Vec::new();
        for (index, (proposal, members)) in self.assignments.iter().enumerate() {
            let index = index.to_string();
            let proposal = crate::proposal::in_office(&tx.op().viewer)
                .filter(proposal::Column::Id.eq(*proposal))
                .filter(proposal::Column::ChallengeId.eq(row.id))
                .lock_exclusive()
                .one(tx)
                .await?
                .ok_or_else(|| Problem::at_path(["assignments", &index, "proposalId"], Reason::NotFound))?;
            may_offer(stage(&row), proposal.status, is_cleared(tx, user, proposal.id).await?)?;
            let next =
                machine::step(domain::proposal::TRANSITIONS, proposal.status, &ProposalCommand::StartReview)?;
            // A second offer changes nothing that an applicant could see.
            if next != proposal.status {
                crate::proposal::advance(tx, &proposal, ProposalCommand::StartReview, Default::default())
                    .await?;
            }
            for (place, member) in members.iter().enumerate() {
                let at = |reason| {
                    Problem::at_path(["assignments", &index, "memberIds", &place.to_string()], reason)
                };
                offered.push(offer(tx, &row, &proposal, *member, self.due_at).await?.map_err(at)?);
            }
        }
        Ok(offered)
    }
}

/// Offers one review, unless the member cannot take it.
async fn offer(
    tx: &Tx,
    challenge: &challenge::Model,
    proposal: &proposal::Model,
    member: CouncilMemberId,
    due_at: Option<Timestamp>,
) -> Result<Result<ReviewId, Reason>> {
    let seat = council_member::Entity::find_by_id(member)
        .filter(council_member::Column::ChallengeId.eq(challenge.id))
        .filter(council_member::Column::RemovedAt.is_null())
        .one(tx)
        .await?;
    let Some(seat) = seat else { return Ok(Err(Reason::NotFound)) };
    let declared = conflict_declaration::Entity::find_by_id((proposal.id, seat.user_id))
        .one(tx)
        .await?
        .map(|declared| declared.interest);
    let competes = challenge::Entity::find_by_id(challenge.id)
        .filter(challenge::Column::Id.in_subquery(crate::proposal::bid_on(seat.user_id)))
        .one(tx)
        .await?
        .is_some();
    let in_conflict = competes || declared.is_some_and(|interest| interest != Interest::None);
    if in_conflict || !crate::council::may_score(seat.role) {
        return Ok(Err(Reason::IncompatibleRole));
    }
    let again = review::Entity::find()
        .filter(review::Column::ProposalId.eq(proposal.id))
        .filter(review::Column::UserId.eq(seat.user_id))
        .one(tx)
        .await?;
    if again.is_some() {
        return Ok(Err(Reason::AlreadyExists));
    }
    let now = tx.now().await?;
    let id: ReviewId = ids::random();
    let is_clear = declared == Some(Interest::None);
    let row = offered(id, challenge, proposal.id, (seat.id, seat.user_id), is_clear, (now, due_at));
    review::Entity::insert(row).exec_without_returning(tx).await?;
    tx.record(
        Event::new(EventKind::ReviewOffered)
            .review(id)
            .proposal(proposal.id)
            .challenge(challenge.id)
            .user(seat.user_id),
    );
    Ok(Ok(id))
}

/// A new review; whoever has declared no conflict already need not do so again.
pub(crate) fn offered(
    id: ReviewId,
    challenge: &challenge::Model,
    proposal: ProposalId,
    (member, user): (CouncilMemberId, UserId),
    is_clear: bool,
    (now, due_at): (Timestamp, Option<Timestamp>),
) -> review::ActiveModel {
    review::ActiveModel {
        id: Set(id),
        challenge_id: Set(challenge.id),
        proposal_id: Set(proposal),
        member_id: Set(member),
        user_id: Set(user),
        status: Set(if is_clear { ReviewStatus::Accepted } else { ReviewStatus::Offered }),
        status_reason: Set(None),
        sheet: Set(Sheet::default()),
        comment: Set(None),
        offered_at: Set(now),
        due_at: Set(due_at),
        void_requested_by: Set(None),
        void_requested_at: Set(None),
        void_reason: Set(None),
        submitted_at: Set(None),
        locked_at: Set(None),
        updated_at: Set(now),
        version: Set(1),
    }
}

async fn advance(
    tx: &Tx,
    row: &review::Model,
    command: ReviewCommand,
    change: review::ActiveModel,
) -> Result<ReviewStatus> {
    let next = machine::step(TRANSITIONS, row.status, &command)?;
    let now = tx.now().await?;
    let change = review::ActiveModel {
        status: Set(next),
        updated_at: Set(now),
        version: Set(row.version + 1),
        ..change
    };
    let done = review::Entity::update_many()
        .set(change)
        .filter(review::Column::Id.eq(row.id))
        .filter(review::Column::Version.eq(row.version))
        .exec(tx)
        .await?;
    if done.rows_affected == 1 { Ok(next) } else { Err(Reason::Stale { current: row.version + 1 }.into()) }
}

/// Declares a conflict of interest on one proposal, or none. A declared conflict cannot be taken back by its author.
#[derive(Serialize)]
pub struct DeclareInterest {
    /// On which proposal.
    pub proposal: ProposalId,
    /// What kind; `None` for no conflict.
    pub interest: Interest,
    /// In words; required for a conflict.
    pub reason: Option<String>,
}

impl Command for DeclareInterest {
    const NAME: &'static str = "declareInterest";
    type Output = (ProposalId, Option<ReviewId>);

    async fn run(&self, tx: &Tx) -> Result<Self::Output> {
        use conflict_declaration::Column as D;
        let user = tx.op().user()?;
        let (challenge, proposal) =
            crate::proposal::locked(tx, crate::proposal::in_office, self.proposal).await?;
        must(Action::DeclareConflict, roles_on(tx, &tx.op().viewer, &challenge).await?)?;
        may_declare(stage(&challenge), self.interest)?;
        let now = tx.now().await?;
        let declared = conflict_declaration::ActiveModel {
            proposal_id: Set(proposal.id),
            user_id: Set(user),
            interest: Set(self.interest),
            reason: Set(self.reason.clone()),
            declared_at: Set(now),
        };
        let latest = sea_orm::sea_query::OnConflict::columns([D::ProposalId, D::UserId])
            .update_columns([D::Interest, D::Reason, D::DeclaredAt])
            .to_owned();
        conflict_declaration::Entity::insert(declared).on_conflict(latest).exec_without_returning(tx).await?;
        let mine = review::Entity::find()
            .filter(review::Column::ProposalId.eq(proposal.id))
            .filter(review::Column::UserId.eq(user))
            .lock_exclusive()
            .one(tx)
            .await?;
        let event = |kind| {
            Event::new(kind)
                .proposal(proposal.id)
                .challenge(challenge.id)
                .user(user)
                .fact("interest", self.interest)
        };
        match (&mine, self.interest) {
            (Some(row), Interest::None) => {
                if row.status == ReviewStatus::Offered {
                    advance(tx, row, ReviewCommand::Accept, Default::default()).await?;
                }
                tx.record(event(EventKind::NoConflictDeclared).review(row.id));
            }
            // What has ended otherwise is evidence and stays; its member loses sight of it.
            (Some(row), _) if machine::step(TRANSITIONS, row.status, &ReviewCommand::Recuse).is_err() => {
                tx.record(event(EventKind::ConflictDeclared).review(row.id));
            }
            (Some(row), _) => {
                let next = advance(tx, row, ReviewCommand::Recuse, Default::default()).await?;
                tx.record(
                    event(EventKind::ReviewRecused).review(row.id).fact("from", row.status).fact("to", next),
                );
            }
            (None, Interest::None) => tx.record(event(EventKind::NoConflictDeclared)),
            (None, _) => tx.record(event(EventKind::ConflictDeclared)),
        }
        Ok((proposal.id, mine.map(|row| row.id)))
    }
}

/// A review that the viewer may know of, locked, with its challenge.
async fn known(tx: &Tx, id: ReviewId) -> Result<(challenge::Model, review::Model)> {
    let found = visible_to(&tx.op().viewer).filter(review::Column::Id.eq(id)).one(tx).await?;
    let found = found.ok_or_else(|| Problem::at("reviewId", Reason::NotFound))?;
    let challenge = challenge::Entity::find_by_id(found.challenge_id).lock_shared().one(tx).await?;
    let challenge = challenge.ok_or_else(|| Error::Internal("a review without a challenge".to_owned()))?;
    let row = visible_to(&tx.op().viewer).filter(review::Column::Id.eq(id)).lock_exclusive().one(tx).await?;
    let row = row.ok_or_else(|| Problem::at("reviewId", Reason::NotFound))?;
    Ok((challenge, row))
}

/// One's own review, locked, with its challenge in evaluation.
async fn own(tx: &Tx, id: ReviewId) -> Result<(challenge::Model, review::Model)> {
    let user = tx.op().user()?;
    let (challenge, row) = known(tx, id).await?;
    if row.user_id != user {
        return Err(Reason::NotPermitted.into());
    }
    must(Action::Score, roles_on(tx, &tx.op().viewer, &challenge).await?)?;
    Ok((challenge, row))
}

/// Saves one's score sheet as a whole.
#[derive(Serialize)]
pub struct SaveSheet {
    /// Of which review.
    pub review: ReviewId,
    /// The version that the caller saw.
    pub expected_version: i32,
    /// Marks by criterion, as typed: score, reason.
    pub marks: Vec<(domain::id::CriterionId, String, Option<String>)>,
    /// A word on the whole.
    pub comment: Option<String>,
}

impl Command for SaveSheet {
    const NAME: &'static str = "saveScoreSheet";
    type Output = ReviewId;

    async fn run(&self, tx: &Tx) -> Result<ReviewId> {
        let (challenge, row) = own(tx, self.review).await?;
        may_save(stage(&challenge), row.status, in_time(row.due_at, tx.now().await?))?;
        must_be_version(Some(self.expected_version), row.version)?;
        let criteria = crate::challenge::criteria(tx, challenge.id).await?;
        let mut marks = BTreeMap::new();
        let mut problems = Vec::new();
        for (index, (criterion, score, reason)) in self.marks.iter().enumerate() {
            let index = index.to_string();
            if !criteria.iter().any(|known| known.id == *criterion) {
                problems.push(Problem::at_path(["marks", &index, "criterionId"], Reason::NotFound));
                continue;
            }
            match score::Score::parse(score, challenge.rubric.scale) {
                Ok(score) => {
                    if marks.insert(*criterion, score::Mark { score, reason: reason.clone() }).is_some() {
                        problems
                            .push(Problem::at_path(["marks", &index, "criterionId"], Reason::AlreadyExists));
                    }
                }
                Err(reason) => problems.push(Problem::at_path(["marks", &index, "score"], reason)),
            }
        }
        if !problems.is_empty() {
            return Err(problems.into());
        }
        let change = review::ActiveModel {
            sheet: Set(Sheet(marks)),
            comment: Set(self.comment.clone()),
            ..Default::default()
        };
        advance(tx, &row, ReviewCommand::Save, change).await?;
        tx.record(
            Event::new(EventKind::SheetSaved)
                .review(row.id)
                .proposal(row.proposal_id)
                .challenge(row.challenge_id)
                .fact("version", row.version + 1),
        );
        Ok(row.id)
    }
}

/// Hands one's score sheet in.
#[derive(Serialize)]
pub struct SubmitReview {
    /// Which.
    pub review: ReviewId,
    /// The version that the caller saw, if it matters.
    pub expected_version: Option<i32>,
}

impl Command for SubmitReview {
    const NAME: &'static str = "submitReview";
    type Output = ReviewId;

    async fn run(&self, tx: &Tx) -> Result<ReviewId> {
        let (challenge, row) = own(tx, self.review).await?;
        machine::step(TRANSITIONS, row.status, &ReviewCommand::Submit)?;
        must_be_version(self.expected_version, row.version)?;
        let criteria = crate::challenge::criteria(tx, challenge.id).await?;
        let now = tx.now().await?;
        may_submit(stage(&challenge), row.status, in_time(row.due_at, now), &row.sheet, &criteria)?;
        let next = advance(
            tx,
            &row,
            ReviewCommand::Submit,
            // Why it was given back is of no use to those who read it once it is locked.
            review::ActiveModel {
                submitted_at: Set(Some(now)),
                status_reason: Set(None),
                ..Default::default()
            },
        )
        .await?;
        let event = Event::new(EventKind::ReviewSubmitted)
            .review(row.id)
            .proposal(row.proposal_id)
            .challenge(row.challenge_id)
            .user(row.user_id);
        tx.record(event.fact("from", row.status).fact("to", next));
        Ok(row.id)
    }
}

/// Says no to a review that was offered.
#[derive(Serialize)]
pub struct DeclineReview {
    /// Which; one's own.
    pub review: ReviewId,
    /// Why; the secretary reads it.
    pub reason: String,
}

impl Command for DeclineReview {
    const NAME: &'static str = "declineReview";
    type Output = ();

    async fn run(&self, tx: &Tx) -> Result<()> {
        let (challenge, row) = own(tx, self.review).await?;
        may_decline(stage(&challenge), row.status)?;
        ends(tx, &row, ReviewCommand::Decline, EventKind::ReviewDeclined, &self.reason).await
    }
}

/// Reviews whose time is over.
pub(crate) async fn overdue(app: &App, now: Timestamp) -> Result<Vec<ReviewId>> {
    let open = [ReviewStatus::Offered, ReviewStatus::Accepted, ReviewStatus::InProgress];
    let rows = review::Entity::find()
        .filter(review::Column::DueAt.lte(now))
        .filter(review::Column::Status.is_in(open))
        .select_only()
        .column(review::Column::Id);
    Ok(rows.into_tuple().all(&app.db.read).await?)
}

/// Ends a review whose time is over, if nothing has happened to it meanwhile. True: it did.
#[derive(Serialize)]
pub(crate) struct ExpireReview {
    pub(crate) review: ReviewId,
}

impl Command for ExpireReview {
    const NAME: &'static str = "expireReview";
    type Output = bool;

    async fn run(&self, tx: &Tx) -> Result<bool> {
        let Some(found) = review::Entity::find_by_id(self.review).one(tx).await? else { return Ok(false) };
        let challenge = challenge::Entity::find_by_id(found.challenge_id).lock_shared().one(tx).await?;
        let row = review::Entity::find_by_id(self.review).lock_exclusive().one(tx).await?;
        let (Some(challenge), Some(row)) = (challenge, row) else { return Ok(false) };
        if !may_expire(stage(&challenge), row.status, row.due_at, tx.now().await?) {
            return Ok(false);
        }
        let next = advance(tx, &row, ReviewCommand::Expire, Default::default()).await?;
        let event = Event::new(EventKind::ReviewExpired)
            .review(row.id)
            .proposal(row.proposal_id)
            .challenge(row.challenge_id)
            .user(row.user_id);
        tx.record(event.fact("from", row.status).fact("to", next));
        Ok(true)
    }
}

/// What the council's bureau does with somebody's review.
#[derive(Serialize)]
pub struct InterfereWithReview {
    /// Which.
    pub review: ReviewId,
    /// What.
    pub interference: Interference,
    /// Why; the member reads it.
    pub reason: String,
}

/// Takes a review from its member, or gives a sheet back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Interference {
    /// Takes it.
    Revoke,
    /// Gives it back.
    Reopen,
}

impl Interference {
    /// The step of the review.
    pub const fn command(self) -> ReviewCommand {
        match self {
            Self::Revoke => ReviewCommand::Revoke,
            Self::Reopen => ReviewCommand::Reopen,
        }
    }

    const fn right(self) -> Action {
        match self {
            Self::Revoke => Action::AssignReviews,
            Self::Reopen => Action::ReopenReview,
        }
    }

    const fn event(self) -> EventKind {
        match self {
            Self::Revoke => EventKind::ReviewRevoked,
            Self::Reopen => EventKind::ReviewReopened,
        }
    }
}

impl Command for InterfereWithReview {
    const NAME: &'static str = "interfereWithReview";
    type Output = ReviewId;

    async fn run(&self, tx: &Tx) -> Result<ReviewId> {
        let user = tx.op().user()?;
        let (challenge, row) = known(tx, self.review).await?;
        must(self.interference.right(), roles_on(tx, &tx.op().viewer, &challenge).await?)?;
        let command = self.interference.command();
        may_interfere(stage(&challenge), row.status, command, is_cleared(tx, user, row.proposal_id).await?)?;
        ends(tx, &row, command, self.interference.event(), &self.reason).await?;
        Ok(row.id)
    }
}

/// Takes a review from its member, because its proposal is out of the running.
pub(crate) async fn revoke(tx: &Tx, row: &review::Model, reason: &str) -> Result<()> {
    ends(tx, row, ReviewCommand::Revoke, EventKind::ReviewRevoked, reason).await
}

/// A step with a reason, after which there is no sheet that is in.
async fn ends(
    tx: &Tx,
    row: &review::Model,
    command: ReviewCommand,
    kind: EventKind,
    reason: &str,
) -> Result<()> {
    let change = review::ActiveModel {
        status_reason: Set(Some(reason.to_owned())),
        submitted_at: Set(None),
        ..Default::default()
    };
    let next = advance(tx, row, command, change).await?;
    let event = Event::new(kind)
        .review(row.id)
        .proposal(row.proposal_id)
        .challenge(row.challenge_id)
        .user(row.user_id)
        .fact("from", row.status)
        .fact("to", next);
    tx.record(event);
    Ok(())
}

/// What taking a locked sheet out of the count depends on.
async fn voiding(tx: &Tx, challenge: &challenge::Model, row: &review::Model) -> Result<Voiding> {
    let decision =
        crate::decision::standing().filter(decision::Column::ChallengeId.eq(challenge.id)).one(tx).await?;
    let sheets = review::Entity::find()
        .filter(review::Column::ProposalId.eq(row.proposal_id))
        .filter(review::Column::Status.eq(ReviewStatus::Locked))
        .count(tx)
        .await?;
    Ok(Voiding {
        stage: stage(challenge),
        status: row.status,
        decision: decision.map(|decision| decision.status),
        is_requested: row.void_requested_at.is_some(),
        sheets: usize::try_from(sheets).unwrap_or(usize::MAX),
    })
}

/// A review that the viewer may know of, and its challenge, both locked against everybody else: what counts is about to change.
async fn known_alone(tx: &Tx, id: ReviewId) -> Result<(challenge::Model, review::Model)> {
    let not_found = || Problem::at("reviewId", Reason::NotFound);
    let scoped = || visible_to(&tx.op().viewer).filter(review::Column::Id.eq(id));
    let found = scoped().one(tx).await?.ok_or_else(not_found)?;
    let challenge = challenge::Entity::find_by_id(found.challenge_id).lock_exclusive().one(tx).await?;
    let challenge = challenge.ok_or_else(|| Error::Internal("a review without a challenge".to_owned()))?;
    let row = scoped().lock_exclusive().one(tx).await?.ok_or_else(not_found)?;
    Ok((challenge, row))
}

/// Asks that a locked sheet be taken out of the count.
#[derive(Serialize)]
pub struct RequestVoid {
    /// Which.
    pub review: ReviewId,
    /// Why.
    pub reason: String,
}

impl Command for RequestVoid {
    const NAME: &'static str = "requestReviewVoid";
    type Output = ReviewId;

    async fn run(&self, tx: &Tx) -> Result<ReviewId> {
        let user = tx.op().user()?;
        let (challenge, row) = known_alone(tx, self.review).await?;
        must(Action::RequestVoid, roles_on(tx, &tx.op().viewer, &challenge).await?)?;
        voiding(tx, &challenge, &row).await?.may_be_requested(row.user_id == user)?;
        let now = tx.now().await?;
        let change = review::ActiveModel {
            void_requested_by: Set(Some(user)),
            void_requested_at: Set(Some(now)),
            void_reason: Set(Some(self.reason.clone())),
            updated_at: Set(now),
            version: Set(row.version + 1),
            ..Default::default()
        };
        review::Entity::update_many().set(change).filter(review::Column::Id.eq(row.id)).exec(tx).await?;
        let event = Event::new(EventKind::ReviewVoidRequested)
            .review(row.id)
            .proposal(row.proposal_id)
            .challenge(row.challenge_id);
        tx.record(event);
        Ok(row.id)
    }
}

/// Takes a locked sheet out of the count, as the second person. What was drafted from it is ranked anew.
#[derive(Serialize)]
pub struct ConfirmVoid {
    /// Which.
    pub review: ReviewId,
}

impl Command for ConfirmVoid {
    const NAME: &'static str = "confirmReviewVoid";
    type Output = ReviewId;

    async fn run(&self, tx: &Tx) -> Result<ReviewId> {
        tx.op().user()?;
        let (challenge, row) = known_alone(tx, self.review).await?;
        must(Action::ConfirmVoid, roles_on(tx, &tx.op().viewer, &challenge).await?)?;
        voiding(tx, &challenge, &row).await?.may_be_confirmed()?;
        let change =
            review::ActiveModel { status_reason: Set(row.void_reason.clone()), ..Default::default() };
        let next = advance(tx, &row, ReviewCommand::Void, change).await?;
        let event = Event::new(EventKind::ReviewVoided)
            .review(row.id)
            .proposal(row.proposal_id)
            .challenge(row.challenge_id)
            .user(row.user_id);
        tx.record(event.fact("from", row.status).fact("to", next));
        crate::decision::rank_anew(tx, &challenge).await?;
        let seal = crate::ranking::seal(tx, &challenge).await?;
        let resealed = Event::new(EventKind::RoundResealed).challenge(challenge.id);
        tx.record(resealed.fact(crate::ranking::SEAL, seal));
        Ok(row.id)
    }
}

/// Locks the round: sheets become immutable and the ranking readable.
#[derive(Serialize)]
pub struct LockRound {
    /// Of which challenge.
    pub challenge: ChallengeId,
}

impl Command for LockRound {
    const NAME: &'static str = "lockRound";
    type Output = ChallengeId;

    async fn run(&self, tx: &Tx) -> Result<ChallengeId> {
        let user = tx.op().user()?;
        let row = locked(tx, self.challenge).await?;
        must(Action::LockRound, roles_on(tx, &tx.op().viewer, &row).await?)?;
        stage(&row).must_be_scoring()?;
        let proposals = proposal::Entity::find()
            .filter(proposal::Column::ChallengeId.eq(row.id))
            .filter(proposal::Column::Status.is_in(IN_PLAY.to_vec()))
            .order_by_asc(proposal::Column::Id)
            .lock_exclusive()
            .all(tx)
            .await?;
        let reviews = review::Entity::find()
            .filter(review::Column::ChallengeId.eq(row.id))
            .order_by_asc(review::Column::Id)
            .lock_exclusive()
            .all(tx)
            .await?;
        let turnouts = turnouts(
            proposals.iter().map(|proposal| proposal.id),
            reviews.iter().map(|review| (review.proposal_id, review.status)),
        );
        let tied =
            challenge::Entity::find_by_id(row.id).filter(crate::proposal::ties_of(user)).one(tx).await?;
        may_lock(stage(&row), tied.is_some(), &row.rubric, turnouts.into_values())?;
        let now = tx.now().await?;
        // All at once: as many statements for three proposals as for three hundred.
        settle(tx, row.id, &[ReviewStatus::Submitted], ReviewStatus::Locked, now).await?;
        settle(
            tx,
            row.id,
            &[ReviewStatus::Offered, ReviewStatus::Accepted, ReviewStatus::InProgress],
            ReviewStatus::Expired,
            now,
        )
        .await?;
        let evaluated = machine::step(
            domain::proposal::TRANSITIONS,
            ProposalStatus::UnderReview,
            &ProposalCommand::Lock,
        )?;
        proposal::Entity::update_many()
            // Neither version nor time of change: an applicant sees both, and must not learn of the lock.
            .set(proposal::ActiveModel { status: Set(evaluated), ..Default::default() })
            .filter(proposal::Column::ChallengeId.eq(row.id))
            .filter(proposal::Column::Status.eq(ProposalStatus::UnderReview))
            .exec(tx)
            .await?;
        let change = challenge::ActiveModel { round_locked_at: Set(Some(now)), ..Default::default() };
        let done = challenge::Entity::update_many()
            .set(change)
            .filter(challenge::Column::Id.eq(row.id))
            .filter(challenge::Column::RoundLockedAt.is_null())
            .exec(tx)
            .await?;
        if done.rows_affected != 1 {
            return Err(Reason::Stale { current: row.version }.into());
        }
        let seal = crate::ranking::seal(tx, &row).await?;
        tx.record(
            Event::new(EventKind::RoundLocked)
                .challenge(row.id)
                .fact("proposals", proposals.len())
                .fact(crate::ranking::SEAL, seal),
        );
        Ok(row.id)
    }
}

/// How many reviews each of the proposals has, and how many sheets of them are in.
pub(crate) fn turnouts(
    proposals: impl IntoIterator<Item = ProposalId>,
    reviews: impl IntoIterator<Item = (ProposalId, ReviewStatus)>,
) -> BTreeMap<ProposalId, Turnout> {
    let mut turnouts: BTreeMap<_, _> = proposals.into_iter().map(|id| (id, Turnout::default())).collect();
    for (proposal, status) in reviews.into_iter().filter(|(_, status)| status.is_live()) {
        if let Some(turnout) = turnouts.get_mut(&proposal) {
            turnout.live += 1;
            turnout.submitted += usize::from(status == ReviewStatus::Submitted);
        }
    }
    turnouts
}

async fn settle(
    tx: &Tx,
    challenge: ChallengeId,
    from: &[ReviewStatus],
    to: ReviewStatus,
    now: Timestamp,
) -> Result<()> {
    let locked_at = (to == ReviewStatus::Locked).then_some(now);
    review::Entity::update_many()
        .set(review::ActiveModel {
            status: Set(to),
            locked_at: Set(locked_at),
            updated_at: Set(now),
            ..Default::default()
        })
        .col_expr(review::Column::Version, Expr::col(review::Column::Version).add(1))
        .filter(review::Column::ChallengeId.eq(challenge))
        .filter(review::Column::Status.is_in(from.to_vec()))
        .exec(tx)
        .await?;
    Ok(())
}
