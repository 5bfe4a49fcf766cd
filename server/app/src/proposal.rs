//! Proposals: drafting, submitting, withdrawing; who may know of them and read them.

use std::collections::BTreeMap;

use domain::access::{Action, Role};
use domain::account::PlatformRole;
use domain::challenge::ChallengeStatus;
use domain::event::{Event, EventKind};
use domain::id::{ChallengeId, OrganizationId, ProposalId, ProposalVersionId, UserId};
use domain::machine;
use domain::organization::OrganizationStatus;
use domain::problem::{Problem, Reason};
use domain::proposal::{
    Call, Capacity, Confidentiality, Content, Part, ProposalCommand, ProposalSection, ProposalStatus,
    TRANSITIONS, may_draft, may_edit, may_revive, may_screen, may_submit, may_withdraw, may_write, team_step,
};
use domain::review::{CouncilRole, Interest, LOST};
use entity::{
    challenge, conflict_declaration, council_member, membership, opening, organization, proposal,
    proposal_draft, proposal_version, review,
};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait, Condition, EntityTrait, PaginatorTrait as _,
    QueryFilter, QuerySelect, QueryTrait, Select,
};
use serde::Serialize;

use crate::access::{must, must_in};
use crate::challenge::{must_be_version, shared, stage, timetable};
use crate::command::Command;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::op::Viewer;
use crate::page::{self, Ask, Key, Page, Sort};
use crate::vault::{self, Sealer};
use crate::{App, attachment, ids};

type SubQuery = sea_orm::sea_query::SelectStatement;

/// Proposals whose existence a viewer may know: those of the own team, and those in the viewer's office.
///
/// Row `PROPOSAL` of [`READS`](domain::access::READS).
pub fn visible_to(viewer: &Viewer) -> Select<proposal::Entity> {
    proposal::Entity::find()
        .filter(Condition::any().add(team_condition(viewer)).add(office_condition(viewer)))
}

/// Proposals of the houses with which the viewer applies.
pub fn of_team(viewer: &Viewer) -> Select<proposal::Entity> {
    proposal::Entity::find().filter(team_condition(viewer))
}

/// Proposals that a viewer has to do with by office: what evaluates and decides starts here, so that being on an applicant's
/// team never opens a door into the evaluation.
pub fn in_office(viewer: &Viewer) -> Select<proposal::Entity> {
    proposal::Entity::find().filter(office_condition(viewer))
}

fn team_condition(viewer: &Viewer) -> Condition {
    Condition::all().add(proposal::Column::OrganizationId.is_in(viewer.applicants()))
}

/// After the opening, but never to a person in conflict: chair, vice chair, secretary and decision maker all, a member those
/// offered to them and, once locked, the ranked ones; the auditor all; the owning agency once the decision is published. A
/// visitor and an administrator: none. Whoever is, or ever was, in the house of one applicant has a competing bid in every
/// proposal to the challenge.
fn office_condition(viewer: &Viewer) -> Condition {
    use proposal::Column as P;
    let Some(person) = &viewer.0 else {
        return Condition::all().add(P::Id.is_in(Vec::<ProposalId>::new()));
    };
    let opened = opening::Entity::find()
        .filter(opening::Column::ConfirmedAt.is_not_null())
        .select_only()
        .column(opening::Column::ChallengeId)
        .into_query();
    let ranked = [
        ProposalStatus::Evaluated,
        ProposalStatus::Selected,
        ProposalStatus::Reserve,
        ProposalStatus::NotSelected,
    ];
    let offered = review::Entity::find()
        .filter(review::Column::UserId.eq(person.id))
        .filter(review::Column::Status.is_not_in(LOST.iter().copied()))
        .select_only()
        .column(review::Column::ProposalId)
        .into_query();
    let entitled = Condition::any()
        .add(P::ChallengeId.in_subquery(councils(person.id, CouncilRole::BUREAU)))
        .add(P::Id.in_subquery(offered))
        .add(
            Condition::all()
                .add(P::Status.is_in(ranked))
                .add(P::ChallengeId.in_subquery(councils(person.id, CouncilRole::ALL))),
        )
        .add(P::ChallengeId.in_subquery(decided_by(person.id)))
        .add(P::ChallengeId.in_subquery(decided_in(&viewer.agencies())))
        .add_option(viewer.holds(PlatformRole::Auditor).then(|| P::Id.is_not_null()));
    Condition::all()
        .add(P::ChallengeId.in_subquery(opened))
        .add(P::Status.is_not_in([ProposalStatus::Draft, ProposalStatus::Withdrawn]))
        .add(entitled)
        .add(P::Id.not_in_subquery(conflicts_of(person.id)))
        .add(P::ChallengeId.not_in_subquery(bid_on(person.id)))
}

