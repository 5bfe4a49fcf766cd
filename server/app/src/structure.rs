//! Where organisations stand: registered without staff, renamed, placed below one another, closed.

use domain::access::Action;
use domain::event::{Event, EventKind};
use domain::id::OrganizationId;
use domain::organization::{
    LEVELS_MAX, OrganizationCommand, OrganizationKind, OrganizationStatus, days_in_order, may_edit,
    may_stand_below, may_succeed, renamed_by,
};
use domain::problem::{Form, Problem, Reason};
use domain::text::{Bilingual, look_alike_key};
use domain::time::Day;
use entity::organization;
use sea_orm::{ActiveValue::Set, ColumnTrait, QueryFilter, QuerySelect};
use serde::Serialize;

use crate::access::must;
use crate::challenge::must_be_version;
use crate::command::Command;
use crate::db::Tx;
use crate::error::Result;
use crate::naming;
use crate::organization::{advance, insert, locked, manager_roles, must_judge, visible_to};

/// Registers an agency without staff: a ward has problems even if nobody there has an account. It waits for verification by
/// another officer, and then others draft for it by delegation.
#[derive(Serialize)]
pub struct RegisterUnit {
    /// Its name.
    pub name: Bilingual,
    /// Its handle; made from the name if left out.
    pub slug: Option<String>,
}

impl Command for RegisterUnit {
    const NAME: &'static str = "registerUnit";
    type Output = OrganizationId;

    async fn run(&self, tx: &Tx) -> Result<OrganizationId> {
        let user = tx.op().user()?;
        must(Action::RegisterUnit, tx.op().viewer.roles())?;
        let kind = OrganizationKind::Agency;
        let id = insert(tx, kind, OrganizationStatus::Pending, &self.name, self.slug.as_ref()).await?;
        let event = Event::new(EventKind::OrganizationCreated).organization(id).user(user);
        tx.record(event.fact("kind", kind).fact("members", 0));
        Ok(id)
    }
}

/// Changes name or handle of an organisation.
#[derive(Serialize)]
pub struct UpdateOrganization {
    /// Which.
    pub organization: OrganizationId,
    /// The version that the caller saw.
    pub expected_version: i32,
    /// Its name from now on.
    pub name: Option<Bilingual>,
    /// Its handle from now on.
    pub slug: Option<String>,
}

impl Command for UpdateOrganization {
    const NAME: &'static str = "updateOrganization";
    type Output = OrganizationId;

    async fn run(&self, tx: &Tx) -> Result<OrganizationId> {
        tx.op().user()?;
        let row = locked(tx, self.organization, "organizationId").await?;
        let (action, viewer) = (renamed_by(row.status), &tx.op().viewer);
        let roles = match action {
            Action::EditOrganization => manager_roles(viewer, row.id, row.kind),
            _ => viewer.roles(),
        };
        must(action, roles)?;
        may_edit(row.status)?;
        must_be_version(Some(self.expected_version), row.version)?;
        let key = self.name.as_ref().map(|name| look_alike_key(&name.vi));
        naming::must_be_free(tx, row.id, key.as_deref(), self.slug.as_deref()).await?;
        let mut change = organization::ActiveModel::default();
        let mut event = Event::new(EventKind::OrganizationEdited).organization(row.id);
        if let Some(name) = &self.name {
            change.name_vi = Set(name.vi.clone());
            change.name_en = Set(name.en.clone());
            change.name_key = Set(look_alike_key(&name.vi));
            change.name_folded = Set(name.folded());
            event = event.fact("name", "changed");
        }
        if let Some(slug) = &self.slug {
            change.slug = Set(slug.clone());
            event = event.fact("slug", slug);
        }
        advance(tx, &row, OrganizationCommand::Edit, change).await?;
        tx.record(event.fact("version", row.version + 1));
        Ok(row.id)
    }
}

/// Says in public what an organisation is and does. None leaves a part as it is, Some(None) clears it.
#[derive(Serialize)]
pub struct DescribeOrganization {
    /// Which.
    pub organization: OrganizationId,
    /// The version that the caller saw.
    pub expected_version: i32,
    /// What it is and does.
    pub about: Option<Option<Bilingual>>,
    /// Where more of it is to be read.
    pub website: Option<Option<String>>,
}

impl Command for DescribeOrganization {
    const NAME: &'static str = "describeOrganization";
    type Output = OrganizationId;

    async fn run(&self, tx: &Tx) -> Result<OrganizationId> {
        tx.op().user()?;
        let row = locked(tx, self.organization, "organizationId").await?;
        must(Action::DescribeOrganization, manager_roles(&tx.op().viewer, row.id, row.kind))?;
        row.status.must_act()?;
        must_be_version(Some(self.expected_version), row.version)?;
        let mut change = organization::ActiveModel::default();
        if let Some(about) = &self.about {
            change.about_vi = Set(about.as_ref().map(|about| about.vi.clone()));
            change.about_en = Set(about.as_ref().and_then(|about| about.en.clone()));
        }
        if let Some(website) = &self.website {
            change.website = Set(website.clone());
        }
        advance(tx, &row, OrganizationCommand::Edit, change).await?;
        let event = Event::new(EventKind::OrganizationDescribed).organization(row.id);
        tx.record(event.fact("version", row.version + 1));
        Ok(row.id)
    }
}

