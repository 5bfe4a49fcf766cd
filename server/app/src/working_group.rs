//! Working groups: set up as a whole, seen in part by everybody, kept when another one takes their place.

use domain::access::Action;
use domain::challenge::OfficialRecord;
use domain::event::{Event, EventKind};
use domain::id::{MembershipId, OrganizationId, WorkingGroupId};
use domain::organization::{OrganizationKind, OrganizationStatus};
use domain::problem::{Problem, Reason};
use domain::time::Day;
use domain::working_group::{Place, WorkingGroupRole, problems};
use entity::{membership, organization, working_group, working_group_member};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select,
};
use serde::Serialize;

use crate::access::must_in;
use crate::challenge::must_be_version;
use crate::command::Command;
use crate::db::Tx;
use crate::error::Result;
use crate::ids;
use crate::op::Viewer;
use crate::organization::locked;

/// Working groups that a viewer may know of: the present one of a verified agency is public; all of the own organisations;
/// staff know all.
pub fn visible_to(viewer: &Viewer) -> Select<working_group::Entity> {
    let all = working_group::Entity::find();
    if viewer.is_staff() {
        return all;
    }
    let verified = organization::Entity::find()
        .filter(organization::Column::Status.eq(OrganizationStatus::Verified))
        .select_only()
        .column(organization::Column::Id)
        .into_query();
    let public = Condition::all()
        .add(working_group::Column::EndedAt.is_null())
        .add(working_group::Column::OrganizationId.in_subquery(verified));
    all.filter(Condition::any().add(public).add(working_group::Column::OrganizationId.is_in(viewer.houses())))
}

/// Whether the viewer reads who is in it, and not only who its focal point is.
pub fn may_read_members(viewer: &Viewer, row: &working_group::Model) -> bool {
    viewer.is_staff() || viewer.belongs_to(row.organization_id)
}

/// A person of a group, as the decision names them.
#[derive(Clone, Debug, Serialize)]
pub enum NewPerson {
    /// A member of the unit.
    Member(MembershipId),
    /// Somebody without an account.
    Named(String),
}

/// A place in a group as it is written.
#[derive(Clone, Debug, Serialize)]
pub struct NewPlace {
    /// Who.
    pub person: NewPerson,
    /// The person's office in the unit.
    pub position: Option<String>,
    /// As what.
    pub role: WorkingGroupRole,
    /// The one whom others turn to.
    pub is_focal_point: bool,
    /// First day of the term.
    pub term_from: Day,
    /// Last day of the term; None: open.
    pub term_until: Option<Day>,
}

impl NewPlace {
    const fn membership(&self) -> Option<MembershipId> {
        match self.person {
            NewPerson::Member(id) => Some(id),
            NewPerson::Named(_) => None,
        }
    }
}

/// Sets up the working group of a unit. The one before stays as history.
#[derive(Serialize)]
pub struct EstablishWorkingGroup {
    /// Of which agency.
    pub organization: OrganizationId,
    /// The agency's version that the caller saw, if it matters.
    pub expected_version: Option<i32>,
    /// The decision on paper.
    pub record: OfficialRecord,
    /// Everybody in it, in order.
    pub members: Vec<NewPlace>,
}

impl Command for EstablishWorkingGroup {
    const NAME: &'static str = "establishWorkingGroup";
    type Output = (OrganizationId, WorkingGroupId);

    async fn run(&self, tx: &Tx) -> Result<Self::Output> {
        let user = tx.op().user()?;
        let unit = locked(tx, self.organization, "organizationId").await?;
        if unit.kind != OrganizationKind::Agency {
            return Err(Problem::at("organizationId", Reason::NotFound).into());
        }
        must_in(tx, Action::EstablishWorkingGroup, unit.id).await?;
        unit.status.must_be_verified().map_err(|reason| Problem::at("organizationId", reason))?;
        must_be_version(self.expected_version, unit.version)?;
        let places: Vec<_> = self
            .members
            .iter()
            .map(|new| Place {
                membership: new.membership(),
                role: new.role,
                is_focal_point: new.is_focal_point,
                term_from: &new.term_from,
                term_until: new.term_until.as_ref(),
            })
            .collect();
        let mut wrong = problems(&places);
        wrong.extend(self.strangers(tx).await?);
        if !wrong.is_empty() {
            return Err(wrong.into());
        }
        let now = tx.now().await?;
        working_group::Entity::update_many()
            .set(working_group::ActiveModel { ended_at: Set(Some(now)), ..Default::default() })
            .filter(working_group::Column::OrganizationId.eq(unit.id))
            .filter(working_group::Column::EndedAt.is_null())
            .exec(tx)
            .await?;
        let id: WorkingGroupId = ids::random();
        let row = working_group::ActiveModel {
            id: Set(id),
            organization_id: Set(unit.id),
            record: Set(self.record.clone()),
            established_by: Set(user),
            established_at: Set(now),
            ended_at: Set(None),
        };
        working_group::Entity::insert(row).exec_without_returning(tx).await?;
        let rows = (0..).zip(&self.members).map(|(place, new)| working_group_member::ActiveModel {
            working_group_id: Set(id),
            place: Set(place),
            membership_id: Set(new.membership()),
            name: Set(match &new.person {
                NewPerson::Member(_) => None,
                NewPerson::Named(name) => Some(name.clone()),
            }),
            position: Set(new.position.clone()),
            role: Set(new.role),
            is_focal_point: Set(new.is_focal_point),
            term_from: Set(new.term_from.clone()),
            term_until: Set(new.term_until.clone()),
        });
        working_group_member::Entity::insert_many(rows).exec_without_returning(tx).await?;
        // The unit has changed by it: of two who saw the same version one writes.
        let touched = organization::ActiveModel {
            updated_at: Set(now),
            version: Set(unit.version + 1),
            ..Default::default()
        };
        organization::Entity::update_many()
            .set(touched)
            .filter(organization::Column::Id.eq(unit.id))
            .exec(tx)
            .await?;
        tx.record(
            Event::new(EventKind::WorkingGroupEstablished)
                .organization(unit.id)
                .fact("working_group", id)
                .fact("decision_number", &self.record.number)
                .fact("members", self.members.len()),
        );
        Ok((unit.id, id))
    }
}

impl EstablishWorkingGroup {
    /// Those who were named by a membership that is none of this unit.
    async fn strangers(&self, tx: &Tx) -> Result<Vec<Problem>> {
        let named = self.members.iter().filter_map(NewPlace::membership);
        let known: Vec<MembershipId> = membership::Entity::find()
            .filter(membership::Column::Id.is_in(named))
            .filter(membership::Column::OrganizationId.eq(self.organization))
            .filter(membership::Column::EndedAt.is_null())
            .select_only()
            .column(membership::Column::Id)
            .into_tuple()
            .all(tx)
            .await?;
        let unknown = self
            .members
            .iter()
            .enumerate()
            .filter(|(_, new)| new.membership().is_some_and(|membership| !known.contains(&membership)));
        Ok(unknown
            .map(|(index, _)| Problem::at_path(["members", &index.to_string(), "person"], Reason::NotFound))
            .collect())
    }
}
