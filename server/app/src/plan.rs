//! The plan of who reviews what: made from what its maker may know, shown to those who offer reviews, released as offers.
//!
//! Everything here is about the proposals that the person at hand knows and has declared no conflict with. Of the others
//! there is nothing to plan, to see or to release, so that a plan tells nobody of them.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::{Action, may};
use domain::assign::{self, Couple, Facts, Plan, Reviewer, Seed, Task, Wanted, topics};
use domain::event::{Event, EventKind};
use domain::expert::is_drawn_from_register;
use domain::id::{ChallengeId, CouncilMemberId, OrganizationId, ProposalId, ReviewId, UserId};
use domain::machine;
use domain::problem::{Problem, Reason};
use domain::proposal::{ProposalCommand, ProposalStatus, TRANSITIONS};
use domain::review::{Interest, houses_by_mailbox, mailbox, may_assign, may_fall_due};
use domain::time::Timestamp;
use entity::{
    challenge, conflict_declaration, council_member, expert, expert_sector, membership, proposal,
    proposal_version, review, review_plan, user,
};
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait as _, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, Select,
};
use serde::Serialize;

use crate::access::{must, roles_on};
use crate::challenge::{locked, must_be_version, stage};
use crate::command::Command;
use crate::db::Tx;
use crate::error::Result;
use crate::op::Viewer;
use crate::{App, ids, vault};

/// Proposals that wait for reviews, or for more of them.
const REVIEWABLE: &[ProposalStatus] = &[ProposalStatus::Eligible, ProposalStatus::UnderReview];

/// Proposals of a challenge that the viewer knows by office.
fn known(viewer: &Viewer, challenge: ChallengeId) -> Select<proposal::Entity> {
    crate::proposal::in_office(viewer).filter(proposal::Column::ChallengeId.eq(challenge))
}

/// Of these, those with which the viewer has declared no conflict.
fn cleared(viewer: &Viewer, challenge: ChallengeId) -> Select<proposal::Entity> {
    known(viewer, challenge).filter(proposal::Column::Id.in_subquery(declared_clear(viewer)))
}

fn declared_clear(viewer: &Viewer) -> sea_orm::sea_query::SelectStatement {
    conflict_declaration::Entity::find()
        .filter(conflict_declaration::Column::UserId.eq(viewer.0.as_ref().map(|person| person.id)))
        .filter(conflict_declaration::Column::Interest.eq(Interest::None))
        .select_only()
        .column(conflict_declaration::Column::ProposalId)
        .into_query()
}

/// Plans who reviews what. Reviews that are under way stay; a plan before this one is forgotten.
#[derive(Serialize)]
pub struct PlanReviews {
    /// Of which challenge.
    pub challenge: ChallengeId,
    /// How many members are to review each proposal.
    pub reviewers_per_proposal: u8,
    /// Most proposals for one member.
    pub max_load: u16,
    /// What the lot is drawn from; drawn itself if not given.
    pub seed: Option<i32>,
}

impl Command for PlanReviews {
    const NAME: &'static str = "planReviews";
    type Output = ChallengeId;

    async fn run(&self, tx: &Tx) -> Result<ChallengeId> {
        use review_plan::Column as P;
        let user = tx.op().user()?;
        let row = locked(tx, self.challenge).await?;
        must(Action::AssignReviews, roles_on(tx, &tx.op().viewer, &row).await?)?;
        may_assign(stage(&row))?;
        let proposals = reviewable(tx, &row).await?;
        let council = Council::read(tx, &row, &proposals).await?;
        let plan = assign::plan(&self.task(tx, &row, &proposals, &council).await?);
        let before = review_plan::Entity::find_by_id(row.id).lock_exclusive().one(tx).await?;
        let version = before.map_or(1, |before| before.version + 1);
        tx.record(
            Event::new(EventKind::ReviewsPlanned)
                .challenge(row.id)
                .fact("seed", plan.seed.0)
                .fact("version", version)
                .fact("pairs", plan.pairs.len()),
        );
        let planned = review_plan::ActiveModel {
            challenge_id: Set(row.id),
            reviewers_per_proposal: Set(self.reviewers_per_proposal.into()),
            max_load: Set(self.max_load.into()),
            plan: Set(plan),
            planned_by: Set(user),
            planned_at: Set(tx.now().await?),
            version: Set(version),
        };
        let latest = OnConflict::column(P::ChallengeId)
            .update_columns([
                P::ReviewersPerProposal,
                P::MaxLoad,
                P::Plan,
                P::PlannedBy,
                P::PlannedAt,
                P::Version,
            ])
            .to_owned();
        review_plan::Entity::insert(planned).on_conflict(latest).exec_without_returning(tx).await?;
        Ok(row.id)
    }
}

