//! Organisations, their verification, their members.

use domain::access::{Action, Role, Roles, may};
use domain::account::{PlatformRole, TokenPurpose};
use domain::event::{Event, EventKind};
use domain::id::{MembershipId, OrganizationId, UserId};
use domain::locale::Locale;
use domain::machine;
use domain::organization::{
    MEMBERS_MAX, MembershipRole, OrganizationCommand, OrganizationKind, OrganizationStatus, TRANSITIONS,
    judged_by, may_change_role, may_invite, may_judge, may_step_down,
};
use domain::problem::{Problem, Reason};
use domain::text::{Bilingual, look_alike_key, slug_from};
use domain::time::Timestamp;
use entity::{membership, one_time_token, organization, user};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait as _, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait as _, Select,
};
use serde::Serialize;

use crate::access::must;
use crate::account::{Invite, issue, redeem};
use crate::command::Command;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::ids;
use crate::naming;
use crate::op::Viewer;
use crate::page::{self, Ask, Key, Page, Sort};

/// Verified and closed ones are known to all; others to their members and to staff.
///
/// Row `ORGANIZATION` of [`READS`](domain::access::READS).
pub fn visible_to(viewer: &Viewer) -> Select<organization::Entity> {
    if viewer.is_staff() {
        return organization::Entity::find();
    }
    let public = OrganizationStatus::ALL.iter().filter(|status| status.is_public()).copied();
    organization::Entity::find().filter(
        Condition::any()
            .add(organization::Column::Status.is_in(public))
            .add(organization::Column::Id.is_in(viewer.houses())),
    )
}

/// Memberships that a viewer may see: those of one's own organisations; staff see all.
///
/// Row `MEMBERS` of [`READS`](domain::access::READS).
pub fn memberships_visible_to(viewer: &Viewer) -> Select<membership::Entity> {
    let live = membership::Entity::find().filter(membership::Column::EndedAt.is_null());
    if viewer.is_staff() {
        return live;
    }
    live.filter(membership::Column::OrganizationId.is_in(viewer.houses()))
}

/// Conditions of a list of organisations.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Filter {
    /// Any of these kinds.
    pub kinds: Option<Vec<OrganizationKind>>,
    /// Any of these states.
    pub statuses: Option<Vec<OrganizationStatus>>,
    /// Directly below any of these.
    pub parents: Option<Vec<OrganizationId>>,
    /// Words of the name, accents or not.
    pub search: Option<String>,
}

fn filtered(viewer: &Viewer, filter: &Filter) -> Select<organization::Entity> {
    let mut select = visible_to(viewer);
    if let Some(kinds) = &filter.kinds {
        select = select.filter(organization::Column::Kind.is_in(kinds.clone()));
    }
    if let Some(statuses) = &filter.statuses {
        select = select.filter(organization::Column::Status.is_in(statuses.clone()));
    }
    if let Some(parents) = &filter.parents {
        // What stands below something hidden is not told by asking for it.
        let known = visible_to(viewer)
            .filter(organization::Column::Id.is_in(parents.clone()))
            .select_only()
            .column(organization::Column::Id)
            .into_query();
        select = select.filter(organization::Column::ParentId.in_subquery(known));
    }
    for word in filter.search.iter().flat_map(|search| search.split_whitespace()) {
        select = select.filter(page::has_word(organization::Column::NameFolded, word));
    }
    select
}

/// A page of organisations by name.
pub async fn list(
    app: &crate::App,
    viewer: &Viewer,
    filter: &Filter,
    ask: &Ask,
) -> Result<Page<organization::Model>> {
    let scope = format!("organizations {}", serde_json::to_string(filter).unwrap_or_default());
    let sort = Sort {
        column: Some(organization::Column::NameFolded),
        id: organization::Column::Id,
        descending: false,
        scope,
    };
    page::read(&app.db.read, &app.keys, filtered(viewer, filter), &sort, ask, |row| {
        (Some(Key::Text(row.name_folded.clone())), row.id.0)
    })
    .await
}

