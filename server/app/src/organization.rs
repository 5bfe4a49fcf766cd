//! Organisations, their verification, their members.

use domain::access::{Action, Role, Roles};
use domain::account::{PlatformRole, TokenPurpose};
use domain::event::{Event, EventKind};
use domain::id::{MembershipId, OrganizationId, UserId};
use domain::locale::Locale;
use domain::machine;
use domain::organization::{
    MEMBERS_MAX, MembershipRole, OrganizationCommand, OrganizationKind, OrganizationStatus, TRANSITIONS,
    may_invite, may_judge,
};
use domain::problem::{Problem, Reason};
use domain::text::{Bilingual, look_alike_key, slug_from};
use entity::{membership, one_time_token, organization, user};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait, Condition, EntityTrait, PaginatorTrait as _,
    QueryFilter, QuerySelect, Select,
};
use serde::Serialize;

use crate::access::must;
use crate::account::{Invite, issue, redeem};
use crate::command::Command;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::ids;
use crate::op::Viewer;
use crate::page::{self, Ask, Key, Page, Sort};

/// Verified ones are known to all; others to their members and to staff.
///
/// Row `ORGANIZATION` of [`READS`](domain::access::READS).
pub fn visible_to(viewer: &Viewer) -> Select<organization::Entity> {
    let staff = viewer.is_programme_office()
        || viewer.holds(PlatformRole::Administrator)
        || viewer.holds(PlatformRole::Auditor);
    if staff {
        return organization::Entity::find();
    }
    let own: Vec<OrganizationId> =
        viewer.0.iter().flat_map(|person| &person.seats).map(|seat| seat.organization).collect();
    let verified = organization::Column::Status.eq(OrganizationStatus::Verified);
    organization::Entity::find()
        .filter(Condition::any().add(verified).add(organization::Column::Id.is_in(own)))
}

/// Memberships that a viewer may see: those of one's own organisations; staff see all.
///
/// Row `MEMBERS` of [`READS`](domain::access::READS).
pub fn memberships_visible_to(viewer: &Viewer) -> Select<membership::Entity> {
    let live = membership::Entity::find().filter(membership::Column::EndedAt.is_null());
    if viewer.is_programme_office()
        || viewer.holds(PlatformRole::Administrator)
        || viewer.holds(PlatformRole::Auditor)
    {
        return live;
    }
    let own: Vec<OrganizationId> =
        viewer.0.iter().flat_map(|person| &person.seats).map(|seat| seat.organization).collect();
    live.filter(membership::Column::OrganizationId.is_in(own))
}

/// Conditions of a list of organisations.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Filter {
    /// Any of these kinds.
    pub kinds: Option<Vec<OrganizationKind>>,
    /// Any of these states.
    pub statuses: Option<Vec<OrganizationStatus>>,
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
        let now = tx.now().await?;
        let id: OrganizationId = ids::random();
        let slug = match &self.slug {
            Some(slug) => slug.clone(),
            None => free_slug(tx, &slug_from(&self.name.vi), id).await?,
        };
        let row = organization::ActiveModel {
            id: Set(id),
            kind: Set(self.kind),
            // Whoever may found a programme office vouches for it.
            status: Set(if office { OrganizationStatus::Verified } else { OrganizationStatus::Pending }),
            slug: Set(slug),
            name_vi: Set(self.name.vi.clone()),
            name_en: Set(self.name.en.clone()),
            name_key: Set(look_alike_key(&self.name.vi)),
            name_folded: Set(self.name.folded()),
            status_reason: Set(None),
            created_by: Set(user),
            created_at: Set(now),
            updated_at: Set(now),
            version: Set(1),
        };
        organization::Entity::insert(row).exec_without_returning(tx).await?;
        join(tx, id, user, MembershipRole::founder(self.kind), now).await?;
        tx.record(
            Event::new(EventKind::OrganizationCreated).organization(id).user(user).fact("kind", self.kind),
        );
        Ok(id)
    }
}

async fn free_slug(tx: &Tx, base: &str, id: OrganizationId) -> Result<String> {
    let taken = organization::Entity::find().filter(organization::Column::Slug.eq(base)).one(tx).await?;
    Ok(if taken.is_none() { base.to_owned() } else { format!("{base}-{}", &id.0.simple().to_string()[..6]) })
}