impl PlanReviews {
    async fn task(
        &self,
        tx: &Tx,
        challenge: &challenge::Model,
        proposals: &[proposal::Model],
        council: &Council,
    ) -> Result<Task> {
        let subjects = subjects(tx, proposals).await?;
        let wanted = proposals.iter().map(|row| {
            let facts = Facts {
                sectors: [challenge.sector].into(),
                topics: subjects.get(&row.id).cloned().unwrap_or_default(),
            };
            (row.id, Wanted { required: self.reviewers_per_proposal, facts })
        });
        let mut known = knowledge(tx, &council.seats).await?;
        let reading: BTreeSet<_> = council.under_way.iter().map(|couple| couple.0).collect();
        // Officials get what they are given by hand; what they have counts.
        let reviewers = council
            .seats
            .iter()
            .filter(|seat| is_drawn_from_register(seat.role) || reading.contains(&seat.id))
            .map(|seat| {
                let max_load = if is_drawn_from_register(seat.role) { self.max_load } else { 0 };
                (seat.id, Reviewer { max_load, facts: known.remove(&seat.user_id).unwrap_or_default() })
            });
        Ok(Task {
            proposals: wanted.collect(),
            reviewers: reviewers.collect(),
            conflicts: council.barred.clone(),
            kept: council.under_way.clone(),
            seed: Seed(self.seed.unwrap_or_else(rand::random).into()),
        })
    }
}

/// The proposals of a plan, locked.
async fn reviewable(tx: &Tx, challenge: &challenge::Model) -> Result<Vec<proposal::Model>> {
    Ok(cleared(&tx.op().viewer, challenge.id)
        .filter(proposal::Column::Status.is_in(REVIEWABLE.to_vec()))
        .order_by_asc(proposal::Column::Id)
        .lock_exclusive()
        .all(tx)
        .await?)
}

/// What the submitted versions are about, by title and summary.
async fn subjects(tx: &Tx, proposals: &[proposal::Model]) -> Result<BTreeMap<ProposalId, BTreeSet<String>>> {
    let current: BTreeMap<_, _> = proposals.iter().map(|row| (row.id, row.current_version)).collect();
    let versions = proposal_version::Entity::find()
        .filter(proposal_version::Column::ProposalId.is_in(current.keys().copied()))
        .all(tx)
        .await?;
    let unsealed = vault::opened(tx, tx.app(), current.keys().copied()).await?;
    let counted = versions.into_iter().filter(|row| current.get(&row.proposal_id) == Some(&row.number));
    counted
        .filter_map(|row| Some((row.proposal_id, unsealed.get(&row.proposal_id)?.version(row))))
        .map(|(id, opened)| {
            let content = opened?.content()?;
            Ok((id, topics(&format!("{}. {}", content.title, content.summary))))
        })
        .collect()
}

/// What the register says that these people know.
async fn knowledge(tx: &Tx, seats: &[council_member::Model]) -> Result<BTreeMap<UserId, Facts>> {
    let experts = expert::Entity::find()
        .filter(expert::Column::UserId.is_in(seats.iter().map(|seat| seat.user_id)))
        .all(tx)
        .await?;
    let fields = expert_sector::Entity::find()
        .filter(expert_sector::Column::ExpertId.is_in(experts.iter().map(|expert| expert.id)))
        .all(tx)
        .await?;
    let facts = experts.into_iter().map(|expert| {
        let of = fields.iter().filter(|field| field.expert_id == expert.id);
        let sectors = of.map(|field| field.sector).collect();
        (expert.user_id, Facts { sectors, topics: topics(&expert.qualification.unwrap_or_default()) })
    });
    Ok(facts.collect())
}

/// Those who can score, and what stands between them and these proposals.
struct Council {
    seats: Vec<council_member::Model>,
    /// A conflict that was declared or found, or a review that is over.
    barred: BTreeSet<Couple>,
    under_way: BTreeSet<Couple>,
    /// Has declared no conflict already.
    clear: BTreeSet<Couple>,
}

