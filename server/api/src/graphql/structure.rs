//! Where organisations stand: registered without staff, renamed, placed, suspended, closed.

use app::organization::{JudgeOrganization, Judgement};
use app::structure::{
    CloseOrganization, DescribeOrganization, PlaceOrganization, RegisterUnit, UpdateOrganization,
};
use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};
use domain::challenge::limits::REASON;
use domain::problem::Problem;

use super::error::Result;
use super::organization::{Organization, after};
use super::payload::{execute, payload};
use super::scalar::Date;
use super::text::{Lines, LocalizedTextInput, Reader};

/// What `registerUnit` needs.
#[derive(InputObject)]
pub struct RegisterUnitInput {
    /// Its name, at most 200 characters; one that looks like the name of a verified organisation is refused.
    name: Vec<LocalizedTextInput>,
    /// Its handle, 3 to 80 of a-z, digits and hyphens; made from the name if left out. What nobody may know of yet takes none:
    /// at the verification the handle gets a suffix if another one was verified with it meanwhile.
    slug: Option<String>,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `updateOrganization` needs; what is left out stays.
#[derive(InputObject)]
pub struct UpdateOrganizationInput {
    /// Which.
    organization_id: ID,
    /// The version that you saw; another one meanwhile is refused with `CONFLICT`.
    expected_version: i32,
    /// Its name from now on, at most 200 characters; one that looks like the name of a verified organisation is refused.
    name: Option<Vec<LocalizedTextInput>>,
    /// Its handle from now on.
    slug: Option<String>,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `placeOrganization` needs; what is left out stays, null clears.
#[derive(InputObject)]
pub struct PlaceOrganizationInput {
    /// Which public body.
    organization_id: ID,
    /// The version that you saw; another one meanwhile is refused with `CONFLICT`.
    expected_version: i32,
    /// The public body directly above it; at most 8 levels, and no circle.
    parent_id: MaybeUndefined<ID>,
    /// First day of its existence.
    valid_from: MaybeUndefined<Date>,
    /// Last day of its existence, not before the first.
    valid_until: MaybeUndefined<Date>,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `describeOrganization` needs; what is left out stays as it is, null clears it.
#[derive(InputObject)]
pub struct DescribeOrganizationInput {
    /// Which.
    organization_id: ID,
    /// The version that you saw; another one meanwhile is refused with `CONFLICT`.
    expected_version: i32,
    /// What it is and does, 1 to 2,000 characters.
    about: MaybeUndefined<Vec<LocalizedTextInput>>,
    /// Where more of it is to be read: http or https, at most 2,000 characters.
    website: MaybeUndefined<String>,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `suspendOrganization` needs.
#[derive(InputObject)]
pub struct SuspendOrganizationInput {
    /// Which.
    organization_id: ID,
    /// Why, 1 to 2,000 characters; its managers read it.
    reason: String,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `reinstateOrganization` needs.
#[derive(InputObject)]
pub struct ReinstateOrganizationInput {
    /// Which.
    organization_id: ID,
    /// Why, 1 to 2,000 characters; its managers read it.
    reason: String,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `closeOrganization` needs.
#[derive(InputObject)]
pub struct CloseOrganizationInput {
    /// Which.
    organization_id: ID,
    /// What takes its place: a verified public body for a public body, a verified applicant for an applicant.
    successor_id: Option<ID>,
    /// Why, 1 to 2,000 characters; its managers read it.
    reason: String,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

payload! {
    /// Answer of `registerUnit`.
    RegisterUnitPayload {
        /// The new agency; waits for verification by another officer.
        organization: Organization,
    }
}
payload! {
    /// Answer of `updateOrganization`.
    UpdateOrganizationPayload {
        /// The organisation.
        organization: Organization,
    }
}
payload! {
    /// Answer of `placeOrganization`.
    PlaceOrganizationPayload {
        /// The organisation.
        organization: Organization,
    }
}
payload! {
    /// Answer of `describeOrganization`.
    DescribeOrganizationPayload {
        /// The organisation.
        organization: Organization,
    }
}
payload! {
    /// Answer of `suspendOrganization`.
    SuspendOrganizationPayload {
        /// The organisation.
        organization: Organization,
    }
}
payload! {
    /// Answer of `reinstateOrganization`.
    ReinstateOrganizationPayload {
        /// The organisation.
        organization: Organization,
    }
}
payload! {
    /// Answer of `closeOrganization`.
    CloseOrganizationPayload {
        /// The organisation.
        organization: Organization,
    }
}

fn judge(
    command: Judgement,
    organization_id: &ID,
    reason: &str,
) -> std::result::Result<JudgeOrganization, Vec<Problem>> {
    let mut reader = Reader::default();
    let organization = reader.id("organizationId", organization_id);
    let reason = reader.text("reason", reason, REASON, Lines::Many);
    reader.finish(organization.zip(reason).map(|(organization, reason)| JudgeOrganization {
        organization,
        command,
        reason: Some(reason),
    }))
}

/// Where organisations stand.
#[derive(Default)]
pub struct StructureMutation;

/// Where organisations stand.
#[Object]
impl StructureMutation {
    /// Registers an agency that has no staff, so that others may draft for it by delegation; for programme officers. Another
    /// officer verifies it. User errors: `REQUIRED`, `TOO_LONG`, `MALFORMED`, `ALREADY_EXISTS` (name or handle), `NOT_PERMITTED`.
    async fn register_unit(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The agency.")] input: RegisterUnitInput,
    ) -> Result<Option<RegisterUnitPayload>> {
        let mut reader = Reader::default();
        let name = reader.bilingual("name", &input.name, 200, Lines::One);
        let slug = input.slug.as_ref().and_then(|slug| reader.keep("slug", domain::text::slug(slug)));
        let command = reader.finish(name.map(|name| RegisterUnit { name, slug }));
        let (organization, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), command).await?).await?;
        Ok(Some(RegisterUnitPayload { organization, user_errors }))
    }

