//! Many rows by their ids in one statement: what the loaders of the API call, once per level of a query.
//!
//! Each starts at the scope of its entity, so that a link never leads further than a list.

use std::collections::HashMap;
use std::hash::Hash;

use domain::access::{Role, Roles};
use domain::challenge::{Sector, SupportOffer};
use domain::decision::DecisionStatus;
use domain::id::{
    ChallengeId, CouncilMemberId, DecisionId, DelegationId, ExpertId, ExternalIdentityId, MembershipId,
    MessageId, OneTimeTokenId, OrganizationId, ProposalId, QuestionId, ReviewId, SessionId, UserId,
    WorkingGroupId,
};
use domain::proposal::ProposalStatus;
use domain::review::{ReviewStatus, Turnout};
use domain::time::Day;
use entity::{
    challenge, challenge_version, council_member, criterion, decision, delegation, expert, expert_sector,
    external_identity, indicator, membership, message, one_time_token, opening, organization, proposal,
    proposal_draft, proposal_version, question, review, session, support_offer, user, working_group,
    working_group_member,
};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select};

use crate::App;
use crate::access::roles_on_each;
use crate::error::Result;
use crate::op::Viewer;
use crate::vault::{self, Opened};

/// Most ids in one statement.
pub const CHUNK: usize = 500;