/// How many there are on all pages.
pub async fn count(app: &crate::App, viewer: &Viewer, filter: &Filter) -> Result<u64> {
    Ok(filtered(viewer, filter).count(&app.db.read).await?)
}

/// Founds an organisation. It waits for verification; its founder becomes its first member.
#[derive(Serialize)]
pub struct CreateOrganization {
    /// What it is.
    pub kind: OrganizationKind,
    /// Its name.
    pub name: Bilingual,
    /// Its handle; made from the name if left out.
    pub slug: Option<String>,
}

impl Command for CreateOrganization {
    const NAME: &'static str = "createOrganization";
    type Output = OrganizationId;

    async fn run(&self, tx: &Tx) -> Result<OrganizationId> {
        let user = tx.op().user()?;
        let office = self.kind == OrganizationKind::ProgrammeOffice;
        must(
            if office { Action::CreateProgrammeOffice } else { Action::CreateOrganization },
            tx.op().viewer.roles(),
        )?;
        // Whoever may found a programme office vouches for it.
        let status = if office { OrganizationStatus::Verified } else { OrganizationStatus::Pending };
        let id = insert(tx, self.kind, status, &self.name, self.slug.as_ref()).await?;
        join(tx, id, user, MembershipRole::founder(self.kind), tx.now().await?).await?;
        tx.record(
            Event::new(EventKind::OrganizationCreated).organization(id).user(user).fact("kind", self.kind),
        );
        Ok(id)
    }
}

/// The row of a new organisation, without anybody in it.
pub(crate) async fn insert(
    tx: &Tx,
    kind: OrganizationKind,
    status: OrganizationStatus,
    name: &Bilingual,
    slug: Option<&String>,
) -> Result<OrganizationId> {
    let now = tx.now().await?;
    let id: OrganizationId = ids::random();
    let key = look_alike_key(&name.vi);
    naming::must_be_free(tx, id, Some(&key), slug.map(String::as_str)).await?;
    let slug = match slug {
        Some(slug) => slug.clone(),
        None => free_slug(tx, slug_from(&name.vi), id).await?,
    };
    let row = organization::ActiveModel {
        id: Set(id),
        kind: Set(kind),
        status: Set(status),
        slug: Set(slug),
        name_vi: Set(name.vi.clone()),
        name_en: Set(name.en.clone()),
        name_key: Set(key),
        name_folded: Set(name.folded()),
        status_reason: Set(None),
        about_vi: Set(None),
        about_en: Set(None),
        website: Set(None),
        parent_id: Set(None),
        successor_id: Set(None),
        valid_from: Set(None),
        valid_until: Set(None),
        created_by: Set(tx.op().user()?),
        created_at: Set(now),
        updated_at: Set(now),
        version: Set(1),
    };
    organization::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(id)
}

/// The handle, or one like it if another house has it.
async fn free_slug(tx: &Tx, slug: String, id: OrganizationId) -> Result<String> {
    Ok(if naming::is_house_slug_taken(tx, &slug, id).await? { naming::suffixed(&slug, id.0) } else { slug })
}

async fn join(
    tx: &Tx,
    organization: OrganizationId,
    user: UserId,
    role: MembershipRole,
    now: Timestamp,
) -> Result<MembershipId> {
    let id: MembershipId = ids::random();
    let row = membership::ActiveModel {
        id: Set(id),
        organization_id: Set(organization),
        user_id: Set(user),
        role: Set(role),
        created_at: Set(now),
        ended_at: Set(None),
    };
    membership::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(id)
}

/// Loads and locks an organisation that the viewer may know of.
pub(crate) async fn locked(tx: &Tx, id: OrganizationId, field: &str) -> Result<organization::Model> {
    let row =
        visible_to(&tx.op().viewer).filter(organization::Column::Id.eq(id)).lock_exclusive().one(tx).await?;
    row.ok_or_else(|| Problem::at(field, Reason::NotFound).into())
}