    /// Changes name or handle of an organisation: for its managers while it waits for verification, afterwards for the programme
    /// office. User errors: `NOT_FOUND`, `NOT_PERMITTED`, `CONFLICT` (version, or rejected or closed), `REQUIRED`, `TOO_LONG`,
    /// `MALFORMED`, `ALREADY_EXISTS` (name or handle).
    async fn update_organization(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and what changes.")] input: UpdateOrganizationInput,
    ) -> Result<Option<UpdateOrganizationPayload>> {
        let mut reader = Reader::default();
        let organization = reader.id("organizationId", &input.organization_id);
        let name = input.name.as_ref().and_then(|name| reader.bilingual("name", name, 200, Lines::One));
        let slug = input.slug.as_ref().and_then(|slug| reader.keep("slug", domain::text::slug(slug)));
        let command = organization.map(|organization| UpdateOrganization {
            organization,
            expected_version: input.expected_version,
            name,
            slug,
        });
        let (organization, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(UpdateOrganizationPayload { organization, user_errors }))
    }

    /// Says what a public body stands below, and from when to when it exists; for programme officers. User errors: `NOT_FOUND`,
    /// `NOT_PERMITTED`, `CONFLICT` (version, or rejected or closed), `MALFORMED` (no public body, or a circle), `OUT_OF_RANGE`.
    async fn place_organization(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and where it stands.")] input: PlaceOrganizationInput,
    ) -> Result<Option<PlaceOrganizationPayload>> {
        let mut reader = Reader::default();
        let organization = reader.id("organizationId", &input.organization_id);
        let parent = match input.parent_id {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(id) => reader.id("parentId", &id).map(Some),
        };
        let command = organization.map(|organization| PlaceOrganization {
            organization,
            expected_version: input.expected_version,
            parent,
            valid_from: input.valid_from.map_value(|day| day.0).into(),
            valid_until: input.valid_until.map_value(|day| day.0).into(),
        });
        let (organization, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(PlaceOrganizationPayload { organization, user_errors }))
    }

