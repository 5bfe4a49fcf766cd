//! What the viewer may do with the things of a page, and why not: the facts of all of them in a constant number of
//! statements, judged by the same guards as the commands. Listed is what somebody in the viewer's roles could ever do;
//! what the viewer may not know of has no list.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::Hash;

use domain::access::{Action, may};
use domain::action::{ChallengeAction, OrganizationAction, Possible, ProposalAction, ReviewAction};
use domain::challenge::{
    self as rules, BriefFacts, ChallengeCommand, TRANSITIONS, may_appoint, may_confirm_opening,
    may_name_decision_maker, may_request_opening, may_start_decision, may_submit_for_approval,
};
use domain::decision::{self as decisions, DecisionCommand, DecisionStatus};
use domain::id::{ChallengeId, DecisionId, OrganizationId, ProposalId, ReviewId, UserId};
use domain::machine::allows;
use domain::organization::{OrganizationStatus, may_invite, may_judge};
use domain::problem::{Guard, Reason, all, unless};
use domain::proposal::{
    Content, ProposalCommand, ProposalStatus, may_bid, may_draft, may_edit, may_screen, may_submit,
    may_withdraw, team_step,
};
use domain::review::{
    IN_PLAY, Interest, ReviewStatus, Turnout, may_assign, may_declare, may_lock, may_offer, may_save,
};
use domain::time::Timestamp;
use entity::{
    challenge, challenge_author, conflict_declaration, council_member, criterion, decision, decision_outcome,
    indicator, one_time_token, opening, organization, proposal, proposal_draft, review,
};
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use crate::App;
use crate::access::roles_on_each;
use crate::challenge::{stage, timetable};
use crate::error::Result;
use crate::op::Viewer;
use crate::proposal::call;

/// What the viewer may do with each of these challenges.
pub async fn on_challenges(
    app: &App,
    viewer: &Viewer,
    ids: &[ChallengeId],
) -> Result<HashMap<ChallengeId, Vec<Possible<ChallengeAction>>>> {
    use ChallengeAction as Do;
    let Some(person) = &viewer.0 else { return Ok(HashMap::new()) };
    let db = &app.db.read;
    let rows = crate::challenge::visible_to(viewer).filter(challenge::Column::Id.is_in(ids.to_vec())).all(db);
    let rows = rows.await?;
    let roles = roles_on_each(db, viewer, &rows).await?;
    let has = |row: &challenge::Model, action: Do| {
        roles.get(&row.id).is_some_and(|roles| may(action.right(), *roles))
    };
    let of = |actions: &[Do]| -> Vec<_> {
        rows.iter().filter(|row| actions.iter().any(|action| has(row, *action))).collect()
    };
    let mut handed_in = of(&[Do::SubmitForApproval]);
    handed_in.retain(|row| allows(TRANSITIONS, row.status, &ChallengeCommand::SubmitForApproval).is_ok());
    let mut scored = of(&[Do::LockRound]);
    scored.retain(|row| stage(row).must_be_scoring().is_ok());
    let facts = ChallengeFacts {
        user: person.id,
        viewer,
        written: authored(db, person.id, &of(&[Do::Approve, Do::Publish])).await?,
        seats: seats(db, &of(&[Do::AppointCouncilMember])).await?,
        openings: openings(db, &of(&[Do::RequestOpening, Do::OpenProposals])).await?,
        briefs: briefs(db, &handed_in).await?,
        turnouts: turnouts(db, &scored).await?,
        now: app.db.clock.process(),
    };
    let possible = rows.iter().map(|row| {
        let actions = Do::ALL.iter().copied().filter(|action| has(row, *action));
        (row.id, actions.map(|action| Possible { action, guard: facts.guard(row, action) }).collect())
    });
    Ok(possible.collect())
}