/// Moves an organisation to its next state and writes what changes with it.
pub(crate) async fn advance(
    tx: &Tx,
    row: &organization::Model,
    command: OrganizationCommand,
    change: organization::ActiveModel,
) -> Result<OrganizationStatus> {
    let next = machine::step(TRANSITIONS, row.status, &command)?;
    let now = tx.now().await?;
    let change = organization::ActiveModel {
        status: Set(next),
        updated_at: Set(now),
        version: Set(row.version + 1),
        ..change
    };
    let done = organization::Entity::update_many()
        .set(change)
        .filter(organization::Column::Id.eq(row.id))
        .filter(organization::Column::Version.eq(row.version))
        .exec(tx)
        .await?;
    if done.rows_affected != 1 {
        return Err(Reason::Stale { current: row.version + 1 }.into());
    }
    if row.kind == OrganizationKind::Agency {
        crate::search::follow_agency(tx, row.id).await?;
    }
    Ok(next)
}

/// What is found about an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Judgement {
    /// It is what it says.
    Verify,
    /// It is not.
    Reject,
    /// It is to do nothing for a time.
    Suspend,
    /// It may go on.
    Reinstate,
}

impl Judgement {
    const fn command(self) -> OrganizationCommand {
        match self {
            Self::Verify => OrganizationCommand::Verify,
            Self::Reject => OrganizationCommand::Reject,
            Self::Suspend => OrganizationCommand::Suspend,
            Self::Reinstate => OrganizationCommand::Reinstate,
        }
    }

    const fn event(self) -> EventKind {
        match self {
            Self::Verify => EventKind::OrganizationVerified,
            Self::Reject => EventKind::OrganizationRejected,
            Self::Suspend => EventKind::OrganizationSuspended,
            Self::Reinstate => EventKind::OrganizationReinstated,
        }
    }
}

/// Verifies or rejects an organisation, stops it or lets it go on.
#[derive(Serialize)]
pub struct JudgeOrganization {
    /// Which.
    pub organization: OrganizationId,
    /// What was found.
    pub command: Judgement,
    /// Why; only a verification does without.
    pub reason: Option<String>,
}

impl Command for JudgeOrganization {
    const NAME: &'static str = "judgeOrganization";
    type Output = OrganizationId;

    async fn run(&self, tx: &Tx) -> Result<OrganizationId> {
        let row = locked(tx, self.organization, "organizationId").await?;
        let command = self.command.command();
        must_judge(tx, &row, command)?;
        let mut change =
            organization::ActiveModel { status_reason: Set(self.reason.clone()), ..Default::default() };
        if self.command == Judgement::Verify {
            // Only now it takes its name and its handle, and others may have been faster.
            if naming::is_name_taken(tx, &row.name_key, row.id).await? {
                return Err(Problem::at("organizationId", Reason::AlreadyExists).into());
            }
            change.slug = Set(free_slug(tx, row.slug.clone(), row.id).await?);
        }
        let next = advance(tx, &row, command, change).await?;
        tx.record(
            Event::new(self.command.event()).organization(row.id).fact("from", row.status).fact("to", next),
        );
        Ok(row.id)
    }
}

/// Refuses whoever may not judge that organisation so.
pub(crate) fn must_judge(tx: &Tx, row: &organization::Model, command: OrganizationCommand) -> Result<()> {
    let (user, viewer) = (tx.op().user()?, &tx.op().viewer);
    must(judged_by(row.kind, command), viewer.roles())?;
    Ok(may_judge(row.status, command, row.created_by == user, viewer.belongs_to(row.id))?)
}

/// Roles for managing members come from a seat in that very organisation: whoever runs the platform lets nobody, and least of
/// all themselves, into an applicant that has sealed proposals. A programme office may be helped by an administrator.
pub fn manager_roles(viewer: &Viewer, organization: OrganizationId, kind: OrganizationKind) -> Roles {
    let helper = kind == OrganizationKind::ProgrammeOffice && viewer.holds(PlatformRole::Administrator);
    manager_seat(viewer, organization).into_iter().chain(helper.then_some(Role::Administrator)).collect()
}

