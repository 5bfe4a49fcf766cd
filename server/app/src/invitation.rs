//! Invitations that wait: who sees them, and taking one back.

use domain::access::{Action, may};
use domain::account::{PlatformRole, TokenPurpose};
use domain::event::{Event, EventKind};
use domain::id::{OneTimeTokenId, OrganizationId};
use domain::organization::OrganizationKind;
use domain::problem::{Problem, Reason};
use domain::time::Timestamp;
use entity::{one_time_token, organization};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select,
};
use serde::Serialize;

use crate::command::Command;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::op::Viewer;
use crate::organization::{locked, must_manage};

/// Invitations that wait at that instant and that a viewer may know of: those into organisations that the viewer manages, and
/// those that an officer sent to an agency for want of a lead. Nobody else learns whom an organisation asks.
pub fn visible_to(viewer: &Viewer, now: Timestamp) -> Select<one_time_token::Entity> {
    use one_time_token::Column as T;
    let offices = organization::Entity::find()
        .filter(organization::Column::Kind.eq(OrganizationKind::ProgrammeOffice))
        .select_only()
        .column(organization::Column::Id)
        .into_query();
    let person = viewer.0.as_ref().map(|person| person.id);
    one_time_token::Entity::find()
        .filter(T::Purpose.eq(TokenPurpose::Invitation))
        .filter(T::UsedAt.is_null())
        .filter(T::ExpiresAt.gt(now))
        .filter(
            Condition::any()
                .add(T::OrganizationId.is_in(viewer.managed()))
                .add_option(
                    viewer.holds(PlatformRole::Administrator).then(|| T::OrganizationId.in_subquery(offices)),
                )
                .add_option(may(Action::InviteLead, viewer.roles()).then(|| T::InvitedBy.eq(person))),
        )
}

/// Takes an invitation back: its token stops working, and a mail that has not gone out yet does not.
#[derive(Serialize)]
pub struct RevokeInvitation {
    /// Which.
    pub invitation: OneTimeTokenId,
}

impl Command for RevokeInvitation {
    const NAME: &'static str = "revokeInvitation";
    type Output = (OrganizationId, OneTimeTokenId);

    async fn run(&self, tx: &Tx) -> Result<Self::Output> {
        let user = tx.op().user()?;
        let not_found = || Problem::at("invitationId", Reason::NotFound);
        let known = visible_to(&tx.op().viewer, tx.clock().process())
            .filter(one_time_token::Column::Id.eq(self.invitation))
            .one(tx)
            .await?
            .ok_or_else(not_found)?;
        let house = known
            .organization_id
            .ok_or_else(|| Error::Internal("an invitation without a place".to_owned()))?;
        let house = locked(tx, house, "invitationId").await?;
        if known.invited_by != Some(user) {
            must_manage(tx, &house)?;
        }
        let now = tx.now().await?;
        // Whoever accepts it meanwhile was first.
        let done = one_time_token::Entity::update_many()
            .set(one_time_token::ActiveModel { used_at: Set(Some(now)), ..Default::default() })
            .filter(one_time_token::Column::Id.eq(known.id))
            .filter(one_time_token::Column::UsedAt.is_null())
            .exec(tx)
            .await?;
        if done.rows_affected != 1 {
            return Err(not_found().into());
        }
        let event = Event::new(EventKind::InvitationRevoked).organization(house.id);
        tx.record(known.role.into_iter().fold(event, |event, role| event.fact("role", role)));
        Ok((house.id, known.id))
    }
}