/// What the guards of challenges ask, beyond their rows.
struct ChallengeFacts<'a> {
    user: UserId,
    viewer: &'a Viewer,
    written: HashSet<ChallengeId>,
    seats: HashMap<ChallengeId, usize>,
    openings: HashMap<ChallengeId, UserId>,
    briefs: HashMap<ChallengeId, (usize, Vec<i64>)>,
    turnouts: HashMap<ChallengeId, Vec<Turnout>>,
    now: Timestamp,
}

impl ChallengeFacts<'_> {
    fn guard(&self, row: &challenge::Model, action: ChallengeAction) -> Guard {
        use ChallengeAction as Do;
        let (stage, timetable, now) = (stage(row), timetable(row), self.now);
        let is_author = self.written.contains(&row.id);
        let in_state = |command| allows(TRANSITIONS, row.status, &command);
        match action {
            Do::Edit => and(acting(self.viewer, row.agency_id), in_state(ChallengeCommand::Edit)),
            Do::SubmitForApproval => {
                let (indicator_count, weights) = self.briefs.get(&row.id).cloned().unwrap_or_default();
                let brief =
                    BriefFacts { brief: &row.brief, timetable, indicator_count, weights: weights.as_slice() };
                let is_verified = is_verified(self.viewer, row.agency_id);
                let guard = may_submit_for_approval(row.status, is_verified, &brief, now);
                and(acting(self.viewer, row.agency_id), guard)
            }
            Do::RequestChanges => in_state(ChallengeCommand::RequestChanges),
            Do::Approve => rules::may_approve(row.status, is_author),
            Do::Recall => and(acting(self.viewer, row.agency_id), in_state(ChallengeCommand::Recall)),
            Do::Publish => {
                let is_approver = row.approved_by == Some(self.user);
                rules::may_publish(row.status, is_author, is_approver, timetable, now)
            }
            Do::AppointCouncilMember => {
                may_appoint(stage, self.seats.get(&row.id).copied().unwrap_or_default())
            }
            Do::NameDecisionMaker => may_name_decision_maker(stage),
            Do::RequestOpening => {
                may_request_opening(row.status, timetable, self.openings.contains_key(&row.id), now)
            }
            Do::OpenProposals => {
                let by_another = self.openings.get(&row.id).is_some_and(|by| *by != self.user);
                may_confirm_opening(row.status, timetable, by_another, now)
            }
            Do::AssignReviews => may_assign(stage),
            Do::LockRound => {
                may_lock(stage, &row.rubric, self.turnouts.get(&row.id).into_iter().flatten().copied())
            }
            Do::StartDecision => may_start_decision(stage, row.decision_maker_id.is_some()),
        }
    }
}

/// One of the viewer's startups before a challenge.
#[derive(Clone, Debug)]
pub struct Bid {
    /// Which startup.
    pub organization: OrganizationId,
    /// Its live proposal to the challenge.
    pub proposal: Option<proposal::Model>,
    /// Whether the viewer may draft a proposal of it.
    pub draft: Guard,
    /// Whether the viewer may hand one in, as far as challenge and startup decide it.
    pub submission: Guard,
}

/// The viewer's startups before each of these challenges: those in which the viewer writes.
pub async fn bids(app: &App, viewer: &Viewer, ids: &[ChallengeId]) -> Result<HashMap<ChallengeId, Vec<Bid>>> {
    let seats = viewer.0.iter().flat_map(|person| &person.seats);
    let houses: Vec<_> = seats
        .map(|seat| seat.organization)
        .filter(|house| may(Action::WriteProposal, viewer.roles_in(*house)))
        .collect();
    if houses.is_empty() {
        return Ok(HashMap::new());
    }
    let db = &app.db.read;
    let rows = crate::challenge::visible_to(viewer).filter(challenge::Column::Id.is_in(ids.to_vec())).all(db);
    let rows = rows.await?;
    let live = proposal::Entity::find()
        .filter(proposal::Column::ChallengeId.is_in(ids.to_vec()))
        .filter(proposal::Column::OrganizationId.is_in(houses.clone()))
        .filter(proposal::Column::Status.ne(ProposalStatus::Withdrawn));
    let live: HashMap<_, _> =
        live.all(db).await?.into_iter().map(|row| ((row.challenge_id, row.organization_id), row)).collect();
    let now = app.db.clock.process();
    let bids = rows.iter().map(|row| {
        let bids = houses.iter().map(|house| {
            let proposal = live.get(&(row.id, *house)).cloned();
            let by_right = if may(Action::SubmitProposal, viewer.roles_in(*house)) {
                Ok(())
            } else {
                all([Err(Reason::NotPermitted)])
            };
            Bid {
                organization: *house,
                draft: and(acting(viewer, *house), may_draft(call(row), proposal.is_some(), now)),
                submission: by_right.and_then(|()| {
                    let guard = may_bid(call(row), is_verified(viewer, *house), now);
                    and(acting(viewer, *house), guard)
                }),
                proposal,
            }
        });
        (row.id, bids.collect())
    });
    Ok(bids.collect())
}

