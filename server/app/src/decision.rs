//! The decision: drafted from the ranking, approved by the authority, published.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::access::{Action, Role, may};
use domain::account::PlatformRole;
use domain::appeal::CONCERNED;
use domain::challenge::{ChallengeCommand, OfficialRecord, may_start_decision};
use domain::decision::{
    DecisionCommand, DecisionStatus, Outcome, Promotion, TRANSITIONS, Verdict, departs_from_ranking,
    in_place_of, may_approve, may_promote, may_propose, may_publish, may_return, may_schedule, must_go_on,
};
use domain::event::{Event, EventKind};
use domain::id::{ChallengeId, DecisionId, ProposalId, UserId};
use domain::machine;
use domain::money::Money;
use domain::problem::{Problem, Reason};
use domain::proposal::{Content, ProposalCommand, ProposalSection, ProposalStatus};
use domain::review::CouncilRole;
use domain::score::Total;
use domain::time::Timestamp;
use entity::{challenge, decision, decision_outcome, organization, proposal, proposal_version};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    Select,
};
use serde::Serialize;

use crate::App;
use crate::access::{must, roles_on, seat_on_council};
use crate::challenge::{advance as advance_challenge, locked as locked_challenge, must_be_version, stage};
use crate::command::Command;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::ids;
use crate::op::Viewer;
use crate::proposal::{councils, decided_by};
use crate::vault;

/// A published decision is known to all; before that to chair, vice chair and secretary, from the proposal on to the decision
/// maker, from the approval on to the programme office; the auditor knows all.
///
/// Row `DECISION` of [`READS`](domain::access::READS).
pub fn visible_to(viewer: &Viewer) -> Select<decision::Entity> {
    use decision::Column as D;
    let public = Condition::any().add(D::Status.is_in(DecisionStatus::PUBLIC.iter().copied()));
    let Some(person) = &viewer.0 else { return decision::Entity::find().filter(public) };
    let bureau = councils(person.id, CouncilRole::BUREAU);
    let decided_by_me = decided_by(person.id);
    // A draft is the council's own, but for one that the decision maker returned.
    let put_before_me =
        Condition::any().add(D::Status.ne(DecisionStatus::Draft)).add(D::ReturnReason.is_not_null());
    decision::Entity::find().filter(
        public
            .add(D::ChallengeId.in_subquery(bureau))
            .add(Condition::all().add(D::ChallengeId.in_subquery(decided_by_me)).add(put_before_me))
            .add_option(viewer.is_programme_office().then(|| D::Status.eq(DecisionStatus::Approved)))
            .add_option(viewer.holds(PlatformRole::Auditor).then(|| D::Id.is_not_null())),
    )
}

/// Decisions that were not set aside or replaced: of each challenge one at most. A promotion stands once it is published.
pub(crate) fn standing() -> Select<decision::Entity> {
    stands(decision::Entity::find())
}

/// Of these decisions those that stand.
pub(crate) fn stands(of: Select<decision::Entity>) -> Select<decision::Entity> {
    use decision::Column as D;
    let is_public = D::Status.is_in(DecisionStatus::PUBLIC.iter().copied());
    of.filter(D::Status.ne(DecisionStatus::Superseded))
        .filter(Condition::any().add(D::IsPromotion.eq(false)).add(is_public))
}

/// Of these decisions the promotions that are not published yet.
pub(crate) fn promoting(of: Select<decision::Entity>) -> Select<decision::Entity> {
    use decision::Column as D;
    of.filter(D::IsPromotion.eq(true)).filter(D::Status.is_not_in(DecisionStatus::PUBLIC.iter().copied()))
}

/// What promotions on these challenges depend on, where a decision stands.
pub(crate) async fn promotions(
    db: &impl sea_orm::ConnectionTrait,
    ids: &[ChallengeId],
) -> Result<HashMap<ChallengeId, (decision::Model, Promotion)>> {
    use decision::Column as D;
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let here = || D::ChallengeId.is_in(ids.to_vec());
    let rows = standing().filter(here()).all(db).await?;
    let begun = promoting(decision::Entity::find()).filter(here()).all(db).await?;
    let chosen = decision_outcome::Entity::find()
        .filter(decision_outcome::Column::DecisionId.is_in(rows.iter().map(|row| row.id)))
        .filter(decision_outcome::Column::Outcome.eq(Outcome::Selected))
        .all(db)
        .await?;
    let statuses = statuses(db, chosen.iter().map(|row| row.proposal_id)).await?;
    let reserve = proposal::Entity::find()
        .filter(proposal::Column::ChallengeId.is_in(ids.to_vec()))
        .filter(proposal::Column::Status.eq(ProposalStatus::Reserve))
        .all(db)
        .await?;
    let has_fallen = |row: &&decision_outcome::Model| {
        statuses.get(&row.proposal_id).is_some_and(|status| *status != ProposalStatus::Selected)
    };
    let promotion = |row: &decision::Model| Promotion {
        standing: row.status,
        fallen: chosen.iter().filter(|one| one.decision_id == row.id).filter(has_fallen).count(),
        reserves: reserve.iter().filter(|one| one.challenge_id == row.challenge_id).count(),
        is_begun: begun.iter().any(|one| one.challenge_id == row.challenge_id),
    };
    Ok(rows.into_iter().map(|row| (row.challenge_id, (row.clone(), promotion(&row)))).collect())
}

/// Of these challenges those on which a decision is drafted in the place of one that was set aside.
pub(crate) async fn made_anew(
    db: &impl sea_orm::ConnectionTrait,
    ids: Vec<ChallengeId>,
) -> Result<HashSet<ChallengeId>> {
    use decision::Column as D;
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let set_aside = decision::Entity::find()
        .filter(D::Status.eq(DecisionStatus::Superseded))
        .select_only()
        .column(D::ChallengeId)
        .into_query();
    let drafted = decision::Entity::find()
        .filter(D::Status.eq(DecisionStatus::Draft))
        .filter(D::ChallengeId.is_in(ids))
        .filter(D::ChallengeId.in_subquery(set_aside))
        .select_only()
        .column(D::ChallengeId);
    Ok(drafted.into_tuple::<ChallengeId>().all(db).await?.into_iter().collect())
}