/// Proposals with which the person has declared a conflict of interest.
pub(crate) fn conflicts_of(user: UserId) -> SubQuery {
    conflict_declaration::Entity::find()
        .filter(conflict_declaration::Column::UserId.eq(user))
        .filter(conflict_declaration::Column::Interest.ne(Interest::None))
        .select_only()
        .column(conflict_declaration::Column::ProposalId)
        .into_query()
}

/// Whether the person is in conflict with the proposal: by declaration, or because a house of theirs competes.
pub(crate) async fn is_in_conflict(app: &App, user: UserId, id: ProposalId) -> Result<bool> {
    let conflict = Condition::any()
        .add(proposal::Column::Id.in_subquery(conflicts_of(user)))
        .add(proposal::Column::ChallengeId.in_subquery(bid_on(user)));
    Ok(proposal::Entity::find_by_id(id).filter(conflict).one(&app.db.read).await?.is_some())
}

/// Challenges to one of whose applicants the person is tied: by a declared conflict with a proposal, whatever became of it, or
/// because a house of theirs competes.
pub(crate) fn ties_of(user: UserId) -> Condition {
    let conflicts = proposal::Entity::find()
        .filter(proposal::Column::Id.in_subquery(conflicts_of(user)))
        .select_only()
        .column(proposal::Column::ChallengeId)
        .into_query();
    Condition::any()
        .add(challenge::Column::Id.in_subquery(conflicts))
        .add(challenge::Column::Id.in_subquery(bid_on(user)))
}

/// Challenges to which a house of the person, present or former, has handed in a proposal.
pub(crate) fn bid_on(user: UserId) -> SubQuery {
    proposal::Entity::find()
        .filter(proposal::Column::OrganizationId.in_subquery(ever_member(user)))
        .filter(proposal::Column::Status.ne(ProposalStatus::Draft))
        .select_only()
        .column(proposal::Column::ChallengeId)
        .into_query()
}

/// Proposals whose content a viewer may read: of the visible ones, council members need to have declared no conflict.
///
/// Row `PROPOSAL_CONTENT` of [`READS`](domain::access::READS).
pub fn readable_by(viewer: &Viewer) -> Select<proposal::Entity> {
    use proposal::Column as P;
    let visible = visible_to(viewer);
    let Some(person) = &viewer.0 else { return visible };
    let cleared = conflict_declaration::Entity::find()
        .filter(conflict_declaration::Column::UserId.eq(person.id))
        .filter(conflict_declaration::Column::Interest.eq(Interest::None))
        .select_only()
        .column(conflict_declaration::Column::ProposalId)
        .into_query();
    visible.filter(
        Condition::any()
            .add(P::OrganizationId.is_in(viewer.applicants()))
            .add(P::ChallengeId.not_in_subquery(councils(person.id, CouncilRole::ALL)))
            .add(P::Id.in_subquery(cleared)),
    )
}

/// Proposals of which a viewer may also read what is not for reviewers: of the readable ones the team, chair, vice chair and secretary,
/// the decision maker and the auditor.
///
/// Row `CONFIDED_PART` of [`READS`](domain::access::READS).
pub fn confided_to(viewer: &Viewer) -> Select<proposal::Entity> {
    use proposal::Column as P;
    let readable = readable_by(viewer);
    let Some(person) = &viewer.0 else { return readable };
    readable.filter(
        Condition::any()
            .add(P::OrganizationId.is_in(viewer.applicants()))
            .add(P::ChallengeId.in_subquery(councils(person.id, CouncilRole::BUREAU)))
            .add(P::ChallengeId.in_subquery(decided_by(person.id)))
            .add_option(viewer.holds(PlatformRole::Auditor).then(|| P::Id.is_not_null())),
    )
}

