//! What the viewer may do with the things of a page, and why not: the facts of all of them in a constant number of
//! statements, judged by the same guards as the commands. Listed is what somebody in the viewer's roles could ever do;
//! what the viewer may not know of has no list.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::Hash;

use domain::access::{Action, may};
use domain::action::{
    ChallengeAction, DecisionAction, OrganizationAction, Possible, ProposalAction, ReviewAction,
};
use domain::appeal::{CONCERNED, may_appeal};
use domain::challenge::{
    self as rules, BriefFacts, ChallengeCommand, TRANSITIONS, may_appoint, may_confirm_opening,
    may_name_decision_maker, may_request_opening, may_start_decision, may_submit_for_approval,
};
use domain::decision::{self as decisions, DecisionCommand, DecisionStatus};
use domain::delegation::may_delegate;
use domain::id::{ChallengeId, DecisionId, OrganizationId, ProposalId, ReviewId, UserId};
use domain::machine::allows;
use domain::organization::{
    self as organizations, MembershipRole, OrganizationCommand, OrganizationKind, OrganizationStatus,
    may_invite, may_judge,
};
use domain::problem::{Guard, Problem, Reason, all, unless};
use domain::proposal::{
    Content, ProposalCommand, ProposalStatus, may_answer_clarification, may_ask_clarification, may_bid,
    may_draft, may_edit, may_revive, may_screen, may_submit, may_withdraw, team_step,
};
use domain::review::{
    IN_PLAY, Interest, ReviewCommand, ReviewStatus, Turnout, Voiding, in_time, may_assign, may_declare,
    may_decline, may_interfere, may_lock, may_offer, may_save,
};
use domain::time::{Day, Timestamp};
use entity::{
    challenge, challenge_author, conflict_declaration, council_member, criterion, decision, decision_outcome,
    delegation, indicator, membership, one_time_token, opening, organization, proposal, review, review_plan,
};
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use crate::App;
use crate::access::roles_on_each;
use crate::challenge::{stage, timetable};
use crate::decision::Decided;
use crate::disqualification::{disqualifying, requested_by};
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
    let mut awarded = of(&[Do::StartPromotion]);
    awarded.retain(|row| stage(row).must_be_awarded().is_ok());
    let mut redecided = of(&[Do::NameDecisionMaker]);
    redecided.retain(|row| stage(row).must_be_deciding().is_ok());
    let redecided = redecided.iter().map(|row| row.id).collect();
    let facts = ChallengeFacts {
        user: person.id,
        viewer,
        written: authored(db, person.id, &of(&[Do::Approve, Do::Publish, Do::Pause, Do::Cancel])).await?,
        announced: announced(db, &of(&[Do::Announce])).await?,
        seats: seats(db, &of(&[Do::AppointCouncilMember])).await?,
        openings: openings(db, &of(&[Do::RequestOpening, Do::OpenProposals])).await?,
        planned: planned(db, &of(&[Do::ReleaseReviewPlan])).await?,
        made_anew: crate::decision::made_anew(db, redecided).await?,
        briefs: briefs(db, &handed_in).await?,
        turnouts: turnouts(db, &scored).await?,
        tied: tied_to(db, person.id, &[scored, awarded.clone()].concat()).await?,
        promotions: crate::decision::promotions(db, &awarded.iter().map(|row| row.id).collect::<Vec<_>>())
            .await?,
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
    announced: HashMap<ChallengeId, usize>,
    seats: HashMap<ChallengeId, usize>,
    openings: HashMap<ChallengeId, UserId>,
    planned: HashSet<ChallengeId>,
    made_anew: HashSet<ChallengeId>,
    briefs: HashMap<ChallengeId, (usize, Vec<i64>)>,
    turnouts: HashMap<ChallengeId, Vec<Turnout>>,
    tied: HashSet<ChallengeId>,
    promotions: HashMap<ChallengeId, (decision::Model, decisions::Promotion)>,
    now: Timestamp,
}