/// Decisions on applicants to one of whom the person is tied: by a declared conflict with a proposal to the challenge, whether
/// or not it came as far as the decision (that it did not would tell), or because a house of theirs competes.
pub(crate) fn tie_condition(user: UserId) -> Condition {
    let conflicts = proposal::Entity::find()
        .filter(proposal::Column::Id.in_subquery(crate::proposal::conflicts_of(user)))
        .select_only()
        .column(proposal::Column::ChallengeId)
        .into_query();
    Condition::any()
        .add(decision::Column::ChallengeId.in_subquery(conflicts))
        .add(decision::Column::ChallengeId.in_subquery(crate::proposal::bid_on(user)))
}

async fn locked(tx: &Tx, id: DecisionId) -> Result<(challenge::Model, decision::Model)> {
    let not_found = || Problem::at("decisionId", Reason::NotFound);
    let found = visible_to(&tx.op().viewer)
        .filter(decision::Column::Id.eq(id))
        .one(tx)
        .await?
        .ok_or_else(not_found)?;
    let challenge = challenge::Entity::find_by_id(found.challenge_id).lock_exclusive().one(tx).await?;
    let challenge = challenge.ok_or_else(|| Error::Internal("a decision without a challenge".to_owned()))?;
    let row = visible_to(&tx.op().viewer)
        .filter(decision::Column::Id.eq(id))
        .lock_exclusive()
        .one(tx)
        .await?
        .ok_or_else(not_found)?;
    Ok((challenge, row))
}

pub(crate) async fn advance(
    tx: &Tx,
    row: &decision::Model,
    command: DecisionCommand,
    change: decision::ActiveModel,
) -> Result<DecisionStatus> {
    let next = machine::step(TRANSITIONS, row.status, &command)?;
    let now = tx.now().await?;
    let change = decision::ActiveModel {
        status: Set(next),
        updated_at: Set(now),
        version: Set(row.version + 1),
        ..change
    };
    let done = decision::Entity::update_many()
        .set(change)
        .filter(decision::Column::Id.eq(row.id))
        .filter(decision::Column::Version.eq(row.version))
        .exec(tx)
        .await?;
    if done.rows_affected == 1 { Ok(next) } else { Err(Reason::Stale { current: row.version + 1 }.into()) }
}

fn moved(kind: EventKind, row: &decision::Model, next: DecisionStatus) -> Event {
    Event::new(kind)
        .decision(row.id)
        .challenge(row.challenge_id)
        .fact("from", row.status)
        .fact("to", next)
        .fact("version", row.version + 1)
}

/// The outcomes of a decision, in the order of the ranking.
pub async fn outcomes(
    connection: &impl sea_orm::ConnectionTrait,
    id: DecisionId,
) -> Result<Vec<decision_outcome::Model>> {
    let rows = decision_outcome::Entity::find()
        .filter(decision_outcome::Column::DecisionId.eq(id))
        .order_by_asc(decision_outcome::Column::Position);
    Ok(rows.all(connection).await?)
}

/// The outcomes of a decision, and where their proposals stand.
pub(crate) struct Decided {
    pub(crate) outcomes: Vec<decision_outcome::Model>,
    pub(crate) statuses: HashMap<ProposalId, ProposalStatus>,
    pub(crate) is_promotion: bool,
}

impl Decided {
    async fn read(tx: &Tx, row: &decision::Model) -> Result<Self> {
        let outcomes = outcomes(tx, row.id).await?;
        let statuses = statuses(tx, outcomes.iter().map(|row| row.proposal_id)).await?;
        Ok(Self { outcomes, statuses, is_promotion: row.is_promotion })
    }

    fn is_to_be_had(&self, status: ProposalStatus) -> bool {
        if self.is_promotion { CONCERNED.contains(&status) } else { status == ProposalStatus::Evaluated }
    }

    fn status(&self, row: &decision_outcome::Model) -> Option<ProposalStatus> {
        self.statuses.get(&row.proposal_id).copied()
    }

    /// The outcomes that are still to be decided: proposals withdrawn or disqualified since the lock have none.
    pub(crate) fn in_play(&self) -> impl Iterator<Item = &decision_outcome::Model> {
        self.outcomes.iter().filter(|row| self.status(row).is_some_and(|status| self.is_to_be_had(status)))
    }

    /// What became of a chosen proposal that is not to be had any more: what is published is what was approved.
    pub(crate) fn lost(&self) -> Option<ProposalStatus> {
        let mut chosen = self
            .outcomes
            .iter()
            .filter(|row| matches!(row.outcome, Some(Outcome::Selected | Outcome::Reserve)))
            .filter_map(|row| self.status(row));
        chosen.find(|status| !self.is_to_be_had(*status))
    }

    pub(crate) fn verdicts(&self) -> Vec<Verdict> {
        let verdict = |row: &decision_outcome::Model| Verdict {
            rank: row.rank,
            passes: row.passes,
            outcome: row.outcome,
            before: self.status(row).filter(|_| self.is_promotion).and_then(Outcome::of),
        };
        self.in_play().map(verdict).collect()
    }
}

/// Where these proposals stand.
pub(crate) async fn statuses(
    db: &impl sea_orm::ConnectionTrait,
    ids: impl IntoIterator<Item = ProposalId>,
) -> Result<HashMap<ProposalId, ProposalStatus>> {
    let ids: Vec<_> = ids.into_iter().collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = proposal::Entity::find()
        .filter(proposal::Column::Id.is_in(ids))
        .select_only()
        .columns([proposal::Column::Id, proposal::Column::Status]);
    Ok(rows.into_tuple::<(ProposalId, ProposalStatus)>().all(db).await?.into_iter().collect())
}

