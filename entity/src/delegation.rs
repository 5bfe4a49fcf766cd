//! A recorded decision that lets one public body draft for another.

use domain::challenge::OfficialRecord;
use domain::id::{DelegationId, OrganizationId, UserId};
use domain::time::{Day, Timestamp};
use sea_orm::entity::prelude::*;

/// A row of `delegation`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "delegation")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DelegationId,
    pub unit_id: OrganizationId,
    pub delegate_id: OrganizationId,
    pub record: OfficialRecord,
    pub valid_from: Day,
    pub valid_until: Day,
    pub granted_by: UserId,
    pub granted_at: Timestamp,
    pub revoked_by: Option<UserId>,
    pub revoked_at: Option<Timestamp>,
    #[sea_orm(column_type = "Text", nullable)]
    pub revoke_reason: Option<String>,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
