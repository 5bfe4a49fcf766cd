//! A person in a working group: a member of the unit, or somebody by name.

use domain::id::{MembershipId, WorkingGroupId};
use domain::time::Day;
use domain::working_group::WorkingGroupRole;
use sea_orm::entity::prelude::*;

/// A row of `working_group_member`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "working_group_member")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub working_group_id: WorkingGroupId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub place: i32,
    pub membership_id: Option<MembershipId>,
    #[sea_orm(column_type = "Text", nullable)]
    pub name: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub position: Option<String>,
    pub role: WorkingGroupRole,
    pub is_focal_point: bool,
    pub term_from: Day,
    pub term_until: Option<Day>,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