/// What the viewer may do with each of these proposals: as one of its team, or as one of those who evaluate it.
pub async fn on_proposals(
    app: &App,
    viewer: &Viewer,
    ids: &[ProposalId],
) -> Result<HashMap<ProposalId, Vec<Possible<ProposalAction>>>> {
    use ProposalAction as Do;
    let Some(person) = &viewer.0 else { return Ok(HashMap::new()) };
    let db = &app.db.read;
    let rows = crate::proposal::visible_to(viewer).filter(proposal::Column::Id.is_in(ids.to_vec())).all(db);
    let rows = rows.await?;
    let challenges = challenges_of(db, rows.iter().map(|row| row.challenge_id)).await?;
    let roles = roles_on_each(db, viewer, challenges.values()).await?;
    // Whoever is of its team has no office in it: the scope of offices leaves out whatever the own houses compete with.
    let is_team = |row: &proposal::Model| crate::proposal::is_team(viewer, row);
    let now = app.db.clock.process();
    let has = |row: &proposal::Model, action: Do| {
        let roles = if is_team(row) {
            viewer.roles_in(row.organization_id)
        } else {
            roles.get(&row.challenge_id).copied().unwrap_or_default()
        };
        action.is_of_team() == is_team(row) && may(action.right(), roles)
    };
    let in_hand = rows.iter().filter(|row| {
        has(row, Do::Submit)
            && team_step(row.status, &ProposalCommand::Submit).is_ok()
            && challenges.get(&row.challenge_id).is_some_and(|row| call(row).must_take_proposals(now).is_ok())
    });
    let drafts = drafts(db, in_hand.map(|row| row.id)).await?;
    let cleared = cleared(db, person.id, rows.iter().filter(|row| !is_team(row)).map(|row| row.id)).await?;
    let guard = |row: &proposal::Model, challenge: &challenge::Model, action| {
        let stage = stage(challenge);
        let is_cleared = cleared.contains(&row.id);
        match action {
            Do::Edit => may_edit(row.status, timetable(challenge), now),
            Do::Submit => {
                let is_verified = is_verified(viewer, row.organization_id);
                match drafts.get(&row.id) {
                    Some(content) => may_submit(
                        call(challenge),
                        row.status,
                        is_verified,
                        content,
                        row.current_version,
                        now,
                    ),
                    // Not asked for: what decides before the content says no.
                    None => all([
                        call(challenge).must_take_proposals(now),
                        team_step(row.status, &ProposalCommand::Submit),
                    ]),
                }
            }
            Do::Withdraw => may_withdraw(row.status),
            Do::DeclareConflict => may_declare(stage, Interest::Other),
            Do::DeclareNoConflict => may_declare(stage, Interest::None),
            Do::Admit => may_screen(row.status, &ProposalCommand::Admit, is_cleared),
            Do::Refuse => may_screen(row.status, &ProposalCommand::Refuse, is_cleared),
            Do::StartReview => may_offer(stage, row.status, is_cleared),
        }
    };
    let possible = rows.iter().filter_map(|row| {
        let challenge = challenges.get(&row.challenge_id)?;
        let by_house = |action: Do| {
            if action.is_of_team() { acting(viewer, row.organization_id) } else { Ok(()) }
        };
        let actions = Do::ALL.iter().copied().filter(|action| has(row, *action));
        let possible = actions.map(|action| {
            let guard = and(by_house(action), guard(row, challenge, action));
            Possible { action, guard }
        });
        Some((row.id, possible.collect()))
    });
    Ok(possible.collect())
}

