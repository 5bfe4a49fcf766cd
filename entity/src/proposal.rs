//! A startup's answer to a challenge. What it says stands in its draft and its versions.

use domain::disqualification::Ground;
use domain::id::{ChallengeId, OrganizationId, ProposalId, UserId};
use domain::proposal::ProposalStatus;
use domain::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row of `proposal`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "proposal")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ProposalId,
    pub challenge_id: ChallengeId,
    pub organization_id: OrganizationId,
    pub status: ProposalStatus,
    pub current_version: i32,
    #[sea_orm(column_type = "Text", nullable)]
    pub status_reason: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub feedback: Option<String>,
    pub disqualification_ground: Option<Ground>,
    #[sea_orm(column_type = "Text", nullable)]
    pub disqualification_reason: Option<String>,
    pub disqualification_requested_by: Option<UserId>,
    pub disqualification_requested_at: Option<Timestamp>,
    #[sea_orm(column_type = "Text", nullable)]
    pub disqualification_refusal: Option<String>,
    pub submitted_at: Option<Timestamp>,
    pub created_by: UserId,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i32,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