/// Proposals whose applicant a viewer may know: in a blind call only the team itself, the secretary and the auditor, until
/// the decision is published.
///
/// Row `APPLICANT` of [`READS`](domain::access::READS).
pub fn identified_to(viewer: &Viewer) -> Select<proposal::Entity> {
    use proposal::Column as P;
    let visible = visible_to(viewer);
    let Some(person) = &viewer.0 else { return visible };
    let blind_still = challenge::Entity::find()
        .filter(challenge::Column::IsBlind.eq(true))
        .filter(
            challenge::Column::Status.is_not_in([ChallengeStatus::Awarded, ChallengeStatus::ClosedNoAward]),
        )
        .select_only()
        .column(challenge::Column::Id)
        .into_query();
    visible.filter(
        Condition::any()
            .add(P::OrganizationId.is_in(viewer.applicants()))
            .add(P::ChallengeId.in_subquery(councils(person.id, &[CouncilRole::Secretary])))
            .add_option(viewer.holds(PlatformRole::Auditor).then(|| P::Id.is_not_null()))
            .add(P::ChallengeId.not_in_subquery(blind_still)),
    )
}

pub(crate) fn councils(user: UserId, roles: &[CouncilRole]) -> SubQuery {
    council_member::Entity::find()
        .filter(council_member::Column::UserId.eq(user))
        .filter(council_member::Column::RemovedAt.is_null())
        .filter(council_member::Column::Role.is_in(roles.to_vec()))
        .select_only()
        .column(council_member::Column::ChallengeId)
        .into_query()
}

/// Challenges that the person decides.
pub(crate) fn decided_by(user: UserId) -> SubQuery {
    challenge::Entity::find()
        .filter(challenge::Column::DecisionMakerId.eq(user))
        .select_only()
        .column(challenge::Column::Id)
        .into_query()
}

fn decided_in(agencies: &[OrganizationId]) -> SubQuery {
    challenge::Entity::find()
        .filter(challenge::Column::AgencyId.is_in(agencies.to_vec()))
        .filter(challenge::Column::Status.is_in([ChallengeStatus::Awarded, ChallengeStatus::ClosedNoAward]))
        .select_only()
        .column(challenge::Column::Id)
        .into_query()
}

/// Organisations the person is, or ever was, a member of: whoever left last week is still in conflict.
fn ever_member(user: UserId) -> SubQuery {
    membership::Entity::find()
        .filter(membership::Column::UserId.eq(user))
        .select_only()
        .column(membership::Column::OrganizationId)
        .into_query()
}

/// Which proposals a list is of.
#[derive(Clone, Debug, Serialize)]
pub enum Of {
    /// Answers to one challenge.
    Challenge(ChallengeId),
    /// Of the houses with which one applies.
    Own(Vec<OrganizationId>),
}

fn select_of(viewer: &Viewer, of: &Of) -> Select<proposal::Entity> {
    match of {
        Of::Challenge(id) => visible_to(viewer).filter(proposal::Column::ChallengeId.eq(*id)),
        Of::Own(ids) => visible_to(viewer).filter(proposal::Column::OrganizationId.is_in(ids.clone())),
    }
}

/// A page of proposals, newest draft first.
pub async fn list(app: &App, viewer: &Viewer, of: &Of, ask: &Ask) -> Result<Page<proposal::Model>> {
    let scope = format!("proposals {}", serde_json::to_string(of).unwrap_or_default());
    let sort =
        Sort { column: Some(proposal::Column::CreatedAt), id: proposal::Column::Id, descending: true, scope };
    page::read(&app.db.read, &app.keys, select_of(viewer, of), &sort, ask, |row| {
        (Some(Key::Number(row.created_at.micros())), row.id.0)
    })
    .await
}

/// How many there are on all pages.
pub async fn count(app: &App, viewer: &Viewer, of: &Of) -> Result<u64> {
    Ok(select_of(viewer, of).count(&app.db.read).await?)
}

/// Through which scope a command reaches a proposal.
type Scope = fn(&Viewer) -> Select<proposal::Entity>;