/// What the viewer may do with each of these reviews: nothing with anybody else's.
pub async fn on_reviews(
    app: &App,
    viewer: &Viewer,
    ids: &[ReviewId],
) -> Result<HashMap<ReviewId, Vec<Possible<ReviewAction>>>> {
    let Some(person) = &viewer.0 else { return Ok(HashMap::new()) };
    let db = &app.db.read;
    let own = crate::review::visible_to(viewer)
        .filter(review::Column::Id.is_in(ids.to_vec()))
        .filter(review::Column::UserId.eq(person.id));
    let rows = own.all(db).await?;
    let challenges = challenges_of(db, rows.iter().map(|row| row.challenge_id)).await?;
    let roles = roles_on_each(db, viewer, challenges.values()).await?;
    let criteria = criteria(db, challenges.keys().copied()).await?;
    let possible = rows.iter().filter_map(|row| {
        let stage = stage(challenges.get(&row.challenge_id)?);
        let scores = may(Action::Score, roles.get(&row.challenge_id).copied().unwrap_or_default());
        let criteria = criteria.get(&row.challenge_id).map(Vec::as_slice).unwrap_or_default();
        let guard = |action| match action {
            ReviewAction::Save => may_save(stage, row.status),
            ReviewAction::Submit => domain::review::may_submit(stage, row.status, &row.sheet, criteria),
        };
        let actions = ReviewAction::ALL.iter().copied().filter(|_| scores);
        Some((row.id, actions.map(|action| Possible { action, guard: guard(action) }).collect()))
    });
    Ok(possible.collect())
}

/// What the viewer may do with each of these decisions.
pub async fn on_decisions(
    app: &App,
    viewer: &Viewer,
    ids: &[DecisionId],
) -> Result<HashMap<DecisionId, Vec<Possible<DecisionCommand>>>> {
    use DecisionCommand as Do;
    let Some(person) = &viewer.0 else { return Ok(HashMap::new()) };
    let db = &app.db.read;
    let rows = crate::decision::visible_to(viewer).filter(decision::Column::Id.is_in(ids.to_vec())).all(db);
    let rows = rows.await?;
    let challenges = challenges_of(db, rows.iter().map(|row| row.challenge_id)).await?;
    let roles = roles_on_each(db, viewer, challenges.values()).await?;
    let has = |row: &decision::Model, action: Do| {
        roles.get(&row.challenge_id).is_some_and(|roles| may(action.right(), *roles))
    };
    let mut open: Vec<_> = rows.iter().collect();
    open.retain(|row| row.status != DecisionStatus::Published);
    open.retain(|row| Do::ALL.iter().any(|action| has(row, *action)));
    let outcomes = outcomes(db, open.iter().map(|row| row.id)).await?;
    let ranked = || outcomes.values().flatten().map(|row| row.proposal_id);
    let evaluated = evaluated(db, ranked()).await?;
    let tied = tied(db, person.id, open.iter().map(|row| row.id)).await?;
    let guard = |row: &decision::Model, action| {
        let decided = outcomes.get(&row.id).map(Vec::as_slice).unwrap_or_default();
        let standing: Vec<_> =
            decided.iter().filter(|row| evaluated.contains(&row.proposal_id)).cloned().collect();
        let is_tied = tied.contains(&row.id);
        match action {
            Do::Edit => allows(decisions::TRANSITIONS, row.status, &Do::Edit),
            Do::Propose => {
                let verdicts = crate::decision::verdicts(&standing);
                decisions::may_propose(row.status, &verdicts, row.departure_reason.is_some())
            }
            Do::Return => decisions::may_return(row.status, is_tied),
            Do::Approve => {
                let on_council = roles.get(&row.challenge_id).is_some_and(|roles| roles.on_council());
                decisions::may_approve(row.status, on_council, is_tied)
            }
            Do::Publish => {
                let lost = crate::decision::lost_a_chosen(decided, &standing);
                decisions::may_publish(row.status, is_tied, row.approved_by == Some(person.id), lost)
            }
        }
    };
    let possible = rows.iter().map(|row| {
        let actions = Do::ALL.iter().copied().filter(|action| has(row, *action));
        (row.id, actions.map(|action| Possible { action, guard: guard(row, action) }).collect())
    });
    Ok(possible.collect())
}