/// The role of whoever manages the organisation by a seat in it.
pub(crate) fn manager_seat(viewer: &Viewer, organization: OrganizationId) -> Option<Role> {
    viewer.seat_in(organization).and_then(|role| match role {
        MembershipRole::Owner => Some(Role::TeamOwner),
        MembershipRole::Lead => Some(Role::AgencyLead),
        MembershipRole::Publisher => Some(Role::Publisher),
        _ => None,
    })
}

/// Refuses whoever does not manage the organisation, and everybody while it does nothing.
pub(crate) fn must_manage(tx: &Tx, row: &organization::Model) -> Result<()> {
    must(Action::ManageMembers, manager_roles(&tx.op().viewer, row.id, row.kind))?;
    Ok(row.status.must_act()?)
}

/// Invites an address into an organisation. Whether the address has an account stays unknown.
#[derive(Serialize)]
pub struct InviteMember {
    /// Where.
    pub organization: OrganizationId,
    /// Whom, as typed.
    pub email: String,
    /// Whom, for comparing.
    pub email_key: String,
    /// As what.
    pub role: MembershipRole,
    /// Language of the mail.
    pub locale: Locale,
}

impl Command for InviteMember {
    const NAME: &'static str = "inviteMember";
    type Output = OrganizationId;

    async fn run(&self, tx: &Tx) -> Result<OrganizationId> {
        let user = tx.fresh_person().await?.id;
        let row = locked(tx, self.organization, "organizationId").await?;
        must_invite(tx, &row, self.role).await?;
        self.role.fits(row.kind).map_err(|reason| Problem::at("role", reason))?;
        // One invitation of a person after the other, in whatever organisation, so that they can be counted.
        let inviter = user::Entity::find_by_id(user).lock(LockType::NoKeyUpdate).one(tx).await?;
        let inviter = inviter.ok_or(Error::Unauthenticated)?;
        if inviter.email_key == self.email_key {
            return Err(Problem::at("email", Reason::SelfApproval).into());
        }
        let now = tx.now().await?;
        let waiting = one_time_token::Entity::find()
            .filter(one_time_token::Column::OrganizationId.eq(row.id))
            .filter(one_time_token::Column::UsedAt.is_null())
            .filter(one_time_token::Column::ExpiresAt.gt(now))
            .count(tx)
            .await?;
        let count = |number| usize::try_from(number).unwrap_or(usize::MAX);
        may_invite(row.status, count(waiting), count(invitations_sent(tx, user, now).await?))?;
        let invite = Invite {
            purpose: TokenPurpose::Invitation,
            email: &self.email,
            email_key: &self.email_key,
            locale: self.locale,
            user: None,
            place: Some((row.id, self.role)),
        };
        let token = issue(tx, invite, tx.app().settings.invitation_life, now).await?;
        tx.record(
            Event::new(EventKind::MemberInvited).organization(row.id).token(token).fact("role", self.role),
        );
        Ok(row.id)
    }
}

/// Whoever manages the organisation invites. An agency without any lead can be given one by the programme office.
async fn must_invite(tx: &Tx, row: &organization::Model, role: MembershipRole) -> Result<()> {
    let viewer = &tx.op().viewer;
    let for_want_of_a_lead = role == MembershipRole::Lead
        && may(Action::InviteLead, viewer.roles())
        && row.kind == OrganizationKind::Agency
        && !crate::delegation::has_lead(tx, row.id).await?;
    if for_want_of_a_lead { Ok(row.status.must_act()?) } else { must_manage(tx, row) }
}

const DAY_SECONDS: i64 = 24 * 3600;

