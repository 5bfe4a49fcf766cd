//! Agencies, applicants, the programme office, and who belongs to them.

use app::invitation::RevokeInvitation;
use app::keys::token_hash;
use app::organization::{
    AcceptInvitation, ChangeMemberRole, CreateOrganization, Filter, InviteMember, JudgeOrganization,
    Judgement, RemoveMember,
};
use async_graphql::{Context, ID, InputObject, Object, OneofObject};
use domain::text::Email;
use entity::{membership, organization};

use super::account::User;
use super::action::{OrganizationActionVerdict, verdicts};
use super::challenge::ChallengeConnection;
use super::context::Ask as _;
use super::delegation::{Delegation, DelegationConnection};
use super::enums::{Locale, MembershipRole, OrganizationKind, OrganizationStatus};
use super::error::{Reported, Result};
use super::id;
use super::invitation::Invitation;
use super::load::{ActionsOnOrganization, DelegationsBy, InvitationsInto, MembersOf, WorkingGroupOf};
use super::page::{ask, connection, cost};
use super::payload::{Done, UserError, execute, found, payload};
use super::scalar::{Date, DateTime, Url};
use super::text::{Lines, LocalizedText, LocalizedTextInput, Reader};
use super::webhook::WebhookConnection;
use super::working_group::WorkingGroup;

/// An organisation.
#[derive(Clone)]
pub struct Organization(pub organization::Model);

/// An agency, an applicant (startup, team, institute, foreign company) or the programme office. Verified and closed ones are
/// public; others are seen by their members and by staff.
#[Object]
impl Organization {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// What it is.
    async fn kind(&self) -> OrganizationKind {
        self.0.kind.into()
    }

    /// Whether it may act.
    async fn status(&self) -> OrganizationStatus {
        self.0.status.into()
    }

    /// Why it was verified, rejected, suspended, reinstated or closed; null for none, and unless you are a member or of the programme office.
    async fn status_reason(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let viewer = ctx.viewer()?;
        let inside = viewer.is_programme_office() || viewer.belongs_to(self.0.id);
        Ok(self.0.status_reason.clone().filter(|_| inside))
    }

    /// Its name, at most 200 characters.
    async fn name(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The language; the reader's unless given.")] locale: Option<Locale>,
    ) -> Result<LocalizedText> {
        Ok(LocalizedText::new(&self.0.name_vi, self.0.name_en.as_ref(), ctx.locale(locale.map(Into::into))?))
    }

    /// Its handle in addresses: a-z, digits and hyphens. Nobody else's from the verification on.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// What it is and does, in its own words, at most 2,000 characters; null for nothing.
    async fn about(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The language; the reader's unless given.")] locale: Option<Locale>,
    ) -> Result<Option<LocalizedText>> {
        let locale = ctx.locale(locale.map(Into::into))?;
        let about = self.0.about_vi.as_ref();
        Ok(about.map(|vi| LocalizedText::new(vi, self.0.about_en.as_ref(), locale)))
    }

    /// Where more of it is to be read; null for none.
    async fn website(&self) -> Option<Url> {
        self.0.website.clone().map(Url)
    }

