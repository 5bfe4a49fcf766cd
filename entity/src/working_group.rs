//! The working group of a unit, as one decision set it up.

use domain::challenge::OfficialRecord;
use domain::id::{OrganizationId, UserId, WorkingGroupId};
use domain::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row of `working_group`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "working_group")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WorkingGroupId,
    pub organization_id: OrganizationId,
    pub record: OfficialRecord,
    pub established_by: UserId,
    pub established_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