/// What the viewer may do with each of these organisations.
pub async fn on_organizations(
    app: &App,
    viewer: &Viewer,
    ids: &[OrganizationId],
) -> Result<HashMap<OrganizationId, Vec<Possible<OrganizationAction>>>> {
    use OrganizationAction as Do;
    let Some(person) = &viewer.0 else { return Ok(HashMap::new()) };
    let db = &app.db.read;
    let rows = crate::organization::visible_to(viewer).filter(organization::Column::Id.is_in(ids.to_vec()));
    let rows = rows.all(db).await?;
    let has = |row: &organization::Model, action: Do| {
        let roles = match action.judgement() {
            Some(_) => viewer.roles(),
            None => crate::organization::manager_roles(viewer, row.id, row.kind),
        };
        may(action.right(row.kind), roles)
    };
    let managed = rows.iter().filter(|row| has(row, Do::InviteMember)).map(|row| row.id);
    let waiting = waiting(db, managed, app.db.clock.process()).await?;
    let guard = |row: &organization::Model, action: Do| {
        match (action.judgement(), action) {
            (Some(command), _) => {
                may_judge(row.status, command, row.created_by == person.id, viewer.belongs_to(row.id))
            }
            (None, Do::InviteMember) => {
                may_invite(row.status, waiting.get(&row.id).copied().unwrap_or_default())
            }
            (None, _) => all([row.status.must_act()]),
        }
    };
    let possible = rows.iter().map(|row| {
        let actions = Do::ALL.iter().copied().filter(|action| has(row, *action));
        (row.id, actions.map(|action| Possible { action, guard: guard(row, action) }).collect())
    });
    Ok(possible.collect())
}

/// What a house that was rejected, suspended or closed puts in the way of whoever acts for it.
fn acting(viewer: &Viewer, house: OrganizationId) -> std::result::Result<(), Reason> {
    viewer.seat_at(house).map_or(Ok(()), |seat| seat.status.must_act())
}

/// Both at once.
fn and(by_house: std::result::Result<(), Reason>, guard: Guard) -> Guard {
    let obstacles = all([by_house]).err().into_iter().chain(guard.err()).flatten();
    unless(obstacles)
}

/// One of the viewer's own houses is verified.
fn is_verified(viewer: &Viewer, house: OrganizationId) -> bool {
    let seats = viewer.0.iter().flat_map(|person| &person.seats);
    seats.filter(|seat| seat.organization == house).any(|seat| seat.status == OrganizationStatus::Verified)
}

/// Rows of a table for these keys, no statement for none.
async fn found<E, K, T, C>(
    db: &DatabaseConnection,
    select: Select<E>,
    column: E::Column,
    keys: impl Iterator<Item = K>,
    pair: impl Fn(E::Model) -> T,
) -> Result<C>
where
    E: EntityTrait,
    E::Model: Send + Sync,
    K: Into<sea_orm::Value>,
    C: Default + FromIterator<T>,
{
    let keys: Vec<_> = keys.map(Into::into).collect();
    if keys.is_empty() {
        return Ok(C::default());
    }
    let rows = select.filter(column.is_in(keys)).all(db).await?;
    Ok(rows.into_iter().map(pair).collect())
}

