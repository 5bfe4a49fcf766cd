//! Working groups of units.

use app::working_group::{EstablishWorkingGroup, NewPerson, NewPlace, may_read_members};
use async_graphql::{Context, ID, InputObject, Object, OneofObject};
use domain::working_group::{GROUP_MAX, NAME, POSITION};
use entity::{working_group, working_group_member};

use super::challenge::{OfficialRecord, OfficialRecordInput};
use super::context::Ask as _;
use super::enums::WorkingGroupRole as Role;
use super::error::Result;
use super::id;
use super::load::PlacesIn;
use super::organization::{Membership, Organization};
use super::payload::{execute, found, payload};
use super::scalar::{Date, DateTime};
use super::text::{Lines, Reader};

/// A working group.
#[derive(Clone)]
pub struct WorkingGroup(pub working_group::Model);

/// The working group (tổ công tác) of a unit, as one decision set it up. Of the present group of a verified agency everybody knows
/// the decision, the size and the focal point; who is in it, and groups of the past, only members of the agency and staff.
#[Object]
impl WorkingGroup {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// Of which agency; null if you may not see it any more.
    async fn organization(&self, ctx: &Context<'_>) -> Result<Option<Organization>> {
        Ok(super::one(ctx, self.0.organization_id).await?.map(Organization))
    }

    /// Number of the decision that set it up.
    async fn decision_number(&self) -> &str {
        &self.0.record.number
    }

    /// Day of that decision.
    async fn decision_date(&self) -> Date {
        Date(self.0.record.day.clone())
    }

    /// That decision with signer and document; null unless you are a member of the agency, or staff.
    async fn record(&self, ctx: &Context<'_>) -> Result<Option<OfficialRecord>> {
        let inside = may_read_members(&ctx.viewer()?, &self.0);
        Ok(inside.then(|| self.0.record.clone().into()))
    }

    /// How many people are in it.
    async fn member_count(&self, ctx: &Context<'_>) -> Result<i32> {
        Ok(i32::try_from(self.places(ctx).await?.len()).unwrap_or(i32::MAX))
    }

    /// The name of the one whom others turn to.
    async fn focal_point_name(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let places = self.places(ctx).await?;
        Ok(places.into_iter().find(|(place, _)| place.is_focal_point).map(|(_, name)| name))
    }

    /// Who is in it, in the order of the decision, at most 20; empty unless you are a member of the agency, or staff.
    async fn members(&self, ctx: &Context<'_>) -> Result<Vec<WorkingGroupMember>> {
        if !may_read_members(&ctx.viewer()?, &self.0) {
            return Ok(Vec::new());
        }
        Ok(self
            .places(ctx)
            .await?
            .into_iter()
            .map(|(place, name)| WorkingGroupMember { place, name })
            .collect())
    }

    /// When it was recorded.
    async fn established_at(&self) -> DateTime {
        DateTime(self.0.established_at)
    }

    /// When another one took its place; null for the present one.
    async fn ended_at(&self) -> Option<DateTime> {
        self.0.ended_at.map(DateTime)
    }
}

impl WorkingGroup {
    async fn places(&self, ctx: &Context<'_>) -> Result<Vec<(working_group_member::Model, String)>> {
        Ok(super::one(ctx, PlacesIn(self.0.id)).await?.unwrap_or_default())
    }
}

/// A place in a working group.
pub struct WorkingGroupMember {
    place: working_group_member::Model,
    name: String,
}

/// A person in a working group.
#[Object]
impl WorkingGroupMember {
    /// The person's name: that of the account, or as the decision has it.
    async fn name(&self) -> &str {
        &self.name
    }

    /// The person's membership in the agency; null for somebody without an account, and once it ended.
    async fn membership(&self, ctx: &Context<'_>) -> Result<Option<Membership>> {
        match self.place.membership_id {
            Some(id) => Ok(super::one(ctx, id).await?.map(Membership)),
            None => Ok(None),
        }
    }

    /// The person's office in the unit; null for none.
    async fn position(&self) -> Option<&String> {
        self.place.position.as_ref()
    }

    /// As what.
    async fn role(&self) -> Role {
        self.place.role.into()
    }

    /// The one whom others turn to; exactly one person of a group is.
    async fn is_focal_point(&self) -> bool {
        self.place.is_focal_point
    }

    /// First day of the term.
    async fn term_from(&self) -> Date {
        Date(self.place.term_from.clone())
    }