impl ChallengeFacts<'_> {
    fn guard(&self, row: &challenge::Model, action: ChallengeAction) -> Guard {
        use ChallengeAction as Do;
        let (stage, timetable, now) = (stage(row), timetable(row), self.now);
        let is_author = self.written.contains(&row.id);
        let in_state = |command| allows(TRANSITIONS, row.status, &command);
        let of_house = |guard| both(self.viewer.must_act_in(row.agency_id), guard);
        match action {
            Do::Edit => of_house(in_state(ChallengeCommand::Edit)),
            Do::SubmitForApproval => {
                let (indicator_count, weights) = self.briefs.get(&row.id).cloned().unwrap_or_default();
                let brief =
                    BriefFacts { brief: &row.brief, timetable, indicator_count, weights: weights.as_slice() };
                let is_verified = is_verified(self.viewer, row.agency_id);
                of_house(may_submit_for_approval(row.status, is_verified, &brief, now))
            }
            Do::RequestChanges => in_state(ChallengeCommand::RequestChanges),
            Do::Approve => rules::may_approve(row.status, is_author),
            Do::Recall => of_house(in_state(ChallengeCommand::Recall)),
            Do::Publish => {
                let is_approver = row.approved_by == Some(self.user);
                rules::may_publish(row.status, is_author, is_approver, timetable, now)
            }
            Do::Amend => of_house(rules::may_amend(row.status, timetable, None, now)),
            Do::Announce => {
                let announced = self.announced.get(&row.id).copied().unwrap_or_default();
                let by_office = may(Action::PublishAnnouncement, self.viewer.roles());
                let acts = if by_office { Ok(()) } else { self.viewer.must_act_in(row.agency_id) };
                both(acts, rules::may_announce(stage, announced))
            }
            Do::SharePreview => of_house(rules::may_preview(stage)),
            Do::LinkDuplicate => Ok(()),
            Do::Pause => rules::may_halt(row.status, ChallengeCommand::Pause, is_author),
            Do::Resume => rules::may_halt(row.status, ChallengeCommand::Resume, is_author),
            Do::Cancel => rules::may_halt(row.status, ChallengeCommand::Cancel, is_author),
            Do::AppointCouncilMember => {
                may_appoint(stage, self.seats.get(&row.id).copied().unwrap_or_default())
            }
            Do::NameDecisionMaker => may_name_decision_maker(stage, self.made_anew.contains(&row.id)),
            Do::RequestOpening => {
                may_request_opening(row.status, timetable, self.openings.contains_key(&row.id), now)
            }
            Do::OpenProposals => {
                let by_another = self.openings.get(&row.id).is_some_and(|by| *by != self.user);
                may_confirm_opening(row.status, timetable, by_another, now)
            }
            Do::PlanReviews | Do::AssignReviews => may_assign(stage),
            Do::ReleaseReviewPlan => {
                let is_planned = self.planned.contains(&row.id);
                let planned = if is_planned { Ok(()) } else { Err(Reason::NotFound) };
                may_assign(stage).and_then(|()| all([planned]))
            }
            Do::LockRound => {
                let is_tied = self.tied.contains(&row.id);
                may_lock(
                    stage,
                    is_tied,
                    &row.rubric,
                    self.turnouts.get(&row.id).into_iter().flatten().copied(),
                )
            }
            Do::StartDecision => may_start_decision(stage, row.decision_maker_id.is_some()),
            Do::StartPromotion => {
                let promotion = self.promotions.get(&row.id).map(|(_, promotion)| *promotion);
                decisions::may_promote(stage, self.tied.contains(&row.id), promotion)
            }
        }
    }
}

/// A guard with one more condition.
fn both(check: std::result::Result<(), Reason>, guard: Guard) -> Guard {
    unless(check.err().map(Problem::whole).into_iter().chain(guard.err().into_iter().flatten()))
}