fn grouped<K: Eq + Hash, V>(pairs: Vec<(K, V)>) -> HashMap<K, Vec<V>> {
    let mut groups: HashMap<K, Vec<V>> = HashMap::new();
    for (key, value) in pairs {
        groups.entry(key).or_default().push(value);
    }
    groups
}

/// The challenges of things that the viewer may know: facts for the guards, shown to nobody.
async fn challenges_of(
    db: &DatabaseConnection,
    ids: impl Iterator<Item = ChallengeId>,
) -> Result<HashMap<ChallengeId, challenge::Model>> {
    found(db, challenge::Entity::find(), challenge::Column::Id, ids, |row| (row.id, row)).await
}

async fn authored(
    db: &DatabaseConnection,
    user: UserId,
    rows: &[&challenge::Model],
) -> Result<HashSet<ChallengeId>> {
    use challenge_author::Column as A;
    let mine = challenge_author::Entity::find().filter(A::UserId.eq(user));
    found(db, mine, A::ChallengeId, rows.iter().map(|row| row.id), |row| row.challenge_id).await
}

async fn seats(db: &DatabaseConnection, rows: &[&challenge::Model]) -> Result<HashMap<ChallengeId, usize>> {
    use council_member::Column as S;
    let live = council_member::Entity::find().filter(S::RemovedAt.is_null());
    let seats: Vec<_> =
        found(db, live, S::ChallengeId, rows.iter().map(|row| row.id), |row| (row.challenge_id, ())).await?;
    Ok(grouped(seats).into_iter().map(|(id, seats)| (id, seats.len())).collect())
}

async fn openings(
    db: &DatabaseConnection,
    rows: &[&challenge::Model],
) -> Result<HashMap<ChallengeId, UserId>> {
    use opening::Column as O;
    let ids = rows.iter().map(|row| row.id);
    found(db, opening::Entity::find(), O::ChallengeId, ids, |row| (row.challenge_id, row.requested_by)).await
}

/// How many indicators each has, and the weights of its criteria.
async fn briefs(
    db: &DatabaseConnection,
    rows: &[&challenge::Model],
) -> Result<HashMap<ChallengeId, (usize, Vec<i64>)>> {
    let ids = || rows.iter().map(|row| row.id);
    let indicators: Vec<_> =
        found(db, indicator::Entity::find(), indicator::Column::ChallengeId, ids(), |row| {
            (row.challenge_id, ())
        })
        .await?;
    let weights: Vec<_> =
        found(db, criterion::Entity::find(), criterion::Column::ChallengeId, ids(), |row| {
            (row.challenge_id, row.weight)
        })
        .await?;
    let (indicators, mut weights) = (grouped(indicators), grouped(weights));
    let brief = |id| {
        let count = indicators.get(&id).map_or(0, Vec::len);
        (id, (count, weights.remove(&id).unwrap_or_default()))
    };
    Ok(ids().map(brief).collect())
}

/// The turnout of every proposal that the lock waits for.
async fn turnouts(
    db: &DatabaseConnection,
    rows: &[&challenge::Model],
) -> Result<HashMap<ChallengeId, Vec<Turnout>>> {
    let ids = || rows.iter().map(|row| row.id);
    let in_play = proposal::Entity::find().filter(proposal::Column::Status.is_in(IN_PLAY.to_vec()));
    let proposals: BTreeMap<ProposalId, ChallengeId> =
        found(db, in_play, proposal::Column::ChallengeId, ids(), |row| (row.id, row.challenge_id)).await?;
    if proposals.is_empty() {
        return Ok(HashMap::new());
    }
    // Without the sheets, which may be many.
    let reviews: Vec<(ProposalId, ReviewStatus)> = review::Entity::find()
        .filter(review::Column::ChallengeId.is_in(ids()))
        .select_only()
        .column(review::Column::ProposalId)
        .column(review::Column::Status)
        .into_tuple()
        .all(db)
        .await?;
    let turnouts = crate::review::turnouts(proposals.keys().copied(), reviews);
    let of_challenges =
        turnouts.into_iter().filter_map(|(id, turnout)| Some((*proposals.get(&id)?, turnout)));
    Ok(grouped(of_challenges.collect()))
}