/// Loads and locks a proposal of that scope, after its challenge, so that locks are always taken from the top.
pub(crate) async fn locked(
    tx: &Tx,
    scope: Scope,
    id: ProposalId,
) -> Result<(challenge::Model, proposal::Model)> {
    let not_found = || Problem::at("proposalId", Reason::NotFound);
    let scoped = || scope(&tx.op().viewer).filter(proposal::Column::Id.eq(id));
    let known = scoped().one(tx).await?.ok_or_else(not_found)?;
    let challenge = challenge::Entity::find_by_id(known.challenge_id).lock_shared().one(tx).await?;
    let challenge = challenge.ok_or_else(|| Error::Internal("a proposal without a challenge".to_owned()))?;
    let row = scoped().lock_exclusive().one(tx).await?.ok_or_else(not_found)?;
    Ok((challenge, row))
}

/// What of the challenge decides whether it can be answered.
pub(crate) fn call(row: &challenge::Model) -> Call {
    Call { status: row.status, timetable: timetable(row) }
}

/// Moves a proposal to its next state and writes what changes with it.
pub(crate) async fn advance(
    tx: &Tx,
    row: &proposal::Model,
    command: ProposalCommand,
    change: proposal::ActiveModel,
) -> Result<ProposalStatus> {
    let next = machine::step(TRANSITIONS, row.status, &command)?;
    let now = tx.now().await?;
    let change = proposal::ActiveModel {
        status: Set(next),
        updated_at: Set(now),
        version: Set(row.version + 1),
        ..change
    };
    let done = proposal::Entity::update_many()
        .set(change)
        .filter(proposal::Column::Id.eq(row.id))
        .filter(proposal::Column::Version.eq(row.version))
        .exec(tx)
        .await?;
    if done.rows_affected == 1 { Ok(next) } else { Err(Reason::Stale { current: row.version + 1 }.into()) }
}

/// Drafts a proposal of an applicant to a challenge.
#[derive(Serialize)]
pub struct CreateProposal {
    /// To which challenge.
    pub challenge: ChallengeId,
    /// By which applicant.
    pub organization: OrganizationId,
    /// What it says so far.
    pub content: Content,
}

impl Command for CreateProposal {
    const NAME: &'static str = "createProposal";
    type Output = ProposalId;

    async fn run(&self, tx: &Tx) -> Result<ProposalId> {
        let user = tx.op().user()?;
        let challenge = shared(tx, self.challenge).await?;
        let viewer = &tx.op().viewer;
        if !viewer.applicants().contains(&self.organization) {
            return Err(Problem::at("organizationId", Reason::NotFound).into());
        }
        must_in(tx, Action::WriteProposal, self.organization).await?;
        let has_live = live(&[challenge.id], &[self.organization]).one(tx).await?.is_some();
        let now = tx.now().await?;
        may_draft(call(&challenge), has_live, now)?;
        may_write(&self.content, challenge.rubric.allows_confidential_parts)?;
        let id: ProposalId = ids::random();
        let row = proposal::ActiveModel {
            id: Set(id),
            challenge_id: Set(challenge.id),
            organization_id: Set(self.organization),
            status: Set(ProposalStatus::Draft),
            current_version: Set(0),
            status_reason: Set(None),
            feedback: Set(None),
            disqualification_ground: Set(None),
            disqualification_reason: Set(None),
            disqualification_requested_by: Set(None),
            disqualification_requested_at: Set(None),
            disqualification_refusal: Set(None),
            submitted_at: Set(None),
            created_by: Set(user),
            created_at: Set(now),
            updated_at: Set(now),
            version: Set(1),
        };
        proposal::Entity::insert(row).exec_without_returning(tx).await?;
        let sealed = Sealer::of(tx, challenge.id).await?.draft(id, &self.content)?;
        let draft = proposal_draft::ActiveModel { proposal_id: Set(id), content: Set(sealed) };
        proposal_draft::Entity::insert(draft).exec_without_returning(tx).await?;
        tx.record(
            Event::new(EventKind::ProposalCreated)
                .proposal(id)
                .challenge(challenge.id)
                .organization(self.organization),
        );
        Ok(id)
    }
}