/// Whether the person is tied to one of the applicants.
pub(crate) async fn is_tied(
    connection: &impl sea_orm::ConnectionTrait,
    user: UserId,
    id: DecisionId,
) -> Result<bool> {
    let tied = decision::Entity::find_by_id(id).filter(tie_condition(user)).one(connection).await?;
    Ok(tied.is_some())
}

/// Takes a snapshot of the ranking and hands the challenge over for the decision.
#[derive(Serialize)]
pub struct StartDecision {
    /// Of which challenge.
    pub challenge: ChallengeId,
}

impl Command for StartDecision {
    const NAME: &'static str = "startDecision";
    type Output = DecisionId;

    async fn run(&self, tx: &Tx) -> Result<DecisionId> {
        let user = tx.op().user()?;
        let row = locked_challenge(tx, self.challenge).await?;
        must(Action::ProposeDecision, roles_on(tx, &tx.op().viewer, &row).await?)?;
        may_start_decision(stage(&row), row.decision_maker_id.is_some())?;
        let ranked = crate::ranking::rank(tx, &row, None).await?;
        let places = ranked.iter().map(|ranked| Draft {
            proposal: ranked.proposal.id,
            rank: ranked.rank,
            mean: ranked.mean,
            decided: None,
        });
        let id = draft(tx, &row, user, Begun::First, places.collect()).await?;
        let next = advance_challenge(tx, &row, ChallengeCommand::StartDecision, Default::default()).await?;
        tx.record(
            Event::new(EventKind::DecisionStarted)
                .decision(id)
                .challenge(row.id)
                .fact("from", row.status)
                .fact("to", next)
                .fact("ranked", ranked.len()),
        );
        Ok(id)
    }
}

/// A place in the draft of a decision.
struct Draft {
    proposal: ProposalId,
    rank: i32,
    mean: Total,
    /// What an earlier decision said, to begin with.
    decided: Option<(Option<Outcome>, Option<String>)>,
}

/// Begins a decision that promotes from the reserve: all that stands stays as it is, and the next of the reserve take the places of
/// those that fell away.
#[derive(Serialize)]
pub struct StartPromotion {
    /// On which challenge.
    pub challenge: ChallengeId,
}

impl Command for StartPromotion {
    const NAME: &'static str = "startPromotion";
    type Output = DecisionId;

    async fn run(&self, tx: &Tx) -> Result<DecisionId> {
        let user = tx.op().user()?;
        let row = locked_challenge(tx, self.challenge).await?;
        must(Action::ProposeDecision, roles_on(tx, &tx.op().viewer, &row).await?)?;
        let ties = challenge::Entity::find_by_id(row.id).filter(crate::proposal::ties_of(user));
        let is_tied = ties.one(tx).await?.is_some();
        let found = promotions(tx, &[row.id]).await?.remove(&row.id);
        may_promote(stage(&row), is_tied, found.as_ref().map(|(_, promotion)| *promotion))?;
        let (standing, Promotion { mut fallen, .. }) =
            found.ok_or_else(|| Error::Internal(format!("nothing decides {}", row.id)))?;
        let said = outcomes(tx, standing.id).await?;
        let mut said: HashMap<_, _> = said.into_iter().map(|row| (row.proposal_id, row)).collect();
        let statuses = statuses(tx, said.keys().copied()).await?;
        let stand = statuses.iter().filter(|(_, status)| CONCERNED.contains(status)).map(|(id, _)| *id);
        let places = crate::ranking::places(tx, &row, stand).await?;
        let places = places.into_iter().map(|place| {
            let decided = said.remove(&place.proposal);
            let mut outcome = decided.as_ref().and_then(|row| row.outcome);
            if outcome == Some(Outcome::Reserve) && fallen > 0 {
                fallen -= 1;
                outcome = Some(Outcome::Selected);
            }
            let decided = Some((outcome, decided.and_then(|row| row.feedback)));
            Draft { proposal: place.proposal, rank: place.rank, mean: place.mean, decided }
        });
        let places = places.collect();
        let id = draft(tx, &row, user, Begun::Promoting(standing.id), places).await?;
        tx.record(
            Event::new(EventKind::PromotionStarted)
                .decision(id)
                .challenge(row.id)
                .fact("replaces", standing.id),
        );
        Ok(id)
    }
}

/// How a decision comes to be.
#[derive(Clone, Copy)]
enum Begun<'a> {
    /// Nothing was decided before.
    First,
    /// Another one was set aside, for that reason.
    Anew(DecisionId, &'a str),
    /// Another one stands, and somebody is to be promoted from the reserve.
    Promoting(DecisionId),
}

/// Begins a decision, in the order of the ranking. One that takes the place of another says why that was set aside.
async fn draft(
    tx: &Tx,
    challenge: &challenge::Model,
    drafted_by: UserId,
    begun: Begun<'_>,
    places: Vec<Draft>,
) -> Result<DecisionId> {
    let now = tx.now().await?;
    let (replaces, set_aside) = match begun {
        Begun::First => (None, None),
        Begun::Anew(id, reason) => (Some(id), Some(reason)),
        Begun::Promoting(id) => (Some(id), None),
    };
    let id: DecisionId = ids::random();
    let row = decision::ActiveModel {
        id: Set(id),
        challenge_id: Set(challenge.id),
        status: Set(DecisionStatus::Draft),
        departure_reason: Set(None),
        return_reason: Set(set_aside.map(str::to_owned)),
        record: Set(None),
        drafted_by: Set(drafted_by),
        approved_by: Set(None),
        approved_at: Set(None),
        publish_at: Set(None),
        scheduled_by: Set(None),
        published_at: Set(None),
        standstill_until: Set(None),
        replaces_id: Set(replaces),
        is_promotion: Set(matches!(begun, Begun::Promoting(_))),
        created_at: Set(now),
        updated_at: Set(now),
        version: Set(1),
    };
    decision::Entity::insert(row).exec_without_returning(tx).await?;
    let outcomes: Vec<_> = (0..)
        .zip(places)
        .map(|(position, place)| {
            let (outcome, feedback) = place.decided.unwrap_or_default();
            decision_outcome::ActiveModel {
                decision_id: Set(id),
                proposal_id: Set(place.proposal),
                position: Set(position),
                rank: Set(place.rank),
                mean: Set(place.mean.to_decimal()),
                passes: Set(place.mean.reaches(challenge.rubric.pass_mark)),
                outcome: Set(outcome),
                feedback: Set(feedback),
            }
        })
        .collect();
    for chunk in outcomes.chunks(crate::batch::CHUNK) {
        decision_outcome::Entity::insert_many(chunk.to_vec()).exec_without_returning(tx).await?;
    }
    Ok(id)
}

