//! Who is to review what on one challenge, planned and not yet told.

use domain::assign::Plan;
use domain::id::{ChallengeId, UserId};
use domain::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row of `review_plan`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "review_plan")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub challenge_id: ChallengeId,
    pub reviewers_per_proposal: i32,
    pub max_load: i32,
    #[sea_orm(column_type = "Json")]
    pub plan: Plan,
    pub planned_by: UserId,
    pub planned_at: Timestamp,
    pub version: i32,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