/// What changes in a working copy; None leaves a part as it is.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ContentPatch {
    /// Language.
    pub language: Option<domain::locale::Locale>,
    /// Title.
    pub title: Option<String>,
    /// Public summary.
    pub summary: Option<String>,
    /// All sections.
    pub sections: Option<BTreeMap<ProposalSection, String>>,
    /// Budget; Some(None) clears it.
    pub budget: Option<Option<domain::money::Money>>,
    /// For whom parts are, as far as that changes.
    pub classes: BTreeMap<Part, Confidentiality>,
}

impl ContentPatch {
    fn apply(&self, mut content: Content) -> Content {
        content.language = self.language.unwrap_or(content.language);
        if let Some(title) = &self.title {
            content.title.clone_from(title);
        }
        if let Some(summary) = &self.summary {
            content.summary.clone_from(summary);
        }
        if let Some(sections) = &self.sections {
            content.sections.clone_from(sections);
        }
        content.budget = self.budget.unwrap_or(content.budget);
        for (part, class) in &self.classes {
            content.classify(*part, *class);
        }
        content.tidied()
    }
}

/// What the team is working on.
async fn working_copy(tx: &Tx, id: ProposalId) -> Result<Content> {
    let draft = proposal_draft::Entity::find_by_id(id).one(tx).await?;
    let unsealed = vault::unsealed(tx, tx.app(), &tx.op().viewer, [id]).await?;
    let (Some(draft), Some(unsealed)) = (draft, unsealed.get(&id)) else {
        return Err(Error::Internal("a proposal without a working copy".to_owned()));
    };
    unsealed.draft(draft)?.content()
}

/// Changes the working copy. The last submitted version stays what it was.
#[derive(Serialize)]
pub struct UpdateProposal {
    /// Which.
    pub proposal: ProposalId,
    /// The version that the caller saw.
    pub expected_version: i32,
    /// What changes.
    pub patch: ContentPatch,
}

impl Command for UpdateProposal {
    const NAME: &'static str = "updateProposal";
    type Output = ProposalId;

    async fn run(&self, tx: &Tx) -> Result<ProposalId> {
        tx.op().user()?;
        let (challenge, row) = locked(tx, of_team, self.proposal).await?;
        must_in(tx, Action::WriteProposal, row.organization_id).await?;
        team_step(row.status, &ProposalCommand::Edit)?;
        must_be_version(Some(self.expected_version), row.version)?;
        may_edit(row.status, timetable(&challenge), tx.now().await?)?;
        let content = self.patch.apply(working_copy(tx, row.id).await?);
        may_write(&content, challenge.rubric.allows_confidential_parts)?;
        advance(tx, &row, ProposalCommand::Edit, Default::default()).await?;
        let sealed = Sealer::of(tx, challenge.id).await?.draft(row.id, &content)?;
        proposal_draft::ActiveModel { proposal_id: Set(row.id), content: Set(sealed) }.update(tx).await?;
        tx.record(
            Event::new(EventKind::ProposalEdited)
                .proposal(row.id)
                .challenge(row.challenge_id)
                .fact("version", row.version + 1),
        );
        Ok(row.id)
    }
}

/// Hands in the working copy as the next version.
#[derive(Serialize)]
pub struct SubmitProposal {
    /// Which.
    pub proposal: ProposalId,
    /// The version that the caller saw, if it matters.
    pub expected_version: Option<i32>,
    /// The team declares that the solution is its own to offer.
    pub declares_ownership: bool,
}

impl Command for SubmitProposal {
    const NAME: &'static str = "submitProposal";
    type Output = ProposalId;