    /// Says in public what an organisation is and does; whoever may know the organisation reads it. For its own managers, as long as it
    /// acts. User errors: `NOT_FOUND`, `NOT_PERMITTED`, `ORGANIZATION_INACTIVE`, `CONFLICT`, `REQUIRED`, `TOO_LONG`,
    /// `FORBIDDEN_CHARACTER`, `MALFORMED`.
    async fn describe_organization(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and what it says.")] input: DescribeOrganizationInput,
    ) -> Result<Option<DescribeOrganizationPayload>> {
        let mut reader = Reader::default();
        let organization = reader.id("organizationId", &input.organization_id);
        let about = match input.about {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(about) => reader.bilingual("about", &about, REASON, Lines::Many).map(Some),
        };
        let website = match input.website {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(url) => reader.keep("website", domain::text::http_url(&url)).map(Some),
        };
        let command = organization.map(|organization| DescribeOrganization {
            organization,
            expected_version: input.expected_version,
            about,
            website,
        });
        let (organization, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(DescribeOrganizationPayload { organization, user_errors }))
    }

    /// Stops a verified organisation for a time; its managers are mailed. It does nothing then, and only its members and staff know
    /// of it. For the programme office (of a programme office: an administrator), never a member. User errors: `NOT_FOUND`,
    /// `NOT_PERMITTED`, `SELF_APPROVAL`, `CONFLICT`, `REQUIRED`, `TOO_LONG`.
    async fn suspend_organization(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which and why.")] input: SuspendOrganizationInput,
    ) -> Result<Option<SuspendOrganizationPayload>> {
        let command = judge(Judgement::Suspend, &input.organization_id, &input.reason);
        let (organization, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), command).await?).await?;
        Ok(Some(SuspendOrganizationPayload { organization, user_errors }))
    }

    /// Lets a suspended organisation go on; its managers are mailed. For whoever may suspend it. User errors: `NOT_FOUND`,
    /// `NOT_PERMITTED`, `SELF_APPROVAL`, `CONFLICT`, `REQUIRED`, `TOO_LONG`.
    async fn reinstate_organization(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which and why.")] input: ReinstateOrganizationInput,
    ) -> Result<Option<ReinstateOrganizationPayload>> {
        let command = judge(Judgement::Reinstate, &input.organization_id, &input.reason);
        let (organization, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), command).await?).await?;
        Ok(Some(ReinstateOrganizationPayload { organization, user_errors }))
    }

    /// Closes a verified or suspended organisation for good, perhaps with a successor; its managers are mailed. Everybody sees it
    /// with its successor; its members go on reading what is theirs. For the programme office (of a programme office: an
    /// administrator), never a member. User errors: `NOT_FOUND`, `NOT_PERMITTED`, `SELF_APPROVAL`, `CONFLICT`, `REQUIRED`,
    /// `TOO_LONG`, `MALFORMED` (a successor of another nature), `ORGANIZATION_NOT_VERIFIED` (the successor),
    /// `REAUTHENTICATION_REQUIRED`.
    async fn close_organization(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, why, and what takes its place.")] input: CloseOrganizationInput,
    ) -> Result<Option<CloseOrganizationPayload>> {
        let mut reader = Reader::default();
        let organization = reader.id("organizationId", &input.organization_id);
        let successor = input.successor_id.as_ref().and_then(|id| reader.id("successorId", id));
        let reason = reader.text("reason", &input.reason, REASON, Lines::Many);
        let command = organization.zip(reason).map(|(organization, reason)| CloseOrganization {
            organization,
            successor,
            reason,
        });
        let (organization, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(CloseOrganizationPayload { organization, user_errors }))
    }
}