impl Council {
    async fn read(tx: &Tx, challenge: &challenge::Model, proposals: &[proposal::Model]) -> Result<Self> {
        let mut seats = council_member::Entity::find()
            .filter(council_member::Column::ChallengeId.eq(challenge.id))
            .filter(council_member::Column::RemovedAt.is_null())
            .order_by_asc(council_member::Column::Id)
            .lock_shared()
            .all(tx)
            .await?;
        seats.retain(|seat| crate::council::may_score(seat.role));
        let users: BTreeMap<_, _> = seats.iter().map(|seat| (seat.user_id, seat.id)).collect();
        let ids: Vec<_> = proposals.iter().map(|row| row.id).collect();
        let (mut barred, mut under_way, mut clear) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let declared = conflict_declaration::Entity::find()
            .filter(conflict_declaration::Column::ProposalId.is_in(ids.clone()))
            .filter(conflict_declaration::Column::UserId.is_in(users.keys().copied()))
            .all(tx)
            .await?;
        for row in declared {
            let Some(seat) = users.get(&row.user_id) else { continue };
            let side = if row.interest == Interest::None { &mut clear } else { &mut barred };
            side.insert((*seat, row.proposal_id));
        }
        let reviews = review::Entity::find()
            .filter(review::Column::ProposalId.is_in(ids))
            .filter(review::Column::UserId.is_in(users.keys().copied()))
            .all(tx)
            .await?;
        for row in reviews {
            let Some(seat) = users.get(&row.user_id) else { continue };
            let side = if row.status.is_live() { &mut under_way } else { &mut barred };
            side.insert((*seat, row.proposal_id));
        }
        for user in competing(tx, challenge.id, &seats).await? {
            let seat = users.get(&user).into_iter();
            barred.extend(seat.flat_map(|seat| proposals.iter().map(|row| (*seat, row.id))));
        }
        barred.extend(sharing_mailboxes(tx, &seats, proposals).await?);
        Ok(Self { seats, barred, under_way, clear })
    }
}

/// Those of them who are, or ever were, in a house that bids on the challenge.
async fn competing(
    tx: &Tx,
    challenge: ChallengeId,
    seats: &[council_member::Model],
) -> Result<BTreeSet<UserId>> {
    let bidders = proposal::Entity::find()
        .filter(proposal::Column::ChallengeId.eq(challenge))
        .filter(proposal::Column::Status.ne(ProposalStatus::Draft))
        .select_only()
        .column(proposal::Column::OrganizationId)
        .into_query();
    let places = membership::Entity::find()
        .filter(membership::Column::UserId.is_in(seats.iter().map(|seat| seat.user_id)))
        .filter(membership::Column::OrganizationId.in_subquery(bidders))
        .all(tx)
        .await?;
    Ok(places.into_iter().map(|place| place.user_id).collect())
}

/// Members whose address is in the domain of a house, with its proposals.
async fn sharing_mailboxes(
    tx: &Tx,
    seats: &[council_member::Model],
    proposals: &[proposal::Model],
) -> Result<Vec<Couple>> {
    let addresses =
        addresses(tx, Condition::all().add(user::Column::Id.is_in(seats.iter().map(|seat| seat.user_id))))
            .await?;
    let domains: BTreeSet<_> = addresses.values().map(|address| mailbox(address)).collect();
    let like = domains.iter().map(|domain| user::Column::EmailKey.ends_with(format!("@{domain}")));
    let neighbours = self::addresses(tx, like.fold(Condition::any(), Condition::add)).await?;
    // Of all houses, whoever bids: what everybody has an address in is nobody's own.
    let places = membership::Entity::find()
        .filter(membership::Column::UserId.is_in(neighbours.keys().copied()))
        .all(tx)
        .await?;
    let used = places
        .iter()
        .filter_map(|place| Some((place.organization_id, neighbours.get(&place.user_id)?.as_str())));
    let owners: BTreeMap<&str, OrganizationId> = houses_by_mailbox(used);
    let shared =
        seats.iter().filter_map(|seat| Some((seat.id, *owners.get(mailbox(addresses.get(&seat.user_id)?))?)));
    Ok(shared
        .flat_map(|(seat, house)| {
            let of_house = proposals.iter().filter(move |row| row.organization_id == house);
            of_house.map(move |row| (seat, row.id))
        })
        .collect())
}

async fn addresses(tx: &Tx, of: Condition) -> Result<BTreeMap<UserId, String>> {
    let found: Vec<(UserId, String)> = user::Entity::find()
        .filter(of)
        .select_only()
        .column(user::Column::Id)
        .column(user::Column::EmailKey)
        .into_tuple()
        .all(tx)
        .await?;
    Ok(found.into_iter().collect())
}

/// Offers what is planned and not offered yet.
#[derive(Serialize)]
pub struct ReleaseReviewPlan {
    /// Of which challenge.
    pub challenge: ChallengeId,
    /// The version of the plan that the caller saw.
    pub expected_version: i32,
    /// Until when the reviews are wanted, if that is set.
    pub due_at: Option<Timestamp>,
}

impl Command for ReleaseReviewPlan {
    const NAME: &'static str = "releaseReviewPlan";
    type Output = ChallengeId;