    /// Its challenges that you may see, the nearest deadline first; none of an applicant.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn challenges(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, 0 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, 0 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<ChallengeConnection> {
        ChallengeConnection::of_agency(ctx, self.0.id, &ask(first, after, last, before)).await
    }

    /// The public body directly above it; null for none, for an applicant, and if you may not see it.
    async fn parent(&self, ctx: &Context<'_>) -> Result<Option<Organization>> {
        match self.0.parent_id {
            Some(id) => Ok(super::one(ctx, id).await?.map(Organization)),
            None => Ok(None),
        }
    }

    /// What took its place when it was closed; null for none, and if you may not see it.
    async fn successor(&self, ctx: &Context<'_>) -> Result<Option<Organization>> {
        match self.0.successor_id {
            Some(id) => Ok(super::one(ctx, id).await?.map(Organization)),
            None => Ok(None),
        }
    }

    /// First day of its existence as a public body; null where nobody has said.
    async fn valid_from(&self) -> Option<Date> {
        self.0.valid_from.clone().map(Date)
    }

    /// Last day of its existence: as the programme office has said of a public body, or the day on which it was closed. Null for none.
    async fn valid_until(&self) -> Option<Date> {
        self.0.valid_until.clone().map(Date)
    }

    /// Its members, at most 200; empty unless you are one of them or staff.
    async fn members(&self, ctx: &Context<'_>) -> Result<Vec<Membership>> {
        Ok(super::one(ctx, MembersOf(self.0.id))
            .await?
            .unwrap_or_default()
            .into_iter()
            .map(Membership)
            .collect())
    }

    /// Invitations that wait, oldest first, at most 50; empty unless you manage it.
    async fn invitations(&self, ctx: &Context<'_>) -> Result<Vec<Invitation>> {
        let rows = super::one(ctx, InvitationsInto(self.0.id)).await?.unwrap_or_default();
        Ok(rows.into_iter().map(Invitation).collect())
    }

    /// Delegations by which others draft for this agency, now or later, by their first day, at most 20; empty unless you are
    /// a member of either side, or staff.
    async fn delegations(&self, ctx: &Context<'_>) -> Result<Vec<Delegation>> {
        let rows = super::one(ctx, DelegationsBy(self.0.id)).await?.unwrap_or_default();
        Ok(rows.into_iter().map(Delegation).collect())
    }

    /// Delegations by which this public body drafts, or drafted, for others, the newest first. Those that you may know of: all
    /// of your own organisations; staff all.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn delegations_received(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, 0 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, 0 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<DelegationConnection> {
        let ask = ask(first, after, last, before);
        let page =
            app::delegation::list(ctx.app()?, &ctx.viewer()?, self.0.id, &ask).await.map_err(Reported)?;
        Ok(DelegationConnection::new(page, super::delegation::Received(self.0.id)))
    }

    /// Webhooks, the newest first, at most 10; empty unless you manage it.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn webhooks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, 0 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, 0 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<WebhookConnection> {
        let ask = ask(first, after, last, before);
        let page = app::webhook::list(ctx.app()?, &ctx.viewer()?, self.0.id, &ask).await.map_err(Reported)?;
        Ok(WebhookConnection::new(page, super::webhook::Hooks(self.0.id)))
    }

    /// The agency's working group; null for none. Of a verified agency everybody may know it.
    async fn working_group(&self, ctx: &Context<'_>) -> Result<Option<WorkingGroup>> {
        Ok(super::one(ctx, WorkingGroupOf(self.0.id)).await?.map(WorkingGroup))
    }

    /// You may invite and remove members and change their roles. False while it is rejected, suspended or closed.
    async fn viewer_can_manage_members(&self, ctx: &Context<'_>) -> Result<bool> {
        let roles = app::organization::manager_roles(&ctx.viewer()?, self.0.id, self.0.kind);
        let may = domain::access::may(domain::access::Action::ManageMembers, roles);
        Ok(may && self.0.status.must_act().is_ok())
    }

    /// What somebody in your roles does with an organisation, and for each whether you may now and why not; empty for a visitor,
    /// and for whoever has no role here.
    async fn viewer_actions(&self, ctx: &Context<'_>) -> Result<Vec<OrganizationActionVerdict>> {
        Ok(verdicts(super::one(ctx, ActionsOnOrganization(self.0.id)).await?))
    }

    /// When it registered.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// Rises with every change.
    async fn version(&self) -> i32 {
        self.0.version
    }
}

/// A membership.
#[derive(Clone)]
pub struct Membership(pub membership::Model);

/// A person's place in an organisation.
#[Object]
impl Membership {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// Where; null if you may not see it any more.
    async fn organization(&self, ctx: &Context<'_>) -> Result<Option<Organization>> {
        Ok(super::one(ctx, self.0.organization_id).await?.map(Organization))
    }

    /// Who; null if you may not see them.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        super::account::person(ctx, self.0.user_id).await
    }

    /// As what.
    async fn role(&self) -> MembershipRole {
        self.0.role.into()
    }

    /// Since when.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}

/// What a connection counts.
pub struct Counted(Filter);

impl Counted {
    async fn count(&self, ctx: &Context<'_>) -> app::Result<u64> {
        let (app, viewer) = super::app_and_viewer(ctx)?;
        app::organization::count(app, &viewer, &self.0).await
    }
}

connection!(
    /// A page of organisations.
    OrganizationConnection,
    /// An organisation in a list.
    OrganizationEdge,
    Organization,
    organization::Model,
    Counted
);

