//! A seat on a challenge's council.

use domain::id::{ChallengeId, CouncilMemberId, UserId};
use domain::review::CouncilRole;
use domain::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row of `council_member`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "council_member")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CouncilMemberId,
    pub challenge_id: ChallengeId,
    pub user_id: UserId,
    pub role: CouncilRole,
    pub appointed_by: UserId,
    pub appointed_at: Timestamp,
    pub removed_at: Option<Timestamp>,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
