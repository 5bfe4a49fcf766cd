//! An appeal against a decision; its grounds and the reason of the ruling are sealed in `said`.

use domain::appeal::AppealStatus;
use domain::id::{AppealId, ChallengeId, DecisionId, OrganizationId, ProposalId, UserId};
use domain::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row of `appeal`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "appeal")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AppealId,
    pub decision_id: DecisionId,
    pub challenge_id: ChallengeId,
    pub proposal_id: ProposalId,
    pub organization_id: OrganizationId,
    pub status: AppealStatus,
    #[sea_orm(column_type = "Text")]
    pub said: String,
    pub filed_by: UserId,
    pub filed_at: Timestamp,
    pub ruled_by: Option<UserId>,
    pub ruled_at: Option<Timestamp>,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
