//! Delegations: who lets whom draft for a unit, and what seats follow from that.

use domain::access::Action;
use domain::challenge::OfficialRecord;
use domain::delegation::{DELEGATIONS_MAX, Days, DelegationStatus, acts, may_be_asked, may_delegate};
use domain::event::{Event, EventKind};
use domain::id::{DelegationId, OrganizationId};
use domain::organization::{MembershipRole, OrganizationKind, OrganizationStatus};
use domain::problem::{Problem, Reason};
use domain::time::{Day, Timestamp};
use entity::{delegation, membership, organization};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, JoinType, PaginatorTrait as _, QueryFilter,
    QuerySelect, Select,
};
use serde::Serialize;

use crate::access::{must, must_in};
use crate::command::Command;
use crate::db::{Db, Tx};
use crate::error::Result;
use crate::op::{Seat, Viewer};
use crate::organization::locked;
use crate::page::{self, Ask, Key, Page, Sort};
use crate::{App, ids};

/// Delegations that a viewer may know of: those of the own organisations, given or taken; staff know all.
pub fn visible_to(viewer: &Viewer) -> Select<delegation::Entity> {
    let all = delegation::Entity::find();
    if viewer.is_staff() {
        return all;
    }
    let own = viewer.houses();
    all.filter(
        Condition::any()
            .add(delegation::Column::UnitId.is_in(own.clone()))
            .add(delegation::Column::DelegateId.is_in(own)),
    )
}

/// Of these, the ones that hold on that day or later.
pub(crate) fn standing(select: Select<delegation::Entity>, today: &Day) -> Select<delegation::Entity> {
    select
        .filter(delegation::Column::RevokedAt.is_null())
        .filter(delegation::Column::ValidUntil.gte(today.clone()))
}

/// Of these, the ones that hold on that day.
fn holding(select: Select<delegation::Entity>, today: &Day) -> Select<delegation::Entity> {
    standing(select, today).filter(delegation::Column::ValidFrom.lte(today.clone()))
}

fn received(viewer: &Viewer, delegate: OrganizationId) -> Select<delegation::Entity> {
    visible_to(viewer).filter(delegation::Column::DelegateId.eq(delegate))
}

/// A page of the delegations that a public body was given, the newest first.
pub async fn list(
    app: &App,
    viewer: &Viewer,
    delegate: OrganizationId,
    ask: &Ask,
) -> Result<Page<delegation::Model>> {
    let sort = Sort {
        column: Some(delegation::Column::GrantedAt),
        id: delegation::Column::Id,
        descending: true,
        scope: format!("delegations to {delegate}"),
    };
    page::read(&app.db.read, &app.keys, received(viewer, delegate), &sort, ask, |row| {
        (Some(Key::Number(row.granted_at.micros())), row.id.0)
    })
    .await
}

/// How many there are on all pages.
pub async fn count(app: &App, viewer: &Viewer, delegate: OrganizationId) -> Result<u64> {
    Ok(received(viewer, delegate).count(&app.db.read).await?)
}

/// What the seats of a person give beyond themselves: a drafter's place in every unit that asked one of their organisations
/// to draft for it. A place of one's own in the unit comes first.
pub(crate) async fn seats(db: &Db, own: &[Seat]) -> Result<Vec<Seat>> {
    let acting: Vec<_> = own
        .iter()
        .filter(|seat| seat.status == OrganizationStatus::Verified && acts(seat.role))
        .map(|seat| seat.organization)
        .collect();
    if acting.is_empty() {
        return Ok(Vec::new());
    }
    let unit = delegation::Entity::belongs_to(organization::Entity)
        .from(delegation::Column::UnitId)
        .to(organization::Column::Id)
        .into();
    let asked = delegation::Entity::find().filter(delegation::Column::DelegateId.is_in(acting));
    let rows: Vec<(DelegationId, OrganizationId, OrganizationStatus)> =
        holding(asked, &Day::at(db.clock.process()))
            .join(JoinType::InnerJoin, unit)
            .select_only()
            .column(delegation::Column::Id)
            .column(organization::Column::Id)
            .column(organization::Column::Status)
            .into_tuple()
            .all(&db.read)
            .await?;
    let mut seats: Vec<Seat> = Vec::new();
    for (delegation, unit, status) in rows {
        if own.iter().chain(&seats).all(|seat| seat.organization != unit) {
            seats.push(Seat {
                organization: unit,
                kind: OrganizationKind::Agency,
                status,
                role: MembershipRole::Drafter,
                delegation: Some(delegation),
            });
        }
    }
    Ok(seats)
}

/// Refuses an act by a delegation that does not hold at the deciding moment; one that does cannot be revoked meanwhile.
pub(crate) async fn must_hold(tx: &Tx, id: DelegationId) -> Result<()> {
    let row = delegation::Entity::find_by_id(id).lock_shared().one(tx).await?.ok_or(Reason::NotPermitted)?;
    let holds = status(&row, tx.now().await?) == DelegationStatus::InForce;
    if holds { Ok(()) } else { Err(Reason::NotPermitted.into()) }
}

/// Where it stands at that instant.
pub fn status(row: &delegation::Model, now: Timestamp) -> DelegationStatus {
    Days { from: &row.valid_from, until: &row.valid_until }.status(row.revoked_at.is_some(), &Day::at(now))
}