/// Says what a public body stands below, and from when to when it exists. None leaves a part as it is, Some(None) clears it.
#[derive(Serialize)]
pub struct PlaceOrganization {
    /// Which.
    pub organization: OrganizationId,
    /// The version that the caller saw.
    pub expected_version: i32,
    /// The public body directly above.
    pub parent: Option<Option<OrganizationId>>,
    /// First day.
    pub valid_from: Option<Option<Day>>,
    /// Last day.
    pub valid_until: Option<Option<Day>>,
}

impl Command for PlaceOrganization {
    const NAME: &'static str = "placeOrganization";
    type Output = OrganizationId;

    async fn run(&self, tx: &Tx) -> Result<OrganizationId> {
        tx.op().user()?;
        let row = locked(tx, self.organization, "organizationId").await?;
        must(Action::PlaceOrganization, tx.op().viewer.roles())?;
        if !row.kind.is_public_body() {
            return Err(
                Problem::at("organizationId", Reason::Malformed { expected: Form::PublicBody }).into()
            );
        }
        may_edit(row.status)?;
        must_be_version(Some(self.expected_version), row.version)?;
        let parent = self.parent.unwrap_or(row.parent_id);
        if let Some(parent) = parent.filter(|_| self.parent.is_some()) {
            let above = above(tx, parent).await?;
            let kind = above.first().ok_or_else(|| Problem::at("parentId", Reason::NotFound))?.kind;
            let ids: Vec<_> = above.iter().map(|row| row.id).collect();
            may_stand_below(row.id, kind, &ids).map_err(|reason| Problem::at("parentId", reason))?;
        }
        let valid_from = self.valid_from.clone().unwrap_or_else(|| row.valid_from.clone());
        let valid_until = self.valid_until.clone().unwrap_or_else(|| row.valid_until.clone());
        days_in_order(valid_from.as_ref(), valid_until.as_ref())
            .map_err(|reason| Problem::at("validUntil", reason))?;
        let change = organization::ActiveModel {
            parent_id: Set(parent),
            valid_from: Set(valid_from),
            valid_until: Set(valid_until),
            ..Default::default()
        };
        advance(tx, &row, OrganizationCommand::Edit, change).await?;
        let event = Event::new(EventKind::OrganizationPlaced).organization(row.id);
        let event = parent.into_iter().fold(event, |event, parent| event.fact("parent", parent));
        tx.record(event.fact("version", row.version + 1));
        Ok(row.id)
    }
}

/// That organisation and those above it, in order. Locked, so that two who move public bodies at once make no circle.
async fn above(tx: &Tx, parent: OrganizationId) -> Result<Vec<organization::Model>> {
    let mut above: Vec<organization::Model> = Vec::new();
    let mut next = Some(parent);
    while let Some(id) = next.filter(|_| above.len() < LEVELS_MAX) {
        let row =
            visible_to(&tx.op().viewer).filter(organization::Column::Id.eq(id)).lock_shared().one(tx).await?;
        let Some(row) = row else { break };
        next = row.parent_id;
        above.push(row);
    }
    Ok(above)
}

/// Closes an organisation for good.
#[derive(Serialize)]
pub struct CloseOrganization {
    /// Which.
    pub organization: OrganizationId,
    /// What took its place.
    pub successor: Option<OrganizationId>,
    /// Why.
    pub reason: String,
}

impl Command for CloseOrganization {
    const NAME: &'static str = "closeOrganization";
    type Output = OrganizationId;

    async fn run(&self, tx: &Tx) -> Result<OrganizationId> {
        tx.fresh_person().await?;
        let row = locked(tx, self.organization, "organizationId").await?;
        must_judge(tx, &row, OrganizationCommand::Close)?;
        if let Some(successor) = self.successor {
            let next = visible_to(&tx.op().viewer)
                .filter(organization::Column::Id.eq(successor))
                .lock_shared()
                .one(tx)
                .await?
                .ok_or_else(|| Problem::at("successorId", Reason::NotFound))?;
            may_succeed((row.id, row.kind), (next.id, next.kind, next.status))
                .map_err(|reason| Problem::at("successorId", reason))?;
        }
        let today = Day::at(tx.now().await?);
        let last_day = row.valid_until.clone().filter(|day| *day < today).unwrap_or(today);
        let change = organization::ActiveModel {
            successor_id: Set(self.successor),
            status_reason: Set(Some(self.reason.clone())),
            valid_until: Set(Some(last_day)),
            ..Default::default()
        };
        let next = advance(tx, &row, OrganizationCommand::Close, change).await?;
        let event = Event::new(EventKind::OrganizationClosed).organization(row.id);
        let event = self.successor.into_iter().fold(event, |event, id| event.fact("successor", id));
        tx.record(event.fact("from", row.status).fact("to", next));
        Ok(row.id)
    }
}