/// Sets a published decision aside: what it gave is taken back, and the council drafts another one, which begins with what this
/// one said.
pub(crate) async fn set_aside(
    tx: &Tx,
    challenge: &challenge::Model,
    row: &decision::Model,
    reason: &str,
) -> Result<()> {
    let next = advance(tx, row, DecisionCommand::SetAside, Default::default()).await?;
    let mut said: HashMap<_, _> =
        outcomes(tx, row.id).await?.into_iter().map(|row| (row.proposal_id, row)).collect();
    let decided = proposal::Entity::find()
        .filter(proposal::Column::Id.is_in(said.keys().copied()))
        .filter(proposal::Column::Status.is_in(CONCERNED.iter().copied()))
        .order_by_asc(proposal::Column::Id)
        .lock_exclusive()
        .all(tx)
        .await?;
    for proposal in &decided {
        let change = proposal::ActiveModel { feedback: Set(None), ..Default::default() };
        let to = crate::proposal::advance(tx, proposal, ProposalCommand::Reconsider, change).await?;
        let event = Event::new(EventKind::ProposalReconsidered)
            .proposal(proposal.id)
            .challenge(challenge.id)
            .fact("from", proposal.status)
            .fact("to", to);
        tx.record(event.fact("decision", row.id));
    }
    let places = crate::ranking::places(tx, challenge, decided.iter().map(|row| row.id)).await?;
    let places = places.into_iter().map(|place| Draft {
        proposal: place.proposal,
        rank: place.rank,
        mean: place.mean,
        decided: said.remove(&place.proposal).map(|row| (row.outcome, row.feedback)),
    });
    let anew = draft(tx, challenge, row.drafted_by, Begun::Anew(row.id, reason), places.collect()).await?;
    let stands = advance_challenge(tx, challenge, ChallengeCommand::Reconsider, Default::default()).await?;
    tx.record(
        moved(EventKind::DecisionSetAside, row, next).fact("challenge", stands).fact("superseded_by", anew),
    );
    Ok(())
}

/// Tells that nobody can appeal any more, if that is so.
pub(crate) fn finalized(tx: &Tx, row: &decision::Model, next: DecisionStatus) {
    if next == DecisionStatus::Final {
        tx.record(moved(EventKind::DecisionFinal, row, next));
    }
}

/// Published decisions whose standstill is over.
pub(crate) async fn over(app: &App, now: Timestamp) -> Result<Vec<DecisionId>> {
    use decision::Column as D;
    let over = decision::Entity::find()
        .filter(Condition::any().add(D::StandstillUntil.is_null()).add(D::StandstillUntil.lte(now)))
        .filter(decision::Column::Status.eq(DecisionStatus::Published))
        .select_only()
        .column(decision::Column::Id);
    Ok(over.into_tuple().all(&app.db.read).await?)
}

/// Approved decisions whose time to be published has come.
pub(crate) async fn due(app: &App, now: Timestamp) -> Result<Vec<DecisionId>> {
    let due = decision::Entity::find()
        .filter(decision::Column::PublishAt.lte(now))
        .filter(decision::Column::Status.eq(DecisionStatus::Approved))
        .select_only()
        .column(decision::Column::Id);
    Ok(due.into_tuple().all(&app.db.read).await?)
}

/// A decision and its challenge for a step of the clock, both locked; None if it does not stand there any more.
async fn by_clock(
    tx: &Tx,
    id: DecisionId,
    status: DecisionStatus,
) -> Result<Option<(challenge::Model, decision::Model)>> {
    let Some(known) = decision::Entity::find_by_id(id).one(tx).await? else { return Ok(None) };
    let challenge = challenge::Entity::find_by_id(known.challenge_id).lock_exclusive().one(tx).await?;
    let row = decision::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    Ok(challenge.zip(row).filter(|(_, row)| row.status == status))
}

/// Lets a standstill end that is over by now. True: it did.
#[derive(Serialize)]
pub struct FinalizeDecision {
    /// Which.
    pub decision: DecisionId,
}

impl Command for FinalizeDecision {
    const NAME: &'static str = "finalizeDecision";
    type Output = bool;

    async fn run(&self, tx: &Tx) -> Result<bool> {
        let Some((_, row)) = by_clock(tx, self.decision, DecisionStatus::Published).await? else {
            return Ok(false);
        };
        let now = tx.now().await?;
        if !crate::appeal::standing_of(&row).is_over(now) {
            return Ok(false);
        }
        let next = advance(tx, &row, DecisionCommand::Finalize, Default::default()).await?;
        finalized(tx, &row, next);
        Ok(true)
    }
}

/// Publishes what its publisher has set a time for, if that has come and nothing stands in the way by now. True: it did.
#[derive(Serialize)]
pub(crate) struct PublishDecisionDue {
    pub(crate) decision: DecisionId,
}