/// How many invitations the person has sent within 24 hours, in whatever organisation.
pub(crate) async fn invitations_sent(
    connection: &impl ConnectionTrait,
    user: UserId,
    now: Timestamp,
) -> Result<u64> {
    let sent = one_time_token::Entity::find()
        .filter(one_time_token::Column::InvitedBy.eq(user))
        .filter(one_time_token::Column::CreatedAt.gt(now.plus_seconds(-DAY_SECONDS)));
    Ok(sent.count(connection).await?)
}

/// Accepts an invitation. It is worth nothing to an account with another address.
#[derive(Serialize)]
pub struct AcceptInvitation {
    /// Hash of the token that was mailed.
    pub token_hash: String,
}

impl Command for AcceptInvitation {
    const NAME: &'static str = "acceptInvitation";
    type Output = OrganizationId;

    async fn run(&self, tx: &Tx) -> Result<OrganizationId> {
        let user = tx.op().user()?;
        let place = one_time_token::Entity::find()
            .filter(one_time_token::Column::TokenHash.eq(&self.token_hash))
            .filter(one_time_token::Column::Purpose.eq(TokenPurpose::Invitation))
            .one(tx)
            .await?
            .and_then(|token| token.organization_id);
        // The house first, then the token: the order in which whoever invites or revokes takes them, too.
        let house = match place {
            Some(id) => organization::Entity::find_by_id(id).lock_exclusive().one(tx).await?,
            None => None,
        };
        let token = redeem(tx, TokenPurpose::Invitation, &self.token_hash).await?;
        let account = user::Entity::find_by_id(user).one(tx).await?.ok_or(Error::Unauthenticated)?;
        let (Some(organization), Some(role)) = (token.organization_id, token.role) else {
            return Err(Error::Internal("an invitation without a place".to_owned()));
        };
        if account.email_key != token.email_key {
            return Err(Problem::at("token", Reason::InvalidToken).into());
        }
        if let Some(house) = house {
            house.status.must_act()?;
        }
        let members = membership::Entity::find()
            .filter(membership::Column::OrganizationId.eq(organization))
            .filter(membership::Column::EndedAt.is_null());
        if members.count(tx).await? >= MEMBERS_MAX as u64 {
            return Err(Reason::Quota { limit: MEMBERS_MAX }.into());
        }
        let now = tx.now().await?;
        join(tx, organization, user, role, now).await?;
        tx.record(
            Event::new(EventKind::MemberJoined).organization(organization).user(user).fact("role", role),
        );
        Ok(organization)
    }
}

/// Ends a membership. The last who can manage the organisation stays.
#[derive(Serialize)]
pub struct RemoveMember {
    /// Which membership.
    pub membership: MembershipId,
}

impl Command for RemoveMember {
    const NAME: &'static str = "removeMember";
    type Output = (OrganizationId, MembershipId);

    async fn run(&self, tx: &Tx) -> Result<Self::Output> {
        let user = tx.op().user()?;
        let (organization, found) = locked_membership(tx, self.membership).await?;
        // Anybody may leave; others are removed by whoever manages the organisation.
        if found.user_id != user {
            tx.fresh_person().await?;
            must_manage(tx, &organization)?;
        }
        may_step_down(found.role, other_managers(tx, &organization, found.id).await?)
            .map_err(|reason| Problem::at("membershipId", reason))?;
        let now = tx.now().await?;
        let done = membership::Entity::update_many()
            .set(membership::ActiveModel { ended_at: Set(Some(now)), ..Default::default() })
            .filter(membership::Column::Id.eq(found.id))
            .filter(membership::Column::EndedAt.is_null())
            .exec(tx)
            .await?;
        if done.rows_affected != 1 {
            return Err(Problem::at("membershipId", Reason::NotFound).into());
        }
        tx.record(
            Event::new(EventKind::MemberRemoved)
                .organization(organization.id)
                .user(found.user_id)
                .fact("role", found.role),
        );
        Ok((organization.id, found.id))
    }
}