/// Lets another public body draft for a unit.
#[derive(Serialize)]
pub struct DelegateUnit {
    /// For which agency.
    pub unit: OrganizationId,
    /// To whom.
    pub delegate: OrganizationId,
    /// The decision on paper.
    pub record: OfficialRecord,
    /// First day.
    pub valid_from: Day,
    /// Last day.
    pub valid_until: Day,
}

impl Command for DelegateUnit {
    const NAME: &'static str = "delegateUnit";
    type Output = DelegationId;

    async fn run(&self, tx: &Tx) -> Result<DelegationId> {
        let user = tx.op().user()?;
        let viewer = &tx.op().viewer;
        let unit = locked(tx, self.unit, "unitId").await?;
        if unit.kind != OrganizationKind::Agency {
            return Err(Problem::at("unitId", Reason::NotFound).into());
        }
        must_in(tx, Action::DelegateUnit, unit.id).await?;
        let is_lead = viewer.seat_in(unit.id) == Some(MembershipRole::Lead);
        may_delegate(is_lead, has_lead(tx, unit.id).await?)?;
        unit.status.must_be_verified().map_err(|reason| Problem::at("unitId", reason))?;
        let delegate = crate::organization::visible_to(viewer)
            .filter(organization::Column::Id.eq(self.delegate))
            .one(tx)
            .await?
            .ok_or_else(|| Problem::at("delegateId", Reason::NotFound))?;
        may_be_asked(delegate.id == unit.id, delegate.kind, delegate.status)
            .map_err(|reason| Problem::at("delegateId", reason))?;
        let now = tx.now().await?;
        let today = Day::at(now);
        let days = Days { from: &self.valid_from, until: &self.valid_until };
        days.must_come(&today).map_err(|reason| Problem::at("validUntil", reason))?;
        let of_unit = delegation::Entity::find().filter(delegation::Column::UnitId.eq(unit.id));
        let others = standing(of_unit, &today).all(tx).await?;
        if others.len() >= DELEGATIONS_MAX {
            return Err(Reason::Quota { limit: DELEGATIONS_MAX }.into());
        }
        let meets =
            |row: &delegation::Model| days.meet(Days { from: &row.valid_from, until: &row.valid_until });
        if others.iter().any(|row| row.delegate_id == delegate.id && meets(row)) {
            return Err(Problem::at("delegateId", Reason::AlreadyExists).into());
        }
        let id: DelegationId = ids::random();
        let row = delegation::ActiveModel {
            id: Set(id),
            unit_id: Set(unit.id),
            delegate_id: Set(delegate.id),
            record: Set(self.record.clone()),
            valid_from: Set(self.valid_from.clone()),
            valid_until: Set(self.valid_until.clone()),
            granted_by: Set(user),
            granted_at: Set(now),
            revoked_by: Set(None),
            revoked_at: Set(None),
            revoke_reason: Set(None),
        };
        delegation::Entity::insert(row).exec_without_returning(tx).await?;
        let event = about(EventKind::UnitDelegated, id, unit.id, delegate.id);
        tx.record(
            event
                .fact("decision_number", &self.record.number)
                .fact("from", self.valid_from.as_str())
                .fact("until", self.valid_until.as_str()),
        );
        Ok(id)
    }
}

/// An event of a delegation. Whoever acts *by* one says `delegation`; this is about one.
fn about(kind: EventKind, id: DelegationId, unit: OrganizationId, delegate: OrganizationId) -> Event {
    Event::new(kind).organization(unit).fact("about_delegation", id).fact("delegate", delegate)
}

/// Somebody leads the agency.
pub(crate) async fn has_lead(tx: &Tx, agency: OrganizationId) -> Result<bool> {
    let leads = membership::Entity::find()
        .filter(membership::Column::OrganizationId.eq(agency))
        .filter(membership::Column::Role.eq(MembershipRole::Lead))
        .filter(membership::Column::EndedAt.is_null());
    Ok(leads.count(tx).await? > 0)
}

/// Ends a delegation before its time.
#[derive(Serialize)]
pub struct RevokeDelegation {
    /// Which.
    pub delegation: DelegationId,
    /// Why.
    pub reason: String,
}

impl Command for RevokeDelegation {
    const NAME: &'static str = "revokeDelegation";
    type Output = DelegationId;

    async fn run(&self, tx: &Tx) -> Result<DelegationId> {
        let user = tx.op().user()?;
        let row = visible_to(&tx.op().viewer)
            .filter(delegation::Column::Id.eq(self.delegation))
            .lock_exclusive()
            .one(tx)
            .await?
            .ok_or_else(|| Problem::at("delegationId", Reason::NotFound))?;
        must(Action::DelegateUnit, tx.op().viewer.roles_in(row.unit_id))?;
        let now = tx.now().await?;
        status(&row, now).must_stand()?;
        let change = delegation::ActiveModel {
            revoked_by: Set(Some(user)),
            revoked_at: Set(Some(now)),
            revoke_reason: Set(Some(self.reason.clone())),
            ..Default::default()
        };
        // Locked above: nobody else revokes it meanwhile.
        delegation::Entity::update_many()
            .set(change)
            .filter(delegation::Column::Id.eq(row.id))
            .exec(tx)
            .await?;
        tx.record(about(EventKind::DelegationRevoked, row.id, row.unit_id, row.delegate_id));
        Ok(row.id)
    }
}