impl Command for PublishDecisionDue {
    const NAME: &'static str = "publishDecisionDue";
    type Output = bool;

    async fn run(&self, tx: &Tx) -> Result<bool> {
        let Some((challenge, row)) = by_clock(tx, self.decision, DecisionStatus::Approved).await? else {
            return Ok(false);
        };
        let now = tx.now().await?;
        if row.publish_at.is_none_or(|at| at > now) {
            return Ok(false);
        }
        let (Some(publisher), Some(record)) = (row.scheduled_by, row.record.clone()) else {
            return Err(Error::Internal(format!("decision {} is scheduled by nobody", row.id)));
        };
        let lost = Decided::read(tx, &row).await?.lost();
        let is_tied = is_tied(tx, publisher, row.id).await?;
        let is_due = may_publish(row.status, is_tied, row.approved_by == Some(publisher), lost).is_ok();
        let goes_on = must_go_on(stage(&challenge), row.is_promotion).is_ok();
        if is_due && goes_on && is_publisher(tx, publisher).await? {
            publish(tx, &challenge, &row, &record).await?;
            return Ok(true);
        }
        let next = advance(tx, &row, DecisionCommand::Schedule, unscheduled()).await?;
        // Of a challenge that was given up nobody needs to hear that it goes no further.
        if goes_on {
            tx.record(moved(EventKind::DecisionScheduleLapsed, &row, next));
        }
        Ok(false)
    }
}

/// Whether the person may still publish: a time that was set does not outlive the post of who set it.
async fn is_publisher(tx: &Tx, user: UserId) -> Result<bool> {
    let person = crate::access::person(&tx.app().db, user).await?;
    Ok(person.is_some_and(|person| may(Action::PublishDecision, Viewer(Some(person)).roles())))
}

/// Without a time at which it is to be published.
fn unscheduled() -> decision::ActiveModel {
    decision::ActiveModel {
        record: Set(None),
        publish_at: Set(None),
        scheduled_by: Set(None),
        ..Default::default()
    }
}