/// Loads a membership that the viewer may know of as it is once nobody else changes who belongs to its organisation.
async fn locked_membership(tx: &Tx, id: MembershipId) -> Result<(organization::Model, membership::Model)> {
    let not_found = || Problem::at("membershipId", Reason::NotFound);
    let visible = || memberships_visible_to(&tx.op().viewer).filter(membership::Column::Id.eq(id));
    let known = visible().one(tx).await?.ok_or_else(not_found)?;
    let organization = locked(tx, known.organization_id, "membershipId").await?;
    let row = visible().one(tx).await?.ok_or_else(not_found)?;
    Ok((organization, row))
}

/// How many manage the organisation besides that member.
async fn other_managers(tx: &Tx, organization: &organization::Model, but: MembershipId) -> Result<u64> {
    let managers = membership::Entity::find()
        .filter(membership::Column::OrganizationId.eq(organization.id))
        .filter(membership::Column::EndedAt.is_null())
        .filter(membership::Column::Role.eq(MembershipRole::founder(organization.kind)))
        .filter(membership::Column::Id.ne(but));
    Ok(managers.count(tx).await?)
}

/// Gives a member another role. The last who can manage the organisation stays a manager.
#[derive(Serialize)]
pub struct ChangeMemberRole {
    /// Which membership.
    pub membership: MembershipId,
    /// The role from now on.
    pub role: MembershipRole,
}

impl Command for ChangeMemberRole {
    const NAME: &'static str = "changeMemberRole";
    type Output = (OrganizationId, MembershipId);

    async fn run(&self, tx: &Tx) -> Result<Self::Output> {
        let (user, viewer) = (tx.fresh_person().await?.id, &tx.op().viewer);
        let (organization, found) = locked_membership(tx, self.membership).await?;
        must_manage(tx, &organization)?;
        let manages_by_seat = viewer.seat_in(organization.id).is_some_and(MembershipRole::manages);
        may_change_role(found.user_id == user, manages_by_seat)?;
        self.role.fits(organization.kind).map_err(|reason| Problem::at("role", reason))?;
        if found.role == self.role {
            return Ok((organization.id, found.id));
        }
        may_step_down(found.role, other_managers(tx, &organization, found.id).await?)
            .map_err(|reason| Problem::at("membershipId", reason))?;
        let done = membership::Entity::update_many()
            .set(membership::ActiveModel { role: Set(self.role), ..Default::default() })
            .filter(membership::Column::Id.eq(found.id))
            .filter(membership::Column::Role.eq(found.role))
            .filter(membership::Column::EndedAt.is_null())
            .exec(tx)
            .await?;
        if done.rows_affected != 1 {
            return Err(Problem::at("membershipId", Reason::NotFound).into());
        }
        tx.record(
            Event::new(EventKind::MemberRoleChanged)
                .organization(organization.id)
                .user(found.user_id)
                .fact("from", found.role)
                .fact("to", self.role),
        );
        Ok((organization.id, found.id))
    }
}

/// The organisations of one person, if the viewer may see them.
pub async fn memberships_of(
    app: &crate::App,
    viewer: &Viewer,
    user: UserId,
) -> Result<Vec<membership::Model>> {
    let rows = memberships_visible_to(viewer)
        .filter(membership::Column::UserId.eq(user))
        .order_by_asc(membership::Column::CreatedAt);
    Ok(rows.all(&app.db.read).await?)
}

/// One organisation by its handle.
pub async fn by_slug(app: &crate::App, viewer: &Viewer, slug: &str) -> Result<Option<organization::Model>> {
    let Ok(slug) = domain::text::slug(slug) else { return Ok(None) };
    // Those that are not public yet may wish for a handle that another one has.
    let select = visible_to(viewer)
        .filter(organization::Column::Slug.eq(slug))
        .order_by_desc(organization::Column::Status.is_in(naming::KEEPS_SLUG))
        .order_by_asc(organization::Column::CreatedAt)
        .order_by_asc(organization::Column::Id);
    Ok(select.one(&app.db.read).await?)
}
