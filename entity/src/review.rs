//! One member's review of one proposal, with its score sheet.

use domain::id::{ChallengeId, CouncilMemberId, ProposalId, ReviewId, UserId};
use domain::review::ReviewStatus;
use domain::score::Sheet;
use domain::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row of `review`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "review")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ReviewId,
    pub challenge_id: ChallengeId,
    pub proposal_id: ProposalId,
    pub member_id: CouncilMemberId,
    pub user_id: UserId,
    pub status: ReviewStatus,
    #[sea_orm(column_type = "Text", nullable)]
    pub status_reason: Option<String>,
    #[sea_orm(column_type = "Json")]
    pub sheet: Sheet,
    #[sea_orm(column_type = "Text", nullable)]
    pub comment: Option<String>,
    pub void_requested_by: Option<UserId>,
    pub void_requested_at: Option<Timestamp>,
    #[sea_orm(column_type = "Text", nullable)]
    pub void_reason: Option<String>,
    pub offered_at: Timestamp,
    pub due_at: Option<Timestamp>,
    pub submitted_at: Option<Timestamp>,
    pub locked_at: Option<Timestamp>,
    pub updated_at: Timestamp,
    pub version: i32,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