async fn join(
    tx: &Tx,
    organization: OrganizationId,
    user: UserId,
    role: MembershipRole,
    now: domain::time::Timestamp,
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
async fn locked(tx: &Tx, id: OrganizationId, field: &str) -> Result<organization::Model> {
    let row =
        visible_to(&tx.op().viewer).filter(organization::Column::Id.eq(id)).lock_exclusive().one(tx).await?;
    row.ok_or_else(|| Problem::at(field, Reason::NotFound).into())
}

/// The person founded the organisation, or belongs to it.
pub(crate) fn is_own(viewer: &Viewer, user: UserId, row: &organization::Model) -> bool {
    row.created_by == user || viewer.seat_in(row.id).is_some()
}

/// Verifies or rejects an organisation.
#[derive(Serialize)]
pub struct JudgeOrganization {
    /// Which.
    pub organization: OrganizationId,
    /// Verify or reject.
    pub command: OrganizationCommand,
    /// Why; required for a rejection.
    pub reason: Option<String>,
}

impl Command for JudgeOrganization {
    const NAME: &'static str = "judgeOrganization";
    type Output = OrganizationId;

    async fn run(&self, tx: &Tx) -> Result<OrganizationId> {
        let user = tx.op().user()?;
        let row = locked(tx, self.organization, "organizationId").await?;
        must(Action::VerifyOrganization, tx.op().viewer.roles())?;
        may_judge(row.status, &self.command, is_own(&tx.op().viewer, user, &row))?;
        let next = machine::step(TRANSITIONS, row.status, &self.command)?;
        let now = tx.now().await?;
        let change = organization::ActiveModel {
            id: Set(row.id),
            status: Set(next),
            status_reason: Set(self.reason.clone()),
            updated_at: Set(now),
            version: Set(row.version + 1),
            ..Default::default()
        };
        change.update(tx).await?;
        let kind = match self.command {
            OrganizationCommand::Verify => EventKind::OrganizationVerified,
            OrganizationCommand::Reject => EventKind::OrganizationRejected,
        };
        tx.record(Event::new(kind).organization(row.id).fact("from", row.status).fact("to", next));
        Ok(row.id)
    }
}

/// Roles for managing members come from a seat in that very organisation: whoever runs the platform lets nobody, and least of
/// all themselves, into a startup that has sealed proposals. A programme office may be helped by an administrator.
pub fn manager_roles(viewer: &Viewer, organization: OrganizationId, kind: OrganizationKind) -> Roles {
    let role = viewer.seat_in(organization).and_then(|role| match role {
        MembershipRole::Owner => Some(Role::TeamOwner),
        MembershipRole::Lead => Some(Role::AgencyLead),
        MembershipRole::Publisher => Some(Role::Publisher),
        _ => None,
    });
    let helper = kind == OrganizationKind::ProgrammeOffice && viewer.holds(PlatformRole::Administrator);
    role.into_iter().chain(helper.then_some(Role::Administrator)).collect()
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
        tx.fresh_person().await?;
        let row = locked(tx, self.organization, "organizationId").await?;
        must(Action::ManageMembers, manager_roles(&tx.op().viewer, row.id, row.kind))?;
        self.role.fits(row.kind).map_err(|reason| Problem::at("role", reason))?;
        let now = tx.now().await?;
        let waiting = one_time_token::Entity::find()
            .filter(one_time_token::Column::OrganizationId.eq(row.id))
            .filter(one_time_token::Column::UsedAt.is_null())
            .filter(one_time_token::Column::ExpiresAt.gt(now))
            .count(tx)
            .await?;
        may_invite(usize::try_from(waiting).unwrap_or(usize::MAX))?;
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
        let token = redeem(tx, TokenPurpose::Invitation, &self.token_hash).await?;
        let account = user::Entity::find_by_id(user).one(tx).await?.ok_or(Error::Unauthenticated)?;
        let (Some(organization), Some(role)) = (token.organization_id, token.role) else {
            return Err(Error::Internal("an invitation without a place".to_owned()));
        };
        if account.email_key != token.email_key {
            return Err(Problem::at("token", Reason::InvalidToken).into());
        }
        organization::Entity::find_by_id(organization).lock_exclusive().one(tx).await?;
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
        let visible =
            memberships_visible_to(&tx.op().viewer).filter(membership::Column::Id.eq(self.membership));
        let found = visible.one(tx).await?.ok_or_else(|| Problem::at("membershipId", Reason::NotFound))?;
        let organization = locked(tx, found.organization_id, "membershipId").await?;
        // Anybody may leave; others are removed by whoever manages the organisation.
        if found.user_id != user {
            tx.fresh_person().await?;
            must(Action::ManageMembers, manager_roles(&tx.op().viewer, organization.id, organization.kind))?;
        }
        let managers = membership::Entity::find()
            .filter(membership::Column::OrganizationId.eq(organization.id))
            .filter(membership::Column::EndedAt.is_null())
            .filter(membership::Column::Role.eq(MembershipRole::founder(organization.kind)))
            .filter(membership::Column::Id.ne(found.id))
            .count(tx)
            .await?;
        if managers == 0 {
            return Err(Problem::at("membershipId", Reason::IncompatibleRole).into());
        }
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

/// The organisations of one person, if the viewer may see them.
pub async fn memberships_of(
    app: &crate::App,
    viewer: &Viewer,
    user: UserId,
) -> Result<Vec<membership::Model>> {
    use sea_orm::QueryOrder as _;
    let rows = memberships_visible_to(viewer)
        .filter(membership::Column::UserId.eq(user))
        .order_by_asc(membership::Column::CreatedAt);
    Ok(rows.all(&app.db.read).await?)
}

/// One organisation by its handle.
pub async fn by_slug(app: &crate::App, viewer: &Viewer, slug: &str) -> Result<Option<organization::Model>> {
    let Ok(slug) = domain::text::slug(slug) else { return Ok(None) };
    Ok(visible_to(viewer).filter(organization::Column::Slug.eq(slug)).one(&app.db.read).await?)
}