/// Conditions of a list of organisations; what is left out is no condition.
#[derive(InputObject, Default)]
pub struct OrganizationFilter {
    /// Any of these kinds.
    kind: Option<Vec<OrganizationKind>>,
    /// Any of these states.
    status: Option<Vec<OrganizationStatus>>,
    /// Directly below any of these, at most 50.
    parent_id: Option<Vec<ID>>,
    /// Words of the name, with or without accents; at most 200 characters.
    search: Option<String>,
}

/// One way to name an organisation.
#[derive(OneofObject)]
pub enum OrganizationBy {
    /// By id.
    Id(ID),
    /// By handle.
    Slug(String),
}

/// Organisations.
#[derive(Default)]
pub struct OrganizationQuery;

/// Organisations.
#[Object]
impl OrganizationQuery {
    /// Organisations by name.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn organizations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, 0 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, 0 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
        #[graphql(desc = "Conditions.")] filter: Option<OrganizationFilter>,
    ) -> Result<OrganizationConnection> {
        let filter = filter.unwrap_or_default();
        let filter = Filter {
            kinds: filter.kind.map(|kinds| kinds.into_iter().map(Into::into).collect()),
            statuses: filter.status.map(|statuses| statuses.into_iter().map(Into::into).collect()),
            parents: super::ids("parentId", filter.parent_id.as_deref(), 50)?,
            search: super::search(&["filter", "search"], filter.search.as_ref())?,
        };
        let page =
            app::organization::list(ctx.app()?, &ctx.viewer()?, &filter, &ask(first, after, last, before))
                .await
                .map_err(Reported)?;
        Ok(OrganizationConnection::new(page, Counted(filter)))
    }

    /// One organisation; null if there is none, or none that you may see.
    async fn organization(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] by: OrganizationBy,
    ) -> Result<Option<Organization>> {
        let row = match by {
            OrganizationBy::Id(id) => match id::decode::<domain::id::OrganizationId>(&id) {
                Some(id) => super::one(ctx, id).await?,
                None => None,
            },
            OrganizationBy::Slug(slug) => {
                app::organization::by_slug(ctx.app()?, &ctx.viewer()?, &slug).await.map_err(Reported)?
            }
        };
        Ok(row.map(Organization))
    }
}