/// Ranks the draft of a decision anew, if there is one: what counts has changed since it was begun. Outcomes and feedback stay.
pub(crate) async fn rank_anew(tx: &Tx, challenge: &challenge::Model) -> Result<()> {
    use decision_outcome::Column as O;
    let of = standing().filter(decision::Column::ChallengeId.eq(challenge.id));
    let Some(draft) = of.lock_exclusive().one(tx).await? else { return Ok(()) };
    let drafted: Vec<_> = outcomes(tx, draft.id).await?.into_iter().map(|row| row.proposal_id).collect();
    for (position, place) in (0..).zip(crate::ranking::places(tx, challenge, drafted).await?) {
        let change = decision_outcome::ActiveModel {
            position: Set(position),
            rank: Set(place.rank),
            mean: Set(place.mean.to_decimal()),
            passes: Set(place.mean.reaches(challenge.rubric.pass_mark)),
            ..Default::default()
        };
        decision_outcome::Entity::update_many()
            .set(change)
            .filter(O::DecisionId.eq(draft.id))
            .filter(O::ProposalId.eq(place.proposal))
            .exec(tx)
            .await?;
    }
    // Whoever has the draft before them has another one now.
    decision::Entity::update_many()
        .col_expr(decision::Column::Version, Expr::value(draft.version + 1))
        .filter(decision::Column::Id.eq(draft.id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Outcome and feedback for one proposal.
#[derive(Clone, Debug, Serialize)]
pub struct NewOutcome {
    /// Which.
    pub proposal: ProposalId,
    /// What is decided.
    pub outcome: Outcome,
    /// What its team is told.
    pub feedback: Option<String>,
}

/// Changes the draft of a decision.
#[derive(Serialize)]
pub struct UpdateDecision {
    /// Which.
    pub decision: DecisionId,
    /// The version that the caller saw.
    pub expected_version: i32,
    /// Outcomes; those left out stay as they are.
    pub outcomes: Vec<NewOutcome>,
    /// Why the decision departs from the ranking; None leaves it as it is.
    pub departure_reason: Option<String>,
}

impl Command for UpdateDecision {
    const NAME: &'static str = "updateDecision";
    type Output = DecisionId;

    async fn run(&self, tx: &Tx) -> Result<DecisionId> {
        tx.op().user()?;
        let (challenge, row) = locked(tx, self.decision).await?;
        must(Action::DraftDecision, roles_on(tx, &tx.op().viewer, &challenge).await?)?;
        must_go_on(stage(&challenge), row.is_promotion)?;
        machine::step(TRANSITIONS, row.status, &DecisionCommand::Edit)?;
        must_be_version(Some(self.expected_version), row.version)?;
        // What its drafter may not know, by conflict or withdrawal, is not theirs to decide; nor what is out of the running.
        let ids: Vec<_> = outcomes(tx, row.id).await?.into_iter().map(|row| row.proposal_id).collect();
        let known = crate::proposal::in_office(&tx.op().viewer)
            .filter(proposal::Column::Id.is_in(ids))
            .filter(proposal::Column::Status.ne(ProposalStatus::Disqualified))
            .all(tx)
            .await?;
        for (index, new) in self.outcomes.iter().enumerate() {
            if !known.iter().any(|known| known.id == new.proposal) {
                return Err(Problem::at_path(
                    ["outcomes", &index.to_string(), "proposalId"],
                    Reason::NotFound,
                )
                .into());
            }
            let change = decision_outcome::ActiveModel {
                outcome: Set(Some(new.outcome)),
                feedback: Set(new.feedback.clone()),
                ..Default::default()
            };
            decision_outcome::Entity::update_many()
                .set(change)
                .filter(decision_outcome::Column::DecisionId.eq(row.id))
                .filter(decision_outcome::Column::ProposalId.eq(new.proposal))
                .exec(tx)
                .await?;
        }
        let reason = self.departure_reason.clone().or(row.departure_reason.clone());
        advance(
            tx,
            &row,
            DecisionCommand::Edit,
            decision::ActiveModel { departure_reason: Set(reason), ..Default::default() },
        )
        .await?;
        tx.record(
            Event::new(EventKind::DecisionEdited)
                .decision(row.id)
                .challenge(row.challenge_id)
                .fact("version", row.version + 1),
        );
        Ok(row.id)
    }
}

/// Puts the draft before the decision maker.
#[derive(Serialize)]
pub struct ProposeDecision {
    /// Which.
    pub decision: DecisionId,
}

impl Command for ProposeDecision {
    const NAME: &'static str = "proposeDecision";
    type Output = DecisionId;

    async fn run(&self, tx: &Tx) -> Result<DecisionId> {
        let user = tx.op().user()?;
        let (challenge, row) = locked(tx, self.decision).await?;
        must(Action::ProposeDecision, roles_on(tx, &tx.op().viewer, &challenge).await?)?;
        must_go_on(stage(&challenge), row.is_promotion)?;
        let decided = Decided::read(tx, &row).await?;
        let standing = decided.verdicts();
        let is_tied = is_tied(tx, user, row.id).await?;
        may_propose(row.status, is_tied, &standing, row.departure_reason.is_some())?;
        if row.is_promotion {
            let found = promotions(tx, &[challenge.id]).await?.remove(&challenge.id);
            in_place_of(&standing, found.map_or(0, |(_, promotion)| promotion.fallen))?;
        }
        let mut change = decision::ActiveModel { return_reason: Set(None), ..Default::default() };
        // A reason for a departure that is none any more is not published.
        if !departs_from_ranking(&standing) {
            change.departure_reason = Set(None);
        }
        // What was withdrawn or disqualified since is chosen by nobody: it would stand in the way of the publication for ever.
        let nothing =
            decision_outcome::ActiveModel { outcome: Set(None), feedback: Set(None), ..Default::default() };
        decision_outcome::Entity::update_many()
            .set(nothing)
            .filter(decision_outcome::Column::DecisionId.eq(row.id))
            .filter(
                decision_outcome::Column::ProposalId.is_not_in(decided.in_play().map(|row| row.proposal_id)),
            )
            .exec(tx)
            .await?;
        let next = advance(tx, &row, DecisionCommand::Propose, change).await?;
        tx.record(moved(EventKind::DecisionProposed, &row, next));
        Ok(row.id)
    }
}

/// The decision maker returns the draft.
#[derive(Serialize)]
pub struct ReturnDecision {
    /// Which.
    pub decision: DecisionId,
    /// Why.
    pub reason: String,
}

impl Command for ReturnDecision {
    const NAME: &'static str = "returnDecision";
    type Output = DecisionId;

    async fn run(&self, tx: &Tx) -> Result<DecisionId> {
        let user = tx.op().user()?;
        let (challenge, row) = locked(tx, self.decision).await?;
        must(Action::ApproveDecision, roles_on(tx, &tx.op().viewer, &challenge).await?)?;
        must_go_on(stage(&challenge), row.is_promotion)?;
        may_return(row.status, is_tied(tx, user, row.id).await?)?;
        let change = decision::ActiveModel {
            return_reason: Set(Some(self.reason.clone())),
            approved_by: Set(None),
            approved_at: Set(None),
            ..unscheduled()
        };
        let next = advance(tx, &row, DecisionCommand::Return, change).await?;
        tx.record(moved(EventKind::DecisionReturned, &row, next));
        Ok(row.id)
    }
}

/// The decision maker approves.
#[derive(Serialize)]
pub struct ApproveDecision {
    /// Which.
    pub decision: DecisionId,
    /// The version that the caller saw: nobody approves what they have not read.
    pub expected_version: i32,
}

impl Command for ApproveDecision {
    const NAME: &'static str = "approveDecision";
    type Output = DecisionId;

    async fn run(&self, tx: &Tx) -> Result<DecisionId> {
        let user = tx.fresh_person().await?.id;
        let (challenge, row) = locked(tx, self.decision).await?;
        must(Action::ApproveDecision, roles_on(tx, &tx.op().viewer, &challenge).await?)?;
        must_go_on(stage(&challenge), row.is_promotion)?;
        machine::step(TRANSITIONS, row.status, &DecisionCommand::Approve)?;
        must_be_version(Some(self.expected_version), row.version)?;
        let is_on_council = seat_on_council(tx, user, challenge.id).await?.is_some();
        let is_tied = is_tied(tx, user, row.id).await?;
        may_approve(row.status, is_on_council, is_tied)?;
        let now = tx.now().await?;
        let change = decision::ActiveModel {
            approved_by: Set(Some(user)),
            approved_at: Set(Some(now)),
            ..Default::default()
        };
        let next = advance(tx, &row, DecisionCommand::Approve, change).await?;
        tx.record(moved(EventKind::DecisionApproved, &row, next));
        Ok(row.id)
    }
}

/// Makes the decision public and tells every applicant, now or at a set time.
#[derive(Serialize)]
pub struct PublishDecision {
    /// Which.
    pub decision: DecisionId,
    /// The act on paper.
    pub record: OfficialRecord,
    /// When, if not now.
    pub publish_at: Option<Timestamp>,
}

impl Command for PublishDecision {
    const NAME: &'static str = "publishDecision";
    type Output = DecisionId;

    async fn run(&self, tx: &Tx) -> Result<DecisionId> {
        tx.op().user()?;
        let (challenge, row) = locked(tx, self.decision).await?;
        // Only now the clock is read: whoever waited for the lock is no earlier for it.
        let user = tx.fresh_person().await?.id;
        must(Action::PublishDecision, roles_on(tx, &tx.op().viewer, &challenge).await?)?;
        must_go_on(stage(&challenge), row.is_promotion)?;
        let is_tied = is_tied(tx, user, row.id).await?;
        let lost = Decided::read(tx, &row).await?.lost();
        let is_approver = row.approved_by == Some(user);
        if let Some(at) = self.publish_at {
            may_schedule(row.status, is_tied, is_approver, lost, at, tx.now().await?)?;
            let change = decision::ActiveModel {
                record: Set(Some(self.record.clone())),
                publish_at: Set(Some(at)),
                scheduled_by: Set(Some(user)),
                ..Default::default()
            };
            let next = advance(tx, &row, DecisionCommand::Schedule, change).await?;
            tx.record(moved(EventKind::DecisionScheduled, &row, next).fact("publish_at", at.micros()));
            return Ok(row.id);
        }
        may_publish(row.status, is_tied, is_approver, lost)?;
        publish(tx, &challenge, &row, &self.record).await?;
        Ok(row.id)
    }
}

/// Makes it public; whether that may be was asked before.
async fn publish(
    tx: &Tx,
    challenge: &challenge::Model,
    row: &decision::Model,
    record: &OfficialRecord,
) -> Result<()> {
    let now = tx.now().await?;
    let standstill = i64::try_from(tx.app().settings.standstill.as_secs()).unwrap_or(i64::MAX);
    let change = decision::ActiveModel {
        record: Set(Some(record.clone())),
        publish_at: Set(None),
        scheduled_by: Set(None),
        published_at: Set(Some(now)),
        standstill_until: Set(Some(now.plus_seconds(standstill))),
        ..Default::default()
    };
    if row.is_promotion {
        replace(tx, row).await?;
    }
    let next = advance(tx, row, DecisionCommand::Publish, change).await?;
    let mut winners = 0;
    let mut told = Vec::new();
    for outcome in Decided::read(tx, row).await?.in_play() {
        let proposal = proposal::Entity::find_by_id(outcome.proposal_id).lock_exclusive().one(tx).await?;
        let (Some(proposal), Some(verdict)) = (proposal, outcome.outcome) else { continue };
        winners += usize::from(verdict == Outcome::Selected);
        let command = match Outcome::of(proposal.status) {
            None => Some(verdict.command()),
            Some(before) => (before != verdict).then_some(ProposalCommand::Promote),
        };
        let change = proposal::ActiveModel { feedback: Set(outcome.feedback.clone()), ..Default::default() };
        let to = match command {
            Some(command) => crate::proposal::advance(tx, &proposal, command, change).await?,
            // What it was told before stands.
            None => proposal.status,
        };
        let event = Event::new(EventKind::ProposalDecided)
            .proposal(proposal.id)
            .challenge(challenge.id)
            .fact("from", proposal.status)
            .fact("to", to);
        told.push(event.fact("decision", row.id));
    }
    let command = if winners > 0 { ChallengeCommand::Award } else { ChallengeCommand::CloseWithoutAward };
    let decided_as = if row.is_promotion {
        challenge.status
    } else {
        advance_challenge(tx, challenge, command, Default::default()).await?
    };
    tx.record(
        moved(EventKind::DecisionPublished, row, next)
            .fact("challenge", decided_as)
            .fact("winners", winners)
            .fact("decision_number", &record.number),
    );
    for event in told {
        tx.record(event);
    }
    Ok(())
}

/// Takes the decision that stands out of the way of the promotion that replaces it.
async fn replace(tx: &Tx, promotion: &decision::Model) -> Result<()> {
    let replaced = standing()
        .filter(decision::Column::ChallengeId.eq(promotion.challenge_id))
        .lock_exclusive()
        .one(tx)
        .await?
        .filter(|standing| promotion.replaces_id == Some(standing.id))
        .ok_or_else(|| Error::Internal(format!("{} promotes beside nothing", promotion.id)))?;
    let next = advance(tx, &replaced, DecisionCommand::Replace, Default::default()).await?;
    let event = moved(EventKind::DecisionReplaced, &replaced, next);
    tx.record(event.fact("superseded_by", promotion.id));
    Ok(())
}

/// An outcome as the viewer may see it.
pub struct SeenOutcome {
    /// What is decided.
    pub outcome: Option<Outcome>,
    /// Its rank among those that the viewer may know, for those inside.
    pub rank: Option<i32>,
    /// The row, for those inside.
    pub inside: Option<decision_outcome::Model>,
    /// The proposal, if the viewer may know it.
    pub proposal: Option<proposal::Model>,
    /// What publication made public of a chosen proposal.
    pub award: Option<Award>,
}

/// What everybody may know of a chosen proposal.
pub struct Award {
    /// Who.
    pub applicant: organization::Model,
    /// With what.
    pub title: String,
    /// In short.
    pub summary: String,
    /// What else its team calls public.
    pub sections: BTreeMap<ProposalSection, String>,
    /// The budget, if its team calls it public.
    pub budget: Option<Money>,
}

/// The outcomes as the viewer may see them: all for those inside, but for proposals with which they are in conflict; for everybody else the
/// chosen ones once the decision is published.
///
/// Row `OUTCOME` of [`READS`](domain::access::READS).
pub async fn visible_outcomes(app: &App, viewer: &Viewer, row: &decision::Model) -> Result<Vec<SeenOutcome>> {
    let db = &app.db.read;
    let Some(challenge) = challenge::Entity::find_by_id(row.challenge_id).one(db).await? else {
        return Ok(Vec::new());
    };
    let roles = roles_on(db, viewer, &challenge).await?;
    let reads_proposals = roles.on_council()
        || [Role::DecisionMaker, Role::Auditor].into_iter().any(|role| roles.has(role))
        || viewer.agencies().contains(&challenge.agency_id);
    let published = row.status.is_public();
    let rows = outcomes(db, row.id).await?;
    let tied = match &viewer.0 {
        Some(person) => is_tied(db, person.id, row.id).await?,
        None => false,
    };
    let office = viewer.is_programme_office() && !tied;
    let ids: Vec<_> = rows.iter().map(|row| row.proposal_id).collect();
    // Out of the running it is in no draft; what was published of it is on record.
    let disqualified = proposal::Column::Status.ne(ProposalStatus::Disqualified);
    let known = crate::proposal::in_office(viewer)
        .filter(proposal::Column::Id.is_in(ids))
        .filter(Condition::all().add_option((!published).then_some(disqualified)))
        .all(db)
        .await?;
    let mut known: HashMap<_, _> = known.into_iter().map(|row| (row.id, row)).collect();
    // After a decision was set aside a team may go; then it is its own business again.
    let withdrawn: HashSet<ProposalId> =
        if office && published { withdrawn(db, &rows).await? } else { HashSet::new() };
    // Whoever reads proposals here and does not know this one is in conflict with it; what is public stays public. The
    // programme office publishes outcomes, and reads ranks and means only then.
    let is_inside = |row: &decision_outcome::Model| {
        (reads_proposals && known.contains_key(&row.proposal_id))
            || (office && published && !withdrawn.contains(&row.proposal_id))
    };
    // Counted among these alone, as in the ranking: a gap would tell where the missing one stands, no rank at all that one
    // is missing.
    let inside: HashSet<_> = rows.iter().filter(|row| is_inside(row)).map(|row| row.proposal_id).collect();
    let ranks: Vec<_> = rows.iter().filter(|row| is_inside(row)).map(|row| row.rank).collect();
    let rank = |row: &decision_outcome::Model| {
        let better = ranks.iter().filter(|rank| **rank < row.rank).count();
        i32::try_from(better).unwrap_or(i32::MAX).saturating_add(1)
    };
    // What was set aside has chosen nobody.
    let stands = published && row.status != DecisionStatus::Superseded;
    let mut awards = if stands { awards(app, &rows).await? } else { HashMap::new() };
    let seen = rows.into_iter().filter_map(|row| {
        let proposal = known.remove(&row.proposal_id);
        let award = awards.remove(&row.proposal_id);
        let inside = inside.contains(&row.proposal_id);
        (inside || office || award.is_some()).then(|| SeenOutcome {
            outcome: row.outcome,
            rank: inside.then(|| rank(&row)),
            inside: inside.then_some(row),
            proposal,
            award,
        })
    });
    Ok(seen.collect())
}

/// Of these proposals those that were withdrawn.
async fn withdrawn(
    db: &impl sea_orm::ConnectionTrait,
    rows: &[decision_outcome::Model],
) -> Result<HashSet<ProposalId>> {
    let gone = proposal::Entity::find()
        .filter(proposal::Column::Id.is_in(rows.iter().map(|row| row.proposal_id)))
        .filter(proposal::Column::Status.eq(ProposalStatus::Withdrawn))
        .select_only()
        .column(proposal::Column::Id);
    Ok(gone.into_tuple::<ProposalId>().all(db).await?.into_iter().collect())
}

/// What published decisions were made from, of proposals of the viewer's own houses: the outcomes' mean and whether it passes.
///
/// Row `OWN_SCORE` of [`READS`](domain::access::READS).
pub async fn own_scores(
    app: &App,
    viewer: &Viewer,
    ids: &[ProposalId],
) -> Result<HashMap<ProposalId, decision_outcome::Model>> {
    let own = crate::proposal::of_team(viewer)
        .filter(proposal::Column::Id.is_in(ids.to_vec()))
        .filter(proposal::Column::Status.is_not_in([ProposalStatus::Withdrawn, ProposalStatus::Disqualified]))
        .select_only()
        .column(proposal::Column::Id)
        .into_query();
    let published = standing()
        .filter(decision::Column::Status.is_in(DecisionStatus::PUBLIC.iter().copied()))
        .select_only()
        .column(decision::Column::Id)
        .into_query();
    let rows = decision_outcome::Entity::find()
        .filter(decision_outcome::Column::ProposalId.in_subquery(own))
        .filter(decision_outcome::Column::DecisionId.in_subquery(published))
        .all(&app.db.read)
        .await?;
    Ok(rows.into_iter().map(|row| (row.proposal_id, row)).collect())
}

async fn awards(app: &App, rows: &[decision_outcome::Model]) -> Result<HashMap<ProposalId, Award>> {
    let chosen: Vec<_> =
        rows.iter().filter(|row| row.outcome == Some(Outcome::Selected)).map(|row| row.proposal_id).collect();
    let db = &app.db.read;
    // Only what publication really made of it: a proposal withdrawn meanwhile was not selected.
    let proposals = proposal::Entity::find()
        .filter(proposal::Column::Id.is_in(chosen))
        .filter(proposal::Column::Status.eq(ProposalStatus::Selected))
        .all(db)
        .await?;
    let versions = proposal_version::Entity::find()
        .filter(proposal_version::Column::ProposalId.is_in(proposals.iter().map(|row| row.id)))
        .all(db)
        .await?;
    let organizations = organization::Entity::find()
        .filter(organization::Column::Id.is_in(proposals.iter().map(|row| row.organization_id)))
        .all(db)
        .await?;
    let unsealed = vault::opened(db, app, proposals.iter().map(|row| row.id)).await?;
    let mut awards = HashMap::new();
    for row in proposals {
        let version = versions
            .iter()
            .find(|version| version.proposal_id == row.id && version.number == row.current_version);
        let version = match (version, unsealed.get(&row.id)) {
            (Some(version), Some(unsealed)) => Some(unsealed.version(version.clone())?),
            _ => None,
        };
        let applicant = organizations.iter().find(|organization| organization.id == row.organization_id);
        if let (Some(version), Some(applicant)) = (version, applicant) {
            let Content { title, summary, sections, budget, .. } = version.content()?.for_everybody();
            let applicant = applicant.clone();
            awards.insert(row.id, Award { applicant, title, summary, sections, budget });
        }
    }
    Ok(awards)
}