/// One of the viewer's applicants before a challenge.
#[derive(Clone, Debug)]
pub struct Bid {
    /// Which of them.
    pub organization: OrganizationId,
    /// Its live proposal to the challenge.
    pub proposal: Option<proposal::Model>,
    /// Whether the viewer may draft a proposal of it.
    pub draft: Guard,
    /// Whether the viewer may hand one in, as far as challenge and applicant decide it.
    pub submission: Guard,
}

/// The viewer's applicants before each of these challenges: those in which the viewer writes.
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
                draft: both(viewer.must_act_in(*house), may_draft(call(row), proposal.is_some(), now)),
                submission: by_right.and_then(|()| {
                    both(viewer.must_act_in(*house), may_bid(call(row), is_verified(viewer, *house), now))
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
    let in_hand: Vec<_> = in_hand.map(|row| row.id).collect();
    let drafts = drafts(app, viewer, in_hand.iter().copied()).await?;
    let unready = crate::attachment::unready(db, &in_hand).await?;
    let outdone = outdone(db, rows.iter().filter(|row| has(row, Do::Revive))).await?;
    let cleared = cleared(db, person.id, rows.iter().filter(|row| !is_team(row)).map(|row| row.id)).await?;
    // Before the opening nothing was asked.
    let asked = rows
        .iter()
        .filter(|row| matches!(row.status, ProposalStatus::Eligible | ProposalStatus::Clarification));
    let clarified = crate::clarification::open(db, asked.map(|row| row.id).collect()).await?;
    let concerned: Vec<_> =
        rows.iter().filter(|row| has(row, Do::Appeal) && CONCERNED.contains(&row.status)).collect();
    let decided: HashMap<ChallengeId, decision::Model> = found(
        db,
        crate::decision::standing(),
        decision::Column::ChallengeId,
        concerned.iter().map(|row| row.challenge_id),
        |row| (row.challenge_id, row),
    )
    .await?;
    let appealed = crate::appeal::filed(db, concerned.iter().map(|row| row.id).collect()).await?;
    let judging = [Do::RequestDisqualification, Do::ConfirmDisqualification];
    let judged = rows.iter().filter(|row| judging.iter().any(|action| has(row, *action)));
    let judged: Vec<_> = judged.filter_map(|row| challenges.get(&row.challenge_id)).collect();
    let tied = tied_to(db, person.id, &judged).await?;
    let guard = |row: &proposal::Model, challenge: &challenge::Model, action| {
        let stage = stage(challenge);
        let disqualifying = || disqualifying(challenge, row, tied.contains(&challenge.id));
        let is_cleared = cleared.contains(&row.id);
        let of_house = |guard| both(viewer.must_act_in(row.organization_id), guard);
        match action {
            Do::Edit => of_house(may_edit(row.status, timetable(challenge), now)),
            Do::Submit => of_house({
                let is_verified = is_verified(viewer, row.organization_id);
                match drafts.get(&row.id) {
                    Some(content) => may_submit(
                        call(challenge),
                        row.status,
                        is_verified,
                        content,
                        !unready.contains(&row.id),
                        row.current_version,
                        now,
                    ),
                    // Not asked for: what decides before the content says no.
                    None => all([
                        call(challenge).must_take_proposals(now),
                        team_step(row.status, &ProposalCommand::Submit),
                    ]),
                }
            }),
            Do::Withdraw => of_house(may_withdraw(row.status)),
            Do::Revive => of_house(may_revive(
                call(challenge),
                row.status,
                is_verified(viewer, row.organization_id),
                outdone.contains(&(row.challenge_id, row.organization_id)),
                now,
            )),
            Do::DeclareConflict => may_declare(stage, Interest::Other),
            Do::DeclareNoConflict => may_declare(stage, Interest::None),
            Do::Admit => may_screen(stage, row.status, &ProposalCommand::Admit, is_cleared),
            Do::Refuse => may_screen(stage, row.status, &ProposalCommand::Refuse, is_cleared),
            Do::AskClarification => {
                let asked =
                    clarified.get(&row.id).map_or(0, |last| usize::try_from(last.number).unwrap_or(0));
                may_ask_clarification(stage, row.status, is_cleared, asked)
            }
            Do::AnswerClarification => {
                let due_at = clarified.get(&row.id).map(|last| last.due_at);
                of_house(may_answer_clarification(stage, row.status, due_at, now))
            }
            Do::StartReview => may_offer(stage, row.status, is_cleared),
            Do::Appeal => of_house({
                let decided = decided.get(&row.challenge_id);
                let has_appealed = decided.is_some_and(|decided| appealed.contains(&(row.id, decided.id)));
                may_appeal(row.status, decided.map(crate::appeal::standing_of), has_appealed, now)
            }),
            Do::RequestDisqualification => disqualifying().may_be_requested(is_cleared),
            Do::ConfirmDisqualification | Do::RefuseDisqualification => {
                let on_council = roles.get(&challenge.id).is_some_and(|roles| roles.on_council());
                let is_requester = requested_by(row) == Some(person.id);
                disqualifying().may_be_ruled_on(on_council, is_requester)
            }
        }
    };
    let possible = rows.iter().filter_map(|row| {
        let challenge = challenges.get(&row.challenge_id)?;
        let actions = Do::ALL.iter().copied().filter(|action| has(row, *action));
        let possible = actions.map(|action| Possible { action, guard: guard(row, challenge, action) });
        Some((row.id, possible.collect()))
    });
    Ok(possible.collect())
}

/// Where the houses of withdrawn proposals have another one by now.
async fn outdone(
    db: &DatabaseConnection,
    rows: impl Iterator<Item = &proposal::Model>,
) -> Result<HashSet<(ChallengeId, OrganizationId)>> {
    let withdrawn = rows.filter(|row| row.status == ProposalStatus::Withdrawn);
    let (challenges, houses): (Vec<_>, Vec<_>) =
        withdrawn.map(|row| (row.challenge_id, row.organization_id)).unzip();
    if challenges.is_empty() {
        return Ok(HashSet::new());
    }
    let live = crate::proposal::live(&challenges, &houses).all(db).await?;
    Ok(live.into_iter().map(|row| (row.challenge_id, row.organization_id)).collect())
}

/// What the viewer may do with each of these reviews.
pub async fn on_reviews(
    app: &App,
    viewer: &Viewer,
    ids: &[ReviewId],
) -> Result<HashMap<ReviewId, Vec<Possible<ReviewAction>>>> {
    let Some(person) = &viewer.0 else { return Ok(HashMap::new()) };
    let db = &app.db.read;
    let rows =
        crate::review::visible_to(viewer).filter(review::Column::Id.is_in(ids.to_vec())).all(db).await?;
    let cleared = cleared(db, person.id, rows.iter().map(|row| row.proposal_id)).await?;
    let challenges = challenges_of(db, rows.iter().map(|row| row.challenge_id)).await?;
    let roles = roles_on_each(db, viewer, challenges.values()).await?;
    let criteria = criteria(db, challenges.keys().copied()).await?;
    let now = app.db.clock.process();
    let locked: Vec<_> = rows
        .iter()
        .filter(|row| row.status == ReviewStatus::Locked)
        .filter(|row| {
            let roles = roles.get(&row.challenge_id).copied().unwrap_or_default();
            may(Action::RequestVoid, roles) || may(Action::ConfirmVoid, roles)
        })
        .collect();
    let decisions: HashMap<ChallengeId, DecisionStatus> = found(
        db,
        crate::decision::standing(),
        decision::Column::ChallengeId,
        locked.iter().map(|row| row.challenge_id),
        |row| (row.challenge_id, row.status),
    )
    .await?;
    let sheets = sheets(db, &locked).await?;
    let voiding = |row: &review::Model, stage| Voiding {
        stage,
        status: row.status,
        decision: decisions.get(&row.challenge_id).copied(),
        is_requested: row.void_requested_at.is_some(),
        sheets: sheets.get(&row.proposal_id).copied().unwrap_or_default(),
    };
    let possible = rows.iter().filter_map(|row| {
        let stage = stage(challenges.get(&row.challenge_id)?);
        let roles = roles.get(&row.challenge_id).copied().unwrap_or_default();
        let criteria = criteria.get(&row.challenge_id).map(Vec::as_slice).unwrap_or_default();
        let is_cleared = cleared.contains(&row.proposal_id);
        let guard = |action| match action {
            ReviewAction::Save => may_save(stage, row.status, in_time(row.due_at, now)),
            ReviewAction::Submit => {
                let in_time = in_time(row.due_at, now);
                domain::review::may_submit(stage, row.status, in_time, &row.sheet, criteria)
            }
            ReviewAction::Decline => may_decline(stage, row.status),
            ReviewAction::Revoke => may_interfere(stage, row.status, ReviewCommand::Revoke, is_cleared),
            ReviewAction::Reopen => may_interfere(stage, row.status, ReviewCommand::Reopen, is_cleared),
            ReviewAction::RequestVoid => voiding(row, stage).may_be_requested(row.user_id == person.id),
            ReviewAction::ConfirmVoid => voiding(row, stage).may_be_confirmed(),
        };
        let actions = ReviewAction::ALL
            .iter()
            .copied()
            .filter(|action| may(action.right(), roles) && (row.user_id == person.id || !action.is_own()));
        Some((row.id, actions.map(|action| Possible { action, guard: guard(action) }).collect()))
    });
    Ok(possible.collect())
}

/// How many locked sheets there are of the proposals of these reviews.
async fn sheets(db: &DatabaseConnection, rows: &[&review::Model]) -> Result<HashMap<ProposalId, usize>> {
    use review::Column as R;
    if rows.is_empty() {
        return Ok(HashMap::new());
    }
    let counts: Vec<(ProposalId, i64)> = review::Entity::find()
        .filter(R::ProposalId.is_in(rows.iter().map(|row| row.proposal_id)))
        .filter(R::Status.eq(ReviewStatus::Locked))
        .select_only()
        .column(R::ProposalId)
        .column_as(R::Id.count(), "sheets")
        .group_by(R::ProposalId)
        .into_tuple()
        .all(db)
        .await?;
    Ok(counts.into_iter().map(|(id, sheets)| (id, usize::try_from(sheets).unwrap_or(usize::MAX))).collect())
}

/// What the viewer may do with each of these decisions.
pub async fn on_decisions(
    app: &App,
    viewer: &Viewer,
    ids: &[DecisionId],
) -> Result<HashMap<DecisionId, Vec<Possible<DecisionAction>>>> {
    use DecisionAction as Do;
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
    open.retain(|row| !row.status.is_public());
    open.retain(|row| Do::ALL.iter().any(|action| has(row, *action)));
    let outcomes = outcomes(db, open.iter().map(|row| row.id)).await?;
    let ranked = outcomes.values().flatten().map(|row| row.proposal_id);
    let statuses = crate::decision::statuses(db, ranked).await?;
    let tied = tied(db, person.id, open.iter().map(|row| row.id)).await?;
    let promoting = open.iter().filter(|row| row.is_promotion).map(|row| row.challenge_id);
    let promotions = crate::decision::promotions(db, &promoting.collect::<Vec<_>>()).await?;
    let guard = |row: &decision::Model, action| {
        let decided = Decided {
            outcomes: outcomes.get(&row.id).cloned().unwrap_or_default(),
            statuses: statuses.clone(),
            is_promotion: row.is_promotion,
        };
        let is_tied = tied.contains(&row.id);
        let guard = match action {
            Do::Edit => allows(decisions::TRANSITIONS, row.status, &DecisionCommand::Edit),
            Do::Propose => {
                let verdicts = decided.verdicts();
                let has_reason = row.departure_reason.is_some();
                let guard = decisions::may_propose(row.status, is_tied, &verdicts, has_reason);
                let fallen = promotions.get(&row.challenge_id).map_or(0, |(_, promotion)| promotion.fallen);
                if row.is_promotion {
                    guard.and_then(|()| decisions::in_place_of(&verdicts, fallen))
                } else {
                    guard
                }
            }
            Do::Return => decisions::may_return(row.status, is_tied),
            Do::Approve => {
                let on_council = roles.get(&row.challenge_id).is_some_and(|roles| roles.on_council());
                decisions::may_approve(row.status, on_council, is_tied)
            }
            Do::Publish => {
                let is_approver = row.approved_by == Some(person.id);
                decisions::may_publish(row.status, is_tied, is_approver, decided.lost())
            }
        };
        match challenges.get(&row.challenge_id) {
            Some(challenge) => both(decisions::must_go_on(stage(challenge), row.is_promotion), guard),
            None => guard,
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
        let roles = if action.is_by_place(row.status) {
            crate::organization::manager_roles(viewer, row.id, row.kind)
        } else {
            viewer.roles_in(row.id)
        };
        action.right(row.kind, row.status).is_some_and(|right| may(right, roles))
            || (action == Do::InviteMember && gives_leads(viewer, row))
    };
    let of = |actions: &[Do]| -> Vec<_> {
        let with_one = rows.iter().filter(|row| actions.iter().any(|action| has(row, *action)));
        with_one.map(|row| row.id).collect()
    };
    let (inviting, delegating) = (of(&[Do::InviteMember]), of(&[Do::Delegate]));
    let now = app.db.clock.process();
    let facts = HouseFacts {
        user: person.id,
        viewer,
        sent: if inviting.is_empty() {
            0
        } else {
            let sent = crate::organization::invitations_sent(db, person.id, now).await?;
            usize::try_from(sent).unwrap_or(usize::MAX)
        },
        waiting: waiting(db, inviting.into_iter(), now).await?,
        led: led(db, of(&[Do::InviteMember, Do::Delegate]).into_iter()).await?,
        delegations: delegations(db, delegating.into_iter(), now).await?,
    };
    let possible = rows.iter().map(|row| {
        let actions = Do::ALL.iter().copied().filter(|action| has(row, *action));
        (row.id, actions.map(|action| Possible { action, guard: facts.guard(row, action) }).collect())
    });
    Ok(possible.collect())
}

/// Could invite a lead into that house, if nobody leads it.
fn gives_leads(viewer: &Viewer, row: &organization::Model) -> bool {
    row.kind == OrganizationKind::Agency && may(Action::InviteLead, viewer.roles())
}

/// What the guards of organisations ask, beyond their rows.
struct HouseFacts<'a> {
    user: UserId,
    viewer: &'a Viewer,
    sent: usize,
    waiting: HashMap<OrganizationId, usize>,
    led: HashSet<OrganizationId>,
    delegations: HashMap<OrganizationId, usize>,
}

impl HouseFacts<'_> {
    fn guard(&self, row: &organization::Model, action: OrganizationAction) -> Guard {
        use OrganizationAction as Do;
        let is_member = self.viewer.belongs_to(row.id);
        let judge = |command| may_judge(row.status, command, row.created_by == self.user, is_member);
        let waiting = self.waiting.get(&row.id).copied().unwrap_or_default();
        let has_lead = self.led.contains(&row.id);
        // A place in the house counts only while the house acts; an office of one's own does not depend on it.
        let by_place = |right| {
            if may(right, self.viewer.roles()) { Ok(()) } else { self.viewer.must_act_in(row.id) }
        };
        match action {
            Do::Describe => both(self.viewer.must_act_in(row.id), all([row.status.must_act()])),
            Do::Update | Do::Place => organizations::may_edit(row.status),
            Do::Verify => judge(OrganizationCommand::Verify),
            Do::Reject => judge(OrganizationCommand::Reject),
            Do::Suspend => judge(OrganizationCommand::Suspend),
            Do::Reinstate => judge(OrganizationCommand::Reinstate),
            Do::Close => judge(OrganizationCommand::Close),
            Do::InviteMember => {
                let roles = crate::organization::manager_roles(self.viewer, row.id, row.kind);
                let for_want = gives_leads(self.viewer, row) && !has_lead;
                let by_whom = may(Action::ManageMembers, roles) || for_want;
                let by_whom = if by_whom { Ok(()) } else { Err(Reason::NotPermitted) };
                both(by_whom, may_invite(row.status, waiting, self.sent))
            }
            Do::ChangeMemberRole | Do::RemoveMember => all([row.status.must_act()]),
            Do::Delegate => {
                let is_lead = self.viewer.seat_in(row.id) == Some(MembershipRole::Lead);
                let standing = self.delegations.get(&row.id).copied().unwrap_or_default();
                let guard = may_delegate(row.status, is_lead, has_lead, standing);
                both(by_place(Action::DelegateUnit), guard)
            }
            Do::EstablishWorkingGroup => {
                all([by_place(Action::EstablishWorkingGroup), row.status.must_be_verified()])
            }
        }
    }
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

async fn announced(
    db: &DatabaseConnection,
    rows: &[&challenge::Model],
) -> Result<HashMap<ChallengeId, usize>> {
    crate::announcement::counts(db, rows.iter().map(|row| row.id).collect()).await
}

async fn seats(db: &DatabaseConnection, rows: &[&challenge::Model]) -> Result<HashMap<ChallengeId, usize>> {
    use council_member::Column as S;
    let live = council_member::Entity::find().filter(S::RemovedAt.is_null());
    let seats: Vec<_> =
        found(db, live, S::ChallengeId, rows.iter().map(|row| row.id), |row| (row.challenge_id, ())).await?;
    Ok(grouped(seats).into_iter().map(|(id, seats)| (id, seats.len())).collect())
}

/// Challenges for which there is a plan of reviews.
async fn planned(db: &DatabaseConnection, rows: &[&challenge::Model]) -> Result<HashSet<ChallengeId>> {
    use review_plan::Column as P;
    let ids = rows.iter().map(|row| row.id);
    found(db, review_plan::Entity::find(), P::ChallengeId, ids, |row| row.challenge_id).await
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
    app: &App,
    viewer: &Viewer,
    ids: impl Iterator<Item = ProposalId>,
) -> Result<HashMap<ProposalId, Content>> {
    let ids: Vec<_> = ids.collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let drafts = crate::batch::drafts(app, viewer, &ids).await?;
    drafts.into_iter().map(|(id, draft)| Ok((id, draft.content()?))).collect()
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

/// Of these challenges those to one of whose applicants the person is tied.
async fn tied_to(
    db: &DatabaseConnection,
    user: UserId,
    rows: &[&challenge::Model],
) -> Result<HashSet<ChallengeId>> {
    let tied = challenge::Entity::find().filter(crate::proposal::ties_of(user));
    found(db, tied, challenge::Column::Id, rows.iter().map(|row| row.id), |row| row.id).await
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

/// Of these agencies those that somebody leads.
async fn led(
    db: &DatabaseConnection,
    ids: impl Iterator<Item = OrganizationId>,
) -> Result<HashSet<OrganizationId>> {
    use membership::Column as M;
    let leads =
        membership::Entity::find().filter(M::Role.eq(MembershipRole::Lead)).filter(M::EndedAt.is_null());
    found(db, leads, M::OrganizationId, ids, |row| row.organization_id).await
}

/// Delegations that hold now or will, by unit.
async fn delegations(
    db: &DatabaseConnection,
    ids: impl Iterator<Item = OrganizationId>,
    now: Timestamp,
) -> Result<HashMap<OrganizationId, usize>> {
    let standing = crate::delegation::standing(delegation::Entity::find(), &Day::at(now));
    let units: Vec<_> = found(db, standing, delegation::Column::UnitId, ids, |row| (row.unit_id, ())).await?;
    Ok(grouped(units).into_iter().map(|(id, standing)| (id, standing.len())).collect())
}