    async fn run(&self, tx: &Tx) -> Result<ProposalId> {
        let user = tx.op().user()?;
        let (challenge, row) = locked(tx, of_team, self.proposal).await?;
        must_in(tx, Action::SubmitProposal, row.organization_id).await?;
        let call = call(&challenge);
        // The deciding reading: after the locks, so that nobody is late and in.
        let now = tx.now().await?;
        call.must_take_proposals(now)?;
        team_step(row.status, &ProposalCommand::Submit)?;
        must_be_version(self.expected_version, row.version)?;
        let house = organization::Entity::find_by_id(row.organization_id).one(tx).await?;
        let is_verified = house.is_some_and(|house| house.status == OrganizationStatus::Verified);
        let files = attachment::notes(tx, row.id).await?;
        let files_ready = files.is_some();
        let content = Content { files: files.unwrap_or_default(), ..working_copy(tx, row.id).await? };
        let mut obstacles =
            may_submit(call, row.status, is_verified, &content, files_ready, row.current_version, now)
                .err()
                .unwrap_or_default();
        if !self.declares_ownership {
            obstacles.push(Problem::at("declaresOwnership", Reason::Required));
        }
        if !obstacles.is_empty() {
            return Err(obstacles.into());
        }
        let number = row.current_version + 1;
        let sha256 = content.sha256();
        let last = proposal_version::Entity::find()
            .filter(proposal_version::Column::ProposalId.eq(row.id))
            .filter(proposal_version::Column::Number.eq(row.current_version));
        // The same again is already handed in: its receipt stands.
        if last.one(tx).await?.is_some_and(|last| last.sha256 == sha256) {
            return Ok(row.id);
        }
        let version = proposal_version::ActiveModel {
            id: Set(ids::random::<ProposalVersionId>()),
            proposal_id: Set(row.id),
            number: Set(number),
            content: Set(Sealer::of(tx, challenge.id).await?.version(row.id, number, &content)?),
            sha256: Set(sha256.clone()),
            submitted_at: Set(now),
            submitted_by: Set(user),
        };
        proposal_version::Entity::insert(version).exec_without_returning(tx).await?;
        attachment::submitted(tx, row.id, number).await?;
        let change = proposal::ActiveModel {
            current_version: Set(number),
            submitted_at: Set(Some(now)),
            ..Default::default()
        };
        let next = advance(tx, &row, ProposalCommand::Submit, change).await?;
        tx.record(
            Event::new(EventKind::ProposalSubmitted)
                .proposal(row.id)
                .challenge(row.challenge_id)
                .fact("from", row.status)
                .fact("to", next)
                .fact("number", number)
                .fact("sha256", sha256),
        );
        Ok(row.id)
    }
}

/// Takes a proposal back.
#[derive(Serialize)]
pub struct WithdrawProposal {
    /// Which.
    pub proposal: ProposalId,
}

impl Command for WithdrawProposal {
    const NAME: &'static str = "withdrawProposal";
    type Output = ProposalId;

    async fn run(&self, tx: &Tx) -> Result<ProposalId> {
        tx.op().user()?;
        let (challenge, row) = locked(tx, of_team, self.proposal).await?;
        must_in(tx, Action::SubmitProposal, row.organization_id).await?;
        may_withdraw(row.status)?;
        let next = advance(tx, &row, ProposalCommand::Withdraw, Default::default()).await?;
        let opened = opening::Entity::find_by_id(challenge.id)
            .filter(opening::Column::ConfirmedAt.is_not_null())
            .one(tx)
            .await?
            .is_some();
        let kind = if opened { EventKind::ProposalWithdrawnFromReview } else { EventKind::ProposalWithdrawn };
        tx.record(
            Event::new(kind)
                .proposal(row.id)
                .challenge(row.challenge_id)
                .fact("from", row.status.public())
                .fact("to", next),
        );
        Ok(row.id)
    }
}

/// Puts a withdrawn proposal back: the version that was submitted last counts again.
#[derive(Serialize)]
pub struct ReviveProposal {
    /// Which.
    pub proposal: ProposalId,
}

impl Command for ReviveProposal {
    const NAME: &'static str = "reviveProposal";
    type Output = ProposalId;

    async fn run(&self, tx: &Tx) -> Result<ProposalId> {
        tx.op().user()?;
        let (challenge, row) = locked(tx, of_team, self.proposal).await?;
        must_in(tx, Action::SubmitProposal, row.organization_id).await?;
        let has_live = live(&[challenge.id], &[row.organization_id]).one(tx).await?.is_some();
        let house = organization::Entity::find_by_id(row.organization_id).one(tx).await?;
        let is_verified = house.is_some_and(|house| house.status == OrganizationStatus::Verified);
        may_revive(call(&challenge), row.status, is_verified, has_live, tx.now().await?)?;
        let next = advance(tx, &row, ProposalCommand::Revive, Default::default()).await?;
        tx.record(
            Event::new(EventKind::ProposalRevived)
                .proposal(row.id)
                .challenge(row.challenge_id)
                .fact("from", row.status)
                .fact("to", next)
                .fact("number", row.current_version),
        );
        Ok(row.id)
    }
}