async fn drafts(
    db: &DatabaseConnection,
    ids: impl Iterator<Item = ProposalId>,
) -> Result<HashMap<ProposalId, Content>> {
    let drafts = proposal_draft::Entity::find();
    let stored: Vec<_> =
        found(db, drafts, proposal_draft::Column::ProposalId, ids, |row| (row.proposal_id, row.content))
            .await?;
    stored.into_iter().map(|(id, stored)| Ok((id, crate::proposal::parse_content(&stored)?))).collect()
}

/// Proposals with which the person has declared to be without conflict.
async fn cleared(
    db: &DatabaseConnection,
    user: UserId,
    ids: impl Iterator<Item = ProposalId>,
) -> Result<HashSet<ProposalId>> {
    use conflict_declaration::Column as D;
    let mine = conflict_declaration::Entity::find()
        .filter(D::UserId.eq(user))
        .filter(D::Interest.eq(Interest::None));
    found(db, mine, D::ProposalId, ids, |row| row.proposal_id).await
}

/// Of these decisions those on applicants to one of whom the person is tied.
async fn tied(
    db: &DatabaseConnection,
    user: UserId,
    ids: impl Iterator<Item = DecisionId>,
) -> Result<HashSet<DecisionId>> {
    let tied = decision::Entity::find().filter(crate::decision::tie_condition(user));
    found(db, tied, decision::Column::Id, ids, |row| row.id).await
}

async fn criteria(
    db: &DatabaseConnection,
    ids: impl Iterator<Item = ChallengeId>,
) -> Result<HashMap<ChallengeId, Vec<domain::score::Criterion>>> {
    let ordered = criterion::Entity::find().order_by_asc(criterion::Column::Position);
    let criteria: Vec<_> = found(db, ordered, criterion::Column::ChallengeId, ids, |row| {
        let (id, weight, reason_required) = (row.id, row.weight, row.reason_required);
        (row.challenge_id, domain::score::Criterion { id, weight, reason_required })
    })
    .await?;
    Ok(grouped(criteria))
}

async fn outcomes(
    db: &DatabaseConnection,
    ids: impl Iterator<Item = DecisionId>,
) -> Result<HashMap<DecisionId, Vec<decision_outcome::Model>>> {
    let ranked = decision_outcome::Entity::find().order_by_asc(decision_outcome::Column::Position);
    let rows: Vec<_> =
        found(db, ranked, decision_outcome::Column::DecisionId, ids, |row| (row.decision_id, row)).await?;
    Ok(grouped(rows))
}

/// Of these proposals those that still wait for their outcome.
async fn evaluated(
    db: &DatabaseConnection,
    ids: impl Iterator<Item = ProposalId>,
) -> Result<HashSet<ProposalId>> {
    let waiting = proposal::Entity::find().filter(proposal::Column::Status.eq(ProposalStatus::Evaluated));
    found(db, waiting, proposal::Column::Id, ids, |row| row.id).await
}

/// Invitations that wait, by organisation.
async fn waiting(
    db: &DatabaseConnection,
    ids: impl Iterator<Item = OrganizationId>,
    now: Timestamp,
) -> Result<HashMap<OrganizationId, usize>> {
    use one_time_token::Column as T;
    let waiting = one_time_token::Entity::find().filter(T::UsedAt.is_null()).filter(T::ExpiresAt.gt(now));
    let waiting: Vec<_> = found(db, waiting, T::OrganizationId, ids, |row| (row.organization_id, ())).await?;
    let counted = grouped(waiting).into_iter().filter_map(|(id, waiting)| Some((id?, waiting.len())));
    Ok(counted.collect())
}
