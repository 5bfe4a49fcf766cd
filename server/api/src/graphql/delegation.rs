//! Delegations: who drafts for a unit.

use app::delegation::{DelegateUnit, RevokeDelegation, status};
use async_graphql::{Context, ID, InputObject, Object};
use domain::challenge::limits::REASON;
use domain::id::{DelegationId, OrganizationId};
use entity::delegation;

use super::account::User;
use super::challenge::{OfficialRecord, OfficialRecordInput};
use super::context::Ask as _;
use super::enums::DelegationStatus;
use super::error::Result;
use super::id;
use super::organization::Organization;
use super::page::connection;
use super::payload::{Done, UserError, execute, found, payload};
use super::scalar::{Date, DateTime};
use super::text::{Lines, Reader};

/// A delegation.
#[derive(Clone)]
pub struct Delegation(pub delegation::Model);

/// A recorded decision by which another public body drafts a unit's challenges and hands them in, for a time. Members of both
/// sides see it, and staff. What is done by it says so in the audit log, and whoever drafts by it never approves.
#[Object]
impl Delegation {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// The agency for which others draft; null if you may not see it any more.
    async fn unit(&self, ctx: &Context<'_>) -> Result<Option<Organization>> {
        Ok(super::one(ctx, self.0.unit_id).await?.map(Organization))
    }

    /// Who drafts: of an agency its leads and drafters, of the programme office its officers. Null if you may not see it any more.
    async fn delegate(&self, ctx: &Context<'_>) -> Result<Option<Organization>> {
        Ok(super::one(ctx, self.0.delegate_id).await?.map(Organization))
    }

    /// The decision on paper.
    async fn record(&self) -> OfficialRecord {
        self.0.record.clone().into()
    }

    /// First day, by the calendar in Vietnam.
    async fn valid_from(&self) -> Date {
        Date(self.0.valid_from.clone())
    }

    /// Last day, by the calendar in Vietnam.
    async fn valid_until(&self) -> Date {
        Date(self.0.valid_until.clone())
    }

    /// Where it stands today. It gives no rights while either side is suspended or closed.
    async fn status(&self, ctx: &Context<'_>) -> Result<DelegationStatus> {
        Ok(status(&self.0, ctx.app()?.db.clock.process()).into())
    }

    /// Who recorded it; null if you may not see them.
    async fn granted_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        super::account::person(ctx, self.0.granted_by).await
    }

    /// When it was recorded.
    async fn granted_at(&self) -> DateTime {
        DateTime(self.0.granted_at)
    }

    /// When it was ended before its time; null unless it was.
    async fn revoked_at(&self) -> Option<DateTime> {
        self.0.revoked_at.map(DateTime)
    }

    /// Why it was ended before its time; null unless it was.
    async fn revoke_reason(&self) -> Option<&String> {
        self.0.revoke_reason.as_ref()
    }
}

/// Whose delegations a connection counts.
pub struct Received(pub OrganizationId);

impl Received {
    async fn count(&self, ctx: &Context<'_>) -> app::Result<u64> {
        let (app, viewer) = super::app_and_viewer(ctx)?;
        app::delegation::count(app, &viewer, self.0).await
    }
}

connection!(
    /// A page of delegations.
    DelegationConnection,
    /// A delegation in a list.
    DelegationEdge,
    Delegation,
    delegation::Model,
    Received
);

/// What `delegateUnit` needs.
#[derive(InputObject)]
pub struct DelegateUnitInput {
    /// For which agency; verified.
    unit_id: ID,
    /// Who is to draft: another agency, or the programme office; verified.
    delegate_id: ID,
    /// The decision on paper.
    record: OfficialRecordInput,
    /// First day, by the calendar in Vietnam.
    valid_from: Date,
    /// Last day, by the calendar in Vietnam: not before the first, and not over already.
    valid_until: Date,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `revokeDelegation` needs.
#[derive(InputObject)]
pub struct RevokeDelegationInput {
    /// Which.
    delegation_id: ID,
    /// Why, 1 to 2,000 characters; both sides read it.
    reason: String,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

payload! {
    /// Answer of `delegateUnit`.
    DelegateUnitPayload {
        /// The delegation.
        delegation: Delegation,
    }
}
payload! {
    /// Answer of `revokeDelegation`.
    RevokeDelegationPayload {
        /// The delegation, ended.
        delegation: Delegation,
    }
}

/// Loads the delegation that a command left behind, by the rights there are now.
async fn after(ctx: &Context<'_>, done: Done<DelegationId>) -> Result<(Option<Delegation>, Vec<UserError>)> {
    match done {
        Ok(id) => {
            ctx.renew().await?;
            let mut errors = Vec::new();
            let delegation = found(ctx, super::one(ctx, id).await?.map(Delegation), &mut errors)?;
            Ok((delegation, errors))
        }
        Err(errors) => Ok((None, errors)),
    }
}

/// Delegations.
#[derive(Default)]
pub struct DelegationMutation;

/// Delegations.
#[Object]
impl DelegationMutation {
    /// Lets another public body draft for a unit; both sides are mailed. For a lead of the unit, and for programme officers where
    /// the unit has no lead. At most 20 of a unit stand at once. User errors: `NOT_FOUND`, `NOT_PERMITTED`, `ORGANIZATION_INACTIVE`,
    /// `ORGANIZATION_NOT_VERIFIED`, `MALFORMED`, `OUT_OF_RANGE`, `ALREADY_EXISTS` (the same two, on common days), `QUOTA`, `REQUIRED`,
    /// `TOO_LONG`.
    async fn delegate_unit(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "For whom, to whom, and by which decision.")] input: DelegateUnitInput,
    ) -> Result<Option<DelegateUnitPayload>> {
        let mut reader = Reader::default();
        let unit = reader.id("unitId", &input.unit_id);
        let delegate = reader.id("delegateId", &input.delegate_id);
        let record = input.record.read(&mut reader);
        let command = unit.zip(delegate).zip(record).map(|((unit, delegate), record)| DelegateUnit {
            unit,
            delegate,
            record,
            valid_from: input.valid_from.0,
            valid_until: input.valid_until.0,
        });
        let (delegation, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(DelegateUnitPayload { delegation, user_errors }))
    }

    /// Ends a delegation before its time; both sides are mailed. For a lead of the unit and for programme officers. User errors:
    /// `NOT_FOUND`, `NOT_PERMITTED`, `CONFLICT` (it is over), `REQUIRED`, `TOO_LONG`.
    async fn revoke_delegation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which and why.")] input: RevokeDelegationInput,
    ) -> Result<Option<RevokeDelegationPayload>> {
        let mut reader = Reader::default();
        let delegation = reader.id("delegationId", &input.delegation_id);
        let reason = reader.text("reason", &input.reason, REASON, Lines::Many);
        let command =
            delegation.zip(reason).map(|(delegation, reason)| RevokeDelegation { delegation, reason });
        let (delegation, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(RevokeDelegationPayload { delegation, user_errors }))
    }
}