    async fn run(&self, tx: &Tx) -> Result<ChallengeId> {
        tx.op().user()?;
        let row = locked(tx, self.challenge).await?;
        must(Action::AssignReviews, roles_on(tx, &tx.op().viewer, &row).await?)?;
        may_assign(stage(&row))?;
        may_fall_due(self.due_at, tx.now().await?)?;
        let planned = review_plan::Entity::find_by_id(row.id).lock_exclusive().one(tx).await?;
        let planned = planned.ok_or_else(|| Problem::at("challengeId", Reason::NotFound))?;
        must_be_version(Some(self.expected_version), planned.version)?;
        let proposals = reviewable(tx, &row).await?;
        let council = Council::read(tx, &row, &proposals).await?;
        let new: Vec<_> = planned
            .plan
            .of(&proposals.iter().map(|row| row.id).collect())
            .pairs
            .into_iter()
            .map(|pair| (pair.reviewer, pair.proposal))
            .filter(|couple| !council.under_way.contains(couple))
            .collect();
        // Somebody has left, stepped back, or been found to be in conflict since: the rest may not be the best any more.
        let seats: BTreeMap<_, _> = council.seats.iter().map(|seat| (seat.id, seat.user_id)).collect();
        if new.iter().any(|couple| council.barred.contains(couple) || !seats.contains_key(&couple.0)) {
            return Err(Reason::Stale { current: planned.version }.into());
        }
        let offered: BTreeSet<_> = new.iter().map(|couple| couple.1).collect();
        start(tx, proposals.iter().filter(|row| offered.contains(&row.id))).await?;
        let now = tx.now().await?;
        let mut rows = Vec::new();
        for couple in new {
            let Some(user) = seats.get(&couple.0) else { continue };
            let (member, proposal) = couple;
            let id: ReviewId = ids::random();
            let is_clear = council.clear.contains(&couple);
            rows.push(crate::review::offered(
                id,
                &row,
                proposal,
                (member, *user),
                is_clear,
                (now, self.due_at),
            ));
            tx.record(
                Event::new(EventKind::ReviewOffered)
                    .review(id)
                    .proposal(proposal)
                    .challenge(row.id)
                    .user(*user),
            );
        }
        for rows in rows.chunks(crate::batch::CHUNK) {
            review::Entity::insert_many(rows.to_vec()).exec_without_returning(tx).await?;
        }
        Ok(row.id)
    }
}

/// The first review of these proposals is offered; of those under review already nothing changes.
async fn start(tx: &Tx, proposals: impl Iterator<Item = &proposal::Model>) -> Result<()> {
    let fresh: Vec<_> = proposals.filter(|row| row.status == ProposalStatus::Eligible).collect();
    let next = machine::step(TRANSITIONS, ProposalStatus::Eligible, &ProposalCommand::StartReview)?;
    proposal::Entity::update_many()
        .set(proposal::ActiveModel {
            status: Set(next),
            updated_at: Set(tx.now().await?),
            ..Default::default()
        })
        .col_expr(proposal::Column::Version, Expr::col(proposal::Column::Version).add(1))
        .filter(proposal::Column::Id.is_in(fresh.iter().map(|row| row.id)))
        .exec(tx)
        .await?;
    Ok(())
}

/// A plan as somebody may see it.
pub struct Seen {
    /// When it was made and from what; its own plan is of everything, and not for showing.
    pub row: review_plan::Model,
    /// What of it they may see.
    pub plan: Plan,
    /// The reviews of it that they know of.
    pub reviews: BTreeMap<(ProposalId, CouncilMemberId), review::Model>,
    /// Proposals that a plan of theirs leaves out until they declare themselves.
    pub undeclared: u64,
}

/// The plan of a challenge as the viewer may see it.
///
/// Row `REVIEW_PLAN` of [`READS`](domain::access::READS).
pub async fn seen(app: &App, viewer: &Viewer, challenge: &challenge::Model) -> Result<Option<Seen>> {
    let db = &app.db.read;
    if !may(Action::AssignReviews, roles_on(db, viewer, challenge).await?) {
        return Ok(None);
    }
    let Some(row) = review_plan::Entity::find_by_id(challenge.id).one(db).await? else { return Ok(None) };
    let cleared = ids_of(db, cleared(viewer, challenge.id)).await?;
    let undeclared = known(viewer, challenge.id)
        .filter(proposal::Column::Status.is_in(REVIEWABLE.to_vec()))
        .filter(proposal::Column::Id.not_in_subquery(declared_clear(viewer)))
        .count(db)
        .await?;
    let reviews = crate::review::visible_to(viewer)
        .filter(review::Column::ChallengeId.eq(challenge.id))
        .all(db)
        .await?;
    Ok(Some(Seen {
        plan: row.plan.clone().of(&cleared),
        reviews: reviews.into_iter().map(|review| ((review.proposal_id, review.member_id), review)).collect(),
        undeclared,
        row,
    }))
}

async fn ids_of(
    connection: &impl ConnectionTrait,
    proposals: Select<proposal::Entity>,
) -> Result<BTreeSet<ProposalId>> {
    let ids: Vec<ProposalId> =
        proposals.select_only().column(proposal::Column::Id).into_tuple().all(connection).await?;
    Ok(ids.into_iter().collect())
}