/// What `createOrganization` needs.
#[derive(InputObject)]
pub struct CreateOrganizationInput {
    /// What it is.
    kind: OrganizationKind,
    /// Its name, at most 200 characters; one that looks like the name of a verified organisation is refused.
    name: Vec<LocalizedTextInput>,
    /// Its handle, 3 to 80 of a-z, digits and hyphens; made from the name if left out. What nobody may know of yet takes none:
    /// at the verification the handle gets a suffix if another one was verified with it meanwhile.
    slug: Option<String>,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `verifyOrganization` needs.
#[derive(InputObject)]
pub struct VerifyOrganizationInput {
    /// Which.
    organization_id: ID,
    /// A note, at most 2,000 characters.
    reason: Option<String>,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `rejectOrganization` needs.
#[derive(InputObject)]
pub struct RejectOrganizationInput {
    /// Which.
    organization_id: ID,
    /// Why, 1 to 2,000 characters; its owners read it.
    reason: String,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `inviteMember` needs.
#[derive(InputObject)]
pub struct InviteMemberInput {
    /// Where.
    organization_id: ID,
    /// Whom.
    email: String,
    /// As what; a role of that kind of organisation.
    role: MembershipRole,
    /// Language of the mail.
    #[graphql(default_with = "Locale::Vi")]
    locale: Locale,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `acceptInvitation` needs.
#[derive(InputObject)]
pub struct AcceptInvitationInput {
    /// The token from the mail; good only for an account with the invited address.
    token: String,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `revokeInvitation` needs.
#[derive(InputObject)]
pub struct RevokeInvitationInput {
    /// Which invitation.
    invitation_id: ID,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `changeMemberRole` needs.
#[derive(InputObject)]
pub struct ChangeMemberRoleInput {
    /// Which membership.
    membership_id: ID,
    /// The role from now on; a role of that kind of organisation.
    role: MembershipRole,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `removeMember` needs.
#[derive(InputObject)]
pub struct RemoveMemberInput {
    /// Which membership; your own to leave.
    membership_id: ID,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

payload! {
    /// Answer of `createOrganization`.
    CreateOrganizationPayload {
        /// The new organisation; waits for verification.
        organization: Organization,
    }
}
payload! {
    /// Answer of `verifyOrganization`.
    VerifyOrganizationPayload {
        /// The organisation.
        organization: Organization,
    }
}
payload! {
    /// Answer of `rejectOrganization`.
    RejectOrganizationPayload {
        /// The organisation.
        organization: Organization,
    }
}
payload! {
    /// Answer of `inviteMember`. The same whether or not the address has an account.
    InviteMemberPayload {
        /// The organisation.
        organization: Organization,
    }
}
payload! {
    /// Answer of `acceptInvitation`.
    AcceptInvitationPayload {
        /// The organisation that you are in now.
        organization: Organization,
    }
}
payload! {
    /// Answer of `revokeInvitation`.
    RevokeInvitationPayload {
        /// The organisation.
        organization: Organization,
        /// Id of the invitation that is no more.
        deleted_invitation_id: ID,
    }
}
payload! {
    /// Answer of `changeMemberRole`.
    ChangeMemberRolePayload {
        /// The membership.
        membership: Membership,
    }
}
payload! {
    /// Answer of `removeMember`.
    RemoveMemberPayload {
        /// The organisation; null if you just left it and may not see it any more.
        organization: Organization,
        /// Id of the membership that ended.
        deleted_membership_id: ID,
    }
}

/// Loads the organisation that a command left behind, by the rights there are now.
pub async fn after(
    ctx: &Context<'_>,
    done: Done<domain::id::OrganizationId>,
) -> Result<(Option<Organization>, Vec<UserError>)> {
    match done {
        Ok(id) => {
            ctx.renew().await?;
            let mut errors = Vec::new();
            let organization = found(ctx, super::one(ctx, id).await?.map(Organization), &mut errors)?;
            Ok((organization, errors))
        }
        Err(errors) => Ok((None, errors)),
    }
}

/// Organisations.
#[derive(Default)]
pub struct OrganizationMutation;

/// Organisations.
#[Object]
impl OrganizationMutation {
    /// Founds an organisation; you become its first member. People without a company found a `TEAM`. A programme office is
    /// founded by an administrator.
    /// User errors: `REQUIRED`, `TOO_LONG`, `ALREADY_EXISTS` (name or handle), `NOT_PERMITTED`.
    async fn create_organization(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The organisation.")] input: CreateOrganizationInput,
    ) -> Result<Option<CreateOrganizationPayload>> {
        let mut reader = Reader::default();
        let name = reader.bilingual("name", &input.name, 200, Lines::One);
        let slug = input.slug.as_ref().and_then(|slug| reader.keep("slug", domain::text::slug(slug)));
        let command =
            reader.finish(name.map(|name| CreateOrganization { kind: input.kind.into(), name, slug }));
        let (organization, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), command).await?).await?;
        Ok(Some(CreateOrganizationPayload { organization, user_errors }))
    }

    /// Finds an organisation to be what it says; for the programme office, never by its founder or a member.
    /// User errors: `NOT_FOUND`, `NOT_PERMITTED`, `SELF_APPROVAL`, `CONFLICT`.
    async fn verify_organization(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: VerifyOrganizationInput,
    ) -> Result<Option<VerifyOrganizationPayload>> {
        let mut reader = Reader::default();
        let organization = reader.id("organizationId", &input.organization_id);
        let reason = reader.maybe("reason", input.reason.as_ref(), 2_000, Lines::Many);
        let command = organization.map(|organization| JudgeOrganization {
            organization,
            command: Judgement::Verify,
            reason,
        });
        let (organization, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(VerifyOrganizationPayload { organization, user_errors }))
    }

    /// Refuses an organisation with a reason; for the programme office, never by its founder or a member.
    /// User errors: `NOT_FOUND`, `NOT_PERMITTED`, `SELF_APPROVAL`, `CONFLICT`, `REQUIRED`.
    async fn reject_organization(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which and why.")] input: RejectOrganizationInput,
    ) -> Result<Option<RejectOrganizationPayload>> {
        let mut reader = Reader::default();
        let organization = reader.id("organizationId", &input.organization_id);
        let reason = reader.text("reason", &input.reason, 2_000, Lines::Many);
        let command = organization.zip(reason).map(|(organization, reason)| JudgeOrganization {
            organization,
            command: Judgement::Reject,
            reason: Some(reason),
        });
        let (organization, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(RejectOrganizationPayload { organization, user_errors }))
    }