/// By id, through the scope of the entity.
macro_rules! by_id {
    ($($(#[$meta:meta])* $name:ident: $entity:ident, $Id:ty, $scope:expr;)+) => { $(
        $(#[$meta])*
        pub async fn $name(app: &App, viewer: &Viewer, ids: &[$Id]) -> Result<HashMap<$Id, $entity::Model>> {
            let rows = $scope(viewer).filter($entity::Column::Id.is_in(ids.to_vec())).all(&app.db.read).await?;
            Ok(rows.into_iter().map(|row| (row.id, row)).collect())
        }
    )+ };
}

by_id! {
    /// People.
    users: user, UserId, crate::account::visible_to;
    /// Sessions.
    sessions: session, SessionId, crate::session::visible_to;
    /// Organisations.
    organizations: organization, OrganizationId, crate::organization::visible_to;
    /// Memberships.
    memberships: membership, MembershipId, crate::organization::memberships_visible_to;
    /// Delegations.
    delegations: delegation, DelegationId, crate::delegation::visible_to;
    /// Working groups.
    working_groups: working_group, WorkingGroupId, crate::working_group::visible_to;
    /// Entries of the expert register.
    experts: expert, ExpertId, crate::expert::visible_to;
    /// Challenges.
    challenges: challenge, ChallengeId, crate::challenge::visible_to;
    /// Proposals.
    proposals: proposal, ProposalId, crate::proposal::visible_to;
    /// Council seats.
    council_members: council_member, CouncilMemberId, crate::council::visible_to;
    /// Reviews.
    reviews: review, ReviewId, crate::review::visible_to;
    /// Decisions.
    decisions: decision, DecisionId, crate::decision::visible_to;
    /// Notifications.
    notifications: message, MessageId, crate::inbox::visible_to;
    /// Identities at issuers.
    external_identities: external_identity, ExternalIdentityId, crate::sign_on::visible_to;
}

pub(crate) fn grouped<K: Eq + Hash, R>(rows: Vec<R>, key: impl Fn(&R) -> K) -> HashMap<K, Vec<R>> {
    let mut groups: HashMap<K, Vec<R>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups
}

pub(crate) fn visible_challenges(
    viewer: &Viewer,
    ids: &[ChallengeId],
) -> sea_orm::sea_query::SelectStatement {
    crate::challenge::visible_to(viewer)
        .filter(challenge::Column::Id.is_in(ids.to_vec()))
        .select_only()
        .column(challenge::Column::Id)
        .into_query()
}

/// Criteria of challenges, in order.
pub async fn criteria(
    app: &App,
    viewer: &Viewer,
    ids: &[ChallengeId],
) -> Result<HashMap<ChallengeId, Vec<criterion::Model>>> {
    let rows = criterion::Entity::find()
        .filter(criterion::Column::ChallengeId.in_subquery(visible_challenges(viewer, ids)))
        .order_by_asc(criterion::Column::Position)
        .all(&app.db.read)
        .await?;
    Ok(grouped(rows, |row| row.challenge_id))
}

/// Indicators of challenges, in order.
pub async fn indicators(
    app: &App,
    viewer: &Viewer,
    ids: &[ChallengeId],
) -> Result<HashMap<ChallengeId, Vec<indicator::Model>>> {
    let rows = indicator::Entity::find()
        .filter(indicator::Column::ChallengeId.in_subquery(visible_challenges(viewer, ids)))
        .order_by_asc(indicator::Column::Position)
        .all(&app.db.read)
        .await?;
    Ok(grouped(rows, |row| row.challenge_id))
}

/// What challenges offer, stage by stage.
pub async fn support(
    app: &App,
    viewer: &Viewer,
    ids: &[ChallengeId],
) -> Result<HashMap<ChallengeId, Vec<SupportOffer>>> {
    let rows = support_offer::Entity::find()
        .filter(support_offer::Column::ChallengeId.in_subquery(visible_challenges(viewer, ids)))
        .all(&app.db.read)
        .await?;
    let mut offers: Vec<_> =
        rows.into_iter().map(|row| (row.challenge_id, crate::challenge::offer(&row))).collect();
    offers.sort_by_key(|(_, offer)| offer.stage);
    let offers = grouped(offers, |(id, _)| *id);
    Ok(offers
        .into_iter()
        .map(|(id, offers)| (id, offers.into_iter().map(|(_, offer)| offer).collect()))
        .collect())
}

/// What challenges said in public, the newest first.
pub async fn challenge_versions(
    app: &App,
    viewer: &Viewer,
    ids: &[ChallengeId],
) -> Result<HashMap<ChallengeId, Vec<challenge_version::Model>>> {
    let rows = challenge_version::Entity::find()
        .filter(challenge_version::Column::ChallengeId.in_subquery(visible_challenges(viewer, ids)))
        .order_by_desc(challenge_version::Column::Number)
        .all(&app.db.read)
        .await?;
    Ok(grouped(rows, |row| row.challenge_id))
}

/// Questions.
pub async fn questions(
    app: &App,
    viewer: &Viewer,
    ids: &[QuestionId],
) -> Result<HashMap<QuestionId, question::Model>> {
    let rows = crate::question::visible_to(viewer)
        .filter(question::Column::Id.is_in(ids.to_vec()))
        .all(&app.db.read)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// Criteria by their own ids.
pub async fn criteria_by_id(
    app: &App,
    viewer: &Viewer,
    ids: &[domain::id::CriterionId],
) -> Result<HashMap<domain::id::CriterionId, criterion::Model>> {
    // Asked of each by itself: SQLite would make a list of all visible challenges for it.
    let known = crate::challenge::visible_to(viewer)
        .filter(
            Expr::col((challenge::Entity, challenge::Column::Id))
                .equals((criterion::Entity, criterion::Column::ChallengeId)),
        )
        .select_only()
        .column(challenge::Column::Id)
        .into_query();
    let rows = criterion::Entity::find()
        .filter(criterion::Column::Id.is_in(ids.to_vec()))
        .filter(Expr::exists(known))
        .all(&app.db.read)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// Indicators by their own ids.
pub async fn indicators_by_id(
    app: &App,
    viewer: &Viewer,
    ids: &[domain::id::IndicatorId],
) -> Result<HashMap<domain::id::IndicatorId, indicator::Model>> {
    // Asked of each by itself: SQLite would make a list of all visible challenges for it.
    let known = crate::challenge::visible_to(viewer)
        .filter(
            Expr::col((challenge::Entity, challenge::Column::Id))
                .equals((indicator::Entity, indicator::Column::ChallengeId)),
        )
        .select_only()
        .column(challenge::Column::Id)
        .into_query();
    let rows = indicator::Entity::find()
        .filter(indicator::Column::Id.is_in(ids.to_vec()))
        .filter(Expr::exists(known))
        .all(&app.db.read)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// Councils of challenges.
pub async fn councils(
    app: &App,
    viewer: &Viewer,
    ids: &[ChallengeId],
) -> Result<HashMap<ChallengeId, Vec<council_member::Model>>> {
    let rows = crate::council::visible_to(viewer)
        .filter(council_member::Column::ChallengeId.is_in(ids.to_vec()))
        .order_by_asc(council_member::Column::AppointedAt)
        .order_by_asc(council_member::Column::Id)
        .all(&app.db.read)
        .await?;
    Ok(grouped(rows, |row| row.challenge_id))
}

/// Members of organisations.
pub async fn members(
    app: &App,
    viewer: &Viewer,
    ids: &[OrganizationId],
) -> Result<HashMap<OrganizationId, Vec<membership::Model>>> {
    let rows = crate::organization::memberships_visible_to(viewer)
        .filter(membership::Column::OrganizationId.is_in(ids.to_vec()))
        .order_by_asc(membership::Column::CreatedAt)
        .order_by_asc(membership::Column::Id)
        .all(&app.db.read)
        .await?;
    Ok(grouped(rows, |row| row.organization_id))
}

/// Invitations that wait.
pub async fn invitations(
    app: &App,
    viewer: &Viewer,
    ids: &[OneTimeTokenId],
) -> Result<HashMap<OneTimeTokenId, one_time_token::Model>> {
    let rows = crate::invitation::visible_to(viewer, app.db.clock.process())
        .filter(one_time_token::Column::Id.is_in(ids.to_vec()))
        .all(&app.db.read)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// Invitations into organisations that wait, oldest first.
pub async fn invitations_into(
    app: &App,
    viewer: &Viewer,
    ids: &[OrganizationId],
) -> Result<HashMap<OrganizationId, Vec<one_time_token::Model>>> {
    let rows = crate::invitation::visible_to(viewer, app.db.clock.process())
        .filter(one_time_token::Column::OrganizationId.is_in(ids.to_vec()))
        .order_by_asc(one_time_token::Column::CreatedAt)
        .order_by_asc(one_time_token::Column::Id)
        .all(&app.db.read)
        .await?;
    let mut groups: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        if let Some(organization) = row.organization_id {
            groups.entry(organization).or_default().push(row);
        }
    }
    Ok(groups)
}

/// Delegations of units that hold now or will, by their first day.
pub async fn delegations_by(
    app: &App,
    viewer: &Viewer,
    ids: &[OrganizationId],
) -> Result<HashMap<OrganizationId, Vec<delegation::Model>>> {
    let today = Day::at(app.db.clock.process());
    let rows = crate::delegation::standing(crate::delegation::visible_to(viewer), &today)
        .filter(delegation::Column::UnitId.is_in(ids.to_vec()))
        .order_by_asc(delegation::Column::ValidFrom)
        .order_by_asc(delegation::Column::Id)
        .all(&app.db.read)
        .await?;
    Ok(grouped(rows, |row| row.unit_id))
}

/// The present working groups of agencies.
pub async fn working_groups_of(
    app: &App,
    viewer: &Viewer,
    ids: &[OrganizationId],
) -> Result<HashMap<OrganizationId, working_group::Model>> {
    let rows = crate::working_group::visible_to(viewer)
        .filter(working_group::Column::OrganizationId.is_in(ids.to_vec()))
        .filter(working_group::Column::EndedAt.is_null())
        .all(&app.db.read)
        .await?;
    Ok(rows.into_iter().map(|row| (row.organization_id, row)).collect())
}

/// The places of working groups in order, each with the name of who holds it. How much of it may be shown is the caller's
/// question, by the group.
pub async fn places_in(
    app: &App,
    viewer: &Viewer,
    ids: &[WorkingGroupId],
) -> Result<HashMap<WorkingGroupId, Vec<(working_group_member::Model, String)>>> {
    let known = crate::working_group::visible_to(viewer)
        .filter(working_group::Column::Id.is_in(ids.to_vec()))
        .select_only()
        .column(working_group::Column::Id)
        .into_query();
    let places = working_group_member::Entity::find()
        .filter(working_group_member::Column::WorkingGroupId.in_subquery(known))
        .order_by_asc(working_group_member::Column::Place)
        .all(&app.db.read)
        .await?;
    let members = places.iter().filter_map(|place| place.membership_id);
    // The name that the person goes by now: somebody who was erased is erased here too.
    let person = membership::Entity::belongs_to(user::Entity)
        .from(membership::Column::UserId)
        .to(user::Column::Id)
        .into();
    let names: Vec<(MembershipId, String)> = membership::Entity::find()
        .filter(membership::Column::Id.is_in(members))
        .join(JoinType::InnerJoin, person)
        .select_only()
        .column(membership::Column::Id)
        .column(user::Column::DisplayName)
        .into_tuple()
        .all(&app.db.read)
        .await?;
    let names: HashMap<_, _> = names.into_iter().collect();
    let with_names = places.into_iter().map(|place| {
        let name = place.membership_id.and_then(|id| names.get(&id).cloned()).or_else(|| place.name.clone());
        (place, name.unwrap_or_default())
    });
    Ok(grouped(with_names.collect(), |(place, _)| place.working_group_id))
}

/// The entries of people in the expert register.
pub async fn experts_of(
    app: &App,
    viewer: &Viewer,
    ids: &[UserId],
) -> Result<HashMap<UserId, expert::Model>> {
    let rows = crate::expert::visible_to(viewer)
        .filter(expert::Column::UserId.is_in(ids.to_vec()))
        .all(&app.db.read)
        .await?;
    Ok(rows.into_iter().map(|row| (row.user_id, row)).collect())
}

/// The fields in which experts judge.
pub async fn sectors_of(
    app: &App,
    viewer: &Viewer,
    ids: &[ExpertId],
) -> Result<HashMap<ExpertId, Vec<Sector>>> {
    let known = crate::expert::visible_to(viewer)
        .filter(expert::Column::Id.is_in(ids.to_vec()))
        .select_only()
        .column(expert::Column::Id)
        .into_query();
    let rows = expert_sector::Entity::find()
        .filter(expert_sector::Column::ExpertId.in_subquery(known))
        .order_by_asc(expert_sector::Column::Sector)
        .all(&app.db.read)
        .await?;
    let groups = grouped(rows, |row| row.expert_id).into_iter();
    Ok(groups.map(|(id, rows)| (id, rows.into_iter().map(|row| row.sector).collect())).collect())
}

/// Decisions of challenges.
pub async fn decisions_of(
    app: &App,
    viewer: &Viewer,
    ids: &[ChallengeId],
) -> Result<HashMap<ChallengeId, decision::Model>> {
    let rows = crate::decision::stands(crate::decision::visible_to(viewer))
        .filter(decision::Column::ChallengeId.is_in(ids.to_vec()))
        .all(&app.db.read)
        .await?;
    Ok(rows.into_iter().map(|row| (row.challenge_id, row)).collect())
}

/// Promotions from the reserve that are not published yet.
pub async fn promotions_on(
    app: &App,
    viewer: &Viewer,
    ids: &[ChallengeId],
) -> Result<HashMap<ChallengeId, decision::Model>> {
    let rows = crate::decision::promoting(crate::decision::visible_to(viewer))
        .filter(decision::Column::ChallengeId.is_in(ids.to_vec()))
        .all(&app.db.read)
        .await?;
    Ok(rows.into_iter().map(|row| (row.challenge_id, row)).collect())
}

/// Decisions on challenges that were set aside, the last one first.
pub async fn former_decisions_of(
    app: &App,
    viewer: &Viewer,
    ids: &[ChallengeId],
) -> Result<HashMap<ChallengeId, Vec<decision::Model>>> {
    let rows = crate::decision::visible_to(viewer)
        .filter(decision::Column::ChallengeId.is_in(ids.to_vec()))
        .filter(decision::Column::Status.eq(DecisionStatus::Superseded))
        .order_by_desc(decision::Column::PublishedAt)
        .all(&app.db.read)
        .await?;
    Ok(grouped(rows, |row| row.challenge_id))
}

/// Those of the decisions that are on applicants to one of whom the viewer is tied.
pub async fn ties(app: &App, viewer: &Viewer, ids: &[DecisionId]) -> Result<HashMap<DecisionId, bool>> {
    let Some(person) = &viewer.0 else { return Ok(HashMap::new()) };
    let rows = decision::Entity::find()
        .filter(decision::Column::Id.is_in(ids.to_vec()))
        .filter(crate::decision::tie_condition(person.id))
        .select_only()
        .column(decision::Column::Id)
        .into_tuple::<DecisionId>()
        .all(&app.db.read)
        .await?;
    Ok(rows.into_iter().map(|id| (id, true)).collect())
}

/// The viewer's roles on challenges.
pub async fn roles(app: &App, viewer: &Viewer, ids: &[ChallengeId]) -> Result<HashMap<ChallengeId, Roles>> {
    if viewer.0.is_none() {
        return Ok(HashMap::new());
    }
    let known = crate::challenge::visible_to(viewer).filter(challenge::Column::Id.is_in(ids.to_vec()));
    roles_on_each(&app.db.read, viewer, &known.all(&app.db.read).await?).await
}

/// How far councils are, by state of the reviews and without any score: for their chairs and secretaries.
///
/// Row `PROGRESS` of [`READS`](domain::access::READS).
pub async fn progress(
    app: &App,
    viewer: &Viewer,
    ids: &[ChallengeId],
) -> Result<HashMap<ChallengeId, Turnout>> {
    let roles = roles(app, viewer, ids).await?;
    let run = roles.iter().filter(|(_, roles)| roles.has(Role::Chair) || roles.has(Role::Secretary));
    let mut turnouts: HashMap<_, _> = run.map(|(id, _)| (*id, Turnout::default())).collect();
    if turnouts.is_empty() {
        return Ok(turnouts);
    }
    let reviews: Vec<(ChallengeId, ReviewStatus)> = crate::review::visible_to(viewer)
        .filter(review::Column::ChallengeId.is_in(turnouts.keys().copied()))
        .select_only()
        .column(review::Column::ChallengeId)
        .column(review::Column::Status)
        .into_tuple()
        .all(&app.db.read)
        .await?;
    for (id, status) in reviews {
        let turnout = turnouts.entry(id).or_default();
        turnout.live += usize::from(status.is_live());
        turnout.submitted += usize::from(matches!(status, ReviewStatus::Submitted | ReviewStatus::Locked));
    }
    Ok(turnouts)
}

/// Openings of challenges, confirmed or asked for.
pub async fn openings(app: &App, ids: &[ChallengeId]) -> Result<HashMap<ChallengeId, opening::Model>> {
    let rows = opening::Entity::find()
        .filter(opening::Column::ChallengeId.is_in(ids.to_vec()))
        .all(&app.db.read)
        .await?;
    Ok(rows.into_iter().map(|row| (row.challenge_id, row)).collect())
}

/// How many proposals stand submitted. Whether the number may be shown is the caller's question, by the challenge.
///
/// Row `PROPOSAL_COUNT` of [`READS`](domain::access::READS).
pub async fn proposal_counts(app: &App, ids: &[ChallengeId]) -> Result<HashMap<ChallengeId, i64>> {
    let rows: Vec<(ChallengeId, i64)> = proposal::Entity::find()
        .filter(proposal::Column::ChallengeId.is_in(ids.to_vec()))
        .filter(proposal::Column::Status.is_not_in([ProposalStatus::Draft, ProposalStatus::Withdrawn]))
        .select_only()
        .column(proposal::Column::ChallengeId)
        .column_as(Expr::col(proposal::Column::Id).count(), "number")
        .group_by(proposal::Column::ChallengeId)
        .into_tuple()
        .all(&app.db.read)
        .await?;
    Ok(rows.into_iter().collect())
}

/// All submitted versions, newest first: for the team alone, others read the current one.
///
/// Row `WORKING_COPY` of [`READS`](domain::access::READS).
pub async fn versions(
    app: &App,
    viewer: &Viewer,
    ids: &[ProposalId],
) -> Result<HashMap<ProposalId, Vec<Opened<proposal_version::Model>>>> {
    let own = crate::proposal::visible_to(viewer)
        .filter(proposal::Column::OrganizationId.is_in(viewer.applicants()));
    let rows = proposal_version::Entity::find()
        .filter(proposal_version::Column::ProposalId.in_subquery(only(own, ids)))
        .order_by_desc(proposal_version::Column::Number)
        .all(&app.db.read)
        .await?;
    Ok(grouped(opened(app, viewer, rows).await?, |version| version.row.proposal_id))
}

/// The current submitted versions that the viewer may read.
pub async fn current_versions(
    app: &App,
    viewer: &Viewer,
    ids: &[ProposalId],
) -> Result<HashMap<ProposalId, Opened<proposal_version::Model>>> {
    let known = only(crate::proposal::readable_by(viewer), ids);
    let current = proposal_version::Entity::find()
        .inner_join_current()
        .filter(proposal_version::Column::ProposalId.in_subquery(known))
        .all(&app.db.read)
        .await?;
    let opened = opened(app, viewer, current).await?;
    Ok(opened.into_iter().map(|version| (version.row.proposal_id, version)).collect())
}

/// What versions say, as far as their seal is broken for the viewer.
async fn opened(
    app: &App,
    viewer: &Viewer,
    rows: Vec<proposal_version::Model>,
) -> Result<Vec<Opened<proposal_version::Model>>> {
    let unsealed = vault::unsealed(&app.db.read, app, viewer, rows.iter().map(|row| row.proposal_id)).await?;
    rows.into_iter().filter_map(|row| Some(unsealed.get(&row.proposal_id)?.version(row))).collect()
}

/// The same, for reading the whole of it. Whoever is not of the team leaves a trace in the audit chain before anything is
/// shown; if that fails, nothing is.
pub async fn opened_versions(
    app: &App,
    op: &std::sync::Arc<crate::Op>,
    ids: &[ProposalId],
) -> Result<HashMap<ProposalId, Opened<proposal_version::Model>>> {
    let versions = current_versions(app, &op.viewer, ids).await?;
    let own = drafts(app, &op.viewer, ids).await?;
    let mut read: Vec<_> = versions.keys().filter(|id| !own.contains_key(id)).copied().collect();
    if !read.is_empty() {
        read.sort();
        app.execute(op, None, crate::proposal::RecordReads { proposals: read }).await?;
    }
    Ok(versions)
}

trait InnerJoinCurrent {
    fn inner_join_current(self) -> Self;
}

impl InnerJoinCurrent for Select<proposal_version::Entity> {
    /// Only the version that the proposal's row calls current.
    fn inner_join_current(self) -> Self {
        let matching = proposal::Entity::find()
            .select_only()
            .column(proposal::Column::CurrentVersion)
            .filter(
                Expr::col((proposal::Entity, proposal::Column::Id))
                    .equals((proposal_version::Entity, proposal_version::Column::ProposalId)),
            )
            .into_query();
        self.filter(proposal_version::Column::Number.in_subquery(matching))
    }
}

/// Working copies, for the team alone.
///
/// Row `WORKING_COPY` of [`READS`](domain::access::READS).
pub async fn drafts(
    app: &App,
    viewer: &Viewer,
    ids: &[ProposalId],
) -> Result<HashMap<ProposalId, Opened<proposal_draft::Model>>> {
    let own = crate::proposal::visible_to(viewer)
        .filter(proposal::Column::OrganizationId.is_in(viewer.applicants()));
    let rows = proposal_draft::Entity::find()
        .filter(proposal_draft::Column::ProposalId.in_subquery(only(own, ids)))
        .all(&app.db.read)
        .await?;
    let unsealed = vault::unsealed(&app.db.read, app, viewer, rows.iter().map(|row| row.proposal_id)).await?;
    let opened = rows.into_iter().filter_map(|row| {
        let id = row.proposal_id;
        Some(unsealed.get(&id)?.draft(row).map(|draft| (id, draft)))
    });
    opened.collect()
}

/// The applicants of proposals, where the viewer may know them.
pub async fn applicants(
    app: &App,
    viewer: &Viewer,
    ids: &[ProposalId],
) -> Result<HashMap<ProposalId, organization::Model>> {
    let identified: Vec<(ProposalId, OrganizationId)> = crate::proposal::identified_to(viewer)
        .filter(proposal::Column::Id.is_in(ids.to_vec()))
        .select_only()
        .column(proposal::Column::Id)
        .column(proposal::Column::OrganizationId)
        .into_tuple()
        .all(&app.db.read)
        .await?;
    let organizations = organization::Entity::find()
        .filter(organization::Column::Id.is_in(identified.iter().map(|(_, organization)| *organization)));
    let organizations: HashMap<_, _> =
        organizations.all(&app.db.read).await?.into_iter().map(|row| (row.id, row)).collect();
    Ok(identified
        .into_iter()
        .filter_map(|(proposal, organization)| Some((proposal, organizations.get(&organization)?.clone())))
        .collect())
}

/// Reviews of proposals that the viewer may know.
pub async fn reviews_of(
    app: &App,
    viewer: &Viewer,
    ids: &[ProposalId],
) -> Result<HashMap<ProposalId, Vec<review::Model>>> {
    let rows = crate::review::visible_to(viewer)
        .filter(review::Column::ProposalId.is_in(ids.to_vec()))
        .order_by_asc(review::Column::OfferedAt)
        .order_by_asc(review::Column::Id)
        .all(&app.db.read)
        .await?;
    Ok(grouped(rows, |row| row.proposal_id))
}

fn only(select: Select<proposal::Entity>, ids: &[ProposalId]) -> sea_orm::sea_query::SelectStatement {
    select
        .filter(proposal::Column::Id.is_in(ids.to_vec()))
        .select_only()
        .column(proposal::Column::Id)
        .into_query()
}