    /// Last day of the term; null for an open one.
    async fn term_until(&self) -> Option<Date> {
        self.place.term_until.clone().map(Date)
    }
}

/// One way to name a person of a working group.
#[derive(OneofObject)]
pub enum WorkingGroupPersonInput {
    /// A member of the agency, by membership.
    MembershipId(ID),
    /// Somebody without an account, by name: 1 to 100 characters.
    Name(String),
}

/// A person in a working group.
#[derive(InputObject)]
pub struct WorkingGroupMemberInput {
    /// Who.
    person: WorkingGroupPersonInput,
    /// The person's office in the unit, at most 200 characters.
    position: Option<String>,
    /// As what; at most one heads the group.
    role: Role,
    /// The one whom others turn to; exactly one person of a group is.
    #[graphql(default)]
    is_focal_point: bool,
    /// First day of the term.
    term_from: Date,
    /// Last day of the term, not before the first; left out for an open one.
    term_until: Option<Date>,
}

/// What `establishWorkingGroup` needs.
#[derive(InputObject)]
pub struct EstablishWorkingGroupInput {
    /// Of which agency; verified.
    organization_id: ID,
    /// The version of the agency that you saw, if it matters; another one meanwhile is refused with `CONFLICT`.
    expected_version: Option<i32>,
    /// The decision on paper.
    record: OfficialRecordInput,
    /// Everybody in it, in order, 1 to 20.
    members: Vec<WorkingGroupMemberInput>,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

impl WorkingGroupMemberInput {
    fn read(self, reader: &mut Reader) -> Option<NewPlace> {
        let person = match self.person {
            WorkingGroupPersonInput::MembershipId(id) => reader.id("person", &id).map(NewPerson::Member),
            WorkingGroupPersonInput::Name(name) => {
                reader.text("person", &name, NAME, Lines::One).map(NewPerson::Named)
            }
        };
        let position = reader.maybe("position", self.position.as_ref(), POSITION, Lines::One);
        Some(NewPlace {
            person: person?,
            position,
            role: self.role.into(),
            is_focal_point: self.is_focal_point,
            term_from: self.term_from.0,
            term_until: self.term_until.map(|day| day.0),
        })
    }
}

payload! {
    /// Answer of `establishWorkingGroup`.
    EstablishWorkingGroupPayload {
        /// The agency.
        organization: Organization,
        /// Its working group from now on.
        working_group: WorkingGroup,
    }
}

/// Working groups.
#[derive(Default)]
pub struct WorkingGroupMutation;

/// Working groups.
#[Object]
impl WorkingGroupMutation {
    /// Records the working group of a unit as a whole; the one before stays as history. Exactly one focal point, at most one head.
    /// For a lead of the agency and for programme officers. User errors: `NOT_FOUND`, `NOT_PERMITTED`, `ORGANIZATION_INACTIVE`,
    /// `ORGANIZATION_NOT_VERIFIED`, `CONFLICT` (version), `REQUIRED`, `TOO_LONG`, `MALFORMED`, `OUT_OF_RANGE` (a term that ends before it
    /// begins), `ALREADY_EXISTS` (a second focal point or head, a person twice).
    async fn establish_working_group(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which agency, by which decision, who.")] input: EstablishWorkingGroupInput,
    ) -> Result<Option<EstablishWorkingGroupPayload>> {
        let mut reader = Reader::default();
        let organization = reader.id("organizationId", &input.organization_id);
        let record = input.record.read(&mut reader);
        reader.at_most("members", &input.members, GROUP_MAX);
        let members: Vec<_> = reader.within("members", |reader| {
            let members = input.members.into_iter().take(GROUP_MAX).enumerate();
            members.filter_map(|(index, new)| reader.within(index, |reader| new.read(reader))).collect()
        });
        let command = organization.zip(record).map(|(organization, record)| EstablishWorkingGroup {
            organization,
            expected_version: input.expected_version,
            record,
            members,
        });
        Ok(Some(match execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await? {
            Ok((organization, group)) => {
                let mut user_errors = Vec::new();
                let organization =
                    found(ctx, super::one(ctx, organization).await?.map(Organization), &mut user_errors)?;
                let working_group =
                    found(ctx, super::one(ctx, group).await?.map(WorkingGroup), &mut user_errors)?;
                EstablishWorkingGroupPayload { organization, working_group, user_errors }
            }
            Err(errors) => EstablishWorkingGroupPayload::refused(errors),
        }))
    }
}