    /// Invites an address by mail; a newer invitation replaces an older one. For those who manage the organisation; into an agency
    /// without any lead a programme officer invites one. At most 50 wait in an organisation, and one person sends at most 50 in 24
    /// hours. User errors: `NOT_FOUND`, `NOT_PERMITTED`, `ORGANIZATION_INACTIVE`, `SELF_APPROVAL`, `MALFORMED`, `QUOTA`,
    /// `REAUTHENTICATION_REQUIRED`.
    async fn invite_member(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom and as what.")] input: InviteMemberInput,
    ) -> Result<Option<InviteMemberPayload>> {
        let mut reader = Reader::default();
        let organization = reader.id("organizationId", &input.organization_id);
        let email = reader.keep("email", Email::parse(&input.email));
        let command = organization.zip(email).map(|(organization, email)| InviteMember {
            organization,
            email: email.to_string(),
            email_key: email.key(),
            role: input.role.into(),
            locale: input.locale.into(),
        });
        let (organization, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(InviteMemberPayload { organization, user_errors }))
    }

    /// Accepts an invitation. User errors: `INVALID_TOKEN`, `ORGANIZATION_INACTIVE`, `ALREADY_EXISTS`, `QUOTA`.
    async fn accept_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token.")] input: AcceptInvitationInput,
    ) -> Result<Option<AcceptInvitationPayload>> {
        let command = AcceptInvitation { token_hash: token_hash(&input.token) };
        let (organization, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), Ok(command)).await?).await?;
        Ok(Some(AcceptInvitationPayload { organization, user_errors }))
    }

    /// Takes an invitation back: its token stops working, and a mail that is still to go out does not. For those who manage the
    /// organisation. User errors: `NOT_FOUND` (also once accepted, replaced or expired), `NOT_PERMITTED`, `ORGANIZATION_INACTIVE`.
    async fn revoke_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which invitation.")] input: RevokeInvitationInput,
    ) -> Result<Option<RevokeInvitationPayload>> {
        let mut reader = Reader::default();
        let command =
            reader.id("invitationId", &input.invitation_id).map(|invitation| RevokeInvitation { invitation });
        Ok(Some(match execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await? {
            Ok((organization, invitation)) => RevokeInvitationPayload {
                organization: super::one(ctx, organization).await?.map(Organization),
                deleted_invitation_id: Some(id::encode(invitation)),
                user_errors: Vec::new(),
            },
            Err(errors) => RevokeInvitationPayload::refused(errors),
        }))
    }

    /// Gives a member another role; the member is mailed. For those who manage the organisation; the last manager stays one.
    /// User errors: `NOT_FOUND`, `NOT_PERMITTED`, `ORGANIZATION_INACTIVE`, `MALFORMED` (a role of another kind of organisation),
    /// `INCOMPATIBLE_ROLE`, `REAUTHENTICATION_REQUIRED`.
    async fn change_member_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which membership, and the role.")] input: ChangeMemberRoleInput,
    ) -> Result<Option<ChangeMemberRolePayload>> {
        let mut reader = Reader::default();
        let command = reader
            .id("membershipId", &input.membership_id)
            .map(|membership| ChangeMemberRole { membership, role: input.role.into() });
        Ok(Some(match execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await? {
            Ok((_, membership)) => {
                ctx.renew().await?;
                let mut user_errors = Vec::new();
                let membership =
                    found(ctx, super::one(ctx, membership).await?.map(Membership), &mut user_errors)?;
                ChangeMemberRolePayload { membership, user_errors }
            }
            Err(errors) => ChangeMemberRolePayload::refused(errors),
        }))
    }

    /// Ends a membership: your own, or one in an organisation that you manage. The last manager stays.
    /// User errors: `NOT_FOUND`, `NOT_PERMITTED`, `ORGANIZATION_INACTIVE`, `INCOMPATIBLE_ROLE`, `REAUTHENTICATION_REQUIRED`.
    async fn remove_member(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which membership.")] input: RemoveMemberInput,
    ) -> Result<Option<RemoveMemberPayload>> {
        let mut reader = Reader::default();
        let command =
            reader.id("membershipId", &input.membership_id).map(|membership| RemoveMember { membership });
        Ok(Some(match execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await? {
            Ok((organization, membership)) => {
                ctx.renew().await?;
                let organization = super::one(ctx, organization).await?.map(Organization);
                RemoveMemberPayload {
                    organization,
                    deleted_membership_id: Some(id::encode(membership)),
                    user_errors: Vec::new(),
                }
            }
            Err(errors) => RemoveMemberPayload::refused(errors),
        }))
    }
}