/// Proposals of these houses to these challenges that were not withdrawn; a house has one to each.
pub(crate) fn live(challenges: &[ChallengeId], houses: &[OrganizationId]) -> Select<proposal::Entity> {
    proposal::Entity::find()
        .filter(proposal::Column::ChallengeId.is_in(challenges.iter().copied()))
        .filter(proposal::Column::OrganizationId.is_in(houses.iter().copied()))
        .filter(proposal::Column::Status.ne(ProposalStatus::Withdrawn))
}

/// Finds an opened proposal formally in order, or not.
#[derive(Serialize)]
pub struct ScreenProposal {
    /// Which.
    pub proposal: ProposalId,
    /// In order.
    pub eligible: bool,
    /// Why.
    pub reason: String,
}

impl Command for ScreenProposal {
    const NAME: &'static str = "screenProposal";
    type Output = ProposalId;

    async fn run(&self, tx: &Tx) -> Result<ProposalId> {
        let user = tx.op().user()?;
        let (challenge, row) = locked(tx, in_office, self.proposal).await?;
        must(Action::ScreenProposal, crate::access::roles_on(tx, &tx.op().viewer, &challenge).await?)?;
        let command = if self.eligible { ProposalCommand::Admit } else { ProposalCommand::Refuse };
        may_screen(stage(&challenge), row.status, &command, is_cleared(tx, user, row.id).await?)?;
        let change =
            proposal::ActiveModel { status_reason: Set(Some(self.reason.clone())), ..Default::default() };
        let next = advance(tx, &row, command, change).await?;
        tx.record(
            Event::new(EventKind::ProposalScreened)
                .proposal(row.id)
                .challenge(row.challenge_id)
                .fact("from", row.status)
                .fact("to", next),
        );
        Ok(row.id)
    }
}

/// Whether the person has declared to be without conflict of interest with the proposal.
pub(crate) async fn is_cleared(tx: &Tx, user: UserId, proposal: ProposalId) -> Result<bool> {
    let declared = conflict_declaration::Entity::find_by_id((proposal, user)).one(tx).await?;
    Ok(declared.is_some_and(|declared| declared.interest == Interest::None))
}

/// Says that somebody outside the team reads these proposals. It commits before the content goes out.
#[derive(Serialize)]
pub struct RecordReads {
    /// What is read.
    pub proposals: Vec<ProposalId>,
}

impl Command for RecordReads {
    const NAME: &'static str = "readProposals";
    type Output = ();

    async fn run(&self, tx: &Tx) -> Result<()> {
        let user = tx.op().user()?;
        let viewer = &tx.op().viewer;
        let read = proposal::Entity::find()
            .filter(proposal::Column::Id.is_in(self.proposals.iter().copied()))
            .all(tx);
        let read = read.await?;
        let challenges = challenge::Entity::find()
            .filter(challenge::Column::Id.is_in(read.iter().map(|row| row.challenge_id)))
            .all(tx)
            .await?;
        let roles = crate::access::roles_on_each(tx, viewer, &challenges).await?;
        for id in &self.proposals {
            let challenge = read.iter().find(|row| row.id == *id).map(|row| row.challenge_id);
            let roles = challenge.and_then(|id| roles.get(&id)).copied().unwrap_or_default();
            tx.record(
                Event::new(EventKind::ProposalRead)
                    .proposal(*id)
                    .user(user)
                    .fact(crate::access_log::AS, Capacity::of(roles)),
            );
        }
        Ok(())
    }
}

/// Is of the proposal's team.
pub fn is_team(viewer: &Viewer, row: &proposal::Model) -> bool {
    let roles = viewer.roles_in(row.organization_id);
    [Role::TeamOwner, Role::TeamEditor, Role::TeamViewer].into_iter().any(|role| roles.has(role))
}
